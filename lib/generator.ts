import Generator, { type BaseFeatures, type BaseOptions } from 'yeoman-generator';
import { act, printOutcome } from './actions.ts';
import { cancelOnInterrupt, endInterrupted } from './cancel.ts';
import type { Adapter } from './conflicts.ts';
import { summaryOf, usageOf } from './disk/package-files.ts';
import { explainRights } from './disk/rights.ts';
import { Interrupted } from './errors.ts';
import type { Outcome, Prepared } from './prepared.ts';
import { printReport, type Report } from './report.ts';
import { execute, prepare } from './run.ts';
import { helpText } from './settings/help.ts';
import { type CommandName, flagOf, isSwitch, settingsOf } from './settings/settings.ts';
import { adapterTerminal, sayWith } from './terminal.ts';

type Options = BaseOptions & { readonly [flag: string]: unknown };

/** Flags of yo, its environment and Yeoman's base generator. This package ignores them. */
const YEOMAN_FLAGS = [
  '--ask-answered',
  '--bail',
  '--color',
  '--debug',
  '--force-install',
  '--generators',
  '--ignore-version-check',
  '--ignore-whitespace',
  '--insight',
  '--local-only',
  '--no-color',
  '--no-insight',
  '--no-update-notifier',
  '--skip-cache',
  '--skip-check-env',
  '--skip-install',
  '--skip-local-cache',
  '--skip-global-config',
  '--update-notifier',
];

/** The words after `yo` on the command line, if this process is `yo`. */
function typedForYo(): string[] | undefined {
  const [, program = '', ...typed] = process.argv;
  return /[\\/]yo(\.[cm]?js)?$|[\\/]yo[\\/]/.test(program) ? typed : undefined;
}

/** Does `work`, and reports errors and interruptions as `flux-gitops` does. */
async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    // yo would print more lines around this error.
    if (error instanceof Interrupted) endInterrupted(error);
    explainRights(error);
    throw error;
  }
}

/** The only lifecycle: `prompting` plans, `writing` writes or acts, `end` reports. */
export abstract class FluxGenerator extends Generator<Record<string, never>, Options> {
  abstract readonly command: CommandName;
  private prepared: Prepared | undefined;
  private report: Report | undefined;
  private outcome: Outcome | undefined;

  constructor(args?: string[], options?: Options, features?: BaseFeatures) {
    super(args, { ...options, skipGlobalConfig: true } as Options, {
      customInstallTask: true,
      inheritTasks: true,
      tasksMatchingPriority: true,
      ...features,
    });
  }

  async prompting(): Promise<void> {
    const adapter = this.env.adapter as Adapter;
    // Only the adapter of a terminal asks the user.
    const { actualAdapter = adapter } = adapter as { actualAdapter?: object };
    const answers = actualAdapter.constructor.name !== 'TerminalAdapter';
    const interactive = answers || (process.stdin.isTTY === true && process.stdout.isTTY === true);
    const terminal = adapterTerminal(
      interactive,
      sayWith((text) => this.log(text), process.stderr),
      async () => adapter,
    );
    const start = { cwd: this.destinationRoot(), caller: 'yo' as const, foreign: YEOMAN_FLAGS };
    if (typedForYo() !== undefined) cancelOnInterrupt();
    this.prepared = await told(prepare(this.command, this.rawArguments(), terminal, start));
  }

  async writing(): Promise<void> {
    if (!this.prepared) return;
    const { prepared } = this;
    const work = async (): Promise<void> => {
      this.outcome = await act(prepared);
      if (!this.outcome) this.report = await execute(prepared);
    };
    await told(work().finally(() => prepared.terminal.say('', 'progress')));
  }

  end(): void {
    if (this.prepared && this.outcome)
      process.exitCode = printOutcome(this.outcome, this.prepared) || process.exitCode;
    if (!this.prepared || !this.report) return;
    printReport(this.report, { ...this.prepared, say: (text) => this.log(text) });
  }

  override help(): string {
    return helpText(this.command, usageOf(this.command), { caller: 'yo', summaryOf });
  }

  /** The arguments as the user typed them: Yeoman's parsers turn some values into numbers. */
  private rawArguments(): string[] {
    const typed = typedForYo() ?? [];
    const word = typed.findIndex((argument) => this.isMyName(argument));
    if (word >= 0) return typed.toSpliced(word, 1);
    return [...this.flagsFromOptions(), ...this._args.map(String)];
  }

  private isMyName(argument: string): boolean {
    const { namespace } = this.options;
    return (
      [namespace, namespace?.replace(/:app$/, '')].includes(argument) ||
      argument.endsWith(`generators/${this.command}`)
    );
  }

  private flagsFromOptions(): string[] {
    const option = (flag: string): unknown[] => {
      const name = flag.slice(2);
      const camel = name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
      return [this.options[name] ?? this.options[camel] ?? []].flat();
    };
    return settingsOf(this.command).flatMap((key) => {
      const flag = flagOf(key);
      const values = option(flag);
      // Yeoman sets its own options with these names to false.
      if (isSwitch(key)) return values[0] === true ? [flag] : [];
      return values.map((value) => (value === true ? flag : `${flag}=${value}`));
    });
  }
}
