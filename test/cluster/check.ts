/** The frame of a check: a cluster that is already up, and an estate of its own in it. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
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
import { kubectl, list } from './kube.ts';

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
  // Most of a check is waiting for Flux, so both profiles wait at the same time.
  describe(name, { concurrency: profiles.length }, () => {
    for (const profile of profiles) {
      test(profile, async (t) => body(await freshEstate(t, profile, wishes), t));
    }
  });
}

/** Generates and pushes an estate that is taken away again when the test ends. */
export async function freshEstate(t: TestContext, profile: Profile, wishes: Wishes = {}) {
  const estate = emptyEstate(t, profile, wishes.repos ?? defaultRepos);
  return { estate, commits: await makeEstate(estate, wishes.args) };
}

/** An estate without files yet, whose objects are taken away when the test ends. */
export function emptyEstate(
  t: TestContext,
  profile: Profile,
  repos: Readonly<Record<string, string>>,
): Estate {
  const cluster = theCluster();
  const name = uniqueName();
  const dir = join(estatesIn(process.env[clusterVariable] ?? ''), name);
  mkdirSync(dir, { recursive: true });
  const estate: Estate = { cluster, profile, dir, owner: name, prefix: name, repos: { ...repos } };
  t.after(() => remove(estate));
  return estate;
}

/** The folder with one folder per estate, beside the file with how to reach the cluster. */
export const estatesIn = (clusterFile: string): string => join(dirname(clusterFile), 'estates');

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

/** An own cluster ends with the run; any other is asked to forget, and the runner waits for it. */
async function remove(estate: Estate): Promise<void> {
  if (estate.cluster.kind === 'own') return;
  await removeNamespaces(estate.cluster, estate.prefix, false);
}

/** Deletes all namespaces whose names begin with one of the estates' prefixes. */
export async function removeNamespaces(cluster: Cluster, prefix: string, wait: boolean) {
  const all = (await list(cluster, 'Namespace')).map((one) => one.metadata.name);
  const names = all.filter((one) => one.startsWith(`${prefix}-`));
  if (names.length === 0) return;
  const how = wait ? ['--timeout=300s'] : ['--wait=false'];
  await kubectl(cluster, ['delete', 'namespace', '--ignore-not-found', ...how, ...names]);
}
