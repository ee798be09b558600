import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { freshEstate, theCluster } from '../check.ts';
import { fluxGitops } from '../command.ts';
import { running } from '../demo.ts';
import { configPath, type Estate, namespaceOf, publish } from '../estate.ts';
import { applied } from '../expect.ts';
import { get, kubectl } from '../kube.ts';
import { give, keyFields, privateEstate } from '../private-estate.ts';
import { makeKey } from '../private-git.ts';
import { commandsOf, runInConfigRepo } from '../readme.ts';
import { until } from '../wait.ts';

const system = 'flux-system';
const envs = ['dev', 'stage', 'prod'];

/** Takes lines out of the list of what is applied. */
function drop(estate: Estate, unwanted: RegExp): void {
  const file = configPath(estate, 'kustomization.yaml');
  const lines = readFileSync(file, 'utf8').split('\n');
  writeFileSync(file, lines.filter((line) => !unwanted.test(line)).join('\n'));
}

/** Pushes the config repo and has Flux look at once. */
async function push(estate: Estate): Promise<string> {
  const commit = await publish(estate, 'flux-demo');
  const now = `reconcile.fluxcd.io/requestedAt=${Date.now()}`;
  const where = ['-n', system, 'annotate', '--overwrite', `gitrepository/${system}`, now];
  await kubectl(estate.cluster, where);
  return commit;
}

/** The FluxInstance of all checks, with the sync that the command wrote, or with none. */
async function follow(estate: Estate, wanted: boolean): Promise<void> {
  const text = readFileSync(configPath(estate, 'install', 'flux-instance.yaml'), 'utf8');
  const { spec } = parse(text) as { spec: { sync: object; kustomize: object } };
  const patch = { spec: { sync: wanted ? spec.sync : null, kustomize: spec.kustomize } };
  const where = ['-n', system, 'patch', 'fluxinstance/flux', '--type=merge'];
  await kubectl(estate.cluster, [...where, '-p', JSON.stringify(patch)]);
}

const gone = (estate: Estate, kind: string, namespace: string, name: string) =>
  until(`${kind} ${namespace}/${name} is gone`, 120_000, async () => {
    const found = await get(estate.cluster, kind, namespace, name);
    return found ? { seen: JSON.stringify(found.status) } : { ok: true };
  });

test('the cluster follows the config repo: tenants come and go by commits', async (t) => {
  if (theCluster().kind === 'foreign') return t.skip('its FluxInstance belongs to somebody else');
  const wishes = { args: ['--sync-config'] };
  const { estate, commits } = await freshEstate(t, 'hardened', wishes);
  // The policies hold for the whole cluster, which other checks share.
  drop(estate, /policies\//);
  await publish(estate, 'flux-demo');
  try {
    await follow(estate, true);
    await comeAndGo(estate, commits);
  } finally {
    await follow(estate, false);
    await gone(estate, 'Kustomization', system, system);
  }
});

test('the cluster follows a private config repo with the Secret that the FluxInstance names', async (t) => {
  if (theCluster().kind === 'foreign') return t.skip('its FluxInstance belongs to somebody else');
  const repos = { dev: 'flux-dev' };
  const wishes = { profile: 'hardened', credentials: 'deploy-key', repos } as const;
  const { estate, git, commits } = await privateEstate(t, { ...wishes, args: ['--sync-config'] });
  const keys = ['flux-demo', 'flux-dev'].map((repo) => {
    const key = makeKey();
    git.allow(key.identityPub, `${estate.owner}/${repo}`);
    return keyFields(key, git.knownHosts);
  });
  // The policies hold for the whole cluster, which other checks share.
  drop(estate, /policies\//);
  await publish(estate, 'flux-demo');
  const metadata = { name: 'git-flux-demo', namespace: system };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: keys[0] };
  await kubectl(estate.cluster, ['apply', '-f', '-'], JSON.stringify(secret));
  t.after(() => kubectl(estate.cluster, ['-n', system, 'delete', 'secret', 'git-flux-demo']));
  try {
    await follow(estate, true);
    await until('Flux has made the namespace', 120_000, async () => {
      const found = await get(estate.cluster, 'Namespace', '', namespaceOf(estate, 'dev'));
      return found ? { ok: true } : { seen: 'no namespace' };
    });
    await give(estate, 'dev', keys[1] ?? {});
    await applied(estate, 'dev', commits['flux-dev'] ?? '', 150_000);
  } finally {
    await follow(estate, false);
    await gone(estate, 'Kustomization', system, system);
  }
});

async function comeAndGo(estate: Estate, commits: Readonly<Record<string, string>>): Promise<void> {
  const root = await until('the operator has written the sync', 120_000, async () => {
    const found = await get(estate.cluster, 'Kustomization', system, system);
    return found ? { ok: found } : { seen: 'no Kustomization' };
  });
  assert.equal(
    (root.spec as { serviceAccountName: string }).serviceAccountName,
    'kustomize-controller',
  );
  for (const env of envs)
    await applied(estate, env, commits[estate.repos[env] ?? ''] ?? '', 150_000);
  for (const env of envs) await running(estate, env);

  await fluxGitops(['tenant', 'qa', '--repo', 'flux-dev', '--yes', '--into', configPath(estate)]);
  estate.repos.qa = 'flux-dev';
  const commit = await publish(estate, 'flux-dev');
  await push(estate);
  await applied(estate, 'qa', commit, 150_000);

  await takeBack(estate, 'stage');

  drop(estate, /^ {2}- dev\//);
  rmSync(configPath(estate, 'dev'), { recursive: true });
  await followed(estate, await push(estate));
  await stays(estate, 'dev');
  for (const start of ['kubectl -n', 'kubectl delete namespace']) {
    const removing = commandsOf(estate, start).filter((line) =>
      / delete .*(--all$|-dev$)/.test(line),
    );
    assert.equal(
      removing.length,
      1,
      `one command of the README begins with ${start} and removes dev`,
    );
    await runInConfigRepo(estate, removing[0] ?? '');
  }
  await gone(estate, 'Namespace', '', namespaceOf(estate, 'dev'));
}

/** A right that one commit gives and the next one takes back is gone from the cluster; the tenant stays. */
async function takeBack(estate: Estate, env: string): Promise<void> {
  const namespace = namespaceOf(estate, env);
  const file = configPath(estate, env, '1_tenant.yaml');
  const before = readFileSync(file, 'utf8');
  const team = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'team', namespace, labels: { 'toolkit.fluxcd.io/tenant': namespace } },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'team' }],
  };
  appendFileSync(file, `---\n${JSON.stringify(team)}\n`);
  await followed(estate, await push(estate));
  assert.ok(await get(estate.cluster, 'RoleBinding', namespace, 'team'));
  writeFileSync(file, before);
  await followed(estate, await push(estate));
  await gone(estate, 'RoleBinding', namespace, 'team');
  await stays(estate, env);
}

/** Waits until the sync of the config repo has applied `commit`. */
const followed = (estate: Estate, commit: string) =>
  until(`the config repo is applied at ${commit}`, 120_000, async () => {
    const found = await get(estate.cluster, 'Kustomization', system, system);
    const status = found?.status as { lastAppliedRevision?: string } | undefined;
    return status?.lastAppliedRevision?.includes(commit)
      ? { ok: true }
      : { seen: JSON.stringify(status) };
  });

/** Everything of an environment is there, the app too, and nothing of it is about to go. */
async function stays(estate: Estate, env: string): Promise<void> {
  const namespace = namespaceOf(estate, env);
  const repo = estate.repos[env] ?? '';
  for (const [kind, name] of [
    ['Namespace', namespace],
    ['ServiceAccount', namespace],
    ['RoleBinding', `${namespace}-reconciler`],
    ['NetworkPolicy', 'allow-same-namespace'],
    ['GitRepository', repo],
    ['Kustomization', repo],
    ['Deployment', 'kcheck'],
  ] as const) {
    const found = await get(estate.cluster, kind, kind === 'Namespace' ? '' : namespace, name);
    assert.ok(found && !found.metadata.deletionTimestamp, `${kind} ${name}`);
  }
}
