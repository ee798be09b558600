import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { demo } from '../adopt/hand-written.ts';
import { BIN, readTree, writeTree } from '../sandbox.ts';
import { git } from './bare.ts';
import { created, openDesk } from './command.ts';

test('an adopted estate is published as one commit for each repository, with the record only', async () => {
  const desk = await openDesk();
  const { standIn, folder } = desk;
  const owner = standIn.findOwner('octo');
  assert.ok(owner);
  writeTree(folder, demo({ owner: 'octo', web: standIn.url, config: 'fleet' }));
  const identity = ['-c', 'user.name=E', '-c', 'user.email=e@example.com'];
  const bare = new Map<string, string>();
  for (const repo of ['fleet', 'web-dev', 'web-late']) {
    const remote = standIn.addRepo(owner, repo).folder;
    bare.set(repo, remote);
    const work = join(folder, repo);
    git(work, 'init', '--quiet', '--initial-branch=main');
    git(work, 'add', '--all');
    git(work, ...identity, 'commit', '--quiet', '--message', 'By hand');
    git(work, 'push', '--quiet', remote, 'HEAD:main');
    git(work, 'remote', 'add', 'origin', `${standIn.url}/octo/${repo}`);
    git(work, 'update-ref', 'refs/remotes/origin/main', 'HEAD');
  }
  const run = (...argv: string[]) =>
    promisify(execFile)(process.execPath, [BIN, ...argv], {
      cwd: join(folder, 'fleet'),
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        GIT_CONFIG_NOSYSTEM: '1',
        GH_ENTERPRISE_TOKEN: standIn.access.token,
      },
    });
  await run('adopt', '--publish', '--yes');
  const pushed = (repo: string): string[] =>
    git(bare.get(repo) ?? '', 'show', '--format=', '--name-only', 'main')
      .trim()
      .split('\n');
  for (const repo of bare.keys()) assert.deepEqual(pushed(repo), ['.yo-rc.json'], repo);
  await run('tenant', 'qa', '--repo', 'web-late', '--publish', '--yes');
  assert.deepEqual(pushed('fleet'), ['.yo-rc.json', 'qa/1_tenant.yaml', 'qa/2_sync.yaml']);
  assert.deepEqual(pushed('web-late'), ['.yo-rc.json', 'qa/app.yaml']);
  assert.equal(created(desk), 0);
  assert.deepEqual(standIn.violations, []);
});

test('a folder without git is not published: GitHub would get the record and nothing else', async () => {
  const desk = await openDesk();
  const { standIn, folder } = desk;
  writeTree(folder, demo({ owner: 'octo', web: standIn.url, config: 'fleet' }));
  const before = readTree(folder);
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GH_ENTERPRISE_TOKEN: standIn.access.token,
  };
  const options = { cwd: join(folder, 'fleet'), env };
  const argv = [BIN, 'adopt', '--publish', '--yes'];
  const run = promisify(execFile)(process.execPath, argv, options);
  await assert.rejects(run, /fleet, web-dev, web-late cannot be published: .*no repository of git/);
  assert.deepEqual(readTree(folder), before);
  assert.equal(created(desk), 0);
  assert.deepEqual(standIn.violations, []);
});
