import { bindingsOf, isKnownRole } from '../checks/tenants.ts';
import { type Estate, listAt, objectAt, type Tenant, textAt } from '../model.ts';
import type { RoleRule } from './schema.ts';

/** The rules of the account of a tenant; undefined when a role of it is not known here. */
export type Rights = {
  readonly rules: readonly RoleRule[];
  readonly isKnown: boolean;
  /** Whether the rules of a ClusterRole are known here. */
  readonly knowsRole: (name: unknown) => boolean;
};

const ALL: RoleRule = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };
const READ = new Set(['get', 'list', 'watch']);

/** The rules of a role. */
export function rulesIn(role: unknown): RoleRule[] {
  return listAt(role, 'rules').map((rule) => {
    const texts = (key: string): string[] => listAt(rule, key).map(String);
    return {
      apiGroups: texts('apiGroups'),
      resources: texts('resources'),
      verbs: texts('verbs'),
      resourceNames: texts('resourceNames'),
    };
  });
}

/** What the service account `account` of `tenant` may do in its namespace; `admin` are the rules of that ClusterRole. */
export function rightsOf(
  { config }: Estate,
  { manifests, namespace }: Tenant,
  account: string,
  admin: readonly RoleRule[],
): Rights {
  const rules: RoleRule[] = [];
  let isKnown = true;
  for (const { value } of bindingsOf(manifests, account, namespace)) {
    const { kind, name } = objectAt(value, 'roleRef');
    if (kind === 'Role') {
      const role = manifests.find((one) => one.kind === 'Role' && one.name === name);
      rules.push(...rulesIn(role?.value));
      continue;
    }
    const own = config.find((one) => one.kind === 'ClusterRole' && one.name === name);
    const aggregated = config.filter(
      (one) =>
        one.kind === 'ClusterRole' && isAggregated(objectAt(one.value, 'metadata', 'labels')),
    );
    const whole = [...admin, ...aggregated.flatMap(({ value: role }) => rulesIn(role))];
    if (name === 'cluster-admin') rules.push(ALL);
    else if (name === 'admin') rules.push(...whole);
    else if (name === 'edit')
      rules.push(
        ...whole.filter(({ apiGroups = [] }) => !apiGroups.includes('rbac.authorization.k8s.io')),
      );
    else if (name === 'view')
      rules.push(...whole.filter(({ verbs = [] }) => verbs.every((verb) => READ.has(verb))));
    else if (own) rules.push(...rulesIn(own.value));
    else isKnown = false;
  }
  return { rules, isKnown, knowsRole: (name) => isKnownRole(config, name) };
}

const isAggregated = (labels: { readonly [name: string]: unknown }): boolean =>
  ['admin', 'edit', 'view'].some(
    (role) => String(labels[`rbac.authorization.k8s.io/aggregate-to-${role}`]) === 'true',
  );

/** Whether `rules` allow `verb` on a resource. */
export function may(
  rules: readonly RoleRule[],
  verb: string,
  group: string,
  resource: string,
  name = '',
): boolean {
  const has = (list: readonly string[] = [], one: string): boolean =>
    list.includes('*') || list.includes(one);
  return rules.some(
    ({ apiGroups, resources, verbs, resourceNames = [] }) =>
      has(verbs, verb) &&
      has(apiGroups, group) &&
      (has(resources, resource) || resources?.includes(`*/${resource.split('/')[1]}`) === true) &&
      (resourceNames.length === 0 || resourceNames.includes(name)),
  );
}

/** The parts of `wanted` that `rules` do not cover, as messages of the API server name them. */
export function uncovered(rules: readonly RoleRule[], wanted: RoleRule): string[] {
  const { apiGroups = [], resources = [], verbs = [] } = wanted;
  const missing = apiGroups.flatMap((group) =>
    resources.flatMap((resource) => {
      const denied = verbs.filter((verb) => !covers(rules, verb, group, resource));
      if (denied.length === 0) return [];
      return [
        `{APIGroups:["${group}"], Resources:["${resource}"], Verbs:[${denied.map((one) => `"${one}"`).join(' ')}]}`,
      ];
    }),
  );
  return missing;
}

/** Whether one of `rules` gives at least `verb`; a `*` needs a `*`. */
function covers(
  rules: readonly RoleRule[],
  verb: string,
  group: string,
  resource: string,
): boolean {
  if (verb !== '*' && group !== '*' && resource !== '*') return may(rules, verb, group, resource);
  const has = (list: readonly string[] = [], one: string): boolean =>
    list.includes('*') || (one !== '*' && list.includes(one));
  return rules.some(
    (one) =>
      has(one.verbs, verb) &&
      has(one.apiGroups, group) &&
      has(one.resources, resource) &&
      (one.resourceNames ?? []).length === 0,
  );
}

/** The account as the API server names it. */
export const userName = ({ namespace }: Pick<Tenant, 'namespace'>, account: string): string =>
  `system:serviceaccount:${namespace}:${account}`;

/** The account of a sync that names one. */
export const accountOf = (value: unknown): string =>
  textAt(value, 'spec', 'serviceAccountName') ?? 'default';
