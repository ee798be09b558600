import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe } from 'node:test';
import { type CredentialsDesk, credentialsTest } from '../credentials-desk.ts';
import { assertRotated, giveOldKey, WRITE } from '../rotation.ts';
import type { Watch } from '../world.ts';

const ROTATE = ['stage', '--rotate', '--live'];

/** The writes of a rotation: keep the new key, register it, hand it over twice, ask Flux twice, remove, forget twice. */
const WRITES = 8;

/** Rotates, and kills the command around write number `at`; how many writes there were. */
async function killAt(
  { run, github, cluster }: CredentialsDesk,
  at: number,
  moment: 'before' | 'after',
  what = WRITE,
): Promise<number> {
  let count = 0;
  let child: ChildProcess | undefined;
  const watch: Watch = async (line, now) => {
    if (!what.test(line)) return;
    if (now === 'before') count += 1;
    if (now !== moment || count !== at || child === undefined) return;
    const closed = once(child, 'exit');
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // it has ended by itself
    }
    await closed;
  };
  Object.assign(github, { watch });
  Object.assign(cluster, { watch });
  await run(ROTATE, {
    onStart: (started) => {
      child = started;
    },
  });
  Object.assign(github, { watch: () => undefined });
  Object.assign(cluster, { watch: () => undefined });
  return count;
}

/** Runs again: the rotation ends. */
async function resume(desk: CredentialsDesk, old: string): Promise<void> {
  const { code, stderr } = await desk.run(ROTATE);
  assert.equal(code, 0, stderr);
  assertRotated(desk, old);
}

describe('a rotation that is killed', { concurrency: 2 }, () => {
  credentialsTest('it writes as often as there are kills below', async (desk) => {
    const old = giveOldKey(desk);
    assert.equal(await killAt(desk, -1, 'before'), WRITES);
    assertRotated(desk, old);
  });

  for (let at = 1; at <= WRITES; at += 1)
    for (const moment of ['before', 'after'] as const)
      credentialsTest(`${moment} the effect of write ${at}`, async (desk) => {
        const old = giveOldKey(desk);
        await killAt(desk, at, moment);
        await resume(desk, old);
      });

  for (const at of [3, 9, 14, 20, 26])
    credentialsTest(`at turn ${at} of all`, async (desk) => {
      const old = giveOldKey(desk);
      await killAt(desk, at, 'before', /./);
      await resume(desk, old);
    });

  credentialsTest('at every write in a row', async (desk) => {
    const old = giveOldKey(desk);
    for (let at = 1; at <= 3; at += 1)
      for (const moment of ['before', 'after'] as const) await killAt(desk, at, moment);
    const { code, stderr } = await desk.run(ROTATE);
    assert.equal(code, 0, stderr);
    assertRotated(desk, old);
  });

  credentialsTest('a first hand-over, at every write', async (desk) => {
    const { run, github, cluster } = desk;
    for (let at = 1; at <= 4; at += 1) {
      let child: ChildProcess | undefined;
      let count = 0;
      const watch: Watch = async (line, moment) => {
        if (!WRITE.test(line) || moment !== 'after') return;
        count += 1;
        if (count !== 1 || !child) return;
        const closed = once(child, 'exit');
        process.kill(-(child.pid ?? 0), 'SIGKILL');
        await closed;
      };
      Object.assign(github, { watch });
      Object.assign(cluster, { watch });
      const onStart = (started: ChildProcess): void => {
        child = started;
      };
      await run(['stage', '--live', '--publish'], { onStart });
    }
    Object.assign(github, { watch: () => undefined });
    Object.assign(cluster, { watch: () => undefined });
    const { code, stderr } = await run(['stage', '--live', '--publish']);
    assert.equal(code, 0, stderr);
    assert.equal(github.deployKeys.length, 1, 'no key is registered twice');
    for (const namespace of ['fluxdemo-stage', 'fluxdemo-prod'])
      assert.equal(cluster.keyOf(namespace, 'flux-stage-prod'), github.deployKeys[0]?.key);
  });
});

describe('a rotation with faults', { concurrency: 2 }, () => {
  const KEYS = /^(POST|DELETE) \S+\/keys/;
  for (const [name, fault] of Object.entries({
    'the answer to the registration is lost': { on: /^POST \S+keys/, when: 'after', times: 1 },
    'the registration is cut off': { on: /^POST \S+keys/, when: 'before', times: 1 },
    'the registration fails twice': { on: /^POST \S+keys/, when: 'before', times: 2, status: 502 },
    'the answer to the removal is lost': { on: /^DELETE/, when: 'after', times: 1 },
    'the list fails once': { on: /^GET \S+keys/, when: 'before', times: 1, status: 500 },
    'GitHub asks to slow down': {
      on: KEYS,
      when: 'before',
      times: 1,
      status: 403,
      headers: { 'retry-after': '1' },
      body: { message: 'You have exceeded a secondary rate limit.' },
    },
  } as const))
    credentialsTest(`it survives that ${name}`, async (desk) => {
      const old = giveOldKey(desk);
      desk.github.faults.push({ ...fault });
      await resume(desk, old);
    });

  credentialsTest('GitHub refuses the key: nothing is handed over', async (desk) => {
    const old = giveOldKey(desk);
    desk.github.policy.deployKeys = false;
    const { code, stderr } = await desk.run(ROTATE);
    assert.equal(code, 1);
    assert.match(stderr, /octo does not allow deploy keys for octo\/flux-stage-prod: .*disabled/);
    assert.match(stderr, /An owner of the organization can allow them/);
    assert.equal(desk.cluster.keyOf('fluxdemo-stage', 'flux-stage-prod'), old);
    desk.github.policy.deployKeys = true;
    await resume(desk, old);
  });

  credentialsTest('kubectl fails at any write: the next run continues', async (desk) => {
    const old = giveOldKey(desk);
    for (let at = 1; at <= 3; at += 1) {
      let count = 0;
      desk.cluster.fault = (line) => {
        if (!/apply|annotate gitrep/.test(line)) return undefined;
        count += 1;
        return count === 2
          ? 'error: the server is currently unable to handle the request'
          : undefined;
      };
      const { code, stderr } = await desk.run(ROTATE);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /kubectl: the server is currently unable/);
      if (at === 1) assert.ok(desk.github.deployKeys.some(({ key }) => key === old));
    }
    desk.cluster.fault = () => undefined;
    await resume(desk, old);
  });

  credentialsTest(
    'a key with another title stays on GitHub, and the user reads it',
    async (desk) => {
      const old = giveOldKey(desk);
      for (const key of desk.github.deployKeys) key.title = 'made by hand';
      const { code, stderr } = await desk.run(ROTATE);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /has the title "made by hand", so it stays on GitHub/);
      assert.ok(desk.github.deployKeys.some(({ key }) => key === old));
    },
  );

  credentialsTest(
    'another run changed the Secret meanwhile: it is not overwritten',
    async (desk) => {
      giveOldKey(desk);
      let done = false;
      desk.cluster.watch = (line, moment) => {
        if (done || moment !== 'before' || !line.startsWith('kubectl apply')) return;
        done = true;
        for (const secret of desk.cluster.secrets.values()) secret.metadata.resourceVersion = '999';
      };
      const { code, stderr } = await desk.run(ROTATE);
      assert.equal(code, 1);
      assert.match(stderr, /Operation cannot be fulfilled/);
    },
  );

  credentialsTest('an environment without a namespace: nothing is changed', async (desk) => {
    giveOldKey(desk);
    desk.cluster.namespaces.delete('fluxdemo-prod');
    const { code, stderr } = await desk.run(ROTATE);
    assert.equal(code, 1);
    assert.match(stderr, /does not have the namespace fluxdemo-prod/);
    assert.match(stderr, /kubectl apply -f prod\/1_tenant\.yaml/);
    assert.ok(!desk.cluster.calls.some((line) => WRITE.test(line)));
  });

  credentialsTest('another cluster than the last time is refused', async (desk) => {
    giveOldKey(desk);
    const { execFileSync } = await import('node:child_process');
    execFileSync('git', ['init', '--quiet', `${desk.folder}/flux-demo`]);
    assert.equal((await desk.run(ROTATE)).code, 0);
    desk.cluster.context = 'prod-cluster';
    const { code, stderr } = await desk.run(ROTATE);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /current context of kubectl is prod-cluster, but the last command .* kind-test/,
    );
    assert.equal((await desk.run([...ROTATE, '--context', 'prod-cluster'])).code, 0);
  });
});
