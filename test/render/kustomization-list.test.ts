import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addResources } from '../../lib/render/kustomization-list.ts';

const list = (...resources: string[]) =>
  `resources:\n${resources.map((one) => `  - ${one}\n`).join('')}`;

test('what is new joins what a user wrote, comments and order included', () => {
  const found = `# mine\n${list('dev/1_tenant.yaml', 'extra.yaml # why')}namePrefix: x\n`;
  const wanted = list('dev/1_tenant.yaml', 'qa/1_tenant.yaml');
  const added = list('dev/1_tenant.yaml', 'extra.yaml # why', 'qa/1_tenant.yaml');
  assert.equal(
    addResources(found, wanted, list('dev/1_tenant.yaml')),
    `# mine\n${added}namePrefix: x\n`,
  );
});

test('what a user took out stays out, and what is there is not written anew', () => {
  const found = 'resources: [dev/1_tenant.yaml,   extra.yaml]\n';
  const both = list('dev/1_tenant.yaml', 'old/1_tenant.yaml');
  assert.equal(addResources(found, both, both), found);
});

test('what was taken out comes back when it is asked for by name', () => {
  const both = list('dev/1_tenant.yaml', 'dev-2/1_tenant.yaml', 'old/1_tenant.yaml');
  assert.equal(
    addResources(list('a.yaml'), both, both, ['dev']),
    list('a.yaml', 'dev/1_tenant.yaml'),
  );
});

for (const found of ['resources: {}\n', 'other: []\n', 'a: [\n', '- a.yaml\n', ''])
  test(`${JSON.stringify(found)} is left to the user`, () => {
    assert.equal(addResources(found, list('a.yaml'), list('b.yaml')), undefined);
  });
