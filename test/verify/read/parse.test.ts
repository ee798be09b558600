import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amountOf, quantityText } from '../../../lib/verify/admission/quantity.ts';
import { keptPaths, select } from '../../../lib/verify/build/flux-source.ts';
import { NO_TEXT, type RepoFiles } from '../../../lib/verify/model.ts';
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

test('an anchor in itself, and more values from aliases than anybody writes, are refused as Go refuses them', () => {
  const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let n = 1; n < 9; n++)
    bomb.push(
      `a${n}: &a${n} [${Array(10)
        .fill(`*a${n - 1}`)
        .join(', ')}]`,
    );
  for (const [text, reason] of [
    ['kind: Pod\nspec: &a [*a]\n', /anchor value contains itself/],
    [`kind: Pod\n${bomb.join('\n')}\n`, /document contains excessive aliasing/],
  ] as const) {
    const { problem, manifests } = parseFile('repo', 'file.yaml', text);
    assert.match(problem?.message ?? '', reason);
    assert.deepEqual(manifests, []);
    assert.equal(readYaml(text), undefined);
  }
  assert.deepEqual(readYaml('a: &a [1]\nb: *a\n'), { a: [1], b: [1] });
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

const read = (text: string, applier: 'flux' | 'kubectl' = 'flux') =>
  parseFile('repo', 'a.yaml', text, applier);
const configMap = (lines: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n${lines}`;

test('a list of one kind is its items, at every depth, and an item without a name makes it no list', () => {
  const item = '{ apiVersion: v1, kind: ConfigMap, metadata: { name: a } }';
  const list = `apiVersion: v1\nkind: ConfigMapList\nitems:\n  - ${item}\n`;
  assert.deepEqual(
    read(`${list}  - { apiVersion: v1, kind: List, items: [${item}] }\n`).manifests.map(
      ({ kind, name }) => [kind, name],
    ),
    [
      ['ConfigMap', 'a'],
      ['ConfigMap', 'a'],
    ],
  );
  assert.deepEqual(read('apiVersion: v1\nkind: List\nitems:\n').others, []);
  for (const odd of ['{ apiVersion: v1, kind: ConfigMap, metadata: {} }', 'text'])
    assert.equal(read(`${list}  - ${odd}\n`).others.length, 1);
  const own = 'apiVersion: example.com/v1\nkind: PriceList\nmetadata: { name: a }\nspec: {}\n';
  assert.equal(read(own).manifests[0]?.kind, 'PriceList');
});

test('what Go refuses of a text is refused, with its line', () => {
  const problems: [text: string, line: number, said: RegExp][] = [
    [configMap(`data: { a: "${NO_TEXT}" }\n`), 4, /invalid UTF-8/],
    [configMap('data:\n  a: |\n    \tx\n'), 6, /found a tab character/],
    [configMap('data:\n  a: |2\n    \tx\n'), 1, /begins with a tab/],
    [configMap('data: { a: "\\tx\\ny" }\n'), 1, /begins with a tab/],
    [`%YAML 1.1\n---\n${configMap('')}`, 1, /expected <document start>/],
    [`${configMap('')}--- { a: b }\n`, 4, /invalid document separator: --- { a: b }/],
    [configMap('data:\n  9000: x\n'), 5, /the key 9000 is no text/],
    [configMap('data: { true: x }\n'), 4, /the key true is no text/],
    [configMap('data:\n  a: b\n  c: {{ .Values.c }}\n'), 6, /no templates of Helm charts/],
  ];
  for (const [text, line, said] of problems) {
    const { problem } = read(text);
    assert.match(problem?.message ?? '', said);
    assert.equal(problem?.place.line, line, said.source);
  }
});

test('what Go accepts of a text is accepted', () => {
  const texts = [
    configMap('data:\n  a: |\n    x\n    \ty\n  "9000": x\n  on: y\n'),
    configMap('data: { a: "\\tx", b: "x\\n\\ty" }\n'),
    configMap('data: { a: !colour red, b: !!binary aGVsbG8= }\n'),
    `${configMap('data: { a: 😀 }\n')}--- # the end\n`,
    `--- # the beginning\n${configMap('')}`,
    `\uFEFF${configMap('').replaceAll('\n', '\r\n')}`,
  ];
  for (const text of texts) assert.equal(read(text).problem, undefined, text);
  assert.deepEqual(read(texts[2] ?? '').manifests[0]?.value.data, { a: 'red', b: 'hello' });
  // kubectl makes texts of keys.
  assert.equal(read(configMap('data: { 9000: x }\n'), 'kubectl').problem, undefined);
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

test('an amount is shown in a unit that people read', () => {
  const shown = [2 ** 30, 1.5 * 2 ** 30, 1_642_760_219_648, 302 * 2 ** 30, 57_009.26 * 2 ** 20].map(
    (amount) => quantityText(amount, '1Ti'),
  );
  assert.deepEqual(shown, ['1Gi', '1536Mi', '1.5Ti', '302Gi', '55.68Gi']);
});
