import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Outcome, writeIn } from '../run.ts';
import { assertPublished, countCommits, type Scene, scenario } from '../scenario.ts';

const MANY = Array.from({ length: 14 }, (_, index) => `flux-${index}`);

/** A git on PATH that notes when it begins and ends. */
function noteGits({ estate }: Scene): { env: Record<string, string>; most: () => number } {
  const log = join(estate.home, 'gits');
  const script = `#!/bin/sh
echo + >> '${log}'
PATH='${process.env.PATH}' git "$@"
code=$?
echo - >> '${log}'
exit $code
`;
  writeIn(estate.home, 'bin/git', script);
  chmodSync(join(estate.home, 'bin/git'), 0o755);
  const most = () => {
    let [now, highest] = [0, 0];
    for (const line of readFileSync(log, 'utf8').trim().split('\n')) {
      now += line === '+' ? 1 : -1;
      highest = Math.max(highest, now);
    }
    return highest;
  };
  return { env: { PATH: `${join(estate.home, 'bin')}:${process.env.PATH}` }, most };
}

describe('many at once', { concurrency: 1 }, () => {
  scenario(
    'many repositories: at most four gits and eight requests at once, and more than one',
    async (scene) => {
      let [now, highest] = [0, 0];
      scene.standIn.watch = async (line, moment) => {
        if (!line.includes('/api/')) return;
        now += moment === 'before' ? 1 : -1;
        highest = Math.max(highest, now);
        if (moment === 'before') await sleep(20);
      };
      const gits = noteGits(scene);
      const first = await scene.run({ env: gits.env });
      assert.equal(first.code, 0, first.lines);
      const again = await scene.run({ env: gits.env });
      assert.equal(again.code, 0, again.lines);
      assertPublished(scene);
      assert.ok(gits.most() > 1 && gits.most() <= 4, `${gits.most()} gits`);
      assert.ok(highest > 1 && highest <= 8, `${highest} requests`);
    },
    MANY,
  );

  scenario('two runs of one estate at once: each repository once, no raw error', async (scene) => {
    let second: Promise<Outcome> | undefined;
    scene.standIn.watch = async (line, moment) => {
      if (second !== undefined || moment !== 'before' || !line.startsWith('POST ')) return;
      // The first run holds the lock now. Its answer comes when the second one waits for the lock.
      await new Promise<void>((waits) => {
        second = scene.run({
          onStart: ({ stderr }) =>
            stderr
              ?.on('data', (text: string) => text.includes('Waiting for another run') && waits())
              .on('close', () => waits()),
        });
      });
    };
    const outcomes = [await scene.run(), await second];
    for (const outcome of outcomes) assert.equal(outcome?.code, 0, outcome?.lines);
    assertPublished(scene);
    assert.match(outcomes[1]?.lines ?? '', /Waiting for another run: process \d+ on/);
    assert.ok(!existsSync(join(scene.estate.workspace, '.flux-gitops.lock')));
  });

  scenario(
    'two runs for different repositories of one folder at once: no entry of the journal is lost',
    async (scene) => {
      const all = [...scene.estate.repos];
      const halves = [all.slice(0, 2), all.slice(2)];
      const runs = halves.map((half) => {
        scene.estate.repos.splice(0, all.length, ...half);
        return scene.run();
      });
      for (const { code, lines } of await Promise.all(runs)) assert.equal(code, 0, lines);
      scene.estate.repos.splice(0, all.length, ...all);
      const file = join(scene.estate.workspace, '.flux-gitops-publish.json');
      const { repos } = JSON.parse(readFileSync(file, 'utf8')) as { repos: Record<string, object> };
      assert.deepEqual(Object.keys(repos), all.map(({ name }) => name).sort());
      for (const { name } of all) assert.equal(countCommits(scene.repo(name)), 1);
    },
    ['flux-a', 'flux-b', 'flux-c', 'flux-demo'],
  );

  scenario('a long wait is a few lines', async (scene) => {
    scene.standIn.faults.push({
      on: /^POST \S+\/user\/repos$/,
      when: 'before',
      times: 1,
      status: 403,
      headers: { 'retry-after': '120' },
      body: { message: 'You have exceeded a secondary rate limit.' },
    });
    const outcome = await scene.run({ second: 10 });
    assert.equal(outcome.code, 0, outcome.lines);
    const waits = [...outcome.lines.matchAll(/waiting (\d+) s/g)].map(([, seconds]) => seconds);
    assert.deepEqual(waits, ['120', '90', '60', '30']);
  });
});
