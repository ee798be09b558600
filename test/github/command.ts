import { spawn } from 'node:child_process';
import { after } from 'node:test';
import { BIN, type Outcome, temporaryFolder } from '../sandbox.ts';
import { openStandIn, type StandIn } from './stand-in.ts';

/** A stand-in for GitHub, an empty folder, and the command as a user with a token runs it there. */
export type Desk = { readonly standIn: StandIn; readonly folder: string; readonly run: Run };

export type Run = (
  argv: readonly string[],
  more?: {
    readonly cwd?: string;
    readonly input?: string;
    readonly token?: string;
    /** Leaves --github-url out: the record of the estate has it. */
    readonly recorded?: boolean;
    /** Closes standard error as soon as the command has started. */
    readonly deaf?: boolean;
    /** Gets what interrupts the command, as Ctrl-C does. */
    readonly started?: (interrupt: (signal?: NodeJS.Signals) => void) => void;
  },
) => Promise<Outcome>;

/** Opens a desk that is cleared away when the tests of the file are over. */
export async function openDesk(): Promise<Desk> {
  const standIn = await openStandIn((close) => after(close));
  const folder = temporaryFolder();
  const run: Run = (
    argv,
    { cwd = folder, input = '', token, recorded = false, deaf = false, started } = {},
  ) => {
    const given = token ?? standIn.access.token;
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      NO_COLOR: '1',
      GIT_CONFIG_NOSYSTEM: '1',
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      ...(given && { GH_ENTERPRISE_TOKEN: given }),
    };
    // These commands find the address in the record.
    const known = recorded || argv[0] === 'remove' || argv[0] === 'rename';
    const address = known ? [] : ['--github-url', standIn.url];
    const child = spawn(process.execPath, [BIN, ...argv, ...address], { cwd, env });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    if (deaf) child.stderr.destroy();
    child.stdin.end(input);
    started?.((signal = 'SIGINT') => child.kill(signal));
    return new Promise((resolve) =>
      child.on(deaf ? 'exit' : 'close', (code) => resolve({ code, stdout, stderr })),
    );
  };
  return { standIn, folder, run };
}

/** How many repositories were created. */
export const created = ({ standIn }: Desk): number =>
  standIn.seen.filter(({ line, status }) => /^POST .*repos$/.test(line) && status === 201).length;
