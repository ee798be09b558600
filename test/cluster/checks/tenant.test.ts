import assert from 'node:assert/strict';
import { apply, check, commitOf } from '../check.ts';
import { fluxGitops } from '../command.ts';
import { running } from '../demo.ts';
import { configPath, type Estate, namespaceOf, pointAtCluster, publish } from '../estate.ts';
import { applied, reconcile } from '../expect.ts';
import { list } from '../kube.ts';

const old = ['dev', 'stage', 'prod'];
const kinds = [
  'Namespace',
  'GitRepository',
  'Kustomization',
  'Deployment',
  'Service',
  'ReplicaSet',
];

/** What must not move: the resourceVersion of all that the other tenants have. */
async function versions(estate: Estate, envs: string[]): Promise<Record<string, string>> {
  const namespaces = envs.map((env) => namespaceOf(estate, env));
  const seen: Record<string, string> = {};
  for (const kind of kinds) {
    for (const { metadata } of await list(estate.cluster, kind)) {
      const home = kind === 'Namespace' ? metadata.name : metadata.namespace;
      if (!home || !namespaces.includes(home)) continue;
      seen[`${kind} ${home}/${metadata.name}`] = metadata.resourceVersion;
    }
  }
  return seen;
}

check('a tenant added later reconciles without touching the others', async (fresh) => {
  const { estate } = fresh;
  await apply(estate, ...old);
  for (const env of old) await applied(estate, env, commitOf(fresh, env));
  for (const env of old) await running(estate, env);
  estate.repos.qa = 'flux-stage-prod';
  const into = ['--into', configPath(estate)];
  await fluxGitops(['tenant', 'qa', ...into, '--repo', 'flux-stage-prod', '--yes']);
  pointAtCluster(estate, configPath(estate, 'qa'));
  await publish(estate, 'flux-demo');
  // `dev` is fed from a repository that the new tenant has nothing to do with.
  const before = await versions(estate, ['dev']);
  const commit = await publish(estate, 'flux-stage-prod');
  for (const env of ['stage', 'prod']) await reconcile(estate, env, 'GitRepository');
  for (const env of ['stage', 'prod']) await applied(estate, env, commit);
  const settled = await versions(estate, ['stage', 'prod']);
  await apply(estate, 'qa');
  await applied(estate, 'qa', commit);
  await running(estate, 'qa');
  assert.deepEqual(await versions(estate, ['dev']), before, 'dev');
  assert.deepEqual(await versions(estate, ['stage', 'prod']), settled, 'stage and prod');
  const out = await apply(estate, ...old);
  const changed = out.split('\n').filter((line) => /created|configured/.test(line));
  assert.deepEqual(changed, [], 'applying the others again changes nothing');
});
