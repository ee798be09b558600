import assert from 'node:assert/strict';
import { apply, check, commitOf } from '../check.ts';
import { fluxGitops } from '../command.ts';
import { configPath, type Estate, namespaceOf } from '../estate.ts';
import { applied, explain } from '../expect.ts';
import { get, kubectl, list } from '../kube.ts';
import { runInConfigRepo } from '../readme.ts';
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

/** The commands that `remove` prints for those who do it by hand. */
async function removalByHand(estate: Estate, env: string): Promise<string[]> {
  const printed = await fluxGitops(['remove', env, '--into', configPath(estate), '--json']);
  const { next } = JSON.parse(printed) as { next: { or?: { commands: string[] } }[] };
  return (next[0]?.or?.commands ?? []).filter((line) => line.startsWith('kubectl'));
}

check('removal by hand, in the printed order, leaves no object and no finalizer', async (fresh) => {
  const { estate } = fresh;
  await apply(estate, 'dev');
  await applied(estate, 'dev', commitOf(fresh, 'dev'));
  const namespace = namespaceOf(estate, 'dev');
  const commands = await removalByHand(estate, 'dev');
  const last = commands.pop() ?? '';
  assert.equal(commands.length, 2);
  for (const command of commands) await runInConfigRepo(estate, command);
  assert.deepEqual(await list(estate.cluster, 'Kustomization', namespace), []);
  for (const kind of ['Deployment', 'Service']) {
    await until(`every ${kind} of dev is gone before its namespace`, 30_000, async () => {
      const left = await list(estate.cluster, kind, namespace);
      return left.length === 0 ? { ok: true } : { seen: left.map((o) => o.metadata.name).join() };
    });
  }
  await runInConfigRepo(estate, last);
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
