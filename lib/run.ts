import { join, resolve } from 'node:path';
import { loadAction } from './actions.ts';
import { cancel, keepRunning } from './cancel.ts';
import type { Live } from './cluster/live.ts';
import type { Earlier } from './disk/base.ts';
import {
  type ComparedFile,
  type ComparedRepo,
  compareRepo,
  kept,
  WRITES,
  withRecord,
} from './disk/compare.ts';
import { readGivenFiles } from './disk/given-files.ts';
import { withLock } from './disk/lock.ts';
import { packageVersion, summaryOf, templatesOf, usageOf } from './disk/package-files.ts';
import { findLog, undoKilled } from './disk/undo-log.ts';
import { isThere, openWorkspace, pushedRecord, type Workspace } from './disk/workspace.ts';
import { FileChanged, writeRepos } from './disk/write.ts';
import { inputError, type Problem, UserError } from './errors.ts';
import { type PushRefused, pushRefused } from './findings-report.ts';
import { plannerOf } from './plan/commands.ts';
import { namespaceOf } from './plan/estate.ts';
import { isByHand } from './plan/hand-written/own-form.ts';
import type { Plan } from './plan/plan.ts';
import { RECORD_FILE } from './plan/record.ts';
import type { Prepared, Start } from './prepared.ts';
import type { Target } from './publish/look.ts';
import type { PublishContext } from './publish/publish.ts';
import type { PublishResult } from './publish/state.ts';
import { blobId, sidesOf } from './render/git-text.ts';
import { shellCommand } from './render/quoting.ts';
import { layerRenderer } from './render/render.ts';
import { type Report, reportOf, summaryText } from './report.ts';
import { type Given, parseArguments, wordsOf } from './settings/arguments.ts';
import { type Caller, commandOf, unknownCommand } from './settings/command-words.ts';
import { helpText } from './settings/help.ts';
import { readSetting } from './settings/resolve.ts';
import { type CommandName, isAction, keysOf, SETTINGS } from './settings/settings.ts';
import { lookOf, type Terminal } from './terminal.ts';
import type { Result } from './verify/results.ts';

/**
 * Reads `argv` and asks for everything that it leaves open. Returns undefined for help and for the version. Throws a
 * UserError with every problem of the input. Checks everything that needs no answer before the first question.
 */
export async function prepare(
  command: CommandName,
  argv: readonly string[],
  terminal: Terminal,
  start: Start,
): Promise<Prepared | undefined> {
  const { caller } = start;
  const { given: words, problems } = parseArguments(command, argv, start.foreign, caller);
  const { switches, texts } = words;
  const told = informationFor(words, caller);
  if (told) {
    process.stdout.write(
      switches.json ? `${JSON.stringify(told, null, 2)}\n` : `${Object.values(told).join('')}\n`,
    );
    return undefined;
  }
  const found: Problem[] = [];
  const into = readSetting('into', texts.into?.[0] ?? '.', found) ?? '.';
  if (found.length > 0) throw inputError([...problems, ...found]);
  await undoInterrupted(resolve(start.cwd, into), command, words, terminal);
  // Parsing manifests takes time, so other runs do not load it.
  const reader =
    command === 'adopt' || command === 'remove' || switches.takeOver
      ? await import('./disk/adoption.ts')
      : undefined;
  // The answers can name an environment.
  let known = words;
  const open = (others: readonly Problem[] = []): Workspace => {
    if (reader && command === 'adopt')
      return reader.openForAdoption(start.cwd, into, texts.name?.[0]);
    const broken: Problem[] = [];
    const found = openWorkspace(command, start.cwd, into, texts.name?.[0], broken);
    const opened = reader && needsManifests(known, found) ? reader.withManifests(found) : found;
    // Without the contents of the folder, a planner would report other problems.
    if (broken.length > 0) throw inputError([...others, ...broken]);
    return opened;
  };
  const workspace = open(problems);
  const given = await readGivenFiles(words, start.cwd, problems);
  // A planner checks its input again when it plans, so it runs here only to name all problems at once.
  if (isAction(command)) problems.push(...(await loadAction(command)).check(given, workspace));
  else if (problems.length > 0) problems.push(...plannerOf(command)(given, workspace).problems);
  if (problems.length > 0) throw inputError(problems);
  const asks = terminal.interactive && !switches.yes && !switches.json && !isOnlyShown(given);
  if (asks && switches.publish) await checkTokenFor(given, workspace);
  // Without questions, nothing of the dialogue is loaded. `update` and `adopt` leave no setting open.
  const complete =
    asks && !isAction(command) && command !== 'update' && command !== 'adopt'
      ? await (await import('./dialogue.ts')).askOpen(given, workspace, terminal)
      : given;
  known = complete;
  return { given: complete, terminal, asks, open };
}

/** The commands that write no files of the estate. */
const READING: ReadonlySet<CommandName> = new Set(['verify', 'status']);

/**
 * Undoes what a killed run changed, so that this run finds the files as they were before. A run that only shows something
 * says that the files are of both.
 */
async function undoInterrupted(
  folder: string,
  command: CommandName,
  given: Given,
  { say }: Terminal,
): Promise<void> {
  const place = findLog(folder);
  if (place === undefined) return;
  if (READING.has(command) || isOnlyShown(given)) {
    say(
      `Note: an earlier run was killed while it wrote files in ${place}. The next run that writes undoes its changes first.`,
    );
    return;
  }
  const count = await withLock([place], say, async () => undoKilled(place));
  if (count > 0)
    say(
      `Note: an earlier run was killed while it wrote files. Its ${count === 1 ? 'change is' : `${count} changes are`} undone. What was changed after that run stays.`,
    );
}

/** Whether a run takes over what a user wrote by hand, or removes it: its objects are in the manifests only. */
const needsManifests = ({ switches, positionals }: Given, { home }: Workspace): boolean =>
  switches.takeOver === true ||
  (home?.record?.environments ?? []).some((one) => isByHand(one) && positionals.includes(one.name));

/** Whether the run shows what it would do, and writes nothing. */
const isOnlyShown = ({ switches }: Given): boolean =>
  switches.dryRun === true || switches.check === true;

/**
 * The help or the version, if `given` asks for it. The command can follow `help` or be next to `--help`. Throws a
 * UserError for a word that is not a command.
 */
function informationFor(
  { command, positionals, switches }: Given,
  caller: Caller = 'flux-gitops',
): { help: string } | { version: string } | undefined {
  const asksHelp = positionals[0] === 'help';
  if (!switches.help && !asksHelp)
    return switches.version ? { version: packageVersion() } : undefined;
  const [word] = positionals.filter((one) => one !== 'help');
  const named = command === 'app' && word !== undefined ? commandOf(word) : command;
  if (named === undefined && !switches.help)
    throw inputError([unknownCommand([word ?? ''], ['--help'], caller)]);
  const options = { caller, summaryOf };
  const shown = named ?? command;
  return { help: helpText(shown, usageOf(shown), options).trimEnd() };
}

/** Reports a missing token before the first question. */
async function checkTokenFor(given: Given, { home }: Workspace): Promise<void> {
  const { checkToken } = await import('./publish/publish.ts');
  const recorded = home?.record?.shared.githubUrl ?? SETTINGS.githubUrl.default;
  await checkToken(given.texts.githubUrl?.[0] ?? recorded, given);
}

/**
 * Plans, compares, shows the plan and carries it out. Writes nothing if it is a dry run, if the user says no, or if
 * edited files prevent it. Returns the report. Throws a UserError when it refuses.
 */
export async function execute(prepared: Prepared): Promise<Report> {
  const settled = await settle(prepared);
  const { given } = prepared;
  checkOrder(settled, prepared);
  if (isOnlyShown(given)) {
    const compared = await compare(settled, prepared);
    const parser = given.switches.dryRun ? await import('./render/objects.ts') : undefined;
    const targets = await lookAtGithub(settled, compared);
    const results = targets && (await import('./publish/publish.ts')).describeTargets(targets);
    const planned = reportOf(compared.plan, compared.repos, true, parser, results, wordsOf(given));
    const report = given.switches.live
      ? { ...planned, notes: [...planned.notes, NOT_LIVE] }
      : planned;
    if (!given.switches.dryRun) return completed(report, compared, given);
    const { findings, refusal } = await verifyResult(settled, compared, prepared);
    const error = refusal && { error: { message: refusal.message } };
    return completed({ ...report, findings, ...error }, compared, given);
  }
  const live = await connected(settled, prepared);
  const { targets, ...written } = await carryOut(settled, prepared);
  const results = await published(settled, written, targets);
  if (live) {
    const { goLive } = await import('./cluster/live.ts');
    await goLive(live, results !== undefined, prepared.terminal);
  }
  const isLive = live !== undefined;
  const { plan, repos, findings } = written;
  const report = reportOf(plan, repos, false, undefined, results, wordsOf(given), isLive);
  return completed({ ...report, ...(findings && { findings }) }, written, given);
}

const NOT_LIVE =
  '--live changes nothing in a dry run: it does not look at the cluster, and this is the plan for the files.';

/** The cluster, if the run works on one. Refuses everything that the cluster would refuse before a file is written. */
async function connected({ given }: Settled, prepared: Prepared): Promise<Live | undefined> {
  if (!given.switches.live) return undefined;
  const { asks, terminal, open } = prepared;
  const workspace = open();
  const plan = planFor(given, workspace);
  checkRemembered(plan, workspace);
  const config = plan.repos.find(({ role }) => role === 'config');
  const folder = workspace.folderOf(config?.name ?? '');
  const { openLive } = await import('./cluster/live.ts');
  const context = given.texts.context?.at(-1);
  const isMove = given.switches.move === true;
  return openLive({ plan, folder, context, asks, isMove }, terminal);
}

/** Refuses to remove an adopted environment that only the working tree knows: a run that continues would not find it. */
function checkRemembered({ departures = [] }: Plan, { former }: Workspace): void {
  const unknown = departures.filter(({ name, namespace, isAdopted, state }) => {
    const found = isAdopted && state === 'gone' ? former?.(name) : undefined;
    return isAdopted && state === 'gone' && (!found || namespaceOf(found) !== namespace);
  });
  if (unknown.length === 0) return;
  const names = unknown.map(({ name, namespace }) => `${name} (${namespace})`).join(', ');
  throw new UserError(
    `${names}: only ${RECORD_FILE} has the namespace, and git does not have this file as it is. After an interruption, this command could not continue. Nothing was written.\n` +
      `  Commit ${RECORD_FILE} in the config repo first. Then run the same command again.`,
    1,
  );
}

/** Refuses the second step of a removal as long as the first one is not in the branch that the cluster follows. */
function checkOrder({ given }: Settled, { open }: Prepared): void {
  if (given.command !== 'remove' || given.switches.live) return;
  const workspace = open();
  const { departures = [], repos, syncConfig } = planFor(given, workspace);
  const [config] = repos;
  const gone = departures.filter(({ state }) => state === 'gone');
  if (!syncConfig || !config || gone.length === 0) return;
  const [branch = ''] = config.branches;
  const pushed = pushedRecord(workspace.folderOf(config.name), branch);
  const early = gone.filter(
    ({ name }) => !pushed?.environments.some((one) => one.name === name && one.leaving),
  );
  if (early.length === 0) return;
  const names = early.map(({ name }) => name).join(', ');
  throw new UserError(
    `${names} cannot go yet: the branch ${branch} on the remote origin does not have the first step of the removal. Without it, Flux would leave everything on the cluster. Nothing was written.\n` +
      '  Push the config repo (or merge its pull request and run git fetch), and wait until Flux has removed the app. Then run the same command again.',
    1,
  );
}

/** `report` with what only an update reports. */
async function completed(
  report: Report,
  { plan, repos }: Compared,
  { command }: Given,
): Promise<Report> {
  if (command !== 'update') return report;
  const { withUpdate } = await import('./update-report.ts');
  return withUpdate(report, plan, repos);
}

/** The settings; with `--publish`, with the owner as the user who is signed in. */
type Settled = { readonly given: Given; readonly context?: PublishContext };

/** Signs in if the run publishes. This can change the owner. */
async function settle({ given, terminal, open }: Prepared): Promise<Settled> {
  if (!given.switches.publish) return { given };
  const workspace = open();
  const plan = planFor(given, workspace);
  checkHistory(plan, workspace);
  const { signInForPlan } = await import('./publish/publish.ts');
  return signInForPlan(given, plan, wordsOf(given), workspace.parent, terminal.say);
}

/** Refuses to publish what a user wrote by hand from a folder without git: the first commit would not have those files. */
function checkHistory({ repos }: Plan, { folderOf }: Workspace): void {
  const without = repos
    .filter(({ adopting, found }) => adopting === 'by-hand' || (found?.adopted ?? []).length > 0)
    .map(({ name }) => ({ name, folder: folderOf(name) }))
    .filter(({ folder }) => isThere(folder) && !isThere(join(folder, '.git')));
  const [first] = without;
  if (first === undefined) return;
  throw new UserError(
    `${without.map(({ name }) => name).join(', ')} cannot be published: a user wrote files there, and it is no repository of git, so GitHub would get none of those files. Nothing was written.\n` +
      `  Commit and push all files yourself first: ${shellCommand(['git', '-C', first.folder, 'init'])}. Or run the same command without --publish.`,
    1,
  );
}

function planFor(given: Given, workspace: Workspace): Plan {
  const { plan, problems } = plannerOf(given.command)(given, workspace);
  const more = [...problems];
  for (const key of keysOf('run'))
    for (const text of given.texts[key] ?? []) readSetting(key, text, more);
  if (!plan || more.length > 0) throw inputError(more);
  return plan;
}

/** A plan, and the action for each file. */
type Compared = {
  readonly plan: Plan;
  readonly repos: readonly ComparedRepo[];
  /** The folder with the repositories. */
  readonly parent: string;
};

/** With more environments than this, the run shows progress. */
const MANY = 500;

async function compare({ given }: Settled, { open, terminal }: Prepared): Promise<Compared> {
  const workspace = open();
  const plan = planFor(given, workspace);
  const problems: Problem[] = [];
  const render = layerRenderer(templatesOf);
  const { force = false, keep = false, conflictMarkers: markers = false } = given.switches;
  const published = async (folder: string): Promise<Earlier | undefined> =>
    (await import('./disk/published-version.ts')).publishedFiles(folder, terminal.say);
  const comparison = { render, force, keep, markers, published };
  const repos: ComparedRepo[] = [];
  for (const repo of plan.repos) {
    const folder = workspace.folderOf(repo.name);
    if (terminal.interactive && plan.environments.length > MANY)
      terminal.say(
        `Looking at ${repo.name} (${repos.length + 1} of ${plan.repos.length}) ...`,
        'progress',
      );
    repos.push(await compareRepo(repo, folder, comparison, problems));
  }
  terminal.say('', 'progress');
  if (problems.length > 0) throw inputError(problems);
  return { plan, repos, parent: workspace.parent };
}

/** How often a run compares again when files change during the run. */
const TRIES = 3;

/** The written files; with `--publish`, also the repositories on GitHub before the run published, and the findings. */
type Written = Compared & {
  readonly targets?: readonly Target[] | undefined;
  readonly findings?: readonly Result[];
};

async function carryOut(settled: Settled, prepared: Prepared): Promise<Written> {
  const answers: Answer[] = [];
  let targets: readonly Target[] | undefined;
  for (let left = TRIES; ; left--) {
    // The run has no lock while it waits for an answer of the user or of GitHub.
    if (prepared.asks || settled.context || mayAsk(prepared)) {
      const compared = await compare(settled, prepared);
      // Report everything that GitHub would refuse before writing a file.
      targets ??= await lookAtGithub(settled, compared);
      if (left === TRIES && prepared.asks) await confirm(settled, compared, targets, prepared);
      if (mayAsk(prepared)) answers.push(...(await askConflicts(compared, answers, prepared)));
    }
    try {
      return { ...(await write(settled, prepared, answers)), targets };
    } catch (error) {
      if (!(error instanceof FileChanged)) throw error;
      if (left === 1) throw new UserError(`${error.message}, three times. Nothing was written.`, 1);
    }
  }
}

/** Whether the run can ask about files that both the user and this version changed. */
const mayAsk = ({ terminal, given }: Prepared): boolean =>
  terminal.interactive && !given.switches.json;

/** Compares and writes under the lock. */
async function write(
  settled: Settled,
  prepared: Prepared,
  answers: readonly Answer[],
): Promise<Written> {
  const { lockFolders, parent } = prepared.open();
  return withLock(lockFolders, prepared.terminal.say, async () => {
    // The run that had the lock may have been killed.
    undoKilled(parent);
    const compared = await compare(settled, prepared);
    const repos = compared.repos.map((repo) => decide(repo, answers));
    const open = repos.flatMap(({ folder, files }) =>
      files
        .filter(({ action }) => action === 'ask')
        .map(({ path, found }) => ({ path: join(folder, path), found })),
    );
    if (open[0] !== undefined && mayAsk(prepared)) throw new FileChanged(open[0].path);
    if (open.length > 0) throw conflictError(open, prepared.given);
    const decided = { ...compared, repos };
    // The answers of the user can change what verify found before the question.
    const found = settled.context && (await verifyResult(settled, decided, prepared));
    if (found?.refusal) throw found.refusal;
    writeRepos(repos, compared.parent);
    keepRunning();
    return { ...decided, ...(found && { findings: found.findings }) };
  });
}

/** What `verify` finds in the result of a run, and the refusal if `--publish` would push errors. */
type Verified = { readonly findings: readonly Result[]; readonly refusal?: PushRefused };

/** How many environments the estate of `plan` has. */
const sizeOf = ({ environments, repos }: Plan): number =>
  environments.length + (repos.find(({ role }) => role === 'config')?.untouched.length ?? 0);

/** Checks the estate as it will be. This takes time, so runs that only write do not load it. */
async function verifyResult(
  { given }: Settled,
  { plan, repos }: Compared,
  { open, terminal }: Prepared,
): Promise<Verified> {
  const { findingsAfter, errorsToPush } = await import('./verify/after-run.ts');
  const isLong = terminal.interactive && sizeOf(plan) > MANY;
  if (isLong) terminal.say('Checking the result ...', 'progress');
  const planned = { repos, workspace: open() };
  const findings = await findingsAfter(planned);
  const isAsked = given.switches.publish && !given.switches.force && !given.switches.pushErrors;
  const errors = isAsked ? await errorsToPush(planned, findings) : [];
  if (isLong) terminal.say('', 'progress');
  return { findings, ...(errors.length > 0 && { refusal: pushRefused(errors, given.command) }) };
}

async function lookAtGithub(
  { context }: Settled,
  { plan, repos }: Compared,
): Promise<readonly Target[] | undefined> {
  if (!context) return undefined;
  const { lookBeforeWriting, reposToPublish } = await import('./publish/publish.ts');
  return lookBeforeWriting(context, reposToPublish(plan, repos, false));
}

/**
 * Shows the plan with what is wrong in its result, and asks whether to carry it out. The question lists new repositories
 * on GitHub. Throws Interrupted if the user says no, and a UserError if the run would push errors.
 */
async function confirm(
  settled: Settled,
  compared: Compared,
  targets: readonly Target[] = [],
  prepared: Prepared,
): Promise<void> {
  const { given } = settled;
  const { plan, repos } = compared;
  const { terminal } = prepared;
  const changes = repos.some(({ files }) =>
    files.some(({ action }) => WRITES.has(action) || action === 'ask'),
  );
  if (!changes && targets.length === 0) return;
  // A person should not wait for seconds. A dry run shows the findings of every estate.
  const isChecked = settled.context !== undefined || sizeOf(plan) <= MANY;
  const { findings, refusal } = isChecked
    ? await verifyResult(settled, compared, prepared)
    : { findings: [] as const };
  if (refusal) throw refusal;
  const words = wordsOf(given);
  if (changes) {
    const report = { ...reportOf(plan, repos, false), findings };
    terminal.say(`\n${summaryText(plan, report, words, lookOf(process.stderr))}\n`);
  }
  const absent = targets.filter(({ state }) => state === 'absent');
  const names = absent.map(({ place }) => place.fullName).join(', ');
  const creates = absent.length > 0 && `create ${plan.visibility} repositories (${names})`;
  const question =
    [changes && 'write this', creates].filter(Boolean).join(', and ') || 'push the new commits';
  if (!(await terminal.confirm(`${question[0]?.toUpperCase()}${question.slice(1)}?`, true)))
    cancel();
}

async function published(
  { context, given }: Settled,
  { plan, repos }: Compared,
  targets: readonly Target[] = [],
): Promise<PublishResult[] | undefined> {
  if (!context) return undefined;
  const { publish, reposToPublish } = await import('./publish/publish.ts');
  const chosen = reposToPublish(plan, repos, true);
  if (given.command !== 'update') return publish(context, chosen, targets);
  const { withDetails } = await import('./update-report.ts');
  return publish(context, withDetails(chosen, repos), targets);
}

/** The answer about a file, with its text on disk and its planned text. */
type Answer = { readonly folder: string; readonly file: ComparedFile; readonly overwrite: boolean };

/** Asks about each file that both changed, unless `answers` already has an answer. */
async function askConflicts(
  { repos, parent }: Compared,
  answers: readonly Answer[],
  { terminal }: Prepared,
): Promise<Answer[]> {
  const conflicts = repos.flatMap((repo) =>
    decide(repo, answers)
      .files.filter(({ action }) => action === 'ask')
      .map((file) => ({ folder: repo.folder, file })),
  );
  if (conflicts.length === 0) return [];
  const chosen = await terminal.resolve(parent, conflicts);
  return conflicts.map(({ folder, file }) => ({ folder, file, overwrite: chosen.has(file) }));
}

/** `repo` with those of `answers` that are about the current texts. */
function decide(repo: ComparedRepo, answers: readonly Answer[]): ComparedRepo {
  if (answers.length === 0) return repo;
  const files = repo.files.filter(({ path }) => path !== RECORD_FILE);
  const decided = files.map((file): ComparedFile => {
    const answer = answers.findLast(
      (one) =>
        one.folder === repo.folder &&
        one.file.path === file.path &&
        one.file.found === file.found &&
        one.file.contents === file.contents,
    );
    if (file.action !== 'ask' || answer === undefined) return file;
    if (!answer.overwrite) return kept(file);
    return { ...file, action: 'overwrite', hashes: [blobId(file.contents)] };
  });
  const record = repo.files.find(({ path }) => path === RECORD_FILE);
  return withRecord(repo, decided, record?.found);
}

type Conflict = { readonly path: string; readonly found: string | undefined };

function conflictError(conflicts: readonly Conflict[], { command }: Given): UserError {
  const list = conflicts.map(({ path, found }) => `  ${path}${whyUnmerged(found)}`).join('\n');
  const markers =
    command === 'update' ? 'with --conflict-markers to write both versions into them, ' : '';
  return new UserError(
    `You edited these files, and your edits conflict with the new contents. Nothing was written:\n${list}\n` +
      `Run the same command with --keep to keep them, with --force to overwrite them, ${markers}or on a terminal ` +
      'to decide for each file.',
    1,
  );
}

/** Why nothing at all can be merged into a file with the text `found`, not even conflict markers. */
function whyUnmerged(found = ''): string {
  if (found.includes('\ufffd'))
    return ' (it is not UTF-8, so nothing is merged into it: save it as UTF-8)';
  return sidesOf(found) === undefined ? '' : ' (it has conflict markers: resolve them first)';
}
