import assert from 'node:assert/strict';
import { test } from 'node:test';
import { updateResources } from '../../lib/render/kustomization-list.ts';

const list = (...resources: string[]) =>
  `resources:\n${resources.map((one) => `  - ${one}\n`).join('')}`;

test('what is new joins what a user wrote, comments and order included', () => {
  const found = `# mine\n${list('dev/1_tenant.yaml', 'extra.yaml # why')}namePrefix: x\n`;
  const wanted = list('dev/1_tenant.yaml', 'qa/1_tenant.yaml');
  const added = list('dev/1_tenant.yaml', 'extra.yaml # why', 'qa/1_tenant.yaml');
  assert.equal(
    updateResources(found, wanted, list('dev/1_tenant.yaml')),
    `# mine\n${added}namePrefix: x\n`,
  );
});

test('what a user took out stays out, and what is there is not written anew', () => {
  const found = 'resources: [dev/1_tenant.yaml,   extra.yaml]\n';
  const both = list('dev/1_tenant.yaml', 'old/1_tenant.yaml');
  assert.equal(updateResources(found, both, both), found);
});

test('what was taken out comes back when it is asked for by name', () => {
  const both = list('dev/1_tenant.yaml', 'dev-2/1_tenant.yaml', 'old/1_tenant.yaml');
  assert.equal(
    updateResources(list('a.yaml'), both, both, ['dev']),
    list('a.yaml', 'dev/1_tenant.yaml'),
  );
});

for (const found of ['resources: {}\n', 'other: []\n', 'a: [\n', '- a.yaml\n', ''])
  test(`${JSON.stringify(found)} is left to the user`, () => {
    assert.equal(updateResources(found, list('a.yaml'), list('b.yaml')), undefined);
  });

test('what is no longer wanted goes, and what a user added stays', () => {
  const found = list('policies/pods.yaml', 'mine.yaml # why', 'dev/1_tenant.yaml');
  const before = list('policies/pods.yaml', 'dev/1_tenant.yaml');
  assert.equal(
    updateResources(found, list('dev/1_tenant.yaml'), before),
    list('mine.yaml # why', 'dev/1_tenant.yaml'),
  );
});
