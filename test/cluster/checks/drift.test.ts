import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { apply, check, commitOf } from '../check.ts';
import { deploymentIn } from '../demo.ts';
import { appFile, namespaceOf, publish } from '../estate.ts';
import { applied, explain, reconcile } from '../expect.ts';
import { get, kubectl } from '../kube.ts';
import { until } from '../wait.ts';

const extra = `apiVersion: v1
kind: ConfigMap
metadata:
  name: to-be-removed
  namespace: NAMESPACE
data:
  key: value
`;

check('a manifest that is removed from the repo is pruned from the cluster', async (fresh) => {
  const { estate } = fresh;
  const namespace = namespaceOf(estate, 'dev');
  const file = join(dirname(appFile(estate, 'dev')), 'extra.yaml');
  writeFileSync(file, extra.replace('NAMESPACE', namespace));
  const added = await publish(estate, 'flux-dev');
  await apply(estate, 'dev');
  await applied(estate, 'dev', added);
  assert.ok(await get(estate.cluster, 'ConfigMap', namespace, 'to-be-removed'), 'it was applied');
  rmSync(file);
  const removed = await publish(estate, 'flux-dev');
  await reconcile(estate, 'dev', 'GitRepository');
  await applied(estate, 'dev', removed);
  const left = await get(estate.cluster, 'ConfigMap', namespace, 'to-be-removed');
  assert.ok(!left, 'ConfigMap to-be-removed is still there: has 2_sync.yaml `prune: true`?');
  assert.ok(await deploymentIn(estate, 'dev'), 'the rest stays');
});

check('a change made by hand is put back, a deleted object made again', async (fresh) => {
  const { estate } = fresh;
  const namespace = namespaceOf(estate, 'dev');
  await apply(estate, 'dev');
  await applied(estate, 'dev', commitOf(fresh, 'dev'));
  const before = await deploymentIn(estate, 'dev');
  const scale = ['-n', namespace, 'scale', 'deployment/kcheck', '--replicas=5'];
  await kubectl(estate.cluster, scale);
  await kubectl(estate.cluster, ['-n', namespace, 'delete', 'service/kcheck-service']);
  assert.equal((await deploymentIn(estate, 'dev')).spec?.replicas, 5, 'changed by hand');
  await reconcile(estate, 'dev', 'Kustomization');
  await until(
    'the Deployment has the replicas of the repo again',
    10_000,
    async () => {
      const replicas = (await deploymentIn(estate, 'dev')).spec?.replicas;
      return replicas === before.spec?.replicas ? { ok: true } : { seen: `${replicas} replicas` };
    },
    () => explain(estate, 'dev'),
  );
  assert.ok(await get(estate.cluster, 'Service', namespace, 'kcheck-service'), 'Service is back');
});
