import { type Given, parseArguments } from '../core/arguments.ts';
import { openQuestions, withAnswers } from '../core/ask.ts';
import { PLANNERS } from '../core/commands.ts';
import { Interrupted, inputError, type Problem, UserError } from '../core/errors.ts';
import { readSetting } from '../core/estate.ts';
import { helpText } from '../core/help.ts';
import type { Plan } from '../core/plan.ts';
import type { CommandName } from '../core/questions.ts';
import { renderPlan } from '../core/render.ts';
import { planText, type Report } from '../core/report.ts';
import { type ComparedRepo, compareRepo } from './compare.ts';
import { reportOf } from './print.ts';
import { packageVersion, templatesOf, usageOf } from './templates.ts';
import { painter, type Terminal } from './terminal.ts';
import { openWorkspace, type Workspace } from './world.ts';
import { writeRepos } from './write.ts';

/** A run whose plan is made and compared with the disk; nothing is written yet. */
export type Prepared = {
  readonly given: Given;
  readonly plan: Plan;
  readonly repos: readonly ComparedRepo[];
  readonly terminal: Terminal;
  /** Whether questions are asked, and so the plan is shown and confirmed. */
  readonly asks: boolean;
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
  const complete = asks ? await askOpen(given, workspace, terminal) : given;
  const { plan, problems: refusals } = planner(complete, workspace);
  if (!plan) throw inputError(refusals);
  const repos = compare(plan, workspace, switches.force === true);
  return { given: complete, plan, repos, terminal, asks };
}

async function askOpen(given: Given, workspace: Workspace, terminal: Terminal): Promise<Given> {
  // What was given is checked before anything is asked, so that nobody answers in vain.
  const positional = given.command === 'app' || given.positionals.length > 0;
  const { problems } = positional ? PLANNERS[given.command](given, workspace) : { problems: [] };
  if (problems.length > 0) throw inputError(problems);
  const questions = openQuestions(given, workspace, PLANNERS[given.command]);
  return withAnswers(given, await terminal.ask(questions));
}

function compare(plan: Plan, workspace: Workspace, force: boolean): ComparedRepo[] {
  const problems: Problem[] = [];
  const compared = renderPlan(plan, templatesOf).map((rendered) =>
    compareRepo(rendered, workspace.folderOf(rendered.repo.name), problems),
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

/**
 * Shows the plan and writes it, unless it is a dry run, the user says no, or files that a user
 * edited are in the way. Returns the report; throws a UserError (exit code 1) when it refuses.
 */
export async function execute({ given, plan, repos, terminal, asks }: Prepared): Promise<Report> {
  const { switches } = given;
  if (switches.dryRun) return reportOf(plan, repos, true, await import('./objects.ts'));
  const changes = repos.some(({ files }) => files.some(({ state }) => !UNCHANGED.has(state)));
  if (asks && changes) await confirmPlan(plan, repos, terminal);
  const decided = await resolveConflicts(repos, terminal, terminal.interactive && !switches.json);
  writeRepos(decided);
  return reportOf(plan, decided, false);
}

const UNCHANGED: ReadonlySet<string> = new Set(['identical', 'keep']);

async function confirmPlan(
  plan: Plan,
  repos: readonly ComparedRepo[],
  terminal: Terminal,
): Promise<void> {
  const report = reportOf(plan, repos, false, await import('./objects.ts'));
  terminal.say(`\n${planText(report, painter(process.stderr), 60)}`);
  if (!(await terminal.confirm('Write this?'))) throw new Interrupted('Nothing was written.');
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
