/** Which requests the policies check: match conditions that all ValidatingAdmissionPolicies share. */

/** An entry of `spec.matchConditions`. A policy checks a request if all entries are true. */
export type MatchCondition = { name: string; expression: string };

const user = 'request.userInfo.username';

const isAccountOf = (namespace: string): string =>
  `${user}.startsWith('system:serviceaccount:${namespace}:')`;

/** The other components of Kubernetes, including nodes, have such names. `system:anonymous` is a user who did not sign in, so it is excluded. */
const isComponent = `(${user}.startsWith('system:') && !${user}.startsWith('system:serviceaccount:') && ${user} != 'system:anonymous')`;

const notTheCluster: MatchCondition = {
  name: 'not-by-flux-or-kubernetes',
  expression: `!(${isAccountOf('flux-system')} || ${isAccountOf('kube-system')} || ${isComponent})`,
};

// A RoleBinding does not count here, because the check has no namespace. So `cluster-admin` in one namespace is not
// enough to be exempt.
const mayChangeNamespace = `authorizer.group('').resource('namespaces').name(request.namespace).check('update').allowed()`;
const isOwnAccount = `${user}.startsWith('system:serviceaccount:' + request.namespace + ':')`;

/**
 * The policies apply to everyone except Flux, Kubernetes and users who may change the namespace itself. They always
 * apply to the service accounts of the namespace.
 */
export const tenantConditions: readonly MatchCondition[] = [
  notTheCluster,
  { name: 'by-the-tenant', expression: `${isOwnAccount} || !${mayChangeNamespace}` },
];

const REQUESTED_AT = "'reconcile.fluxcd.io/requestedAt'";
/** The annotations that `flux reconcile` sets: always the first, the others with `--force` and `--reset`. */
const REQUESTS = `[${REQUESTED_AT}, 'reconcile.fluxcd.io/forceAt', 'reconcile.fluxcd.io/resetAt']`;
const annotations = (object: string): string => `${object}.metadata.?annotations.orValue({})`;
const requestIn = (object: string): string =>
  `${object}.metadata.?annotations[?${REQUESTED_AT}].orValue('')`;
/** True if every annotation of `one`, except the requests, is in `other` and `same` is true for it. */
const annotationsOf = (one: string, other: string, same: string): string =>
  `size(${annotations(one)}) <= 100 && ${annotations(one)}.all(name, name in ${REQUESTS} || name in ${annotations(other)}${same})`;

/**
 * A request that only asks Flux to reconcile an object changes no permission and no setting, so everyone who may patch
 * the object by RBAC may send it. The values must be short, because etcd keeps every version of an object. A request
 * without any change does not count: Flux sends such requests when it applies an object again, and a policy that has
 * become stricter must refuse them.
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
  `${REQUESTS}.all(name, size(${annotations('object')}[?name].orValue('')) <= 64)`,
  `${requestIn('object')} != ${requestIn('oldObject')}`,
].join(' && ');

const notARequest: MatchCondition = {
  name: 'more-than-a-request-to-reconcile',
  expression: `!(${onlyAsks})`,
};

/** For policies that check Flux objects: a request to reconcile passes. */
export const conditionsSparingRequests: readonly MatchCondition[] = [
  ...tenantConditions,
  notARequest,
];

/** For users who may patch a Flux object but not update it: RBAC gives them patch only to ask Flux to reconcile. */
export const teamConditions: readonly MatchCondition[] = [
  ...conditionsSparingRequests,
  {
    name: 'may-patch-only',
    expression:
      "!authorizer.group(request.resource.group).resource(request.resource.resource).namespace(request.namespace).check('update').allowed()",
  },
];

/** The same for the Namespace object, which is in no namespace. */
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

/** The same, except for controllers of all namespaces: they remove their finalizers again, and they write large objects. */
export const conditionsSparingControllers: readonly MatchCondition[] = [
  ...tenantConditions,
  {
    name: 'not-by-a-controller-for-all-namespaces',
    expression: `${isOwnAccount} || !${user}.startsWith('system:serviceaccount:') || !(${['update', 'patch'].map((verb) => `${resource}.check('${verb}').allowed()`).join(' || ')})`,
  },
];
