import { commandOf } from '../core/commands.ts';
import { execute, prepare, print, printError } from './run.ts';
import { type Adapter, adapterTerminal } from './terminal.ts';

/**
 * Runs `flux-gitops` with `argv` and returns its exit code. Yeoman's adapter is loaded when the
 * first question is asked, and not at all when there is none.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const command = commandOf(argv[0]);
  const interactive = process.stdin.isTTY === true && process.stderr.isTTY === true;
  const terminal = adapterTerminal(interactive, say, loadAdapter);
  try {
    const rest = command === undefined ? argv : argv.slice(1);
    const prepared = await prepare(command ?? 'app', rest, terminal, { cwd: process.cwd() });
    if (prepared) print(await execute(prepared), prepared);
    return 0;
  } catch (error) {
    return printError(error);
  }
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function loadAdapter(): Promise<Adapter> {
  const { TerminalAdapter } = await import('@yeoman/adapter');
  return new TerminalAdapter();
}
