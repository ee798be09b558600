import { type ComparedRepo, compareRepo, type Extend } from './disk/compare.ts';
import { packageVersion, templatesOf, usageOf } from './disk/package-files.ts';
import { openWorkspace, type Workspace } from './disk/workspace.ts';
import { writeRepos } from './disk/write.ts';
import { Interrupted, inputError, type Problem, UserError } from './errors.ts';
import { PLANNERS } from './plan/commands.ts';
import { checkPublication, readSetting, standardDefaults } from './plan/estate.ts';
import { checkFollowed } from './plan/operator-tier.ts';
import type { Plan } from './plan/plan.ts';
import type { Target } from './publish/look.ts';
import type { PublishContext } from './publish/publish.ts';
import type { PublishResult } from './publish/state.ts';
import { layerRenderer, renderPlan } from './render/render.ts';
import { planText, type Report, reportOf } from './report.ts';
import { type Given, parseArguments } from './settings/arguments.ts';
import { helpText } from './settings/help.ts';
import { openQuestions, withAnswers } from './settings/questions.ts';
import type { CommandName } from './settings/settings.ts';
import { painter, type Terminal } from './terminal.ts';

/** A run whose plan is made and compared with the disk; nothing is written yet. */
export type Prepared = {
  readonly given: Given;
  readonly plan: Plan;
  readonly repos: readonly ComparedRepo[];
  readonly terminal: Terminal;
  /** Whether questions are asked, and so the plan is shown and confirmed. */
  readonly asks: boolean;
  /** With `--publish`: the user who is signed in, and what GitHub holds. */
  readonly publishing?: { readonly context: PublishContext; readonly targets: readonly Target[] };
};

/** Where a run starts: the folder that `--into` is relative to, and whose flags are passed over. */
export type Start = { readonly cwd: string; readonly also?: readonly string[] };

/**
 * Reads `argv`, asks for what it leaves open, plans, renders and compares: all that may refuse
 * happens here. Returns undefined when help or the version was all that was wanted. Throws a
 * UserError with every problem of the input.
 */
export async function prepare(
  command: CommandName,
  argv: readonly string[],
  terminal: Terminal,
  start: Start,
): Promise<Prepared | undefined> {
  const { given, problems } = parseArguments(command, argv, start.also);
  const { switches, texts } = given;
  if (switches.help || switches.version) {
    process.stdout.write(
      switches.help ? helpText(command, usageOf(command)) : `${packageVersion()}\n`,
    );
    return undefined;
  }
  const found: Problem[] = [];
  const into = readSetting('into', texts.into?.[0] ?? '.', found) ?? '.';
  const workspace = openWorkspace(command, start.cwd, into, found);
  const planner = PLANNERS[command];
  // A planner that does not know what lies in the folder would speak of other things.
  if (found.length > 0) throw inputError([...problems, ...found]);
  if (problems.length > 0) throw inputError([...problems, ...planner(given, workspace).problems]);
  const asks = terminal.interactive && !switches.yes && !switches.json && !switches.dryRun;
  if (asks && switches.publish) await checkTokenFor(given, workspace);
  const complete = asks ? await askOpen(given, workspace, terminal) : given;
  const typed = ['flux-gitops', ...(command === 'app' ? [] : [command]), ...argv];
  const { context, ...settled } = await settle(complete, workspace, typed, terminal);
  const repos = await compare(settled, workspace, switches.force === true);
  const publishing = context && (await lookAtGithub(context, settled.plan, repos));
  return { ...settled, repos, terminal, asks, ...(publishing && { publishing }) };
}

/** A missing token is told before the first question. */
async function checkTokenFor(given: Given, { home }: Workspace): Promise<void> {
  const { checkToken } = await import('./publish/publish.ts');
  const recorded = home?.record?.defaults.githubUrl ?? standardDefaults().githubUrl;
  await checkToken(given.texts.githubUrl?.[0] ?? recorded, given);
}

/** Whatever GitHub refuses is told before a file is written. */
async function lookAtGithub(
  context: PublishContext,
  plan: Plan,
  repos: readonly ComparedRepo[],
): Promise<NonNullable<Prepared['publishing']>> {
  const { lookBeforeWriting, reposToPublish } = await import('./publish/publish.ts');
  const targets = await lookBeforeWriting(context, reposToPublish(plan, repos, false));
  return { context, targets };
}

/** The plan; when it is to be published, after signing in, which may settle the owner. */
async function settle(
  given: Given,
  workspace: Workspace,
  typed: readonly string[],
  { say }: Terminal,
): Promise<Pick<Prepared, 'given' | 'plan'> & { readonly context?: PublishContext }> {
  const plan = planFor(given, workspace);
  if (!given.switches.publish) return { given, plan };
  const { signInForPlan } = await import('./publish/publish.ts');
  const signedIn = await signInForPlan(given, plan, typed, workspace.parent, say);
  return { ...signedIn, plan: planFor(signedIn.given, workspace) };
}

function planFor(given: Given, workspace: Workspace): Plan {
  const { plan, problems } = PLANNERS[given.command](given, workspace);
  const more = [...problems];
  checkPublication(given.texts, more);
  if (plan) checkFollowed(plan, given, more);
  if (!plan || more.length > 0) throw inputError(more);
  return plan;
}

async function askOpen(given: Given, workspace: Workspace, terminal: Terminal): Promise<Given> {
  // What was given is checked before anything is asked, so that nobody answers in vain.
  const positional = given.command === 'app' || given.positionals.length > 0;
  const { problems } = positional ? PLANNERS[given.command](given, workspace) : { problems: [] };
  if (problems.length > 0) throw inputError(problems);
  const questions = openQuestions(given, workspace, PLANNERS[given.command]);
  return withAnswers(given, await terminal.ask(questions));
}

async function compare(
  { given, plan }: Pick<Prepared, 'given' | 'plan'>,
  workspace: Workspace,
  force: boolean,
): Promise<ComparedRepo[]> {
  const problems: Problem[] = [];
  const extend = plan.syncConfig ? await extender(given, plan) : undefined;
  const compared = renderPlan(plan, layerRenderer(templatesOf)).map((rendered) =>
    compareRepo(rendered, workspace.folderOf(rendered.repo.name), problems, extend),
  );
  if (problems.length > 0) throw inputError(problems);
  if (!force) return compared;
  const forced = { conflict: 'overwrite', keep: 'overwrite' } as const;
  return compared.map((repo) => ({
    ...repo,
    files: repo.files.map((file) =>
      file.state === 'conflict' || file.state === 'keep'
        ? { ...file, state: forced[file.state] }
        : file,
    ),
  }));
}

/** How a list that a user edited grows; a tenant that is asked for by name joins it again. */
async function extender({ command }: Given, { environments }: Plan): Promise<Extend> {
  // Only where there is a list to add to: the parser of YAML takes its time to load.
  const { addResources } = await import('./render/kustomization-list.ts');
  const again = command === 'tenant' ? environments.map(({ name }) => name) : [];
  return (found, wanted, before) => addResources(found, wanted, before, again);
}

/**
 * Shows the plan and writes it, unless it is a dry run, the user says no, or files that a user
 * edited are in the way. Returns the report; throws a UserError (exit code 1) when it refuses.
 */
export async function execute(prepared: Prepared): Promise<Report> {
  const { given, plan, repos, terminal, asks, publishing } = prepared;
  const { switches } = given;
  if (switches.dryRun)
    return reportOf(
      plan,
      repos,
      true,
      await import('./render/objects.ts'),
      publishing && (await import('./publish/publish.ts')).describeTargets(publishing.targets),
    );
  const changes = repos.some(({ files }) => files.some(({ state }) => !UNCHANGED.has(state)));
  if (asks && changes) await confirmPlan(plan, repos, terminal);
  if (asks && publishing) await confirmPublication(publishing, terminal);
  const decided = await resolveConflicts(repos, terminal, terminal.interactive && !switches.json);
  writeRepos(decided);
  return reportOf(plan, decided, false, undefined, await published(prepared, decided));
}

async function confirmPublication(
  { context, targets }: NonNullable<Prepared['publishing']>,
  terminal: Terminal,
): Promise<void> {
  const { confirmCreation } = await import('./publish/publish.ts');
  await confirmCreation(context, targets, (question) => terminal.confirm(question, false));
}

async function published(
  { plan, publishing }: Prepared,
  repos: readonly ComparedRepo[],
): Promise<PublishResult[] | undefined> {
  if (!publishing) return undefined;
  const { publish, reposToPublish } = await import('./publish/publish.ts');
  const { context, targets } = publishing;
  return publish(context, reposToPublish(plan, repos, true), targets);
}

const UNCHANGED: ReadonlySet<string> = new Set(['identical', 'keep']);

async function confirmPlan(
  plan: Plan,
  repos: readonly ComparedRepo[],
  terminal: Terminal,
): Promise<void> {
  const report = reportOf(plan, repos, false, await import('./render/objects.ts'));
  terminal.say(`\n${planText(report, painter(process.stderr), 60)}`);
  if (!(await terminal.confirm('Write this?', true))) throw new Interrupted('Nothing was written.');
}

async function resolveConflicts(
  repos: readonly ComparedRepo[],
  terminal: Terminal,
  mayAsk: boolean,
): Promise<ComparedRepo[]> {
  const conflicts = repos.flatMap(({ folder, files }) =>
    files.filter(({ state }) => state === 'conflict').map(({ path }) => `${folder}/${path}`),
  );
  if (conflicts.length > 0 && !mayAsk) throw conflictError(conflicts);
  const decided: ComparedRepo[] = [];
  for (const repo of repos) {
    const asked = repo.files.filter(({ state }) => state === 'conflict');
    const chosen =
      asked.length > 0 ? await terminal.resolve(repo.folder, asked) : new Set<string>();
    const files = repo.files.map((file) =>
      chosen.has(file.path) ? { ...file, state: 'overwrite' as const } : file,
    );
    decided.push({ ...repo, files });
  }
  return decided;
}

function conflictError(conflicts: readonly string[]): UserError {
  const list = conflicts.map((path) => `  ${path}`).join('\n');
  return new UserError(
    `These files exist with other contents, so nothing was written:\n${list}\n` +
      'Move them away, overwrite them with --force, or run this on a terminal to decide for each one.',
    1,
  );
}
