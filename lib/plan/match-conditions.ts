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

const REQUESTED_AT = "'reconcile.fluxcd.io/requestedAt'";
const annotations = (object: string): string => `${object}.metadata.?annotations.orValue({})`;
const requestIn = (object: string): string =>
  `${object}.metadata.?annotations[?${REQUESTED_AT}].orValue('')`;
/** Every annotation of `one` but the request is in `other`, where `same` holds. */
const annotationsOf = (one: string, other: string, same: string): string =>
  `size(${annotations(one)}) <= 100 && ${annotations(one)}.all(name, name == ${REQUESTED_AT} || name in ${annotations(other)}${same})`;

/**
 * Asking Flux to reconcile an object, and nothing else, changes no right and no setting: whoever RBAC lets patch
 * the object may ask. The value is short, because the cluster's store keeps every version of an object. A request
 * that changes nothing is none: Flux sends those when it applies an object again, and a policy that has become
 * stricter must refuse them.
 */
const onlyAsks = [
  "request.operation == 'UPDATE' && request.?subResource.orValue('') == ''",
  "(request.resource.group.endsWith('.toolkit.fluxcd.io') || request.resource.group == 'fluxcd.controlplane.io')",
  ...['spec', 'metadata.?labels', 'metadata.?finalizers', 'metadata.?ownerReferences'].map(
    (field) => `object.?${field} == oldObject.?${field}`,
  ),
  annotationsOf(
    'object',
    'oldObject',
    ` && object.metadata.annotations[name] == oldObject.metadata.annotations[name]`,
  ),
  annotationsOf('oldObject', 'object', ''),
  `size(${requestIn('object')}) <= 64 && ${requestIn('object')} != ${requestIn('oldObject')}`,
].join(' && ');

const notARequest: MatchCondition = {
  name: 'more-than-a-request-to-reconcile',
  expression: `!(${onlyAsks})`,
};

/** For policies that look at Flux objects: a request to reconcile passes. */
export const conditionsSparingRequests: readonly MatchCondition[] = [
  ...tenantConditions,
  notARequest,
];

/** For those who may patch a Flux object but not update it, so that RBAC lets them ask Flux to reconcile. */
export const teamConditions: readonly MatchCondition[] = [
  ...conditionsSparingRequests,
  {
    name: 'may-patch-only',
    expression:
      "!authorizer.group(request.resource.group).resource(request.resource.resource).namespace(request.namespace).check('update').allowed()",
  },
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
