// Loaded before the tests. Node.js keeps what it compiled for the next process, because the tests start many that load the
// same sources. The folders of the tests are in memory if there is room: most of what the tests do is small files.
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const ROOM = 2 ** 30;

// The variables are also for the programs that the tests start.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache');
enableCompileCache(process.env.NODE_COMPILE_CACHE);
if (process.env.TMPDIR === undefined && isRoomy()) process.env.TMPDIR = MEMORY;

/** Whether 1 GiB is free in memory, and programs can start there: in a container, it can be too small or closed to them. */
function isRoomy() {
  if (!existsSync(MEMORY) || !existsSync('/proc/mounts')) return false;
  const { bavail, bsize } = statfsSync(MEMORY);
  const mounts = readFileSync('/proc/mounts', 'utf8');
  const options = / \/dev\/shm \S+ (\S+)/.exec(mounts)?.[1]?.split(',') ?? ['noexec'];
  return bavail * bsize > ROOM && !options.includes('noexec');
}
