/** Attacks on the namespace itself, on other namespaces and on the cluster. */
import { type Attack, at, core, manifests, of, type Tenant } from './attack.ts';

const namespace = ({ namespace: name }: Tenant, labels: object) =>
  core('Namespace', { name, labels });

const psa = 'pod-security.kubernetes.io/enforce';
const role = 'toolkit.fluxcd.io/role';
const rbac = 'rbac.authorization.k8s.io/v1';

export const namespaceAttacks: Attack[] = [
  {
    name: 'pod-security-off',
    attempt: 'own Namespace manifest: Pod Security switched to privileged',
    commit: (t) => manifests(namespace(t, { [psa]: 'privileged' })),
    harm: async (t, see) =>
      (await see(`/api/v1/namespaces/${t.namespace}`))?.metadata.labels[psa] === 'privileged',
    reference: 'nobody',
    hardened: 'RBAC',
  },
  {
    name: 'policies-off',
    attempt: 'own Namespace manifest: another value for the label that the policies are bound by',
    commit: (t) => manifests(namespace(t, { [role]: 'none' })),
    harm: async (t, see) =>
      (await see(`/api/v1/namespaces/${t.namespace}`))?.metadata.labels[role] === 'none',
    reference: 'nobody',
    hardened: 'RBAC',
  },
  {
    name: 'namespace-pruned',
    attempt: 'own Namespace adopted by one commit, and the tenant deleted by the next, by pruning',
    commit: (t) => manifests(namespace(t, {})),
    after: (t) => manifests(core('ConfigMap', { name: 'left', namespace: t.namespace })),
    harm: async (t, see) => {
      const found = await see(`/api/v1/namespaces/${t.namespace}`);
      return found === undefined || found.metadata.deletionTimestamp !== undefined;
    },
    reference: 'nobody',
    hardened: 'RBAC',
  },
  {
    name: 'namespace-added',
    attempt: 'a Namespace beside the own one',
    commit: (t) => manifests(core('Namespace', { name: `${t.namespace}-more` })),
    harm: async (t, see) => (await see(`/api/v1/namespaces/${t.namespace}-more`)) !== undefined,
    reference: 'RBAC',
    hardened: 'RBAC',
  },
  {
    name: 'other-tenant',
    attempt: 'an object in the namespace of another tenant',
    commit: (t) => manifests(core('ConfigMap', { name: t.namespace, namespace: t.victim })),
    harm: async (t, see) => (await see(at.core(t.victim, 'configmaps', t.namespace))) !== undefined,
    reference: 'RBAC',
    hardened: 'targetNamespace',
  },
  {
    name: 'flux-system',
    attempt: 'an object in flux-system',
    commit: (t) => manifests(core('ConfigMap', { name: t.namespace, namespace: 'flux-system' })),
    harm: async (t, see) =>
      (await see(at.core('flux-system', 'configmaps', t.namespace))) !== undefined,
    reference: 'RBAC',
    hardened: 'targetNamespace',
  },
  {
    name: 'flux-instance',
    attempt: 'the FluxInstance rewritten, without its lock',
    commit: () =>
      manifests(
        of(
          'fluxcd.controlplane.io/v1',
          'FluxInstance',
          { name: 'flux', namespace: 'flux-system' },
          {
            distribution: { version: '2.9.x', registry: 'example.invalid/taken' },
          },
        ),
      ),
    harm: async (_t, see) => {
      const path = at.group('fluxcd.controlplane.io/v1', 'flux-system', 'fluxinstances', 'flux');
      return (await see(path))?.spec.distribution.registry === 'example.invalid/taken';
    },
    reference: 'RBAC',
    hardened: 'RBAC',
  },
  {
    name: 'cluster-role',
    attempt: 'a ClusterRole',
    commit: (t) =>
      manifests(of(rbac, 'ClusterRole', { name: t.namespace }, undefined, { rules: [] })),
    harm: async (t, see) =>
      (await see(at.cluster(rbac, 'clusterroles', t.namespace))) !== undefined,
    reference: 'RBAC',
    hardened: 'RBAC',
  },
  {
    name: 'cluster-role-binding',
    attempt: 'a ClusterRoleBinding to cluster-admin',
    commit: (t) =>
      manifests(
        of(rbac, 'ClusterRoleBinding', { name: t.namespace }, undefined, {
          roleRef: {
            apiGroup: 'rbac.authorization.k8s.io',
            kind: 'ClusterRole',
            name: 'cluster-admin',
          },
          subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: t.namespace }],
        }),
      ),
    harm: async (t, see) =>
      (await see(at.cluster(rbac, 'clusterrolebindings', t.namespace))) !== undefined,
    reference: 'RBAC',
    hardened: 'RBAC',
  },
  {
    name: 'webhook',
    attempt: 'an admission webhook, which would see every Secret of the cluster',
    commit: (t) =>
      manifests(
        of('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', {
          name: t.namespace,
        }),
      ),
    harm: async (t, see) =>
      (await see(
        at.cluster(
          'admissionregistration.k8s.io/v1',
          'validatingwebhookconfigurations',
          t.namespace,
        ),
      )) !== undefined,
    reference: 'RBAC',
    hardened: 'RBAC',
  },
  {
    name: 'policy-binding',
    attempt: 'a policy of the platform rewritten to hold nobody',
    commit: (t) =>
      manifests(
        of(
          'admissionregistration.k8s.io/v1',
          'ValidatingAdmissionPolicyBinding',
          { name: `attack-${t.field}` },
          {
            policyName: 'tenant-network',
            validationActions: ['Audit'],
          },
        ),
      ),
    harm: async (t, see) =>
      (await see(
        at.cluster(
          'admissionregistration.k8s.io/v1',
          'validatingadmissionpolicybindings',
          `attack-${t.field}`,
        ),
      )) !== undefined,
    reference: 'RBAC',
    hardened: 'RBAC',
  },
];
