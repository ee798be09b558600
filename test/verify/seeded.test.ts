import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { goldenTree } from '../golden.ts';
import { onDisk } from './estate-tree.ts';
import { type Seeded, seeded } from './seeded.ts';

describe('an estate that a seed changes', () => {
  const clean = goldenTree('default');
  const verifyTree = onDisk(clean);
  for (const one of seeded('quick', 2))
    test(one.name, async () => {
      const { errors, findings } = await verdictOf(one);
      if (one.verdict === 'refused') assert.ok(errors.length > 0, 'verify finds nothing');
      if (one.verdict === 'applied') assert.deepEqual(findings, []);
    });

  async function verdictOf({ change }: Seeded) {
    const tree = new Map(clean);
    change(tree);
    assert.notDeepEqual(tree, clean, 'nothing is changed');
    const { findings } = await verifyTree(tree);
    return { findings, errors: findings.filter(({ severity }) => severity === 'error') };
  }
});

test('the same seed gives the same estates, another seed gives others', () => {
  const textsOf = (seed: string): string[] =>
    seeded(seed, 2).map(({ name, change }) => {
      const tree = goldenTree('default');
      change(tree);
      return JSON.stringify([name, ...tree]);
    });
  const first = textsOf('one');
  assert.deepEqual(textsOf('one'), first);
  const others = textsOf('two').filter((text) => !first.includes(text));
  assert.ok(others.length > first.length / 2);
  const kinds = new Set(seeded('one', 1).map(({ kind }) => kind));
  assert.ok(kinds.size >= 25, String(kinds.size));
});
