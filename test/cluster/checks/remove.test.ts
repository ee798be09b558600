import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { apply, check, commitOf } from '../check.ts';
import { fluxGitopsWith, killAndResume, type Outcome } from '../command.ts';
import { configPath, type Estate, namespaceOf } from '../estate.ts';
import { applied, versionsIn } from '../expect.ts';
import { get, kubectl } from '../kube.ts';

const remove = (estate: Estate, ...args: string[]): Promise<Outcome> =>
  fluxGitopsWith(estate.cluster, ['remove', ...args, '--into', configPath(estate)]);

async function assertGone(estate: Estate, env: string): Promise<void> {
  const name = namespaceOf(estate, env);
  assert.equal(
    await get(estate.cluster, 'Namespace', undefined, name),
    undefined,
    `${name} is gone`,
  );
}

check('remove --live removes one environment and changes no object of another', async (fresh) => {
  const { estate } = fresh;
  await apply(estate, 'dev', 'stage');
  for (const env of ['dev', 'stage']) await applied(estate, env, commitOf(fresh, env));
  const before = await versionsIn(estate, 'stage');
  const start = Date.now();
  const { code, stderr } = await remove(estate, 'dev', '--live');
  assert.equal(code, 0, stderr);
  assert.ok(Date.now() - start < 60_000, `it took ${Date.now() - start} ms`);
  await assertGone(estate, 'dev');
  assert.equal(await versionsIn(estate, 'stage'), before);
  assert.ok(!existsSync(configPath(estate, 'dev')));
  const again = await remove(estate, 'dev', '--live');
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stderr, /is not on the cluster/);
});

check(
  'remove --live that is killed before any step ends in the same place when it runs again',
  async (fresh) => {
    const { estate } = fresh;
    await apply(estate, 'dev', 'stage');
    for (const env of ['dev', 'stage']) await applied(estate, env, commitOf(fresh, env));
    const others = await versionsIn(estate, 'stage');
    const args = ['remove', 'dev', '--live', '--into', configPath(estate)];
    await killAndResume(estate.cluster, args);
    await assertGone(estate, 'dev');
    assert.equal(await versionsIn(estate, 'stage'), others);
  },
);

check('remove --live refuses a namespace that is not the tenant', async (fresh) => {
  const { estate } = fresh;
  const namespace = `${estate.prefix}-else`;
  await kubectl(estate.cluster, ['create', 'namespace', namespace]);
  const { code, stderr } = await remove(estate, 'else', '--live');
  assert.equal(code, 1, stderr);
  assert.match(stderr, /has no label toolkit\.fluxcd\.io\/tenant/);
  const found = await get(estate.cluster, 'Namespace', undefined, namespace);
  assert.equal(found?.metadata.deletionTimestamp, undefined);
  await kubectl(estate.cluster, ['delete', 'namespace', namespace, '--wait=false']);
});
