import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { yamlScalar } from '../../lib/render/quoting.ts';
import { faultsOf, syncSpec } from '../../lib/settings/sync-spec.ts';
import { runs } from '../properties.ts';

const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((one) => one.trim() !== '');
const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,20}[a-z0-9])?$/);
const labels = fc.dictionary(label, label);
const specs = fc.record(
  {
    patches: fc.array(
      fc.record(
        { patch: text, target: fc.record({ kind: text, name: text }, { requiredKeys: [] }) },
        { requiredKeys: ['patch'] },
      ),
    ),
    images: fc.array(fc.record({ name: text, newTag: text }, { requiredKeys: ['name'] })),
    commonMetadata: fc.record(
      { labels, annotations: fc.dictionary(label, text) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

test('a valid file is read, recorded and written so that it reads the same', () => {
  fc.assert(
    fc.property(specs, (spec) => {
      assert.deepEqual(faultsOf(spec), []);
      const plain: unknown = JSON.parse(JSON.stringify(spec));
      assert.deepEqual(syncSpec.read(JSON.stringify(spec)), plain);
      for (const version of ['1.1', '1.2'] as const)
        assert.deepEqual(parse(yamlScalar(plain), { version }), plain);
    }),
    runs(1000),
  );
});

test('any other value is refused and never thrown at the user', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const read = syncSpec.read(JSON.stringify(value));
      assert.equal(read === undefined, faultsOf(value).length > 0);
    }),
    runs(1000),
  );
  for (const value of [null, [], 'text', 1, { patches: {} }, { images: ['x'] }])
    assert.notEqual(faultsOf(value).length, 0, JSON.stringify(value));
});

test('the word none is the empty one', () => {
  assert.deepEqual(syncSpec.read('none'), {});
});
