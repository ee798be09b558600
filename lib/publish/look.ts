import { dirname, join } from 'node:path';
import pMap from 'p-map';
import { shellCommand } from '../render/quoting.ts';
import { DEMO_OWNER } from '../settings/settings.ts';
import type { RunControl } from './control.ts';
import { localGit } from './git.ts';
import { inspectFolder, isAncestor, type LocalFolder } from './git-folder.ts';
import { findRepo, findTree, grewFrom, listBranches, type RemoteRepo } from './github-repos.ts';
import { type Entry, type Journal, provesOwnership } from './journal.ts';
import { combine, type Facts, PublishError } from './refusals.ts';
import { checkScopes, type Home, homeOf, type Session } from './sign-in.ts';
import {
  decideState,
  type Evidence,
  type FollowedBranch,
  isUnfed,
  type Place,
  type PublicationRepo,
  type PublishRequest,
  type RepoState,
} from './state.ts';

/** Everything that publishing needs, except the repositories. */
export type PublishContext = {
  readonly request: PublishRequest;
  readonly session: Session;
  readonly journal: Journal;
  readonly control: RunControl;
};

/** The facts about one repository before this tool changes anything. */
export type Target = {
  readonly repo: PublicationRepo;
  readonly home: Home;
  readonly place: Place;
  readonly local: LocalFolder;
  readonly remote: RemoteRepo | undefined;
  readonly state: RepoState;
  readonly ours: boolean;
  /** Head of the branch on GitHub. */
  readonly head: string | undefined;
  readonly problem: PublishError | undefined;
  /** Whether the pushed branch waits for a person to merge it. */
  readonly isProposed?: boolean;
};

const OLDEST_GIT = [2, 28] as const;

/** Refuses a machine without git, or with a git that cannot name the first branch. */
export async function checkGit(): Promise<void> {
  const { installed, major, minor, patch } = await localGit(process.cwd()).version();
  if (!installed) throw new PublishError('NO_GIT');
  const [oldest, least] = OLDEST_GIT;
  if (major > oldest || (major === oldest && minor >= least)) return;
  throw new PublishError('OLD_GIT', { version: `${major}.${minor}.${patch}` });
}

/** Each look runs one git, or one request, at a time. */
const LOOKS_AT_ONCE = 4;

/**
 * Looks at all repositories, on this machine and on GitHub. Sends only GET requests and changes nothing. Returns the
 * targets in the order of `repos`. Throws one PublishError with all problems. In a dry run, the targets have the
 * problems on GitHub instead.
 */
export async function lookAtAll(
  context: PublishContext,
  repos: readonly PublicationRepo[],
): Promise<Target[]> {
  const refusals: PublishError[] = [];
  const lookAtOne = async (repo: PublicationRepo): Promise<Target | undefined> => {
    try {
      return await look(context, repo);
    } catch (error) {
      if (!(error instanceof PublishError)) throw error;
      refusals.push(error);
      return undefined;
    }
  };
  const seen = await pMap(repos, lookAtOne, { concurrency: LOOKS_AT_ONCE });
  if (refusals.length > 0) throw combine(refusals);
  // Nothing is created for an app repo that feeds nothing.
  const wanted = seen
    .filter((target) => target !== undefined)
    .filter(({ repo, remote }) => !isUnfed(repo) || remote !== undefined);
  const targets = withProblems(context.request, wanted);
  const problems = targets.flatMap(({ problem }) => problem ?? []);
  if (context.request.dryRun) return targets;
  if (problems.length > 0) throw combine(problems);
  checkTokens(context.request, targets);
  return targets;
}

/** Whether a repository in this state needs a push. */
export function needsPush(state: RepoState): boolean {
  return state === 'absent' || state === 'empty' || state === 'behind';
}

async function look(context: PublishContext, repo: PublicationRepo): Promise<Target> {
  const home = findHome(context, repo);
  const place = placeOf(home, repo, context.request);
  checkTarget(context.journal, home, repo, place);
  const local = await inspectFolder(repo, place);
  const remote = await findRepo(home, repo.name);
  if (place.followed !== undefined) return lookAtProposal({ repo, home, place, local }, remote);
  const entry = context.journal.get(repo.name);
  const seen =
    remote === undefined ? ABSENT : await compare({ repo, home, place, local }, remote, entry);
  const { state, ours } = decideState(seen);
  return { repo, home, place, local, remote, state, ours, head: seen.remote, problem: undefined };
}

/** The owner of the public demo is never a target just because --owner is missing. */
function findHome({ session, request }: PublishContext, repo: PublicationRepo): Home {
  const home = homeOf(session, repo);
  if (home !== undefined) return home;
  const login = homeOf(session, { githubUrl: repo.githubUrl })?.owner;
  const facts = { repo: `${repo.owner}/${repo.name}`, login, workspace: request.workspace };
  if (repo.owner !== DEMO_OWNER) throw new Error(`the run did not sign in for ${facts.repo}`);
  throw new PublishError('DEMO_OWNER', facts);
}

/** The full name, the address and the only branch of a repository. */
function placeOf(
  { github, owner }: Home,
  { name, branches }: PublicationRepo,
  { proposal }: PublishRequest,
): Place {
  const fullName = `${owner}/${name}`;
  const [first, ...others] = branches;
  if (first === undefined || others.length > 0)
    throw new PublishError('TWO_BRANCHES', {
      repo: fullName,
      branches: branches.map(describeBranch).join('; '),
    });
  const page = `${github.host.web}/${fullName}`;
  const place = { fullName, owner, url: `${page}.git`, page, branch: first.name };
  return proposal ? { ...place, branch: proposal.branch, followed: first.name } : place;
}

/** A run of `tenant` knows only its own environments; the record of the repository has the others. */
function describeBranch({ name, environments }: FollowedBranch): string {
  return environments.length === 0 ? name : `${name} by ${environments.join(', ')}`;
}

/** The name of a target in the journal. */
export function targetName({ github, owner }: Home): string {
  return `${github.host.web}/${owner}`.toLowerCase();
}

function checkTarget(
  journal: Journal,
  home: Home,
  { name }: PublicationRepo,
  { fullName }: Place,
): void {
  const target = journal.get(name)?.target;
  if (target === undefined || target === targetName(home)) return;
  const facts = { repo: fullName, target: `${target}/${name}`, file: journal.file };
  throw new PublishError('OTHER_TARGET', facts);
}

/** The evidence for a repository that GitHub does not show. */
const ABSENT: Evidence = {
  exists: false,
  journalled: false,
  redirected: false,
  otherBranches: false,
  pending: true,
  sameTree: false,
  remoteIsAncestor: false,
  localIsAncestor: false,
  sharedHistory: false,
};

type Here = Pick<Target, 'repo' | 'home' | 'place' | 'local'>;

/** Compares the repository on GitHub with the folder on this machine. */
async function compare(
  here: Here,
  remote: RemoteRepo,
  entry: Entry | undefined,
): Promise<Evidence> {
  const { repo, home, place, local } = here;
  const redirected = remote.fullName.toLowerCase() !== place.fullName.toLowerCase();
  const journalled = provesOwnership(entry, remote, repo);
  const pending = local.pending.length > 0;
  const known = { ...ABSENT, exists: true, redirected, journalled, pending };
  if (redirected) return known;
  const branches = await listBranches(home, repo.name);
  const head = branches.find(({ name }) => name === place.branch)?.sha;
  const seen = { ...known, remote: head, local: local.head, otherBranches: branches.length > 0 };
  if (head === undefined || head === local.head) return seen;
  return { ...seen, ...(await relate(here, head)) };
}

/**
 * What an update has to push as a branch. The folder is on the branch that Flux follows, or already on the branch of the
 * update. Throws a PublishError when the repository is not published, or has other commits on the branch of the update.
 */
async function lookAtProposal(here: Here, remote: RemoteRepo | undefined): Promise<Target> {
  const { repo, home, place, local } = here;
  const facts = { repo: place.fullName, folder: repo.folder, branch: place.branch };
  const common = { ...here, remote, ours: true, problem: undefined };
  if (remote === undefined || !local.repository) throw new PublishError('NOT_PUBLISHED', facts);
  const isThere = remote.fullName.toLowerCase() === place.fullName.toLowerCase();
  if (!isThere) return { ...common, state: 'foreign', head: undefined };
  const branches = await listBranches(home, repo.name);
  const headOf = (branch: string | undefined) => branches.find(({ name }) => name === branch)?.sha;
  const [followed, proposed] = [headOf(place.followed), headOf(place.branch)];
  if (followed === undefined) throw new PublishError('NOT_PUBLISHED', facts);
  const pending = local.pending.length > 0;
  const isOn = local.branch === place.branch;
  const decided = (state: RepoState, isProposed = false): Target => ({
    ...common,
    state: state === 'behind' && !pending && !isOn ? 'same' : state,
    head: followed,
    isProposed,
  });
  if (proposed === undefined) {
    const seen = { ...ABSENT, exists: true, pending, remote: followed, local: local.head };
    const related = followed === local.head ? {} : await relate(here, followed);
    return decided(decideState({ ...seen, ...related }).state);
  }
  if (proposed === local.head) {
    const isMerged = await grewFrom(home, repo.name, proposed, followed);
    return decided(pending ? 'behind' : 'same', isOn && !isMerged);
  }
  if (await isAncestor(repo.folder, proposed, local.head ?? '')) return decided('behind');
  if (!pending && !isOn) return decided('same');
  throw new PublishError('BRANCH_THERE', facts);
}

/** How the history of `head` on GitHub relates to the history on this machine. */
async function relate({ repo, home, local }: Here, head: string): Promise<Partial<Evidence>> {
  if (local.head !== undefined && (await isAncestor(repo.folder, head, local.head)))
    return { remoteIsAncestor: true };
  const tree = await findTree(home, repo.name, head);
  if (tree === local.tree) return { sameTree: true };
  if (local.head === undefined) return {};
  if (await grewFrom(home, repo.name, local.head, head)) return { localIsAncestor: true };
  const { tracking } = local;
  if (tracking === undefined || tracking === local.head) return {};
  return { sharedHistory: await grewFrom(home, repo.name, tracking, head) };
}

/** The targets, each with the reason why it cannot be published. */
function withProblems(request: PublishRequest, targets: readonly Target[]): Target[] {
  const taken = targets.filter((target) => findReason(request, target) !== undefined);
  const rename = adviseNames(
    request,
    targets.map(({ repo }) => repo),
    taken.map(({ repo }) => repo),
  );
  return targets.map((target) => {
    const reason = findReason(request, target);
    if (reason === undefined) return target;
    const { repo, place, remote } = target;
    const facts: Facts = {
      repo: place.fullName,
      folder: repo.folder,
      branch: place.followed ?? place.branch,
      target: remote?.fullName,
      rename: reason === 'RENAMED' ? follow(target) : repo.isNew ? rename : RENAME_THERE,
    };
    return { ...target, problem: new PublishError(reason, facts) };
  });
}

/** The reason why a repository in this state cannot be published. */
function findReason({ adoptEmpty, visibility }: PublishRequest, target: Target) {
  const { repo, remote, state, ours, place } = target;
  if (remote === undefined) return undefined;
  if (state === 'foreign')
    return remote.fullName.toLowerCase() === place.fullName.toLowerCase()
      ? 'NAME_TAKEN'
      : 'RENAMED';
  if (state === 'diverged') return 'NON_FF';
  if (state === 'empty' && !ours && !adoptEmpty) return 'EMPTY_NOT_OURS';
  if (!needsPush(state)) return undefined;
  if (remote.archived) return 'ARCHIVED';
  if (visibility === 'private') return remote.private ? undefined : 'PUBLIC';
  return remote.private && !repo.notRead ? 'PRIVATE' : undefined;
}

/** The commands after which the estate follows a repository that got another name or another owner on GitHub. */
function follow({ repo, place, local, remote }: Target): string {
  const { folder, name, role, feeds = [] } = repo;
  const fullName = remote?.fullName ?? place.fullName;
  const [owner = '', newName = name] = fullName.split('/');
  if (newName === name)
    return role === 'config'
      ? `If all repositories have the new owner, this changes every address: ${shellCommand(['flux-gitops', '--owner', owner])}.`
      : `This changes its addresses: ${shellCommand(['flux-gitops', 'tenant', ...feeds, '--owner', owner])}.`;
  const target = join(dirname(folder), newName);
  const url = place.url.replace(place.fullName, fullName);
  const commands = [
    ['mv', folder, target],
    ...(local.origin ? [['git', '-C', target, 'remote', 'set-url', 'origin', url]] : []),
    role === 'config'
      ? ['flux-gitops', '--yes', '--name', newName, '--into', target]
      : ['flux-gitops', 'tenant', ...feeds, '--repo', newName, '--move', '--into', dirname(folder)],
  ];
  return `These commands give the folder the new name and change every address: ${commands.map(shellCommand).join(' && ')}.`;
}

/** The files of the estate already use the name of an existing folder, so the repository on GitHub must get another name. */
const RENAME_THERE = 'Rename the repository on GitHub, because this estate already uses its name.';

/**
 * The flags that give other names to the repositories `taken`. `repos` must be all repositories of the run, because
 * --scenario replaces all default scenarios.
 */
function adviseNames(
  { commandName }: PublishRequest,
  repos: readonly PublicationRepo[],
  taken: readonly PublicationRepo[],
): string {
  const renamed = ({ name }: PublicationRepo): string =>
    taken.some((one) => one.name === name) ? `${name}-2` : name;
  const environmentsOf = ({ branches }: PublicationRepo): string =>
    branches.flatMap(({ environments }) => environments).join(',');
  const config = repos.find(({ role }) => role === 'config');
  const scenarios = repos.filter(
    ({ role, isNew }) => role === 'scenario' && (isNew || config?.isNew),
  );
  const flags: Partial<Record<PublishRequest['commandName'], () => string[]>> = {
    app: () => [
      ...(config && taken.includes(config) ? ['--name', renamed(config)] : []),
      ...(taken.some(({ role }) => role === 'scenario')
        ? scenarios.flatMap((repo) => ['--scenario', `${renamed(repo)}=${environmentsOf(repo)}`])
        : []),
    ],
    tenant: () => scenarios.flatMap((repo) => ['--repo', renamed(repo)]).slice(0, 2),
    adopt: () => ['--name', config ? renamed(config) : 'flux-demo'],
    'scenario-repo': () =>
      scenarios.flatMap((repo) => ['scenario-repo', renamed(repo), '--env', environmentsOf(repo)]),
    remove: () => [],
    rename: () => [],
    update: () => [],
  };
  return `Choose another name: ${shellCommand(flags[commandName]?.() ?? [])}.`;
}

/** Refuses tokens without the scopes to create and push, before the run creates anything. */
function checkTokens({ visibility }: PublishRequest, targets: readonly Target[]): void {
  const writing = targets.filter(({ state }) => needsPush(state));
  for (const github of new Set(writing.map(({ home }) => home.github))) {
    const there = writing.filter(({ home }) => home.github === github);
    const [first] = there;
    if (first !== undefined) checkScopes(first.home, visibility, workflows(there));
  }
}

function workflows(targets: readonly Target[]): { repo: string; file: string }[] {
  const isWorkflow = (file: string) => file.startsWith('.github/workflows/');
  return targets.flatMap(({ repo, place }) =>
    repo.files.filter(isWorkflow).map((file) => ({ repo: place.fullName, file })),
  );
}
