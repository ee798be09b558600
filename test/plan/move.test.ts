import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readTree, runHere, temporaryFolder } from '../sandbox.ts';

/** A folder with the default estate of octo-org. */
async function estate(...flags: string[]): Promise<string> {
  const folder = temporaryFolder();
  assert.equal((await runHere(['--yes', '--owner', 'octo-org', ...flags], folder)).code, 0);
  return folder;
}

const move = (folder: string, ...argv: string[]) =>
  runHere(['tenant', ...argv, '--move', '--into', 'flux-demo'], folder);

test('a moved environment is as if the other app repo had always fed it', async () => {
  const folder = await estate('--scenario', 'flux-a=one,two', '--scenario', 'flux-b=three');
  const app = readTree(folder).get('flux-a/two/app.yaml');
  const wanted = await estate('--scenario', 'flux-a=one', '--scenario', 'flux-b=three,two');
  const { code, stderr } = await move(folder, 'two', '--repo', 'flux-b');
  assert.equal(code, 0, stderr);
  const [tree, expected] = [readTree(folder), readTree(wanted)];
  assert.deepEqual([...tree.keys()], [...expected.keys()]);
  for (const path of ['flux-demo/two/2_sync.yaml', 'flux-a/README.md', 'flux-b/README.md'])
    assert.equal(tree.get(path), expected.get(path), path);
  // Another label in the template of the pods would restart them.
  assert.equal(tree.get('flux-b/two/app.yaml'), app);
  assert.notEqual(app, expected.get('flux-b/two/app.yaml'));
});

test('what a person wrote, edited and deleted goes along, and is still the person’s', async () => {
  const folder = await estate();
  const app = join(folder, 'flux-stage-prod');
  appendFileSync(join(app, 'stage/app.yaml'), '# mine\n');
  mkdirSync(join(app, 'stage/more'));
  writeFileSync(join(app, 'stage/more/own.yaml'), 'kind: ConfigMap\n');
  rmSync(join(app, 'prod/app.yaml'));
  const edited = readFileSync(join(app, 'stage/app.yaml'), 'utf8');
  assert.equal((await move(folder, 'stage', 'prod', '--repo', 'flux-new')).code, 0);
  const tree = readTree(folder);
  assert.equal(tree.get('flux-new/stage/app.yaml'), edited);
  assert.equal(tree.get('flux-new/stage/more/own.yaml'), 'kind: ConfigMap\n');
  assert.equal(tree.get('flux-new/prod/app.yaml'), undefined);
  const left = [...tree.keys()].filter((path) => path.startsWith('flux-stage-prod/'));
  assert.deepEqual(
    left.sort(),
    ['.gitattributes', '.yo-rc.json', 'README.md'].map((one) => `flux-stage-prod/${one}`),
  );
  assert.equal((await runHere(['--yes', '--into', 'flux-demo'], folder)).code, 0);
  assert.deepEqual(readTree(folder), tree);
});

test('overlays move with their base, and not onto another base', async () => {
  const layout = [
    '--layout',
    'overlays',
    '--scenario',
    'flux-a=one,two',
    '--scenario',
    'flux-b=three',
  ];
  const folder = await estate(...layout);
  appendFileSync(join(folder, 'flux-a/base/app.yaml'), '# mine\n');
  const refused = await move(folder, 'two', '--repo', 'flux-b');
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /the folders base of "flux-a" and "flux-b": they differ/);
  assert.equal((await move(folder, 'two', '--repo', 'flux-c')).code, 0);
  const tree = readTree(folder);
  assert.equal(tree.get('flux-c/base/app.yaml'), tree.get('flux-a/base/app.yaml'));
  assert.ok(tree.has('flux-c/overlays/two/kustomization.yaml'));
  assert.ok(!tree.has('flux-a/overlays/two/kustomization.yaml'));
});

test('without --move another app repo is refused, and the message names --move', async () => {
  const folder = await estate();
  const { code, stderr } = await runHere(
    ['tenant', 'stage', '--repo', 'flux-dev', '--into', 'flux-demo'],
    folder,
  );
  assert.equal(code, 2);
  assert.match(stderr, /flux-stage-prod already feeds stage.*add --move/s);
});

test('a move of an environment that does not exist is refused, and makes no new one', async () => {
  const folder = await estate();
  const before = readTree(folder);
  const { code, stderr } = await move(folder, 'stag', '--repo', 'flux-new');
  assert.equal(code, 2);
  assert.match(stderr, /"stag": this estate has no such environment, .*dev, stage, prod/);
  assert.match(stderr, /flux-gitops tenant stage --repo flux-qa --move/);
  assert.deepEqual(readTree(folder), before);
});

test('a move that would lose or overwrite something is refused, and nothing is written', async () => {
  const folder = await estate();
  mkdirSync(join(folder, 'flux-dev/stage'));
  writeFileSync(join(folder, 'flux-dev/stage/own.yaml'), 'kind: ConfigMap\n');
  writeFileSync(join(folder, 'flux-stage-prod/prod/logo.png'), Buffer.from([0x89, 0xff, 0x00]));
  const before = readTree(folder);
  for (const [argv, message] of [
    [['stage'], /--move without --repo/],
    [['stage', '--repo', 'flux-dev'], /it has files already/],
    [['prod', '--repo', 'flux-dev'], /logo\.png: this file is not text/],
    [['stage', '--repo', 'flux-x', '--prefix', 'other'], /a move keeps the namespace/],
  ] as const) {
    const { code, stderr } = await move(folder, ...argv);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  }
  rmSync(join(folder, 'flux-stage-prod'), { recursive: true });
  const { code, stderr } = await move(folder, 'stage', '--repo', 'flux-x');
  assert.equal(code, 2);
  assert.match(
    stderr,
    /must be beside the config repo.*git clone https:\/\/github\.com\/octo-org\/flux-stage-prod/s,
  );
  before.forEach((_, path) => void (path.startsWith('flux-stage-prod/') && before.delete(path)));
  assert.deepEqual(readTree(folder), before);
});

test('the steps on the cluster: the old sync loses its power before the new one comes', async () => {
  const { stderr } = await move(await estate(), 'stage', '--repo', 'flux-new');
  const places = [
    /flux-gitops tenant stage --into=flux-demo --repo flux-new --move --live/,
    /fluxdemo-stage patch kustomizations[.a-z]+ flux-stage-prod --type=merge '--patch=.*"suspend":true,"deletionPolicy":"Orphan"/,
    /kubectl apply -f flux-demo\/stage\//,
    /wait kustomizations[.a-z]+\/flux-new --for=condition=Ready/,
    /delete gitrepositories[.a-z]+ flux-stage-prod/,
    /delete kustomizations[.a-z]+ flux-stage-prod/,
  ].map((pattern) => stderr.search(pattern));
  assert.ok(!places.includes(-1), `${places}\n${stderr}`);
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  );
});
