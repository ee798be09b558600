import assert from 'node:assert/strict';
import { cpSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { age } from '../aged.ts';
import { EARLIER_STATES, writeEstate } from '../earlier-states.ts';
import { type Outcome, readTree, runHere, temporaryFolder } from '../sandbox.ts';
import { runGenerator } from './run-generator.ts';

/** A folder with an estate of octo-org in which two files are as an older version wrote them. */
async function agedEstate(): Promise<string> {
  const folder = temporaryFolder();
  const flags = ['--yes', '--owner', 'octo-org', '--sync-config', '--replicas', 'dev=3'];
  assert.equal((await runHere(flags, folder)).code, 0);
  age(join(folder, 'flux-demo'), 'policies/events.yaml', (text) => text.replaceAll('3072', '9999'));
  age(join(folder, 'flux-dev'), 'README.md', (text) =>
    text.replace('## Troubleshooting', '## Help'),
  );
  return folder;
}

const update = (folder: string, ...flags: string[]): Promise<Outcome> =>
  runHere(['update', ...flags], folder);

test('the generator brings all repositories of the estate up to date, with the settings that they record', async () => {
  const folder = await agedEstate();
  const tree = await runGenerator('update', folder, { in: 'flux-demo' });
  assert.match(tree.get('flux-demo/policies/events.yaml') ?? '', /3072/);
  assert.match(tree.get('flux-dev/README.md') ?? '', /## Troubleshooting/);
  assert.match(tree.get('flux-dev/dev/app.yaml') ?? '', /replicas: 3/);
  const { code, stderr } = await update(join(folder, 'flux-demo'));
  assert.equal(code, 0);
  assert.match(stderr, /Nothing to do: every file is up to date\./);
  assert.deepEqual(readTree(folder), tree);
});

test('it works in every folder of an estate, in an app repo alone, and with --into', async () => {
  for (const [cwd, into] of [
    ['flux-demo/dev', []],
    ['flux-dev', []],
    ['.', []],
    ['flux-stage-prod', ['--into', '../flux-demo']],
  ] as const) {
    const folder = await agedEstate();
    const { code, stderr } = await update(join(folder, cwd), ...into);
    assert.equal(code, 0, stderr);
    assert.match(readTree(folder).get('flux-demo/policies/events.yaml') ?? '', /3072/, cwd);
    assert.match(readTree(folder).get('flux-dev/README.md') ?? '', /## Troubleshooting/, cwd);
  }
  const folder = await agedEstate();
  renameSync(join(folder, 'flux-demo'), join(folder, '.elsewhere'));
  const { code, stderr } = await update(join(folder, 'flux-dev'));
  assert.equal(code, 0, stderr);
  assert.match(readTree(folder).get('flux-dev/README.md') ?? '', /## Troubleshooting/);
  renameSync(join(folder, '.elsewhere'), join(folder, 'flux-demo'));
  rmSync(join(folder, 'flux-stage-prod'), { recursive: true });
  const alone = await update(join(folder, 'flux-demo'));
  assert.equal(alone.code, 0, alone.stderr);
  assert.match(alone.stderr, /not beside the config repo: flux-stage-prod/);
});

test('outside of an estate, and with words or settings, it is wrong input', async () => {
  const folder = temporaryFolder();
  const outside = await update(folder);
  assert.deepEqual([outside.code, readTree(folder).size], [2, 0]);
  assert.match(outside.stderr, /must run inside a repository of an estate/);
  const words = await update(await agedEstate(), 'dev', '--replicas', '2');
  assert.equal(words.code, 2);
  assert.match(words.stderr, /this command takes flags only/);
  assert.match(words.stderr, /flux-gitops update does not have this flag/);
  const pairs = await update(
    folder,
    '--check',
    '--publish',
    '--conflict-markers',
    '--pull-request',
  );
  assert.equal(pairs.code, 2);
  assert.match(pairs.stderr, /--check and --publish[\s\S]*--check and --conflict-markers/);
  const alone = await update(folder, '--pull-request');
  assert.match(alone.stderr, /--pull-request without --publish/);
});

test('--check writes nothing and says what there is, and whether there is something', async () => {
  const folder = await agedEstate();
  const before = readTree(folder);
  const times = (): number[] =>
    [...before.keys()].map((path) => statSync(join(folder, path)).mtimeMs);
  const stamps = times();
  const behind = await update(folder, '--check');
  assert.equal(behind.code, 1);
  assert.match(behind.stdout, /^flux-demo {2}files: 2 to change/m);
  assert.match(behind.stdout, /change {7}policies\/events\.yaml/);
  assert.match(behind.stderr, /To update it, run: flux-gitops update/);
  const json = await update(folder, '--check', '--json');
  assert.equal(json.code, 1);
  const { dryRun, changed, policies, error } = JSON.parse(json.stdout);
  assert.deepEqual([dryRun, changed], [true, true]);
  assert.match(error.message, /not as version/);
  assert.deepEqual(
    policies.map(({ file, isNew }: { file: string; isNew: boolean }) => [file, isNew]),
    [['policies/events.yaml', false]],
  );
  assert.deepEqual(readTree(folder), before);
  assert.deepEqual(times(), stamps);
  assert.equal((await update(folder)).code, 0);
  const same = await update(folder, '--check');
  assert.equal(same.code, 0, same.stderr);
  assert.match(same.stdout, /^Nothing to update: every file is up to date\.$/m);
  assert.equal((await update(folder, '--check', '--json')).code, 0);
});

test('an estate of 0.1.0 is told what the policies refuse from now on', async () => {
  const folder = temporaryFolder();
  writeEstate(folder, EARLIER_STATES['0.1.0']?.() ?? []);
  const { code, stderr } = await update(folder);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /Refused from now on, by new policies and by new or changed checks:/);
  assert.match(
    stderr,
    /policies\/team\.yaml \(new\):\n {4}- Every change of a Flux object by people of a `--team`/,
  );
  assert.match(stderr, /policies\/syncs\.yaml \(changed\)/);
});

describe('a conflict', () => {
  /** An estate in which a user changed a line that this version changes as well. */
  async function conflicting(): Promise<string> {
    const folder = await agedEstate();
    const policy = join(folder, 'flux-demo/policies/events.yaml');
    const text = readFileSync(policy, 'utf8');
    writeFileSync(policy, text.replaceAll('9999', '5000'));
    return folder;
  }

  test('changes nothing, not in another repository either', async () => {
    const folder = await conflicting();
    const before = readTree(folder);
    const { code, stderr } = await update(folder);
    assert.equal(code, 1);
    assert.match(stderr, /Nothing was written:\n {2}\S+policies\/events\.yaml\n/);
    assert.deepEqual(readTree(folder), before);
    assert.equal((await update(folder, '--check')).code, 1);
  });

  test('is written with markers where that is asked for; after a decision the estate stands still', async () => {
    const folder = await conflicting();
    const policy = join(folder, 'flux-demo/policies/events.yaml');
    const { code, stderr } = await update(folder, '--conflict-markers');
    assert.equal(code, 1);
    assert.match(stderr, /these files now have conflict markers:\n {2}\S+policies\/events\.yaml/);
    assert.doesNotMatch(stderr, /^Next:/m);
    const marked = readFileSync(policy, 'utf8');
    assert.match(
      marked,
      /^<<<<<<< yours\n[\s\S]*5000[\s\S]*^=======\n[\s\S]*3072[\s\S]*^>>>>>>> generator-flux-gitops /m,
    );
    assert.match(
      readTree(folder).get('flux-dev/README.md') ?? '',
      /## Troubleshooting/,
      'the rest',
    );
    const before = readTree(folder);
    for (const flags of [[], ['--conflict-markers']]) {
      const again = await update(folder, ...flags);
      assert.equal(again.code, 1);
      assert.match(again.stderr, /Nothing was written/);
      assert.deepEqual(readTree(folder), before);
    }
    writeFileSync(
      policy,
      marked.replace(/^<<<<<<< .*\n([\s\S]*?)=======\n[\s\S]*?^>>>>>>> .*\n/gm, '$1'),
    );
    const after = await update(folder);
    assert.equal(after.code, 0, after.stderr);
    assert.match(readFileSync(policy, 'utf8'), /5000/);
    assert.equal((await update(folder, '--check')).code, 0);
  });

  test('in a file that is not UTF-8 gets no markers, because they would damage its text', async () => {
    const folder = await agedEstate();
    const policy = join(folder, 'flux-demo/policies/events.yaml');
    writeFileSync(
      policy,
      Buffer.concat([Buffer.from('# M\xfcller\n', 'latin1'), readFileSync(policy)]),
    );
    const before = readFileSync(policy);
    const { code, stderr } = await update(folder, '--conflict-markers');
    assert.equal(code, 1);
    assert.match(stderr, /policies\/events\.yaml \(it is not UTF-8, so nothing is merged into it/);
    assert.deepEqual(readFileSync(policy), before);
  });
});

test('YAML with an alias that has no anchor before it is a conflict, and ends no run with a stack trace', async () => {
  const folder = temporaryFolder();
  writeEstate(folder, EARLIER_STATES['0.1.0']?.() ?? []);
  const sync = join(folder, 'flux-demo/dev/2_sync.yaml');
  writeFileSync(
    sync,
    readFileSync(sync, 'utf8')
      .replace(/interval: .*/, 'interval: &every 1m')
      .replace(/(retryInterval|timeout): .*/, '$1: *never'),
  );
  for (const flags of [['--check'], ['--dry-run'], ['--json', '--dry-run'], []]) {
    const { code, stderr } = await update(folder, ...flags);
    if (!flags.includes('--dry-run')) assert.equal(code, 1, stderr);
    if (flags.length === 0) assert.match(stderr, /conflict[\s\S]*dev\/2_sync\.yaml/);
  }
});

test('a byte order mark that an editor wrote is no edit', async () => {
  const folder = await agedEstate();
  const policy = join(folder, 'flux-demo/policies/events.yaml');
  writeFileSync(policy, `\ufeff${readFileSync(policy, 'utf8')}`);
  const { code, stderr } = await update(folder);
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stderr, /you edited/i);
  assert.match(readFileSync(policy, 'utf8'), /^[^\ufeff][\s\S]*3072/);
});

test('a folder with two config repos is asked which one is meant', async () => {
  const folder = await agedEstate();
  cpSync(join(folder, 'flux-demo'), join(folder, 'flux-demo-old'), { recursive: true });
  for (const argv of [['update'], ['remove', 'dev'], ['verify'], ['status']]) {
    const { code, stderr } = await runHere(argv, folder);
    assert.equal(code, 2, stderr);
    assert.match(
      stderr,
      /with the config repos flux-demo, flux-demo-old: this command works on one/,
    );
    assert.match(stderr, /--into flux-demo$/m);
  }
  assert.equal((await update(folder, '--into', 'flux-demo')).code, 0);
});

test('an app that a team put in place of the demo app stays, although the demo app changed', async () => {
  const folder = temporaryFolder();
  writeEstate(folder, EARLIER_STATES['0.1.0']?.() ?? []);
  const app = join(folder, 'flux-web/dev/app.yaml');
  const own = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ours\n';
  writeFileSync(app, own);
  const { code, stderr } = await update(join(folder, 'flux-demo'));
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    /These files stay as you edited them\. --force overwrites them: \S*flux-web\/dev\/app\.yaml/,
  );
  assert.equal(readFileSync(app, 'utf8'), own);
  assert.equal((await update(join(folder, 'flux-demo'), '--check')).code, 0);
});
