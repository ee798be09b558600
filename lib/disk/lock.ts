import * as fs from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { quote, UserError } from '../errors.ts';
import { isThere } from './workspace.ts';

/** The lock file in the folder of an estate. It exists while a run reads and writes there. */
const LOCK = '.flux-gitops.lock';
/**
 * How often a run shows that it is alive, and how long a run on another machine can be silent before it counts as
 * killed (milliseconds). For a run on this machine, its process shows whether it is alive.
 */
const SIGN = 2_000;
const SILENCE = 60_000;
/** The longest time for writing a lock file (milliseconds). A lock that is still unreadable after it is broken. */
const WRITING = 5_000;

/** The process that has a lock. */
type Holder = { readonly pid: number; readonly host: string; readonly since: string };

/** How long a run waits for another run, and what it says when it stops waiting. */
export type Patience = { readonly minutes: number; readonly consequence: string };

const WHILE_WRITING: Patience = { minutes: 2, consequence: 'Nothing was written.' };

/** The texts of the locks of this process, by file. */
const held = new Map<string, string>();

/**
 * Does `work` while no other run works in the estate in `folders`, and returns the result of `work`. The lock is in
 * the first of `folders` that can be written. Waits for another run, and says so. Throws a UserError (exit code 1)
 * when the other run takes longer than `patience`.
 */
export async function withLock<T>(
  folders: readonly string[],
  say: (text: string) => void,
  work: () => Promise<T>,
  patience = WHILE_WRITING,
): Promise<T> {
  const [file] = folders.flatMap((folder) => lockFile(folder) ?? []);
  // No folder can be written. A run that needs to write fails later with its own message.
  if (file === undefined) return work();
  await acquire(file, say, patience);
  const sign = setInterval(() => touch(file), SIGN).unref();
  const onExit = (): void => release(file);
  process.once('exit', onExit);
  try {
    return await work();
  } finally {
    clearInterval(sign);
    process.off('exit', onExit);
    release(file);
  }
}

/** The lock file for `folder`: in it, or in the nearest folder above that exists. */
function lockFile(folder: string): string | undefined {
  let there = folder;
  while (!isThere(there)) there = dirname(there);
  try {
    fs.accessSync(there, fs.constants.W_OK);
    return fs.statSync(there).isDirectory() ? join(fs.realpathSync(there), LOCK) : undefined;
  } catch {
    return undefined;
  }
}

async function acquire(
  file: string,
  say: (text: string) => void,
  patience: Patience,
): Promise<void> {
  if (create(file)) return;
  // The first use of the clock loads a module of Node.js, so a run that does not wait does without it.
  const started = performance.now();
  let announced = false;
  while (!create(file)) {
    const text = readLock(file);
    const holder = parse(text);
    if (text !== undefined && isDead(file, text, holder)) {
      takeAway(file, text);
      continue;
    }
    if (holder !== undefined && !announced) say(`Waiting for another run: ${describe(holder)}.`);
    announced ||= holder !== undefined;
    if (performance.now() - started > patience.minutes * 60_000)
      throw refusal(file, holder, patience);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Creates the lock file in one step. Returns whether it succeeded. */
function create(file: string): boolean {
  const holder: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  // The id makes the text of each lock unique, even if the same process locks again.
  const text = JSON.stringify({ ...holder, id: String(process.hrtime.bigint()) });
  const beside = `${file}.${process.pid}.${process.hrtime.bigint()}`;
  try {
    fs.writeFileSync(beside, text, { flag: 'wx' });
    fs.linkSync(beside, file);
    held.set(file, text);
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    throw new UserError(
      `The lock file ${file} cannot be created: ${message}. Nothing was written.`,
      1,
    );
  } finally {
    fs.rmSync(beside, { force: true });
  }
}

/** The text of the lock; undefined when it was released meanwhile. */
function readLock(file: string): string | undefined {
  const stats = fs.lstatSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (!stats.isFile())
    throw new UserError(
      `The lock ${file} must be a file, but it is not. Nothing was written.\n  Remove it.`,
      1,
    );
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UserError(
      `The lock file ${file} cannot be read. Nothing was written.\n  Remove it.`,
      1,
      error,
    );
  }
}

function parse(text: string | undefined): Holder | undefined {
  try {
    const { pid, host, since } = JSON.parse(text ?? '') as Holder;
    return Number.isInteger(pid) ? { pid, host: String(host), since: String(since) } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the holder was killed. In a container, a new run can have the process id of an old one. */
function isDead(file: string, text: string, holder: Holder | undefined): boolean {
  if (held.get(file) === text) return false;
  const stats = fs.lstatSync(file, { throwIfNoEntry: false });
  const silent = stats === undefined ? 0 : Date.now() - stats.mtimeMs;
  if (holder === undefined) return silent > WRITING;
  if (holder.host !== hostname()) return silent > SILENCE;
  return holder.pid === process.pid || !isAlive(holder.pid);
}

/** Whether a process with the id `pid` runs on this machine. */
export function isAlive(pid: number): boolean {
  try {
    // Signal 0 only checks. EPERM means that the process belongs to another user.
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Removes the lock of a killed run. If several runs see it, only one of them may remove it: the run that creates the
 * guard file. It checks again that the lock is still the same.
 */
function takeAway(file: string, dead: string): void {
  const guard = `${file}.takeover`;
  const stats = fs.lstatSync(guard, { throwIfNoEntry: false });
  if (stats && Date.now() - stats.mtimeMs > WRITING) fs.rmSync(guard, { force: true });
  try {
    fs.closeSync(fs.openSync(guard, 'wx'));
  } catch {
    return;
  }
  if (readLock(file) === dead) fs.rmSync(file, { force: true });
  fs.rmSync(guard, { force: true });
}

const isOurs = (file: string): boolean => {
  const text = held.get(file);
  return text !== undefined && fs.existsSync(file) && readLock(file) === text;
};

function touch(file: string): void {
  const now = new Date();
  try {
    if (isOurs(file)) fs.utimesSync(file, now, now);
  } catch {
    // Someone removed the lock; the work continues.
  }
}

function release(file: string): void {
  if (isOurs(file)) fs.rmSync(file, { force: true });
  held.delete(file);
}

const describe = ({ pid, host, since }: Holder): string =>
  `process ${pid} on ${quote(host)}, since ${quote(since)}`;

function refusal(
  file: string,
  holder: Holder | undefined,
  { minutes, consequence }: Patience,
): UserError {
  const who = holder ? describe(holder) : 'an unknown process';
  return new UserError(
    `Another run is still working here after ${minutes} minutes: ${who}. ${consequence}\n` +
      `  Wait until it ends and run the command again. If there is no such run, remove ${file}.`,
    1,
  );
}
