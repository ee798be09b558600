/** Attacks by objects of the whole cluster. */
import { type Attack, at, manifests, of } from './attack.ts';

const rbac = 'rbac.authorization.k8s.io/v1';

export const clusterAttacks: Attack[] = [
  {
    name: 'cluster-role',
    attempt: 'create a ClusterRole',
    commit: (t) =>
      manifests(of(rbac, 'ClusterRole', { name: t.namespace }, undefined, { rules: [] })),
    harm: async (t, see) =>
      (await see(at.cluster(rbac, 'clusterroles', t.namespace))) !== undefined,
    reference: 'RBAC',
    hardened: 'RBAC',
  },
  {
    name: 'cluster-role-binding',
    attempt: 'create a ClusterRoleBinding to cluster-admin',
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
    attempt: 'create an admission webhook that sees every Secret of the cluster',
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
    attempt: 'change the binding of a policy so that the policy refuses nothing',
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
