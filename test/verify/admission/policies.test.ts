import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { typeFault } from '../../../lib/verify/admission/cel.ts';
import { goldenTree, validCases } from '../../golden.ts';

/** Every expression below `value`, with its path. */
function expressionsIn(value: unknown, path = ''): (readonly [string, string])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) =>
    /^(expression|messageExpression)$/.test(key) && typeof one === 'string'
      ? [[`${path}.${key}`, one] as const]
      : expressionsIn(one, `${path}.${key}`),
  );
}

describe('verify knows every function that a policy of this package uses', () => {
  for (const { name } of validCases())
    test(name, () => {
      for (const [path, text] of goldenTree(name)) {
        if (!/\/policies\/.*\.yaml$/.test(path)) continue;
        const found = parseAllDocuments(text).flatMap((one) => expressionsIn(one.toJS()));
        assert.ok(found.length > 0, path);
        for (const [where, expression] of found)
          assert.equal(typeFault(expression), undefined, `${path} ${where}`);
      }
    });
  test('a function that only Kubernetes has is a fault', () => {
    assert.match(typeFault("url('a').getHost()") ?? '', /url/);
    assert.equal(typeFault('a.?b.optMap(one, one.c).orValue(true)'), undefined);
  });
});
