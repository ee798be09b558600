import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import xterm, { type IBufferCell, type Terminal } from '@xterm/headless';

const BIN = fileURLToPath(new URL('../bin/flux-gitops.js', import.meta.url));
/** The width of the terminal, in characters. */
export const COLUMNS = 84;
/** More rows than any run prints, so that nothing scrolls out of the picture. */
const ROWS = 200;
/** The folder that the picture shows instead of the temporary folder. */
const SHOWN_FOLDER = '/home/you';
const SECONDS = { quiet: 0.3, whole: 90 };

/** The look of some characters; `colour` is the number of one of the 16 colours of a terminal. */
export type Look = {
  readonly colour: number | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
};
/** Adjacent characters with the same look; `column` counts from 0. */
export type Run = Look & { readonly column: number; readonly text: string };

/**
 * Runs `flux-gitops` in a pseudo terminal, answers each question with Enter, and returns the lines of the screen. The run has an
 * empty home, no token, and no program but node and git, so that it prints the same on every machine.
 */
export async function runInTerminal(argv: readonly string[] = []): Promise<Run[][]> {
  const sandbox = realpathSync(mkdtempSync(join(tmpdir(), 'flux-gitops-picture-')));
  try {
    const output = await record(sandbox, argv);
    const screen = emulator();
    await write(screen, `\x1b[32m$\x1b[39m ${['flux-gitops', ...argv].join(' ')}\r\n`);
    await write(screen, output.replaceAll(join(sandbox, 'home'), SHOWN_FOLDER));
    return linesOf(screen);
  } finally {
    rmSync(sandbox, { recursive: true });
  }
}

/** Everything that the run writes to its terminal. `script` of util-linux creates the pseudo terminal. */
async function record(sandbox: string, argv: readonly string[]): Promise<string> {
  const [home, programs] = [join(sandbox, 'home'), join(sandbox, 'bin')];
  for (const folder of [home, programs]) mkdirSync(folder);
  symlinkSync(process.execPath, join(programs, 'node'));
  symlinkSync(which('git'), join(programs, 'git'));
  const command = [
    `stty cols ${COLUMNS} rows ${ROWS}`,
    `PATH=${quoted(programs)}; export PATH`,
    ['exec node', ...[BIN, ...argv].map(quoted)].join(' '),
  ].join('; ');
  const child = spawn(
    'script',
    ['--quiet', '--flush', '--return', '--command', command, '/dev/null'],
    {
      cwd: home,
      env: {
        PATH: process.env.PATH,
        HOME: home,
        SHELL: '/bin/sh',
        TERM: 'xterm-256color',
        LANG: 'C.UTF-8',
        GIT_CONFIG_NOSYSTEM: '1',
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const screen = emulator();
  let output = '';
  let lastWrite = Date.now();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    lastWrite = Date.now();
    screen.write(text);
  });
  let code: number | null | undefined;
  let failed: Error | undefined;
  child.on('error', (error) => {
    failed = error;
  });
  child.on('close', (value) => {
    code = value;
  });
  const end = Date.now() + SECONDS.whole * 1000;
  while (code === undefined && failed === undefined) {
    if (Date.now() > end) {
      child.kill();
      throw new Error(`The run did not end. Its screen:\n${output}`);
    }
    await delay(50);
    if (Date.now() - lastWrite < SECONDS.quiet * 1000 || !isAsking(screen)) continue;
    lastWrite = Date.now();
    child.stdin.write('\r');
  }
  if (failed) throw new Error('This needs the program script of util-linux.', { cause: failed });
  if (code !== 0) throw new Error(`The run ended with ${code}. Its screen:\n${output}`);
  return output;
}

const emulator = (): Terminal =>
  new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });

const write = (screen: Terminal, text: string): Promise<void> =>
  new Promise((resolve) => screen.write(text, resolve));

/** Whether the last question above the cursor still waits for an answer. An answered question starts with a tick. */
function isAsking({ buffer: { active } }: Terminal): boolean {
  for (let row = active.cursorY; row >= 0; row -= 1) {
    const [mark] = /^[?✔] /.exec(active.getLine(row)?.translateToString() ?? '') ?? [];
    if (mark) return mark === '? ';
  }
  return false;
}

function linesOf({ buffer: { active } }: Terminal): Run[][] {
  const lines: Run[][] = [];
  for (let row = 0; row < active.length; row += 1) {
    const line = active.getLine(row);
    const cells = Array.from({ length: COLUMNS }, (_, column) => line?.getCell(column));
    lines.push(runsOf(cells.filter((cell) => cell !== undefined)));
  }
  return lines.slice(0, lines.findLastIndex((line) => line.length > 0) + 1);
}

/** The runs of a line. Two blanks end a run, so that columns stay aligned in every font. */
function runsOf(cells: readonly IBufferCell[]): Run[] {
  const runs: Run[] = [];
  let column = 0;
  while (column < cells.length) {
    const start = column;
    const first = cells[start];
    if (first === undefined || isBlank(first)) {
      column += 1;
      continue;
    }
    const look = lookOf(first);
    let text = '';
    for (let cell = cells[column]; cell !== undefined; cell = cells[column]) {
      const next = cells[column + 1];
      if (isBlank(cell) && (next === undefined || isBlank(next))) break;
      if (!isBlank(cell) && !isSame(lookOf(cell), look)) break;
      text += cell.getChars() || ' ';
      column += 1;
    }
    runs.push({ ...look, column: start, text: text.trimEnd() });
  }
  return runs;
}

const isBlank = (cell: IBufferCell): boolean => cell.getChars().trim() === '';

const isSame = (a: Look, b: Look): boolean =>
  a.colour === b.colour && a.bold === b.bold && a.dim === b.dim;

function lookOf(cell: IBufferCell): Look {
  if (!cell.isBgDefault() || cell.isInverse() || cell.isFgRGB() || cell.getWidth() !== 1)
    throw new Error(`The picture cannot show the style of "${cell.getChars()}".`);
  return {
    colour: cell.isFgDefault() ? undefined : cell.getFgColor(),
    bold: cell.isBold() !== 0,
    dim: cell.isDim() !== 0,
  };
}

function which(program: string): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const folder of folders)
    try {
      return realpathSync(join(folder, program));
    } catch {}
  throw new Error(`There is no ${program} in PATH.`);
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
