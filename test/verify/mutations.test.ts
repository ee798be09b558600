import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { entryOf } from '../../lib/verify/catalogue.ts';
import type { Result } from '../../lib/verify/results.ts';
import { goldenTree } from '../golden.ts';
import { assertCodes, onDisk } from './estate-tree.ts';
import { MUTATIONS, type Tree } from './mutations.ts';

describe('a broken estate has the findings of what is broken, and no others', () => {
  const clean = goldenTree('default');
  const verifyTree = onDisk(clean);
  for (const { name, change, codes } of MUTATIONS)
    test(name, async () => {
      const tree = new Map(clean);
      change(tree);
      const { findings } = await verifyTree(tree);
      assertCodes(findings, codes);
      for (const finding of findings) checkFinding(finding, tree);
    });
});

/** A finding has a place that exists, a message, and something to do for this environment. */
function checkFinding(finding: Result, tree: Tree): void {
  const { code, severity, repo, file, line, message, hint } = finding;
  assert.ok(repo !== '' && file !== '' && message !== '' && hint !== '');
  assert.equal(severity, entryOf(code).severity);
  const lines = tree.get(`${repo}/${file}`)?.split('\n').length ?? 1;
  assert.ok(line >= 1 && line <= lines, `line ${line} of ${lines}`);
  assert.doesNotMatch(hint, /\bENV\b/);
}

test('no two mutations have the same name, and there are many', () => {
  const names = MUTATIONS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.length >= 25);
});
