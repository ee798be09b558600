/** Whose requests the policies look at, as ValidatingAdmissionPolicies say it: one value for all of them. */

/** An entry of `spec.matchConditions`; a request is looked at when every entry holds. */
export type MatchCondition = { name: string; expression: string };

const user = 'request.userInfo.username';

const isAccountOf = (namespace: string): string =>
  `${user}.startsWith('system:serviceaccount:${namespace}:')`;

/** Kubernetes' other components, nodes included, have names that begin so. `system:anonymous`, somebody who did not sign in, is none of them. */
const isComponent = `(${user}.startsWith('system:') && !${user}.startsWith('system:serviceaccount:') && ${user} != 'system:anonymous')`;

const notTheCluster: MatchCondition = {
  name: 'not-by-flux-or-kubernetes',
  expression: `!(${isAccountOf('flux-system')} || ${isAccountOf('kube-system')} || ${isComponent})`,
};

// A RoleBinding does not count here, because the check names no namespace. So `cluster-admin` in one
// namespace frees nobody.
const mayChangeNamespace = `authorizer.group('').resource('namespaces').name(request.namespace).check('update').allowed()`;
const isOwnAccount = `${user}.startsWith('system:serviceaccount:' + request.namespace + ':')`;

/**
 * Everybody is held but Flux, Kubernetes and those who may change the namespace itself. The accounts of
 * the namespace are held whatever they may do.
 */
export const tenantConditions: readonly MatchCondition[] = [
  notTheCluster,
  { name: 'by-the-tenant', expression: `${isOwnAccount} || !${mayChangeNamespace}` },
];

/** The same for the Namespace, which is in no namespace. */
export const namespaceConditions: readonly MatchCondition[] = [
  {
    name: 'of-a-tenant',
    expression: `oldObject != null && oldObject.metadata.?labels[?'toolkit.fluxcd.io/role'].orValue('') == 'tenant'`,
  },
  notTheCluster,
  {
    name: 'by-the-tenant',
    expression: [isOwnAccount, `!${mayChangeNamespace}`]
      .join(' || ')
      .replaceAll('request.namespace', 'oldObject.metadata.name'),
  },
];

const resource = 'authorizer.group(request.resource.group).resource(request.resource.resource)';

/** The same, less controllers for all namespaces: they take their finalizers away again, and write large objects. */
export const conditionsSparingControllers: readonly MatchCondition[] = [
  ...tenantConditions,
  {
    name: 'not-by-a-controller-for-all-namespaces',
    expression: `${isOwnAccount} || !${user}.startsWith('system:serviceaccount:') || !(${['update', 'patch'].map((verb) => `${resource}.check('${verb}').allowed()`).join(' || ')})`,
  },
];
