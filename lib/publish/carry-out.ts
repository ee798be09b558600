import { dirname } from 'node:path';
import pMap from 'p-map';
import { listDeployKeys, removeDeployKey } from '../credentials/deploy-keys.ts';
import { titleOf } from '../credentials/sources.ts';
import { pause, wait } from './control.ts';
import { pushCommit } from './git.ts';
import { type Commit, commitFiles, linkFolder } from './git-folder.ts';
import {
  askForRepo,
  changeSettings,
  findRepo,
  listBranches,
  type RemoteRepo,
  replaceTopics,
} from './github-repos.ts';
import { type Entry, provesOwnership, removeStages } from './journal.ts';
import { needsPush, type PublishContext, type Target, targetName } from './look.ts';
import { ensurePullRequest } from './pull-requests.ts';
import { combine, PublishError } from './refusals.ts';
import { noreplyAddress } from './sign-in.ts';
import { isUnfed } from './state.ts';

/** What a run has done so far. Every failure message says it. */
export type Progress = {
  readonly created: string[];
  /** The commits that were pushed, by full name. */
  readonly pushed: Map<string, string>;
  /** The addresses of the pull requests, by full name. */
  readonly pullRequests: Map<string, string>;
  /** The full names of the repositories that need no more work. */
  readonly settled: Set<string>;
};

/**
 * Commits all repositories, creates them, and pushes them, the config repo last. Then changes settings on GitHub that
 * are not vital. Notes each step in `progress`. Throws a PublishError when a step fails, and undoes nothing.
 */
export async function carryOut(
  context: PublishContext,
  targets: readonly Target[],
  progress: Progress,
): Promise<void> {
  await removeOldStages(context, targets);
  const commits = new Map<Target, string>();
  const remotes = new Map<Target, RemoteRepo>();
  const writing = targets.filter(({ state }) => needsPush(state));
  await forEach(writing, async (target) => {
    commits.set(target, await commit(context, target));
  });
  // GitHub asks clients to send writes one after the other
  for (const target of targets) remotes.set(target, await ensureRepo(context, target, progress));
  const push = (target: Target) => ensurePushed(context, target, commits.get(target), progress);
  const isConfig = ({ repo }: Target) => repo.role === 'config';
  await forEach(
    targets.filter((target) => !isConfig(target)),
    push,
  );
  await forEach(targets.filter(isConfig), push);
  for (const target of targets) await propose(context, target, progress);
  for (const target of targets) await giveGitBack(context, target);
  const estate = targets.find(({ repo }) => repo.role === 'config')?.repo.name;
  for (const [target, remote] of remotes) await applySettings(context, target, remote, estate);
}

async function removeOldStages({ request }: PublishContext, targets: readonly Target[]) {
  const folders = targets.map(({ repo }) => dirname(repo.folder));
  for (const folder of new Set([request.workspace, ...folders])) await removeStages(folder);
}

/** Each worker runs one git at a time. */
const GITS_AT_ONCE = 4;

/** Works on a few targets at once. After a failure it starts no new work, and waits for the work that has started. */
async function forEach(targets: readonly Target[], work: (target: Target) => Promise<void>) {
  const failures: unknown[] = [];
  const unlessFailed = async (target: Target) => {
    if (failures.length > 0) return;
    await work(target).catch((error: unknown) => failures.push(error));
  };
  await pMap(targets, unlessFailed, { concurrency: GITS_AT_ONCE });
  if (failures.length > 0) throw join(failures);
}

/** All refusals as one error. Any other error is a defect in this tool, and takes precedence. */
function join(failures: readonly unknown[]): unknown {
  const refusals = failures.filter((error) => error instanceof PublishError);
  const defect = failures.find((error) => !(error instanceof PublishError));
  return defect ?? combine(refusals);
}

/** The journal has the process id during a commit. After a kill, the next run knows that the locks of git are ours. */
async function commit(
  { journal, control, request }: PublishContext,
  target: Target,
): Promise<string> {
  const { repo, place, local, home } = target;
  const { account } = home;
  const { committing, ...entry } = journal.get(repo.name) ?? { target: targetName(home) };
  const work: Commit = {
    repo,
    place,
    fallback: { name: account.name ?? account.login, email: noreplyAddress(home) },
    warn: (text) => control.report({ kind: 'warning', repo: place.fullName, text }),
    ownLocks: committing !== undefined,
    message: request.proposal?.title,
  };
  const marked = local.repository && local.pending.length > 0;
  if (marked) await journal.set(repo.name, { ...entry, committing: process.pid });
  const head = await commitFiles(work, local);
  if (marked || committing !== undefined) await journal.set(repo.name, lasting(entry));
  return head;
}

/** Drops an entry that proves nothing. */
function lasting(entry: Entry): Entry | undefined {
  return entry.id === undefined && entry.intents === undefined ? undefined : entry;
}

async function ensureRepo(
  context: PublishContext,
  target: Target,
  { created }: Progress,
): Promise<RemoteRepo> {
  const { place, remote, state, repo, ours, home } = target;
  const { journal, control } = context;
  if (remote !== undefined) {
    const proof = { target: targetName(home), id: remote.id };
    if (state === 'empty' && ours)
      await journal.set(repo.name, { ...journal.get(repo.name), ...proof });
    return remote;
  }
  const made = await createRepo(context, target);
  created.push(place.fullName);
  control.report({ kind: 'created', repo: place.fullName, url: place.page });
  return made;
}

/** The waits between tries to create a repository, and to find it (seconds). */
const TRIES = [1, 2, 4];
const LOOKS = [0.5, 1, 2, 4, 5, 5, 5, 5];

/**
 * Creates a repository that does not exist. The journal gets the intent before the request and the id after the
 * answer. If the answer is lost, the intent still proves that the repository is ours.
 */
async function createRepo(context: PublishContext, target: Target): Promise<RemoteRepo> {
  const { home, repo, place } = target;
  for (const seconds of [...TRIES, undefined]) {
    await noteIntent(context, target);
    const created = await askForRepo(home, repo, context.request);
    if (typeof created !== 'string') return noteId(context, target, created);
    const found = await findOurs(context, target, created === 'exists' ? LOOKS : [0]);
    if (found !== undefined) return noteId(context, target, found);
    if (created === 'exists') throw new PublishError('HIDDEN', { repo: place.fullName });
    if (seconds === undefined) break;
    await wait(
      seconds,
      `GitHub did not answer the request to create ${place.fullName}`,
      context.control,
    );
  }
  const facts = { ...home.github.facts, repo: place.fullName };
  throw new PublishError('GITHUB_5XX', {
    ...facts,
    said: 'no answer to the request to create the repository',
  });
}

async function noteIntent({ journal }: PublishContext, { repo, home }: Target): Promise<void> {
  const intents = journal.get(repo.name)?.intents ?? [];
  const now = new Date(home.github.now()).toISOString();
  const entry = { target: targetName(home), intents: [...intents, now].slice(-20) };
  await journal.set(repo.name, entry);
}

async function noteId({ journal }: PublishContext, { repo, home }: Target, remote: RemoteRepo) {
  await journal.set(repo.name, { target: targetName(home), id: remote.id });
  return remote;
}

/** The repository, when GitHub shows it and there is proof that it is ours. GitHub may need a moment to show it. */
async function findOurs(
  { journal, control }: PublishContext,
  { repo, place, home }: Target,
  waits: readonly number[],
) {
  for (const seconds of waits) {
    await pause(seconds, control);
    const remote = await findRepo(home, repo.name);
    if (remote === undefined) continue;
    const empty = (await listBranches(home, repo.name)).length === 0;
    const proven = provesOwnership(journal.get(repo.name), remote, repo);
    if (empty && proven) return remote;
    const rename = 'Or start again in an empty folder with other names.';
    throw new PublishError(empty ? 'EMPTY_NOT_OURS' : 'NAME_TAKEN', {
      repo: place.fullName,
      rename,
    });
  }
  return undefined;
}

async function ensurePushed(
  { control }: PublishContext,
  { repo, place, state, home }: Target,
  commit: string | undefined,
  { pushed, settled }: Progress,
): Promise<void> {
  if (commit === undefined) {
    settled.add(place.fullName);
    return control.report({ kind: 'up-to-date', repo: place.fullName, state });
  }
  await pushCommit({ repo, place, commit, home, control });
  settled.add(place.fullName);
  pushed.set(place.fullName, commit);
  control.report({ kind: 'pushed', repo: place.fullName, branch: place.branch, commit });
}

/** Opens the pull request for a branch that waits for a person to merge it, if the run was asked to. */
async function propose(
  { request, control }: PublishContext,
  { repo, place, home, isProposed }: Target,
  { pushed, pullRequests }: Progress,
): Promise<void> {
  const { proposal } = request;
  if (!proposal?.pullRequest || !(isProposed || pushed.has(place.fullName))) return;
  const { url, isNew } = await ensurePullRequest({ repo, place, home, control, proposal });
  pullRequests.set(place.fullName, url);
  control.report({ kind: 'pull-request', repo: place.fullName, url, isNew });
}

/** Fetches .git from GitHub for a folder that a user deleted and generated again. */
async function giveGitBack({ control }: PublishContext, target: Target): Promise<void> {
  const { repo, place, local, state, head, home } = target;
  if (state !== 'same' || local.repository || head === undefined) return;
  const text = await linkFolder(repo, place, head, home.github.token);
  if (text !== undefined) control.report({ kind: 'warning', repo: place.fullName, text });
}

/**
 * Sets the topics, the template setting and the default branch where they differ. A failure is only a warning,
 * because the repository is published.
 */
async function applySettings(
  context: PublishContext,
  target: Target,
  remote: RemoteRepo,
  estate: string | undefined,
): Promise<void> {
  try {
    await addTopics(context, target, remote);
    await makeTemplate(context, target, remote);
    await setDefaultBranch(context, target, remote);
    if (estate !== undefined) await revokeKeys(context, target, estate);
    await archive(context, target, remote);
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    const text = `${error.summary} ${error.hint}`;
    context.control.report({ kind: 'warning', repo: target.place.fullName, text });
  }
}

/** Takes the deploy keys of `estate` from a private app repo that feeds no environment any more. */
async function revokeKeys(
  { request, control }: PublishContext,
  { repo, home, place }: Target,
  estate: string,
): Promise<void> {
  if (request.visibility !== 'private' || !isUnfed(repo)) return;
  const keys = await listDeployKeys(home, repo.name);
  for (const { id, title, fingerprint } of keys) {
    if (title !== titleOf({ name: estate })) continue;
    await removeDeployKey(home, repo.name, id);
    control.report({ kind: 'key-removed', repo: place.fullName, fingerprint });
  }
}

/** An archived repository accepts no push, so this comes last. */
async function archive({ request }: PublishContext, { repo, home }: Target, remote: RemoteRepo) {
  if (!request.archive || !isUnfed(repo) || remote.archived) return;
  await changeSettings(home, repo.name, 'archive', { archived: true });
}

/** Keeps the topics that the repository has. */
async function addTopics({ request }: PublishContext, { repo, home }: Target, remote: RemoteRepo) {
  const wanted = request.topics.map((topic) => topic.toLowerCase());
  const topics = [...new Set([...remote.topics, ...wanted])];
  if (topics.length > remote.topics.length) await replaceTopics(home, repo.name, topics);
}

async function makeTemplate({ request }: PublishContext, target: Target, remote: RemoteRepo) {
  if (!request.template || remote.template) return;
  const { repo, home } = target;
  await changeSettings(home, repo.name, 'make a template of', { is_template: true });
}

/**
 * GitHub makes the first pushed branch the default branch, but some servers do not. This tool checks the default
 * branch once, and only of repositories that it created. After that, the default branch is the user's choice.
 */
async function setDefaultBranch({ journal }: PublishContext, target: Target, remote: RemoteRepo) {
  const { repo, place, home } = target;
  // The branch for a person to merge is never the default branch.
  if (place.followed !== undefined) return;
  const entry = journal.get(repo.name);
  if (entry?.id !== remote.id || entry.branchChecked === true) return;
  if (remote.defaultBranch !== place.branch) {
    const now = await findRepo(home, repo.name);
    if (now !== undefined && now.defaultBranch !== place.branch)
      await changeSettings(home, repo.name, `make ${place.branch} the default branch of`, {
        default_branch: place.branch,
      });
  }
  const proof = { target: targetName(home), id: remote.id };
  await journal.set(repo.name, { ...proof, branchChecked: true });
}
