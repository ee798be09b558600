import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { act, printOutcome } from '../lib/actions.ts';
import { UserError } from '../lib/errors.ts';
import { printReport } from '../lib/report.ts';
import { execute, prepare } from '../lib/run.ts';
import { commandOf } from '../lib/settings/command-words.ts';
import { adapterTerminal, type Say } from '../lib/terminal.ts';

/** The command of this checkout. */
export const BIN = fileURLToPath(new URL('../bin/flux-gitops.js', import.meta.url));

/** A new empty folder, removed when the tests of this file are over. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'flux-gitops-test-')));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export type Outcome = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** Runs `flux-gitops` with `argv` in `cwd`, without a terminal. */
export function runCommand(
  argv: readonly string[],
  cwd: string,
  nodeFlags: readonly string[] = [],
): Promise<Outcome> {
  const options = {
    cwd,
    timeout: 60_000,
    maxBuffer: 2 ** 28,
    env: { ...process.env, NO_COLOR: '1' },
  };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...nodeFlags, BIN, ...argv],
      options,
      (_, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

/** Where this process runs between two runs of `runHere`. */
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Runs `flux-gitops` with `argv` in `cwd` inside this process, without a terminal. It says and writes what `runCommand`
 * does, except that a refusal has no word "error" before it and no document of `--json`. One run must end before the
 * next one begins.
 */
export async function runHere(argv: readonly string[], cwd: string): Promise<Outcome> {
  const [printed, said]: [string[], string[]] = [[], []];
  const outcome = (code: number): Outcome => ({
    code,
    stdout: printed.join(''),
    stderr: said.map((text) => `${text}\n`).join(''),
  });
  const nobody = async (): Promise<never> => {
    throw new Error('a question without a terminal');
  };
  // An empty progress line ends the progress, and prints nothing.
  const say: Say = (text, kind) => void ((text || !kind) && said.push(text));
  const terminal = adapterTerminal(false, say, nobody);
  const command = commandOf(argv[0]);
  const rest = command === undefined ? argv : argv.slice(1);
  const start = { cwd, caller: 'flux-gitops' as const };
  // The next steps name folders as they are from here.
  process.chdir(cwd);
  try {
    const prepared = await listen(printed, () => prepare(command ?? 'app', rest, terminal, start));
    if (!prepared) return outcome(0);
    const acted = await act(prepared);
    if (acted) return outcome(listen(printed, () => printOutcome(acted, prepared)));
    const report = await execute(prepared);
    listen(printed, () => printReport(report, { ...prepared, say: terminal.say }));
    return outcome(0);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    said.push(error.message);
    return outcome(error.code);
  } finally {
    process.chdir(ROOT);
  }
}

/**
 * Adds to `printed` what `work` writes to stdout before it waits for anything. Later, the test runner writes its own
 * results there.
 */
function listen<T>(printed: string[], work: () => T): T {
  const { write } = process.stdout;
  process.stdout.write = (text: string | Uint8Array): boolean => {
    printed.push(String(text));
    return true;
  };
  try {
    return work();
  } finally {
    process.stdout.write = write;
  }
}

/** The path and text of every file below `folder`, sorted; .git is left out. */
export function readTree(folder: string): Map<string, string> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !path.split('/').includes('.git'))
    .sort();
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

/** Writes `files` below `folder`. */
export function writeTree(folder: string, files: Iterable<readonly [string, string]>): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** A new folder in which `argvs` ran one after the other, each without questions. */
export async function folderAfter(...argvs: (readonly string[])[]): Promise<string> {
  const folder = temporaryFolder();
  for (const argv of argvs) await succeed(argv, folder);
  return folder;
}

/** Runs the command in `folder`. Returns what it prints on stderr. */
export async function succeed(argv: readonly string[], folder: string): Promise<string> {
  const { code, stderr } = await runHere(argv, folder);
  assert.equal(code, 0, stderr);
  return stderr;
}
