import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { localGit, noreplyAddress, pushCommit, remoteGit } from './git.ts';
import { appendRemote, type Commit, commitFiles } from './git-folder.ts';
import { countDown, type Pace } from './github.ts';
import { aboutRepo, askForRepo, findRepo, listBranches, type RemoteRepo } from './github-repos.ts';
import { type Entry, type Journal, makeStage, removeStages } from './journal.ts';
import { provesOwnership, type Target, targetName } from './look.ts';
import { combine, PublishError } from './refusals.ts';
import { checkScopes, type Session } from './sign-in.ts';
import type { Publication } from './state.ts';

/** What a run has done so far; it is told with every failure. */
export type Progress = {
  readonly created: string[];
  /** The commits that were pushed, by full name. */
  readonly pushed: Map<string, string>;
  /** Full names of those that need nothing more. */
  readonly settled: Set<string>;
};

/** Commits all, creates all, pushes all in the order of `targets`; then what is not vital. */
export async function carryOut(
  making: Making,
  targets: readonly Target[],
  progress: Progress,
): Promise<void> {
  const { request, session } = making;
  const folders = targets.map(({ repo }) => dirname(repo.folder));
  for (const folder of new Set([request.workspace, ...folders])) await removeStages(folder);
  const writing = targets.filter(({ state }) => needsPush(state));
  if (writing.length > 0) checkScopes(session, request.visibility, workflows(writing));
  const commits = new Map<Target, string>();
  const remotes = new Map<Target, RemoteRepo>();
  const record = async (target: Target) => commits.set(target, await commit(making, target));
  await eachOf(writing, record);
  for (const target of targets) remotes.set(target, await ensureRepo(making, target, progress));
  const push = (target: Target) => ensurePushed(making, target, commits.get(target), progress);
  const isConfig = ({ repo }: Target) => repo.role === 'config';
  await eachOf(
    targets.filter((target) => !isConfig(target)),
    push,
  );
  await eachOf(targets.filter(isConfig), push);
  for (const target of targets) await linkFolder(making, target);
  for (const [target, remote] of remotes) await dressRepo(making, target, remote);
}

const AT_ONCE = 4;

/** Works on a few targets at once; a failure waits for those that are under way, then ends it. */
async function eachOf(targets: readonly Target[], work: (target: Target) => Promise<unknown>) {
  for (let at = 0; at < targets.length; at += AT_ONCE) {
    const some = await Promise.allSettled(targets.slice(at, at + AT_ONCE).map(work));
    const failed = some.flatMap((one) =>
      one.status === 'rejected' ? [one.reason as unknown] : [],
    );
    if (failed.length > 0) throw joined(failed);
  }
}

/** All refusals as one; anything else is a bug, which goes first. */
function joined(failed: readonly unknown[]): unknown {
  const refusals = failed.filter((error) => error instanceof PublishError);
  const bug = failed.find((error) => !(error instanceof PublishError));
  return bug ?? combine(refusals);
}

function needsPush(state: Target['state']): boolean {
  return state === 'absent' || state === 'empty' || state === 'behind';
}

function workflows(targets: readonly Target[]): { repo: string; file: string }[] {
  const isWorkflow = (file: string) => file.startsWith('.github/workflows/');
  const ofRepo = ({ repo, place }: Target) =>
    repo.files.filter(isWorkflow).map((file) => ({ repo: place.fullName, file }));
  return targets.flatMap(ofRepo);
}

/** The journal holds the process while it commits: after a kill, its locks are known as ours. */
async function commit(making: Making, { repo, place, local }: Target): Promise<string> {
  const { session, journal, pace } = making;
  const { account } = session;
  const { committing, ...entry } = journal.get(repo.name) ?? { target: targetName(session) };
  const work: Commit = {
    repo,
    place,
    fallback: { name: account.name ?? account.login, email: noreplyAddress(session) },
    warn: (text) => pace.report({ kind: 'warning', repo: place.fullName, text }),
    ownLocks: committing !== undefined,
  };
  const marked = local.repository && local.pending.length > 0;
  if (marked) await journal.set(repo.name, { ...entry, committing: process.pid });
  const head = await commitFiles(work, local);
  if (marked || committing !== undefined) await journal.set(repo.name, lasting(entry));
  return head;
}

/** An entry that proves nothing is not kept. */
function lasting(entry: Entry): Entry | undefined {
  return entry.id === undefined && entry.intents === undefined ? undefined : entry;
}

async function ensureRepo(
  making: Making,
  target: Target,
  { created }: Progress,
): Promise<RemoteRepo> {
  const { place, remote, state, repo, ours } = target;
  const { journal, session, pace } = making;
  if (remote !== undefined) {
    const proof =
      state === 'empty' && ours ? { target: targetName(session), id: remote.id } : undefined;
    if (proof !== undefined) await journal.set(repo.name, { ...journal.get(repo.name), ...proof });
    return remote;
  }
  const made = await createRepo(making, target);
  created.push(place.fullName);
  pace.report({ kind: 'created', repo: place.fullName, url: place.page });
  return made;
}

async function ensurePushed(
  { session, pace }: Making,
  { repo, place, state }: Target,
  commit: string | undefined,
  { pushed, settled }: Progress,
): Promise<void> {
  if (commit === undefined) {
    settled.add(place.fullName);
    return pace.report({ kind: 'up-to-date', repo: place.fullName, state });
  }
  await pushCommit({ repo, place, commit, session, pace });
  settled.add(place.fullName);
  pushed.set(place.fullName, commit);
  pace.report({ kind: 'pushed', repo: place.fullName, branch: place.branch, commit });
}

/** Waits between tries to create, and to see, a repository (seconds). */
const TRIES = [1, 2, 4];
const LOOKS = [0.5, 1, 2, 4, 5, 5, 5, 5];

export type Making = {
  readonly request: Publication;
  readonly session: Session;
  readonly journal: Journal;
  readonly pace: Pace;
};

/**
 * Creates one absent repository. The intent is in the journal before the request and the id after
 * the answer, so whatever gets lost in between, the repository is known as ours when it is seen.
 */
export async function createRepo(making: Making, target: Target): Promise<RemoteRepo> {
  for (const wait of [...TRIES, undefined]) {
    await noteIntent(making, target);
    const created = await askForRepo(making.session, target.repo, making.request);
    if (typeof created !== 'string') return note(making, target, created);
    const found = await findOurs(making, target, created === 'exists' ? LOOKS : [0]);
    if (found !== undefined) return note(making, target, found);
    if (created === 'exists') throw new PublishError('HIDDEN', { repo: target.place.fullName });
    if (wait === undefined) break;
    countDown(wait, `GitHub gave no answer about ${target.place.fullName}`, making.pace);
    await sleep(wait * making.pace.second, undefined, { signal: making.pace.signal });
  }
  const facts = { ...making.session.github.facts, repo: target.place.fullName };
  throw new PublishError('GITHUB_5XX', { ...facts, said: 'no answer to the request to create it' });
}

async function noteIntent({ session, journal }: Making, { repo }: Target): Promise<void> {
  const intents = journal.get(repo.name)?.intents ?? [];
  const now = new Date(session.github.now()).toISOString();
  await journal.set(repo.name, {
    target: targetName(session),
    intents: [...intents, now].slice(-20),
  });
}

async function note({ session, journal }: Making, { repo }: Target, remote: RemoteRepo) {
  await journal.set(repo.name, { target: targetName(session), id: remote.id });
  return remote;
}

/** The repository, when GitHub shows one that must be ours; GitHub may take a while to show it. */
async function findOurs(
  { session, journal, pace }: Making,
  { repo, place }: Target,
  waits: readonly number[],
) {
  for (const wait of waits) {
    await sleep(wait * pace.second, undefined, { signal: pace.signal });
    const remote = await findRepo(session, repo.name);
    if (remote === undefined) continue;
    const empty = (await listBranches(session, repo.name)).length === 0;
    const proven = provesOwnership(journal.get(repo.name), remote, repo);
    if (empty && proven) return remote;
    throw new PublishError(empty ? 'EMPTY_NOT_OURS' : 'NAME_TAKEN', { repo: place.fullName });
  }
  return undefined;
}

/**
 * Topics and default branch of a repository that this tool made. Never fatal: it is published, and
 * a failure is one line.
 */
export async function dressRepo(making: Making, target: Target, remote: RemoteRepo): Promise<void> {
  const { session, journal, pace } = making;
  const entry = journal.get(target.repo.name);
  if (entry?.id !== remote.id || entry.dressed === true) return;
  try {
    await setTopics(making, target, remote);
    await setDefaultBranch(making, target, remote);
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    pace.report({
      kind: 'warning',
      repo: target.place.fullName,
      text: `${error.summary} ${error.hint}`,
    });
    return;
  }
  await journal.set(target.repo.name, {
    target: targetName(session),
    id: remote.id,
    dressed: true,
  });
}

async function setTopics(
  { request, session }: Making,
  { repo, place }: Target,
  remote: RemoteRepo,
): Promise<void> {
  const names = [
    ...new Set([...remote.topics, ...request.topics.map((topic) => topic.toLowerCase())]),
  ];
  if (names.length === remote.topics.length) return;
  const { github, owner } = session;
  const route = `PUT /repos/${place.fullName}/topics`;
  const facts = aboutRepo(session, repo.name, 'set the topics of', route, 'administration=write');
  await github.call(facts, () =>
    github.rest.repos.replaceAllTopics({ owner, repo: repo.name, names }),
  );
}

/** GitHub makes the first branch that is pushed the default one; some servers keep their own. */
async function setDefaultBranch(
  { session }: Making,
  { repo, place }: Target,
  remote: RemoteRepo,
): Promise<void> {
  if (remote.defaultBranch === place.branch) return;
  const { github, owner } = session;
  const now = await findRepo(session, repo.name);
  if (now === undefined || now.defaultBranch === place.branch) return;
  const route = `PATCH /repos/${place.fullName}`;
  const doing = `make ${place.branch} the default branch of`;
  const facts = aboutRepo(session, repo.name, doing, route, 'administration=write');
  await github.call(facts, () =>
    github.rest.repos.update({ owner, repo: repo.name, default_branch: place.branch }),
  );
}

/**
 * Gives a folder that was generated again, and holds what GitHub holds, its .git back. Without it,
 * the next change there would look like somebody else's repository.
 */
export async function linkFolder({ session, pace }: Making, target: Target): Promise<void> {
  const { repo, place, local, state, head } = target;
  if (state !== 'same' || local.repository || head === undefined) return;
  const stage = await makeStage(dirname(repo.folder));
  try {
    await localGit(stage).raw([
      'init',
      '--template=',
      '--object-format=sha1',
      `--initial-branch=${place.branch}`,
    ]);
    await appendRemote(stage, place);
    await remoteGit(stage, place.url, session.github.token).raw([
      'fetch',
      '--no-tags',
      'origin',
      place.branch,
    ]);
    await localGit(stage).raw(['reset', '--mixed', head]);
    await rename(join(stage, '.git'), join(repo.folder, '.git'));
  } catch {
    const text = `${repo.folder} could not be linked to it; git clone ${place.url} gives you a folder that is`;
    pace.report({ kind: 'warning', repo: place.fullName, text });
  } finally {
    await rm(stage, { recursive: true, force: true, maxRetries: 5 });
  }
}
