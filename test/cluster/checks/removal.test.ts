import assert from 'node:assert/strict';
import { apply, check, commitOf } from '../check.ts';
import { type Estate, namespaceOf } from '../estate.ts';
import { applied, explain } from '../expect.ts';
import { get, kubectl, list } from '../kube.ts';
import { commandsOf, runInConfigRepo } from '../readme.ts';
import { until } from '../wait.ts';

async function namespaceGone(estate: Estate, env: string): Promise<void> {
  const name = namespaceOf(estate, env);
  await until(
    `the namespace ${name} is gone`,
    90_000,
    async () => {
      const found = await get(estate.cluster, 'Namespace', undefined, name);
      return found ? { seen: JSON.stringify(found.status) } : { ok: true };
    },
    () => explain(estate, env),
  );
}

/** The README says how, and in which order; this runs what it says. */
async function remove(estate: Estate, file: string): Promise<void> {
  const commands = commandsOf(estate, 'kubectl delete').filter((line) => line.includes(file));
  assert.equal(commands.length, 1, `one command of the README removes ${file}`);
  await runInConfigRepo(estate, commands[0] ?? '');
}

check('removal in the order of the README leaves no object and no finalizer', async (fresh) => {
  const { estate } = fresh;
  await apply(estate, 'dev');
  await applied(estate, 'dev', commitOf(fresh, 'dev'));
  const namespace = namespaceOf(estate, 'dev');
  await remove(estate, 'dev/2_sync.yaml');
  for (const kind of ['GitRepository', 'Kustomization']) {
    assert.deepEqual(await list(estate.cluster, kind, namespace), [], `${kind} is gone`);
  }
  for (const kind of ['Deployment', 'Service']) {
    await until(`every ${kind} of dev is gone before its namespace`, 30_000, async () => {
      const left = await list(estate.cluster, kind, namespace);
      return left.length === 0 ? { ok: true } : { seen: left.map((o) => o.metadata.name).join() };
    });
  }
  await remove(estate, 'dev/1_tenant.yaml');
  await namespaceGone(estate, 'dev');
});

check('removal in the wrong order, the namespace first, gets stuck nowhere', async (fresh) => {
  const { estate } = fresh;
  await apply(estate, 'dev');
  await applied(estate, 'dev', commitOf(fresh, 'dev'));
  const namespace = namespaceOf(estate, 'dev');
  await kubectl(estate.cluster, ['delete', 'namespace', namespace, '--wait=false']);
  await namespaceGone(estate, 'dev');
});
