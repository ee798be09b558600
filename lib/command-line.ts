import { commandOf } from './plan/commands.ts';
import { printError, printReport, refuseIncomplete, refuseUnpublishable } from './report.ts';
import { execute, prepare } from './run.ts';
import { type Adapter, adapterTerminal } from './terminal.ts';

/**
 * Runs `flux-gitops` with `argv` and returns its exit code. Yeoman's adapter is loaded when the
 * first question is asked, and not at all when there is none.
 */
export async function main(argv: readonly string[]): Promise<number> {
  // A reader that has seen enough, like head, closes the pipe.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? 0 : 1),
  );
  // Nobody reads the progress any more; the run goes on, and its exit code tells how it ended.
  process.stderr.on('error', () => undefined);
  const command = commandOf(argv[0]);
  const interactive = process.stdin.isTTY === true && process.stderr.isTTY === true;
  const terminal = adapterTerminal(interactive, say, loadAdapter);
  try {
    const rest = command === undefined ? argv : argv.slice(1);
    const prepared = await prepare(command ?? 'app', rest, terminal, { cwd: process.cwd() });
    if (!prepared) return 0;
    const report = await execute(prepared);
    printReport(report, prepared.given, say);
    refuseUnpublishable(report);
    refuseIncomplete(report);
    return 0;
  } catch (error) {
    return await printError(error, argv.includes('--json'));
  }
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function loadAdapter(): Promise<Adapter> {
  const { TerminalAdapter } = await import('@yeoman/adapter');
  return new TerminalAdapter();
}
