import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { demo } from '../adopt/hand-written.ts';
import { type Outcome, readTree, writeTree } from '../sandbox.ts';
import { git } from './bare.ts';
import { created, type Desk, openDesk } from './command.ts';

const ERROR = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: more }\ndata: { port: 80 }\n';
const WARNING = 'apiVersion: v1\nkind: Secret\nmetadata: { name: more }\nstringData: { a: b }\n';

async function publishedEstate(): Promise<Desk> {
  const desk = await openDesk();
  const { code, stderr } = await desk.run(['--publish', '--yes']);
  assert.equal(code, 0, stderr);
  return desk;
}

/** An estate on disk that is not published. */
async function writtenEstate(more: readonly [path: string, text: string][]): Promise<Desk> {
  const desk = await openDesk();
  const { code, stderr } = await desk.run(['--owner', 'octo', '--yes']);
  assert.equal(code, 0, stderr);
  writeTree(desk.folder, more);
  return desk;
}

const changes = ({ standIn }: Desk): number =>
  standIn.seen.filter(({ line }) => !line.startsWith('GET ') && !/upload-pack/.test(line)).length;

/** Fails unless the run was refused because of errors, and changed nothing here and on GitHub. */
async function assertRefused(
  desk: Desk,
  argv: readonly string[],
  expected = /more\.yaml:\d+ {2}ConfigMap \S*more {2}field-type/,
): Promise<Outcome> {
  const [files, sent] = [readTree(desk.folder), changes(desk)];
  const outcome = await desk.run(argv);
  assert.equal(outcome.code, 1, outcome.stderr);
  assert.match(outcome.stderr, /--publish would push \d+ errors?\. Nothing was written/);
  assert.match(outcome.stderr, expected);
  assert.match(outcome.stderr, /--force to push nevertheless/);
  assert.deepEqual(readTree(desk.folder), files);
  assert.equal(changes(desk), sent);
  return outcome;
}

/** Commits everything in a repository, as a person does. */
function commit({ folder }: Desk, repo: string): void {
  const identity = ['-c', 'user.name=E', '-c', 'user.email=e@example.com'];
  git(join(folder, repo), 'add', '--all');
  git(join(folder, repo), ...identity, 'commit', '--quiet', '--message', 'By hand');
}

describe('--publish refuses to push errors', () => {
  test('of a new estate, unless --force; warnings are only shown', async () => {
    const desk = await writtenEstate([
      ['flux-dev/dev/more.yaml', ERROR],
      ['flux-dev/dev/secret.yaml', WARNING.replace('more', 'other')],
    ]);
    const argv = ['--publish', '--yes'];
    const { stderr } = await assertRefused(desk, argv);
    assert.match(stderr, /push 1 error\./);
    const { error } = JSON.parse((await desk.run([...argv, '--json'])).stdout);
    assert.deepEqual(
      error.findings.map(({ code }: { code: string }) => code),
      ['field-type'],
    );
    const dry = await desk.run([...argv, '--dry-run', '--json']);
    assert.equal(dry.code, 1);
    const planned = JSON.parse(dry.stdout);
    assert.equal(planned.findings.length, 2);
    assert.match(planned.error.message, /--publish would push 1 error/);
    const forced = await desk.run([...argv, '--force']);
    assert.equal(forced.code, 0, forced.stderr);
    assert.match(forced.stderr, /verify finds 1 error and 1 warning/);
    assert.equal(created(desk), 3);
    assert.deepEqual(desk.standIn.violations, []);
  });

  test('warnings alone refuse nothing', async () => {
    const desk = await writtenEstate([['flux-dev/dev/more.yaml', WARNING]]);
    const { code, stderr } = await desk.run(['--publish', '--yes']);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /verify finds 1 warning in the result of this run/);
    const json = await desk.run(['--publish', '--yes', '--json']);
    assert.equal(JSON.parse(json.stdout).findings.length, 1);
  });

  test('that the run itself would cause, and that a person committed and did not push', async () => {
    const desk = await publishedEstate();
    const claim =
      'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: more }\nspec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 90Gi } } }\n';
    writeTree(desk.folder, [['flux-dev/dev/more.yaml', claim]]);
    commit(desk, 'flux-dev');
    assert.equal((await desk.run(['--publish', '--yes'])).code, 0, 'the claim fits');
    const small = ['tenant', 'dev', '--size', 'small', '--publish', '--into', 'flux-demo'];
    await assertRefused(desk, small, /quota-exceeded/);
    writeTree(desk.folder, [['flux-dev/dev/more.yaml', ERROR]]);
    commit(desk, 'flux-dev');
    await assertRefused(desk, [
      'tenant',
      'qa',
      '--publish',
      '--into',
      'flux-demo',
      '--repo',
      'flux-dev',
    ]);
    await assertRefused(desk, ['scenario-repo', 'flux-dev', '--publish', '--env', 'dev']);
    await assertRefused(desk, ['rename', 'dev', 'uat', '--publish', '--into', 'flux-demo']);
    // With its environment, the error goes as well.
    const gone = await desk.run(['remove', 'dev', '--publish', '--into', 'flux-demo', '--yes']);
    assert.equal(gone.code, 0, gone.stderr);
    writeTree(desk.folder, [['flux-stage-prod/stage/more.yaml', ERROR]]);
    await assertRefused(desk, ['remove', 'prod', '--publish', '--into', 'flux-demo']);
  });

  test('but not those that are on GitHub already: no run can be held up by them', async () => {
    const desk = await publishedEstate();
    writeTree(desk.folder, [['flux-dev/dev/more.yaml', ERROR]]);
    commit(desk, 'flux-dev');
    git(join(desk.folder, 'flux-dev'), 'push', '--quiet', bareOf(desk, 'flux-dev'), 'HEAD:main');
    git(join(desk.folder, 'flux-dev'), 'update-ref', 'refs/remotes/origin/main', 'HEAD');
    const run = async (...argv: string[]): Promise<void> => {
      const { code, stderr } = await desk.run([...argv, '--publish', '--into', 'flux-demo']);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /verify finds 1 error in the result/);
    };
    await run('tenant', 'qa', '--repo', 'flux-dev');
    await run('remove', 'qa');
    const update = await desk.run(['update', '--publish', '--into', 'flux-demo'], {
      recorded: true,
    });
    assert.equal(update.code, 0, update.stderr);
  });

  test('of an adopted estate, unless --force', async () => {
    const desk = await openDesk();
    const { standIn, folder } = desk;
    const owner = standIn.findOwner('octo');
    assert.ok(owner);
    writeTree(folder, demo({ owner: 'octo', web: standIn.url, config: 'fleet' }));
    writeTree(folder, [['web-late/stage/more.yaml', ERROR]]);
    for (const repo of ['fleet', 'web-dev', 'web-late']) {
      const remote = standIn.addRepo(owner, repo).folder;
      const work = join(folder, repo);
      git(work, 'init', '--quiet', '--initial-branch=main');
      commit(desk, repo);
      git(work, 'push', '--quiet', remote, 'HEAD:main');
      git(work, 'remote', 'add', 'origin', `${standIn.url}/octo/${repo}`);
    }
    const argv = ['adopt', '--publish', '--yes', '--into', 'fleet'];
    const refused = await desk.run(argv, { recorded: true });
    assert.equal(refused.code, 1, refused.stderr);
    assert.match(refused.stderr, /--publish would push \d+ errors?[\s\S]*field-type/);
    assert.doesNotMatch(refused.stderr, /overwrites the files/);
    assert.ok(!existsSync(join(folder, 'fleet/.yo-rc.json')));
    const forced = await desk.run([...argv, '--force'], { recorded: true });
    assert.equal(forced.code, 0, forced.stderr);
    assert.ok(readFileSync(join(folder, 'fleet/.yo-rc.json'), 'utf8'));
  });
});

const bareOf = ({ standIn }: Desk, name: string): string => {
  const found = standIn.findRepo('octo', name);
  assert.ok(found);
  return found.folder;
};
