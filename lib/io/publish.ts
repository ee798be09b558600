import { Interrupted } from '../core/errors.ts';
import { combine, PublishError, publishProblem, type Standing } from '../core/publication-errors.ts';
import type { ProgressEvent, Publication, PublicationRepo, PublishResult } from '../core/publication.ts';
import { localGit } from './git.ts';
import { type Commit, commitFiles } from './git-commit.ts';
import { noreplyAddress, pushCommit } from './git-push.ts';
import type { Pace } from './github.ts';
import { checkScopes, type Session, signIn } from './github-owner.ts';
import type { RemoteRepo } from './github-repos.ts';
import { createRepo, type Making } from './publish-create.ts';
import { dressRepo } from './publish-dress.ts';
import { openJournal } from './publish-journal.ts';
import { look, type Target, targetName } from './publish-look.ts';

export { openPace } from './publish-pace.ts';
export { signIn } from './github-owner.ts';

/** What has been done so far; it is told with every failure. */
type Progress = { created: string[]; pushed: Map<string, string>; remotes: Map<string, RemoteRepo> };

/**
 * Publishes an estate: all checks, then all commits, then all repositories are created, then all
 * are pushed, the config repo last. What is done is read from the world each time, so the same call
 * resumes after any failure or kill, and does nothing when all is done. Nothing is ever forced.
 */
export async function publish(request: Publication, pace: Pace, session?: Session): Promise<PublishResult[]> {
  const progress: Progress = { created: [], pushed: new Map(), remotes: new Map() };
  const repos = inOrder(request.repos);
  let place = (name: string) => `${request.owner}/${name}`;
  try {
    await checkGit(request.workspace);
    const signedIn = session ?? (await signIn(request, pace));
    place = (name) => `${signedIn.owner}/${name}`;
    const making: Making = { request, session: signedIn, journal: openJournal(request.workspace), pace };
    const targets = await lookAtAll(making, repos);
    if (!request.dryRun) await carryOut(making, targets, progress);
    return targets.map((target) => describe(target, progress));
  } catch (error) {
    const missing = repos.map(({ name }) => place(name)).filter((name) => !progress.pushed.has(name));
    const standing = { created: progress.created, pushed: [...progress.pushed.keys()], missing, command: request.command };
    throw told(error, standing, pace.signal);
  }
}

/** Repositories that others refer to come first: the config repo makes Flux read the rest. */
function inOrder(repos: readonly PublicationRepo[]): PublicationRepo[] {
  return [...repos.filter(({ role }) => role !== 'config'), ...repos.filter(({ role }) => role === 'config')];
}

function told(error: unknown, standing: Standing, signal: AbortSignal | undefined): unknown {
  const aborted = signal?.aborted === true || (error instanceof PublishError && error.reason === 'ABORTED');
  if (aborted) return new Interrupted(new PublishError('ABORTED', {}, error, standing).message, { cause: error });
  return error instanceof PublishError ? combine([error], standing) : error;
}

const OLDEST_GIT = [2, 28] as const;

async function checkGit(folder: string): Promise<void> {
  const { installed, major, minor, patch } = await localGit(folder).version();
  if (!installed) throw new PublishError('NO_GIT');
  const [oldest, least] = OLDEST_GIT;
  if (major > oldest || (major === oldest && minor >= least)) return;
  throw new PublishError('OLD_GIT', { version: `${major}.${minor}.${patch}` });
}

async function lookAtAll({ request, session, journal, pace }: Making, repos: readonly PublicationRepo[]) {
  const targets = await Promise.all(repos.map((repo) => look(request, session, journal, repo)));
  for (const { place, state, ours } of targets) {
    pace.report({ kind: 'state', repo: place.fullName, url: webUrl(place.url), state, ours });
  }
  const problems = targets.flatMap(({ problem }) => problem ?? []);
  if (problems.length > 0 && !request.dryRun) {
    throw combine(problems, { created: [], pushed: [], missing: [], command: request.command });
  }
  return targets;
}

async function carryOut(making: Making, targets: readonly Target[], progress: Progress): Promise<void> {
  const { request, session } = making;
  const writing = targets.filter(({ state }) => needsPush(state));
  if (writing.length > 0) checkScopes(session, request.visibility, workflows(writing));
  const commits = new Map<Target, string>();
  for (const target of writing) commits.set(target, await commit(making, target));
  for (const target of targets) await ensureRepo(making, target, progress);
  for (const target of targets) await ensurePushed(making, target, commits.get(target), progress);
  for (const target of targets) {
    const remote = progress.remotes.get(target.place.fullName) ?? target.remote;
    if (remote !== undefined) await dressRepo(making, target, remote);
  }
}

function needsPush(state: Target['state']): boolean {
  return state === 'absent' || state === 'empty' || state === 'behind';
}

function workflows(targets: readonly Target[]): string[] {
  const ofRepo = ({ repo, place }: Target) =>
    repo.files.filter((file) => file.startsWith('.github/workflows/')).map((file) => `${place.fullName} ${file}`);
  return targets.flatMap(ofRepo);
}

/** The journal holds the process while it commits: after a kill, its locks are known as ours. */
async function commit({ session, journal, pace }: Making, { repo, place, local }: Target): Promise<string> {
  const { account } = session;
  const { committing, ...entry } = journal.get(repo.name) ?? { target: targetName(session) };
  const work: Commit = {
    repo,
    place,
    fallback: { name: account.name ?? account.login, email: noreplyAddress(session) },
    warn: (text) => pace.report({ kind: 'warning', repo: place.fullName, text }),
    ownLocks: committing !== undefined,
  };
  if (local.repository && local.pending.length > 0) {
    await journal.set(repo.name, { ...entry, committing: process.pid });
  }
  const head = await commitFiles(work, local);
  if (local.repository && (local.pending.length > 0 || committing !== undefined)) {
    await journal.set(repo.name, entry);
  }
  return head;
}

async function ensureRepo(making: Making, target: Target, { created, remotes }: Progress): Promise<void> {
  const { place, remote, state, repo } = target;
  const { journal, session, pace } = making;
  if (state !== 'absent') {
    if (state === 'empty' && target.ours && remote !== undefined) {
      await journal.set(repo.name, { ...journal.get(repo.name), target: targetName(session), id: remote.id });
    }
    return;
  }
  remotes.set(place.fullName, await createRepo(making, target));
  created.push(place.fullName);
  pace.report({ kind: 'created', repo: place.fullName, url: webUrl(place.url) });
}

async function ensurePushed(
  { session, pace }: Making,
  { repo, place, state }: Target,
  commit: string | undefined,
  { pushed }: Progress,
): Promise<void> {
  const report: (event: ProgressEvent) => void = pace.report;
  if (commit === undefined) return report({ kind: 'up-to-date', repo: place.fullName, state });
  await pushCommit({ repo, place, commit, session, pace });
  pushed.set(place.fullName, commit);
  report({ kind: 'pushed', repo: place.fullName, branch: place.branch, commit });
}

function describe({ repo, place, state, problem }: Target, { created, pushed }: Progress): PublishResult {
  const commit = pushed.get(place.fullName);
  return {
    name: repo.name,
    url: webUrl(place.url),
    state: commit === undefined ? state : 'same',
    created: created.includes(place.fullName),
    ...(commit === undefined ? {} : { pushed: commit }),
    ...(problem === undefined ? {} : { problem: publishProblem(problem) }),
  };
}

function webUrl(url: string): string {
  return url.replace(/\.git$/, '');
}
