import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { goldenTree, validCases } from '../golden.ts';
import { verifyTree } from './estate-tree.ts';

describe('an estate that this package writes has no finding', () => {
  for (const { name } of validCases())
    test(name, async () => {
      const { findings, checked } = await verifyTree(goldenTree(name));
      assert.deepEqual(findings, []);
      assert.ok(checked.files > 0 && checked.objects > 0);
    });
});
