/**
 * Ways to break the estate of the case `default`, as data. The quick tests compare what `verify` says about each; the
 * cluster tests apply the same ones and compare the verdict with that of the cluster.
 */
import assert from 'node:assert/strict';
import type { Code } from '../../lib/verify/catalogue.ts';

/** The files of an estate by their path, which starts with the repository. */
export type Tree = Map<string, string>;

export type Mutation = {
  readonly name: string;
  readonly change: (tree: Tree) => void;
  /** The codes that `verify` reports, and no others. */
  readonly codes: readonly Code[];
  /** What the cluster says: `refused` if dev does not become Ready, `applied` if it does. Undefined: it is not asked. */
  readonly cluster?: 'refused' | 'applied';
};

export const APP = 'flux-dev/dev/app.yaml';
const TENANT = 'flux-demo/dev/1_tenant.yaml';
const SYNC = 'flux-demo/dev/2_sync.yaml';

/** Replaces `from`, which must be there, in the file at `path`. */
export const swap =
  (path: string, from: string | RegExp, to: string) =>
  (tree: Tree): void => {
    const text = tree.get(path) ?? '';
    const changed = text.replace(from, to);
    assert.notEqual(changed, text, `${path} has no ${from}`);
    tree.set(path, changed);
  };

export const remove =
  (path: string) =>
  (tree: Tree): void =>
    assert.ok(tree.delete(path));

export const put =
  (path: string, text: string) =>
  (tree: Tree): void =>
    void tree.set(path, text);

/** Adds `documents` in a file of its own to the app of dev. */
const add = (...documents: string[]): ((tree: Tree) => void) =>
  put('flux-dev/dev/more.yaml', documents.join('---\n'));

export const both =
  (...changes: ((tree: Tree) => void)[]) =>
  (tree: Tree): void => {
    for (const change of changes) change(tree);
  };

/** Changes of the demo app. */
const inSpec = (lines: string): ((tree: Tree) => void) =>
  swap(
    APP,
    '      automountServiceAccountToken: false\n',
    `      automountServiceAccountToken: false\n${lines}`,
  );
const inContainer = (lines: string): ((tree: Tree) => void) =>
  swap(
    APP,
    '          imagePullPolicy: IfNotPresent\n',
    `          imagePullPolicy: IfNotPresent\n${lines}`,
  );
const inContext = (lines: string): ((tree: Tree) => void) =>
  swap(
    APP,
    '            allowPrivilegeEscalation: false\n',
    `            allowPrivilegeEscalation: false\n${lines}`,
  );

export const object = (apiVersion: string, kind: string, name: string, rest = ''): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${name}\n${rest}`;

const configMap = (name: string, metadata = ''): string =>
  object('v1', 'ConfigMap', name, `${metadata}data:\n  key: value\n`);

const role = (name: string, group: string, resource: string): string =>
  object(
    'rbac.authorization.k8s.io/v1',
    'Role',
    name,
    `rules:\n  - apiGroups: ['${group}']\n    resources: [${resource}]\n    verbs: [get, patch]\n`,
  );

const binding = (kind: string, name: string): string =>
  object(
    'rbac.authorization.k8s.io/v1',
    'RoleBinding',
    'more',
    `roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ${kind}, name: ${name} }\nsubjects: [{ kind: ServiceAccount, name: default, namespace: fluxdemo-dev }]\n`,
  );

const service = (spec: string): string => object('v1', 'Service', 'more', `spec: ${spec}\n`);

const KUSTOMIZATION = 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n';

const files: readonly Mutation[] = [
  {
    name: 'broken YAML',
    change: swap(APP, 'kind: Deployment', 'kind: Deployment\n   name: [unclosed'),
    codes: ['yaml-invalid'],
    cluster: 'refused',
  },
  {
    name: 'conflict markers',
    change: swap(
      APP,
      'spec:\n  replicas: 1',
      'spec:\n<<<<<<< HEAD\n  replicas: 1\n=======\n  replicas: 2\n>>>>>>> other',
    ),
    codes: ['conflict-markers'],
    cluster: 'refused',
  },
  {
    name: 'no 2_sync.yaml',
    change: remove(SYNC),
    codes: ['tenant-incomplete'],
    cluster: 'refused',
  },
  {
    name: 'no 1_tenant.yaml',
    change: remove(TENANT),
    codes: ['tenant-incomplete', 'account-missing'],
    cluster: 'refused',
  },
  {
    name: 'a policy is missing',
    change: remove('flux-demo/policies/pods.yaml'),
    codes: ['guard-missing'],
  },
  {
    name: 'a policy is edited',
    change: swap('flux-demo/policies/pods.yaml', '<= 3600', '<= 7200'),
    codes: ['guard-edited'],
    cluster: 'applied',
  },
  {
    name: 'an environment that is not recorded',
    change: (tree) => {
      for (const path of [TENANT, SYNC])
        tree.set(
          path.replace('/dev/', '/qa/'),
          (tree.get(path) ?? '').replaceAll('fluxdemo-dev', 'fluxdemo-qa'),
        );
    },
    codes: ['tenant-unrecorded'],
    cluster: 'applied',
  },
];

const tenants: readonly Mutation[] = [
  {
    name: 'a label that kubectl takes for yes',
    change: swap(TENANT, 'flux-gitops/allow-kustomize: "yes"', 'flux-gitops/allow-kustomize: yes'),
    codes: ['field-type'],
    cluster: 'refused',
  },
  {
    name: 'no Kustomization',
    change: swap(SYNC, /---\napiVersion: kustomize[\s\S]*?(?=---\n)/, ''),
    codes: ['tenant-incomplete'],
    cluster: 'refused',
  },
  {
    name: 'no Namespace',
    change: swap(TENANT, /---\napiVersion: v1\nkind: Namespace[\s\S]*?(?=---\n)/, ''),
    codes: ['tenant-incomplete'],
    cluster: 'refused',
  },
  {
    name: 'a level of Pod Security that does not exist',
    change: swap(
      TENANT,
      'pod-security.kubernetes.io/warn: restricted',
      'pod-security.kubernetes.io/warn: strict',
    ),
    codes: ['label-invalid'],
    cluster: 'refused',
  },
  {
    name: 'the account has a role that nobody knows',
    change: swap(TENANT, '  name: admin\n', '  name: other\n'),
    codes: ['role-not-checked'],
    cluster: 'refused',
  },
  {
    name: 'a default above the maximum',
    change: swap(
      TENANT,
      '    - type: Container\n',
      '    - type: Container\n      max: { memory: 64Mi }\n',
    ),
    codes: ['field-invalid'],
    cluster: 'refused',
  },
  {
    name: 'an object in another namespace',
    change: swap(
      TENANT,
      'kind: LimitRange\nmetadata:\n  name: tenant\n  namespace: fluxdemo-dev',
      'kind: LimitRange\nmetadata:\n  name: tenant\n  namespace: fluxdemo-prod',
    ),
    codes: ['namespace-mismatch', 'object-twice-in-config'],
  },
  {
    name: 'the sync names an account that does not exist',
    change: swap(SYNC, '  serviceAccountName: fluxdemo-dev', '  serviceAccountName: fluxdemo-dve'),
    codes: ['account-missing'],
    cluster: 'refused',
  },
  {
    name: 'the sync names no account',
    change: swap(SYNC, '  serviceAccountName: fluxdemo-dev\n', ''),
    codes: ['sync-account'],
    cluster: 'refused',
  },
  {
    name: 'the binding names an account of another namespace',
    change: swap(
      TENANT,
      '  name: admin\nsubjects:\n  - kind: ServiceAccount\n    name: fluxdemo-dev\n    namespace: fluxdemo-dev',
      '  name: admin\nsubjects:\n  - kind: ServiceAccount\n    name: fluxdemo-dev\n    namespace: fluxdemo-prod',
    ),
    codes: ['binding-missing'],
    cluster: 'refused',
  },
  {
    name: 'the binding gives the role view',
    change: swap(TENANT, '  name: admin\n', '  name: view\n'),
    codes: ['forbidden'],
    cluster: 'refused',
  },
  {
    name: 'no label for the policies',
    change: swap(TENANT, '    toolkit.fluxcd.io/role: tenant\n', ''),
    codes: ['label-missing'],
    cluster: 'applied',
  },
  {
    name: 'a label of another tenant',
    change: swap(
      TENANT,
      'toolkit.fluxcd.io/tenant: fluxdemo-dev',
      'toolkit.fluxcd.io/tenant: fluxdemo-prod',
    ),
    codes: ['label-mismatch'],
  },
  {
    name: 'no level of Pod Security',
    change: swap(TENANT, '    pod-security.kubernetes.io/enforce: baseline\n', ''),
    codes: ['pod-security-off'],
    cluster: 'applied',
  },
  {
    name: 'no quota',
    change: swap(TENANT, /---\napiVersion: v1\nkind: ResourceQuota[\s\S]*?(?=---\n)/, ''),
    codes: ['quota-missing'],
    cluster: 'applied',
  },
  {
    name: 'the sync names a source that does not exist',
    change: swap(SYNC, '    name: flux-dev\n---\n# Limits', '    name: flux-dve\n---\n# Limits'),
    codes: ['source-missing'],
    cluster: 'refused',
  },
  {
    name: 'the source is another repository',
    change: swap(SYNC, /url: (.*)flux-dev/, 'url: $1flux-other'),
    codes: ['source-url'],
    cluster: 'refused',
  },
  {
    name: 'the path does not exist',
    change: swap(SYNC, 'path: ./dev', 'path: ./development'),
    codes: ['path-missing'],
    cluster: 'refused',
  },
  {
    name: 'the app repo is not here',
    change: (tree) => {
      for (const path of [...tree.keys()]) if (path.startsWith('flux-dev/')) tree.delete(path);
    },
    codes: ['app-repo-missing'],
  },
  {
    name: 'the sync applies in another namespace',
    change: swap(SYNC, 'targetNamespace: fluxdemo-dev', 'targetNamespace: fluxdemo-prod'),
    codes: ['sync-namespace'],
    cluster: 'refused',
  },
];

const atSync = (lines: string): ((tree: Tree) => void) =>
  swap(SYNC, '  path: ./dev\n', `${lines}  path: ./dev\n`);
const withPatch = (target: string, patch: string): ((tree: Tree) => void) =>
  swap(SYNC, '  patches:\n', `  patches:\n    - ${target}patch: |\n        ${patch}\n`);
const toDeployment = (patch: string): ((tree: Tree) => void) =>
  withPatch('target: { kind: Deployment }\n      ', patch);

const patches: readonly Mutation[] = [
  {
    name: 'a patch of the sync for an object that does not exist',
    change: withPatch('', '{ apiVersion: apps/v1, kind: Deployment, metadata: { name: more } }'),
    codes: ['patch-failed'],
    cluster: 'refused',
  },
  {
    name: 'a patch of the sync that removes what is not there',
    change: toDeployment('- { op: remove, path: /spec/paused }'),
    codes: ['patch-failed'],
    cluster: 'refused',
  },
  {
    name: 'a patch of the sync that adds to what is not there',
    change: toDeployment('- { op: add, path: /spec/template/metadata/annotations/a, value: b }'),
    codes: ['patch-failed'],
    cluster: 'refused',
  },
  {
    name: 'a patch of the sync for the fourth container',
    change: toDeployment('- { op: remove, path: /spec/template/spec/containers/3 }'),
    codes: ['patch-failed'],
    cluster: 'refused',
  },
  {
    name: 'a patch of the sync whose test fails',
    change: toDeployment('- { op: test, path: /spec/replicas, value: 7 }'),
    codes: ['patch-failed'],
    cluster: 'refused',
  },
  {
    name: 'a patch of the sync that is no patch',
    change: toDeployment('replicas'),
    codes: ['patch-failed'],
    cluster: 'refused',
  },
  {
    name: 'a patch of the sync that gives a field another type',
    change: toDeployment(
      '{ apiVersion: v1, kind: Any, metadata: { name: any }, spec: { replicas: two } }',
    ),
    codes: ['field-type'],
    cluster: 'refused',
  },
  {
    name: 'a patch of the sync for objects with an annotation that none has',
    change: withPatch(
      'target: { annotationSelector: team=a }\n      ',
      '- { op: replace, path: /spec/replicas, value: two }',
    ),
    codes: [],
    cluster: 'applied',
  },
  {
    name: 'patches of the sync that copy, move and delete',
    change: both(
      toDeployment(
        '- { op: copy, from: /metadata/labels, path: /metadata/annotations }\n        - { op: move, from: /metadata/annotations/app.kubernetes.io~1name, path: /metadata/annotations/a }',
      ),
      withPatch(
        'target: { kind: Service }\n      ',
        '{ apiVersion: v1, kind: Service, metadata: { name: any }, $patch: delete }',
      ),
    ),
    codes: [],
    cluster: 'applied',
  },
  {
    name: 'labels of the sync that are none',
    change: atSync('  commonMetadata: { labels: { team: a b } }\n'),
    codes: ['label-invalid'],
    cluster: 'refused',
  },
  {
    name: 'a dependency of the sync that does not exist',
    change: atSync('  dependsOn: [{ name: more }]\n'),
    codes: ['dependency-missing'],
    cluster: 'refused',
  },
  {
    name: 'a path that goes up and down',
    change: swap(SYNC, 'path: ./dev', 'path: ../x/../dev'),
    codes: [],
    cluster: 'applied',
  },
  {
    name: 'a folder that is ignored',
    change: put('flux-dev/.sourceignore', 'dev/\n'),
    codes: ['path-missing'],
    cluster: 'refused',
  },
];

const builds: readonly Mutation[] = [
  {
    name: 'a kustomization.yaml with a field that kustomize does not know',
    change: put('flux-dev/dev/kustomization.yaml', `${KUSTOMIZATION}resource: [app.yaml]\n`),
    codes: ['field-unknown'],
    cluster: 'applied',
  },
  {
    name: 'an empty kustomization.yaml',
    change: put('flux-dev/dev/kustomization.yaml', '# later\n'),
    codes: [],
    cluster: 'applied',
  },
  {
    name: 'a ConfigMapList',
    change: add(
      'apiVersion: v1\nkind: ConfigMapList\nitems:\n  - { apiVersion: v1, kind: ConfigMap, metadata: { name: more } }\n',
    ),
    codes: [],
    cluster: 'applied',
  },
  {
    name: 'a List with a name in upper case',
    change: add(
      'apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: ConfigMap\n    metadata:\n      name: More\n',
    ),
    codes: ['name-invalid'],
    cluster: 'refused',
  },
  {
    name: 'a number as a key of a ConfigMap',
    change: add(object('v1', 'ConfigMap', 'more', 'data:\n  9000: default/web:80\n')),
    codes: ['yaml-invalid'],
    cluster: 'refused',
  },
  {
    name: 'Helm values among the manifests',
    change: put('flux-dev/dev/values.yaml', 'replicaCount: 2\n'),
    codes: ['not-a-manifest'],
    cluster: 'refused',
  },
  {
    name: 'a folder that cannot be built, with an object that would be refused',
    change: both(
      put('flux-dev/dev/values.yaml', 'replicaCount: 2\n'),
      swap(APP, '  replicas: 1', '  replicas: "1"'),
    ),
    codes: ['not-a-manifest'],
    cluster: 'refused',
  },
  {
    name: 'two objects of one name',
    change: add(object('v1', 'Service', 'kcheck-service', 'spec:\n  ports: [{ port: 80 }]\n')),
    codes: ['object-twice'],
    cluster: 'refused',
  },
  {
    name: 'a kustomization.yaml that is left out',
    change: both(
      swap(
        SYNC,
        '  url: ',
        '  ignore: |\n    kustomization.yaml\n    kustomization.yml\n    Kustomization\n  url: ',
      ),
      put('flux-dev/dev/kustomization.yaml', `${KUSTOMIZATION}resources: [app.yaml]\n`),
    ),
    codes: ['kustomization-left-out'],
    cluster: 'applied',
  },
  {
    name: 'a kustomization.yaml that names a file that does not exist',
    change: put(
      'flux-dev/dev/kustomization.yaml',
      `${KUSTOMIZATION}resources: [app.yaml, ingress.yaml]\n`,
    ),
    codes: ['kustomize-failed'],
    cluster: 'refused',
  },
  {
    name: 'a kustomization.yaml with a remote base',
    change: put(
      'flux-dev/dev/kustomization.yaml',
      `${KUSTOMIZATION}resources: [app.yaml, 'https://127.0.0.1:1/base.yaml']\n`,
    ),
    codes: ['kustomize-failed'],
    cluster: 'refused',
  },
  {
    name: 'an overlay with a field of another type',
    change: put(
      'flux-dev/dev/kustomization.yaml',
      `${KUSTOMIZATION}resources: [app.yaml]\npatches:\n  - target: { kind: Deployment }\n    patch: |\n      - op: replace\n        path: /spec/replicas\n        value: two\n`,
    ),
    codes: ['field-type'],
    cluster: 'refused',
  },
  {
    name: 'an overlay that builds',
    change: put(
      'flux-dev/dev/kustomization.yaml',
      `${KUSTOMIZATION}resources: [app.yaml]\nnamePrefix: my-\n`,
    ),
    codes: [],
    cluster: 'applied',
  },
  {
    name: 'a Namespace in the app repo, which Flux drops',
    change: add(object('v1', 'Namespace', 'shop'), configMap('more')),
    codes: [],
    cluster: 'applied',
  },
  {
    name: 'an ignored file that is no manifest',
    change: both(
      put('flux-dev/dev/values.yaml', 'replicaCount: 2\n'),
      put('flux-dev/.sourceignore', 'values.yaml\n'),
    ),
    codes: [],
    cluster: 'applied',
  },
];

const fields: readonly Mutation[] = [
  {
    name: 'an API version that is gone',
    change: add(object('networking.k8s.io/v1beta1', 'Ingress', 'more', 'spec: {}\n')),
    codes: ['api-removed'],
    cluster: 'refused',
  },
  {
    name: 'an API version of Flux that is gone',
    change: add(object('source.toolkit.fluxcd.io/v1beta2', 'GitRepository', 'more', 'spec: {}\n')),
    codes: ['api-removed'],
    cluster: 'refused',
  },
  {
    name: 'a kind that nothing here brings',
    change: add(object('example.com/v1', 'Widget', 'more', 'spec: {}\n')),
    codes: ['kind-unknown'],
    cluster: 'refused',
  },
  {
    name: 'a misspelled field',
    change: swap(APP, '  replicas: 1', '  replica: 1'),
    codes: ['field-unknown'],
    cluster: 'applied',
  },
  {
    name: 'a misspelled field of a role',
    change: add(role('more', 'apps', 'deployments').replace('rules:', 'rulez:')),
    codes: ['field-refused'],
    cluster: 'refused',
  },
  {
    name: 'a misspelled field of a source',
    change: add(
      object(
        'source.toolkit.fluxcd.io/v1',
        'GitRepository',
        'more',
        'spec: { interval: 1h, url: https://github.com/wolcn/more, reff: { branch: main } }\n',
      ),
    ),
    codes: ['field-refused'],
    cluster: 'refused',
  },
  {
    name: 'a misspelled field of a tenant',
    change: swap(TENANT, '  limits:\n', '  limit: []\n  limits:\n'),
    codes: ['field-refused'],
    cluster: 'refused',
  },
  {
    name: 'a field with the wrong indentation',
    change: swap(APP, '      containers:', '      containerz:'),
    codes: ['field-unknown', 'field-missing'],
    cluster: 'refused',
  },
  {
    name: 'a number in quotes',
    change: swap(APP, '  replicas: 1', '  replicas: "1"'),
    codes: ['field-type'],
    cluster: 'refused',
  },
  {
    name: 'a variable that is no text',
    change: swap(APP, 'value: Cornsilk', 'value: true'),
    codes: ['field-type'],
    cluster: 'refused',
  },
  {
    name: 'no selector',
    change: swap(APP, / {2}selector:\n {4}matchLabels:\n.*\n.*\n {2}template/, '  template'),
    codes: ['field-missing'],
    cluster: 'refused',
  },
  {
    name: 'a selector that does not match',
    change: swap(
      APP,
      '      app.kubernetes.io/instance: kcheck-dev\n  template',
      '      app.kubernetes.io/instance: kcheck\n  template',
    ),
    codes: ['selector-mismatch'],
    cluster: 'refused',
  },
  {
    name: 'two variables of one name',
    change: swap(APP, '            - name: CONTENT', '            - name: COLOUR'),
    codes: ['list-duplicate'],
    cluster: 'refused',
  },
  {
    name: 'a quantity that is none',
    change: swap(APP, 'memory: 16Mi', 'memory: 16 MB'),
    codes: ['field-invalid'],
    cluster: 'refused',
  },
  {
    name: 'a name in upper case',
    change: add(configMap('Settings')),
    codes: ['name-invalid'],
    cluster: 'refused',
  },
  {
    name: 'a label with a space',
    change: add(configMap('more', '  labels:\n    owner: team a\n')),
    codes: ['label-invalid'],
    cluster: 'refused',
  },
  {
    name: 'a mount without its volume',
    change: inContainer('          volumeMounts: [{ name: cache, mountPath: /cache }]\n'),
    codes: ['reference-missing'],
    cluster: 'refused',
  },
  {
    name: 'a port that does not exist',
    change: add(service('{ ports: [{ port: 70000 }] }')),
    codes: ['field-invalid'],
    cluster: 'refused',
  },
  {
    name: 'two ports without names',
    change: add(service('{ ports: [{ port: 80 }, { port: 81 }] }')),
    codes: ['field-missing'],
    cluster: 'refused',
  },
];

/** An object of the kind in one line of JSON, which is YAML as well. */
const json = (value: object): string => `${JSON.stringify(value)}\n`;

const pod = (spec: object): object => ({
  metadata: { labels: { app: 'more' } },
  spec: { containers: [{ name: 'more', image: 'example.invalid/more:1', ...spec }] },
});

const deployment = (container: object, more: object = {}): string =>
  json({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'more' } },
    spec: { selector: { matchLabels: { app: 'more' } }, template: pod(container), ...more },
  });

const job = (spec: object, template: object): string =>
  json({
    ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'more' } },
    spec: { ...spec, template },
  });

const refusedBy = (code: Code, name: string, ...documents: string[]): Mutation => ({
  name,
  change: add(...documents),
  codes: [code],
  cluster: 'refused',
});

const accepted = (name: string, ...documents: string[]): Mutation => ({
  name,
  change: add(...documents),
  codes: [],
  cluster: 'applied',
});

const values: readonly Mutation[] = [
  refusedBy(
    'field-type',
    'a number in a ConfigMap',
    json({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'more' }, data: { port: 80 } }),
  ),
  accepted('a label that is a number', configMap('more', '  labels:\n    build: 7\n')),
  accepted('a label that is a list', configMap('more', '  labels:\n    parts: [web]\n')),
  accepted('an annotation that is true', configMap('more', '  annotations:\n    public: true\n')),
  {
    name: 'a Secret that is not base64',
    change: add(object('v1', 'Secret', 'more', 'data: { password: "not base64!" }\n')),
    codes: ['field-invalid', 'secret-in-clear'],
    cluster: 'refused',
  },
  refusedBy(
    'field-invalid',
    'a key with a space',
    object('v1', 'ConfigMap', 'more', 'data: { "a key": x }\n'),
  ),
  refusedBy(
    'field-invalid',
    'a ConfigMap of two megabytes',
    object('v1', 'ConfigMap', 'more', `data: { key: "${'x'.repeat(2 ** 21)}" }\n`),
  ),
  refusedBy('field-invalid', 'less than no replicas', deployment({}, { replicas: -1 })),
  refusedBy('field-invalid', 'a Job that restarts always', job({}, pod({}))),
  refusedBy(
    'field-invalid',
    'a schedule that is none',
    json({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'more' },
      spec: {
        schedule: 'every day',
        jobTemplate: {
          spec: {
            template: {
              spec: {
                restartPolicy: 'Never',
                containers: [{ name: 'more', image: 'example.invalid/more:1' }],
              },
            },
          },
        },
      },
    }),
  ),
  refusedBy(
    'field-invalid',
    'an Ingress without rules',
    object('networking.k8s.io/v1', 'Ingress', 'more', 'spec: {}\n'),
  ),
  refusedBy(
    'field-invalid',
    'a HorizontalPodAutoscaler from five to three',
    json({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'more' },
      spec: {
        minReplicas: 5,
        maxReplicas: 3,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'kcheck' },
      },
    }),
  ),
  refusedBy(
    'field-invalid',
    'a claim without a mode',
    object(
      'v1',
      'PersistentVolumeClaim',
      'more',
      'spec: { resources: { requests: { storage: 1Gi } } }\n',
    ),
  ),
  refusedBy(
    'field-invalid',
    'a budget with two limits',
    object(
      'policy/v1',
      'PodDisruptionBudget',
      'more',
      'spec: { minAvailable: 1, maxUnavailable: 1, selector: {} }\n',
    ),
  ),
  refusedBy(
    'field-invalid',
    'a probe without a handler',
    deployment({ readinessProbe: { periodSeconds: 5 } }),
  ),
  refusedBy(
    'field-invalid',
    'a pull policy that is none',
    deployment({ imagePullPolicy: 'Sometimes' }),
  ),
  refusedBy(
    'field-invalid',
    'a variable with two values',
    deployment({
      env: [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
    }),
  ),
  refusedBy(
    'field-invalid',
    'a name of a port in upper case',
    deployment({ ports: [{ name: 'HTTP', containerPort: 80 }] }),
  ),
  refusedBy(
    'field-invalid',
    'a HelmRelease without a chart',
    object('helm.toolkit.fluxcd.io/v2', 'HelmRelease', 'more', 'spec: { interval: 1h }\n'),
  ),
  refusedBy(
    'field-invalid',
    'an interval without a unit',
    object(
      'source.toolkit.fluxcd.io/v1',
      'GitRepository',
      'more',
      'spec: { interval: "60", url: https://github.com/wolcn/more }\n',
    ),
  ),
  refusedBy(
    'field-missing',
    'a source without an interval',
    object(
      'source.toolkit.fluxcd.io/v1',
      'GitRepository',
      'more',
      'spec: { url: https://github.com/wolcn/more }\n',
    ),
  ),
  refusedBy(
    'name-invalid',
    'a Service with a dot in its name',
    json({
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'my.more' } },
      spec: { ports: [{ port: 80 }] },
    }),
  ),
  refusedBy(
    'field-type',
    'a label of a pod template that is a number',
    deployment({}).replace('"labels":{"app":"more"}', '"labels":{"app":"more","build":7}'),
  ),
  accepted(
    'a Service whose name starts with a digit',
    json({
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: '1more' } },
      spec: { ports: [{ port: 80 }] },
    }),
  ),
  refusedBy('name-invalid', 'a container with an underscore', deployment({ name: 'my_app' })),
  refusedBy(
    'api-removed',
    'a CronJob of an old version',
    object('batch/v1beta1', 'CronJob', 'more', 'spec: {}\n'),
  ),
  refusedBy(
    'api-removed',
    'a Deployment of an old group',
    object('extensions/v1beta1', 'Deployment', 'more', 'spec: {}\n'),
  ),
  refusedBy('yaml-invalid', 'a key twice', configMap('more').replace('data:', 'data: {}\ndata:')),
  refusedBy('yaml-invalid', 'a tab', configMap('more').replace('  key', '\tkey')),
  refusedBy(
    'not-a-manifest',
    'an object without a name',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { generateName: more- }\n',
  ),
  refusedBy(
    'object-twice',
    'two objects that become one in the namespace',
    configMap('more', '  namespace: one\n'),
    configMap('more', '  namespace: two\n'),
  ),
  refusedBy(
    'forbidden',
    'a CustomResourceDefinition',
    object(
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
      'widgets.example.com',
      'spec: { group: example.com, scope: Namespaced, names: { kind: Widget, plural: widgets }, versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }] }\n',
    ),
  ),
  refusedBy(
    'forbidden',
    'a LimitRange',
    object('v1', 'LimitRange', 'more', 'spec: { limits: [] }\n'),
  ),
  refusedBy(
    'forbidden',
    'an EndpointSlice',
    object('discovery.k8s.io/v1', 'EndpointSlice', 'more', 'addressType: IPv4\nendpoints: []\n'),
  ),
  refusedBy(
    'forbidden',
    'a PriorityClass',
    object('scheduling.k8s.io/v1', 'PriorityClass', 'more', 'value: 1000\n'),
  ),
  refusedBy(
    'policy-refused',
    'a port of the node',
    deployment({ ports: [{ containerPort: 80, hostPort: 80 }] }),
  ),
  refusedBy(
    'pod-security',
    'a sysctl that is not safe',
    json({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'more' },
      spec: {
        selector: { matchLabels: { app: 'more' } },
        template: {
          metadata: { labels: { app: 'more' } },
          spec: {
            securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] },
            containers: [{ name: 'more', image: 'example.invalid/more:1' }],
          },
        },
      },
    }),
  ),
  refusedBy(
    'pod-security',
    'a probe of another host',
    deployment({ livenessProbe: { httpGet: { host: '192.0.2.1', port: 80 } } }),
  ),
  refusedBy(
    'field-invalid',
    'a probe with a negative period',
    deployment({ livenessProbe: { exec: { command: ['true'] }, periodSeconds: -1 } }),
  ),
  refusedBy(
    'field-invalid',
    'a probe of a port without a number',
    deployment({ livenessProbe: { tcpSocket: { port: 0 } } }),
  ),
  refusedBy(
    'field-invalid',
    'a variable with = in its name',
    deployment({ env: [{ name: 'A=B', value: 'c' }] }),
  ),
  refusedBy(
    'field-invalid',
    'a variable from nowhere',
    deployment({ env: [{ name: 'A', valueFrom: {} }] }),
  ),
  refusedBy(
    'field-invalid',
    'a resource that does not exist',
    deployment({ resources: { requests: { cpus: '1' } } }),
  ),
  refusedBy(
    'field-invalid',
    'a seccomp profile of a file without its name',
    deployment({ securityContext: { seccompProfile: { type: 'Localhost' } } }),
  ),
  refusedBy(
    'field-invalid',
    'an update that may neither add nor remove a pod',
    deployment({}, { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }),
  ),
  refusedBy(
    'field-invalid',
    'a budget of 500 %',
    object(
      'policy/v1',
      'PodDisruptionBudget',
      'more',
      'spec: { maxUnavailable: "500%", selector: {} }\n',
    ),
  ),
  refusedBy(
    'field-invalid',
    'a selector without values',
    object(
      'policy/v1',
      'PodDisruptionBudget',
      'more',
      'spec: { selector: { matchExpressions: [{ key: a, operator: In }] } }\n',
    ),
  ),
  refusedBy(
    'field-invalid',
    'a direction of a NetworkPolicy that does not exist',
    object(
      'networking.k8s.io/v1',
      'NetworkPolicy',
      'more',
      'spec: { podSelector: {}, policyTypes: [Inside] }\n',
    ),
  ),
  refusedBy(
    'field-invalid',
    'a network that is none',
    object(
      'networking.k8s.io/v1',
      'NetworkPolicy',
      'more',
      'spec: { podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: 300.0.0.0/8 } }] }] }\n',
    ),
  ),
  refusedBy(
    'field-invalid',
    'a metric without its source',
    json({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'more' },
      spec: {
        maxReplicas: 3,
        metrics: [{ type: 'Resource' }],
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'kcheck' },
      },
    }),
  ),
  refusedBy('field-invalid', 'an external name without a name', service('{ type: ExternalName }')),
  refusedBy(
    'field-invalid',
    'a target port with a name that is too long',
    service('{ ports: [{ port: 80, targetPort: a-name-that-is-too-long }] }'),
  ),
  refusedBy(
    'list-duplicate',
    'two ports with one number',
    service('{ ports: [{ name: a, port: 80 }, { name: b, port: 80 }] }'),
  ),
  refusedBy(
    'field-invalid',
    'a host in upper case',
    object(
      'networking.k8s.io/v1',
      'Ingress',
      'more',
      'spec: { rules: [{ host: A_b, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: a, port: { number: 80 } } } }] } }] }\n',
    ),
  ),
  refusedBy(
    'field-invalid',
    'a ConfigMap with two dots as a key',
    object('v1', 'ConfigMap', 'more', 'data: { "..": b }\n'),
  ),
  refusedBy(
    'field-invalid',
    'a Role without verbs',
    object(
      'rbac.authorization.k8s.io/v1',
      'Role',
      'more',
      "rules: [{ apiGroups: [''], resources: [pods], verbs: [] }]\n",
    ),
  ),
  refusedBy(
    'field-invalid',
    'annotations of 300 KiB',
    configMap('more', `  annotations:\n    a: ${'x'.repeat(300_000)}\n`),
  ),
  {
    name: 'a certificate without its key',
    change: add(
      object('v1', 'Secret', 'more', 'type: kubernetes.io/tls\ndata: { tls.crt: YWJj }\n'),
    ),
    codes: ['field-invalid', 'secret-in-clear'],
    cluster: 'refused',
  },
  {
    name: 'a binding to a role that nobody knows',
    change: add(binding('ClusterRole', 'other')),
    codes: ['role-not-checked'],
    cluster: 'refused',
  },
  {
    name: 'half a pod in a quota',
    change: swap(TENANT, / {4}pods: .*/, '    pods: "0.5"'),
    codes: ['field-invalid', 'quota-exceeded'],
    cluster: 'refused',
  },
  {
    name: 'a quota of something that does not exist',
    change: swap(TENANT, '    requests.cpu:', '    request.cpu:'),
    codes: ['field-invalid'],
    cluster: 'refused',
  },
  accepted(
    'a List',
    json({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'more' }, data: { key: 'value' } },
      ],
    }),
  ),
  accepted(
    'an octal number',
    deployment({}, {}).replace(
      '"containers"',
      '"volumes":[{"name":"c","configMap":{"name":"c","optional":true,"defaultMode":420}}],"containers"',
    ),
  ),
  accepted(
    'a word that YAML 1.1 takes for yes',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: more }\ndata: { answer: yes }\n',
  ),
  accepted('a file with comments only', '# Nothing yet.\n'),
  accepted(
    'an anchor',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: more, labels: &l { a: b } }\ndata: *l\n',
  ),
  accepted(
    'a HorizontalPodAutoscaler',
    json({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'more' },
      spec: {
        maxReplicas: 3,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'kcheck' },
      },
    }),
  ),
  accepted(
    'a NetworkPolicy for its own pods',
    object(
      'networking.k8s.io/v1',
      'NetworkPolicy',
      'more',
      'spec: { podSelector: {}, egress: [{}], policyTypes: [Egress] }\n',
    ),
  ),
  accepted(
    'a CronJob',
    json({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'more' },
      spec: {
        schedule: '*/5 * * * *',
        jobTemplate: {
          spec: {
            template: {
              spec: {
                restartPolicy: 'Never',
                containers: [{ name: 'more', image: 'example.invalid/more:1' }],
              },
            },
          },
        },
      },
    }),
  ),
  {
    name: 'manifests in a folder below',
    change: put('flux-dev/dev/below/more.yaml', configMap('more')),
    codes: [],
    cluster: 'applied',
  },
  {
    name: 'a kustomization.yaml in a folder below',
    change: both(
      put('flux-dev/dev/below/more.yaml', configMap('more')),
      put('flux-dev/dev/below/notes.yaml', 'no: manifest\n'),
      put('flux-dev/dev/below/kustomization.yaml', `${KUSTOMIZATION}resources: [more.yaml]\n`),
    ),
    codes: [],
    cluster: 'applied',
  },
  {
    name: 'the namespace requires the level restricted',
    change: swap(
      TENANT,
      'pod-security.kubernetes.io/enforce: baseline',
      'pod-security.kubernetes.io/enforce: restricted',
    ),
    codes: ['pod-security'],
    cluster: 'refused',
  },
  {
    name: 'a quota without pods',
    change: swap(TENANT, / {4}pods: .*/, '    pods: "0"'),
    codes: ['quota-exceeded'],
    cluster: 'refused',
  },
  {
    name: 'a LimitRange with a maximum below the limit of the app',
    change: both(
      swap(TENANT, 'memory: "512Mi"', 'memory: "32Mi"'),
      swap(
        TENANT,
        '    - type: Container\n',
        '    - type: Container\n      max: { memory: 32Mi }\n',
      ),
    ),
    codes: ['limit-exceeded'],
    cluster: 'refused',
  },
  {
    name: 'a sync with an interval that is none',
    change: swap(SYNC, 'interval: 20m0s', 'interval: twenty minutes'),
    codes: ['field-invalid'],
    cluster: 'refused',
  },
  {
    name: 'a sync that does not say whether it prunes',
    change: swap(SYNC, '  prune: true\n', ''),
    codes: ['field-missing'],
    cluster: 'refused',
  },
  {
    name: 'a source of a kind that does not exist',
    change: swap(
      SYNC,
      '    kind: GitRepository\n    name: flux-dev\n---\n# Limits',
      '    kind: Git\n    name: flux-dev\n---\n# Limits',
    ),
    codes: ['field-invalid', 'source-missing'],
    cluster: 'refused',
  },
];

const cluster: readonly Mutation[] = [
  {
    name: 'pods as an account that nobody makes',
    change: inSpec('      serviceAccountName: more\n'),
    codes: ['pod-account-missing'],
    cluster: 'refused',
  },
  {
    name: 'a Pod as an account of the same commit',
    change: add(
      object('v1', 'ServiceAccount', 'more'),
      object(
        'v1',
        'Pod',
        'more',
        'spec: { serviceAccountName: more, containers: [{ name: a, image: "example.invalid/a:1" }] }\n',
      ),
    ),
    codes: ['pod-account-missing'],
    cluster: 'refused',
  },
  {
    name: 'an object with the uid of another one',
    change: add(configMap('more', '  uid: 6f1c1f5e-0000-4000-8000-000000000000\n')),
    codes: ['field-invalid'],
    cluster: 'refused',
  },
  {
    name: 'an object with the managed fields of another one',
    change: add(
      configMap('more', '  managedFields: [{ manager: a, operation: Update, apiVersion: v1 }]\n'),
    ),
    codes: ['field-invalid'],
    cluster: 'refused',
  },
  {
    name: 'a ClusterRole',
    change: add(object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'more', 'rules: []\n')),
    codes: ['forbidden'],
    cluster: 'refused',
  },
  {
    name: 'a ResourceQuota',
    change: add(object('v1', 'ResourceQuota', 'more', 'spec: { hard: { pods: 100 } }\n')),
    codes: ['forbidden'],
    cluster: 'refused',
  },
  {
    name: 'a Role for nodes',
    change: add(role('more', '', 'nodes')),
    codes: ['role-escalation'],
    cluster: 'refused',
  },
  {
    name: 'a Role for what the tenant has',
    change: add(role('more', 'apps', 'deployments')),
    codes: [],
    cluster: 'applied',
  },
  {
    name: 'a RoleBinding to cluster-admin',
    change: add(binding('ClusterRole', 'cluster-admin')),
    codes: ['role-escalation'],
    cluster: 'refused',
  },
  {
    name: 'a RoleBinding to edit',
    change: add(binding('ClusterRole', 'edit')),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'the network of the node',
    change: inSpec('      hostNetwork: true\n'),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'a privileged container',
    change: swap(
      APP,
      '            allowPrivilegeEscalation: false\n',
      '            privileged: true\n',
    ),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'a capability beyond baseline',
    change: swap(
      APP,
      '            capabilities:\n',
      '            capabilities:\n              add: [NET_ADMIN]\n',
    ),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'a folder of the node',
    change: inSpec('      volumes: [{ name: node, hostPath: { path: / } }]\n'),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'an unconfined seccomp profile',
    change: inContext('            seccompProfile: { type: Unconfined }\n'),
    codes: ['pod-security'],
    cluster: 'refused',
  },
  {
    name: 'more pods than the quota allows',
    change: swap(APP, '  replicas: 1', '  replicas: 60'),
    codes: ['quota-exceeded'],
    cluster: 'refused',
  },
  {
    name: 'room for all pods, but not for their update',
    change: swap(APP, '  replicas: 1', '  replicas: 45'),
    codes: ['rollout-exceeds-quota'],
    cluster: 'applied',
  },
  {
    name: 'more CPU than the quota allows',
    change: swap(APP, 'cpu: 10m', 'cpu: "20"'),
    codes: ['quota-exceeded'],
    cluster: 'refused',
  },
  {
    name: 'a limit for the CPU without a request, which then is the request',
    change: both(
      swap(APP, '              cpu: 10m\n', ''),
      swap(APP, '            limits:\n', '            limits:\n              cpu: "20"\n'),
    ),
    codes: ['quota-exceeded'],
    cluster: 'refused',
  },
  {
    name: 'more storage than the quota allows',
    change: add(
      object(
        'v1',
        'PersistentVolumeClaim',
        'more',
        'spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 2Ti } } }\n',
      ),
    ),
    codes: ['quota-exceeded'],
    cluster: 'refused',
  },
  {
    name: 'more ConfigMaps than the quota allows',
    change: add(...Array.from({ length: 200 }, (_, n) => configMap(`more-${n}`))),
    codes: ['quota-exceeded'],
    cluster: 'refused',
  },
  {
    name: 'a LoadBalancer',
    change: swap(APP, 'type: ClusterIP', 'type: LoadBalancer'),
    codes: ['service-quota-exceeded'],
    cluster: 'refused',
  },
  {
    name: 'a NodePort',
    change: swap(APP, 'type: ClusterIP', 'type: NodePort'),
    codes: ['service-quota-exceeded'],
    cluster: 'refused',
  },
  {
    name: 'a request above the limit',
    change: swap(APP, 'memory: 16Mi', 'memory: 1Gi'),
    codes: ['limit-exceeded'],
    cluster: 'refused',
  },
  {
    name: 'a request above the limit that the LimitRange gives',
    change: both(
      swap(APP, 'memory: 16Mi', 'memory: 1Gi'),
      swap(APP, '            limits:\n              memory: 64Mi\n', ''),
    ),
    codes: ['limit-exceeded'],
    cluster: 'refused',
  },
  {
    name: 'the name of a node',
    change: inSpec('      nodeName: node-1\n'),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'a volume that the node mounts from the network',
    change: inSpec('      volumes: [{ name: share, nfs: { server: nfs.example.com, path: / } }]\n'),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'a pod as the account of Flux',
    change: inSpec('      serviceAccountName: fluxdemo-dev\n'),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'a toleration of every taint',
    change: inSpec('      tolerations: [{ operator: Exists }]\n'),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'a grace period of two hours',
    change: inSpec('      terminationGracePeriodSeconds: 7200\n'),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'a PriorityClass of the system',
    change: inSpec('      priorityClassName: system-node-critical\n'),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'a finalizer',
    change: add(configMap('more', '  finalizers: [example.com/never]\n')),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'the label of the platform team',
    change: add(configMap('more', '  labels:\n    toolkit.fluxcd.io/tenant: fluxdemo-dev\n')),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'a NetworkPolicy of the platform team',
    change: add(
      object(
        'networking.k8s.io/v1',
        'NetworkPolicy',
        'allow-same-namespace',
        'spec: { podSelector: {}, policyTypes: [Ingress] }\n',
      ),
    ),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'a NetworkPolicy for everyone',
    change: add(
      object(
        'networking.k8s.io/v1',
        'NetworkPolicy',
        'more',
        'spec: { podSelector: {}, ingress: [{}] }\n',
      ),
    ),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'an address that belongs to others',
    change: add(service('{ ports: [{ port: 80 }], externalIPs: [192.0.2.1] }')),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'a token that never expires',
    change: add(
      object(
        'v1',
        'Secret',
        'more',
        '  annotations:\n    kubernetes.io/service-account.name: default\ntype: kubernetes.io/service-account-token\n',
      ),
    ),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'a chart repository that is not allowed',
    change: add(
      object(
        'source.toolkit.fluxcd.io/v1',
        'HelmRepository',
        'more',
        'spec: { interval: 1h, url: https://charts.example.com }\n',
      ),
    ),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'a Secret that SOPS encrypted',
    change: add(
      object(
        'v1',
        'Secret',
        'more',
        'data:\n  key: ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]\nsops:\n  mac: ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]\n  version: 3.13.2\n',
      ),
    ),
    codes: ['secret-encrypted'],
    cluster: 'refused',
  },
  {
    name: 'a source with submodules',
    change: add(
      object(
        'source.toolkit.fluxcd.io/v1',
        'GitRepository',
        'more',
        'spec: { interval: 1h, url: https://github.com/wolcn/more, recurseSubmodules: true }\n',
      ),
    ),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'a sync as another account',
    change: add(
      object(
        'kustomize.toolkit.fluxcd.io/v1',
        'Kustomization',
        'more',
        'spec: { interval: 1h, prune: true, sourceRef: { kind: GitRepository, name: flux-dev } }\n',
      ),
    ),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'a sync with a remote path',
    change: add(
      object(
        'kustomize.toolkit.fluxcd.io/v1',
        'Kustomization',
        'more',
        'spec: { interval: 1h, prune: true, serviceAccountName: fluxdemo-dev, path: "./x@y", sourceRef: { kind: GitRepository, name: flux-dev } }\n',
      ),
    ),
    codes: ['policy-refused'],
    cluster: 'refused',
  },
  {
    name: 'a policy that is not valid CEL',
    change: swap('flux-demo/policies/pods.yaml', '.orValue(30) <= 3600', '.orValue(30 <= 3600'),
    codes: ['guard-edited', 'policy-invalid'],
  },
  {
    name: 'a policy with a function that is not known here',
    change: swap(
      'flux-demo/policies/pods.yaml',
      '.orValue(30) <= 3600',
      '.orValue(30) <= 3600 && url("https://example.com").getHost() != ""',
    ),
    codes: ['guard-edited', 'policy-not-checked'],
    cluster: 'applied',
  },
];

const advice: readonly Mutation[] = [
  {
    name: 'a Secret in clear',
    change: add(object('v1', 'Secret', 'more', 'stringData:\n  password: change-me\n')),
    codes: ['secret-in-clear'],
    cluster: 'applied',
  },
  {
    name: 'an image without a version',
    change: swap(APP, /image: (.*):.*/, 'image: $1'),
    codes: ['image-without-tag'],
    cluster: 'applied',
  },
  {
    name: 'another domain than in NO_PROXY',
    change: swap(
      'flux-demo/install/flux-instance.yaml',
      'domain: cluster.local',
      'domain: example.internal',
    ),
    codes: ['no-proxy'],
  },
];

/** Every mutation, by family. */
export const MUTATIONS: readonly Mutation[] = [
  ...files,
  ...tenants,
  ...patches,
  ...builds,
  ...fields,
  ...values,
  ...cluster,
  ...advice,
];
