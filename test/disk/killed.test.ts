import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EARLIER_STATES, writeEstate } from '../earlier-states.ts';
import { runs } from '../properties.ts';
import { BIN, folderAfter, readTree, runHere, temporaryFolder } from '../sandbox.ts';

const KILL_AT = fileURLToPath(new URL('kill-at.js', import.meta.url));
const LOG = '.flux-gitops-undo.json';

/** Runs the command, and kills it before the change of the disk with the number `step`. 0: not at all. */
function runUntil(step: number, argv: readonly string[], folder: string) {
  const { signal, status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', KILL_AT, BIN, ...argv, '--into', folder],
    {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, ...(step > 0 && { KILL_AT: `${step}` }) },
    },
  );
  return { signal, status, stdout, stderr };
}

function change(file: string, edit: (text: string) => string): void {
  const before = readFileSync(file, 'utf8');
  const after = edit(before);
  assert.notEqual(after, before, file);
  writeFileSync(file, after);
}

/** The edits that a killed run must neither lose nor take for its own. Nothing is committed. */
function edited(folder: string, environment: string, app: string): string {
  const config = join(folder, 'flux-demo');
  change(join(config, environment, '1_tenant.yaml'), (text) =>
    text.replace('labels:\n', 'labels:\n    acme.example/cost: "42"\n'),
  );
  change(join(config, environment, '2_sync.yaml'), (text) =>
    text.replace(/interval: .*/, (line) => `${line} # agreed`),
  );
  change(join(config, 'README.md'), (text) => text.replaceAll(/^(## .*)$/gm, '$1\n\nOur team.'));
  change(join(folder, app, environment, 'app.yaml'), (text) =>
    text.replace(/replicas: .*/, 'replicas: 9'),
  );
  writeFileSync(join(folder, app, environment, 'own.yaml'), '# ours\n');
  return folder;
}

const estate = async (): Promise<string> =>
  edited(await folderAfter(['--yes']), 'stage', 'flux-stage-prod');
const updated = async (): Promise<string> => {
  const folder = temporaryFolder();
  writeEstate(folder, EARLIER_STATES['0.1.0']?.() ?? []);
  return edited(folder, 'dev', 'flux-web');
};

const CASES: readonly (readonly [string, () => Promise<string>, readonly string[]])[] = [
  ['an update of 0.1.0', updated, ['update']],
  ['a move to a new app repo', estate, ['tenant', 'stage', '--repo', 'flux-new', '--move']],
  ['a move to another app repo', estate, ['tenant', 'stage', '--repo', 'flux-dev', '--move']],
  ['a rename', estate, ['rename', 'stage', 'test']],
  ['a removal', estate, ['remove', 'stage', '--force']],
  ['a change of a setting', estate, ['--interval', '7m']],
];

/** A run that is refused does not take over the lock of a killed one. */
const withoutLock = (tree: Map<string, string>): Map<string, string> =>
  new Map([...tree].filter(([path]) => path !== '.flux-gitops.lock'));

/** The steps at which to kill: all of them, or some that are evenly spread. */
const stepsOf = (count: number): number[] => {
  const wanted = Math.min(count, runs(count, 4).numRuns);
  return Array.from({ length: wanted }, (_, n) => Math.floor(((n + 1) * count) / wanted));
};

for (const [name, make, argv] of CASES)
  test(`${name} that is killed at any step ends in the same place when it runs again`, async () => {
    const before = await make();
    const copy = (): string => {
      const folder = temporaryFolder();
      cpSync(before, folder, { recursive: true });
      return folder;
    };
    const whole = copy();
    const { status, stdout, stderr } = runUntil(0, argv, whole);
    assert.equal(status, 0, stderr);
    const expected = withoutLock(readTree(whole));
    for (const step of stepsOf(Number(/changes: (\d+)/.exec(stdout)?.[1]))) {
      const folder = copy();
      assert.equal(runUntil(step, argv, folder).signal, 'SIGKILL');
      const again = await runHere([...argv, '--into', folder], folder);
      const tree = withoutLock(readTree(folder));
      // A run that was killed when all files were in their places cannot run again.
      if (again.code !== 0) assert.equal(again.code, 2, `step ${step}: ${again.stderr}`);
      assert.deepEqual(tree, expected, `step ${step}`);
      rmSync(folder, { recursive: true });
    }
  });

/** An estate in which a change of all files was killed between two of them. */
async function killedInTheMiddle(): Promise<{ folder: string; before: Map<string, string> }> {
  const folder = await folderAfter(['--yes']);
  const before = readTree(folder);
  const copy = temporaryFolder();
  cpSync(folder, copy, { recursive: true });
  const all = Number(/changes: (\d+)/.exec(runUntil(0, ['--interval', '7m'], copy).stdout)?.[1]);
  assert.equal(runUntil(all - 12, ['--interval', '7m'], folder).signal, 'SIGKILL');
  assert.ok(existsSync(join(folder, LOG)));
  return { folder, before };
}

const withoutRest = (tree: Map<string, string>): Map<string, string> =>
  new Map([...tree].filter(([path]) => !path.includes('.flux-gitops')));

test('another command after a killed run begins with the files as they were before', async () => {
  const { folder } = await killedInTheMiddle();
  const other = await folderAfter(['--yes'], ['tenant', 'uat', '--into', 'flux-demo']);
  const { code, stderr } = await runHere(['tenant', 'uat', '--into', 'flux-demo'], folder);
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    /an earlier run was killed while it wrote files\. Its \d+ changes are undone/,
  );
  assert.deepEqual(readTree(folder), readTree(other));
});

test('a command that only shows something undoes nothing, and says that a run was killed', async () => {
  const { folder } = await killedInTheMiddle();
  const killed = readTree(folder);
  for (const argv of [['update', '--check'], ['tenant', 'uat', '--dry-run'], ['verify']]) {
    const { stderr } = await runHere([...argv, '--into', 'flux-demo'], folder);
    assert.match(stderr, /an earlier run was killed while it wrote files/, argv.join(' '));
    assert.deepEqual(readTree(folder), killed);
  }
});

test('what a user changed after a run was killed is not undone', async () => {
  const { folder, before } = await killedInTheMiddle();
  const changed = [...before].find(
    ([path, text]) =>
      path.endsWith('2_sync.yaml') && readFileSync(join(folder, path), 'utf8') !== text,
  );
  const [path = ''] = changed ?? [];
  change(join(folder, path), (text) => `${text}# saved after it\n`);
  const { code, stderr } = await runHere(['tenant', 'uat', '--into', 'flux-demo'], folder);
  assert.equal(code, 0, stderr);
  assert.match(readFileSync(join(folder, path), 'utf8'), /# saved after it\n/);
});

test('a log that came with a clone, or that names other folders, moves no file', async () => {
  const folder = await folderAfter(['--yes']);
  const before = readTree(folder);
  const readme = join(folder, 'flux-demo/README.md');
  writeFileSync(
    join(folder, 'flux-demo', LOG),
    JSON.stringify({
      stages: { '.flux-gitops-stage-abc': 1 },
      changes: [{ path: 'README.md', staged: '.flux-gitops-stage-abc/README.md', hash: 'x' }],
    }),
  );
  assert.equal((await runHere(['--interval', '1m', '--into', 'flux-demo'], folder)).code, 0);
  assert.equal(readFileSync(readme, 'utf8'), before.get('flux-demo/README.md'));
});

test('a temporary folder that somebody removed does not keep the others from being undone', async () => {
  const { folder, before } = await killedInTheMiddle();
  const config = join(folder, 'flux-demo');
  for (const name of readdirSync(config))
    if (name.startsWith('.flux-gitops')) rmSync(join(config, name), { recursive: true });
  assert.equal((await runHere(['tenant', 'uat', '--into', 'flux-demo'], folder)).code, 0);
  const after = readTree(folder);
  for (const [path, text] of before)
    if (path.startsWith('flux-dev/')) assert.equal(after.get(path), text, path);
});

test('after a run, nothing of its temporary files is left', async () => {
  const { folder } = await killedInTheMiddle();
  assert.equal((await runHere(['--interval', '7m'], folder)).code, 0);
  assert.deepEqual(readTree(folder), withoutRest(readTree(folder)));
  assert.deepEqual(readdirSync(folder).sort(), ['flux-demo', 'flux-dev', 'flux-stage-prod']);
});
