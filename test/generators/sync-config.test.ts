import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runHere, temporaryFolder } from '../sandbox.ts';

const ARGV = ['--yes', '--owner', 'octo-org'];

/** The list of what a cluster applies, in an estate that `argv` writes into `folder`. */
async function listed(folder: string, ...argv: string[]): Promise<string> {
  const { code, stderr } = await runHere([...ARGV, ...argv], folder);
  assert.equal(code, 0, stderr);
  return join(folder, 'flux-demo', 'kustomization.yaml');
}

test('what a user took out of the list is back when the tenant is asked for by name', async () => {
  const folder = temporaryFolder();
  const file = await listed(folder, '--sync-config');
  const whole = readFileSync(file, 'utf8');
  writeFileSync(file, whole.replace(/ {2}- dev.*\n/g, ''));
  await listed(folder, '--cluster-type', 'aws');
  assert.doesNotMatch(readFileSync(file, 'utf8'), /dev\//);
  const { code } = await runHere(['tenant', 'dev', '--yes'], join(folder, 'flux-demo'));
  assert.equal(code, 0);
  const again = readFileSync(file, 'utf8');
  assert.match(again, /^ {2}- dev\/1_tenant\.yaml\n {2}- dev\/2_sync\.yaml$/m);
  assert.equal(again.length, whole.length);
});

test('a list that a user had before the cluster followed it is not taken over unasked', async () => {
  const folder = temporaryFolder();
  const file = await listed(folder);
  const mine = 'resources:\n  - dev/1_tenant.yaml\n';
  writeFileSync(file, mine);
  const { code, stderr } = await runHere([...ARGV, '--sync-config'], folder);
  assert.equal(code, 1);
  assert.match(stderr, /kustomization\.yaml/);
  assert.equal(readFileSync(file, 'utf8'), mine);
});
