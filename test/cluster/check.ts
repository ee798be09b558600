/** The frame of a check: a cluster that is already up, and an estate of its own in it. */
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Cluster, load } from './cluster.ts';
import {
  configPath,
  defaultRepos,
  type Estate,
  makeEstate,
  type Profile,
  profiles,
  uniqueName,
} from './estate.ts';
import { kubectl, list, tryKubectl } from './kube.ts';

/** An estate that was just generated and pushed, with the commit of each of its repositories. */
export type Fresh = { estate: Estate; commits: Record<string, string> };

/** What a check may ask for beyond the command's defaults. */
export type Wishes = { args?: readonly string[]; repos?: Record<string, string> };

/** The environment variable that names the file with how to reach the cluster. */
export const clusterVariable = 'FLUX_GITOPS_CLUSTER';

/** The cluster that the runner has prepared. */
export function theCluster(): Cluster {
  const cluster = load(process.env[clusterVariable] ?? '');
  if (cluster) return cluster;
  throw new Error('no cluster: run the checks with `npm run test:cluster`');
}

/** One check for each profile, in a namespace prefix that nothing else uses. */
export function check(
  name: string,
  body: (fresh: Fresh, t: TestContext) => Promise<void>,
  wishes: Wishes = {},
): void {
  for (const profile of profiles) {
    test(`${name} (${profile})`, async (t) => body(await freshEstate(t, profile, wishes), t));
  }
}

/** Generates and pushes an estate that is taken away again when the test ends. */
export async function freshEstate(t: TestContext, profile: Profile, wishes: Wishes = {}) {
  const cluster = theCluster();
  const name = uniqueName();
  const dir = join(dirname(process.env[clusterVariable] ?? ''), name);
  mkdirSync(dir);
  const repos = { ...(wishes.repos ?? defaultRepos) };
  const estate: Estate = { cluster, profile, dir, owner: name, prefix: name, repos };
  t.after(() => remove(estate));
  return { estate, commits: await makeEstate(estate, wishes.args) };
}

/** Applies environments of the config repository as the README says. */
export async function apply(estate: Estate, ...envs: string[]): Promise<string> {
  const files = envs.flatMap((env) => ['-f', `${configPath(estate, env)}/`]);
  return kubectl(estate.cluster, ['apply', ...files]);
}

/** The commit that an environment is fed from. */
export function commitOf({ estate, commits }: Fresh, env: string): string {
  const commit = commits[estate.repos[env] ?? ''];
  if (!commit) throw new Error(`the generated estate has no repository for ${env}`);
  return commit;
}

/** An own cluster ends with the run; from any other everything has to go at once. */
async function remove(estate: Estate): Promise<void> {
  const { cluster, dir, prefix } = estate;
  rmSync(dir, { recursive: true, force: true });
  rmSync(join(cluster.git.root, estate.owner), { recursive: true, force: true });
  if (cluster.kind === 'own') return;
  const all = await list(cluster, 'Namespace');
  const names = all.map((one) => one.metadata.name).filter((one) => one.startsWith(`${prefix}-`));
  for (const name of names) {
    const flux =
      'kustomizations.kustomize.toolkit.fluxcd.io,gitrepositories.source.toolkit.fluxcd.io';
    await tryKubectl(cluster, ['-n', name, 'delete', flux, '--all', '--timeout=60s']);
  }
  const gone = ['delete', 'namespace', '--ignore-not-found', '--timeout=120s', ...names];
  if (names.length > 0) await kubectl(cluster, gone);
}
