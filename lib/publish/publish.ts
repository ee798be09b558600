import { type ComparedRepo, type FileAction, WRITES } from '../disk/compare.ts';
import { Interrupted } from '../errors.ts';
import { repositoryUrl } from '../plan/estate.ts';
import type { Plan } from '../plan/plan.ts';
import type { Given } from '../settings/arguments.ts';
import { DEMO_OWNER, type Visibility } from '../settings/settings.ts';
import type { Terminal } from '../terminal.ts';
import { carryOut, type Progress } from './carry-out.ts';
import type { Pace } from './github.ts';
import { openJournal } from './journal.ts';
import { checkGit, confirmPublic, lookAtAll, type Target } from './look.ts';
import { combine, PublishError, publishProblem, type Standing } from './refusals.ts';
import { type Session, signIn } from './sign-in.ts';
import {
  describeProgress,
  type ProgressEvent,
  type Publication,
  type PublicationRepo,
  type PublishResult,
} from './state.ts';
import { standardInput } from './token.ts';

/** A user who is signed in, and what publishing needs besides the plan. */
export type Signed = {
  readonly session: Session;
  readonly request: Omit<Publication, 'repos' | 'workspace'>;
};

/**
 * Signs in to GitHub for the run of `given` that `plan` plans, and returns `given` with the owner as
 * GitHub spells it: addresses in the files depend on it. Without an owner it is the token's user.
 */
export async function signInFor(
  given: Given,
  plan: Plan,
  command: string,
  say: (text: string) => void,
): Promise<{ readonly given: Given; readonly signed: Signed }> {
  const { texts, switches } = given;
  const first = plan.environments[0];
  if (!first) throw new Error('a plan without environments cannot be published');
  const { githubUrl, branch } = first;
  const recorded = first.owner === DEMO_OWNER ? undefined : first.owner;
  const owner = texts.owner?.[0] ?? recorded;
  const visibility: Visibility = texts.visibility?.[0] === 'private' ? 'private' : 'public';
  const tokenStdin = switches.tokenStdin ? standardInput() : undefined;
  const pace = openPace((event) => say(describeProgress(event)));
  const session = await signIn({ githubUrl, owner, visibility, tokenStdin }, pace);
  const request = {
    githubUrl,
    owner: session.owner,
    branch,
    visibility,
    tokenStdin,
    template: switches.template === true,
    topics: texts.topic ?? [],
    adoptEmpty: switches.adoptEmpty === true,
    dryRun: switches.dryRun === true,
    command,
  };
  // A recorded owner that differs in case only is left as it is: no file has to change for it.
  const known = recorded?.toLowerCase() === session.owner.toLowerCase() && !texts.owner;
  const signedTexts = known ? texts : { ...texts, owner: [session.owner] };
  return { given: { ...given, texts: signedTexts }, signed: { session, request } };
}

/** Publishes `repos`, or looks at what publishing would do in a dry run. Ctrl-C ends it in order. */
export async function publishRepos(
  { session, request }: Signed,
  repos: readonly ComparedRepo[],
  workspace: string,
  terminal: Terminal,
  asks: boolean,
): Promise<PublishResult[]> {
  const abort = new AbortController();
  const interrupt = (): void => abort.abort();
  const pace = openPace((event) => terminal.say(describeProgress(event)), abort.signal);
  const home = { githubUrl: request.githubUrl, owner: session.owner };
  const isOurs = ({ repo }: ComparedRepo): boolean =>
    repo.url.toLowerCase() === repositoryUrl(home, repo.name).toLowerCase();
  for (const { repo } of repos.filter((one) => !isOurs(one)))
    pace.report({
      kind: 'warning',
      repo: repo.name,
      text: `${repo.url} has another owner, and is not published`,
    });
  const ours = repos.filter(isOurs).map((repo) => publicationRepo(repo, request.dryRun));
  const confirm = async (names: readonly string[]): Promise<boolean> =>
    terminal.confirm(`Create public repositories: ${names.join(', ')}?`, false);
  process.once('SIGINT', interrupt);
  try {
    const attended = { session, ...(asks && { confirm }) };
    return await publish({ ...request, workspace, repos: ours }, pace, attended);
  } finally {
    process.off('SIGINT', interrupt);
  }
}

function publicationRepo({ repo, folder, files }: ComparedRepo, dryRun: boolean): PublicationRepo {
  const { name, description, role } = repo;
  const chosen = files.filter(({ action }) => !LEFT.has(action));
  // A dry run has written nothing, so what it would write is handed over as text.
  const unwritten = dryRun ? chosen.filter(({ action }) => WRITES.has(action)) : [];
  const contents = Object.fromEntries(unwritten.map(({ path, contents }) => [path, contents]));
  return { name, folder, description, role, files: chosen.map(({ path }) => path), contents };
}

const LEFT: ReadonlySet<FileAction> = new Set(['keep', 'ask', 'remove']);

/** What the caller may bring along. */
export type Attended = {
  /** From `signIn`; without it, publishing signs in itself. */
  readonly session?: Session | undefined;
  /** Asked before public repositories are created, with their full names; false ends the run. */
  readonly confirm?: ((repos: readonly string[]) => Promise<boolean>) | undefined;
};

/**
 * Publishes an estate: all checks, then all commits, then all repositories are created, then all
 * are pushed, the config repo last. What is done is read from the world each time, so the same call
 * resumes after any failure or kill, and does nothing when all is done. Nothing is ever forced.
 */
export async function publish(
  request: Publication,
  pace: Pace,
  attended: Attended = {},
): Promise<PublishResult[]> {
  const progress: Progress = { created: [], pushed: new Map(), settled: new Set() };
  const repos = inOrder(request.repos);
  let owner = request.owner;
  try {
    const session = attended.session ?? (await signIn(request, pace));
    owner = session.owner;
    const making = { request, session, journal: openJournal(request.workspace), pace };
    const [targets] = await Promise.all([lookAtAll(making, repos), checkGit()]);
    if (!request.dryRun) {
      await confirmPublic(request, targets, attended.confirm);
      await carryOut(making, targets, progress);
    }
    return targets.map((target) => describe(target, progress));
  } catch (error) {
    const names = repos.map(({ name }) => `${owner}/${name}`);
    throw told(error, standing(request, progress, names), pace.signal);
  }
}

/** Repositories that others refer to come first: the config repo makes Flux read the rest. */
function inOrder(repos: readonly PublicationRepo[]): PublicationRepo[] {
  return [
    ...repos.filter(({ role }) => role !== 'config'),
    ...repos.filter(({ role }) => role === 'config'),
  ];
}

function standing(
  { command }: Publication,
  { created, pushed, settled }: Progress,
  names: readonly string[],
): Standing {
  const missing = names.filter((name) => !settled.has(name));
  return { created, pushed: [...pushed.keys()], missing, command };
}

function told(error: unknown, standing: Standing, signal: AbortSignal | undefined): unknown {
  const aborted =
    signal?.aborted === true || (error instanceof PublishError && error.reason === 'ABORTED');
  if (aborted)
    return new Interrupted(new PublishError('ABORTED', {}, error, standing).message, {
      cause: error,
    });
  return error instanceof PublishError ? combine([error], standing) : error;
}

function describe(
  { repo, place, state, problem }: Target,
  { created, pushed }: Progress,
): PublishResult {
  const commit = pushed.get(place.fullName);
  return {
    name: repo.name,
    url: place.page,
    state: commit === undefined ? state : 'same',
    created: created.includes(place.fullName),
    ...(commit === undefined ? {} : { pushed: commit }),
    ...(problem === undefined ? {} : { problem: publishProblem(problem) }),
  };
}

/** How publishing goes on in earnest: a second is a second. */
export function openPace(report: (event: ProgressEvent) => void, signal?: AbortSignal): Pace {
  return { second: 1000, report, ...(signal ? { signal } : {}) };
}
