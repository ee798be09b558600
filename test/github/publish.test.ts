import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import { git } from './bare.ts';
import { writeIn } from './run.ts';
import {
  assertPublished,
  assertRefused,
  assertUntouched,
  listFiles,
  scenario,
} from './scenario.ts';

const NAMES = ['flux-dev', 'flux-stage-prod', 'flux-demo'];

/** A first run, request by request: all looks, twice, all creates, all pushes, then the topics. */
const REQUESTS = [
  'GET /api/v3/user',
  ...NAMES.map((name) => `GET /api/v3/repos/octo/${name}`),
  ...NAMES.map((name) => `GET /api/v3/repos/octo/${name}`),
  ...NAMES.map(() => 'POST /api/v3/user/repos'),
  ...NAMES.flatMap((name) => [
    `GET /octo/${name}/info/refs`,
    `GET /octo/${name}/info/refs`,
    `POST /octo/${name}/git-receive-pack`,
  ]),
  ...NAMES.map((name) => `PUT /api/v3/repos/octo/${name}/topics`),
];

describe('publishing', { concurrency: 2 }, () => {
  scenario(
    'checks all, creates all, pushes all with the config repo last, and a second run changes nothing',
    async (scene) => {
      const request = { topics: ['gitops', 'Flux'] };
      const outcome = await scene.run({ request });
      assert.equal(outcome.code, 0, outcome.lines);
      const lines = scene.standIn.seen.map(({ line }) => line);
      // the looks go out together
      assert.deepEqual(lines.slice(0, 4).sort(), REQUESTS.slice(0, 4).sort());
      assert.deepEqual(lines.slice(4, 7).sort(), REQUESTS.slice(4, 7).sort());
      assert.deepEqual(lines.slice(7, 10), REQUESTS.slice(7, 10));
      // so do the pushes, but for the one of the config repo
      assert.deepEqual(lines.slice(10, 16).sort(), REQUESTS.slice(10, 16).sort());
      assert.deepEqual(lines.slice(16), REQUESTS.slice(16));
      assertPublished(scene);
      for (const { description, topics, name } of scene.standIn.repos) {
        assert.deepEqual([description, topics], [`The repo ${name}`, ['gitops', 'flux']]);
      }
      const journal = join(scene.estate.workspace, '.flux-gitops-publish.json');
      const before = [
        readFileSync(journal, 'utf8'),
        statSync(journal).mtimeMs,
        statSync(journal).mode & 0o777,
      ];
      const again = await scene.run({ request });
      assert.deepEqual(
        again.results.map(({ state, created, pushed }) => [state, created, pushed]),
        NAMES.map(() => ['same', false, undefined]),
      );
      assert.ok(
        scene.standIn.seen.slice(REQUESTS.length).every(({ line }) => line.startsWith('GET /api/')),
      );
      assert.deepEqual([readFileSync(journal, 'utf8'), statSync(journal).mtimeMs, 0o600], before);
    },
    NAMES,
  );

  scenario('one that is taken: nothing is created, and it is named', async (scene) => {
    const owner = scene.standIn.findOwner('octo');
    assert.ok(owner);
    scene.standIn.addRepo(owner, 'flux-demo');
    const outcome = await scene.run();
    assertRefused(outcome, 'EMPTY_NOT_OURS', /octo\/flux-demo already exists and is empty/);
    assertUntouched(scene, outcome);
  });

  scenario('a lost answer to a create, then a second run', async (scene) => {
    const fault = { on: /^POST \S+\/repos$/, when: 'after' as const, times: 1 };
    scene.standIn.faults.push(fault);
    assert.equal((await scene.run()).code, 0);
    assertPublished(scene);
  });

  scenario('a tenant: only the files that were written, in both repositories', async (scene) => {
    await scene.run();
    for (const [index, repo] of scene.estate.repos.entries()) {
      const files = ['qa/1_tenant.yaml', 'qa/2_sync.yaml'];
      for (const file of files) writeIn(repo.folder, file, 'kind: Namespace\n');
      writeIn(repo.folder, 'README.md', 'edited by hand\n');
      scene.estate.repos[index] = { ...repo, files };
    }
    const outcome = await scene.run();
    assert.equal(outcome.code, 0, outcome.lines);
    assert.match(outcome.lines, /flux-dev: 100%\n> pushed octo\/flux-dev@main [0-9a-f]{7}\n/);
    for (const { name } of scene.estate.repos) {
      const files = [
        '.yo-rc.json',
        'README.md',
        'dev/app.yaml',
        'qa/1_tenant.yaml',
        'qa/2_sync.yaml',
      ];
      assert.deepEqual(listFiles(scene.repo(name)), files);
      const readme = git(scene.repo(name).folder, 'show', 'main:README.md');
      assert.equal(readme, `# ${name} README.md\n`, 'what was edited by hand is not committed');
    }
    assert.equal(scene.standIn.creations, 2);
  });
});
