import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { demo } from '../../adopt/hand-written.ts';
import { writeTree } from '../../sandbox.ts';
import { apply, clusterVariable, estatesIn, removeNamespaces, theCluster } from '../check.ts';
import { fluxGitops } from '../command.ts';
import { configPath, type Estate, namespaceOf, publish, uniqueName } from '../estate.ts';
import { explain } from '../expect.ts';
import { get, type Kubernetes, list } from '../kube.ts';
import { applyPolicies, policiesApply } from '../policies.ts';
import { runInConfigRepo } from '../readme.ts';
import { until } from '../wait.ts';

/** What must be the same objects after all: they would lose data, or restart pods. */
const KINDS = [
  ...['Namespace', 'ServiceAccount', 'GitRepository', 'Kustomization'],
  ...['Deployment', 'ReplicaSet', 'Pod', 'Secret'],
];

const ENVIRONMENTS = ['dev', 'stage', 'prod'];

/** The UID of each object of these kinds in the namespaces of the estate. */
async function uids(estate: Estate): Promise<Record<string, string>> {
  const namespaces = ENVIRONMENTS.map((env) => namespaceOf(estate, env));
  const seen: Record<string, string> = {};
  for (const kind of KINDS)
    for (const { metadata } of await list(estate.cluster, kind)) {
      const home = kind === 'Namespace' ? metadata.name : metadata.namespace;
      if (home && namespaces.includes(home))
        seen[`${kind} ${home}/${metadata.name}`] = metadata.uid;
    }
  return seen;
}

/** Waits until the sync of `env` is Ready with `commit`, in its present generation. */
async function applied(estate: Estate, env: string, name: string, commit: string): Promise<void> {
  await until(
    `Kustomization ${name} of ${env} is Ready at ${commit.slice(0, 12)}`,
    120_000,
    async () => {
      const found = await get(estate.cluster, 'Kustomization', namespaceOf(estate, env), name);
      const {
        conditions = [],
        lastAppliedRevision = '',
        observedGeneration,
      } = (found?.status ?? {}) as { [key: string]: unknown } & Kubernetes['status'];
      const ready = conditions.find(({ type }) => type === 'Ready');
      const isNow = observedGeneration === found?.metadata.generation;
      const isAt = String(lastAppliedRevision).endsWith(commit);
      return ready?.status === 'True' && isNow && isAt
        ? { ok: true }
        : { seen: JSON.stringify(ready) };
    },
    () => explain(estate, env),
  );
}

test('a hand-written estate is adopted and becomes hardened: no object is another one, nothing is pruned', async (t) => {
  const cluster = theCluster();
  const { push, url } = cluster.git;
  if (push !== url) return t.skip('the git server has two addresses');
  const name = uniqueName();
  const dir = join(estatesIn(process.env[clusterVariable] ?? ''), name);
  mkdirSync(dir, { recursive: true });
  const repos = { dev: 'web-dev', stage: 'web-late', prod: 'web-late' };
  const estate: Estate = { cluster, profile: 'reference', dir, owner: name, prefix: name, repos };
  t.after(() => removeNamespaces(cluster, name, false));
  writeTree(dir, demo({ owner: name, prefix: name, web: url, config: 'flux-demo' }));
  const commits: Record<string, string> = {};
  for (const repo of ['web-dev', 'web-late', 'flux-demo'])
    commits[repo] = await publish(estate, repo);
  const all = async (): Promise<void> => {
    await applied(estate, 'dev', 'git-dev', commits['web-dev'] ?? '');
    for (const env of ['stage', 'prod'])
      await applied(estate, env, 'web-late', commits['web-late'] ?? '');
  };
  await apply(estate, ...ENVIRONMENTS);
  await all();
  const ready = async (env: string): Promise<void> => {
    await until(`the pods of ${env} run`, 60_000, async () => {
      const found = await get(cluster, 'Deployment', namespaceOf(estate, env), 'kcheck');
      return found?.status?.availableReplicas === 2
        ? { ok: true }
        : { seen: JSON.stringify(found?.status) };
    });
  };
  for (const env of ENVIRONMENTS) await ready(env);
  const before = await uids(estate);
  assert.ok(Object.keys(before).length > 25, JSON.stringify(before));

  const into = ['--into', configPath(estate)];
  await fluxGitops(['adopt', ...into]);
  const run = async (...argv: string[]): Promise<string[]> => {
    const out = await fluxGitops(['tenant', ...argv, ...into, '--profile', 'hardened', '--json']);
    const next = JSON.parse(out).next as { commands: string[] }[];
    return next.flatMap(({ commands }) => commands);
  };
  const steps = [...(await run('dev', '--take-over')), ...(await run('stage', 'prod'))];
  const deletions = steps.filter((line) => / delete rolebindings,/.test(line));
  assert.equal(deletions.length, 3);
  for (const line of deletions) await runInConfigRepo(estate, line);
  await applyPolicies(t, estate);
  await apply(estate, ...ENVIRONMENTS);
  await policiesApply(estate, namespaceOf(estate, 'dev'));
  await all();
  // A commit, so that Flux applies and prunes once more under the new limits.
  commits['web-late'] = await publish(estate, 'web-late');
  commits['web-dev'] = await publish(estate, 'web-dev');
  for (const [env, source] of [
    ['dev', 'git-demo-dev'],
    ['stage', 'web-late'],
    ['prod', 'web-late'],
  ] as const)
    await runInConfigRepo(
      estate,
      `kubectl -n ${namespaceOf(estate, env)} annotate --overwrite gitrepository/${source} reconcile.fluxcd.io/requestedAt=now`,
    );
  await all();
  const after = await uids(estate);
  for (const [object, uid] of Object.entries(before)) assert.equal(after[object], uid, object);
  const dev = await get(cluster, 'Namespace', undefined, namespaceOf(estate, 'dev'));
  assert.equal(dev?.metadata.labels?.['toolkit.fluxcd.io/role'], 'tenant');
});
