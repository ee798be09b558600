import { cancelOnInterrupt } from './cancel.ts';
import type { Adapter } from './conflicts.ts';
import { commandOf } from './settings/command-words.ts';
import { adapterTerminal, sayWith } from './terminal.ts';

/**
 * Runs `flux-gitops` with `argv` and returns its exit code. Each command loads what it needs only: shells wait
 * for completions. Yeoman's adapter is loaded when the first question is asked, and not at all when there is none.
 */
export async function main(argv: readonly string[]): Promise<number> {
  // A reader that has seen enough, like head, closes the pipe.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? 0 : 1),
  );
  // A reader of messages that is gone changes nothing about the run.
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
    } else await run(argv);
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

/** Plans, asks, writes and reports: everything but completion. */
async function run(argv: readonly string[]): Promise<void> {
  const [{ printReport }, { execute, prepare }] = await Promise.all([
    import('./report.ts'),
    import('./run.ts'),
  ]);
  cancelOnInterrupt();
  if (process.platform === 'win32') say(UNTRIED);
  const command = commandOf(argv[0]);
  const interactive = process.stdin.isTTY === true && process.stderr.isTTY === true;
  const terminal = adapterTerminal(interactive, say, loadAdapter);
  const rest = command === undefined ? argv : argv.slice(1);
  const start = { cwd: process.cwd(), caller: 'flux-gitops' as const };
  const prepared = await prepare(command ?? 'app', rest, terminal, start);
  if (!prepared) return;
  printReport(await execute(prepared), { ...prepared, say });
}

const UNTRIED =
  'Note: flux-gitops is made for Linux and macOS. Nobody has tried it on Windows, so run it in WSL.';

const say = sayWith((text) => void process.stderr.write(`${text}\n`), process.stderr);

async function loadAdapter(): Promise<Adapter> {
  const { TerminalAdapter } = await import('@yeoman/adapter');
  // What is asked is a message; stdout is for results.
  return new TerminalAdapter({ stdout: process.stderr });
}
