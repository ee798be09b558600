import { test } from 'node:test';
import { goldenTree } from '../../golden.ts';
import { assertCodes, onDisk } from '../estate-tree.ts';
import { APP, both, object, swap, type Tree } from '../mutations.ts';

const TENANT = 'flux-demo/dev/1_tenant.yaml';
const SYNC = 'flux-demo/dev/2_sync.yaml';

const clean = goldenTree('default');
const verifyTree = onDisk(clean);

/** Ways to give the sync variables, and what `verify` must say about an app with `replicas` as its number; @ is $. */
type Row = readonly [
  name: string,
  postBuild: string,
  tenant: string,
  replicas: string,
  codes: readonly string[],
];

const FROM = 'substituteFrom: [{ kind: ConfigMap, name: values }]';
const values = (data: string): string =>
  `---\n${object('v1', 'ConfigMap', 'values', `  namespace: fluxdemo-dev\ndata: ${data}\n`)}`;

const ROWS: readonly Row[] = [
  ['a variable of the sync is a number', 'substitute: { num: "3" }', '', '@{num}', []],
  ['a variable of the sync is no number', 'substitute: { num: a }', '', '@{num}', ['field-type']],
  ['in quotes it stays a text', 'substitute: { num: "3" }', '', '"a: @{num}"', ['field-type']],
  ['a variable that nobody sets', 'substitute: { m: a }', '', '@{num}', ['variable-missing']],
  ['a default', 'substitute: { m: a }', '', '@{num:=3}', []],
  ['a default for an empty text', 'substitute: { num: "" }', '', '@{num:-3}', []],
  ['an escaped variable', 'substitute: { num: "3" }', '', '@@{num}', ['field-type']],
  ['a ConfigMap of the tenant', FROM, values('{ num: "3\\n" }'), '@{num}', []],
  ['more than the quota allows', FROM, values('{ num: "60" }'), '@{num}', ['quota-exceeded']],
  [
    'the sync has the last word',
    `${FROM}\n    substitute: { num: "3" }`,
    values('{ num: a }'),
    '@{num}',
    [],
  ],
  [
    'a ConfigMap that is not here: objects with its variables are not checked',
    FROM,
    '',
    '@{num}',
    ['build-not-checked'],
  ],
  ['but the others are', FROM, '', '"3"', ['build-not-checked', 'field-type']],
  [
    'a Secret of the tenant',
    FROM.replace('ConfigMap', 'Secret'),
    `---\n${object('v1', 'Secret', 'values', '  namespace: fluxdemo-dev\ndata: { num: NjA= }\n')}`,
    '@{num}',
    ['quota-exceeded'],
  ],
  ['an invalid name', 'substitute: { a-b: "3" }', '', '3', ['field-invalid']],
];

for (const [name, postBuild, tenant, replicas, codes] of ROWS)
  for (const isOverlay of [false, true])
    test(`${name}${isOverlay ? ', with a kustomization.yaml' : ''}`, async () => {
      const tree: Tree = new Map(clean);
      both(
        swap(SYNC, '  path: ./dev\n', `  path: ./dev\n  postBuild:\n    ${postBuild}\n`),
        (all) => void all.set(TENANT, `${all.get(TENANT)}${tenant}`),
        swap(APP, '  replicas: 1', `  replicas: ${replicas.replaceAll('@', '$$$$')}`),
      )(tree);
      if (isOverlay)
        tree.set(
          'flux-dev/dev/kustomization.yaml',
          'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [app.yaml]\n',
        );
      const { findings } = await verifyTree(tree);
      assertCodes(findings, codes);
    });

test('a label that becomes a number is a text again', async () => {
  const tree: Tree = new Map(clean);
  both(
    swap(SYNC, '  path: ./dev\n', '  path: ./dev\n  postBuild:\n    substitute: { num: "3" }\n'),
    swap(
      APP,
      '    app.kubernetes.io/component: web\n',
      `$&    team: ${'@{num}'.replace('@', '$$')}\n`,
    ),
  )(tree);
  const { findings } = await verifyTree(tree);
  assertCodes(findings, []);
});
