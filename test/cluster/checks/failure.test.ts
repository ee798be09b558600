import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { apply, check, commitOf, type Fresh, freshEstate } from '../check.ts';
import { deploymentIn } from '../demo.ts';
import { appFile, edit, publish, revert } from '../estate.ts';
import { applied, reconcile, refused, waiting } from '../expect.ts';
import { explained } from '../readme.ts';

/** Breaks the repo, sees the refusal, and puts the good state back; returns the refusal. */
async function breakAndHeal(fresh: Fresh, damage: () => void): Promise<string> {
  const { estate } = fresh;
  await apply(estate, 'dev');
  await applied(estate, 'dev', commitOf(fresh, 'dev'));
  const good = await deploymentIn(estate, 'dev');
  damage();
  const broken = await publish(estate, 'flux-dev');
  await reconcile(estate, 'dev', 'GitRepository');
  const message = await refused(estate, 'dev', broken);
  assert.deepEqual((await deploymentIn(estate, 'dev')).spec, good.spec, 'still as it was');
  const healed = await revert(estate, 'flux-dev');
  await reconcile(estate, 'dev', 'GitRepository');
  await applied(estate, 'dev', healed);
  return message;
}

check('a broken manifest leaves the last good state, says why, and heals', async (fresh) => {
  const { estate } = fresh;
  const message = await breakAndHeal(fresh, () => {
    edit(appFile(estate, 'dev'), 'Deployment', (app) => app.setIn(['spec', 'replicas'], 'many'));
  });
  assert.match(message, /Deployment\/\S*kcheck dry-run failed/, 'names the object');
  assert.match(message, /replicas/, 'names the field');
  explained(estate, 'Kustomization', message);
});

check('a file that is no YAML leaves the last good state, says why, and heals', async (fresh) => {
  const { estate } = fresh;
  const message = await breakAndHeal(fresh, () => {
    writeFileSync(appFile(estate, 'dev'), 'kind: Deployment\n\tnot: yaml\n');
  });
  assert.match(message, /app\.yaml/, 'names the file');
  explained(estate, 'Kustomization', message);
});

// The syncs of the other profile do not wait.
test('hardened: a correction does not wait until Flux gives up the commit before it', async (t) => {
  const fresh = await freshEstate(t, 'hardened');
  const { estate } = fresh;
  await apply(estate, 'dev');
  await applied(estate, 'dev', commitOf(fresh, 'dev'));
  edit(appFile(estate, 'dev'), 'Deployment', (app) => app.setIn(['spec', 'replicas'], 300));
  const tooMany = await publish(estate, 'flux-dev');
  await reconcile(estate, 'dev', 'GitRepository');
  await waiting(estate, 'dev', tooMany);
  const healed = await revert(estate, 'flux-dev');
  await reconcile(estate, 'dev', 'GitRepository');
  // The sync would wait for three minutes.
  await applied(estate, 'dev', healed, 60_000);
});
