import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goldenTree } from '../golden.ts';
import { readTree, runHere, temporaryFolder } from '../sandbox.ts';
import { runGenerator } from './run-generator.ts';

test('the environments follow from the name', async () => {
  const tree = await runGenerator('scenario-repo', temporaryFolder(), {
    arguments: ['flux-test-uat'],
    options: { yes: true },
  });
  assert.deepEqual(
    [...tree.keys()],
    ['.gitattributes', '.yo-rc.json', 'README.md', 'test/app.yaml', 'uat/app.yaml'].map(
      (path) => `flux-test-uat/${path}`,
    ),
  );
});

test('the repo is asked for when it is not given', async () => {
  const folder = temporaryFolder();
  const tree = await runGenerator('scenario-repo', folder, {
    answers: { repo: 'shop', env: 'blue,green', proceed: true },
  });
  assert.ok(tree.has('shop/green/app.yaml'));
});

test('a new app repo beside a config repo has the settings of that estate', async () => {
  const folder = temporaryFolder();
  const flags = ['--owner', 'octo-org', '--prefix', 'acme', '--visibility', 'private'];
  assert.equal((await runHere(flags, folder)).code, 0);
  for (const [repo, place] of [
    ['flux-uat', folder],
    ['flux-test', `${folder}/flux-demo`],
    ['flux-next', `${folder}/flux-dev`],
  ] as const) {
    const { code, stderr } = await runHere(['scenario-repo', repo], place);
    assert.equal(code, 0, stderr);
    const tree = readTree(folder);
    const environment = repo.slice('flux-'.length);
    assert.match(tree.get(`${repo}/${environment}/app.yaml`) ?? '', / namespace: acme-/);
    const { settings } = JSON.parse(tree.get(`${repo}/.yo-rc.json`) ?? '')['generator-flux-gitops'];
    assert.deepEqual(
      [settings.owner, settings.prefix, settings.visibility],
      ['octo-org', 'acme', 'private'],
    );
  }
  const own = await runHere(['scenario-repo', 'flux-own', '--owner', 'other'], folder);
  assert.equal(own.code, 0);
  assert.match(readTree(folder).get('flux-own/.yo-rc.json') ?? '', /"owner": "other"/);
});

test('both commands write the same app repo', async () => {
  const folder = temporaryFolder();
  assert.equal((await runHere(['scenario-repo', 'flux-stage-prod'], folder)).code, 0);
  const files = [...goldenTree('default')].filter(([path]) => path.startsWith('flux-stage-prod/'));
  assert.deepEqual(readTree(folder), new Map(files));
});
