import * as fs from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { isThere } from './workspace.ts';

/** The file that a run lays into the folder of an estate while it reads and writes there. */
const LOCK = '.flux-gitops.lock';
/** How often a run shows that it is alive, and after how long without a sign it counts as killed (milliseconds). */
const SIGN = 2_000;
const SILENCE = 30_000;

/** Who holds a lock. */
type Holder = { readonly pid: number; readonly host: string; readonly since: string };

/** How long a run waits for another one, and what its giving up means. */
export type Patience = { readonly minutes: number; readonly consequence: string };

const WHILE_WRITING: Patience = { minutes: 2, consequence: 'Nothing was written.' };

/**
 * Does `work` while no other run works in `folder`, and returns what it returns. Waits for another run, and
 * says so. Throws a UserError (exit code 1) when that takes longer than `patience`.
 */
export async function withLock<T>(
  folder: string,
  say: (text: string) => void,
  work: () => Promise<T>,
  patience = WHILE_WRITING,
): Promise<T> {
  const file = lockFile(folder);
  if (file === undefined) return work();
  await acquire(file, say, patience);
  const sign = setInterval(() => touch(file), SIGN).unref();
  const release = (): void => fs.rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(sign);
    process.off('exit', release);
    release();
  }
}

/** Where the lock for `folder` lies: in it, or in the nearest folder above that is there. */
function lockFile(folder: string): string | undefined {
  let there = folder;
  while (!isThere(there)) there = dirname(there);
  try {
    fs.accessSync(there, fs.constants.W_OK);
    return fs.statSync(there).isDirectory() ? join(there, LOCK) : undefined;
  } catch {
    // Nothing can be written here; what needs to be is refused with its own message.
    return undefined;
  }
}

async function acquire(
  file: string,
  say: (text: string) => void,
  patience: Patience,
): Promise<void> {
  const holder: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  const started = performance.now();
  let announced = false;
  for (;;) {
    if (create(file, holder)) return;
    const other = read(file);
    if (other !== undefined && isDead(file, other)) {
      remove(file, other);
      continue;
    }
    if (other !== undefined && !announced) say(`Waiting for another run: ${describe(other)}.`);
    announced ||= other !== undefined;
    if (performance.now() - started > patience.minutes * 60_000)
      throw refusal(file, other, patience);
    await sleep(100);
  }
}

function create(file: string, holder: Holder): boolean {
  try {
    fs.writeFileSync(file, JSON.stringify(holder), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The holder of the lock; undefined when it was released in the meantime, or is being written. */
function read(file: string): (Holder & { readonly text: string }) | undefined {
  try {
    const text = fs.readFileSync(file, 'utf8');
    return { ...(JSON.parse(text) as Holder), text };
  } catch {
    return undefined;
  }
}

/** Whether the holder was killed. In a container, a new run may have the process id of an old one. */
function isDead(file: string, { pid, host }: Holder): boolean {
  if (host === hostname() && (pid === process.pid || !isAlive(pid))) return true;
  const stats = fs.statSync(file, { throwIfNoEntry: false });
  return stats !== undefined && Date.now() - stats.mtimeMs > SILENCE;
}

/** Signal 0 only asks; EPERM is the answer of a process of somebody else. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Removes the lock of a killed run, unless another run has taken it over in the meantime. */
function remove(file: string, dead: { readonly text: string }): void {
  const aside = `${file}.${process.pid}.${process.hrtime.bigint()}`;
  try {
    fs.renameSync(file, aside);
  } catch {
    return;
  }
  // Somebody was faster: the lock is given back.
  if (fs.readFileSync(aside, 'utf8') !== dead.text && !fs.existsSync(file))
    fs.renameSync(aside, file);
  fs.rmSync(aside, { force: true });
}

function touch(file: string): void {
  const now = new Date();
  try {
    fs.utimesSync(file, now, now);
  } catch {
    // Whoever removed it knows why; the work goes on.
  }
}

const describe = ({ pid, host, since }: Holder): string =>
  `process ${pid} on ${host}, since ${since}`;

function refusal(
  file: string,
  other: Holder | undefined,
  { minutes, consequence }: Patience,
): UserError {
  const who = other ? describe(other) : 'an unknown process';
  return new UserError(
    `Another run works here and did not end within ${minutes} minutes: ${who}. ${consequence}\n` +
      `  Wait for it and run the command again. If there is no such run, remove ${file}.`,
    1,
  );
}
