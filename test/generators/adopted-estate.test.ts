import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sourcesOf } from '../../lib/credentials/sources.ts';
import { readRecord } from '../../lib/plan/record.ts';
import { demo, exported, exportedFor, overlays } from '../adopt/hand-written.ts';
import { age } from '../aged.ts';
import { type Outcome, readTree, runHere, temporaryFolder, writeTree } from '../sandbox.ts';

const run = (folder: string, ...argv: string[]): Promise<Outcome> =>
  runHere([...argv, '--into', 'config'], folder);

/** A folder with an adopted estate, in which this package has taken the environments `taken` over. */
async function adopted(files = demo(), ...taken: string[]): Promise<string> {
  const folder = temporaryFolder();
  writeTree(folder, files);
  const runs = [['adopt'], ...taken.map((one) => ['tenant', one, '--take-over'])];
  for (const argv of runs) {
    const { code, stderr } = await run(folder, ...argv);
    assert.equal(code, 0, stderr);
  }
  return folder;
}

const commandsOf = ({ stdout }: Outcome): string[] =>
  (JSON.parse(stdout).next as { commands: string[]; or?: { commands: string[] } }[]).flatMap(
    (step) => [...step.commands, ...(step.or?.commands ?? [])],
  );

for (const [command, argv] of [
  ['rename', ['rename', 'dev', 'test']],
  ['tenant --move', ['tenant', 'dev', '--repo', 'web-late', '--move']],
] as const)
  test(`${command} refuses an environment that a user wrote by hand, and says why`, async () => {
    const folder = await adopted();
    const before = readTree(folder);
    const { code, stderr } = await run(folder, ...argv);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /environment "dev", which a user wrote by hand/);
    assert.match(stderr, /--take-over/);
    assert.deepEqual(readTree(folder), before);
  });

/** Commits everything in the config repo of `folder`. */
function commitAll(folder: string): void {
  const who = ['-c', 'user.name=t', '-c', 'user.email=t@example.com'];
  for (const argv of [
    ['init', '--quiet'],
    ['add', '--all'],
    [...who, 'commit', '-qm', 'Ours'],
  ])
    execFileSync('git', ['-C', join(folder, 'config'), ...argv]);
}

test('remove takes the files that a user wrote by hand, if git has them and nobody else needs them', async () => {
  const folder = await adopted(exported);
  const before = readTree(folder);
  const early = await run(folder, 'remove', 'payments');
  assert.equal(early.code, 2, early.stderr);
  assert.match(early.stderr, /tenants\/payments-sync\.yaml: .*git does not have it as it is/);
  assert.deepEqual(readTree(folder), before);
  const live = await run(folder, 'remove', 'payments', '--live');
  assert.equal(live.code, 1, live.stderr);
  assert.match(live.stderr, /payments \(payments\): only \.yo-rc\.json has the namespace/);
  assert.deepEqual(readTree(folder), before);
  commitAll(folder);
  const { code, stdout, stderr } = await run(folder, 'remove', 'payments', '--json');
  assert.equal(code, 0, stderr);
  const after = readTree(folder);
  assert.deepEqual(
    [...before.keys()].filter((path) => !after.has(path)),
    ['config/tenants/payments-sync.yaml', 'config/tenants/payments.yaml'],
  );
  assert.doesNotMatch(after.get('config/.yo-rc.json') ?? '', /payments/);
  assert.match(after.get('config/.yo-rc.json') ?? '', /search/);
  const { next } = JSON.parse(stdout);
  assert.match(JSON.stringify(next), /delete kustomizations\S+ pay-sync/);
});

test('remove takes every file of an environment of the original demo, with its second sync', async () => {
  const folder = await adopted();
  commitAll(folder);
  const before = readTree(folder);
  const { code, stderr } = await run(folder, 'remove', 'dev');
  assert.equal(code, 0, stderr);
  const gone = [...before.keys()].filter((path) => !readTree(folder).has(path));
  assert.deepEqual(
    gone,
    ['1_tenant', '2_git_sync', '3_oci_sync'].map((name) => `config/dev/${name}.yaml`),
  );
});

test('remove refuses files that others need, and leaves everything as it is', async () => {
  const shared = exported.map(([path, text]): [string, string] => [
    path.replace(/tenants\/(payments|search)\.yaml/, 'tenants/all.yaml'),
    text,
  ]);
  const all = shared.filter(([path]) => path.endsWith('all.yaml')).map(([, text]) => text);
  const folder = await adopted([...shared, ['config/tenants/all.yaml', all.join('')]]);
  commitAll(folder);
  const before = readTree(folder);
  for (const files of [before, overlays]) {
    const where = files === before ? folder : await adopted(overlays);
    const name = files === before ? 'payments' : 'dev-team-staging';
    if (files !== before) commitAll(where);
    const same = readTree(where);
    const { code, stderr } = await run(where, 'remove', name);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /not only this environment needs tenants\//);
    assert.match(stderr, /adopt --repair/);
    assert.deepEqual(readTree(where), same);
  }
});

test('remove names the objects of an adopted environment as they are', async () => {
  const folder = await adopted(demo(), 'dev');
  const outcome = await run(folder, 'remove', 'dev', '--json');
  assert.equal(outcome.code, 0, outcome.stderr);
  const commands = commandsOf(outcome).join('\n');
  assert.match(commands, /--namespace acme-dev delete kustomizations\S+ git-dev /);
  const [departure] = JSON.parse(outcome.stdout).departures;
  assert.deepEqual(departure, {
    ...{ name: 'dev', namespace: 'acme-dev', repo: 'web-dev', state: 'gone' },
  });
});

test('remove knows a namespace that does not follow the prefix, and leaves a folder of the user', async () => {
  const folder = await adopted(exported, 'payments');
  const outcome = await run(folder, 'remove', 'payments', '--json');
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.match(commandsOf(outcome).join('\n'), /delete namespace payments$/m);
  assert.match(outcome.stdout, /The folder \.\/deploy\/prod of payments-app/);
});

test('a moved environment keeps the names of its objects, so no sync is deleted', async () => {
  const folder = await adopted(demo(), 'dev');
  const outcome = await run(
    ...([folder, 'tenant', 'dev', '--repo', 'web-late', '--move', '--json'] as const),
  );
  assert.equal(outcome.code, 0, outcome.stderr);
  const sync = readFileSync(join(folder, 'config/dev/2_sync.yaml'), 'utf8');
  assert.match(sync, /name: git-demo-dev[\s\S]*octo-org\/web-late[\s\S]*name: git-dev/);
  const commands = commandsOf(outcome).filter((one) => one.startsWith('kubectl --namespace'));
  assert.match(commands.join('\n'), /wait \S+\/git-dev /);
  assert.doesNotMatch(commands.join('\n'), /delete|patch/);
});

test('a folder that a user laid out cannot move or get another name', async () => {
  const folder = await adopted(exported, 'payments');
  for (const argv of [
    ['rename', 'payments', 'test'],
    ['tenant', 'payments', '--repo', 'other', '--move'],
  ]) {
    const { code, stderr } = await run(folder, ...argv);
    assert.equal(code, 2, stderr);
    if (argv[0] === 'rename') assert.match(stderr, /with the folder \.\/deploy\/prod/);
  }
});

test('a renamed environment has the usual names', async () => {
  const folder = await adopted(demo(), 'dev');
  const outcome = await run(folder, 'rename', 'dev', 'test', '--json');
  assert.equal(outcome.code, 0, outcome.stderr);
  const sync = readFileSync(join(folder, 'config/test/2_sync.yaml'), 'utf8');
  assert.doesNotMatch(sync, /git-d/);
  const commands = commandsOf(outcome).join('\n');
  assert.match(commands, /wait \S+\/web-dev [\s\S]*delete \S+ git-dev /);
});

test('update skips what a user wrote by hand, and says so', async () => {
  const folder = await adopted();
  appendFileSync(join(folder, 'config/dev/1_tenant.yaml'), '# mine\n');
  const before = readTree(folder);
  const { code, stderr } = await run(folder, 'update');
  assert.equal(code, 0, stderr);
  assert.match(stderr, /No update changes the files of dev, because a user wrote them by hand/);
  assert.deepEqual(readTree(folder), before);
  // The files of the other environments follow.
  age(join(folder, 'config'), 'stage/2_sync.yaml', (text) => text.replace('1m0s', '9m0s'));
  assert.equal((await run(folder, 'update')).code, 0);
  assert.deepEqual(readTree(folder), before);
});

test('an app on another branch of the config repo hinders no other command', async () => {
  const files = overlays.map(
    ([path, text]) => [path, text.replace('dev-team-apps', 'config')] as const,
  );
  const folder = await adopted(files);
  const before = readTree(folder);
  for (const argv of [['update'], ['update', '--check'], ['--interval', '1m', '--yes']]) {
    const { code, stderr } = await run(folder, ...argv);
    assert.equal(code, 0, stderr);
    assert.deepEqual(readTree(folder), before, argv.join(' '));
  }
  assert.equal((await run(folder, 'tenant', 'qa')).code, 0);
  // The demo app is only where this package wrote it.
  const { code, stderr } = await run(folder, '--interval', '7m', '--yes');
  assert.equal(code, 0, stderr);
  assert.match(stderr, /--namespace fluxdemo-qa port-forward/);
  assert.doesNotMatch(stderr, /--namespace apps (annotate|port-forward)/);
});

test('credentials names the GitRepository of an adopted environment', async () => {
  const url = 'ssh://git@github.com/octo-org/web-dev';
  const files = demo().map(([path, text]): [string, string] => [
    path,
    path.endsWith('2_git_sync.yaml')
      ? text.replace(/ {2}url: .*/, `  url: ${url}\n  secretRef:\n    name: git-web-dev`)
      : text,
  ]);
  const folder = await adopted(files, 'dev');
  const text = readFileSync(join(folder, 'config/.yo-rc.json'), 'utf8');
  const { record } = readRecord(text, '.yo-rc.json', []);
  assert.ok(record);
  assert.equal(record.estate.visibility, 'private');
  const [source, ...others] = sourcesOf(record);
  assert.deepEqual(others, []);
  assert.equal(source?.kind, 'deploy-key');
  assert.deepEqual(source?.places, [
    ...[
      { environment: 'dev', namespace: 'acme-dev', secret: 'git-web-dev', source: 'git-demo-dev' },
    ],
  ]);
  const sync = readFileSync(join(folder, 'config/dev/2_sync.yaml'), 'utf8');
  assert.match(sync, /name: git-demo-dev[\s\S]*name: git-web-dev/);
  assert.ok(sync.includes(url));
});

test('a move of artifacts removes an OCIRepository, and none of the kind GitRepository', async () => {
  const folder = temporaryFolder();
  const flags = ['--yes', '--owner', 'octo-org', '--source', 'oci', '--name', 'config'];
  assert.equal((await runHere(flags, folder)).code, 0);
  const outcome = await run(
    ...([folder, 'tenant', 'dev', '--repo', 'flux-other', '--move', '--json'] as const),
  );
  assert.equal(outcome.code, 0, outcome.stderr);
  const commands = commandsOf(outcome).join('\n');
  assert.match(commands, /delete ocirepositories\.source\.toolkit\.fluxcd\.io flux-dev/);
  assert.doesNotMatch(commands, /gitrepositories/);
});

test('a tenant whose service account has another name is taken over, and the last step deletes the former one', async () => {
  const folder = await adopted(exportedFor());
  const outcome = await run(folder, 'tenant', 'search', '--take-over', '--json');
  assert.equal(outcome.code, 0, outcome.stderr);
  const after = readTree(join(folder, 'config'));
  assert.ok(!after.has('tenants/search.yaml'));
  assert.match(after.get('search/2_sync.yaml') ?? '', /serviceAccountName: search\n/);
  const commands = commandsOf(outcome);
  assert.equal(
    commands.at(-1),
    'kubectl --namespace search delete serviceaccount/search-team rolebinding/search-team-reconciler',
  );
  const payments = await run(folder, 'tenant', 'payments', '--take-over', '--json');
  assert.doesNotMatch(commandsOf(payments).join('\n'), /delete serviceaccount/);
});

test('a Secret with a name of the user stays, with the address over ssh', async () => {
  const url = 'ssh://git@github.com/octo-org/search';
  const folder = await adopted(exportedFor({ secret: 'our-key', searchUrl: `${url}.git` }));
  const outcome = await run(folder, 'tenant', 'search', '--take-over', '--json');
  assert.equal(outcome.code, 0, outcome.stderr);
  const sync = readFileSync(join(folder, 'config/search/2_sync.yaml'), 'utf8');
  assert.match(sync, /secretRef:\n +name: our-key\n/);
  assert.match(sync, /url: ssh:\/\/git@github\.com\/octo-org\/search\n/);
  const text = readFileSync(join(folder, 'config/.yo-rc.json'), 'utf8');
  const { record } = readRecord(text, '.yo-rc.json', []);
  assert.ok(record);
  const places = sourcesOf(record).flatMap((one) => one.places);
  assert.deepEqual(
    places.map(({ namespace, secret }) => [namespace, secret]),
    [['search', 'our-key']],
  );
  // It keeps the name in every later run, and a reading finds it again.
  assert.equal((await run(folder, 'tenant', 'search', '--interval', '9m')).code, 0);
  const later = readFileSync(join(folder, 'config/search/2_sync.yaml'), 'utf8');
  assert.equal(later, sync.replaceAll('1m0s', '9m0s'));
  rmSync(join(folder, 'config/.yo-rc.json'));
  assert.equal((await run(folder, 'adopt', '--repair')).code, 0);
  assert.match(readFileSync(join(folder, 'config/.yo-rc.json'), 'utf8'), /"gitSecret": "our-key"/);
});

test('an address with .git on another server is not taken for the one without', async () => {
  const web = 'https://git.example.com/octo-org';
  const folder = await adopted(exportedFor({ web, searchUrl: `${web}/search.git` }));
  const { code, stderr } = await run(folder, 'tenant', 'search', '--take-over');
  assert.equal(code, 2, stderr);
  assert.match(stderr, /has another form of the address/);
});
