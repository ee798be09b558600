import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BIN } from '../sandbox.ts';
import { git, plainGit } from './bare.ts';
import { created, type Desk, openDesk } from './command.ts';

async function publishedEstate(): Promise<Desk> {
  const desk = await openDesk();
  const { code, stderr } = await desk.run(['--publish', '--yes']);
  assert.equal(code, 0, stderr);
  return desk;
}

const repoOf = ({ standIn }: Desk, name: string) => {
  const found = standIn.repos.find((one) => one.name === name);
  assert.ok(found, name);
  return found;
};

const pathsIn = (desk: Desk, name: string): string[] =>
  git(repoOf(desk, name).folder, 'ls-tree', '-r', '--name-only', 'main').trim().split('\n');

/** Runs the commands that a refusal names, as a reader would. */
function follow({ folder }: Desk, stderr: string): void {
  const [, commands] = /change every address: (.+?)\. Then run/.exec(stderr) ?? [];
  assert.ok(commands, stderr);
  const line = commands.replaceAll('flux-gitops ', `${process.execPath} ${BIN} `);
  execFileSync('sh', ['-ec', line], {
    cwd: folder,
    env: { ...plainGit, PATH: process.env.PATH },
    stdio: 'pipe',
  });
}

test('remove --publish pushes, and --archive archives what feeds nothing any more', async () => {
  const desk = await publishedEstate();
  const remove = ['remove', 'dev', '--publish', '--archive', '--into', 'flux-demo', '--yes'];
  const { code, stderr } = await desk.run(remove);
  assert.equal(code, 0, stderr);
  assert.ok(!pathsIn(desk, 'flux-demo').some((path) => path.startsWith('dev/')));
  assert.ok(!pathsIn(desk, 'flux-dev').some((path) => path.startsWith('dev/')));
  assert.equal(repoOf(desk, 'flux-dev').archived, true);
  assert.equal(repoOf(desk, 'flux-stage-prod').archived, false);
  assert.doesNotMatch(stderr, /--archive changes nothing/);
  assert.deepEqual(desk.standIn.violations, []);
  // The same command again finds nothing to do.
  const again = await desk.run(remove);
  assert.equal(again.code, 0, again.stderr);
  const shared = remove.map((word) => (word === 'dev' ? 'stage' : word));
  const stage = await desk.run(shared);
  assert.equal(stage.code, 0, stage.stderr);
  assert.match(
    stage.stderr,
    /--archive changes nothing now: each app repo of this run still feeds/,
  );
});

test('remove --publish takes the deploy key of an app repo that feeds nothing any more, and no other key', async () => {
  const desk = await openDesk();
  const { standIn } = desk;
  const first = await desk.run(['--publish', '--yes', '--visibility', 'private']);
  assert.equal(first.code, 0, first.stderr);
  const [demo, live] = ['flux-dev', 'flux-stage-prod'].map((name) => repoOf(desk, name));
  assert.ok(demo && live);
  const keys = [
    [demo, 'flux-gitops flux-demo'],
    [demo, 'laptop'],
    [live, 'flux-gitops flux-demo'],
  ] as const;
  keys.forEach(
    ([repo, title], n) =>
      void standIn.addDeployKey(repo, title, `ssh-ed25519 ${String(n).repeat(68)}`),
  );
  const remove = ['remove', 'dev', 'stage', '--publish', '--into', 'flux-demo', '--yes'];
  const { code, stderr } = await desk.run(remove);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /removed the deploy key SHA256:\S+ from octo\/flux-dev/);
  assert.deepEqual(
    standIn.deployKeys.map(({ repo, title }) => [repo.name, title]),
    [
      ['flux-dev', 'laptop'],
      ['flux-stage-prod', 'flux-gitops flux-demo'],
    ],
  );
  assert.deepEqual(standIn.violations, []);
});

test('a removal whose push failed is pushed by the same command', async () => {
  const desk = await publishedEstate();
  const remove = ['remove', 'stage', '--into', 'flux-demo', '--yes'];
  assert.equal((await desk.run(remove)).code, 0);
  assert.ok(existsSync(join(desk.folder, 'flux-stage-prod/prod/app.yaml')));
  const { code, stderr } = await desk.run([...remove, '--publish']);
  assert.equal(code, 0, stderr);
  for (const name of ['flux-demo', 'flux-stage-prod'])
    assert.ok(!pathsIn(desk, name).some((path) => path.startsWith('stage/')), name);
});

test('a rename whose push failed is pushed by the same command, also where the old environment stays', async () => {
  const desk = await openDesk();
  const first = await desk.run(['--publish', '--yes', '--sync-config']);
  assert.equal(first.code, 0, first.stderr);
  const rename = ['rename', 'stage', 'test', '--into', 'flux-demo', '--yes'];
  assert.equal((await desk.run(rename)).code, 0);
  assert.ok(!pathsIn(desk, 'flux-demo').includes('test/2_sync.yaml'));
  for (let n = 0; n < 2; n++) {
    const { code, stderr } = await desk.run([...rename, '--publish']);
    assert.equal(code, 0, stderr);
    for (const path of ['test/2_sync.yaml', 'stage/2_sync.yaml'])
      assert.ok(pathsIn(desk, 'flux-demo').includes(path), path);
    assert.ok(pathsIn(desk, 'flux-stage-prod').includes('test/app.yaml'));
  }
  // Another environment of that name is no result of this rename.
  const other = ['rename', 'dev', 'test', '--publish', '--into', 'flux-demo', '--yes'];
  assert.equal((await desk.run(other)).code, 2);
});

/** Files of a person in the folder of stage, and an edit of its sync. */
function writeOwn({ folder }: Desk): void {
  appendFileSync(join(folder, 'flux-stage-prod/stage/app.yaml'), '# edited\n');
  writeFileSync(join(folder, 'flux-stage-prod/stage/own.yaml'), '# ours\n');
  appendFileSync(join(folder, 'flux-demo/stage/2_sync.yaml'), '# edited\n');
}

const textIn = (desk: Desk, name: string, path: string): string =>
  git(repoOf(desk, name).folder, 'show', `main:${path}`);

test('a rename that is published later is pushed with everything that it renamed', async () => {
  const desk = await publishedEstate();
  writeOwn(desk);
  const rename = ['rename', 'stage', 'test', '--into', 'flux-demo', '--yes'];
  assert.equal((await desk.run(rename)).code, 0);
  const { code, stderr } = await desk.run([...rename, '--publish']);
  assert.equal(code, 0, stderr);
  assert.match(textIn(desk, 'flux-demo', 'test/2_sync.yaml'), /fluxdemo-test[\s\S]*# edited/);
  assert.match(textIn(desk, 'flux-stage-prod', 'test/app.yaml'), /# edited/);
  assert.ok(pathsIn(desk, 'flux-stage-prod').includes('test/own.yaml'));
  assert.ok(!pathsIn(desk, 'flux-demo').some((path) => path.startsWith('stage/')));
});

test('a move that is published later is pushed with everything that it moved', async () => {
  const desk = await publishedEstate();
  writeOwn(desk);
  const move = ['tenant', 'stage', '--repo', 'flux-new', '--move', '--into', 'flux-demo', '--yes'];
  assert.equal((await desk.run(move)).code, 0);
  for (let n = 0; n < 2; n++) {
    const { code, stderr } = await desk.run([...move, '--publish']);
    assert.equal(code, 0, stderr);
    assert.match(textIn(desk, 'flux-demo', 'stage/2_sync.yaml'), /flux-new[\s\S]*# edited/);
    assert.match(textIn(desk, 'flux-new', 'stage/app.yaml'), /# edited/);
    assert.ok(pathsIn(desk, 'flux-new').includes('stage/own.yaml'));
    assert.ok(!pathsIn(desk, 'flux-stage-prod').includes('stage/app.yaml'));
  }
});

test('nothing is created on GitHub for an app repo that feeds nothing', async () => {
  const desk = await openDesk();
  assert.equal((await desk.run(['--yes', '--owner', 'octo'])).code, 0);
  const { code, stderr } = await desk.run(['remove', 'dev', '--publish', '--into', 'flux-demo']);
  assert.equal(code, 0, stderr);
  assert.deepEqual(
    desk.standIn.repos.map(({ name }) => name),
    ['flux-demo'],
  );
  assert.equal(created(desk), 1);
});

test('an app repo that was renamed on GitHub: the named commands change every address', async () => {
  const desk = await publishedEstate();
  desk.standIn.rename(repoOf(desk, 'flux-stage-prod'), 'flux-live');
  const refused = await desk.run(['--publish', '--yes', '--into', 'flux-demo']);
  assert.equal(refused.code, 1);
  const read = (path: string) => readFileSync(join(desk.folder, path), 'utf8');
  const app = read('flux-stage-prod/stage/app.yaml');
  follow(desk, refused.stderr);
  // A label with the new name would restart the pods.
  assert.equal(read('flux-live/stage/app.yaml'), app);
  for (const env of ['stage', 'prod'])
    assert.match(read(`flux-demo/${env}/2_sync.yaml`), /url: .*\/octo\/flux-live\n/);
  for (const path of [
    'flux-demo/.yo-rc.json',
    'flux-demo/README.md',
    'flux-live/.yo-rc.json',
    'flux-live/README.md',
  ])
    assert.doesNotMatch(read(path), /flux-stage-prod/, path);
  const { code, stderr } = await desk.run(['--publish', '--yes', '--into', 'flux-demo']);
  assert.equal(code, 0, stderr);
  assert.equal(desk.standIn.repos.length, 3);
  assert.match(
    git(repoOf(desk, 'flux-demo').folder, 'show', 'main:stage/2_sync.yaml'),
    /flux-live/,
  );
});

test('a config repo that was renamed on GitHub: the named commands change every address', async () => {
  const desk = await publishedEstate();
  desk.standIn.rename(repoOf(desk, 'flux-demo'), 'flux-estate');
  const refused = await desk.run(['--publish', '--yes', '--into', 'flux-demo']);
  assert.equal(refused.code, 1);
  follow(desk, refused.stderr);
  const { code, stderr } = await desk.run(['--publish', '--yes', '--into', 'flux-estate']);
  assert.equal(code, 0, stderr);
  assert.equal(desk.standIn.repos.length, 3);
  assert.match(
    git(repoOf(desk, 'flux-estate').folder, 'show', 'main:.yo-rc.json'),
    /"name": "flux-estate"/,
  );
});
