/** Attacks on who may act in the namespace: roles, bindings, tokens. */
import { type Attack, at, binding, core, idle, letIn, manifests, of } from './attack.ts';

const rbac = 'rbac.authorization.k8s.io/v1';
const token = (account: string, duration: string) => [
  ...['create', 'token', account, `--duration=${duration}`],
];

export const accessAttacks: Attack[] = [
  {
    name: 'admin-of-all',
    attempt: 'bind a service account of the tenant to cluster-admin with a RoleBinding',
    commit: ({ namespace }) =>
      manifests(
        binding(namespace, 'attack', 'cluster-admin', [
          { kind: 'ServiceAccount', name: 'default', namespace },
        ]),
      ),
    harm: letIn(rbac, 'rolebindings'),
    reference: 'nobody',
    hardened: 'RBAC',
  },
  {
    name: 'role-of-all',
    attempt: 'create a Role with every verb on everything, which includes escalate and impersonate',
    commit: ({ namespace }) =>
      manifests(
        of(rbac, 'Role', { name: 'attack', namespace }, undefined, {
          rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
        }),
      ),
    harm: letIn(rbac, 'roles'),
    reference: 'nobody',
    hardened: 'RBAC',
  },
  {
    name: 'outsider-group',
    attempt: 'give a group of people access to the tenant’s namespace',
    commit: ({ namespace }) =>
      manifests(
        binding(namespace, 'attack', 'view', [{ kind: 'Group', name: 'system:authenticated' }]),
      ),
    harm: letIn(rbac, 'rolebindings'),
    reference: 'nobody',
    hardened: 'policy tenant-access',
    says: /only service accounts of the namespace hardened-/,
  },
  {
    name: 'outsider-account',
    attempt: 'give the service account of another tenant access to the tenant’s namespace',
    commit: ({ namespace, victim }) =>
      manifests(
        binding(namespace, 'attack', 'edit', [
          { kind: 'ServiceAccount', name: victim, namespace: victim },
        ]),
      ),
    harm: letIn(rbac, 'rolebindings'),
    reference: 'nobody',
    hardened: 'policy tenant-access',
    says: /ask your platform team to add a RoleBinding to 1_tenant.yaml/,
  },
  {
    name: 'account-edit',
    attempt: 'bind a service account of the tenant to edit, so that it can act as the reconciler',
    commit: ({ namespace }) =>
      manifests(
        binding(namespace, 'attack', 'edit', [
          { kind: 'ServiceAccount', name: 'default', namespace },
        ]),
      ),
    harm: letIn(rbac, 'rolebindings'),
    reference: 'nobody',
    hardened: 'policy tenant-access',
    says: /Create a Role that lists what the account needs/,
  },
  {
    name: 'role-impersonate',
    attempt: 'create a Role that lets a service account act as the reconciler',
    commit: ({ namespace }) =>
      manifests(
        of(rbac, 'Role', { name: 'attack', namespace }, undefined, {
          rules: [{ apiGroups: [''], resources: ['serviceaccounts'], verbs: ['impersonate'] }],
        }),
      ),
    harm: letIn(rbac, 'roles'),
    reference: 'nobody',
    hardened: 'policy tenant-access',
    says: /must not allow the verb impersonate/,
  },
  {
    name: 'deployer-policies',
    attempt:
      'as a service account of another namespace that the platform bound to admin: delete all network policies',
    commit: ({ namespace }) => manifests(idle(namespace)),
    fromPod: () => ({
      as: 'deployer',
      from: 'ci',
      args: ['delete', 'networkpolicies', '--all', '--wait=false'],
    }),
    reference: 'nobody',
    hardened: 'policy tenant-platform-objects',
  },
  {
    name: 'deployer-source',
    attempt: 'as the same account: point the tenant’s source to another address',
    commit: ({ namespace }) => manifests(idle(namespace)),
    fromPod: (t) => ({
      as: 'deployer',
      from: 'ci',
      args: [
        ...['patch', `gitrepository/${t.repo}`, '--type=merge'],
        ...['-p', JSON.stringify({ spec: { url: `${t.url}-taken` } })],
      ],
    }),
    reference: 'nobody',
    hardened: 'policy tenant-platform-objects',
  },
  {
    name: 'deployer-token',
    attempt: 'as the same account: create a token that is valid for ten years',
    commit: ({ namespace }) => manifests(idle(namespace)),
    fromPod: () => ({ as: 'deployer', from: 'ci', args: token('worker', '87600h') }),
    reference: 'nobody',
    hardened: 'policy tenant-access',
    says: /spec.expirationSeconds to 86400 or less/,
  },
  {
    name: 'token-secret',
    attempt: 'create a Secret with a token of the reconciler that never expires',
    commit: ({ namespace }) =>
      manifests(
        core(
          'Secret',
          {
            name: 'attack',
            namespace,
            annotations: { 'kubernetes.io/service-account.name': namespace },
          },
          { type: 'kubernetes.io/service-account-token' },
        ),
      ),
    harm: async (t, see) =>
      (await see(at.core(t.namespace, 'secrets', 'attack')))?.data?.token !== undefined,
    reference: 'nobody',
    hardened: 'policy tenant-access',
    says: /run kubectl create token/,
  },
  {
    name: 'token-of-reconciler',
    attempt: 'from a pod: create a token of the reconciler',
    commit: ({ namespace }) => manifests(idle(namespace)),
    fromPod: ({ namespace }) => ({ as: 'worker', args: token(namespace, '1h') }),
    reference: 'nobody',
    hardened: 'policy tenant-access',
    says: /Create another service account/,
  },
  {
    name: 'token-for-years',
    attempt: 'from a pod: create a token that is valid for ten years',
    commit: ({ namespace }) => manifests(idle(namespace)),
    fromPod: () => ({ as: 'worker', args: token('worker', '87600h') }),
    reference: 'nobody',
    hardened: 'policy tenant-access',
    says: /spec.expirationSeconds to 86400 or less/,
  },
  {
    name: 'account-relabelled',
    attempt: 'change the reconciler’s service account so that every pod gets its token',
    commit: ({ namespace }) =>
      manifests(
        core(
          'ServiceAccount',
          { name: namespace, namespace, annotations: { taken: 'yes' } },
          {
            automountServiceAccountToken: true,
          },
        ),
      ),
    harm: async (t, see) =>
      (await see(at.core(t.namespace, 'serviceaccounts', t.namespace)))?.metadata.annotations
        ?.taken === 'yes',
    reference: 'nobody',
    hardened: 'policy tenant-platform-objects',
    says: /cannot change or delete serviceaccounts\//,
  },
  {
    name: 'binding-forced',
    attempt: 'replace the tenant’s own RoleBinding with the annotation force: enabled',
    commit: ({ namespace }) => {
      const other = binding(namespace, `${namespace}-reconciler`, 'view', [
        { kind: 'ServiceAccount', name: namespace, namespace },
      ]);
      const annotations = { 'kustomize.toolkit.fluxcd.io/force': 'enabled' };
      return manifests({ ...other, metadata: { ...other.metadata, annotations } });
    },
    harm: async (t, see) => {
      const path = at.group(rbac, t.namespace, 'rolebindings', `${t.namespace}-reconciler`);
      const found = await see(path);
      return found === undefined || found.roleRef.name === 'view';
    },
    reference: 'nobody',
    hardened: 'policy tenant-platform-objects',
  },
];
