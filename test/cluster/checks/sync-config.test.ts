import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { Results } from '../../../lib/verify/results.ts';
import { ageKey } from '../../age-key.ts';
import { pathOf } from '../cache.ts';
import { freshEstate, theCluster } from '../check.ts';
import { fluxGitops, fluxGitopsWith, killAndResume, statusOf } from '../command.ts';
import { running } from '../demo.ts';
import { configPath, type Estate, namespaceOf, profiles, publish } from '../estate.ts';
import { applied, appliedArtifact, refused, versionsIn, workloadsIn } from '../expect.ts';
import { get, kubectl, tryKubectl } from '../kube.ts';
import { applyPolicies } from '../policies.ts';
import { give, keyFields, type PrivateEstate, privateEstate } from '../private-estate.ts';
import { makeKey } from '../private-git.ts';
import { benchIn, jobOf, run, SEND, SIGN_IN, STEPS, TAG } from '../push-workflow.ts';
import { answered, runInFolder, shellBlocks } from '../readme.ts';
import { login, startRegistry } from '../registry.ts';
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
  if (!wanted) await operatorEnded(estate);
  const text = readFileSync(configPath(estate, 'install', 'flux-instance.yaml'), 'utf8');
  const { spec } = parse(text) as { spec: { sync: object; kustomize: object } };
  const patch = { spec: { sync: wanted ? spec.sync : null, kustomize: spec.kustomize } };
  const where = ['-n', system, 'patch', 'fluxinstance/flux', '--type=merge'];
  await kubectl(estate.cluster, [...where, '-p', JSON.stringify(patch)]);
}

/**
 * Waits until the operator has ended its work. When the spec changes before, the operator can start again from the status
 * that it had before its last work. Then it never removes the sync that it made.
 */
const operatorEnded = (estate: Estate) =>
  until('the operator has ended its work', 120_000, async () => {
    const found = await get(estate.cluster, 'FluxInstance', system, 'flux');
    const ready = found?.status?.conditions?.find(({ type }) => type === 'Ready');
    return ready?.status === 'True' && ready.observedGeneration === found?.metadata.generation
      ? { ok: true }
      : { seen: JSON.stringify(found?.status) };
  });

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

test('Flux decrypts the Secrets in the config repo with a key that only flux-system has', async (t) => {
  if (theCluster().kind === 'foreign') return t.skip('its FluxInstance belongs to somebody else');
  process.env.PATH = `${dirname(pathOf('sops'))}${delimiter}${process.env.PATH}`;
  const { identity, recipient } = ageKey();
  const wishes = { profile: 'hardened', credentials: 'deploy-key' } as const;
  const args = ['--sync-config', '--sops-age', recipient];
  const made = await privateEstate(t, { ...wishes, repos: { dev: 'flux-dev' }, args });
  const { estate, git } = made;
  const key = makeKey();
  git.allow(key.identityPub, `${estate.owner}/flux-demo`);
  // The policies hold for the whole cluster, which other checks share. This estate has its own.
  drop(estate, /policies\//);
  await applyPolicies(t, estate);
  const own = keyFields(key, git.knownHosts);
  const metadata = { name: 'git-flux-demo', namespace: system };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: own };
  await kubectl(estate.cluster, ['apply', '-f', '-'], JSON.stringify(secret));
  const secrets = ['-n', system, 'delete', '--ignore-not-found', 'secret', 'git-flux-demo'];
  t.after(() => kubectl(estate.cluster, [...secrets, 'sops-age']));
  const home = join(estate.dir, 'home');
  mkdirSync(home);
  writeFileSync(join(home, 'flux-demo.agekey'), `${identity}\n`);
  const install = readFileSync(configPath(estate, 'install/README.md'), 'utf8');
  for (const block of shellBlocks(install, 'The age key'))
    if (block.includes('kubectl'))
      await runInFolder(estate, estate.dir, block.replaceAll('$HOME', home));

  const first = await encrypt(made);
  await publish(estate, 'flux-demo');
  try {
    await follow(estate, true);
    await applied(estate, 'dev', made.commits['flux-dev'] ?? '', 150_000);
    assert.equal(await keyOf(estate), first);
    await onlyFluxDecrypts(made);

    const second = await encrypt(made);
    assert.notEqual(second, first);
    await push(estate);
    await until('Flux has applied the new key', 120_000, async () => {
      const seen = await keyOf(estate);
      return seen === second ? { ok: true } : { seen };
    });
    git.revoke(first);
    writeFileSync(join(estate.dir, 'flux-dev', 'dev', 'note.yaml'), NOTE);
    await applied(estate, 'dev', await publish(estate, 'flux-dev'), 150_000);
  } finally {
    await follow(estate, false);
    await gone(estate, 'Kustomization', system, system);
  }
});

const NOTE = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: note\n';

/** Writes the encrypted Secret of dev. Returns the public half of its key, which the git server lets in from now on. */
async function encrypt({ estate, git }: PrivateEstate): Promise<string> {
  const hosts = join(estate.dir, 'known_hosts');
  writeFileSync(hosts, `${git.knownHosts}\n`);
  const words = ['credentials', 'dev', '--sops', '--known-hosts', hosts];
  const ran = await fluxGitopsWith(estate.cluster, [...words, '--into', configPath(estate)]);
  assert.equal(ran.code, 0, ran.stderr);
  const [key = ''] = /ssh-ed25519 \S+/.exec(ran.stderr) ?? [];
  git.allow(key, `${estate.owner}/flux-dev`);
  const text = readFileSync(configPath(estate, 'dev/3_credentials.sops.yaml'), 'utf8');
  assert.doesNotMatch(text, /identity: (?!ENC\[)/);
  return key;
}

/** The public half of the key in the tenant's namespace. */
async function keyOf(estate: Estate): Promise<string> {
  const found = await get(estate.cluster, 'Secret', namespaceOf(estate, 'dev'), 'git-flux-dev');
  const { data = {} } = (found ?? {}) as { data?: Record<string, string> };
  const text = Buffer.from(data['identity.pub'] ?? '', 'base64').toString();
  return text.split(' ').slice(0, 2).join(' ');
}

/** A tenant has no use of the age key: it cannot read it, and its own syncs do not decrypt with it. */
async function onlyFluxDecrypts({ estate }: PrivateEstate): Promise<void> {
  const namespace = namespaceOf(estate, 'dev');
  const as = ['--as', `system:serviceaccount:${namespace}:${namespace}`];
  const ask = ['auth', 'can-i', 'get', 'secret/sops-age', '-n', system];
  assert.match((await tryKubectl(estate.cluster, [...ask, ...as])).out, /^no/);
  const stolen = join(estate.dir, 'flux-dev', 'dev', 'stolen.yaml');
  const text = readFileSync(configPath(estate, 'dev/3_credentials.sops.yaml'), 'utf8');
  writeFileSync(stolen, text.replace(/name: "?git-flux-dev"?/, 'name: stolen'));
  const message = await refused(estate, 'dev', await publish(estate, 'flux-dev'), 150_000);
  assert.match(message, /SOPS encrypted, configuring decryption is required/);
  const spec = { decryption: { provider: 'sops', secretRef: { name: 'sops-age' } } };
  const patch = ['patch', 'kustomization/flux-dev', '--type=merge', '-p', JSON.stringify({ spec })];
  await kubectl(estate.cluster, ['-n', namespace, ...patch]);
  await until('the sync finds no age key in its namespace', 120_000, async () => {
    const found = await get(estate.cluster, 'Kustomization', namespace, 'flux-dev');
    const ready = found?.status?.conditions?.find(({ type }) => type === 'Ready');
    const seen = ready?.message ?? 'nothing';
    return /sops-age.*not found/.test(seen) ? { ok: true } : { seen };
  });
  assert.equal(await get(estate.cluster, 'Secret', namespace, 'stolen'), undefined);
  const undo = JSON.stringify({ spec: { decryption: null } });
  await kubectl(estate.cluster, [
    ...['-n', namespace, 'patch', 'kustomization/flux-dev', '--type=merge', '-p', undo],
  ]);
  rmSync(stolen);
}

test('the cluster follows the artifact of the config repo, if it is signed', async (t) => {
  if (theCluster().kind === 'foreign') return t.skip('its FluxInstance belongs to somebody else');
  const scratch = mkdtempSync(join(tmpdir(), 'flux-gitops-config-'));
  t.after(() => rmSync(scratch, { recursive: true, force: true }));
  const host = await startRegistry(t, scratch, true);
  const oci = ['--source', 'oci', '--signature', 'key', '--registry', `oci://${host}/OWNER`];
  const args = ['--sync-config', ...oci, '--visibility', 'private'];
  const { estate, commits } = await freshEstate(t, 'hardened', { args });
  drop(estate, /policies\//);
  await publish(estate, 'flux-demo');
  const keys = join(estate.dir, '.keys');
  const bench = benchIn(scratch, keys);
  const typed = Object.keys(estate.repos).flatMap(() => [login.user, login.password]);
  try {
    const install = readFileSync(configPath(estate, 'install/README.md'), 'utf8');
    for (const block of shellBlocks(install, 'The artifact of the config repo'))
      if (block.includes('kubectl')) await runInFolder(estate, keys, answered(block, typed));
    await follow(estate, true);
    await says(estate, /unknown tag=latest/);
    run(jobOf(estate, 'flux-demo', bench), SIGN_IN, SEND, TAG);
    await says(estate, /no matching signatures were found/);
    run(jobOf(estate, 'flux-demo', bench), ...STEPS);
    for (const repo of ['flux-dev', 'flux-stage-prod']) run(jobOf(estate, repo, bench), ...STEPS);
    await look(estate);
    await until('the namespaces of the tenants are there', 120_000, async () => {
      const found = await get(estate.cluster, 'Namespace', '', namespaceOf(estate, 'prod'));
      return found ? { ok: true } : { seen: 'no namespace' };
    });
    const readme = readFileSync(configPath(estate, 'README.md'), 'utf8');
    for (const block of shellBlocks(readme, '2. The environments arrive'))
      if (block.includes('create secret')) await runInFolder(estate, keys, answered(block, typed));
    for (const env of envs)
      await appliedArtifact(estate, env, commits[estate.repos[env] ?? ''] ?? '', 150_000);
    for (const env of envs) await running(estate, env);
    const { config, environments } = await statusOf(estate.cluster, configPath(estate));
    assert.equal(config?.source?.kind, 'OCIRepository');
    for (const { name, ready, source, sync } of environments) {
      const commit = `main@sha1:${commits[estate.repos[name] ?? '']}`;
      assert.deepEqual(
        [ready, source?.originRevision, sync?.appliedOrigin],
        [true, commit, commit],
      );
    }
  } finally {
    await follow(estate, false);
    await gone(estate, 'Kustomization', system, system);
    const secrets = ['cosign-flux-demo', 'registry-flux-demo'];
    await kubectl(estate.cluster, ['-n', system, 'delete', 'secret', ...secrets]);
  }
});

/** Has Flux look for an artifact of the config repo. */
async function look(estate: Estate): Promise<void> {
  const now = `reconcile.fluxcd.io/requestedAt=${Date.now()}`;
  const where = ['-n', system, 'annotate', '--overwrite', `ocirepository/${system}`, now];
  await kubectl(estate.cluster, where);
}

/** Waits until the OCIRepository of the config repo is not Ready, with a message that is `expected`. */
async function says(estate: Estate, expected: RegExp): Promise<void> {
  await until('the operator has written the source', 120_000, async () => {
    const found = await get(estate.cluster, 'OCIRepository', system, system);
    return found ? { ok: true } : { seen: 'no OCIRepository' };
  });
  await look(estate);
  await until(`the OCIRepository says ${expected}`, 60_000, async () => {
    const found = await get(estate.cluster, 'OCIRepository', system, system);
    const ready = found?.status?.conditions?.find(({ type }) => type === 'Ready');
    const seen = ready?.message ?? 'nothing';
    return ready?.status === 'False' && expected.test(seen) ? { ok: true } : { seen };
  });
}

for (const profile of profiles)
  test(`an environment leaves by commits alone: its app first, then the rest, and nothing of another (${profile})`, async (t) => {
    if (theCluster().kind === 'foreign') return t.skip('its FluxInstance belongs to somebody else');
    const { estate, commits } = await freshEstate(t, profile, { args: ['--sync-config'] });
    drop(estate, /policies\//);
    await publish(estate, 'flux-demo');
    try {
      await follow(estate, true);
      await leave(estate, commits);
    } finally {
      await follow(estate, false);
      await gone(estate, 'Kustomization', system, system);
    }
  });

async function leave(estate: Estate, commits: Readonly<Record<string, string>>): Promise<void> {
  for (const env of envs)
    await applied(estate, env, commits[estate.repos[env] ?? ''] ?? '', 150_000);
  await until('status shows the config repo and all environments as ready', 60_000, async () => {
    const shown = await statusOf(estate.cluster, configPath(estate));
    return shown.ready && shown.config?.name === 'flux-demo'
      ? { ok: true }
      : { seen: JSON.stringify(shown) };
  });
  // It shares no app repo with the one that leaves: a new commit there changes the status of all its syncs.
  const before = await versionsIn(estate, 'dev');
  const run = (...args: string[]) =>
    fluxGitopsWith(estate.cluster, ['remove', 'stage', '--into', configPath(estate), ...args]);

  assert.equal((await run()).code, 0);
  // Nothing is pushed: the second step would leave everything on the cluster.
  for (const live of [[], ['--live']]) {
    const early = await run(...live);
    assert.equal(early.code, 1, early.stderr);
    assert.match(early.stderr, live.length > 0 ? /has not arrived/ : /cannot go yet/);
  }
  await followed(estate, await push(estate));
  const namespace = namespaceOf(estate, 'stage');
  await gone(estate, 'Deployment', namespace, 'kcheck');
  await gone(estate, 'Service', namespace, 'kcheck-service');
  for (const [kind, name] of [
    ['Namespace', namespace],
    ['ServiceAccount', namespace],
    ['GitRepository', 'flux-stage-prod'],
    ['Kustomization', 'flux-stage-prod'],
  ] as const)
    assert.ok(await get(estate.cluster, kind, kind === 'Namespace' ? '' : namespace, name), name);
  const [stage] = (await statusOf(estate.cluster, configPath(estate), 'stage')).environments;
  assert.deepEqual(
    [stage?.state, stage?.message],
    ['leaving', 'Leaving: the app is gone. Next: flux-gitops remove stage'],
  );

  const second = await run('--live');
  assert.equal(second.code, 0, second.stderr);
  await publish(estate, 'flux-stage-prod');
  const start = Date.now();
  await followed(estate, await push(estate));
  await gone(estate, 'Namespace', '', namespace);
  assert.ok(Date.now() - start < 60_000, `it took ${Date.now() - start} ms`);
  for (const env of ['dev', 'prod']) await stays(estate, env);
  assert.equal(await versionsIn(estate, 'dev'), before);
}

test('an environment moves to another app repo by commits, and the app runs on', async (t) => {
  if (theCluster().kind === 'foreign') return t.skip('its FluxInstance belongs to somebody else');
  const { estate, commits } = await freshEstate(t, 'hardened', { args: ['--sync-config'] });
  drop(estate, /policies\//);
  await publish(estate, 'flux-demo');
  try {
    await follow(estate, true);
    await move(estate, commits);
  } finally {
    await follow(estate, false);
    await gone(estate, 'Kustomization', system, system);
  }
});

async function move(estate: Estate, commits: Readonly<Record<string, string>>): Promise<void> {
  for (const env of envs)
    await applied(estate, env, commits[estate.repos[env] ?? ''] ?? '', 150_000);
  for (const env of envs) await running(estate, env);
  const before = await workloadsIn(estate, 'stage');
  const others = await versionsIn(estate, 'dev');
  const words = ['tenant', 'stage', '--repo', 'flux-new', '--move', '--into', configPath(estate)];
  await fluxGitops(words);
  // Nothing is pushed yet, so there is nothing to do on the cluster.
  const early = await fluxGitopsWith(estate.cluster, [...words, '--live']);
  assert.equal(early.code, 0, early.stderr);
  assert.match(early.stderr, /is not on the cluster yet: push the config repo/);

  const commit = await publish(estate, 'flux-new');
  await publish(estate, 'flux-stage-prod');
  await followed(estate, await push(estate));
  const namespace = namespaceOf(estate, 'stage');
  // A lost line deletes nothing: the former sync is still there, and it must not delete the app.
  assert.ok(await get(estate.cluster, 'Kustomization', namespace, 'flux-stage-prod'));
  await killAndResume(estate.cluster, [...words, '--live']);
  estate.repos.stage = 'flux-new';
  await applied(estate, 'stage', commit);
  assert.equal(await workloadsIn(estate, 'stage'), before);
  for (const kind of ['Kustomization', 'GitRepository'])
    assert.equal(await get(estate.cluster, kind, namespace, 'flux-stage-prod'), undefined, kind);
  // The config repo is applied once more, and nothing comes back.
  await followed(estate, await push(estate));
  assert.equal(await get(estate.cluster, 'Kustomization', namespace, 'flux-stage-prod'), undefined);
  for (const env of envs) await stays(estate, env);
  assert.equal(await versionsIn(estate, 'dev'), others);
}

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
  await compared(estate);

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
  // The record still has it, so the command brings the lost lines back.
  await fluxGitops(['tenant', 'dev', '--yes', '--into', configPath(estate)]);
  const lines = readFileSync(configPath(estate, 'kustomization.yaml'), 'utf8');
  assert.match(lines, /^ {2}- dev\/1_tenant\.yaml\n {2}- dev\/2_sync\.yaml$/m);
  await followed(estate, await push(estate));
  await stays(estate, 'dev');
}

/** `verify --live` finds nothing but the policies, which this estate leaves out: what Flux adds is no difference. */
async function compared({ cluster, dir }: Estate): Promise<void> {
  // The operator says only after half a minute that the instance is ready.
  await until('the cluster has what the files say', 120_000, async () => {
    const { stdout, stderr } = await fluxGitopsWith(cluster, [
      'verify',
      '--live',
      '--json',
      '--into',
      dir,
    ]);
    const { findings } = JSON.parse(stdout) as Results;
    const seen = findings.filter(
      ({ file, code }) => !file.startsWith('policies/') && code !== 'sync-list-incomplete',
    );
    assert.ok(
      findings.some(({ code }) => code === 'policy-missing'),
      stderr,
    );
    return seen.length === 0 ? { ok: true } : { seen: JSON.stringify(seen) };
  });
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
    ...(estate.profile === 'hardened' ? [['NetworkPolicy', 'allow-same-namespace'] as const] : []),
    ['GitRepository', repo],
    ['Kustomization', repo],
    ['Deployment', 'kcheck'],
  ] as const) {
    const found = await get(estate.cluster, kind, kind === 'Namespace' ? '' : namespace, name);
    assert.ok(found && !found.metadata.deletionTimestamp, `${kind} ${name}`);
  }
}
