import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { apply, check, commitOf } from '../check.ts';
import { fluxGitopsWith, killAndResume, type Outcome } from '../command.ts';
import { running } from '../demo.ts';
import { appFile, configPath, type Estate, namespaceOf, publish } from '../estate.ts';
import { applied, versionsIn } from '../expect.ts';
import { get, kubectl } from '../kube.ts';

const run = (estate: Estate, ...args: string[]): Promise<Outcome> =>
  fluxGitopsWith(estate.cluster, [...args, '--into', configPath(estate)]);

/** What a workload is, apart from what its controllers report about it. */
async function identity(estate: Estate, env: string): Promise<string> {
  const namespace = namespaceOf(estate, env);
  const kinds = 'deployments,replicasets,pods,services';
  const columns = 'K:.kind,N:.metadata.name,U:.metadata.uid,G:.metadata.generation';
  return kubectl(estate.cluster, [
    '-n',
    namespace,
    'get',
    kinds,
    '-o',
    `custom-columns=${columns}`,
  ]);
}

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
  const before = await identity(estate, 'stage');
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
  assert.equal(await identity(estate, 'stage'), before);
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
