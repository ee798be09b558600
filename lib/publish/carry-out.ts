import { dirname } from 'node:path';
import pMap from 'p-map';
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
import { combine, PublishError } from './refusals.ts';
import { noreplyAddress } from './sign-in.ts';

/** What a run has done so far; it is told with every failure. */
export type Progress = {
  readonly created: string[];
  /** The commits that were pushed, by full name. */
  readonly pushed: Map<string, string>;
  /** Full names of those that need nothing more. */
  readonly settled: Set<string>;
};

/**
 * Commits all, creates all, pushes all and the config repo last; then what is not vital. What is done
 * is noted in `progress`. Throws a PublishError when something cannot be done; nothing is undone.
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
  // GitHub asks for writes one after the other
  for (const target of targets) remotes.set(target, await ensureRepo(context, target, progress));
  const push = (target: Target) => ensurePushed(context, target, commits.get(target), progress);
  const isConfig = ({ repo }: Target) => repo.role === 'config';
  await forEach(
    targets.filter((target) => !isConfig(target)),
    push,
  );
  await forEach(targets.filter(isConfig), push);
  for (const target of targets) await giveGitBack(context, target);
  for (const [target, remote] of remotes) await applySettings(context, target, remote);
}

async function removeOldStages({ request }: PublishContext, targets: readonly Target[]) {
  const folders = targets.map(({ repo }) => dirname(repo.folder));
  for (const folder of new Set([request.workspace, ...folders])) await removeStages(folder);
}

/** Each work runs one git at a time. */
const GITS_AT_ONCE = 4;

/** Works on a few targets at once. After a failure nothing new is begun; what is under way ends first. */
async function forEach(targets: readonly Target[], work: (target: Target) => Promise<void>) {
  const failures: unknown[] = [];
  const unlessFailed = async (target: Target) => {
    if (failures.length > 0) return;
    await work(target).catch((error: unknown) => failures.push(error));
  };
  await pMap(targets, unlessFailed, { concurrency: GITS_AT_ONCE });
  if (failures.length > 0) throw join(failures);
}

/** All refusals as one; anything else is a defect, which goes first. */
function join(failures: readonly unknown[]): unknown {
  const refusals = failures.filter((error) => error instanceof PublishError);
  const defect = failures.find((error) => !(error instanceof PublishError));
  return defect ?? combine(refusals);
}

/** The journal holds the process while it commits: after a kill, its locks are known as ours. */
async function commit({ journal, control }: PublishContext, target: Target): Promise<string> {
  const { repo, place, local, home } = target;
  const { account } = home;
  const { committing, ...entry } = journal.get(repo.name) ?? { target: targetName(home) };
  const work: Commit = {
    repo,
    place,
    fallback: { name: account.name ?? account.login, email: noreplyAddress(home) },
    warn: (text) => control.report({ kind: 'warning', repo: place.fullName, text }),
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

/** Waits between tries to create, and to see, a repository (seconds). */
const TRIES = [1, 2, 4];
const LOOKS = [0.5, 1, 2, 4, 5, 5, 5, 5];

/**
 * Creates one absent repository. The intent is in the journal before the request and the id after
 * the answer, so whatever gets lost in between, the repository is known as ours when it is seen.
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
    await wait(seconds, `GitHub gave no answer about ${place.fullName}`, context.control);
  }
  const facts = { ...home.github.facts, repo: place.fullName };
  throw new PublishError('GITHUB_5XX', { ...facts, said: 'no answer to the request to create it' });
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

/** The repository, when GitHub shows one that must be ours; GitHub may take a while to show it. */
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
    const rename = 'Or start over in an empty folder with other names.';
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

/** A folder that was lost and generated again gets its .git back from GitHub. */
async function giveGitBack({ control }: PublishContext, target: Target): Promise<void> {
  const { repo, place, local, state, head, home } = target;
  if (state !== 'same' || local.repository || head === undefined) return;
  const text = await linkFolder(repo, place, head, home.github.token);
  if (text !== undefined) control.report({ kind: 'warning', repo: place.fullName, text });
}

/**
 * Topics, template and default branch, where GitHub has something else than what is wanted. Never
 * fatal: the repository is published, and a failure is one line.
 */
async function applySettings(
  context: PublishContext,
  target: Target,
  remote: RemoteRepo,
): Promise<void> {
  try {
    await addTopics(context, target, remote);
    await makeTemplate(context, target, remote);
    await setDefaultBranch(context, target, remote);
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    const text = `${error.summary} ${error.hint}`;
    context.control.report({ kind: 'warning', repo: target.place.fullName, text });
  }
}

/** Topics that others gave the repository stay. */
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
 * GitHub makes the first branch that is pushed the default one; some servers keep their own. It is
 * looked after once, for repositories that this tool created: later it is the user's choice.
 */
async function setDefaultBranch({ journal }: PublishContext, target: Target, remote: RemoteRepo) {
  const { repo, place, home } = target;
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
