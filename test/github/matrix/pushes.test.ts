import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe } from 'node:test';
import { git } from '../bare.ts';
import type { Repo } from '../bodies.ts';
import * as hooks from '../hooks.ts';
import { writeIn } from '../run.ts';
import { assertPublished, assertRefused, countCommits, type Scene, scenario } from '../scenario.ts';

/** That the first push was refused: all is created, nothing is pushed, and both are said. */
function assertStuck(scene: Scene, lines: string): void {
  assert.equal(scene.standIn.creations, 2);
  assert.deepEqual(
    scene.standIn.repos.map((repo) => git(repo.folder, 'for-each-ref')),
    ['', ''],
  );
  assert.match(lines, /Created by this run: octo\/flux-dev, octo\/flux-demo\./);
  assert.match(lines, /Not done yet: octo\/flux-dev, octo\/flux-demo\./);
}

/** Takes the hook away, and ends what was begun. */
async function finish(scene: Scene): Promise<void> {
  for (const repo of scene.standIn.repos) scene.standIn.hook(repo, undefined);
  const outcome = await scene.run();
  assert.equal(outcome.code, 0, outcome.lines);
}

/** Somebody else makes the first commit. */
function commitFirst({ folder }: Repo): void {
  if (git(folder, 'for-each-ref') !== '') return;
  const identity = ['-c', 'user.name=E', '-c', 'user.email=e@example.com'];
  const tree = git(folder, 'mktree').trim();
  const commit = git(folder, ...identity, 'commit-tree', tree, '-m', 'First!').trim();
  git(folder, 'update-ref', 'refs/heads/main', commit);
}

/** A push asks for the refs first, then sends: somebody may be faster than either. */
const RACES = [
  ['GET /octo/flux-dev/info/refs', 'NON_FF'],
  ['POST /octo/flux-dev/git-receive-pack', 'NON_FF'],
] as const;

describe('pushes that are refused', { concurrency: 2 }, () => {
  scenario('GH001: a file over 100 MB', async (scene) => {
    scene.standIn.preReceive = hooks.largeFiles(1000);
    writeIn(join(scene.estate.workspace, 'flux-dev'), 'dev/app.yaml', 'x'.repeat(2000));
    const outcome = await scene.run();
    assertRefused(
      outcome,
      'TOO_LARGE',
      /octo\/flux-dev is larger than the limit of 100 MB: dev\/app\.yaml is 120\.00 MB/,
    );
    assertStuck(scene, outcome.lines);
    await finish(scene);
    assertPublished(scene);
  });

  scenario('GH006: a protected branch', async (scene) => {
    scene.standIn.preReceive = hooks.protectedBranch;
    const outcome = await scene.run();
    assertRefused(
      outcome,
      'PROTECTED',
      /branch main of octo\/flux-dev is protected: .*made through a pull request/,
    );
    assertStuck(scene, outcome.lines);
    await finish(scene);
    assertPublished(scene);
  });

  scenario('GH013: a ruleset, with its rule', async (scene) => {
    scene.standIn.preReceive = hooks.ruleset;
    const outcome = await scene.run();
    assertRefused(
      outcome,
      'RULESET',
      /rule rejects the push to octo\/flux-dev: Commits must have verified signatures\./,
    );
    assertStuck(scene, outcome.lines);
  });

  scenario('GH013: push protection, with the way around it', async (scene) => {
    scene.standIn.preReceive = hooks.pushProtection;
    writeIn(join(scene.estate.workspace, 'flux-dev'), 'README.md', 'SECRET_1\n');
    const outcome = await scene.run();
    assertRefused(
      outcome,
      'PUSH_PROTECTION',
      /secret in the push to octo\/flux-dev: Amazon AWS Access Key ID/,
      /unblock-secret\/2abc/,
    );
    assertStuck(scene, outcome.lines);
  });

  scenario('a workflow file with a token that does not tell its scopes', async (scene) => {
    Object.assign(scene.standIn.access, { kind: 'fine-grained', scopes: 'repo' });
    scene.standIn.preReceive = hooks.workflowScope;
    const [first] = scene.estate.repos;
    assert.ok(first);
    writeIn(first.folder, '.github/workflows/check.yaml', 'on: push\n');
    scene.estate.repos[0] = { ...first, files: [...first.files, '.github/workflows/check.yaml'] };
    const outcome = await scene.run();
    assertRefused(
      outcome,
      'WORKFLOW_SCOPE',
      /\(\.github\/workflows\/check\.yaml\) to octo\/flux-dev/,
    );
    assertStuck(scene, outcome.lines);
  });

  scenario('GH007: a private address, and the one to use', async (scene) => {
    scene.standIn.preReceive = hooks.privateEmail;
    writeIn(
      scene.estate.home,
      '.gitconfig',
      '[user]\n\tname = Me\n\temail = private@example.com\n',
    );
    const outcome = await scene.run();
    assertRefused(
      outcome,
      'PRIVATE_EMAIL',
      /583231\+octo@users\.noreply\.127\.0\.0\.1/,
      /octo\/flux-dev/,
    );
  });

  scenario('403: the token may read, not write', async (scene) => {
    const body =
      "remote: Permission to octo/flux-dev.git denied to octo.\nfatal: unable to access 'x': The requested URL returned error: 403";
    scene.standIn.faults.push({
      on: /git-receive-pack|flux-dev\/info/,
      when: 'before',
      status: 403,
      body,
    });
    const outcome = await scene.run();
    assertRefused(
      outcome,
      'PUSH_403',
      /is not allowed to push to octo\/flux-dev/,
      /Contents: write/,
    );
    assertStuck(scene, outcome.lines);
  });

  scenario('401 for git only', async (scene) => {
    scene.standIn.faults.push({
      on: /info\/refs/,
      when: 'before',
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="GitHub"' },
    });
    const outcome = await scene.run();
    assertRefused(
      outcome,
      'PUSH_401',
      /token from GH_ENTERPRISE_TOKEN for the push to octo\/flux-dev/,
    );
    assertStuck(scene, outcome.lines);
  });

  scenario(
    'the second push is refused: the config repo is not pushed',
    async (scene) => {
      scene.standIn.preReceive =
        'case "$PWD" in *flux-stage.git*) echo "error: GH006: Protected branch" >&2; exit 1;; esac';
      const outcome = await scene.run();
      assertRefused(
        outcome,
        'PROTECTED',
        /Created by this run: octo\/flux-dev, octo\/flux-stage, octo\/flux-demo/,
      );
      assert.match(
        outcome.lines,
        /Pushed by this run: octo\/flux-dev\.\n {2}Not done yet: octo\/flux-stage, octo\/flux-demo\./,
      );
      assert.deepEqual(outcome.error?.pushed, ['octo/flux-dev']);
      assert.equal(git(scene.repo('flux-demo').folder, 'for-each-ref'), '');
      await finish(scene);
      assertPublished(scene);
    },
    ['flux-dev', 'flux-stage', 'flux-demo'],
  );

  for (const [at, code] of RACES) {
    scenario(`somebody else pushes just before ${at}`, async (scene) => {
      scene.standIn.watch = (line, moment) => {
        if (moment === 'before' && line === at) commitFirst(scene.repo('flux-dev'));
      };
      assertRefused(await scene.run(), code, /octo\/flux-dev/);
      const { folder } = scene.repo('flux-dev');
      assert.equal(git(folder, 'log', '--format=%s', 'main'), 'First!\n', 'not overwritten');
      assert.equal(git(scene.repo('flux-demo').folder, 'for-each-ref'), '');
      scene.standIn.watch = () => undefined;
      assertRefused(await scene.run(), 'NAME_TAKEN', /octo\/flux-dev/);
      assert.equal(countCommits(scene.repo('flux-dev')), 1);
    });
  }

  scenario('another branch than main becomes the default branch', async (scene) => {
    const outcome = await scene.run({ request: { branch: 'trunk' } });
    assert.equal(outcome.code, 0, outcome.lines);
    assertPublished(scene, 'octo', 'trunk');
    assert.ok(!scene.standIn.apiCalls.some((line) => line.startsWith('PATCH')));
  });

  scenario('a server that keeps main as the default branch is told', async (scene) => {
    scene.standIn.keepsDefaultBranch = true;
    const outcome = await scene.run({ request: { branch: 'trunk' } });
    assert.equal(outcome.code, 0, outcome.lines);
    assert.deepEqual(
      scene.standIn.repos.map(({ defaultBranch }) => defaultBranch),
      ['trunk', 'trunk'],
    );
  });
});
