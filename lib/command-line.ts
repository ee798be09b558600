import { setFlagsFromString } from 'node:v8';
import { cancelOnInterrupt } from './cancel.ts';
import type { Adapter } from './conflicts.ts';
import { commandOf } from './settings/command-words.ts';
import { adapterTerminal, sayWith } from './terminal.ts';

/**
 * Runs `flux-gitops` with `argv` and returns its exit code. Each command loads only what it needs, because shells wait
 * for completions. The first question loads Yeoman's adapter; a run without questions does not load it.
 */
export async function main(argv: readonly string[]): Promise<number> {
  // A reader such as head closes the pipe when it has read enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? 0 : 1),
  );
  // The run continues if the reader of its messages ends.
  process.stderr.on('error', () => undefined);
  const [word, ...rest] = argv;
  if (word === '__complete') {
    const { answer } = await import('./completion.ts');
    process.stdout.write(answer(rest, process.cwd()));
    return 0;
  }
  try {
    if (word === 'completion' || (word === 'help' && rest[0] === 'completion')) {
      const { completionText } = await import('./completion.ts');
      process.stdout.write(completionText(word === 'help' ? ['--help'] : rest));
    } else return await run(argv);
    return 0;
  } catch (error) {
    say('', 'progress');
    const { printError } = await import('./report.ts');
    return await printError(
      error,
      argv.some((one) => /^--json(=yes|=true)?$/.test(one)),
    );
  }
}

/** Plans, asks, writes and reports, or carries out an action: everything except completion. Returns the exit code. */
async function run(argv: readonly string[]): Promise<number> {
  const [{ printReport }, { execute, prepare }, { act, printOutcome }] = await Promise.all([
    import('./report.ts'),
    import('./run.ts'),
    import('./actions.ts'),
  ]);
  // Keeps V8's space for new objects small. A larger space costs 60 MiB more for 10,000 environments, and saves no time.
  // After a change of flags, Node.js compiles its own modules again, so this comes after the imports.
  setFlagsFromString('--semi-space-growth-factor=1');
  cancelOnInterrupt();
  if (process.platform === 'win32') say(UNTRIED);
  const command = commandOf(argv[0]);
  const interactive = process.stdin.isTTY === true && process.stderr.isTTY === true;
  const terminal = adapterTerminal(interactive, say, loadAdapter);
  const rest = command === undefined ? argv : argv.slice(1);
  const start = { cwd: process.cwd(), caller: 'flux-gitops' as const };
  const prepared = await prepare(command ?? 'app', rest, terminal, start);
  if (!prepared) return 0;
  const outcome = await act(prepared);
  if (outcome) return printOutcome(outcome, prepared);
  printReport(await execute(prepared), { ...prepared, say });
  return 0;
}

const UNTRIED =
  'Note: flux-gitops is made for Linux and macOS. It is not tested on Windows. Run it in WSL.';

const say = sayWith((text) => void process.stderr.write(`${text}\n`), process.stderr);

async function loadAdapter(): Promise<Adapter> {
  const { TerminalAdapter } = await import('@yeoman/adapter');
  // Questions are messages, and stdout is only for results.
  return new TerminalAdapter({ stdout: process.stderr });
}
