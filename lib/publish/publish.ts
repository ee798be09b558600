/**
 * Publishing, from top to bottom: sign in, look before anything is written, ask, and after the files
 * are written: commit all, create all, push all. run.ts and the tests enter here.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ComparedRepo, type FileAction, WRITES } from '../disk/compare.ts';
import { withLock } from '../disk/lock.ts';
import { Interrupted } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import { shellCommand } from '../render/quoting.ts';
import type { Given } from '../settings/arguments.ts';
import { DEMO_OWNER } from '../settings/settings.ts';
import type { Say } from '../terminal.ts';
import { carryOut, type Progress } from './carry-out.ts';
import { interruptible, openControl, type RunControl } from './control.ts';
import { locateGithub } from './github-host.ts';
import { openJournal } from './journal.ts';
import { checkGit, lookAtAll, type PublishContext, type Target } from './look.ts';
import { combine, PublishError, publishProblem, type RunSoFar } from './refusals.ts';
import { homeOf, openSession, type SignInRequest } from './sign-in.ts';
import {
  describeProgress,
  isPassing,
  type PublicationRepo,
  type PublishRequest,
  type PublishResult,
} from './state.ts';
import { findToken, standardInput } from './token.ts';

export type { PublishContext } from './look.ts';

/**
 * Throws a PublishError when there is no token for the GitHub at `githubUrl`: to be called before the
 * first question, so that nobody answers in vain.
 */
export async function checkToken(githubUrl: string, { switches }: Given): Promise<void> {
  await findToken(locateGithub(githubUrl), switches.tokenStdin ? standardInput() : undefined);
}

/** Where a token for the GitHub at `githubUrl` would come from; undefined when there is none. */
export async function tokenSource(githubUrl: string): Promise<string | undefined> {
  try {
    return (await findToken(locateGithub(githubUrl))).source;
  } catch (error) {
    if (error instanceof PublishError) return undefined;
    throw error;
  }
}

/**
 * Signs in for the run of `given` that `plan` plans. Returns what the other functions need, and `given`
 * with the owner as GitHub spells it, because addresses in the files depend on it: the repositories of
 * the public demo become the token's user's. Throws a PublishError; nothing is changed anywhere.
 */
export async function signInForPlan(
  given: Given,
  plan: Plan,
  words: readonly string[],
  workspace: string,
  say: Say,
): Promise<{ readonly given: Given; readonly context: PublishContext }> {
  const { texts, switches } = given;
  const owner = texts.owner?.[0];
  const { visibility } = plan;
  const repos = plan.repos.map((repo) => {
    const { name, githubUrl } = repo;
    const recorded = repo.owner === DEMO_OWNER ? undefined : repo.owner;
    return { name, githubUrl, owner: owner ?? recorded };
  });
  const request: PublishRequest = {
    visibility,
    template: switches.template === true,
    topics: texts.topic ?? [],
    adoptEmpty: switches.adoptEmpty === true,
    dryRun: switches.dryRun === true,
    command: shellCommand(words),
    commandName: given.command,
    workspace,
  };
  const tokenStdin = switches.tokenStdin ? standardInput() : undefined;
  const control = openControl((event) =>
    say(describeProgress(event), isPassing(event) ? 'progress' : undefined),
  );
  const context = await signIn(request, { repos, visibility, tokenStdin }, control);
  const [first] = plan.repos;
  const spelled = first && homeOf(context.session, { githubUrl: first.githubUrl, owner })?.owner;
  if (spelled === undefined) return { given, context };
  // an owner that was given is spelled as GitHub does; without one, only the demo's owner is replaced
  if (owner === undefined) return { given: { ...given, publisher: spelled }, context };
  return { given: { ...given, texts: { ...texts, owner: [spelled] } }, context };
}

/**
 * Signs in to every GitHub that the repositories of `wanted` belong on, and looks up their owners.
 * Throws a PublishError with everything that is wrong; nothing but GET requests is sent.
 */
export async function signIn(
  request: PublishRequest,
  wanted: SignInRequest,
  control: RunControl,
): Promise<PublishContext> {
  return telling(notBegun(request), control, async () => {
    const session = await openSession(wanted, control);
    return { request, session, journal: openJournal(request.workspace), control };
  });
}

/**
 * Looks at all repositories with the files that would be written, and reports their states. Throws a
 * PublishError with everything that keeps one of them from being published, before a file is written;
 * in a dry run the returned targets hold it. Sends nothing but GET requests.
 */
export async function lookBeforeWriting(
  context: PublishContext,
  repos: readonly PublicationRepo[],
): Promise<Target[]> {
  const { request, control } = context;
  return telling(notBegun(request), control, async () => {
    await checkGit();
    const targets = await lookAtAll(context, inOrder(repos));
    reportStates(control, targets);
    if (request.visibility === 'private') control.report({ kind: 'warning', text: UNREADABLE });
    return targets;
  });
}

const UNREADABLE =
  'Flux reads private repositories with credentials only: give each GitRepository a spec.secretRef ' +
  '(flux create secret git)';

/**
 * Publishes `repos`, whose files are written: all checks once more, then all commits, then all
 * repositories are created, then all are pushed, the config repo last. What is done is read from the
 * world each time, so the same call resumes after any failure or kill, and does nothing when all is
 * done. Nothing is ever forced. `shown` is what the user was told already. Returns what became of each
 * repository; throws a PublishError that says how far it came, or Interrupted.
 */
export async function publish(
  context: PublishContext,
  repos: readonly PublicationRepo[],
  shown: readonly Target[],
): Promise<PublishResult[]> {
  const { request, control } = context;
  const progress: Progress = { created: [], pushed: new Map(), settled: new Set() };
  const soFar = (): RunSoFar => ({
    written: true,
    created: progress.created,
    pushed: [...progress.pushed.keys()],
    missing: shown.map(({ place }) => place.fullName).filter((name) => !progress.settled.has(name)),
    command: request.command,
  });
  const say = (text: string) => control.report({ kind: 'warning', text });
  const work = async (): Promise<PublishResult[]> => {
    const targets = await lookAtAll(context, inOrder(repos));
    const known = new Map(shown.map(({ place, state }) => [place.fullName, state]));
    reportStates(
      control,
      targets.filter(({ place, state }) => known.get(place.fullName) !== state),
    );
    await carryOut(context, targets, progress);
    return describeTargets(targets, progress);
  };
  return telling(soFar, control, () =>
    interruptible(control, () => withLock([request.workspace], say, work, WHILE_PUBLISHING)),
  );
}

/** Publishing takes its time, and what it has written stays. */
const WHILE_PUBLISHING = {
  minutes: 15,
  consequence: 'The files are written, and nothing was published.',
};

/** What became, or in a dry run would become, of each repository. */
export function describeTargets(
  targets: readonly Target[],
  { created, pushed }: Pick<Progress, 'created' | 'pushed'> = { created: [], pushed: new Map() },
): PublishResult[] {
  return targets.map(({ repo, place, state, problem }) => {
    const commit = pushed.get(place.fullName);
    return {
      name: repo.name,
      url: place.page,
      state: commit === undefined ? state : 'same',
      created: created.includes(place.fullName),
      ...(commit === undefined ? {} : { pushed: commit }),
      ...(problem === undefined ? {} : { problem: publishProblem(problem) }),
    };
  });
}

/** Repositories that others refer to come first: the config repo makes Flux read the rest. */
function inOrder(repos: readonly PublicationRepo[]): PublicationRepo[] {
  return [
    ...repos.filter(({ role }) => role !== 'config'),
    ...repos.filter(({ role }) => role === 'config'),
  ];
}

function reportStates({ report }: RunControl, targets: readonly Target[]): void {
  for (const { place, state, ours } of targets)
    report({ kind: 'state', repo: place.fullName, url: place.page, state, ours });
}

/** Before anything is written, there is nothing to tell but that. */
function notBegun({ command }: PublishRequest): () => RunSoFar {
  return () => ({ written: false, created: [], pushed: [], missing: [], command });
}

/** Does `work`; a refusal tells how far the run came, and an interruption is one whatever it broke. */
async function telling<T>(
  soFar: () => RunSoFar,
  { abort }: RunControl,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const refusal = error instanceof PublishError ? error : undefined;
    if (abort.signal.aborted || refusal?.reason === 'ABORTED') {
      const { message } = new PublishError('ABORTED', {}, error, soFar());
      throw new Interrupted(message, { cause: error });
    }
    throw refusal === undefined ? error : combine([refusal], soFar());
  }
}

/**
 * The repositories of `plan` as publishing wants them, with the files of `compared` that this tool
 * answers for. Until they are written, what would be written is handed over as text.
 */
export function reposToPublish(
  { environments }: Plan,
  compared: readonly ComparedRepo[],
  written: boolean,
): PublicationRepo[] {
  return compared.map(({ repo, folder, isNew, files }) => {
    const { name, description, role, githubUrl, owner } = repo;
    // The first commit holds the repository as it is; later ones hold only what this tool wrote.
    const isFirst = !existsSync(join(folder, '.git'));
    const chosen = files.filter(({ state, action }) => {
      if (state === 'edited' && (action === 'none' || action === 'keep')) return isFirst;
      return !NOT_OURS.has(action);
    });
    const unwritten = written ? [] : chosen.filter(({ action }) => WRITES.has(action));
    const branches = repo.branches.map((branch) => ({
      name: branch,
      environments: environments
        .filter((one) => one.repo === name && one.branch === branch)
        .map((one) => one.name),
    }));
    return {
      name,
      githubUrl,
      owner,
      branches,
      folder,
      isNew: isNew && !written,
      description,
      role,
      files: chosen.map(({ path }) => path),
      removed: files.filter(({ action }) => action === 'remove').map(({ path }) => path),
      contents: Object.fromEntries(unwritten.map(({ path, contents }) => [path, contents])),
    };
  });
}

/** Files that a user edited or deleted, and those that are removed. */
const NOT_OURS: ReadonlySet<FileAction> = new Set(['keep', 'ask', 'remove']);
