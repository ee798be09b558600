import assert from 'node:assert/strict';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readTree, runHere, temporaryFolder } from '../sandbox.ts';
import { runGenerator } from './run-generator.ts';

/** A folder with the default estate of octo-org. */
async function estate(...flags: string[]): Promise<string> {
  const folder = temporaryFolder();
  assert.equal((await runHere(['--yes', '--owner', 'octo-org', ...flags], folder)).code, 0);
  return folder;
}

const rename = (folder: string, ...argv: string[]) =>
  runHere(['rename', ...argv, '--into', 'flux-demo'], folder);

test('a renamed environment is as if it had had the new name from the start', async () => {
  const scenarios = (name: string) => ['--scenario', `flux-dev=${name}`, '--replicas', `${name}=3`];
  const [folder, wanted] = [await estate(...scenarios('dev')), await estate(...scenarios('test'))];
  const tree = await runGenerator('rename', folder, {
    in: 'flux-demo',
    arguments: ['dev', 'test'],
  });
  const expected = readTree(wanted);
  assert.deepEqual([...tree.keys()], [...expected.keys()]);
  for (const [path, text] of expected)
    if (!path.endsWith('.yo-rc.json')) assert.equal(tree.get(path), text, path);
});

test('edited, added and deleted files go along, with the new namespace in them', async () => {
  const folder = await estate();
  const app = join(folder, 'flux-stage-prod');
  appendFileSync(join(app, 'stage/app.yaml'), '# see fluxdemo-stage and fluxdemo-stage-2\n');
  writeFileSync(join(app, 'stage/own.yaml'), 'kind: ConfigMap\nnamespace: fluxdemo-stage\n');
  rmSync(join(app, 'prod/app.yaml'));
  const { code, stderr } = await rename(folder, 'stage', 'test');
  assert.equal(code, 0, stderr);
  assert.equal((await rename(folder, 'prod', 'live')).code, 0);
  const tree = readTree(folder);
  const at = (path: string) => tree.get(`flux-stage-prod/${path}`);
  assert.match(at('test/app.yaml') ?? '', /# see fluxdemo-test and fluxdemo-stage-2\n$/);
  assert.equal(at('test/own.yaml'), 'kind: ConfigMap\nnamespace: fluxdemo-test\n');
  assert.equal(at('live/app.yaml'), undefined);
  assert.deepEqual(
    [...tree.keys()].filter((path) => /\/(stage|prod)\//.test(path)),
    [],
  );
  // Later runs still know what is the person's.
  const before = readTree(folder);
  assert.equal((await runHere(['--yes', '--into', 'flux-demo'], folder)).code, 0);
  assert.deepEqual(readTree(folder), before);
});

for (const flags of [[], ['--sync-config']])
  test(`edits of the tenant go along, with the new namespace in them ${flags.join('')}`, async () => {
    const folder = await estate(...flags);
    const config = join(folder, 'flux-demo');
    const own = 'kind: ConfigMap\nmetadata:\n  name: own\n  namespace: fluxdemo-stage\n';
    appendFileSync(join(config, 'stage/1_tenant.yaml'), `---\napiVersion: v1\n${own}`);
    const before = readTree(config);
    const { code, stderr } = await rename(folder, 'stage', 'test');
    assert.equal(code, 0, stderr);
    const after = readTree(config);
    const tenant = after.get('test/1_tenant.yaml') ?? '';
    assert.ok(tenant.endsWith(own.replace('-stage', '-test')), tenant);
    assert.doesNotMatch(tenant, /fluxdemo-stage/);
    assert.match(after.get('test/2_sync.yaml') ?? '', /path: \.\/test\n/);
    const old = after.get('stage/1_tenant.yaml');
    assert.equal(old, flags.length > 0 ? before.get('stage/1_tenant.yaml') : undefined);
    assert.equal((await runHere(['--yes', '--into', 'flux-demo'], folder)).code, 0);
    assert.deepEqual(readTree(config), after);
  });

test('the output says that data stays, and what to run in which order', async () => {
  const { stderr } = await rename(await estate(), 'stage', 'test');
  assert.match(
    stderr,
    /Data does not move: what the PersistentVolumeClaims of fluxdemo-stage hold/,
  );
  const places = [
    /flux-gitops rename stage test --into=flux-demo --live/,
    /kubectl apply -f flux-demo\/test\//,
    /fluxdemo-test wait kustomizations[.a-z]+\/flux-stage-prod --for=condition=Ready/,
    /fluxdemo-stage get persistentvolumeclaims/,
    /kubectl delete namespace fluxdemo-stage/,
  ].map((pattern) => stderr.search(pattern));
  assert.ok(!places.includes(-1), `${places}`);
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  );
});

test('with --sync-config it adds the new one, and the old one stays until it is removed', async () => {
  const folder = await estate('--sync-config');
  const { code, stderr } = await rename(folder, 'stage', 'test');
  assert.equal(code, 0, stderr);
  assert.match(stderr, /flux-gitops remove stage/);
  const tree = readTree(folder);
  for (const env of ['stage', 'test']) {
    assert.ok(tree.has(`flux-demo/${env}/2_sync.yaml`));
    assert.ok(tree.has(`flux-stage-prod/${env}/app.yaml`));
  }
});

test('wrong names are refused, and nothing is written', async () => {
  const folder = await estate();
  const before = readTree(folder);
  for (const [argv, message] of [
    [['stage'], /give the old and the new name/],
    [['stage', 'prod'], /has an environment of this name already/],
    [['nope', 'test'], /no such environment\. The environments are dev, stage, prod/],
    [['stage', 'Test'], /environment "Test"/],
    [['stage', 'test', 'more'], /takes the old and the new name/],
  ] as const) {
    const { code, stderr } = await rename(folder, ...argv);
    assert.equal(code, 2);
    assert.match(stderr, message);
  }
  assert.deepEqual(readTree(folder), before);
});
