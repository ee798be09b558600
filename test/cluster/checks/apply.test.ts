import assert from 'node:assert/strict';
import { apply, check, commitOf, theCluster } from '../check.ts';
import { appIn, defaultApps, running } from '../demo.ts';
import { type Estate, namespaceOf } from '../estate.ts';
import { applied } from '../expect.ts';
import { kubectl, tryKubectl } from '../kube.ts';
import { type Seen, until } from '../wait.ts';

const envs = ['dev', 'stage', 'prod'];

/** Every object in the cluster that a Kustomization of this estate has applied. */
async function appliedObjects(estate: Estate) {
  const { items } = await until('kubectl lists every kind', 60_000, () => everyObject(estate));
  return items.map(({ kind, metadata }) => {
    return { kind, name: metadata.name, from: metadata.labels[label], to: metadata.namespace };
  });
}

const label = 'kustomize.toolkit.fluxcd.io/namespace';

/** All these objects of all kinds. Another check can take away a kind between the two calls of kubectl. */
async function everyObject(estate: Estate): Promise<Seen<{ items: Item[] }>> {
  const query = ['api-resources', '--verbs=list', '-o', 'name'];
  const kinds = (await kubectl(theCluster(), query)).trim().split('\n');
  const shown = kinds.filter((kind) => !kind.startsWith('events') && kind !== 'componentstatuses');
  const wanted = envs.map((env) => namespaceOf(estate, env)).join(',');
  const args = ['get', shown.join(','), '-A', '-l', `${label} in (${wanted})`, '-o', 'json'];
  const { code, out, error } = await tryKubectl(theCluster(), args);
  if (code === 0) return { ok: JSON.parse(out) as { items: Item[] } };
  assert.match(error, /could not find the requested resource/);
  return { seen: error };
}

type Item = {
  kind: string;
  metadata: { name: string; namespace?: string; labels: Record<string, string> };
};

check('kubectl apply -f ENV/ makes every environment Ready in one go', async (fresh) => {
  for (const env of envs) {
    const out = await apply(fresh.estate, env);
    assert.match(out, /gitrepository\S* created\n(.*\n)*kustomization\S* created/);
  }
  for (const env of envs) {
    await applied(fresh.estate, env, commitOf(fresh, env));
    await running(fresh.estate, env);
    assert.deepEqual(await appIn(fresh.estate, env), defaultApps[env], `the app of ${env}`);
  }
});

check(
  'the objects of an app repo land only in the namespace of their environment',
  async (fresh) => {
    await apply(fresh.estate, ...envs);
    for (const env of envs) await applied(fresh.estate, env, commitOf(fresh, env));
    const found = await appliedObjects(fresh.estate);
    for (const { kind, name, from, to } of found) {
      assert.equal(
        to,
        from,
        `${kind}/${name}, applied for ${from}, lies in ${to ?? 'no namespace'}`,
      );
    }
    for (const env of envs) {
      const own = found.filter(({ from }) => from === namespaceOf(fresh.estate, env));
      const names = own.map(({ kind, name }) => `${kind}/${name}`);
      for (const name of ['Deployment/kcheck', 'Service/kcheck-service']) {
        assert.ok(names.includes(name), `${name} of ${env}, among ${names.join(', ')}`);
      }
    }
  },
);

const args = ['--colour', 'Tomato', '--content', 'A = "b": #c', '--replicas', '2'];

check(
  'colour, content and replicas given to the command arrive in the cluster',
  async (fresh) => {
    await apply(fresh.estate, 'dev');
    await applied(fresh.estate, 'dev', commitOf(fresh, 'dev'));
    await running(fresh.estate, 'dev');
    const wanted = { colour: 'Tomato', content: 'A = "b": #c', replicas: 2, service: 'ClusterIP' };
    assert.deepEqual(await appIn(fresh.estate, 'dev'), wanted);
  },
  { args },
);
