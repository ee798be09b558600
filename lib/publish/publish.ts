/**
 * All steps of publishing in order. Before a run writes files: sign in, look, ask. After it: commit all, create all,
 * push all. run.ts and the tests call this file.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ComparedRepo, type FileAction, WRITES } from '../disk/compare.ts';
import { textIn } from '../disk/git-stages.ts';
import { withLock } from '../disk/lock.ts';
import { readIfThere } from '../disk/workspace.ts';
import { Interrupted } from '../errors.ts';
import { GENERATOR } from '../plan/generator.ts';
import type { Plan } from '../plan/plan.ts';
import { RECORD_FILE, readRecord } from '../plan/record.ts';
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
 * Throws a PublishError when there is no token for the GitHub at `githubUrl`. Call it before the first question, so
 * that a user without a token answers no questions.
 */
export async function checkToken(githubUrl: string, { switches }: Given): Promise<void> {
  await findToken(locateGithub(githubUrl), switches.tokenStdin ? standardInput() : undefined);
}

/** The source of the token for the GitHub at `githubUrl`; undefined when there is no token. */
export async function tokenSource(githubUrl: string): Promise<string | undefined> {
  try {
    return (await findToken(locateGithub(githubUrl))).source;
  } catch (error) {
    if (error instanceof PublishError) return undefined;
    throw error;
  }
}

/**
 * Signs in for the run of `given` with its `plan`. Returns the context for the other functions, and `given` with the
 * owner as GitHub spells it, because addresses in the files depend on it. The user of the token replaces the owner of
 * the public demo. Changes nothing. Throws a PublishError.
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
    archive: switches.archive === true,
    adoptEmpty: switches.adoptEmpty === true,
    dryRun: switches.dryRun === true,
    command: shellCommand(words),
    commandName: given.command,
    workspace,
    ...(given.command === 'update' && {
      proposal: {
        branch: UPDATE_BRANCH,
        title: `Update to generator-flux-gitops ${GENERATOR.version}`,
        pullRequest: switches.pullRequest === true,
      },
    }),
  };
  const tokenStdin = switches.tokenStdin ? standardInput() : undefined;
  const control = openControl((event) =>
    say(describeProgress(event), isPassing(event) ? 'progress' : undefined),
  );
  const context = await signIn(request, { repos, visibility, tokenStdin }, control);
  const [first] = plan.repos;
  const spelled = first && homeOf(context.session, { githubUrl: first.githubUrl, owner })?.owner;
  if (spelled === undefined) return { given, context };
  // a given owner gets GitHub's spelling; without one, only the demo's owner is replaced
  if (owner === undefined) return { given: { ...given, publisher: spelled }, context };
  return { given: { ...given, texts: { ...texts, owner: [spelled] } }, context };
}

/**
 * Signs in to every GitHub of the repositories in `wanted`, and looks up their owners. Sends only GET requests.
 * Throws one PublishError with all problems.
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
 * Looks at all repositories with the files that this run would write, and reports their states. Sends only GET
 * requests. Throws one PublishError with all problems before the run writes a file. In a dry run, the returned targets
 * have the problems instead.
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
    return targets;
  });
}

/**
 * Publishes `repos` after their files are written. Repeats all checks, makes all commits, creates all repositories,
 * and pushes them, the config repo last. Each run reads from GitHub and git what is done. So the same call continues
 * after any failure or kill, and does nothing when all is done. It never uses force. `shown` has the states that the
 * user has seen. Returns the result for each repository. Throws a PublishError that says what was done, or Interrupted.
 */
export async function publish(
  context: PublishContext,
  repos: readonly PublicationRepo[],
  shown: readonly Target[],
): Promise<PublishResult[]> {
  const { request, control } = context;
  const progress: Progress = {
    created: [],
    pushed: new Map(),
    pullRequests: new Map(),
    settled: new Set(),
  };
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

/** Publishing can take minutes, and the written files stay. */
const WHILE_PUBLISHING = {
  minutes: 15,
  consequence: 'The files are written, and nothing was published.',
};

/** The result for each repository; in a dry run, the expected result. */
export function describeTargets(
  targets: readonly Target[],
  { created, pushed, pullRequests }: Omit<Progress, 'settled'> = {
    created: [],
    pushed: new Map(),
    pullRequests: new Map(),
  },
): PublishResult[] {
  return targets.map(({ repo, place, state, problem }) => {
    const commit = pushed.get(place.fullName);
    const pullRequest = pullRequests.get(place.fullName);
    return {
      name: repo.name,
      url: place.page,
      state: commit === undefined ? state : 'same',
      created: created.includes(place.fullName),
      ...(commit === undefined ? {} : { pushed: commit }),
      ...(commit === undefined || place.followed === undefined ? {} : { branch: place.branch }),
      ...(pullRequest === undefined ? {} : { pullRequest }),
      ...(problem === undefined ? {} : { problem: publishProblem(problem) }),
    };
  });
}

/** The branch that `update` pushes. Flux follows it nowhere. */
const UPDATE_BRANCH = 'flux-gitops-update';

/** The config repo comes last, because it makes Flux read the others. */
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

/** The progress of a run that has not started to write. */
function notBegun({ command }: PublishRequest): () => RunSoFar {
  return () => ({ written: false, created: [], pushed: [], missing: [], command });
}

/** Does `work`. A refusal gets the progress of the run. After an interruption, any error counts as the interruption. */
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
 * The repositories of `plan` for publishing, with the files of `compared` that this tool wrote. Files that are not
 * written yet are included as texts.
 */
export function reposToPublish(
  { environments, syncConfig }: Plan,
  compared: readonly ComparedRepo[],
  written: boolean,
): PublicationRepo[] {
  return compared.map(({ repo, folder, isNew, files }) => {
    const { name, description, role, githubUrl, owner } = repo;
    // The first commit has all files as they are; later commits have only files that this tool wrote.
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
      ...(repo.feeds && { feeds: repo.feeds }),
      ...(role === 'config' && !syncConfig && { notRead: true }),
      files: chosen.map(({ path }) => path),
      removed: [
        ...files.filter(({ action }) => action === 'remove').map(({ path }) => path),
        ...removedEarlier(folder, files),
      ],
      contents: Object.fromEntries(unwritten.map(({ path, contents }) => [path, contents])),
    };
  });
}

/** The files that an earlier run removed and did not commit: the last commit lists them, and this run does not know them. */
function removedEarlier(folder: string, files: ComparedRepo['files']): string[] {
  const text = existsSync(join(folder, '.git')) ? textIn(folder, 'HEAD', RECORD_FILE) : undefined;
  if (text === undefined) return [];
  const known = new Set(files.map(({ path }) => path));
  const recorded = readRecord(readIfThere(join(folder, RECORD_FILE)) ?? '', RECORD_FILE, []).record
    ?.written;
  const committed = readRecord(text, RECORD_FILE, []).record?.written?.keys() ?? [];
  return [...committed].filter(
    (path) => !known.has(path) && !recorded?.has(path) && !existsSync(join(folder, path)),
  );
}

/** Files that a user edited or deleted, and files that this run removes. */
const NOT_OURS: ReadonlySet<FileAction> = new Set(['keep', 'ask', 'remove']);
