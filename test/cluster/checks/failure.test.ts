import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { apply, check, commitOf } from '../check.ts';
import { deploymentIn } from '../demo.ts';
import { appFile, configPath, type Estate, edit, publish, revert } from '../estate.ts';
import { applied, type FluxKind, reconcile, refused, reported } from '../expect.ts';

/** The troubleshooting part of the generated README names the object and quotes the message. */
function quotedInReadme(estate: Estate, kind: FluxKind, words: string): void {
  const readme = readFileSync(configPath(estate, 'README.md'), 'utf8');
  const lines = readme.split('\n').filter((line) => line.includes(words));
  assert.ok(lines.length > 0, `the README of the config repo does not quote "${words}"`);
  assert.ok(
    lines.some((line) => line.toLowerCase().includes(kind.toLowerCase())),
    `the README quotes "${words}", but does not say there that it stands on the ${kind}`,
  );
}

check('a broken manifest leaves the last good state, says why, and heals', async (fresh) => {
  const { estate } = fresh;
  await apply(estate, 'dev');
  await applied(estate, 'dev', commitOf(fresh, 'dev'));
  const good = await deploymentIn(estate, 'dev');
  edit(appFile(estate, 'dev'), 'Deployment', (app) => app.setIn(['spec', 'replicas'], 'many'));
  const broken = await publish(estate, 'flux-dev');
  await reconcile(estate, 'dev', 'GitRepository');
  const message = await refused(estate, 'dev', broken);
  assert.match(message, /Deployment\/\S*kcheck dry-run failed/, 'names the object');
  assert.match(message, /replicas/, 'names the field');
  assert.deepEqual((await deploymentIn(estate, 'dev')).spec, good.spec, 'still as it was');
  const healed = await revert(estate, 'flux-dev');
  await reconcile(estate, 'dev', 'GitRepository');
  await applied(estate, 'dev', healed);
  quotedInReadme(estate, 'Kustomization', 'dry-run failed');
});

check('a file that is no YAML leaves the last good state, says why, and heals', async (fresh) => {
  const { estate } = fresh;
  await apply(estate, 'dev');
  await applied(estate, 'dev', commitOf(fresh, 'dev'));
  const good = await deploymentIn(estate, 'dev');
  writeFileSync(appFile(estate, 'dev'), 'kind: Deployment\n\tnot: yaml\n');
  const broken = await publish(estate, 'flux-dev');
  await reconcile(estate, 'dev', 'GitRepository');
  assert.match(await refused(estate, 'dev', broken), /app\.yaml/, 'names the file');
  assert.deepEqual((await deploymentIn(estate, 'dev')).spec, good.spec, 'still as it was');
  const healed = await revert(estate, 'flux-dev');
  await reconcile(estate, 'dev', 'GitRepository');
  await applied(estate, 'dev', healed);
});

check('a branch that does not exist is reported on the GitRepository', async ({ estate }) => {
  const sync = configPath(estate, 'dev', '2_sync.yaml');
  edit(sync, 'GitRepository', (source) => source.setIn(['spec', 'ref', 'branch'], 'nowhere'));
  await apply(estate, 'dev');
  const message = await reported(estate, 'dev', 'GitRepository');
  const words = "couldn't find remote ref";
  assert.ok(message.includes(words), message);
  assert.match(message, /refs\/heads\/nowhere/);
  quotedInReadme(estate, 'GitRepository', words);
});

check('a path that does not exist is reported on the Kustomization', async ({ estate }) => {
  const sync = configPath(estate, 'dev', '2_sync.yaml');
  edit(sync, 'Kustomization', (wiring) => wiring.setIn(['spec', 'path'], './nowhere'));
  await apply(estate, 'dev');
  const message = await reported(estate, 'dev', 'Kustomization');
  const words = 'kustomization path not found';
  assert.ok(message.includes(words), message);
  assert.match(message, /nowhere/);
  quotedInReadme(estate, 'Kustomization', words);
});
