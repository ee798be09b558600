import type { Making } from './carry-out.ts';
import { localGit } from './git.ts';
import { inspectFolder, isAncestor, type LocalFolder, type Place } from './git-folder.ts';
import { findRepo, findTree, grewFrom, listBranches, type RemoteRepo } from './github-repos.ts';
import type { Entry, Journal } from './journal.ts';
import { combine, type Facts, PublishError, type Standing } from './refusals.ts';
import type { Session } from './sign-in.ts';
import {
  decideState,
  type Publication,
  type PublicationRepo,
  type RepoState,
  type Sighting,
} from './state.ts';

const OLDEST_GIT = [2, 28] as const;

/** Refuses a machine without git, or with one that cannot name the first branch. */
export async function checkGit(): Promise<void> {
  const { installed, major, minor, patch } = await localGit(process.cwd()).version();
  if (!installed) throw new PublishError('NO_GIT');
  const [oldest, least] = OLDEST_GIT;
  if (major > oldest || (major === oldest && minor >= least)) return;
  throw new PublishError('OLD_GIT', { version: `${major}.${minor}.${patch}` });
}

/** Looks at all repositories; whatever is wrong with any of them is told at once. */
export async function lookAtAll(
  making: Making,
  repos: readonly PublicationRepo[],
): Promise<Target[]> {
  const { request, session, journal, pace } = making;
  const targets: Target[] = [];
  const refusals: PublishError[] = [];
  const keep = (target: Target) => targets.push(target);
  const refuse = (error: unknown) => refusals.push(asRefusal(error));
  await Promise.all(repos.map((repo) => look(request, session, journal, repo).then(keep, refuse)));
  if (refusals.length > 0) throw combine(refusals, unstarted(request));
  const ordered = repos.flatMap((repo) => targets.find((target) => target.repo === repo) ?? []);
  for (const { place, state, ours } of ordered) {
    pace.report({ kind: 'state', repo: place.fullName, url: place.page, state, ours });
  }
  const problems = ordered.flatMap(({ problem }) => problem ?? []);
  if (problems.length > 0 && !request.dryRun) throw combine(problems, unstarted(request));
  return ordered;
}

function asRefusal(error: unknown): PublishError {
  if (error instanceof PublishError) return error;
  throw error;
}

function unstarted({ command }: Publication): Standing {
  return { created: [], pushed: [], missing: [], command };
}

/** Asks, when the caller can, before anything becomes public. */
export async function confirmPublic(
  { visibility }: Publication,
  targets: readonly Target[],
  confirm: ((repos: readonly string[]) => Promise<boolean>) | undefined,
): Promise<void> {
  const created = targets
    .filter(({ state }) => state === 'absent')
    .map(({ place }) => place.fullName);
  if (confirm === undefined || visibility !== 'public' || created.length === 0) return;
  if (!(await confirm(created))) throw new PublishError('DECLINED');
}

/** All that is known about one repository before anything is changed. */
export type Target = {
  readonly repo: PublicationRepo;
  readonly place: Place;
  readonly local: LocalFolder;
  readonly remote: RemoteRepo | undefined;
  readonly state: RepoState;
  readonly ours: boolean;
  /** Head of the branch on GitHub. */
  readonly head: string | undefined;
  readonly problem: PublishError | undefined;
};

/** Looks at one repository, here and on GitHub; nothing but GET requests, and no change here. */
export async function look(
  request: Publication,
  session: Session,
  journal: Journal,
  repo: PublicationRepo,
): Promise<Target> {
  const place = placeOf(request, session, repo);
  checkTarget(session, journal, repo, place);
  const local = await inspectFolder(repo, place);
  const remote = await findRepo(session, repo.name);
  const entry = journal.get(repo.name);
  const seen =
    remote === undefined ? ABSENT : await compare(session, repo, { place, local, remote, entry });
  const { state, ours } = decideState(seen);
  const problem = findProblem(request, repo, place, { remote, state, ours });
  return { repo, place, local, remote, state, ours, head: seen.remote, problem };
}

/** The full name and the address of a repository. */
export function placeOf(
  { branch }: Publication,
  { github, owner }: Session,
  { name }: PublicationRepo,
): Place {
  const fullName = `${owner}/${name}`;
  const page = `${github.host.web}/${fullName}`;
  return { fullName, url: `${page}.git`, page, branch };
}

/** How the journal names a target. */
export function targetName({ github, owner }: Session): string {
  return `${github.host.web}/${owner}`.toLowerCase();
}

function checkTarget(
  session: Session,
  journal: Journal,
  { name }: PublicationRepo,
  { fullName }: Place,
): void {
  const target = journal.get(name)?.target;
  if (target === undefined || target === targetName(session)) return;
  throw new PublishError('OTHER_TARGET', {
    repo: fullName,
    target: `${target}/${name}`,
    file: journal.file,
  });
}

type Found = Pick<Target, 'remote' | 'state' | 'ours'>;

/** Why a repository in this state cannot be published to. */
export function findProblem(
  request: Publication,
  repo: PublicationRepo,
  place: Place,
  found: Found,
): PublishError | undefined {
  const { remote, state, ours } = found;
  const facts: Facts = {
    repo: place.fullName,
    folder: repo.folder,
    branch: place.branch,
    target: remote?.fullName,
  };
  if (state === 'foreign') {
    const moved =
      remote !== undefined && remote.fullName.toLowerCase() !== place.fullName.toLowerCase();
    return new PublishError(moved ? 'RENAMED' : 'NAME_TAKEN', facts);
  }
  if (state === 'diverged') return new PublishError('NON_FF', facts);
  if (state === 'empty' && !ours && !request.adoptEmpty)
    return new PublishError('EMPTY_NOT_OURS', facts);
  const writes = state === 'behind' || state === 'empty';
  if (!writes || remote === undefined) return undefined;
  if (remote.archived) return new PublishError('ARCHIVED', facts);
  return request.visibility === 'private' && !remote.private
    ? new PublishError('PUBLIC', facts)
    : undefined;
}

/** A repository that GitHub does not show. */
export const ABSENT: Sighting = {
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

type Compared = {
  readonly place: Place;
  readonly local: LocalFolder;
  readonly remote: RemoteRepo;
  readonly entry: Entry | undefined;
};

/** Compares what GitHub has with what is here. */
export async function compare(
  session: Session,
  repo: PublicationRepo,
  { local, place, remote, entry }: Compared,
): Promise<Sighting> {
  const redirected = remote.fullName.toLowerCase() !== place.fullName.toLowerCase();
  const journalled = provesOwnership(entry, remote, repo);
  const known = {
    ...ABSENT,
    exists: true,
    redirected,
    journalled,
    pending: local.pending.length > 0,
  };
  if (redirected) return known;
  const branches = await listBranches(session, repo.name);
  const head = branches.find(({ name }) => name === place.branch)?.sha;
  const seen = { ...known, remote: head, local: local.head, otherBranches: branches.length > 0 };
  if (head === undefined || head === local.head) return seen;
  return { ...seen, ...(await relate(session, repo, local, head)) };
}

async function relate(session: Session, repo: PublicationRepo, local: LocalFolder, head: string) {
  if (local.head !== undefined && (await isAncestor(repo.folder, head, local.head)))
    return { remoteIsAncestor: true };
  const tree = await findTree(session, repo.name, head);
  if (tree === local.tree) return { sameTree: true };
  if (local.head === undefined) return {};
  if (await grewFrom(session, repo.name, local.head, head)) return { localIsAncestor: true };
  const { tracking } = local;
  if (tracking === undefined || tracking === local.head) return {};
  return { sharedHistory: await grewFrom(session, repo.name, tracking, head) };
}

const TOLERANCE = 5_000;
const PATIENCE = 120_000;

/**
 * The journal's id is proof. So is an intent: GitHub showed no such repository, we were about to
 * create it, and one was born right then, with our description.
 */
export function provesOwnership(
  entry: Entry | undefined,
  remote: RemoteRepo,
  { description }: PublicationRepo,
): boolean {
  if (entry?.id !== undefined) return entry.id === remote.id;
  if (remote.description !== description) return false;
  return (entry?.intents ?? []).some((intent) => {
    const age = remote.createdAt - Date.parse(intent);
    return age >= -TOLERANCE && age <= PATIENCE;
  });
}
