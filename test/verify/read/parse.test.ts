import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amountOf } from '../../../lib/verify/admission/quantity.ts';
import { keptPaths, select } from '../../../lib/verify/build/flux-source.ts';
import type { RepoFiles } from '../../../lib/verify/model.ts';
import { lineOf } from '../../../lib/verify/read/lines.ts';
import { parseFile, readYaml } from '../../../lib/verify/read/parse.ts';

test('scalars are read as Go and kustomize read them', () => {
  const text =
    'octal: 0644\nplain: 644\nhex: 0x1F\nzero: 0\nminus: -7\nyes: yes\nno: no\nbool: true\nfloat: 1.5\nday: 2026-01-01\nempty:\n';
  assert.deepEqual(readYaml(text), {
    ...{ octal: 420, plain: 644, hex: 31, zero: 0, minus: -7, yes: 'yes', no: 'no', bool: true },
    ...{ float: 1.5, day: '2026-01-01', empty: null },
  });
});

test('documents have the line of their object, and fields their own', () => {
  const text =
    '# first\n---\n# one\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n---\n\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: b\n  labels:\n    x: "1"\n';
  const { manifests, others } = parseFile('repo', 'file.yaml', text);
  assert.deepEqual(
    manifests.map(({ kind, line }) => [kind, line]),
    [
      ['ConfigMap', 4],
      ['Secret', 11],
    ],
  );
  assert.deepEqual(others, []);
  const [, manifest] = manifests;
  assert.ok(manifest);
  const { repo, path, line } = manifest;
  const at = (...field: string[]): number => lineOf({ repo, path, line, manifest, field });
  assert.equal(at('metadata', 'labels', 'x'), 16);
  assert.equal(at('metadata', 'labels', 'none'), 15);
  assert.equal(at('spec'), 11);
});

test('a List is its items, and other documents are none', () => {
  const { manifests, others } = parseFile(
    'repo',
    'a.yaml',
    'apiVersion: v1\nkind: List\nitems:\n  - { apiVersion: v1, kind: Service, metadata: { name: a } }\n---\nreplicaCount: 2\n',
  );
  assert.equal(manifests.length, 1);
  assert.deepEqual(others, [{ line: 5, value: { replicaCount: 2 } }]);
});

const repo = (...paths: string[]): RepoFiles => ({
  ...{ name: 'app', folder: '/app', record: undefined },
  files: new Map(
    paths.map((path) => [path, path.endsWith('.sourceignore') ? 'skip.yaml\n!keep.png\n' : '']),
  ),
});

test('Flux leaves out what its patterns say: its own, those of a source, those of a folder', () => {
  const plain = repo('dev/a.yaml', 'dev/b.png', '.github/c.yaml', 'dev/.sops.yaml');
  assert.deepEqual([...keptPaths(plain, undefined)], ['dev/a.yaml']);
  assert.deepEqual([...keptPaths(plain, '*.yaml\n!dev/a.yaml\n')], ['dev/a.yaml', 'dev/b.png']);
  const own = repo(
    'dev/.sourceignore',
    'dev/skip.yaml',
    'skip.yaml',
    'dev/in/skip.yaml',
    'dev/keep.png',
  );
  assert.deepEqual([...keptPaths(own, undefined)].sort(), [
    'dev/.sourceignore',
    'dev/keep.png',
    'skip.yaml',
  ]);
});

test('Flux takes every .yaml file of a folder, unless a kustomization.yaml says otherwise', () => {
  const of = (app: RepoFiles, path: string) => select(app, keptPaths(app, undefined), path);
  const app = repo(
    'dev/a.yaml',
    'dev/in/b.yml',
    'dev/c.json',
    'stage/kustomization.yaml',
    'stage/a.yaml',
    'all/a.yaml',
    'all/x/kustomization.yaml',
    'all/x/b.yaml',
  );
  assert.deepEqual(of(app, './dev'), { way: 'plain', files: ['dev/a.yaml', 'dev/in/b.yml'] });
  assert.deepEqual(of(app, './stage/'), { way: 'kustomize', resources: ['stage'] });
  assert.deepEqual(of(app, 'all'), { way: 'kustomize', resources: ['all/a.yaml', 'all/x'] });
  assert.deepEqual(of(app, './none'), { way: 'missing' });
});

test('quantities', () => {
  const cases: readonly (readonly [text: string | number, amount: number | undefined])[] = [
    ['100m', 0.1],
    ['1Gi', 2 ** 30],
    ['1e3', 1000],
    ['2k', 2000],
    [3, 3],
    ['0.5', 0.5],
    ['1 Gi', undefined],
    ['', undefined],
  ];
  for (const [text, amount] of cases) assert.equal(amountOf(text), amount, String(text));
});
