import {
  about,
  at,
  type Finding,
  groupOf,
  isObject,
  type Json,
  listAt,
  type Manifest,
  objectAt,
  textAt,
} from '../model.ts';
import { Authorizer, celValue, compile, type Expression, isInvalid } from './cel.ts';
import { podsOf } from './pods.ts';
import { may, type Rights } from './rights.ts';

/** A ValidatingAdmissionPolicy and its bindings that refuse. */
export type Policy = {
  readonly manifest: Manifest;
  readonly rules: readonly Rule[];
  readonly conditions: readonly Named[];
  readonly variables: readonly Named[];
  readonly validations: readonly Validation[];
  readonly bindings: readonly Json[];
  readonly parameters: Json | undefined;
};

type Rule = {
  readonly groups: readonly string[];
  readonly versions: readonly string[];
  readonly operations: readonly string[];
  readonly resources: readonly string[];
  readonly names: readonly string[];
};
type Named = { readonly name: string; readonly expression: string };
type Validation = {
  readonly expression: string;
  readonly message: string;
  readonly messageExpression: string | undefined;
};

/** A request as Flux would make it for an object of a tenant. */
export type Request = {
  readonly object: Manifest;
  /** The object of the platform that the tenant would change. */
  readonly before: Manifest | undefined;
  readonly resource: string;
  readonly namespace: Manifest;
  readonly user: string;
  readonly rights: Rights;
};

/** The policies among `manifests`, and those with expressions that are not valid. */
export function policiesOf(manifests: readonly Manifest[]): {
  readonly policies: readonly Policy[];
  readonly findings: readonly Finding[];
} {
  const bindings = manifests.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding');
  const findings: Finding[] = [];
  const policies = manifests
    .filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')
    .map((manifest) => {
      const policy = policyOf(manifest, bindings);
      findings.push(...invalidExpressions(policy));
      return policy;
    });
  const broken = new Set(findings.map(({ place }) => place.manifest));
  return { policies: policies.filter(({ manifest }) => !broken.has(manifest)), findings };
}

function policyOf(manifest: Manifest, bindings: readonly Manifest[]): Policy {
  const spec = objectAt(manifest.value, 'spec');
  const named = (key: string): Named[] =>
    listAt(spec, key).map((one) => ({
      name: textAt(one, 'name') ?? '',
      expression: textAt(one, 'expression') ?? '',
    }));
  return {
    manifest,
    rules: listAt(spec, 'matchConstraints', 'resourceRules').map(ruleOf),
    conditions: named('matchConditions'),
    variables: named('variables'),
    validations: listAt(spec, 'validations').map((one) => ({
      expression: textAt(one, 'expression') ?? '',
      message: textAt(one, 'message') ?? `failed expression: ${textAt(one, 'expression')}`,
      messageExpression: textAt(one, 'messageExpression'),
    })),
    bindings: bindings
      .map(({ value }) => objectAt(value, 'spec'))
      .filter(
        (binding) =>
          binding.policyName === manifest.name &&
          listAt(binding, 'validationActions').includes('Deny'),
      ),
    parameters: isObject(spec.paramKind) ? spec.paramKind : undefined,
  };
}

function ruleOf(rule: unknown): Rule {
  const texts = (key: string): string[] => listAt(rule, key).map(String);
  return {
    groups: texts('apiGroups'),
    versions: texts('apiVersions'),
    operations: texts('operations'),
    resources: texts('resources'),
    names: texts('resourceNames'),
  };
}

function invalidExpressions({ manifest, conditions, variables, validations }: Policy): Finding[] {
  const lists: readonly (readonly [string, string, readonly string[]])[] = [
    ['matchConditions', 'expression', conditions.map(({ expression }) => expression)],
    ['variables', 'expression', variables.map(({ expression }) => expression)],
    ['validations', 'expression', validations.map(({ expression }) => expression)],
    ['validations', 'messageExpression', validations.map((one) => one.messageExpression ?? "''")],
  ];
  return lists.flatMap(([list, key, expressions]) =>
    expressions.flatMap((expression, n) => {
      try {
        compile(expression);
        return [];
      } catch (error) {
        if (!isInvalid(error)) return [];
        const [first] = (error as Error).message.split('\n');
        const message = `spec.${list}[${n}].${key}: Invalid value: compilation failed: ${first}`;
        return [about('policy-invalid', manifest, message, ['spec', list, n, key])];
      }
    }),
  );
}

/** What `policies` answer to `request`. */
export function checkAdmission(policies: readonly Policy[], request: Request): Finding[] {
  const context = new Context(request);
  return policies.flatMap((policy) => {
    if (!policy.rules.some((rule) => matchesRule(rule, request))) return [];
    const bindings = policy.bindings.filter((binding) => matchesBinding(binding, request));
    if (bindings.length === 0) return [];
    return verdictOf(policy, context, request);
  });
}

const operationOf = ({ before }: Request): string => (before === undefined ? 'CREATE' : 'UPDATE');

function matchesRule(
  { groups, versions, operations, resources, names }: Rule,
  request: Request,
): boolean {
  const { object, resource } = request;
  const has = (list: readonly string[], one: string): boolean =>
    list.includes('*') || list.includes(one);
  return (
    has(groups, groupOf(object.apiVersion)) &&
    has(versions, object.apiVersion.split('/').at(-1) ?? '') &&
    has(operations, operationOf(request)) &&
    (has(resources, resource) ||
      resources.includes('*/*') ||
      resources.includes(`${resource}/*`)) &&
    (names.length === 0 || names.includes(object.name))
  );
}

function matchesBinding(binding: Json, { object, namespace }: Request): boolean {
  const { name } = namespace;
  const labels = {
    'kubernetes.io/metadata.name': name,
    ...objectAt(namespace.value, 'metadata', 'labels'),
  };
  return (
    selects(objectAt(binding, 'matchResources', 'namespaceSelector'), labels) &&
    selects(
      objectAt(binding, 'matchResources', 'objectSelector'),
      objectAt(object.value, 'metadata', 'labels'),
    )
  );
}

/** Whether a label selector selects an object with `labels`. */
export function selects(selector: Json, labels: Json): boolean {
  const wanted = Object.entries(objectAt(selector, 'matchLabels'));
  if (!wanted.every(([key, value]) => String(labels[key]) === String(value) && key in labels))
    return false;
  return listAt(selector, 'matchExpressions').every((one) => {
    const key = textAt(one, 'key') ?? '';
    const values = listAt(one, 'values').map(String);
    const isIn = key in labels && values.includes(String(labels[key]));
    switch (textAt(one, 'operator')) {
      case 'In':
        return isIn;
      case 'NotIn':
        return !isIn;
      case 'Exists':
        return key in labels;
      default:
        return !(key in labels);
    }
  });
}

/** The object with its volumes as the API server completes them: one without a source is an empty folder. */
function withVolumes(object: Manifest): Json {
  const pods = podsOf(object);
  const volumes = listAt(pods?.spec, 'volumes');
  const isBare = (volume: unknown): boolean =>
    isObject(volume) && Object.keys(volume).every((key) => key === 'name' || volume[key] === null);
  if (pods === undefined || !volumes.some(isBare)) return object.value;
  const completed = volumes.map((one) => (isBare(one) ? { ...objectAt(one), emptyDir: {} } : one));
  return replacedAt(object.value, [...pods.path, 'volumes'], completed);
}

const replacedAt = (value: Json, [key = '', ...rest]: readonly string[], one: unknown): Json => ({
  ...value,
  [key]: rest.length === 0 ? one : replacedAt(objectAt(value, key), rest, one),
});

/** The variables of a request, converted once for all policies. */
class Context {
  readonly base: { readonly [name: string]: unknown };
  constructor(request: Request) {
    const { object, before, resource, namespace, user, rights } = request;
    const [version = '', group = ''] = object.apiVersion.split('/').toReversed();
    const username = user;
    const own = namespace.name;
    this.base = {
      object: celValue(withVolumes(object)),
      oldObject: before === undefined ? null : celValue(before.value),
      namespaceObject: celValue(namespace.value),
      request: {
        name: object.name,
        namespace: object.namespace ?? '',
        operation: operationOf(request),
        dryRun: true,
        kind: { group, version, kind: object.kind },
        resource: { group, version, resource },
        subResource: '',
        options: {},
        userInfo: {
          username,
          groups: [
            'system:serviceaccounts',
            `system:serviceaccounts:${own}`,
            'system:authenticated',
          ],
        },
      },
      authorizer: new Authorizer(
        ({ verb, group: asked, resource: what, subresource, namespace: where, name }) =>
          where === own &&
          may(rights.rules, verb, asked, subresource ? `${what}/${subresource}` : what, name),
      ),
    };
  }

  /** The context of one policy, whose variables are evaluated when they are needed. */
  of({ variables }: Policy, params: unknown): { readonly [name: string]: unknown } {
    const values = {};
    const context = { ...this.base, params, variables: values };
    for (const { name, expression } of variables) {
      let found: { value: unknown } | undefined;
      Object.defineProperty(values, name, {
        enumerable: true,
        get: () => {
          found ??= { value: compile(expression)(context) };
          return found.value;
        },
      });
    }
    return context;
  }
}

/** The PriorityClasses that every cluster has. */
const PRIORITY_CLASSES = ['system-cluster-critical', 'system-node-critical'];

/** The objects that the policy is evaluated with, one by one; undefined when they are not known here. */
function parametersOf({ parameters }: Policy, { object }: Request): unknown[] | undefined {
  if (parameters === undefined) return [null];
  if (parameters.kind !== 'PriorityClass') return undefined;
  const named = JSON.stringify(object.value).match(/"priorityClassName":"([^"]+)"/)?.[1];
  const names = new Set([...PRIORITY_CLASSES, ...(named === undefined ? [] : [named])]);
  return [...names].map((name) => ({ metadata: { name } }));
}

function verdictOf(policy: Policy, context: Context, request: Request): Finding[] {
  const { object } = request;
  const skip = (why: string): Finding[] => [
    about(
      'policy-not-checked',
      policy.manifest,
      `it cannot be evaluated here for ${object.kind}s: ${why}`,
    ),
  ];
  const parameters = parametersOf(policy, request);
  if (parameters === undefined)
    return skip(`its parameters are objects of the kind ${textAt(policy.parameters, 'kind')}`);
  for (const params of parameters) {
    const values = context.of(policy, params);
    const run = (text: string): unknown => (compile(text) as Expression)(values);
    try {
      if (!policy.conditions.every(({ expression }) => run(expression) === true)) continue;
      const broken = policy.validations.find(({ expression }) => run(expression) !== true);
      if (broken !== undefined) return [refused(policy, broken, request, run)];
    } catch (error) {
      return skip((error as Error).message.split('\n')[0] ?? '');
    }
  }
  return [];
}

function refused(
  { manifest }: Policy,
  validation: Validation,
  { object, namespace }: Request,
  run: (text: string) => unknown,
): Finding {
  const said = messageOf(validation, run);
  const message = `ValidatingAdmissionPolicy '${manifest.name}' with binding '${manifest.name}' denied request: ${said}`;
  const finding = about('policy-refused', object, message, fieldIn(said, object.value));
  const [command] = /flux-gitops [^.']*?(?=\.?$|\. )/.exec(said) ?? [];
  if (command === undefined) return finding;
  const url = textAt(object.value, 'spec', 'url') ?? 'URL';
  const allowed = command.replace(/--allow-source URL/, () =>
    [...allowedSources(namespace), url].map((one) => `--allow-source ${one}`).join(' '),
  );
  return { ...finding, hint: `The message says what to do. To allow it: ${allowed}` };
}

/** The addresses that the tenant of `namespace` may use already: a list that the user gives replaces them. */
function allowedSources({ value }: Manifest): string[] {
  const text = textAt(value, 'metadata', 'annotations', 'flux-gitops/allowed-sources') ?? '';
  return text.split(' ').filter((one) => one !== '');
}

/** The field of `value` that a message names first. */
function fieldIn(message: string, value: Json): readonly (string | number)[] | undefined {
  for (const word of message.match(/[A-Za-z][A-Za-z.]*[A-Za-z]/g)?.slice(0, 12) ?? []) {
    const name = word.split('.').at(-1) ?? word;
    const found = /^[a-z]/.test(word) ? pathTo(value, name) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The path to the first field `name` below `value`, without those that every object has. */
function pathTo(value: unknown, name: string): (string | number)[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (['name', 'namespace', 'kind', 'spec', 'metadata'].includes(name)) return undefined;
  const fields = Object.entries(value) as [string, unknown][];
  if (!Array.isArray(value) && Object.hasOwn(value, name)) return [name];
  for (const [key, one] of fields) {
    const below = pathTo(one, name);
    if (below !== undefined) return [Array.isArray(value) ? Number(key) : key, ...below];
  }
  return undefined;
}

function messageOf(
  { message, messageExpression }: Validation,
  run: (text: string) => unknown,
): string {
  try {
    return (messageExpression === undefined ? message : String(run(messageExpression))).trim();
  } catch {
    // The API server uses the plain message as well.
    return message;
  }
}
/** The object of the platform that has the kind and the name of `object`. */
export const platformObject = (
  manifests: readonly Manifest[],
  { kind, apiVersion, name, namespace }: Manifest,
): Manifest | undefined =>
  manifests.find(
    (one) =>
      one.kind === kind &&
      groupOf(one.apiVersion) === groupOf(apiVersion) &&
      one.name === name &&
      one.namespace === namespace &&
      at(one.value, 'metadata') !== undefined,
  );
