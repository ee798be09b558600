/** Attacks by syncs of the tenant's own making. */
import {
  type Attack,
  at,
  core,
  type Guard,
  letIn,
  type Manifest,
  manifests,
  of,
  type Tenant,
} from './attack.ts';

const kustomize = 'kustomize.toolkit.fluxcd.io/v1';
const rbac = 'rbac.authorization.k8s.io/v1';

type Harm = NonNullable<Attack['harm']>;

const madeClusterRole: Harm = async (t, see) =>
  (await see(at.cluster(rbac, 'clusterroles', `${t.namespace}-made`))) !== undefined;
const made: Harm = async (t, see) =>
  (await see(at.core(t.namespace, 'configmaps', 'made'))) !== undefined;

const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];

/** An inner Kustomization that applies the folder `inner` beside the tenants'. */
const inner = (t: Tenant, spec: object, folder = 'inner'): Manifest =>
  of(
    kustomize,
    'Kustomization',
    { name: 'attack', namespace: t.namespace },
    {
      interval: '20m0s',
      retryInterval: '30s',
      timeout: '1m',
      prune: true,
      path: `./${folder}`,
      sourceRef: { kind: 'GitRepository', name: t.repo },
      ...spec,
    },
  );

const syncAttack = (
  name: string,
  attempt: string,
  reference: Guard,
  says: RegExp,
  spec: (t: Tenant) => object,
  harm: Harm,
  folder: string,
  also: (t: Tenant) => Manifest[] = () => [],
): Attack => ({
  name,
  attempt,
  commit: (t) => manifests(inner(t, spec(t), folder), ...also(t)),
  harm,
  reference,
  hardened: 'policy tenant-syncs',
  says,
});

/** A sync that is let in is the harm: what it would do would hold up the others. */
const wasteful = (
  name: string,
  attempt: string,
  says: RegExp,
  spec: (t: Tenant) => object,
): Attack =>
  syncAttack(
    name,
    attempt,
    'nobody',
    says,
    (t) => ({ serviceAccountName: t.namespace, targetNamespace: t.namespace, ...spec(t) }),
    letIn(kustomize, 'kustomizations'),
    'inner/made',
  );

const ownAccount = /Set spec.serviceAccountName to /;

/** The network policy of the platform's. */
const clashing = 'allow-same-namespace';

export const syncAttacks: Attack[] = [
  syncAttack(
    'sync-no-account',
    'create a sync without a service account',
    'Flux lockdown',
    ownAccount,
    () => ({}),
    madeClusterRole,
    'inner/sync-no-account',
  ),
  syncAttack(
    'sync-weak-account',
    'read a Secret through postBuild.substituteFrom with an account that has no right to read it',
    'nobody',
    ownAccount,
    ({ namespace }) => ({
      serviceAccountName: 'weak',
      targetNamespace: namespace,
      postBuild: { substituteFrom: [{ kind: 'Secret', name: 'credentials' }] },
    }),
    async (t, see) =>
      (await see(at.core(t.namespace, 'configmaps', 'leaked')))?.data.password === 'secret',
    'inner/leak',
    ({ namespace }) => [
      core('ServiceAccount', { name: 'weak', namespace }),
      core('Secret', { name: 'credentials', namespace }, { stringData: { password: 'secret' } }),
      of(rbac, 'Role', { name: 'weak', namespace }, undefined, {
        rules: [{ apiGroups: [''], resources: ['configmaps'], verbs }],
      }),
      of(rbac, 'RoleBinding', { name: 'weak', namespace }, undefined, {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'weak' },
        subjects: [{ kind: 'ServiceAccount', name: 'weak', namespace }],
      }),
    ],
  ),
  syncAttack(
    'sync-foreign-source',
    'create a sync from the repository of another tenant',
    'Flux lockdown',
    /Remove every namespace/,
    (t) => ({
      serviceAccountName: t.namespace,
      targetNamespace: t.namespace,
      sourceRef: { kind: 'GitRepository', name: t.repo, namespace: t.victim },
    }),
    made,
    'inner/made',
  ),
  syncAttack(
    'sync-foreign-target',
    'create a sync into the namespace of another tenant',
    'RBAC',
    /Remove every namespace/,
    (t) => ({ serviceAccountName: t.namespace, targetNamespace: t.victim }),
    async (t, see) => (await see(at.core(t.victim, 'configmaps', 'made'))) !== undefined,
    'inner/made',
  ),
  syncAttack(
    'sync-kubeconfig',
    'make Flux talk to any address with a kubeConfig Secret',
    'nobody',
    /Remove spec.kubeConfig/,
    (t) => ({ serviceAccountName: t.namespace, kubeConfig: { secretRef: { name: 'kubeconfig' } } }),
    async (t, see) => (await see(`seen:${t.namespace}`)) !== undefined,
    'inner/made',
    ({ namespace, elsewhere }) => [
      core(
        'Secret',
        { name: 'kubeconfig', namespace },
        { stringData: { value: kubeconfig(`${elsewhere}/${namespace}`) } },
      ),
    ],
  ),
  wasteful(
    'sync-expression',
    'create a sync with an expression that takes months to evaluate',
    /Remove readyExpr/,
    (t) => ({
      dependsOn: [{ name: t.repo, readyExpr: 'true' }],
    }),
  ),
  wasteful(
    'sync-timeout',
    'create a sync that keeps a worker of all tenants busy for a year',
    /Set spec.timeout to 15m or less/,
    () => ({
      timeout: '8760h',
      wait: true,
    }),
  ),
  wasteful(
    'sync-restless',
    'create a sync that Flux reconciles a thousand times a second',
    /Set every interval and retryInterval to 30s or more/,
    () => ({ interval: '1ms' }),
  ),
  wasteful(
    'sync-variables',
    'create a sync that replaces every variable with a text of 100 KB',
    /Write short variables into spec.postBuild.substitute/,
    () => ({ postBuild: { substitute: { text: 'x'.repeat(100_000) } } }),
  ),
  wasteful(
    'sync-variables-from',
    'the same with a text from a ConfigMap',
    /ask your platform team to set it in 2_sync.yaml/,
    () => ({ postBuild: { substituteFrom: [{ kind: 'ConfigMap', name: 'long' }] } }),
  ),
  wasteful(
    'sync-foreign-health',
    'find out whether an object of another namespace exists, with a sync that waits for it',
    /Remove every namespace/,
    (t) => ({
      healthChecks: [{ apiVersion: 'v1', kind: 'Service', name: 'x', namespace: t.victim }],
      timeout: '1m',
    }),
  ),
  {
    name: 'sync-clash',
    attempt:
      'create a second sync of the tenant, with an object that has the name of the platform’s network policy',
    commit: (t) => {
      const spec = { serviceAccountName: t.namespace, targetNamespace: t.namespace };
      return manifests(inner(t, spec, 'inner/clash'));
    },
    harm: async (t, see) => {
      const path = at.group('networking.k8s.io/v1', t.namespace, 'networkpolicies', clashing);
      return (await see(path))?.spec.podSelector.matchLabels?.none !== undefined;
    },
    reference: 'nobody',
    hardened: 'policy tenant-platform-objects',
    says: /ask your platform team to change it in the config repo/,
  },
];

/** A kubeconfig for a server that is not the cluster's. */
const kubeconfig = (server: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'attack', cluster: { server } }],
    users: [{ name: 'attack', user: { token: 'attack' } }],
    contexts: [{ name: 'attack', context: { cluster: 'attack', user: 'attack' } }],
    'current-context': 'attack',
  });
