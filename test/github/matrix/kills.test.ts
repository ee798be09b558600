import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { git } from '../bare.ts';
import { writeIn } from '../run.ts';
import { countCommits, type Scene, scenario } from '../scenario.ts';

const NAMES = ['flux-dev', 'flux-demo'];
const request = { topics: ['gitops'] };

/** Only our process, or it and all that it has started: the first leaves git at work. */
type Aim = 'process' | 'group';

function kill(child: ChildProcess, aim: Aim): void {
  try {
    process.kill(aim === 'group' ? -(child.pid ?? 0) : (child.pid ?? 0), 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

/** Starts a run and kills it around request number `at`; how many requests there were. */
async function killAt(
  scene: Scene,
  at: number,
  moment: 'before' | 'after',
  aim: Aim,
): Promise<number> {
  let count = 0;
  let child: ChildProcess | undefined;
  scene.standIn.watch = async (_, now) => {
    if (now === 'before') count += 1;
    if (now !== moment || count !== at || child === undefined) return;
    const closed = once(child, 'exit');
    kill(child, aim);
    await closed;
  };
  await scene.run({
    request,
    onStart: (started) => {
      child = started;
    },
  });
  scene.standIn.watch = () => undefined;
  return count;
}

/** Runs again: all is there exactly once; and once more: nothing is done. */
async function resume(scene: Scene): Promise<void> {
  const outcome = await scene.run({ request });
  assert.equal(outcome.code, 0, outcome.lines);
  assert.equal(scene.standIn.repos.length, NAMES.length);
  assert.ok(scene.standIn.creations <= NAMES.length, 'no repository was created twice');
  for (const { name, folder } of scene.estate.repos) {
    assert.equal(countCommits(scene.repo(name)), 1, `${name} has one commit`);
    assert.equal(
      git(scene.repo(name).folder, 'rev-parse', 'main'),
      git(folder, 'rev-parse', 'HEAD'),
    );
    assert.deepEqual(scene.repo(name).topics, ['gitops']);
  }
  const before = scene.standIn.seen.length;
  const last = await scene.run({ request });
  assert.equal(last.code, 0, last.lines);
  assert.ok(
    scene.standIn.seen.slice(before).every(({ line }) => line.startsWith('GET /api/')),
    'nothing is left to do',
  );
  assert.deepEqual(
    readdirSync(scene.estate.workspace).sort(),
    ['.flux-gitops-publish.json', ...NAMES].sort(),
  );
}

/** GET /user, 2 looks, 2 more, 2 creates, 2 pushes of 3 requests each, 2 topics. */
const REQUESTS = 15;

describe('killed at a request', { concurrency: 2 }, () => {
  scenario(
    'a run makes as many requests as there are kills below',
    async (scene) => {
      assert.equal(await killAt(scene, -1, 'before', 'process'), REQUESTS);
    },
    NAMES,
  );

  for (let at = 1; at <= REQUESTS; at += 1) {
    for (const moment of ['before', 'after'] as const) {
      const aim: Aim = (at + (moment === 'after' ? 1 : 0)) % 2 === 0 ? 'process' : 'group';
      scenario(
        `${moment} the effect of request ${at} (${aim})`,
        async (scene) => {
          await killAt(scene, at, moment, aim);
          await resume(scene);
        },
        NAMES,
      );
    }
  }
});

describe('killed at any time', { concurrency: 2 }, () => {
  // spread over a whole run, which takes 1 to 2 seconds on two cores
  for (let delay = 200; delay <= 1300; delay += 100) {
    const aim: Aim = (delay / 100) % 2 === 0 ? 'process' : 'group';
    scenario(
      `after ${delay} ms (${aim})`,
      async (scene) => {
        let child: ChildProcess | undefined;
        const run = scene.run({
          request,
          onStart: (started) => {
            child = started;
          },
        });
        await sleep(delay);
        if (child !== undefined) kill(child, aim);
        await run;
        await resume(scene);
      },
      NAMES,
    );
  }

  scenario(
    'five times in a row',
    async (scene) => {
      for (const at of [2, 6, 7, 9, 11])
        await killAt(scene, at, at % 2 === 0 ? 'before' : 'after', 'group');
      await resume(scene);
    },
    NAMES,
  );

  scenario(
    'after a create, and the API does not show it to the next run',
    async (scene) => {
      await killAt(scene, 6, 'after', 'group');
      scene.standIn.apiLag = 3;
      await resume(scene);
    },
    NAMES,
  );

  scenario(
    'before a create; then somebody else makes an empty repository of this name',
    async (scene) => {
      scene.standIn.faults.push({ on: /^POST \S+\/repos$/, when: 'before' });
      await killAt(scene, 6, 'before', 'group');
      scene.standIn.faults.length = 0;
      const owner = scene.standIn.findOwner('octo');
      assert.ok(owner);
      scene.standIn.addRepo(owner, 'flux-dev', { description: 'Not yours' });
      const outcome = await scene.run({ request });
      assert.equal(outcome.error?.code, 'EMPTY_NOT_OURS');
    },
    NAMES,
  );

  for (const at of [3, 6, 9, 10]) {
    scenario(
      `while a change is published, around request ${at}`,
      async (scene) => {
        await scene.run({ request });
        for (const { folder } of scene.estate.repos)
          writeIn(folder, 'dev/app.yaml', 'changed: true\n');
        await killAt(scene, at, 'before', 'group');
        const outcome = await scene.run({ request });
        assert.equal(outcome.code, 0, outcome.lines);
        for (const { name } of scene.estate.repos)
          assert.equal(countCommits(scene.repo(name)), 2, name);
      },
      NAMES,
    );
  }

  scenario(
    'while it commits a change, leaving a lock',
    async (scene) => {
      await scene.run({ request });
      const [first] = scene.estate.repos;
      assert.ok(first);
      writeIn(first.folder, 'dev/app.yaml', 'changed: true\n');
      writeIn(first.folder, '.git/index.lock', '');
      const journal = {
        version: 1,
        repos: { [first.name]: { target: `${scene.standIn.url}/octo`, committing: 999_999_999 } },
      };
      writeIn(scene.estate.workspace, '.flux-gitops-publish.json', JSON.stringify(journal));
      await sleep(1_100);
      const outcome = await scene.run({ request });
      assert.equal(outcome.code, 0, outcome.lines);
      assert.equal(countCommits(scene.repo('flux-dev')), 2);
    },
    NAMES,
  );
});
