import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CATALOGUE } from '../lib/verify/catalogue.ts';
import { commandLinePage, verifyPage } from '../scripts/reference.ts';
import { readTree, runHere, temporaryFolder } from './sandbox.ts';
import { seeded } from './verify/seeded.ts';

const page = (name: string): string =>
  readFileSync(new URL(`../docs/reference/${name}`, import.meta.url), 'utf8');

/** The words in backquotes that start the rows of tables. */
const rows = (text: string): string[] =>
  [...text.matchAll(/^\| `([^`]+)`/gm)].map(([, key = '']) => key);

test('the page of the command line is made from the table of settings', () => {
  assert.equal(page('command-line.md'), commandLinePage());
});

test('the page of verify has every code of the catalogue', () => {
  const text = readFileSync(new URL('../docs/verify.md', import.meta.url), 'utf8');
  assert.equal(text, verifyPage());
  const headings = [...text.matchAll(/^### `([a-z-]+)`$/gm)].map(([, code]) => code);
  assert.deepEqual(headings.sort(), Object.keys(CATALOGUE).sort());
});

test('the page of verify has a run of hundreds of changed estates, which predicted nearly all verdicts', () => {
  const text = readFileSync(new URL('../docs/verify.md', import.meta.url), 'utf8');
  const [, estates, agreed] =
    /^(\d+) estates of \d+ kinds, .* The verdicts agree in (\d+) of them/m.exec(text) ?? [];
  assert.ok(Number(estates) >= 200, estates);
  assert.ok(Number(agreed) >= Number(estates) * 0.98, agreed);
  const [, table = ''] = /<!-- predicted -->([\s\S]*?)<!-- end of predicted -->/.exec(text) ?? [];
  const kinds = new Set(seeded('any', 1).map(({ kind }) => kind));
  assert.ok(kinds.size >= 25);
  for (const kind of kinds) assert.ok(table.includes(`| ${kind} | `), `npm run predict: ${kind}`);
});

test('the page of .yo-rc.json names every key', async () => {
  const folder = temporaryFolder();
  await runHere(['--yes', '--replicas', 'dev=3'], folder);
  const record = JSON.parse(readTree(folder).get('flux-demo/.yo-rc.json') ?? '');
  const keys = Object.keys(record['generator-flux-gitops']);
  // Only some records have these two.
  assert.deepEqual([...keys, 'pending', 'adopted'].sort(), rows(page('yo-rc.md')).sort());
  assert.deepEqual(Object.keys(record['generator-flux-gitops'].environments.dev), [
    'repo',
    'order',
    'replicas',
    'files',
  ]);
});

test('the page of --json names every key, state and action', () => {
  const types = readFileSync(new URL('../lib/disk/compare.ts', import.meta.url), 'utf8');
  const union = (name: string): string[] => {
    const [, body = ''] = new RegExp(`export type ${name} =([^;]*);`).exec(types) ?? [];
    return [...body.matchAll(/'(\w+)'/g)].map(([, word = '']) => word);
  };
  const report = readFileSync(new URL('../lib/report.ts', import.meta.url), 'utf8');
  const [, body = ''] = /export type Report = \{\n([\s\S]*?)\n\};/.exec(report) ?? [];
  const keys = [...body.matchAll(/^ {2}readonly (\w+)/gm)].map(([, key = '']) => key);
  const named = rows(page('json.md')).filter((key) => key !== 'repositories[].files');
  assert.ok(keys.length > 5 && union('FileState').length === 6);
  assert.deepEqual(
    named.filter((key) => !['state', 'action'].includes(key)).sort(),
    [...keys, ...union('FileState'), ...union('FileAction')].sort(),
  );
});
