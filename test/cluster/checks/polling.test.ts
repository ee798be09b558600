import assert from 'node:assert/strict';
import { apply, check, commitOf } from '../check.ts';
import { deploymentIn } from '../demo.ts';
import { appFile, type Estate, edit, publish } from '../estate.ts';
import { applied, explain, reconcile } from '../expect.ts';
import { until } from '../wait.ts';

async function pushChange(estate: Estate): Promise<{ commit: string; pushed: number }> {
  edit(appFile(estate, 'dev'), 'Deployment', (app) => app.setIn(['spec', 'replicas'], 2));
  return { commit: await publish(estate, 'flux-dev'), pushed: Date.now() };
}

async function generationRises(estate: Estate, from: number, milliseconds: number): Promise<void> {
  await until(
    `metadata.generation of the Deployment in dev rises above ${from}`,
    milliseconds,
    async () => {
      const { generation } = (await deploymentIn(estate, 'dev')).metadata;
      return generation > from ? { ok: true } : { seen: `generation ${generation}` };
    },
    () => explain(estate, 'dev'),
  );
}

check('a pushed change is there by polling alone within the interval + 15 s', async (fresh, t) => {
  const { estate } = fresh;
  await apply(estate, 'dev');
  await applied(estate, 'dev', commitOf(fresh, 'dev'));
  const { generation } = (await deploymentIn(estate, 'dev')).metadata;
  const { commit, pushed } = await pushChange(estate);
  await generationRises(estate, generation, 75_000);
  t.diagnostic(`seen ${Math.round((Date.now() - pushed) / 1000)} s after the push`);
  await applied(estate, 'dev', commit);
});

check('a pushed change is there within 10 s when reconciliation is requested', async (fresh, t) => {
  const { estate } = fresh;
  await apply(estate, 'dev');
  await applied(estate, 'dev', commitOf(fresh, 'dev'));
  const { generation } = (await deploymentIn(estate, 'dev')).metadata;
  const { pushed } = await pushChange(estate);
  await reconcile(estate, 'dev', 'GitRepository');
  await generationRises(estate, generation, 10_000 - (Date.now() - pushed));
  const taken = Date.now() - pushed;
  t.diagnostic(`seen ${(taken / 1000).toFixed(1)} s after the push`);
  assert.ok(taken <= 10_000);
});
