import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { entryOf } from '../../lib/verify/catalogue.ts';
import { goldenTree } from '../golden.ts';
import { verifyTree } from './estate-tree.ts';
import { MUTATIONS } from './mutations.ts';

describe('a broken estate has the findings of what is broken, and no others', () => {
  for (const { name, change, codes } of MUTATIONS)
    test(name, async () => {
      const tree = goldenTree('default');
      change(tree);
      const { findings } = await verifyTree(tree);
      const found = [...new Set(findings.map(({ code }) => code))].sort();
      assert.deepEqual(found, [...codes].sort(), JSON.stringify(findings, null, 2));
    });
});

test('every finding has a place, a message and something to do', async () => {
  for (const { name, change } of MUTATIONS) {
    const tree = goldenTree('default');
    change(tree);
    for (const one of (await verifyTree(tree)).findings) {
      assert.ok(one.repo !== '' && one.file !== '' && one.message !== '' && one.hint !== '', name);
      assert.equal(one.severity, entryOf(one.code).severity);
      const text = tree.get(`${one.repo}/${one.file}`);
      const lines = text?.split('\n').length ?? 1;
      assert.ok(one.line >= 1 && one.line <= lines, `${name}: line ${one.line} of ${lines}`);
      assert.doesNotMatch(one.hint, /\bENV\b/, name);
    }
  }
});

test('no two mutations have the same name, and there are many', () => {
  const names = MUTATIONS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.length >= 25);
});
