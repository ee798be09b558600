/** A cluster to test on: one started here, one that `npm run cluster` started, or the user's. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from './build.ts';
import { cacheRoot } from './cache.ts';
import { planeBinaries, startControlPlane } from './control-plane.ts';
import { fluxBinaries, startFlux } from './flux.ts';
import { serveGit } from './git-server.ts';
import type { Access } from './kube.ts';
import type { Processes } from './processes.ts';

/** How the checks reach a cluster and the git server that it pulls from. */
export type Cluster = Access & {
  /** Whose it is: `own` goes away with the run, so that nothing needs to be cleaned up in it. */
  kind: 'own' | 'playground' | 'foreign';
  /** Folder with one log per controller; the empty string where they are not at hand. */
  logs: string;
  /** Bare repositories lie below `root`; `push` is their URL from here, `url` from the cluster. */
  git: { root: string; push: string; url: string };
  /** The process that holds it. */
  pid: number;
};

/** Where a running `npm run cluster` says how to reach it. */
export const playgroundFile = (): string => join(cacheRoot(), 'playground.json');

/** Starts a whole cluster. What it consists of ends with `run`. */
export async function startCluster(
  run: Processes,
  kind: 'own' | 'playground',
  say: (line: string) => void,
): Promise<Cluster> {
  await build([...planeBinaries, ...fluxBinaries]);
  const start = Date.now();
  const plane = await startControlPlane(run);
  say(`control plane up after ${seconds(start)}`);
  const root = join(run.dir, 'git');
  mkdirSync(root);
  const { port } = await serveGit(root);
  await startFlux(run, plane);
  say(`Flux up after ${seconds(start)}`);
  const url = `http://127.0.0.1:${port}`;
  const { kubeconfig, kubectl, socket } = plane;
  const git = { root, push: url, url };
  return { kubeconfig, kubectl, socket, kind, logs: join(run.dir, 'logs'), git, pid: process.pid };
}

/** Writes how to reach a cluster to a file that only this user may read. */
export function save(cluster: Cluster, file: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(cluster, null, 2), { mode: 0o600 });
}

/** Reads what `save` wrote; undefined when there is none or the process that held it is gone. */
export function load(file: string): Cluster | undefined {
  if (!existsSync(file)) return undefined;
  const cluster = JSON.parse(readFileSync(file, 'utf8')) as Cluster;
  try {
    process.kill(cluster.pid, 0);
    return cluster;
  } catch {
    return undefined;
  }
}

/** Seconds since a moment, for people. */
export function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
