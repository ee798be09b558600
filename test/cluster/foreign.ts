/** Somebody's own cluster, kind for instance, that has Flux and kubectl access. */
import { mkdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { build } from './build.ts';
import { pathOf } from './cache.ts';
import type { Cluster } from './cluster.ts';
import { serveGit } from './git-server.ts';
import { kubectl } from './kube.ts';
import type { Processes } from './processes.ts';
import { startProxy } from './proxy.ts';

/** Says what will be made in the cluster, asks where somebody can answer, and connects. */
export async function useForeign(
  run: Processes,
  kubeconfig: string,
  say: (line: string) => void,
): Promise<Cluster> {
  await build(['kubectl']);
  const socket = join(run.dir, 'proxy.sock');
  const access = { kubeconfig, kubectl: pathOf('kubectl'), socket };
  const context = await kubectl(access, ['config', 'view', '--minify', '-o', described]);
  const host = process.env.FLUX_GITOPS_GIT_HOST || addressOfThisMachine();
  say(`KUBECONFIG is set to ${kubeconfig}: the checks run on that cluster.\n  ${context.trim()}`);
  say('They create namespaces named t-<six hex digits>-<environment>, with everything in them,');
  say('up to 100 at a time, and delete them again. Nothing else is created or changed there.');
  say(`Its Flux pulls from a git server that this run opens on ${host}, without a password, for`);
  say('as long as it lasts (FLUX_GITOPS_GIT_HOST is another address of this machine).');
  await confirm();
  await startProxy(run, access, socket);
  const crds = [
    'kustomizations.kustomize.toolkit.fluxcd.io',
    'gitrepositories.source.toolkit.fluxcd.io',
  ];
  await kubectl(access, ['get', 'crd', ...crds]);
  const root = join(run.dir, 'git');
  mkdirSync(root);
  const { port } = await serveGit(root, host);
  const git = { root, push: `http://127.0.0.1:${port}`, url: `http://${host}:${port}` };
  if (host !== '127.0.0.1') await serveGit(root, '127.0.0.1', port);
  return { ...access, kind: 'foreign', logs: '', git, pid: process.pid };
}

const described =
  'jsonpath=context {.current-context}, server {.clusters[0].cluster.server}{"\\n"}';

async function confirm(): Promise<void> {
  if (!process.stdin.isTTY) return;
  const question = createInterface({ input: process.stdin, output: process.stderr });
  const reply = await question.question('Go on? [y/N] ');
  question.close();
  if (!/^y(es)?$/i.test(reply.trim())) throw new Error('Nothing was created.');
}

function addressOfThisMachine(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find((one) => one.family === 'IPv4' && !one.internal)?.address ?? '127.0.0.1';
}
