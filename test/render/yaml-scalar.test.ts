import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { plainText, yamlScalar } from '../../lib/render/quoting.ts';
import { runs } from '../properties.ts';

const BENT = [
  '',
  ' ',
  '~',
  'null',
  'Null',
  'true',
  'no',
  'No',
  'NO',
  'y',
  'n',
  'on',
  'off',
  '007',
  '017',
  '0o17',
  '1e3',
  '0x1F',
  '1_000',
  '.5',
  '.inf',
  '-.INF',
  '.nan',
  '12:30:45',
  '2026-01-01',
  '1.10',
  '+1',
  '-1',
  'e3',
  'E-3',
  'a: b',
  'a #b',
  '#a',
  '- a',
  '-',
  '?',
  ': a',
  'a:',
  '&a',
  '*a',
  '!a',
  '|',
  '>',
  '%a',
  '@a',
  '`a',
  '{a}',
  '[a]',
  ',',
  '"a"',
  "'a'",
  "it's",
  'a\nb',
  'a\r\nb',
  '\ta',
  ' a',
  'a ',
  '---',
  '...',
  '<<',
  '=',
  '\u0085',
  '\u00a0',
  '\u2028',
  '\ufeff',
  '🚀',
  'null\n',
  '0m',
  './',
  './.5',
];

const readers = [
  { name: 'YAML 1.2', read: (text: string) => parse(text) },
  { name: 'YAML 1.1', read: (text: string) => parse(text, { version: '1.1' }) },
];

for (const { name, read } of readers) {
  test(`${name} reads every scalar back as it was`, () => {
    for (const value of BENT)
      assert.equal(read(`key: ${yamlScalar(value)} # comment\n`).key, value);
  });

  test(`${name} reads 20,000 random texts back as they were`, () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom(...BENT));
    fc.assert(
      fc.property(text, (value) => {
        assert.equal(read(`- key: ${yamlScalar(value)}\n  next: 1\n`)[0].key, value);
        assert.deepEqual(read(`${yamlScalar(value)}: 1\n`), { [value]: 1 });
      }),
      runs(10_000),
    );
  });
}

test('plain words, images, paths and durations are not quoted', () => {
  for (const value of [
    'fluxdemo-dev',
    'ghcr.io/wolcn/kcheck:1.0.2',
    './dev',
    '1m0s',
    '1h0m0s',
    'https://github.com/wolcn/flux-dev',
  ])
    assert.equal(yamlScalar(value), value);
});

test('a value that a template lacks throws', () => {
  for (const value of [undefined, null]) {
    assert.throws(() => yamlScalar(value), TypeError);
    assert.throws(() => plainText(value), TypeError);
  }
  assert.throws(() => yamlScalar('\ud800'), TypeError);
});
