import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import { git } from '../bare.ts';
import type { Repo } from '../bodies.ts';
import { writeIn } from '../run.ts';
import {
  assertPublished,
  assertRefused,
  assertUntouched,
  countCommits,
  listFiles,
  type Scene,
  scenario,
} from '../scenario.ts';

/** Somebody else commits to the repository. */
function commitThere(repo: Repo, message: string, branch = 'main'): string {
  const identity = ['-c', 'user.name=Else', '-c', 'user.email=else@example.com'];
  const tree = git(repo.folder, 'mktree', '--missing').trim();
  const parents = git(
    repo.folder,
    'for-each-ref',
    '--format=%(objectname)',
    `refs/heads/${branch}`,
  ).trim();
  const more = parents === '' ? [] : ['-p', parents];
  const sha = git(repo.folder, ...identity, 'commit-tree', tree, ...more, '-m', message).trim();
  git(repo.folder, 'update-ref', `refs/heads/${branch}`, sha);
  return sha;
}

function owner({ standIn }: Scene) {
  const found = standIn.findOwner('octo');
  assert.ok(found);
  return found;
}

describe('repositories that exist', { concurrency: 2 }, () => {
  scenario('a second run changes nothing and says so', async (scene) => {
    await scene.run({ request: { topics: ['gitops'] } });
    const before = scene.standIn.seen.length;
    const outcome = await scene.run({ request: { topics: ['gitops'] } });
    assert.equal(outcome.code, 0);
    assert.match(
      outcome.lines,
      /= octo\/flux-dev is up to date\n= octo\/flux-demo is up to date\n$/,
    );
    assert.ok(
      scene.standIn.seen.slice(before).every(({ line }) => line.startsWith('GET /api/v3/')),
    );
    assertPublished(scene);
  });

  scenario('other commits: refused, nothing is touched', async (scene) => {
    const taken = scene.standIn.addRepo(owner(scene), 'flux-demo');
    const head = commitThere(taken, 'Live');
    const outcome = await scene.run();
    assertRefused(
      outcome,
      'NAME_TAKEN',
      /octo\/flux-demo already exists and has commits/,
      /Choose another name: --name flux-demo-2\./,
    );
    assertUntouched(scene, outcome);
    assert.equal(git(taken.folder, 'rev-parse', 'main').trim(), head);
    assert.equal(scene.standIn.repos.length, 1);
    assert.ok(!existsSync(join(scene.estate.workspace, 'flux-dev/.git')), 'no .git was made');
  });

  scenario('two that are taken are told at once', async (scene) => {
    for (const name of ['flux-dev', 'flux-demo'])
      commitThere(scene.standIn.addRepo(owner(scene), name), 'Live');
    const outcome = await scene.run();
    assertRefused(
      outcome,
      'NAME_TAKEN',
      /octo\/flux-dev already exists/,
      /octo\/flux-demo already exists/,
    );
  });

  scenario('commits on another branch only', async (scene) => {
    commitThere(scene.standIn.addRepo(owner(scene), 'flux-dev'), 'Live', 'master');
    const outcome = await scene.run();
    assertRefused(outcome, 'NAME_TAKEN', /octo\/flux-dev/);
    assertUntouched(scene, outcome);
  });

  scenario('an empty repository of somebody: refused', async (scene) => {
    scene.standIn.addRepo(owner(scene), 'flux-dev');
    const outcome = await scene.run();
    assertRefused(
      outcome,
      'EMPTY_NOT_OURS',
      /octo\/flux-dev already exists and is empty/,
      /--adopt-empty/,
    );
    assertUntouched(scene, outcome);
  });

  scenario(
    'an empty repository with --adopt-empty: its settings stay, and topics are added',
    async (scene) => {
      const empty = scene.standIn.addRepo(owner(scene), 'flux-dev', {
        description: 'Mine',
        topics: ['mine'],
      });
      const outcome = await scene.run({ request: { adoptEmpty: true, topics: ['gitops'] } });
      assert.equal(outcome.code, 0, outcome.lines);
      assert.deepEqual([empty.description, empty.topics], ['Mine', ['mine', 'gitops']]);
      assert.deepEqual(scene.repo('flux-demo').topics, ['gitops']);
      assert.equal(countCommits(empty), 1);
      assert.equal(scene.standIn.creations, 1);
    },
  );

  scenario('--adopt-empty does not adopt what is not empty', async (scene) => {
    commitThere(scene.standIn.addRepo(owner(scene), 'flux-dev'), 'Live');
    const outcome = await scene.run({ request: { adoptEmpty: true } });
    assertRefused(outcome, 'NAME_TAKEN');
    assertUntouched(scene, outcome);
  });

  scenario('private was asked for, and an empty public one exists', async (scene) => {
    scene.standIn.addRepo(owner(scene), 'flux-dev');
    const outcome = await scene.run({ request: { adoptEmpty: true, visibility: 'private' } });
    assertRefused(outcome, 'PUBLIC', /octo\/flux-dev exists and is public/);
    assertUntouched(scene, outcome);
  });

  scenario('public was asked for, and an empty private one exists', async (scene) => {
    scene.standIn.addRepo(owner(scene), 'flux-dev', { private: true });
    const outcome = await scene.run({ request: { adoptEmpty: true } });
    assertRefused(
      outcome,
      'PRIVATE',
      /octo\/flux-dev exists and is private, but this estate is public/,
    );
    assertUntouched(scene, outcome);
  });

  scenario('renamed: the redirect is not followed', async (scene) => {
    const moved = scene.standIn.addRepo(owner(scene), 'flux-dev');
    commitThere(moved, 'Live');
    scene.standIn.rename(moved, 'flux-elsewhere');
    const outcome = await scene.run();
    assertRefused(
      outcome,
      'RENAMED',
      /octo\/flux-dev was renamed\. Its old name redirects to octo\/flux-elsewhere/,
    );
    assertUntouched(scene, outcome);
    assert.equal(countCommits(moved), 1);
  });

  scenario('archived: said before anything is created', async (scene) => {
    scene.standIn.addRepo(owner(scene), 'flux-dev', { archived: true });
    const outcome = await scene.run({ request: { adoptEmpty: true } });
    assertRefused(outcome, 'ARCHIVED', /octo\/flux-dev is archived/);
    assertUntouched(scene, outcome);
  });

  scenario('exists, but the token cannot see it', async (scene) => {
    scene.standIn.access.scopes = 'public_repo';
    scene.standIn.addRepo(owner(scene), 'flux-dev', { private: true });
    const outcome = await scene.run();
    assertRefused(outcome, 'HIDDEN', /octo\/flux-dev already exists, but this token cannot see it/);
    assert.equal(scene.standIn.repos.length, 1);
  });

  scenario('a local change is committed on top and pushed', async (scene) => {
    await scene.run();
    writeIn(join(scene.estate.workspace, 'flux-dev'), 'dev/app.yaml', 'changed: true\n');
    const outcome = await scene.run();
    assert.equal(outcome.code, 0, outcome.lines);
    assert.match(outcome.lines, /octo\/flux-dev: has changes on this machine, will be pushed/);
    assert.equal(countCommits(scene.repo('flux-dev')), 2);
    assert.equal(
      git(scene.repo('flux-dev').folder, 'log', '-1', '--format=%s', 'main'),
      'Update dev\n',
    );
    assert.equal(countCommits(scene.repo('flux-demo')), 1);
  });

  scenario('files of others in the folder are never committed', async (scene) => {
    await scene.run();
    const folder = join(scene.estate.workspace, 'flux-dev');
    writeIn(folder, 'notes.txt', 'private\n');
    writeIn(folder, 'dev/app.yaml', 'changed: true\n');
    git(folder, 'add', 'notes.txt');
    assert.equal((await scene.run()).code, 0);
    assert.deepEqual(listFiles(scene.repo('flux-dev')), [
      '.yo-rc.json',
      'README.md',
      'dev/app.yaml',
    ]);
    assert.equal(git(folder, 'status', '--porcelain'), 'A  notes.txt\n');
  });

  scenario('GitHub is ahead: left alone', async (scene) => {
    await scene.run();
    const head = commitThere(scene.repo('flux-dev'), 'From the web');
    const outcome = await scene.run();
    assert.equal(outcome.code, 0, outcome.lines);
    assert.match(outcome.lines, /= octo\/flux-dev has newer commits on GitHub, nothing to push/);
    assert.equal(git(scene.repo('flux-dev').folder, 'rev-parse', 'main').trim(), head);
  });

  scenario('GitHub is ahead and there are changes here: how to join them', async (scene) => {
    await scene.run();
    commitThere(scene.repo('flux-dev'), 'From the web');
    writeIn(join(scene.estate.workspace, 'flux-dev'), 'dev/app.yaml', 'changed: true\n');
    const before = scene.standIn.seen.length;
    const outcome = await scene.run();
    assertRefused(
      outcome,
      'NON_FF',
      /octo\/flux-dev has commits that this folder does not have/,
      /pull --rebase --autostash origin main/,
    );
    assert.ok(scene.standIn.seen.slice(before).every(({ line }) => line.startsWith('GET ')));
  });

  scenario('commits on both sides', async (scene) => {
    await scene.run();
    commitThere(scene.repo('flux-dev'), 'From the web');
    const folder = join(scene.estate.workspace, 'flux-dev');
    git(
      folder,
      '-c',
      'user.name=A',
      '-c',
      'user.email=a@example.com',
      'commit',
      '--allow-empty',
      '-m',
      'Here',
    );
    assertRefused(await scene.run(), 'NON_FF');
  });

  scenario('the folder was lost and made again: the same, and linked', async (scene) => {
    await scene.run();
    for (const { folder } of scene.estate.repos) rmSync(join(folder, '.git'), { recursive: true });
    rmSync(join(scene.estate.workspace, '.flux-gitops-publish.json'));
    const outcome = await scene.run();
    assert.equal(outcome.code, 0, outcome.lines);
    assert.match(outcome.lines, /octo\/flux-dev: up to date/);
    assertPublished(scene);
  });

  scenario('the folder was lost, made again, and GitHub has grown: left alone', async (scene) => {
    await scene.run();
    commitThere(scene.repo('flux-dev'), 'From the web');
    rmSync(join(scene.estate.workspace, 'flux-dev/.git'), { recursive: true });
    const outcome = await scene.run();
    assert.match(outcome.lines, /octo\/flux-dev: has newer commits on GitHub, nothing to push/);
    assert.equal(countCommits(scene.repo('flux-dev')), 2);
  });

  scenario(
    'a dry run: every state, only GET requests, nothing written',
    async (scene) => {
      await scene.run();
      writeIn(join(scene.estate.workspace, 'flux-demo'), 'README.md', 'changed\n');
      commitThere(scene.standIn.addRepo(owner(scene), 'foreign'), 'Live');
      commitThere(scene.repo('ahead'), 'From the web');
      scene.standIn.addRepo(owner(scene), 'empty');
      const more = ['foreign', 'empty', 'absent'].map((name) => {
        const folder = join(scene.estate.workspace, name);
        writeIn(folder, 'README.md', '# x\n');
        return { name, folder, description: name, files: ['README.md'], role: 'scenario' as const };
      });
      scene.estate.repos.unshift(...more);
      const before = scene.standIn.seen.length;
      const outcome = await scene.run({ request: { dryRun: true } });
      const states = Object.fromEntries(outcome.results.map(({ name, state }) => [name, state]));
      assert.deepEqual(states, {
        foreign: 'foreign',
        empty: 'empty',
        absent: 'absent',
        'flux-dev': 'same',
        ahead: 'ahead',
        'flux-demo': 'behind',
      });
      assert.deepEqual(
        outcome.results.map(({ problem }) => problem?.code),
        ['NAME_TAKEN', 'EMPTY_NOT_OURS', undefined, undefined, undefined, undefined],
      );
      assert.ok(
        scene.standIn.seen.slice(before).every(({ line }) => line.startsWith('GET /api/v3/')),
      );
      assert.ok(more.every(({ folder }) => !existsSync(join(folder, '.git'))));
    },
    ['flux-dev', 'ahead', 'flux-demo'],
  );

  scenario('a dry run with files that are not written yet', async (scene) => {
    await scene.run();
    rmSync(scene.estate.workspace, { recursive: true });
    mkdirSync(scene.estate.workspace);
    const texts = (name: string, files: readonly string[]) =>
      Object.fromEntries(files.map((file) => [file, `# ${name} ${file}\n`]));
    for (const [index, repo] of scene.estate.repos.entries()) {
      scene.estate.repos[index] = { ...repo, contents: texts(repo.name, repo.files) };
    }
    const request = { dryRun: true };
    const same = await scene.run({ request });
    assert.deepEqual(
      same.results.map(({ state }) => state),
      ['same', 'same'],
      same.lines,
    );
    const [first] = scene.estate.repos;
    assert.ok(first);
    scene.estate.repos[0] = { ...first, contents: { ...first.contents, 'README.md': 'other' } };
    const other = await scene.run({ request });
    assert.deepEqual(
      other.results.map(({ problem }) => problem?.code),
      ['NAME_TAKEN', undefined],
    );
    assert.deepEqual(readdirSync(scene.estate.workspace), []);
  });
});
