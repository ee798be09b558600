/** Where the built binaries are kept: outside the tree, one folder for each state of a go.mod. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Wrapper, wrappers } from './binaries.ts';

/** What `go build` is given for a wrapper module. */
export const flags = (w: Wrapper) => [
  '-trimpath',
  '-ldflags',
  ['-s -w', ...(w.ldflags ?? [])].join(' '),
];

/** Where the binaries live: FLUX_GITOPS_CLUSTER_CACHE, or the user's cache folder. */
export function cacheRoot(): string {
  const xdg = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return process.env.FLUX_GITOPS_CLUSTER_CACHE || join(xdg, 'generator-flux-gitops', 'cluster');
}

/** The cache folder of one wrapper module: another go.mod, go.sum or flag is another folder. */
export function folderOf(w: Wrapper): string {
  const hash = createHash('sha256');
  const own = Object.values(w.mains).filter((main) => main.startsWith('./'));
  for (const file of ['go.mod', 'go.sum', ...own.map((main) => join(main, 'main.go'))])
    hash.update(readFileSync(join(import.meta.dirname, w.folder, file)));
  hash.update(
    JSON.stringify([flags(w), w.mains, w.embeds, w.assets, process.platform, process.arch]),
  );
  return join(cacheRoot(), `${w.folder}-${hash.digest('hex').slice(0, 12)}`);
}

/** Path of a binary in the cache, whether it is there or not. */
export function pathOf(binary: string): string {
  const w = wrappers.find((one) => binary in one.mains);
  if (!w) throw new Error(`no such binary: ${binary}; there are ${allBinaries().join(', ')}`);
  return join(folderOf(w), binary);
}

/** Names of all binaries. */
export function allBinaries(): string[] {
  return wrappers.flatMap((w) => Object.keys(w.mains));
}

/** A rename is atomic: a build that runs at the same time sees all of it or nothing. */
export function putInPlace(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

/** What a killed build has left: its folder is named after a process that is gone. */
export function removeAbandoned(): void {
  if (!existsSync('/proc/self') || !existsSync(cacheRoot())) return;
  for (const name of readdirSync(cacheRoot())) {
    const [, pid] = /\.(\d+)-[0-9a-f]+\.tmp$/.exec(name) ?? [];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    rmSync(join(cacheRoot(), name), { recursive: true, force: true });
  }
}
