import { dirname } from 'node:path';
import { combine, PublishError } from '../core/publication-errors.ts';
import { type Commit, commitFiles } from './git-commit.ts';
import { noreplyAddress, pushCommit } from './git-push.ts';
import { checkScopes } from './github-owner.ts';
import type { RemoteRepo } from './github-repos.ts';
import { createRepo, type Making } from './publish-create.ts';
import { dressRepo } from './publish-dress.ts';
import type { Entry } from './publish-journal.ts';
import { linkFolder } from './publish-link.ts';
import { type Target, targetName } from './publish-look.ts';
import { removeStages } from './publish-stage.ts';

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
