/** Attacks on the namespace itself and on other namespaces. */
import { type Attack, at, core, manifests, of, type Tenant } from './attack.ts';

const namespace = ({ namespace: name }: Tenant, labels: object) =>
  core('Namespace', { name, labels });

const psa = 'pod-security.kubernetes.io/enforce';
const role = 'toolkit.fluxcd.io/role';

export const namespaceAttacks: Attack[] = [
  {
    name: 'pod-security-off',
    attempt: 'set Pod Security to privileged in the tenant’s own Namespace',
    commit: (t) => manifests(namespace(t, { [psa]: 'privileged' })),
    harm: async (t, see) =>
      (await see(`/api/v1/namespaces/${t.namespace}`))?.metadata.labels[psa] === 'privileged',
    reference: 'nobody',
    hardened: 'RBAC',
  },
  {
    name: 'policies-off',
    attempt: 'change the label of the tenant’s own Namespace that switches the policies on',
    commit: (t) => manifests(namespace(t, { [role]: 'none' })),
    harm: async (t, see) =>
      (await see(`/api/v1/namespaces/${t.namespace}`))?.metadata.labels[role] === 'none',
    reference: 'nobody',
    hardened: 'RBAC',
  },
  {
    name: 'namespace-pruned',
    attempt:
      'add the tenant’s own Namespace in one commit, and remove it in the next, so that Flux prunes the tenant',
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
    attempt: 'create a second Namespace',
    commit: (t) => manifests(core('Namespace', { name: `${t.namespace}-more` })),
    harm: async (t, see) => (await see(`/api/v1/namespaces/${t.namespace}-more`)) !== undefined,
    reference: 'RBAC',
    hardened: 'RBAC',
  },
  {
    name: 'other-tenant',
    attempt: 'create an object in the namespace of another tenant',
    commit: (t) => manifests(core('ConfigMap', { name: t.namespace, namespace: t.victim })),
    harm: async (t, see) => (await see(at.core(t.victim, 'configmaps', t.namespace))) !== undefined,
    reference: 'RBAC',
    hardened: 'targetNamespace',
  },
  {
    name: 'flux-system',
    attempt: 'create an object in flux-system',
    commit: (t) => manifests(core('ConfigMap', { name: t.namespace, namespace: 'flux-system' })),
    harm: async (t, see) =>
      (await see(at.core('flux-system', 'configmaps', t.namespace))) !== undefined,
    reference: 'RBAC',
    hardened: 'targetNamespace',
  },
  {
    name: 'flux-instance',
    attempt: 'replace the FluxInstance with one that has no lock',
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
];
