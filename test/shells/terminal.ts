import { type ChildProcess, spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { shellCommand } from '../../lib/render/quoting.ts';

/** How long a program on a terminal may take for what it is asked (milliseconds). */
const PATIENCE = 30_000;

/** A program on a terminal of its own. `script` of util-linux makes the terminal. */
export type OnTerminal = {
  /** Presses keys. */
  readonly type: (keys: string) => void;
  /** What is on the screen since the last call of `forget`, without colours. */
  readonly screen: () => string;
  /** The same as the terminal gets it, with everything that moves the cursor. */
  readonly output: () => string;
  readonly forget: () => void;
  /** Waits until `condition` holds; fails with the screen when it does not come about. */
  readonly until: (condition: () => boolean) => Promise<void>;
  /** Waits for the end and returns the exit code. */
  readonly ended: Promise<number | null>;
  readonly kill: () => void;
};

/** Starts `command` in `cwd` on a terminal of 50 rows and `columns` columns. */
export function onTerminal(
  command: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  columns = 120,
): OnTerminal {
  const line = `stty rows 50 cols ${columns}; exec ${shellCommand(command)}`;
  const child: ChildProcess = spawn('script', ['-qefc', line, '/dev/null'], {
    cwd,
    env: { ...process.env, TERM: 'xterm', SHELL: '/bin/sh', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let shown = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  child.stdin?.on('error', () => undefined);
  const screen = (): string => stripVTControlCharacters(shown).replaceAll('\r', '');
  return {
    type: (keys) => void child.stdin?.write(keys),
    screen,
    output: () => shown,
    forget: () => {
      shown = '';
    },
    until: async (condition) => {
      for (const started = performance.now(); !condition(); ) {
        if (performance.now() - started > PATIENCE)
          throw new Error(`${command.join(' ')} did not get there:\n${screen()}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    ended: new Promise((resolve) => child.on('close', resolve)),
    kill: () => void child.kill('SIGKILL'),
  };
}
