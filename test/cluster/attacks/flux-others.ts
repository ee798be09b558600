/** Attacks by resource sets, charts, notifications, remote bases and the status of Flux' objects. */
import {
  type Attack,
  at,
  type Guard,
  type Manifest,
  manifests,
  of,
  type Tenant,
  worker,
} from './attack.ts';

const source = 'source.toolkit.fluxcd.io/v1';
const helm = 'helm.toolkit.fluxcd.io/v2';
const operator = 'fluxcd.controlplane.io/v1';
const notification = 'notification.toolkit.fluxcd.io';
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

const operatorAttacks: Attack[] = [
  {
    name: 'resource-set',
    attempt: 'a ResourceSet without a service account that makes a ClusterRole',
    commit: (t) => manifests(resourceSet(t, {})),
    harm: madeClusterRole,
    reference: 'operator lock',
    hardened: 'policy tenant-syncs',
    says: /set spec.serviceAccountName to /,
  },
  {
    name: 'resource-set-own',
    attempt: 'the same as the tenant’s own account',
    commit: (t) => manifests(resourceSet(t, { serviceAccountName: t.namespace })),
    harm: madeClusterRole,
    reference: 'RBAC',
    hardened: 'RBAC',
  },
  {
    name: 'instance-of-its-own',
    attempt: 'a FluxInstance in the own namespace, which the operator would install as itself',
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
    harm: async (t, see) =>
      (await see(at.group(operator, t.namespace, 'fluxinstances', 'flux'))) !== undefined,
    reference: 'nobody',
    hardened: 'RBAC',
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
  hardened: Guard,
  spec: (t: Tenant) => object,
  harm: Harm = madeClusterRole,
): Attack => ({
  name,
  attempt,
  commit: (t) => manifests(...release(t, spec(t))),
  harm,
  reference,
  hardened,
});

const chartAttacks: Attack[] = [
  chartAttack(
    'chart-no-account',
    'a chart with a ClusterRole, without a service account',
    'Flux lockdown',
    'policy tenant-syncs',
    () => ({}),
  ),
  chartAttack('chart-own-account', 'the same as the tenant’s own account', 'RBAC', 'RBAC', (t) => ({
    serviceAccountName: t.namespace,
  })),
  chartAttack(
    'chart-foreign-target',
    'a chart into the namespace of another tenant',
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

const notificationAttack = (
  name: string,
  attempt: string,
  version: string,
  kind: string,
  plural: string,
  spec: (t: Tenant) => object,
): Attack => ({
  name,
  attempt,
  commit: (t) =>
    manifests(
      of(`${notification}/${version}`, kind, { name: 'attack', namespace: t.namespace }, spec(t)),
    ),
  harm: async (t, see) =>
    (await see(at.group(`${notification}/${version}`, t.namespace, plural, 'attack'))) !==
    undefined,
  reference: 'nobody',
  hardened: 'policy tenant-syncs',
  says: /names objects of its own namespace only/,
});

const notificationAttacks: Attack[] = [
  notificationAttack(
    'receiver',
    'a Receiver that has others reconciled',
    'v1',
    'Receiver',
    'receivers',
    (t) => ({
      type: 'generic',
      secretRef: { name: 'token' },
      resources: [{ kind: 'GitRepository', name: t.repo, namespace: t.victim }],
    }),
  ),
  notificationAttack(
    'alert',
    'an Alert that hears of others',
    'v1beta3',
    'Alert',
    'alerts',
    (t) => ({
      providerRef: { name: 'mine' },
      eventSources: [{ kind: 'GitRepository', name: '*', namespace: t.victim }],
    }),
  ),
];

/** The artifact of another tenant's repository, as the tenant's own. */
const stolen = (t: Tenant) =>
  JSON.stringify({
    status: {
      artifact: {
        digest: `sha256:${'0'.repeat(64)}`,
        lastUpdateTime: '2020-01-01T00:00:00Z',
        path: `gitrepository/${t.victim}/${t.repo}/stolen.tar.gz`,
        revision: 'main@sha1:stolen',
        url: `${t.elsewhere}/gitrepository/${t.victim}/stolen.tar.gz`,
      },
    },
  });

const patchStatus = (t: Tenant, name: string) => ({
  as: 'worker',
  args: ['patch', `gitrepository/${name}`, '--subresource=status', '--type=merge', '-p', stolen(t)],
});

const remoteAttacks: Attack[] = [
  {
    name: 'remote-base',
    attempt: 'a kustomization.yaml with a base in a repository elsewhere',
    commit: (t) => ({
      'kustomization.yaml': JSON.stringify({
        namespace: t.namespace,
        resources: [`${t.url}.git//inner/made?ref=main`],
      }),
    }),
    harm: async (t, see) => (await see(at.core(t.namespace, 'configmaps', 'made'))) !== undefined,
    reference: 'Flux lockdown',
    hardened: 'Flux lockdown',
  },
  {
    name: 'remote-file',
    attempt: 'a kustomization.yaml with a file that the controller fetches from any address',
    commit: (t) => ({ 'kustomization.yaml': `resources: ['${t.elsewhere}/remote.yaml']\n` }),
    harm: async (t, see) => (await see(`seen:/${t.field}/remote.yaml`)) !== undefined,
    reference: 'nobody',
    hardened: 'nobody',
  },
  {
    name: 'status-of-sync',
    attempt: 'from a pod: the status of the platform’s GitRepository pointed to any artifact',
    commit: (t) => manifests(...worker(t.namespace)),
    fromPod: (t) => patchStatus(t, t.repo),
    reference: 'nobody',
    hardened: 'policy tenant-platform-objects',
    or: 'policy tenant-status',
  },
  {
    name: 'status-of-own',
    attempt: 'from a pod: the status of an own GitRepository pointed to another tenant’s artifact',
    commit: (t) =>
      manifests(
        ...worker(t.namespace),
        of(
          source,
          'GitRepository',
          { name: 'mine', namespace: t.namespace },
          {
            interval: '1h',
            url: t.url,
            ref: { branch: 'main' },
          },
        ),
      ),
    fromPod: (t) => patchStatus(t, 'mine'),
    reference: 'nobody',
    hardened: 'policy tenant-status',
    says: /only Flux writes the status/,
  },
];

export const otherFluxAttacks = [
  ...operatorAttacks,
  ...chartAttacks,
  ...notificationAttacks,
  ...remoteAttacks,
];
