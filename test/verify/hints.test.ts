import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Code } from '../../lib/verify/catalogue.ts';
import { goldenTree } from '../golden.ts';
import { onDisk } from './estate-tree.ts';
import { object, swap, type Tree } from './mutations.ts';

const clean = goldenTree('default');
const verifyTree = onDisk(clean);
const SYNC = 'flux-demo/dev/2_sync.yaml';

const add =
  (manifest: string, path = 'flux-dev/dev/more.yaml') =>
  (tree: Tree): void =>
    void tree.set(path, manifest);

/** What to change, the finding, and the command or place in its hint. */
const HINTS: readonly (readonly [change: (tree: Tree) => void, code: Code, hint: string])[] = [
  [
    add(object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'more', 'rules: []\n')),
    'forbidden',
    'flux-gitops tenant dev --leave-out ClusterRole',
  ],
  [
    add(object('example.com/v1', 'Widget', 'more')),
    'kind-unknown',
    'flux-gitops tenant dev --leave-out Widget',
  ],
  [
    add('resources: [nothing.yaml]\n', 'flux-dev/dev/kustomization.yaml'),
    'kustomize-failed',
    'kubectl kustomize --load-restrictor LoadRestrictionsNone flux-dev/dev',
  ],
  [
    add('resources: ["https://127.0.0.1:1/a.yaml"]\n', 'flux-dev/dev/kustomization.yaml'),
    'kustomize-failed',
    'Copy the files into flux-dev.',
  ],
  [
    swap(SYNC, '  path: ./dev\n', '  components: [../more]\n  path: ./dev\n'),
    'build-not-checked',
    'flux build kustomization flux-dev --namespace fluxdemo-dev --path flux-dev/dev',
  ],
  [
    swap(
      SYNC,
      'kustomizations.kustomize.toolkit.fluxcd.io: "5"',
      'kustomizations.kustomize.toolkit.fluxcd.io: "0"',
    ),
    'quota-exceeded',
    'of the ResourceQuota syncs in dev/2_sync.yaml.',
  ],
];

describe('a hint names the command or the place for this object', () => {
  for (const [change, code, hint] of HINTS)
    test(`${code}: ${hint}`, async () => {
      const tree: Tree = new Map(clean);
      change(tree);
      const { findings } = await verifyTree(tree);
      const found = findings.find((one) => one.code === code);
      assert.ok(found?.hint.includes(hint), found?.hint ?? JSON.stringify(findings));
    });
});
