import type { Adapter } from './conflicts.ts';
import { commandOf } from './plan/commands.ts';
import { printError, printReport } from './report.ts';
import { execute, prepare } from './run.ts';
import { adapterTerminal, sayWith } from './terminal.ts';

/**
 * Runs `flux-gitops` with `argv` and returns its exit code. Yeoman's adapter is loaded when the
 * first question is asked, and not at all when there is none.
 */
export async function main(argv: readonly string[]): Promise<number> {
  // A reader that has seen enough, like head, closes the pipe.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? 0 : 1),
  );
  // A reader of messages that is gone changes nothing about the run.
  process.stderr.on('error', () => undefined);
  if (argv[0] === 'help') return help(argv.slice(1));
  if (process.platform === 'win32') say(UNTRIED);
  const command = commandOf(argv[0]);
  const interactive = process.stdin.isTTY === true && process.stderr.isTTY === true;
  const terminal = adapterTerminal(interactive, say, loadAdapter);
  try {
    const rest = command === undefined ? argv : argv.slice(1);
    const prepared = await prepare(command ?? 'app', rest, terminal, { cwd: process.cwd() });
    if (!prepared) return 0;
    const report = await execute(prepared);
    printReport(report, prepared.given, say);
    return 0;
  } catch (error) {
    say('', 'progress');
    return await printError(
      error,
      argv.some((word) => /^--json(=yes|=true)?$/.test(word)),
    );
  }
}

/** `flux-gitops help [COMMAND]`. */
async function help(words: readonly string[]): Promise<number> {
  const command = words[0] === undefined ? 'app' : commandOf(words[0]);
  if (command !== undefined) return main([command, '--help']);
  return main(words);
}

const UNTRIED =
  'Note: flux-gitops is made for Linux and macOS. Nobody has tried it on Windows, so run it in WSL.';

const say = sayWith((text) => void process.stderr.write(`${text}\n`), process.stderr);

async function loadAdapter(): Promise<Adapter> {
  const { TerminalAdapter } = await import('@yeoman/adapter');
  // What is asked is a message; stdout is for results.
  return new TerminalAdapter({ stdout: process.stderr });
}
