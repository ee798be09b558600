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

test('both commands write the same app repo', async () => {
  const folder = temporaryFolder();
  assert.equal((await runHere(['scenario-repo', 'flux-stage-prod'], folder)).code, 0);
  const files = [...goldenTree('default')].filter(([path]) => path.startsWith('flux-stage-prod/'));
  assert.deepEqual(readTree(folder), new Map(files));
});
