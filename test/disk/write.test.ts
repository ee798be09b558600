import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { ComparedRepo } from '../../lib/disk/compare.ts';
import { writeRepos } from '../../lib/disk/write.ts';
import { runs } from '../properties.ts';
import { BIN, readTree, runCommand, runHere, temporaryFolder, writeTree } from '../sandbox.ts';

const MANY = Array.from({ length: 300 }, (_, index) => `e${index}`);
const ARGV = ['--yes', `--scenario=flux-many=${MANY.join(',')}`, '--scenario=flux-one=one'];

/** Runs the command and kills it after `delay` milliseconds. */
async function killed(cwd: string, delay: number, argv = ARGV): Promise<void> {
  const child = spawn(process.execPath, [BIN, ...argv], { cwd, stdio: 'ignore' });
  const exit = new Promise((resolve) => child.once('exit', resolve));
  await Promise.race([exit, wait(delay)]);
  child.kill('SIGKILL');
  await exit;
}

test('a run that is killed leaves each repository whole or not there, and the next run completes it', async () => {
  const whole = temporaryFolder();
  const started = performance.now();
  assert.equal((await runCommand(ARGV, whole)).code, 0);
  const length = performance.now() - started;
  const expected = readTree(whole);
  const kills = Math.max(3, runs(6).numRuns);
  for (let step = 1; step <= kills; step++) {
    const folder = temporaryFolder();
    const part = 0.3 + (0.7 * step) / kills;
    await killed(folder, length * part);
    const left = readTree(folder);
    for (const repo of readdirSync(folder).filter((name) => !name.startsWith('.flux-gitops'))) {
      const mine = (tree: Map<string, string>) =>
        new Map([...tree].filter(([path]) => path.startsWith(`${repo}/`)));
      assert.deepEqual(mine(left), mine(expected), `${repo} after ${part} of the run`);
    }
    assert.equal((await runHere(ARGV, folder)).code, 0);
    assert.deepEqual(readTree(folder), expected);
  }
});

const compared = (folder: string, isNew: boolean, paths: readonly string[]): ComparedRepo => ({
  repo: {
    ...{ role: 'scenario', name: 'flux-dev', description: '', layers: [], all: {} },
    ...{ url: '', githubUrl: '', owner: '', branches: [], untouched: [], askedFor: [] },
  },
  folder,
  isNew,
  files: paths.map((path) => ({
    path,
    contents: 'new\n',
    ...(path === 'old'
      ? { state: 'ours', action: 'replace', found: 'old\n' }
      : { state: 'new', action: 'create', found: undefined }),
    hashes: [],
  })),
});

test('when one move fails, those before it are undone', async () => {
  const folder = temporaryFolder();
  writeTree(folder, [
    ['there/old', 'old\n'],
    ['blocked/x', 'mine\n'],
  ]);
  const before = readTree(folder);
  const repos = [
    compared(join(folder, 'blocked'), true, ['a']),
    compared(join(folder, 'there'), false, ['old', 'deep/new']),
  ];
  // A folder that somebody made in the meantime is in the way.
  assert.throws(() => writeRepos(repos), { name: 'FileChanged' });
  assert.deepEqual(readTree(folder), before);
  assert.deepEqual(readdirSync(join(folder, 'there')), ['old']);
});

test('what is undone ends as it was, also where one file was moved twice', () => {
  const folder = temporaryFolder();
  const record = '.yo-rc.json';
  writeTree(folder, [
    ['one/old', 'old\n'],
    [`one/${record}`, 'first\n'],
    ['one/gone/x', 'x\n'],
    ['two/old', 'saved in the meantime\n'],
  ]);
  const before = readTree(folder);
  const base = { hashes: [] };
  const moved = {
    ...base,
    path: record,
    state: 'ours',
    action: 'replace',
    found: 'first\n',
  } as const;
  const one = compared(join(folder, 'one'), false, ['old', 'new']);
  const gone = {
    ...base,
    path: 'gone/x',
    state: 'leftover',
    action: 'remove',
    found: 'x\n',
  } as const;
  // The last repository is written first.
  const repos: ComparedRepo[] = [
    compared(join(folder, 'two'), false, ['old']),
    {
      ...one,
      files: [...one.files, { ...gone, contents: '' }, { ...moved, contents: 'third\n' }],
      pending: { ...moved, contents: 'second\n' },
    },
  ];
  assert.throws(() => writeRepos(repos), { name: 'FileChanged', path: join(folder, 'two/old') });
  assert.deepEqual(readTree(folder), before);
  writeTree(folder, [['two/old', 'old\n']]);
  writeRepos(repos);
  assert.deepEqual(
    [...readTree(folder)],
    [
      ['one/.yo-rc.json', 'third\n'],
      ['one/new', 'new\n'],
      ['one/old', 'new\n'],
      ['two/old', 'new\n'],
    ],
  );
});

test('a run that is killed while it changes an estate leaves no file that the next one does not know', async () => {
  const folder = temporaryFolder();
  const began = performance.now();
  assert.equal((await runCommand(ARGV, folder)).code, 0);
  const length = performance.now() - began;
  // From before the first write to after the last one.
  const kills = Math.max(3, runs(12).numRuns);
  for (let step = 1; step <= kills; step++) {
    await killed(folder, length * (0.4 + (0.7 * step) / kills), ['--interval', `${step}m`]);
    const { code, stderr } = await runHere(['--interval', `${step}h`], folder);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /you edited|stay deleted/i);
    const sync = readTree(folder).get('flux-demo/e299/2_sync.yaml') ?? '';
    assert.match(sync, new RegExp(`interval: ${step}h0m0s`));
  }
});

test('a replaced file keeps its permissions', async () => {
  const folder = temporaryFolder();
  writeTree(folder, [['old', 'old\n']]);
  chmodSync(join(folder, 'old'), 0o640);
  writeRepos([compared(folder, false, ['old'])]);
  assert.equal(statSync(join(folder, 'old')).mode & 0o777, 0o640);
  assert.equal(readTree(folder).get('old'), 'new\n');
});

test('what an earlier killed run left behind is removed', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, '.flux-gitops-4194305/0'), { recursive: true });
  mkdirSync(join(folder, '.flux-gitops-stage-a1b2c3/whole'), { recursive: true });
  assert.equal((await runHere(['--yes'], folder)).code, 0);
  assert.deepEqual(readdirSync(folder).sort(), ['flux-demo', 'flux-dev', 'flux-stage-prod']);
});

test('a link to nothing is refused', async () => {
  const folder = temporaryFolder();
  symlinkSync(join(folder, 'nowhere'), join(folder, 'flux-dev'));
  const { code, stderr } = await runHere(['--yes'], folder);
  assert.equal(code, 2);
  assert.match(stderr, /flux-dev: this is a link to a file or folder that does not exist/);
  assert.deepEqual(readdirSync(folder), ['flux-dev']);
});

test('a link that leads out of the repository is refused', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'flux-demo'));
  mkdirSync(join(folder, 'elsewhere'));
  symlinkSync(join(folder, 'elsewhere'), join(folder, 'flux-demo/dev'));
  const { code, stderr } = await runHere(['--yes'], folder);
  assert.equal(code, 2);
  assert.match(stderr, /flux-demo\/dev: this is a link that leads out of the repository/);
  assert.deepEqual(readdirSync(join(folder, 'elsewhere')), []);
});
