import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { objectsOf } from '../../lib/render/objects.ts';
import { goldenTree, validCases } from '../golden.ts';

/** The same by a parser of YAML alone. */
function parsed(contents: string): object[] {
  return parseAllDocuments(contents).flatMap((document) => {
    const { kind, metadata } = (document.toJS() ?? {}) as {
      kind?: string;
      metadata?: { name: string; namespace?: string };
    };
    if (kind === undefined || metadata === undefined) return [];
    const { name, namespace } = metadata;
    return [{ kind, name, ...(namespace && { namespace }) }];
  });
}

test('the objects of every golden file are those that a parser of YAML finds', () => {
  for (const { name } of validCases())
    for (const [path, text] of goldenTree(name))
      if (path.endsWith('.yaml')) assert.deepEqual(objectsOf(path, text), parsed(text), path);
});

test('an object without metadata, or with an alias that nobody can follow, is no object', () => {
  for (const text of [
    'kind: Pod\nmetadata:\n',
    'kind: [Pod\n',
    'kind: Pod\nmetadata: {name: *a}\n',
  ])
    assert.deepEqual(objectsOf('x.yaml', text), [], text);
});

test('objects in a layout of somebody else are found as well', () => {
  const text = 'metadata: { name: a, namespace: b }\nkind: Pod\n---\n- list\n---\n';
  assert.deepEqual(objectsOf('x.yaml', text), [{ kind: 'Pod', name: 'a', namespace: 'b' }]);
  assert.deepEqual(objectsOf('x.md', text), []);
});
