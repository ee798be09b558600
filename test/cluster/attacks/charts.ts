/** Attacks by resource sets and charts. */
import {
  type Attack,
  at,
  core,
  type Guard,
  idle,
  letIn,
  type Manifest,
  manifests,
  of,
  type Tenant,
} from './attack.ts';

const source = 'source.toolkit.fluxcd.io/v1';
const helm = 'helm.toolkit.fluxcd.io/v2';
const operator = 'fluxcd.controlplane.io/v1';
const rbac = 'rbac.authorization.k8s.io/v1';

const clusterRole = (t: Tenant): Manifest =>
  of(rbac, 'ClusterRole', { name: `${t.namespace}-made` }, undefined, { rules: [] });
type Harm = NonNullable<Attack['harm']>;

const madeClusterRole: Harm = async (t, see) =>
  (await see(at.cluster(rbac, 'clusterroles', `${t.namespace}-made`))) !== undefined;

const resourceSet = (t: Tenant, spec: object): Manifest =>
  of(
    operator,
    'ResourceSet',
    { name: 'attack', namespace: t.namespace },
    {
      resources: [clusterRole(t)],
      ...spec,
    },
  );

export const operatorAttacks: Attack[] = [
  {
    name: 'resource-set',
    attempt: 'create a ResourceSet without a service account that creates a ClusterRole',
    commit: (t) => manifests(resourceSet(t, {})),
    harm: madeClusterRole,
    reference: 'operator lock',
    private: 'policy tenant-syncs',
    says: /Set spec.serviceAccountName to /,
  },
  {
    name: 'resource-set-own',
    attempt: 'the same with the tenant’s own service account',
    commit: (t) => manifests(resourceSet(t, { serviceAccountName: t.namespace })),
    harm: madeClusterRole,
    reference: 'RBAC',
    private: 'RBAC',
  },
  {
    name: 'resource-set-copy',
    attempt: 'copy an object of another namespace with a ResourceSet and the annotation copyFrom',
    commit: (t) =>
      manifests(
        resourceSet(t, {
          serviceAccountName: t.namespace,
          resources: [
            core('ConfigMap', {
              name: 'copied',
              namespace: t.namespace,
              annotations: { 'fluxcd.controlplane.io/copyFrom': `${t.victim}/kube-root-ca.crt` },
            }),
          ],
        }),
      ),
    harm: async (t, see) =>
      (await see(at.core(t.namespace, 'configmaps', 'copied')))?.data !== undefined,
    reference: 'RBAC',
    private: 'RBAC',
  },
  {
    name: 'instance-of-its-own',
    attempt:
      'create a FluxInstance in the tenant’s namespace, which the operator would install with its own rights',
    commit: (t) =>
      manifests(
        of(
          operator,
          'FluxInstance',
          { name: 'flux', namespace: t.namespace },
          {
            distribution: { version: '2.9.x', registry: 'ghcr.io/fluxcd' },
          },
        ),
      ),
    harm: letIn(operator, 'fluxinstances', 'flux'),
    reference: 'nobody',
    private: 'RBAC',
  },
  {
    name: 'resource-set-asks',
    attempt:
      'find out whether an object of the cluster exists, with a ResourceSet that waits for it',
    commit: (t) =>
      manifests(
        resourceSet(t, {
          serviceAccountName: t.namespace,
          resources: [],
          dependsOn: [
            { apiVersion: 'v1', kind: 'Namespace', name: t.victim, namespace: t.namespace },
          ],
        }),
      ),
    harm: letIn(operator, 'resourcesets'),
    reference: 'nobody',
    private: 'policy tenant-syncs',
    says: /may name only objects of its own namespace/,
  },
  {
    name: 'web-page',
    attempt: 'from a pod: read the objects of another tenant from the operator’s Web UI',
    commit: (t) => manifests(idle(t.namespace)),
    harm: async (t, see) => {
      const of = `kind=GitRepository&name=${t.repo}&namespace=${t.victim}`;
      return (await see(`${t.web}/api/v1/resource?${of}`))?.spec?.url === t.url;
    },
    reference: 'operator values',
    private: 'operator values',
  },
];

const release = (t: Tenant, spec: object): Manifest[] => [
  of(
    source,
    'HelmRepository',
    { name: 'charts', namespace: t.namespace },
    {
      interval: '1h',
      url: `${t.files}/charts`,
    },
  ),
  of(
    helm,
    'HelmRelease',
    { name: 'attack', namespace: t.namespace },
    {
      interval: '1h',
      chart: {
        spec: { chart: 'attack', sourceRef: { kind: 'HelmRepository', name: 'charts' } },
      },
      values: { name: `${t.namespace}-made` },
      ...spec,
    },
  ),
];

const chartAttack = (
  name: string,
  attempt: string,
  reference: Guard,
  guard: Guard,
  spec: (t: Tenant) => object,
  harm: Harm = madeClusterRole,
): Attack => ({
  name,
  attempt,
  commit: (t) => manifests(...release(t, spec(t))),
  harm,
  reference,
  private: guard,
});

/** A chart in the tenant's repository that wants another chart from elsewhere. */
const dependent = (t: Tenant) =>
  JSON.stringify({
    apiVersion: 'v2',
    name: 'dependent',
    version: '0.1.0',
    dependencies: [{ name: 'attack', version: '0.1.0', repository: `${t.elsewhere}/dependency` }],
  });

export const chartAttacks: Attack[] = [
  {
    name: 'chart-dependency',
    attempt: 'use a chart in the app repo whose dependency is at any address',
    commit: (t) => ({
      'attack.yaml': release(t, {
        serviceAccountName: t.namespace,
        chart: {
          spec: {
            chart: './inner/chart',
            sourceRef: { kind: 'GitRepository', name: t.repo },
          },
        },
      }),
      '../inner/chart/Chart.yaml': dependent(t),
    }),
    harm: async (t, see) => (await see(`seen:/${t.field}/dependency`)) !== undefined,
    reference: 'nobody',
    private: 'policy tenant-sources',
    says: /Package the chart, and use it from a HelmRepository or an OCIRepository/,
  },
  chartAttack(
    'chart-no-account',
    'install a chart with a ClusterRole, without a service account',
    'Flux lockdown',
    'RBAC',
    () => ({}),
  ),
  chartAttack(
    'chart-own-account',
    'the same with the tenant’s own service account',
    'RBAC',
    'RBAC',
    (t) => ({
      serviceAccountName: t.namespace,
    }),
  ),
  {
    name: 'chart-timeout',
    attempt:
      'install a chart that keeps a worker of all tenants busy for a year, with the timeout of one action',
    commit: (t) => {
      const spec = {
        serviceAccountName: t.namespace,
        suspend: true,
        install: { timeout: '8760h' },
      };
      return { 'attack.yaml': release(t, spec) };
    },
    harm: letIn(helm, 'helmreleases'),
    reference: 'nobody',
    private: 'policy tenant-syncs',
    says: /Set every timeout to 15m or less/,
  },
  {
    name: 'chart-restless',
    attempt:
      'use a chart that Flux fetches a thousand times a second, with the interval in a HelmRelease',
    commit: (t) => {
      const spec = { chart: 'attack', interval: '1ms' };
      const sourceRef = { kind: 'HelmRepository', name: 'charts' };
      return {
        'attack.yaml': release(t, {
          serviceAccountName: t.namespace,
          suspend: true,
          chart: { spec: { ...spec, sourceRef } },
        }),
      };
    },
    harm: letIn(helm, 'helmreleases'),
    reference: 'nobody',
    private: 'policy tenant-syncs',
    says: /Set every interval and retryInterval to 30s or more/,
  },
  {
    name: 'chart-label',
    attempt: 'give the HelmChart that Flux creates the label of the platform’s objects',
    commit: (t) => ({
      'attack.yaml': release(t, {
        serviceAccountName: t.namespace,
        suspend: true,
        chart: {
          metadata: { labels: { 'toolkit.fluxcd.io/tenant': t.namespace } },
          spec: { chart: 'attack', sourceRef: { kind: 'HelmRepository', name: 'charts' } },
        },
      }),
    }),
    harm: letIn(helm, 'helmreleases'),
    reference: 'nobody',
    private: 'policy tenant-syncs',
    says: /spec.chart.metadata.labels must not contain/,
  },
  {
    name: 'resource-set-timeout',
    attempt:
      'create a ResourceSet that keeps a worker of the operator busy for a year, with an annotation',
    commit: (t) => {
      const annotations = { 'fluxcd.controlplane.io/reconcileTimeout': '8760h' };
      const made = resourceSet(t, { serviceAccountName: t.namespace, resources: [] });
      return manifests({ ...made, metadata: { ...made.metadata, annotations } });
    },
    harm: letIn(operator, 'resourcesets'),
    reference: 'nobody',
    private: 'policy tenant-syncs',
    says: /reconcileTimeout to 15m or less/,
  },
  chartAttack(
    'chart-foreign-target',
    'install a chart in the namespace of another tenant',
    'RBAC',
    'policy tenant-syncs',
    (t) => ({
      serviceAccountName: t.namespace,
      targetNamespace: t.victim,
      values: { name: `${t.namespace}-made`, configMap: true },
    }),
    async (t, see) =>
      (await see(at.core(t.victim, 'configmaps', `${t.namespace}-made`))) !== undefined,
  ),
];
