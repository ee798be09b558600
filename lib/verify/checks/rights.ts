import { may, type Rights, rulesIn, uncovered, userName } from '../admission/rights.ts';
import type { Kind } from '../admission/schema.ts';
import {
  about,
  type Finding,
  groupOf,
  type Manifest,
  objectAt,
  type Tenant,
  textAt,
} from '../model.ts';

/** Whether `account` of `tenant` may apply `manifest`, a `known` kind. */
export function checkRights(
  manifest: Manifest,
  known: Kind,
  tenant: Tenant,
  account: string,
  rights: Rights,
): Finding[] {
  const { rules, isKnown } = rights;
  if (!isKnown) return [];
  const { name, namespace, apiVersion, kind } = manifest;
  const group = groupOf(apiVersion);
  // A role for a namespace also holds for the Namespace object itself.
  const isOwn = kind === 'Namespace' && name === tenant.namespace;
  const isInside = known.namespaced ? namespace === tenant.namespace : isOwn;
  if (isInside && may(rules, 'patch', group, known.resource, name))
    return checkEscalation(manifest, rights, tenant, account);
  const where =
    known.namespaced && namespace !== undefined
      ? `in the namespace "${namespace}"`
      : 'at the cluster scope';
  const resource = [known.resource, group].filter(Boolean).join('.');
  const message = `${resource} "${name}" is forbidden: User "${userName(tenant, account)}" cannot patch resource "${known.resource}" in API group "${group}" ${where}`;
  return [about('forbidden', manifest, message)];
}

function checkEscalation(
  manifest: Manifest,
  { rules, knowsRole }: Rights,
  tenant: Tenant,
  account: string,
): Finding[] {
  const { kind, apiVersion, value, name } = manifest;
  if (groupOf(apiVersion) !== 'rbac.authorization.k8s.io') return [];
  const user = userName(tenant, account);
  if (kind === 'Role' && !may(rules, 'escalate', 'rbac.authorization.k8s.io', 'roles', name)) {
    const missing = rulesIn(value).flatMap((rule) => uncovered(rules, rule));
    if (missing.length === 0) return [];
    const message = `roles.rbac.authorization.k8s.io "${name}" is forbidden: user "${user}" is attempting to grant RBAC permissions not currently held:\n${missing.join('\n')}`;
    return [about('role-escalation', manifest, message, ['rules'])];
  }
  if (kind !== 'RoleBinding') return [];
  const role = objectAt(value, 'roleRef');
  const isAll = rules.some(
    ({ verbs, resources }) => verbs?.includes('*') && resources?.includes('*'),
  );
  if (role.kind === 'ClusterRole' && !knowsRole(role.name)) {
    const message = `clusterroles.rbac.authorization.k8s.io "${role.name}" not found in the config repo`;
    return [about('role-not-checked', manifest, message, ['roleRef', 'name'])];
  }
  if (role.kind !== 'ClusterRole' || role.name !== 'cluster-admin' || isAll) return [];
  const message = `rolebindings.rbac.authorization.k8s.io "${name}" is forbidden: user "${user}" is attempting to grant RBAC permissions not currently held: the ClusterRole ${textAt(role, 'name')}`;
  return [about('role-escalation', manifest, message, ['roleRef'])];
}
