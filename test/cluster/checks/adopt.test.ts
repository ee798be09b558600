import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { app, demo, exportedFor, type Files, overlaysFor } from '../../adopt/hand-written.ts';
import { writeTree } from '../../sandbox.ts';
import { apply, clusterVariable, estatesIn, removeNamespaces, theCluster } from '../check.ts';
import { fluxGitops, fluxGitopsWith, killAndResume } from '../command.ts';
import { configPath, type Estate, namespaceOf, publish, uniqueName } from '../estate.ts';
import { explain, versionsIn } from '../expect.ts';
import { get, type Kubernetes, kubectl, list } from '../kube.ts';
import { applyPolicies, policiesApply } from '../policies.ts';
import { runInConfigRepo } from '../readme.ts';
import { until } from '../wait.ts';

/** What must be the same objects after all: they would lose data, or restart pods. */
const KINDS = [
  ...['Namespace', 'ServiceAccount', 'GitRepository', 'Kustomization'],
  ...['Deployment', 'ReplicaSet', 'Pod', 'Secret'],
];

/** The UID of each object of these kinds in the namespaces of the estate. */
async function uids(estate: Estate): Promise<Record<string, string>> {
  const namespaces = Object.keys(estate.repos).map((env) => namespaceOf(estate, env));
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

const TWO_ADDRESSES =
  theCluster().git.push === theCluster().git.url ? '' : 'the git server has two addresses';

/** An estate with the files that a person wrote for `name` and the git server `web`. */
function byHand(
  t: TestContext,
  repos: Record<string, string>,
  filesFor: (name: string, web: string) => Files,
): Estate {
  const cluster = theCluster();
  const name = uniqueName();
  const dir = join(estatesIn(process.env[clusterVariable] ?? ''), name);
  mkdirSync(dir, { recursive: true });
  t.after(() => removeNamespaces(cluster, name, false));
  writeTree(dir, filesFor(name, cluster.git.url));
  return { cluster, profile: 'reference', dir, owner: name, prefix: name, repos };
}

/** Waits until the app of `env` runs. */
async function ready(estate: Estate, env: string): Promise<void> {
  await until(`the pods of ${env} run`, 60_000, async () => {
    const found = await get(estate.cluster, 'Deployment', namespaceOf(estate, env), 'kcheck');
    return found?.status?.availableReplicas === 2
      ? { ok: true }
      : { seen: JSON.stringify(found?.status) };
  });
}

/** Runs the command in the config repo. Returns the commands of its next steps. */
async function stepsOf(estate: Estate, ...argv: string[]): Promise<string[]> {
  const out = await fluxGitops([...argv, '--into', configPath(estate), '--json']);
  const next = JSON.parse(out).next as { commands: string[] }[];
  return next.flatMap(({ commands }) => commands);
}

test('a hand-written estate is adopted and becomes hardened: no object is another one, nothing is pruned', async (t) => {
  if (TWO_ADDRESSES) return t.skip(TWO_ADDRESSES);
  const repos = { dev: 'web-dev', stage: 'web-late', prod: 'web-late' };
  const estate = byHand(t, repos, (name, web) =>
    demo({ owner: name, prefix: name, web, config: 'flux-demo' }),
  );
  const { cluster } = estate;
  const commits: Record<string, string> = {};
  for (const repo of ['web-dev', 'web-late', 'flux-demo'])
    commits[repo] = await publish(estate, repo);
  const all = async (): Promise<void> => {
    await applied(estate, 'dev', 'git-dev', commits['web-dev'] ?? '');
    for (const env of ['stage', 'prod'])
      await applied(estate, env, 'web-late', commits['web-late'] ?? '');
  };
  await apply(estate, ...Object.keys(repos));
  await all();
  for (const env of Object.keys(repos)) await ready(estate, env);
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
  await apply(estate, ...Object.keys(repos));
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

/** Two tenants as the flux CLI exports them, with their app repos. */
function exported(t: TestContext) {
  const repos = { payments: 'payments-app', search: 'search' };
  const estate = byHand(t, repos, (name, web) => [
    ...exportedFor({
      ...{ payments: `${name}-payments`, search: `${name}-search`, web: `${web}/${name}` },
    }).map(([path, text]) => [path.replace(/^config/, 'flux-demo'), text] as const),
    ['payments-app/deploy/prod/app.yaml', app(`${name}-payments`, 'Wheat')],
    ['search/app.yaml', app(`${name}-search`, 'Cornsilk')],
  ]);
  return { estate, repos };
}

test('tenants as the flux CLI exports them are adopted and become hardened: no object is another one', async (t) => {
  if (TWO_ADDRESSES) return t.skip(TWO_ADDRESSES);
  const { estate, repos } = exported(t);
  const { cluster, prefix } = estate;
  const commits: Record<string, string> = {};
  for (const repo of [...Object.values(repos), 'flux-demo'])
    commits[repo] = await publish(estate, repo);
  const names = { payments: 'pay-sync', search: 'search' };
  const all = async (): Promise<void> => {
    for (const [env, sync] of Object.entries(names))
      await applied(estate, env, sync, commits[repos[env as 'search']] ?? '');
  };
  // In the order of their names, the syncs would come before the namespaces.
  for (const file of ['payments', 'search', 'payments-sync', 'search-sync'])
    await kubectl(cluster, ['apply', '-f', configPath(estate, 'tenants', `${file}.yaml`)]);
  await all();
  for (const env of Object.keys(repos)) await ready(estate, env);
  const before = await uids(estate);

  await fluxGitops(['adopt', '--into', configPath(estate)]);
  const environments = Object.keys(repos).map((env) => `${prefix}-${env}`);
  const how = ['--take-over', '--profile', 'hardened'];
  const steps = await stepsOf(estate, 'tenant', ...environments, ...how);
  for (const line of steps.filter((one) => / delete rolebindings,/.test(one)))
    await runInConfigRepo(estate, line);
  await applyPolicies(t, estate);
  for (const one of environments)
    await kubectl(cluster, ['apply', '-f', `${configPath(estate, one)}/`]);
  await policiesApply(estate, namespaceOf(estate, 'search'));
  for (const repo of Object.values(repos)) commits[repo] = await publish(estate, repo);
  await all();
  const after = await uids(estate);
  for (const [object, uid] of Object.entries(before)) assert.equal(after[object], uid, object);
  const former = steps.filter((one) => / delete serviceaccount\//.test(one));
  assert.deepEqual(former.length, 1, steps.join('\n'));
  for (const line of former) await runInConfigRepo(estate, line);
  const account = `${prefix}-search-team`;
  const home = namespaceOf(estate, 'search');
  assert.equal(await get(cluster, 'ServiceAccount', home, account), undefined);
  assert.equal(await get(cluster, 'RoleBinding', home, `${account}-reconciler`), undefined);
  commits.search = await publish(estate, 'search');
  await applied(estate, 'search', 'search', commits.search);

  // Then one of them goes, and the other one does not notice.
  await publish(estate, 'flux-demo');
  const others = await uids(estate);
  const removed = await fluxGitopsWith(cluster, [
    ...['remove', `${prefix}-payments`, '--live', '--into', configPath(estate)],
  ]);
  assert.equal(removed.code, 0, removed.stderr);
  const left = await uids(estate);
  for (const [object, uid] of Object.entries(others))
    if (object.includes(home)) assert.equal(left[object], uid, object);
    else assert.equal(left[object], undefined, object);
});

test('tenants as the flux CLI exports them are removed from files and cluster, whatever their label', async (t) => {
  if (TWO_ADDRESSES) return t.skip(TWO_ADDRESSES);
  const { estate, repos } = exported(t);
  const { cluster, prefix } = estate;
  for (const repo of [...Object.values(repos), 'flux-demo']) await publish(estate, repo);
  for (const file of ['payments', 'search', 'payments-sync', 'search-sync'])
    await kubectl(cluster, ['apply', '-f', configPath(estate, 'tenants', `${file}.yaml`)]);
  for (const env of Object.keys(repos)) await ready(estate, env);
  const into = ['--into', configPath(estate)];
  await fluxGitops(['adopt', ...into]);
  const early = await fluxGitopsWith(cluster, ['remove', `${prefix}-search`, '--live', ...into]);
  assert.equal(early.code, 1, early.stderr);
  assert.match(early.stderr, /Commit \.yo-rc\.json in the config repo first/);
  await publish(estate, 'flux-demo');
  const others = await versionsIn(estate, 'payments');
  await killAndResume(cluster, ['remove', `${prefix}-search`, '--live', ...into]);
  const namespace = namespaceOf(estate, 'search');
  assert.equal(await get(cluster, 'Namespace', undefined, namespace), undefined);
  assert.ok(!existsSync(configPath(estate, 'tenants/search.yaml')));
  assert.equal(await versionsIn(estate, 'payments'), others);
});

test('remove --live removes an environment of the original demo, and the others do not notice', async (t) => {
  if (TWO_ADDRESSES) return t.skip(TWO_ADDRESSES);
  const repos = { dev: 'web-dev', stage: 'web-late', prod: 'web-late' };
  const estate = byHand(t, repos, (name, web) =>
    demo({ owner: name, prefix: name, web, config: 'flux-demo' }),
  );
  const { cluster } = estate;
  const commits: Record<string, string> = {};
  for (const repo of ['web-dev', 'web-late', 'flux-demo'])
    commits[repo] = await publish(estate, repo);
  await apply(estate, ...Object.keys(repos));
  await applied(estate, 'dev', 'git-dev', commits['web-dev'] ?? '');
  for (const env of ['stage', 'prod'])
    await applied(estate, env, 'web-late', commits['web-late'] ?? '');
  for (const env of Object.keys(repos)) await ready(estate, env);
  const into = ['--into', configPath(estate)];
  await fluxGitops(['adopt', ...into]);
  await publish(estate, 'flux-demo');

  const others = await versionsIn(estate, 'prod');
  await killAndResume(cluster, ['remove', 'stage', '--live', ...into]);
  assert.equal(await get(cluster, 'Namespace', undefined, namespaceOf(estate, 'stage')), undefined);
  assert.equal(await versionsIn(estate, 'prod'), others);
  await ready(estate, 'dev');

  // A person wrote dev by hand, with a second sync. It goes with both, and with its files.
  const start = Date.now();
  const gone = await fluxGitopsWith(cluster, ['remove', 'dev', '--live', ...into]);
  assert.equal(gone.code, 0, gone.stderr);
  assert.ok(Date.now() - start < 60_000, `it took ${Date.now() - start} ms`);
  assert.equal(await get(cluster, 'Namespace', undefined, namespaceOf(estate, 'dev')), undefined);
  assert.ok(!existsSync(configPath(estate, 'dev')));
  assert.equal(await versionsIn(estate, 'prod'), others);
});

test('a tenant that kustomize builds for one of several clusters becomes hardened in a config repo of its own', async (t) => {
  if (TWO_ADDRESSES) return t.skip(TWO_ADDRESSES);
  const repos = { apps: 'dev-team-apps' };
  const estate = byHand(t, repos, (name, web) => [
    ...overlaysFor({ namespace: `${name}-apps`, web: `${web}/${name}` }).map(
      ([path, text]) => [path.replace(/^config/, 'fleet'), text] as const,
    ),
    ['dev-team-apps/staging/app.yaml', app(`${name}-apps`, 'Wheat')],
    ['dev-team-apps/production/app.yaml', app(`${name}-apps`, 'Cornsilk')],
    ['flux-demo/.gitignore', ''],
  ]);
  const { cluster, prefix } = estate;
  let commit = await publish(estate, 'dev-team-apps');
  await publish(estate, 'fleet');
  // As a cluster of this shape has it: Flux itself applies the overlay, and prunes.
  const sync = `${prefix}-tenants`;
  const metadata = { name: sync, namespace: 'flux-system' };
  const url = `${cluster.git.url}/${prefix}/fleet`;
  const source = {
    ...{ apiVersion: 'source.toolkit.fluxcd.io/v1', kind: 'GitRepository', metadata },
    spec: { interval: '1m', url, ref: { branch: 'main' } },
  };
  const spec = {
    ...{ interval: '1m', path: './tenants/staging', prune: true },
    ...{ serviceAccountName: 'kustomize-controller' },
    sourceRef: { kind: 'GitRepository', name: sync },
  };
  const follow = {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata,
    spec,
  };
  const items = { apiVersion: 'v1', kind: 'List', items: [source, follow] };
  await kubectl(cluster, ['apply', '-f', '-'], JSON.stringify(items));
  t.after(() =>
    kubectl(cluster, [
      ...['-n', 'flux-system', 'delete', '--ignore-not-found', '--wait=false'],
      ...[`gitrepositories.source.toolkit.fluxcd.io/${sync}`],
      ...[`kustomizations.kustomize.toolkit.fluxcd.io/${sync}`],
    ]),
  );
  await applied(estate, 'apps', 'dev-team', commit);
  await ready(estate, 'apps');
  const before = await uids(estate);

  await runInConfigRepo(estate, 'kubectl kustomize ../fleet/tenants/staging > tenants.yaml');
  await fluxGitops(['adopt', '--into', configPath(estate)]);
  const name = namespaceOf(estate, 'apps');
  const steps = await stepsOf(estate, 'tenant', name, '--take-over', '--profile', 'hardened');
  const orphan = JSON.stringify({ spec: { suspend: true, deletionPolicy: 'Orphan' } });
  const old = `kustomizations.kustomize.toolkit.fluxcd.io ${sync}`;
  for (const line of [
    `kubectl -n flux-system patch ${old} --type=merge --patch='${orphan}'`,
    `kubectl -n flux-system delete ${old}`,
    ...steps.filter((one) => / delete rolebindings,/.test(one)),
  ])
    await runInConfigRepo(estate, line);
  await applyPolicies(t, estate);
  await kubectl(cluster, ['apply', '-f', `${configPath(estate, name)}/`]);
  await policiesApply(estate, name);
  commit = await publish(estate, 'dev-team-apps');
  await applied(estate, 'apps', 'dev-team', commit);
  for (const line of steps.filter((one) => / delete serviceaccount\//.test(one)))
    await runInConfigRepo(estate, line);
  commit = await publish(estate, 'dev-team-apps');
  await applied(estate, 'apps', 'dev-team', commit);
  const after = await uids(estate);
  const account = `ServiceAccount ${name}/dev-team`;
  for (const [object, uid] of Object.entries(before).filter(([one]) => one !== account))
    assert.equal(after[object], uid, object);
  assert.equal(after[account], undefined);
});
