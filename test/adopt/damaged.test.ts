import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readTree, runHere, temporaryFolder } from '../sandbox.ts';

const RECORD = 'flux-demo/.yo-rc.json';

/** A private estate of octo-org; with `git`, its config repo has one commit. */
async function estate({ git = false } = {}): Promise<string> {
  const folder = temporaryFolder();
  const argv = ['--yes', '--owner=octo-org', '--visibility=private', '--replicas=prod=3'];
  assert.equal((await runHere(argv, folder)).code, 0);
  if (git) commit(join(folder, 'flux-demo'));
  return folder;
}

function commit(folder: string): void {
  const run = (...words: string[]): void => {
    const identity = ['-c', 'user.name=Tests', '-c', 'user.email=tests@example.invalid'];
    execFileSync('git', [...identity, ...words], { cwd: folder, stdio: 'ignore' });
  };
  run('init', '--quiet');
  run('add', '--all');
  run('commit', '--quiet', '--message', 'All');
}

const settingsIn = (folder: string) =>
  JSON.parse(readFileSync(join(folder, RECORD), 'utf8'))['generator-flux-gitops'].settings;

/** What a person, an editor or a merge can do to a record. */
const DAMAGES: { readonly [what: string]: (text: string) => string | undefined } = {
  deleted: () => undefined,
  empty: () => '',
  'without this package': () => '{ "generator-other": { "kept": 1 } }',
  'cut off': (text) => text.slice(0, text.indexOf('"environments"') + 60),
  'a comma too many': (text) => text.replace('"main",', '"main",,'),
  'a comment': (text) => `// ours\n${text}`,
  'conflict markers in the middle of a line': (text) =>
    text.replace('"branch"', '<<<<<<< HEAD "bra=======nch"'),
  'conflict markers with broken sides': (text) =>
    text.replace(
      '    "settings": {',
      '<<<<<<< ours\n    "settings": [\n=======\n    "set\n>>>>>>> theirs',
    ),
  'a wrong value': (text) => text.replace('"branch": "main"', '"branch": "no branch"'),
  'without a name': (text) => text.replace(/ *"name": .*\n/, ''),
  'almost nothing': (text) => text.slice(0, 40),
  'an environment without its values': (text) =>
    text.replace(/"dev": \{[\s\S]*?\n {6}\}/, '"dev": null'),
  'an environment with a wrong app repo': (text) => text.replace('"flux-dev"', '"NOT OK"'),
  'a wrong shape': (text) => text.replace('"kind": "config-repo"', '"kind": 7'),
};

for (const [what, damage] of Object.entries(DAMAGES))
  describe(`a record that is damaged: ${what}`, () => {
    test('is named with its remedy by every command, which writes nothing', async () => {
      const folder = await estate();
      spoil(folder, damage);
      const before = readTree(folder);
      for (const [argv, below] of [
        [['tenant', 'qa'], 'flux-demo'],
        [['tenant', 'qa'], 'flux-demo/dev'],
        [['--yes'], 'flux-demo/stage'],
        [['--yes'], ''],
      ] as const) {
        const { code, stderr } = await runHere(argv, join(folder, below));
        assert.equal(code, 2, `${argv} in ${below}: ${stderr}`);
        if (!/wrong (value|app repo)/.test(what))
          assert.match(stderr, /flux-gitops adopt --repair/);
      }
      assert.deepEqual(readTree(folder), before);
    });

    for (const git of [true, false])
      test(`is written again ${git ? 'with' : 'without'} the history of git`, async () => {
        const folder = await estate({ git });
        const before = readTree(folder);
        spoil(folder, damage);
        const { code, stderr } = await runHere(['adopt', '--repair'], join(folder, 'flux-demo'));
        assert.equal(code, 0, stderr);
        // Without git, the records of the app repos still say it.
        assert.equal(settingsIn(folder).visibility, 'private', stderr);
        if (git)
          assert.equal(
            readTree(folder).get(RECORD)?.includes('generator-other'),
            what === 'without this package',
          );
        assert.equal((await runHere(['--yes'], folder)).code, 0);
        const after = readTree(folder);
        for (const [path, text] of before)
          if (!path.endsWith('.yo-rc.json')) assert.equal(after.get(path), text, path);
        if (git && what !== 'without this package')
          assert.equal(after.get(RECORD), before.get(RECORD));
      });
  });

function spoil(folder: string, damage: (text: string) => string | undefined): void {
  const file = join(folder, RECORD);
  const text = readFileSync(file, 'utf8');
  const spoilt = damage(text);
  assert.notEqual(spoilt, text);
  if (spoilt === undefined) rmSync(file);
  else writeFileSync(file, spoilt);
}

test('a value that contradicts the manifests is named, and the manifests decide', async () => {
  const folder = await estate();
  spoil(folder, (text) => text.replace('"interval": "1m0s"', '"interval": "9m0s"'));
  const argv = ['adopt', '--repair', '--json', '--into', 'flux-demo'];
  const { stdout, code } = await runHere(argv, folder);
  assert.equal(code, 0);
  const { taken, notUnderstood } = JSON.parse(stdout).reading;
  const reasons = notUnderstood.map(({ reason }: { reason: string }) => reason);
  assert.ok(reasons.includes('interval is "9m0s" there, but the manifests have "1m0s"'));
  const visibility = taken.find(({ what }: { what: string }) => what === 'visibility');
  assert.deepEqual([visibility.value, visibility.from], ['private', 'dev/2_sync.yaml:19']);
  const recorded = taken.filter(({ from }: { from: string }) => from === '.yo-rc.json');
  assert.ok(recorded.length > 0);
  assert.equal(settingsIn(folder).interval, '1m0s');
});

test('an environment that is in the record only is named, and no longer recorded', async () => {
  const folder = await estate();
  rmSync(join(folder, 'flux-demo/prod'), { recursive: true });
  const { code, stderr } = await runHere(['adopt', '--repair', '--into=flux-demo'], folder);
  assert.equal(code, 0);
  assert.match(stderr, /environment prod\n +the config repo has no manifests of it/);
  assert.doesNotMatch(readTree(folder).get(RECORD) ?? '', /"prod"/);
});

test('what a user edited or deleted stays so after a repair', async () => {
  const folder = await estate();
  rmSync(join(folder, 'flux-demo/install/terraform'), { recursive: true });
  rmSync(join(folder, 'flux-demo/policies/team.yaml'));
  const readme = join(folder, 'flux-demo/README.md');
  writeFileSync(readme, readFileSync(readme, 'utf8').replace('# flux-demo', '# Our fleet'));
  rmSync(join(folder, RECORD));
  assert.equal((await runHere(['adopt', '--repair', '--into=flux-demo'], folder)).code, 0);
  const { code, stderr } = await runHere(['tenant', 'qa', '--into=flux-demo'], folder);
  assert.equal(code, 0, stderr);
  assert.match(readFileSync(readme, 'utf8'), /# Our fleet\n[\s\S]*fluxdemo-qa/);
  for (const path of ['install/terraform/main.tf', 'policies/team.yaml'])
    assert.ok(!readTree(folder).has(`flux-demo/${path}`), path);
});

test('an app repo without its record is named, too, and healed with the config repo', async () => {
  const folder = await estate();
  const before = readTree(folder);
  rmSync(join(folder, 'flux-dev/.yo-rc.json'));
  for (const argv of [
    ['--yes'],
    ['tenant', 'dev', '--into=flux-demo'],
    ['scenario-repo', 'flux-dev'],
  ]) {
    const { code, stderr } = await runHere(argv, folder);
    assert.equal(code, 2, argv.join(' '));
    assert.match(stderr, /flux-dev\/.yo-rc.json: there is none[\s\S]*adopt --repair/);
  }
  assert.equal((await runHere(['adopt', '--repair'], join(folder, 'flux-dev'))).code, 0);
  assert.deepEqual(readTree(folder), before);
});
