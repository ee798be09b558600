import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { goldenTree } from '../golden.ts';
import { readTree, runHere, temporaryFolder } from '../sandbox.ts';
import { runGenerator } from './run-generator.ts';

/** A folder with the default estate of octo-org. */
async function estate(...flags: string[]): Promise<string> {
  const folder = temporaryFolder();
  assert.equal((await runHere(['--yes', '--owner', 'octo-org', ...flags], folder)).code, 0);
  return folder;
}

const remove = (folder: string, ...argv: string[]) =>
  runHere(['remove', ...argv, '--into', 'flux-demo'], folder);

/** Runs git in the repository `repo` of `folder`. */
function git(folder: string, repo: string, ...args: string[]): void {
  const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.invalid'];
  execFileSync('git', [...identity, ...args], { cwd: join(folder, repo), stdio: 'ignore' });
}

function commit(folder: string, repo: string): void {
  if (!existsSync(join(folder, repo, '.git'))) git(folder, repo, 'init', '--initial-branch=main');
  git(folder, repo, 'add', '--all');
  git(folder, repo, 'commit', '--message', 'As it is');
}

test('remove takes back what tenant wrote, byte for byte', async () => {
  const folder = await estate();
  const before = readTree(folder);
  const tenant = ['tenant', 'qa', '--repo', 'flux-stage-prod', '--into', 'flux-demo'];
  assert.equal((await runHere(tenant, folder)).code, 0);
  assert.notDeepEqual(readTree(folder), before);
  assert.equal((await remove(folder, 'qa')).code, 0);
  assert.deepEqual(readTree(folder), before);
});

test('yo removes as flux-gitops does', async () => {
  const [one, other] = [await estate(), await estate()];
  const tree = await runGenerator('remove', one, { in: 'flux-demo', arguments: ['stage'] });
  assert.equal((await remove(other, 'stage')).code, 0);
  assert.deepEqual(tree, readTree(other));
  assert.ok(!tree.has('flux-stage-prod/stage/app.yaml'));
  assert.ok(tree.has('flux-stage-prod/prod/app.yaml'));
});

test('an app repo that feeds nothing any more stays, and can feed again', async () => {
  const folder = await estate();
  assert.equal((await remove(folder, 'dev')).code, 0);
  const record = JSON.parse(readFileSync(join(folder, 'flux-dev/.yo-rc.json'), 'utf8'));
  assert.deepEqual(record['generator-flux-gitops'].environments, {});
  assert.match(readFileSync(join(folder, 'flux-dev/README.md'), 'utf8'), /feeds no environment/);
  const again = ['tenant', 'dev', '--repo', 'flux-dev', '--into', 'flux-demo'];
  assert.equal((await runHere(again, folder)).code, 0);
  const whole = goldenTree('default');
  for (const path of ['flux-dev/README.md', 'flux-dev/dev/app.yaml', 'flux-demo/dev/2_sync.yaml'])
    assert.equal(readTree(folder).get(path), readTree(await estate()).get(path), path);
  assert.ok(whole.size > 0);
});

test('all environments can leave, and the empty estate stays empty', async () => {
  const folder = await estate();
  assert.equal((await remove(folder, 'dev', 'stage', 'prod')).code, 0);
  const before = readTree(folder);
  assert.equal((await runHere(['--yes', '--into', 'flux-demo'], folder)).code, 0);
  assert.deepEqual(readTree(folder), before);
});

test('files that a person edited or added in an app repo stay, and are named', async () => {
  const folder = await estate();
  appendFileSync(join(folder, 'flux-dev/dev/app.yaml'), '# mine\n');
  writeFileSync(join(folder, 'flux-dev/dev/own.yaml'), 'kind: ConfigMap\n');
  const { code, stderr } = await remove(folder, 'dev');
  assert.equal(code, 0, stderr);
  assert.match(stderr, /stay because you edited them: flux-dev\/dev\/app\.yaml/);
  assert.match(stderr, /flux-dev\/dev\/own\.yaml/);
  assert.ok(existsSync(join(folder, 'flux-dev/dev/app.yaml')));
  assert.ok(existsSync(join(folder, 'flux-dev/dev/own.yaml')));
});

test('an edited tenant goes if git has it, and stays if git does not', async () => {
  for (const [isCommitted, flags, stays] of [
    [true, [], false],
    [true, ['--keep'], true],
    [false, [], true],
    [false, ['--force'], false],
  ] as const) {
    const folder = await estate();
    appendFileSync(join(folder, 'flux-demo/dev/1_tenant.yaml'), '# mine\n');
    if (isCommitted) commit(folder, 'flux-demo');
    const { code, stderr } = await remove(folder, 'dev', ...flags);
    assert.equal(code, 0, stderr);
    assert.equal(existsSync(join(folder, 'flux-demo/dev/1_tenant.yaml')), stays);
    assert.match(stderr, /flux-demo\/dev\/1_tenant\.yaml/);
    assert.ok(!existsSync(join(folder, 'flux-demo/dev/2_sync.yaml')));
  }
});

test('an unknown environment is refused with the known ones, and nothing is written', async () => {
  const folder = await estate();
  const before = readTree(folder);
  const { code, stderr } = await remove(folder, 'dev', 'stge', 'Nope');
  assert.equal(code, 2);
  assert.match(stderr, /"stge": this estate has no such environment. .* dev, stage, prod\./);
  assert.match(stderr, /Example: flux-gitops remove stage/);
  assert.match(stderr, /"Nope"/);
  assert.deepEqual(readTree(folder), before);
});

test('a dry run and --json say what leaves, and write nothing', async () => {
  const folder = await estate();
  const before = readTree(folder);
  const { stdout } = await remove(folder, 'stage', '--dry-run', '--json');
  const { departures, next, repositories } = JSON.parse(stdout);
  assert.deepEqual(departures, [
    { name: 'stage', namespace: 'fluxdemo-stage', repo: 'flux-stage-prod', state: 'gone' },
  ]);
  const removed = repositories.flatMap((one: { files: { path: string; action: string }[] }) =>
    one.files.filter(({ action }) => action === 'remove').map(({ path }) => path),
  );
  assert.deepEqual(removed.sort(), ['stage/1_tenant.yaml', 'stage/2_sync.yaml', 'stage/app.yaml']);
  const commands = next.flatMap((one: { or?: { commands: string[] } }) => one.or?.commands ?? []);
  const sync = 'kustomizations.kustomize.toolkit.fluxcd.io';
  assert.deepEqual(commands.slice(0, 3), [
    `kubectl --namespace fluxdemo-stage delete ${sync} flux-stage-prod --ignore-not-found`,
    `kubectl --namespace fluxdemo-stage delete ${sync} --all`,
    'kubectl delete namespace fluxdemo-stage',
  ]);
  assert.deepEqual(readTree(folder), before);
});

test('an app repo elsewhere is named with the commands for it', async () => {
  const folder = await estate();
  rmSync(join(folder, 'flux-dev'), { recursive: true });
  const { code, stderr } = await remove(folder, 'dev');
  assert.equal(code, 0, stderr);
  assert.match(stderr, /git clone https:\/\/github\.com\/octo-org\/flux-dev\n/);
  assert.match(stderr, /git -C flux-dev rm -r dev\n/);
  assert.ok(!existsSync(join(folder, 'flux-dev')));
});

test('an environment that git remembers is named as taken out, and not as unknown', async () => {
  const folder = await estate();
  commit(folder, 'flux-demo');
  assert.equal((await remove(folder, 'dev')).code, 0);
  const { code, stderr } = await remove(folder, 'dev');
  assert.equal(code, 2);
  assert.match(stderr, /an earlier run has taken it out/);
  assert.match(stderr, /fluxdemo-dev/);
});

test('with --sync-config an environment leaves in two runs, and the second one waits for the push', async () => {
  const folder = await estate('--sync-config');
  const config = join(folder, 'flux-demo');
  const read = (path: string): string => readFileSync(join(config, path), 'utf8');
  const before = readTree(folder);
  assert.equal((await remove(folder, 'stage')).code, 0);
  const changed = [...readTree(folder)].filter(([path, text]) => before.get(path) !== text);
  const only = ['.yo-rc.json', 'README.md', 'kustomization.yaml'];
  assert.deepEqual(
    changed.map(([path]) => path).sort(),
    only.map((path) => `flux-demo/${path}`),
  );
  assert.match(read('README.md'), /\| \[`stage`\]\(stage\), leaving \|/);
  assert.match(read('kustomization.yaml'), / {2}- stage\/1_tenant\.yaml\n/);
  assert.match(read('kustomization.yaml'), /toolkit\.fluxcd\.io\/tenant=fluxdemo-stage/);
  assert.match(read('.yo-rc.json'), /"leaving": true/);

  commit(folder, 'flux-demo');
  const early = await remove(folder, 'stage');
  assert.equal(early.code, 1);
  assert.match(early.stderr, /stage cannot go yet/);
  // An ordinary run keeps the state.
  assert.equal((await runHere(['--yes', '--into', 'flux-demo'], folder)).code, 0);
  assert.match(read('kustomization.yaml'), /toolkit\.fluxcd\.io\/tenant=fluxdemo-stage/);
  git(folder, 'flux-demo', 'update-ref', 'refs/remotes/origin/main', 'HEAD');
  assert.equal((await remove(folder, 'stage')).code, 0);
  assert.ok(!existsSync(join(config, 'stage')));
  assert.ok(!existsSync(join(folder, 'flux-stage-prod/stage')));
  assert.doesNotMatch(read('kustomization.yaml'), /stage/);
});

test('with --sync-config, what a person dropped from the list comes back, so that Flux can clean it up', async () => {
  const folder = await estate('--sync-config');
  const list = join(folder, 'flux-demo/kustomization.yaml');
  const text = readFileSync(list, 'utf8').replace(/^ {2}- stage\/.*\n/gm, '');
  writeFileSync(list, text);
  rmSync(join(folder, 'flux-demo/stage'), { recursive: true });
  assert.equal((await remove(folder, 'stage')).code, 0);
  assert.match(
    readFileSync(list, 'utf8'),
    / {2}- stage\/1_tenant\.yaml\n {2}- stage\/2_sync\.yaml\n/,
  );
  assert.ok(existsSync(join(folder, 'flux-demo/stage/2_sync.yaml')));
});

test('with --sync-config, lines of a person in the folder that goes are dropped: Flux could not apply them', async () => {
  const folder = await estate('--sync-config');
  const list = join(folder, 'flux-demo/kustomization.yaml');
  const text = readFileSync(list, 'utf8').replace(
    '  - stage/2_sync.yaml\n',
    (line) => `${line}  - stage/3_own.yaml # mine\n  - own/more.yaml\n`,
  );
  writeFileSync(list, text);
  writeFileSync(join(folder, 'flux-demo/stage/3_own.yaml'), 'kind: ConfigMap\n');
  assert.equal((await remove(folder, 'stage')).code, 0);
  assert.match(readFileSync(list, 'utf8'), /stage\/3_own\.yaml/);
  commit(folder, 'flux-demo');
  git(folder, 'flux-demo', 'update-ref', 'refs/remotes/origin/main', 'HEAD');
  const { code, stderr } = await remove(folder, 'stage');
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(readFileSync(list, 'utf8'), /stage/);
  assert.match(readFileSync(list, 'utf8'), / {2}- own\/more\.yaml\n/);
  assert.match(stderr, /stay: flux-demo\/stage\/3_own\.yaml/);
});

test('tenant takes an environment back that is leaving', async () => {
  const folder = await estate('--sync-config');
  const before = readTree(folder);
  assert.equal((await remove(folder, 'stage')).code, 0);
  const back = ['tenant', 'stage', '--into', 'flux-demo'];
  assert.equal((await runHere(back, folder)).code, 0);
  assert.deepEqual(readTree(folder), before);
});

test('--prefix for an environment of the files and --live in a dry run say that they change nothing', async () => {
  const said = await remove(await estate(), 'dev', '--prefix', 'other', '--dry-run');
  assert.equal(said.code, 0, said.stderr);
  assert.match(said.stdout, /--prefix changes nothing for dev: the files say the namespace\./);
  assert.doesNotMatch(said.stdout, /--live/);
  const live = await remove(await estate(), 'dev', '--live', '--dry-run');
  assert.match(live.stdout, /--live changes nothing in a dry run/);
});
