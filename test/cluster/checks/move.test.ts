import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { apply, check, commitOf, theCluster } from '../check.ts';
import { fluxGitopsWith, killAndResume, type Outcome } from '../command.ts';
import { running } from '../demo.ts';
import { appFile, configPath, type Estate, namespaceOf, publish } from '../estate.ts';
import { applied, versionsIn, workloadsIn } from '../expect.ts';
import { get, kubectl } from '../kube.ts';
import { give, keyFields, type PrivateEstate, privateEstate } from '../private-estate.ts';
import { makeKey } from '../private-git.ts';

const run = (estate: Estate, ...args: string[]): Promise<Outcome> =>
  fluxGitopsWith(estate.cluster, [...args, '--into', configPath(estate)]);

/** A ConfigMap of a person, which Flux applies with the app. */
async function addOwn(estate: Estate, env: string): Promise<string> {
  const metadata = { name: 'own', namespace: namespaceOf(estate, env) };
  const own = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { by: 'a person' } };
  appendFileSync(appFile(estate, env), `---\n${JSON.stringify(own)}\n`);
  return publish(estate, estate.repos[env] ?? '');
}

check('tenant --move keeps the workloads, and leaves the others alone', async (fresh) => {
  const { estate } = fresh;
  const namespace = namespaceOf(estate, 'stage');
  const edited = await addOwn(estate, 'stage');
  await apply(estate, 'dev', 'stage');
  await applied(estate, 'dev', commitOf(fresh, 'dev'));
  await applied(estate, 'stage', edited);
  await running(estate, 'stage');
  const before = await workloadsIn(estate, 'stage');
  const own = (await get(estate.cluster, 'ConfigMap', namespace, 'own'))?.metadata.uid;
  const others = await versionsIn(estate, 'dev');

  const move = ['tenant', 'stage', '--repo', 'flux-new', '--move'];
  const files = await run(estate, ...move);
  assert.equal(files.code, 0, files.stderr);
  const commit = await publish(estate, 'flux-new');
  await publish(estate, 'flux-stage-prod');

  await killAndResume(estate.cluster, [...move, '--live', '--into', configPath(estate)]);
  estate.repos.stage = 'flux-new';
  await applied(estate, 'stage', commit);
  assert.equal(await workloadsIn(estate, 'stage'), before);
  assert.equal((await get(estate.cluster, 'ConfigMap', namespace, 'own'))?.metadata.uid, own);
  for (const kind of ['Kustomization', 'GitRepository'])
    assert.equal(await get(estate.cluster, kind, namespace, 'flux-stage-prod'), undefined, kind);
  assert.equal(await versionsIn(estate, 'dev'), others);
});

check(
  'rename --live brings the new environment, then removes the old one; data stops it',
  async (fresh) => {
    const { estate } = fresh;
    await apply(estate, 'dev', 'stage');
    for (const env of ['dev', 'stage']) await applied(estate, env, commitOf(fresh, env));
    const others = await versionsIn(estate, 'dev');
    const namespace = namespaceOf(estate, 'stage');
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    };
    await kubectl(estate.cluster, ['apply', '-f', '-'], JSON.stringify(claim));

    const files = await run(estate, 'rename', 'stage', 'test');
    assert.equal(files.code, 0, files.stderr);
    estate.repos.test = 'flux-stage-prod';
    const commit = await publish(estate, 'flux-stage-prod');
    await publish(estate, 'flux-demo');
    const live = await run(estate, 'rename', 'stage', 'test', '--live');
    assert.equal(live.code, 0, live.stderr);
    assert.match(
      live.stderr,
      /stays, because it has data that does not move: PersistentVolumeClaim data/,
    );
    await applied(estate, 'test', commit);
    assert.ok(await get(estate.cluster, 'Deployment', namespace, 'kcheck'));

    const rest = await run(estate, 'remove', 'stage', '--live');
    assert.equal(rest.code, 0, rest.stderr);
    assert.equal(await get(estate.cluster, 'Namespace', undefined, namespace), undefined);
    await running(estate, 'test');
    assert.equal(await versionsIn(estate, 'dev'), others);
  },
);

const skip = theCluster().kind === 'foreign' && 'the private git server is on loopback';

/** A private estate whose environments run, each with the deploy key of its app repo. */
async function runningPrivately(t: TestContext): Promise<PrivateEstate> {
  const repos = { dev: 'shop', stage: 'web', prod: 'web' };
  const made = await privateEstate(t, { profile: 'hardened', credentials: 'deploy-key', repos });
  const { estate, git, commits } = made;
  const envs = Object.keys(repos);
  const tenants = envs.flatMap((env) => ['-f', configPath(estate, env, '1_tenant.yaml')]);
  await kubectl(estate.cluster, ['apply', ...tenants]);
  const keys = { shop: makeKey(), web: makeKey() };
  for (const [repo, key] of Object.entries(keys))
    git.allow(key.identityPub, `${estate.owner}/${repo}`);
  for (const [env, repo] of Object.entries(repos))
    await give(estate, env, keyFields(keys[repo as 'shop'], git.knownHosts));
  await apply(estate, ...envs);
  for (const [env, repo] of Object.entries(repos)) await applied(estate, env, commits[repo] ?? '');
  for (const env of envs) await running(estate, env);
  return made;
}

/** Makes the Secret of `env` with the command, as the message says, and lets its key read `repo`. */
async function giveAsTold({ estate, git }: PrivateEstate, env: string, repo: string) {
  const hosts = join(estate.dir, 'known_hosts');
  writeFileSync(hosts, `${git.knownHosts}\n`);
  const given = await run(estate, 'credentials', env, '--live', '--known-hosts', hosts);
  assert.equal(given.code, 0, given.stderr);
  const [key = ''] = /ssh-ed25519 \S+/.exec(given.stderr) ?? [];
  git.allow(key, `${estate.owner}/${repo}`);
}

test('a private environment moves with --live, and the Secret of the former app repo goes', {
  skip,
}, async (t) => {
  const made = await runningPrivately(t);
  const { estate } = made;
  const namespace = namespaceOf(estate, 'stage');
  // As the command makes it: only its own Secrets go.
  await kubectl(estate.cluster, [
    ...['-n', namespace, 'label', 'secret', 'git-web', 'app.kubernetes.io/managed-by=flux-gitops'],
  ]);
  const before = await workloadsIn(estate, 'stage');
  const others = await versionsIn(estate, 'dev');
  const move = ['tenant', 'stage', '--repo', 'web-late', '--move'];
  const files = await run(estate, ...move);
  assert.equal(files.code, 0, files.stderr);
  const commit = await publish(estate, 'web-late');
  await publish(estate, 'web');

  const early = await run(estate, ...move, '--live');
  assert.equal(early.code, 1, early.stderr);
  assert.match(early.stderr, /needs the Secret git-web-late in the namespace/);
  assert.match(early.stderr, /flux-gitops credentials stage --live/);
  const old = await get(estate.cluster, 'Kustomization', namespace, 'web');
  assert.notEqual(old?.spec?.suspend, true, 'the former sync still works');

  await giveAsTold(made, 'stage', 'web-late');
  await killAndResume(estate.cluster, [...move, '--live', '--into', configPath(estate)]);
  estate.repos.stage = 'web-late';
  await applied(estate, 'stage', commit);
  assert.equal(await workloadsIn(estate, 'stage'), before);
  for (const kind of ['Kustomization', 'GitRepository'])
    assert.equal(await get(estate.cluster, kind, namespace, 'web'), undefined, kind);
  assert.equal(await get(estate.cluster, 'Secret', namespace, 'git-web'), undefined);
  assert.ok(await get(estate.cluster, 'Secret', namespace, 'git-web-late'));
  await running(estate, 'prod');
  assert.equal(await versionsIn(estate, 'dev'), others);
});

test('a private environment gets another name with --live when its new namespace has the Secret', {
  skip,
}, async (t) => {
  const made = await runningPrivately(t);
  const { estate } = made;
  const old = namespaceOf(estate, 'dev');
  const others = [await versionsIn(estate, 'stage'), await versionsIn(estate, 'prod')];
  const files = await run(estate, 'rename', 'dev', 'test');
  assert.equal(files.code, 0, files.stderr);
  estate.repos.test = 'shop';
  const commit = await publish(estate, 'shop');
  await publish(estate, 'flux-demo');

  const early = await run(estate, 'rename', 'dev', 'test', '--live');
  assert.equal(early.code, 1, early.stderr);
  assert.match(early.stderr, /needs the Secret git-shop in the namespace/);
  assert.ok(await get(estate.cluster, 'Deployment', old, 'kcheck'), 'the old one still runs');

  await giveAsTold(made, 'test', 'shop');
  await killAndResume(estate.cluster, [
    ...['rename', 'dev', 'test', '--live', '--into', configPath(estate)],
  ]);
  await applied(estate, 'test', commit);
  await running(estate, 'test');
  assert.equal(await get(estate.cluster, 'Namespace', undefined, old), undefined);
  assert.deepEqual([await versionsIn(estate, 'stage'), await versionsIn(estate, 'prod')], others);
});
