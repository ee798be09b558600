import assert from 'node:assert/strict';
import { apply, check, commitOf } from '../check.ts';
import { deploymentIn } from '../demo.ts';
import { appFile, type Estate, edit, publish } from '../estate.ts';
import { applied, reconcile } from '../expect.ts';

const both = ['stage', 'prod'];

/** Changes one environment's folder and has every environment of the repository look. */
async function changeReplicas(estate: Estate, env: string, replicas: number): Promise<void> {
  edit(appFile(estate, env), 'Deployment', (app) => app.setIn(['spec', 'replicas'], replicas));
  const commit = await publish(estate, 'flux-stage-prod');
  for (const one of both) await reconcile(estate, one, 'GitRepository');
  for (const one of both) await applied(estate, one, commit);
}

check('a change under stage/ changes stage alone, one under prod/ prod alone', async (fresh) => {
  const { estate } = fresh;
  await apply(estate, ...both);
  for (const env of both) await applied(estate, env, commitOf(fresh, env));
  for (const [env, other] of [both, [...both].reverse()] as [string, string][]) {
    const before = await deploymentIn(estate, other);
    const own = await deploymentIn(estate, env);
    await changeReplicas(estate, env, 3);
    const changed = await deploymentIn(estate, env);
    assert.equal(changed.spec?.replicas, 3, `replicas of ${env}`);
    assert.ok(changed.metadata.generation > own.metadata.generation, `generation of ${env}`);
    const after = await deploymentIn(estate, other);
    assert.deepEqual(after.spec, before.spec, `${other} after a change of ${env}`);
    assert.equal(after.metadata.generation, before.metadata.generation, `generation of ${other}`);
  }
});
