/** Attacks on what the platform applied to the namespace beside the sync. */
import {
  type Attack,
  at,
  core,
  idle,
  type Manifest,
  manifests,
  of,
  type See,
  type Tenant,
} from './attack.ts';

const networking = 'networking.k8s.io/v1';

const seePolicy = (t: Tenant, see: See) =>
  see(at.group(networking, t.namespace, 'networkpolicies', 'allow-same-namespace'));

const ownPolicy = (t: Tenant, metadata: object, ingress: object[]): Manifest =>
  of(
    networking,
    'NetworkPolicy',
    { name: 'allow-same-namespace', namespace: t.namespace, ...metadata },
    { podSelector: {}, policyTypes: ['Ingress'], ingress },
  );

const policyAttacks: Attack[] = [
  {
    name: 'policy-opened',
    attempt: 'change the platform’s network policy so that it selects no pod',
    commit: (t) => {
      const spec = { podSelector: { matchLabels: { none: 'none' } }, policyTypes: ['Ingress'] };
      const metadata = { name: 'allow-same-namespace', namespace: t.namespace };
      return manifests(of(networking, 'NetworkPolicy', metadata, spec));
    },
    harm: async (t, see) =>
      (await seePolicy(t, see))?.spec.podSelector.matchLabels?.none !== undefined,
    reference: 'nobody',
    hardened: 'policy tenant-platform-objects',
    says: /ask your platform team to change it in the config repo/,
  },
  {
    name: 'policy-owned',
    attempt:
      'give the platform’s network policy an owner that does not exist, so that Kubernetes deletes the policy',
    commit: (t) => {
      const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'none', uid: 'none' };
      const metadata = { ownerReferences: [owner] };
      const peers = [{ from: [{ podSelector: {} }] }];
      return manifests(ownPolicy(t, metadata, peers));
    },
    harm: async (t, see) => {
      const found = await seePolicy(t, see);
      return found === undefined || found.metadata.ownerReferences !== undefined;
    },
    reference: 'nobody',
    hardened: 'policy tenant-platform-objects',
  },
  {
    name: 'policies-deleted',
    attempt: 'from a pod: delete all network policies at once',
    commit: ({ namespace }) => manifests(idle(namespace)),
    fromPod: () => ({ as: 'worker', args: ['delete', 'networkpolicies', '--all', '--wait=false'] }),
    reference: 'nobody',
    hardened: 'policy tenant-platform-objects',
  },
  {
    name: 'prune-off',
    attempt: 'annotate the platform’s network policy with prune: disabled and ssa: Merge',
    commit: (t) => {
      const flux = 'kustomize.toolkit.fluxcd.io';
      const annotations = { [`${flux}/prune`]: 'disabled', [`${flux}/ssa`]: 'Merge' };
      return manifests(ownPolicy(t, { annotations }, [{ from: [{ podSelector: {} }] }]));
    },
    harm: async (t, see) =>
      (await seePolicy(t, see))?.metadata.annotations?.['kustomize.toolkit.fluxcd.io/prune'] ===
      'disabled',
    reference: 'nobody',
    hardened: 'policy tenant-platform-objects',
  },
  {
    name: 'label-claimed',
    attempt: 'give a new object the label of the platform’s objects, which the policies rely on',
    commit: (t) => {
      const labels = { 'toolkit.fluxcd.io/tenant': t.namespace };
      return manifests(core('ConfigMap', { name: 'attack', namespace: t.namespace, labels }));
    },
    harm: async (t, see) => (await see(at.core(t.namespace, 'configmaps', 'attack'))) !== undefined,
    reference: 'nobody',
    hardened: 'policy tenant-platform-objects',
    says: /Remove the label/,
  },
];

const quotaAttacks: Attack[] = [
  {
    name: 'quota-raised',
    attempt: 'raise the quota, or create another one',
    commit: (t) =>
      manifests(
        of(
          'v1',
          'ResourceQuota',
          { name: 'tenant', namespace: t.namespace },
          { hard: { pods: '9999' } },
        ),
      ),
    harm: async (t, see) =>
      (await see(at.core(t.namespace, 'resourcequotas', 'tenant')))?.spec.hard.pods === '9999',
    reference: 'nobody',
    hardened: 'RBAC',
  },
  {
    name: 'limits-raised',
    attempt: 'change the limits, or create others',
    commit: (t) =>
      manifests(
        of(
          'v1',
          'LimitRange',
          { name: 'tenant', namespace: t.namespace },
          {
            limits: [{ type: 'Container', default: { memory: '99Gi' } }],
          },
        ),
      ),
    harm: async (t, see) =>
      (await see(at.core(t.namespace, 'limitranges', 'tenant')))?.spec.limits[0].default.memory ===
      '99Gi',
    reference: 'nobody',
    hardened: 'RBAC',
  },
];

export const platformAttacks = [...policyAttacks, ...quotaAttacks];
