import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { age } from '../../aged.ts';
import type { Outcome } from '../../sandbox.ts';
import { branches, git, plainGit } from '../bare.ts';
import { type Desk, openDesk } from '../command.ts';
import { findLeaks } from '../scenario.ts';

const BRANCH = 'flux-gitops-update';
const UPDATE = ['update', '--publish', '--pull-request', '--yes'];

type Scene = Desk & {
  readonly config: string;
  readonly update: (...flags: string[]) => Promise<Outcome>;
  readonly headOf: (repo: string, branch: string) => string | undefined;
};

/** git as a user runs it in a clone. */
const inClone = (folder: string, ...words: string[]): string =>
  execFileSync(
    'git',
    ['-C', folder, '-c', 'user.name=U', '-c', 'user.email=u@example.com', ...words],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: plainGit,
    },
  );

/** A published estate of an older version: one app repo and the config repo have something to update. */
async function published(): Promise<Scene> {
  const desk = await openDesk();
  const { standIn, folder, run } = desk;
  const first = await run(['--publish', '--yes']);
  assert.equal(first.code, 0, first.stderr);
  const config = join(folder, 'flux-demo');
  const repos = [
    [config, 'policies/events.yaml'],
    [join(folder, 'flux-dev'), 'README.md'],
  ] as const;
  for (const [repo, path] of repos) {
    age(repo, path, (text) =>
      text.replaceAll('3072', '9999').replace('## Troubleshooting', '## Help'),
    );
    inClone(repo, 'commit', '--quiet', '--all', '--message', 'An older version');
    const [, name = ''] = /([^/]+)$/.exec(repo) ?? [];
    inClone(repo, 'push', '--quiet', join(standIn.root, 'octo', `${name}.git`), 'main');
    inClone(repo, 'update-ref', 'refs/remotes/origin/main', 'HEAD');
  }
  const update = (...flags: string[]): Promise<Outcome> =>
    run([...UPDATE, ...flags], { cwd: config, recorded: true });
  const headOf = (repo: string, branch: string): string | undefined =>
    branches(standIn.findRepo('octo', repo)?.folder ?? '').find(({ name }) => name === branch)?.sha;
  return { ...desk, config, update, headOf };
}

/** That nothing is undocumented, and no token can be read anywhere. */
function assertClean({ standIn, folder }: Desk, ...outcomes: Outcome[]): void {
  assert.deepEqual(standIn.violations, []);
  const printed = outcomes.map(({ stdout, stderr }) => stdout + stderr).join('\n');
  assert.deepEqual(findLeaks(standIn.access.token, printed, folder), []);
}

describe('an update as a branch', { concurrency: 2 }, () => {
  test('is pushed beside the branch that Flux follows, with a pull request where something changed', async () => {
    const scene = await published();
    const before = ['flux-demo', 'flux-dev', 'flux-stage-prod'].map((name) =>
      scene.headOf(name, 'main'),
    );
    const outcome = await scene.update();
    assert.equal(outcome.code, 0, outcome.stderr);
    const after = ['flux-demo', 'flux-dev', 'flux-stage-prod'].map((name) =>
      scene.headOf(name, 'main'),
    );
    assert.deepEqual(after, before, 'main is as it was');
    assert.deepEqual(
      scene.standIn.pulls.map(({ repo, head, base, title }) => [repo.name, head, base, title]),
      [
        ['flux-dev', BRANCH, 'main', 'Update to generator-flux-gitops 0.2.0'],
        ['flux-demo', BRANCH, 'main', 'Update to generator-flux-gitops 0.2.0'],
      ],
    );
    assert.match(
      scene.standIn.pulls[1]?.body ?? '',
      /policies\/events\.yaml` \(changed\)\n {2}- This Event is too large/,
    );
    assert.equal(scene.headOf('flux-stage-prod', BRANCH), undefined);
    assert.equal(
      inClone(scene.config, 'rev-parse', BRANCH).trim(),
      scene.headOf('flux-demo', BRANCH),
    );
    assert.equal(inClone(scene.config, 'status', '--porcelain'), '');
    assert.match(
      outcome.stderr,
      /Review and merge the pull requests, in this order: \S+flux-dev\/pull\/1 \S+flux-demo\/pull\/2/,
    );
    const again = await scene.update('--json');
    assert.equal(again.code, 0, again.stderr);
    assert.equal(scene.standIn.pulls.length, 2, 'no second pull request');
    const { published: results } = JSON.parse(again.stdout);
    assert.deepEqual(
      results.map(({ pullRequest, pushed }: { pullRequest?: string; pushed?: string }) => [
        pullRequest?.replace(/.*octo/, ''),
        pushed,
      ]),
      [
        ['/flux-dev/pull/1', undefined],
        [undefined, undefined],
        ['/flux-demo/pull/2', undefined],
      ],
    );
    assertClean(scene, outcome, again);
  });

  test('grows with a later update, and starts again after it was merged', async () => {
    const scene = await published();
    assert.equal((await scene.update()).code, 0);
    const first = scene.headOf('flux-demo', BRANCH);
    age(scene.config, 'policies/status.yaml', (text) => text.replace('Fail', 'Ignore'));
    inClone(scene.config, 'commit', '--quiet', '--all', '--message', 'More of an older version');
    const second = await scene.update();
    assert.equal(second.code, 0, second.stderr);
    const bare = scene.standIn.findRepo('octo', 'flux-demo')?.folder ?? '';
    assert.equal(git(bare, 'merge-base', BRANCH, first ?? '').trim(), first, 'it grew');
    assert.equal(scene.standIn.pulls.length, 2);
    // The pull request is merged without a merge commit.
    git(bare, 'update-ref', 'refs/heads/main', BRANCH);
    for (const pull of scene.standIn.pulls) pull.state = 'closed';
    inClone(scene.config, 'switch', '--quiet', 'main');
    inClone(scene.config, 'merge', '--quiet', BRANCH);
    age(scene.config, 'policies/status.yaml', (text) => text.replace('Fail', 'Ignore'));
    inClone(scene.config, 'commit', '--quiet', '--all', '--message', 'An older version again');
    const third = await scene.update();
    assert.equal(third.code, 0, third.stderr);
    assert.equal(scene.standIn.pulls.filter(({ repo }) => repo.name === 'flux-demo').length, 2);
    assertClean(scene, second, third);
  });

  test('is refused before anything is written where the branch has other commits', async () => {
    const scene = await published();
    const bare = scene.standIn.findRepo('octo', 'flux-demo')?.folder ?? '';
    const who = ['-c', 'user.name=E', '-c', 'user.email=e@example.com'];
    const tree = git(bare, 'rev-parse', 'main^{tree}').trim();
    const theirs = git(bare, ...who, 'commit-tree', tree, '-p', 'main', '-m', 'Theirs').trim();
    git(bare, 'update-ref', `refs/heads/${BRANCH}`, theirs);
    const outcome = await scene.update();
    assert.equal(outcome.code, 1);
    assert.match(outcome.stderr, /octo\/flux-demo already has a branch flux-gitops-update/);
    assert.match(outcome.stderr, /No file was written/);
    assert.equal(scene.headOf('flux-demo', BRANCH), theirs);
    assert.equal(inClone(scene.config, 'status', '--porcelain'), '');
    // The user goes on from that branch.
    inClone(scene.config, 'fetch', '--quiet', bare, `${BRANCH}:${BRANCH}`);
    inClone(scene.config, 'switch', '--quiet', BRANCH);
    const second = await scene.update();
    assert.equal(second.code, 0, second.stderr);
    assert.equal(git(bare, 'merge-base', BRANCH, theirs).trim(), theirs);
    assertClean(scene, outcome, second);
  });

  test('is refused on another branch, in a folder that is not published, and behind GitHub', async () => {
    const scene = await published();
    inClone(scene.config, 'switch', '--quiet', '--create', 'topic');
    const other = await scene.update();
    assert.match(other.stderr, /is on the branch topic, not on the branch main/);
    assert.doesNotMatch(other.stderr, /--branch|\?/);
    inClone(scene.config, 'switch', '--quiet', 'main');
    const bare = scene.standIn.findRepo('octo', 'flux-demo')?.folder ?? '';
    const who = ['-c', 'user.name=E', '-c', 'user.email=e@example.com'];
    const tree = git(bare, 'rev-parse', 'main^{tree}').trim();
    const newer = git(bare, ...who, 'commit-tree', tree, '-p', 'main', '-m', 'Newer').trim();
    git(bare, 'update-ref', 'refs/heads/main', newer);
    const old = await scene.update();
    assert.match(
      old.stderr,
      /has commits that this folder does not have[\s\S]*pull --rebase --autostash origin main/,
    );
    const empty = await openDesk();
    assert.equal((await empty.run(['--yes', '--owner', 'octo'])).code, 0);
    const never = await empty.run(UPDATE, { cwd: join(empty.folder, 'flux-demo'), recorded: true });
    assert.match(never.stderr, /is not published as octo\/flux-demo yet/);
    for (const { code } of [other, old, never]) assert.equal(code, 1);
    assert.equal(scene.standIn.pulls.length, 0);
    assertClean(scene, other, old);
  });

  test('survives lost answers and faults of GitHub, and never opens a pull request twice', async () => {
    const scene = await published();
    const opening = /^POST \S+\/pulls$/;
    scene.standIn.faults.push({ on: opening, when: 'after', times: 1 });
    scene.standIn.faults.push({ on: opening, when: 'before', times: 1, status: 502, skip: 1 });
    const outcome = await scene.update();
    assert.equal(outcome.code, 0, outcome.stderr);
    assert.equal(scene.standIn.pulls.length, 2);
    assertClean(scene, outcome);
  });

  test('says what GitHub refuses after the push, and the next run goes on', async () => {
    const scene = await published();
    scene.standIn.access = { ...scene.standIn.access, kind: 'fine-grained', scopes: 'repo' };
    scene.standIn.mayPull = false;
    const refused = await scene.update();
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /lacks the permissions to open a pull request for octo\/flux-dev: pull_requests=write/,
    );
    assert.match(refused.stderr, /Pushed by this run: octo\/flux-dev, octo\/flux-demo/);
    scene.standIn.mayPull = true;
    const second = await scene.update();
    assert.equal(second.code, 0, second.stderr);
    assert.equal(scene.standIn.pulls.length, 2);
    const refusal = /^POST \S+\/pulls$/;
    scene.standIn.faults.push({
      on: refusal,
      when: 'before',
      status: 422,
      body: {
        message: 'Validation Failed',
        errors: [{ message: 'No commits between main and x' }],
      },
    });
    for (const pull of scene.standIn.pulls) pull.state = 'closed';
    const closed = await scene.update();
    assert.match(
      closed.stderr,
      /opens no pull request for octo\/flux-dev: Validation Failed - No commits/,
    );
    assert.match(closed.stderr, /octo\/flux-dev\/compare\/main\.\.\.flux-gitops-update/);
    assertClean(scene, refused, second, closed);
  });

  test('killed around each request, it ends in the same place when it is run again', async () => {
    const scene = await published();
    const { standIn } = scene;
    const points = [/git-receive-pack$/, /^GET \S+\/pulls$/, /^POST \S+\/pulls$/];
    for (const moment of ['before', 'after'] as const)
      for (const point of points) {
        let kill = (): void => undefined;
        let killed = false;
        standIn.watch = (line, now) => {
          if (now !== moment || killed || !point.test(line)) return;
          killed = true;
          kill();
        };
        await scene.run(UPDATE, {
          cwd: scene.config,
          recorded: true,
          started: (end) => {
            kill = () => end('SIGKILL');
          },
        });
      }
    standIn.watch = () => undefined;
    const last = await scene.update();
    assert.equal(last.code, 0, last.stderr);
    assert.deepEqual(standIn.pulls.map(({ repo }) => repo.name).sort(), ['flux-demo', 'flux-dev']);
    for (const name of ['flux-demo', 'flux-dev']) {
      const bare = standIn.findRepo('octo', name)?.folder ?? '';
      assert.equal(git(bare, 'rev-list', '--count', `main..${BRANCH}`).trim(), '1', name);
    }
    assertClean(scene, last);
  });
});
