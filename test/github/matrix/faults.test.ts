import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Fault } from '../faults.ts';
import {
  assertPublished,
  assertRefused,
  assertUntouched,
  countCommits,
  scenario,
} from '../scenario.ts';
import { StandIn } from '../stand-in.ts';

/** An address that nobody listens at. */
async function closedAddress(): Promise<string> {
  const standIn = await new StandIn().open();
  const { url } = standIn;
  await standIn.close();
  return url;
}

const CREATE = /^POST \S+\/user\/repos$/;
const LOOK = /^GET \S+\/repos\/octo\/flux-dev$/;
const REFS = /^GET \/octo\/flux-dev\/info\/refs$/;
const RECEIVE = /^POST \/octo\/flux-dev\/git-receive-pack$/;
const secondary = {
  message:
    'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
};

/** Faults that a run gets over by itself. */
const SURVIVED: Record<string, { fault?: Fault; apiLag?: number; gitLag?: number; line?: RegExp }> =
  {
    'the answer to a create is lost after its effect': {
      fault: { on: CREATE, when: 'after', times: 1 },
    },
    'the answers to two creates are lost after their effect': {
      fault: { on: CREATE, when: 'after', times: 2 },
    },
    'the request to create is lost before its effect': {
      fault: { on: CREATE, when: 'before', times: 1 },
    },
    'a create answers 502 after its effect': {
      fault: { on: CREATE, when: 'after', times: 1, status: 502 },
    },
    'a create answers 500 before its effect': {
      fault: { on: CREATE, when: 'before', times: 1, status: 500 },
    },
    'a look answers 502 twice': { fault: { on: LOOK, when: 'before', times: 2, status: 502 } },
    'the sign-in is cut off once': { fault: { on: /GET \S+\/user$/, when: 'before', times: 1 } },
    'the secondary rate limit is waited out': {
      fault: {
        on: CREATE,
        when: 'before',
        times: 1,
        status: 403,
        headers: { 'retry-after': '3' },
        body: secondary,
      },
      line: /waiting 3 s: GitHub asks for fewer requests/,
    },
    '429 with retry-after and no known words is waited out': {
      fault: {
        on: CREATE,
        when: 'before',
        times: 1,
        status: 429,
        headers: { 'retry-after': '2' },
        body: { message: 'Slow' },
      },
      line: /waiting 2 s: GitHub asks for fewer requests/,
    },
    'git does not know the new repository for a while': {
      gitLag: 6,
      line: /waiting 1 s: octo\/flux-dev exists, but git cannot find it on \S+ yet/,
    },
    'the push answers 502 before its effect': {
      fault: { on: RECEIVE, when: 'before', times: 1, status: 502 },
    },
    'the push is cut off before its effect': { fault: { on: RECEIVE, when: 'before', times: 1 } },
    'the push lands and its answer is lost': { fault: { on: RECEIVE, when: 'after', times: 1 } },
    'git answers 503 to the first request of the push': {
      fault: { on: REFS, when: 'before', times: 2, status: 503 },
    },
    'git answers 429 to the first request of the push': {
      fault: { on: REFS, when: 'before', times: 1, status: 429 },
    },
  };

describe('faults that are survived', { concurrency: 2 }, () => {
  for (const [name, { fault, apiLag = 0, gitLag = 0, line }] of Object.entries(SURVIVED)) {
    scenario(name, async (scene) => {
      if (fault !== undefined) scene.standIn.faults.push({ ...fault });
      Object.assign(scene.standIn, { apiLag, gitLag });
      const outcome = await scene.run({ second: line === undefined ? 5 : 50 });
      assert.equal(outcome.code, 0, outcome.lines);
      if (line !== undefined) assert.match(outcome.lines, line);
      scene.standIn.faults.length = 0;
      for (const { name: repo } of scene.estate.repos)
        assert.equal(countCommits(scene.repo(repo)), 1);
      assert.equal(scene.standIn.repos.length, 2);
      assert.equal((await scene.run()).code, 0);
    });
  }

  scenario(
    'the answer to a create is lost, and the API does not show it for a while',
    async (scene) => {
      scene.standIn.faults.push({ on: CREATE, when: 'after', times: 1 });
      scene.standIn.watch = (line, moment) => {
        if (moment === 'after' && CREATE.test(line) && scene.standIn.repos.length === 1)
          scene.standIn.apiLag = 3;
      };
      const outcome = await scene.run();
      assert.equal(outcome.code, 0, outcome.lines);
      assert.equal(scene.standIn.repos.length, 2);
    },
  );

  scenario('topics that GitHub refuses are a warning, not an end', async (scene) => {
    scene.standIn.faults.push({
      on: /topics/,
      when: 'before',
      status: 403,
      body: { message: 'Forbidden' },
    });
    const outcome = await scene.run({ request: { topics: ['gitops'] } });
    assert.equal(outcome.code, 0, outcome.lines);
    assert.match(
      outcome.lines,
      /! octo\/flux-dev: .*refused to set the topics of octo\/flux-dev: Forbidden/,
    );
    assertPublished(scene);
    scene.standIn.faults.length = 0;
    await scene.run({ request: { topics: ['gitops'] } });
    assert.deepEqual(
      scene.standIn.repos.map(({ topics }) => topics),
      [['gitops'], ['gitops']],
      'the next run sets them',
    );
  });
});

describe('faults that end the run', { concurrency: 2 }, () => {
  scenario('the quota is used up: when it resets', async (scene) => {
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '4102444800' };
    scene.standIn.faults.push({
      on: /user$/,
      when: 'before',
      status: 403,
      headers,
      body: { message: 'API rate limit exceeded' },
    });
    const outcome = await scene.run();
    assertRefused(outcome, 'RATE_LIMIT', /resets at 2100-01-01T00:00:00\.000Z/);
    assertUntouched(scene, outcome);
  });

  scenario('the secondary rate limit does not end', async (scene) => {
    scene.standIn.faults.push({
      on: CREATE,
      when: 'before',
      status: 403,
      headers: { 'retry-after': '1' },
      body: secondary,
    });
    const outcome = await scene.run();
    assertRefused(outcome, 'SECONDARY_LIMIT', /asks for fewer requests/, /Wait 1 seconds/);
    const tries = scene.standIn.seen.filter(({ line }) => CREATE.test(line));
    assert.equal(tries.length, 3, 'two waits, no more');
  });

  scenario('the secondary rate limit asks for an hour: told at once', async (scene) => {
    scene.standIn.faults.push({
      on: CREATE,
      when: 'before',
      status: 403,
      headers: { 'retry-after': '3600' },
      body: secondary,
    });
    assertRefused(await scene.run(), 'SECONDARY_LIMIT', /Wait 3600 seconds/);
    assert.equal(scene.standIn.seen.filter(({ line }) => CREATE.test(line)).length, 1);
  });

  scenario('502 for ever', async (scene) => {
    scene.standIn.faults.push({ on: LOOK, when: 'before', status: 502 });
    const outcome = await scene.run();
    assertRefused(outcome, 'GITHUB_5XX', /HTTP 502/, /octo\/flux-dev/);
    assertUntouched(scene, outcome);
  });

  scenario('creates fail for ever: what was and was not made', async (scene) => {
    scene.standIn.faults.push({ on: CREATE, when: 'before', status: 500, skip: 1 });
    const outcome = await scene.run();
    assertRefused(
      outcome,
      'GITHUB_5XX',
      /octo\/flux-demo/,
      /Created by this run: octo\/flux-dev\./,
    );
    scene.standIn.faults.length = 0;
    assert.equal((await scene.run()).code, 0);
    assertPublished(scene);
  });

  scenario('nobody listens', async (scene) => {
    const outcome = await scene.run({ request: { githubUrl: await closedAddress() } });
    assertRefused(
      outcome,
      'NETWORK',
      /There is no connection to 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/,
      /NODE_USE_ENV_PROXY=1/,
    );
  });

  scenario('no such host', async (scene) => {
    const outcome = await scene.run({ request: { githubUrl: 'https://github.invalid' } });
    assertRefused(outcome, 'DNS', /host github\.invalid cannot be found/, /--github-url/);
  });

  scenario('a host without the API', async (scene) => {
    scene.standIn.faults.push({ on: /user$/, when: 'before', status: 404, body: 'Not here' });
    assertRefused(
      await scene.run(),
      'NOT_GITHUB',
      /does not answer like GitHub \(HTTP 404\)/,
      /\/api\/v3/,
    );
  });

  scenario('a host with a page for everything', async (scene) => {
    scene.standIn.faults.push({
      on: /user$/,
      when: 'before',
      status: 200,
      body: '<html>Welcome</html>',
    });
    assertRefused(await scene.run(), 'NOT_GITHUB', /not JSON of the GitHub API/);
  });

  scenario('git does not know the new repository for too long', async (scene) => {
    scene.standIn.gitLag = 1000;
    const outcome = await scene.run();
    assertRefused(
      outcome,
      'PUSH_404',
      /octo\/flux-dev exists, but git cannot find it on \S+ yet/,
      /Created by this run: octo\/flux-dev, octo\/flux-demo/,
    );
    scene.standIn.gitLag = 0;
    assert.equal((await scene.run()).code, 0);
    assertPublished(scene);
  });

  scenario('somebody creates the repository between our look and our request', async (scene) => {
    scene.standIn.watch = (line, moment) => {
      const owner = scene.standIn.findOwner('octo');
      if (
        moment !== 'before' ||
        !CREATE.test(line) ||
        owner === undefined ||
        scene.standIn.repos.length > 0
      )
        return;
      scene.standIn.addRepo(owner, 'flux-dev', { description: 'Mine' });
    };
    const outcome = await scene.run();
    assertRefused(outcome, 'EMPTY_NOT_OURS', /octo\/flux-dev already exists and is empty/);
    assert.equal(scene.standIn.repos.length, 1);
  });
});
