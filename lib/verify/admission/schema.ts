/**
 * What a field may hold, in the short form of `schemas/*.json`: `s` text, `i` integer, `n` number, `b` boolean, `t` time,
 * `q` quantity, `x` integer or text, `*` anything, `@name` a type of its own, `[]` a list, with the keys that tell its
 * items apart, `{}` a map; or an object with its fields `f`, the required ones `r`, whether unknown fields stay `u`, and
 * rules in CEL `v`.
 */
export type Node = string | ListNode | MapNode | ObjectNode | ScalarNode;
type ListNode = readonly ['[]', Node, (readonly string[])?];
type MapNode = readonly ['{}', Node];
type ObjectNode = {
  readonly f: { readonly [name: string]: Node };
  readonly r?: readonly string[];
  readonly u?: 1;
  readonly v?: readonly (readonly [rule: string, message: string])[];
};
type ScalarNode = {
  readonly t: string;
  readonly e?: readonly string[];
  readonly p?: string;
  readonly min?: number;
  readonly max?: number;
  readonly least?: number;
  readonly most?: number;
};

/** A kind of object: its resource in URLs and in RBAC. */
export type Kind = {
  readonly resource: string;
  readonly namespaced: boolean;
  readonly schema: Node;
};

export type RoleRule = {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs?: readonly string[];
  readonly resourceNames?: readonly string[];
};

/** Kinds by group, version and kind, such as `apps/v1/Deployment` or `v1/Service`, and the types that they use. */
export type Schemas = {
  readonly kinds: { readonly [key: string]: Kind };
  readonly types: { readonly [name: string]: Node };
};

/** What is wrong with a field, in the words of the API server. */
export type Fault = {
  readonly code:
    | 'field-unknown'
    | 'field-type'
    | 'field-missing'
    | 'field-invalid'
    | 'list-duplicate';
  readonly path: readonly (string | number)[];
  readonly message: string;
};

/** The kind of `apiVersion` and `kind`; undefined when it is unknown. */
export function kindOf({ kinds }: Schemas, apiVersion: string, kind: string): Kind | undefined {
  return kinds[`${apiVersion}/${kind}`];
}

/** The API versions that are served for `kind` of `group`, without the group. */
export function versionsOf({ kinds }: Schemas, group: string, kind: string): string[] {
  const prefix = group === '' ? '' : `${group}/`;
  return Object.keys(kinds).flatMap((key) => {
    if (!key.startsWith(prefix) || !key.endsWith(`/${kind}`)) return [];
    const version = key.slice(prefix.length, -kind.length - 1);
    return version.includes('/') ? [] : [version];
  });
}

/** Everything in `value` that `node` does not allow. */
export function faultsOf(schemas: Schemas, node: Node, value: unknown): Fault[] {
  const faults: Fault[] = [];
  check(schemas.types, node, value, [], faults);
  return faults;
}

type Path = readonly (string | number)[];
type Types = Schemas['types'];

function check(types: Types, node: Node, value: unknown, path: Path, faults: Fault[]): void {
  // The API server drops null.
  if (value === null || value === undefined) return;
  if (typeof node === 'string') {
    if (node.startsWith('@')) check(types, types[node.slice(1)] ?? '*', value, path, faults);
    else checkScalar({ t: node }, value, path, faults);
  } else if (isList(node)) checkItems(types, node, value, path, faults);
  else if ('f' in node) checkObject(types, node, value, path, faults);
  else checkScalar(node, value, path, faults);
}

const isList = (node: Node): node is ListNode | MapNode => Array.isArray(node);

function checkItems(
  types: Types,
  node: ListNode | MapNode,
  value: unknown,
  path: Path,
  faults: Fault[],
): void {
  if (node[0] === '{}') {
    if (typeof value !== 'object' || Array.isArray(value)) {
      wrongType('map', value, path, faults);
      return;
    }
    for (const [name, one] of Object.entries(value ?? {}))
      check(types, node[1], one, [...path, name], faults);
    return;
  }
  if (!Array.isArray(value)) {
    wrongType('list', value, path, faults);
    return;
  }
  const keys = node[2];
  const seen = new Set<string>();
  for (const [n, one] of value.entries()) {
    check(types, node[1], one, [...path, n], faults);
    if (keys === undefined || typeof one !== 'object' || one === null) continue;
    const own = keys.map((key) => (one as { [key: string]: unknown })[key] ?? defaultKey(key));
    if (own.includes(undefined)) continue;
    const id = JSON.stringify(own);
    if (seen.has(id)) {
      const named = keys.map((key, k) => `${key}=${JSON.stringify(own[k])}`).join(',');
      const message = `${dotted(path)}: duplicate entries for key [${named}]`;
      faults.push({ code: 'list-duplicate', path: [...path, n], message });
    }
    seen.add(id);
  }
}

const defaultKey = (key: string): unknown => (key === 'protocol' ? 'TCP' : undefined);

function checkObject(
  types: Types,
  { f, r = [], u }: ObjectNode,
  value: unknown,
  path: Path,
  faults: Fault[],
): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    wrongType('map', value, path, faults);
    return;
  }
  const fields = value as { readonly [name: string]: unknown };
  for (const name in fields) {
    const node = Object.hasOwn(f, name) ? f[name] : undefined;
    if (node !== undefined) check(types, node, fields[name], [...path, name], faults);
    else if (u === undefined) {
      const message = `${dotted([...path, name])}: field not declared in schema`;
      faults.push({ code: 'field-unknown', path: [...path, name], message });
    }
  }
  for (const name of r)
    if (
      (fields[name] === undefined || fields[name] === null) &&
      !(path.length === 0 && /^(kind|apiVersion)$/.test(name))
    )
      faults.push({
        ...{ code: 'field-missing', path },
        message: `${dotted([...path, name]).slice(1)}: Required value`,
      });
}

const EXPECTED: { readonly [type: string]: (value: unknown) => string | undefined } = {
  s: (value) => (typeof value === 'string' ? undefined : 'string'),
  t: (value) => (typeof value === 'string' ? undefined : 'string'),
  i: (value) => (Number.isInteger(value) ? undefined : 'numeric (int or float)'),
  n: (value) => (typeof value === 'number' ? undefined : 'numeric (int or float)'),
  b: (value) => (typeof value === 'boolean' ? undefined : 'boolean'),
  x: (value) =>
    typeof value === 'string' || Number.isInteger(value) ? undefined : 'integer or string',
  q: (value) => (typeof value === 'string' || typeof value === 'number' ? undefined : 'quantity'),
};

const QUANTITY = /^[+-]?(\d+|\d+\.\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;

function checkScalar(node: ScalarNode, value: unknown, path: Path, faults: Fault[]): void {
  const expected = EXPECTED[node.t]?.(value);
  if (expected !== undefined) {
    wrongType(expected, value, path, faults);
    return;
  }
  const invalid = (rule: string): void => {
    const message = `${dotted(path).slice(1)}: Invalid value: ${JSON.stringify(value)}: ${rule}`;
    faults.push({ code: 'field-invalid', path, message });
  };
  if (node.t === 'q' && !QUANTITY.test(String(value).trim()))
    invalid(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
  if (node.e !== undefined && !node.e.includes(value as string)) {
    const message = `${dotted(path).slice(1)}: Unsupported value: ${JSON.stringify(value)}: supported values: ${node.e.map((one) => JSON.stringify(one)).join(', ')}`;
    faults.push({ code: 'field-invalid', path, message });
  }
  if (typeof value === 'string') {
    const { p, least, most } = node;
    if (p !== undefined && !matchesPattern(p, value))
      invalid(`${dotted(path).slice(1)} in body should match '${p}'`);
    if (least !== undefined && value.length < least)
      invalid(`should be at least ${least} chars long`);
    if (most !== undefined && value.length > most) invalid(`may not be more than ${most} bytes`);
  }
  if (typeof value === 'number') {
    if (node.min !== undefined && value < node.min)
      invalid(`should be greater than or equal to ${node.min}`);
    if (node.max !== undefined && value > node.max)
      invalid(`should be less than or equal to ${node.max}`);
  }
}

function matchesPattern(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    // A pattern of Go that JavaScript cannot read.
    return true;
  }
}

function wrongType(expected: string, value: unknown, path: Path, faults: Fault[]): void {
  const given =
    typeof value === 'object' ? (Array.isArray(value) ? 'a list' : 'a map') : JSON.stringify(value);
  const message = `${dotted(path)}: expected ${expected}, got ${given}`;
  faults.push({ code: 'field-type', path, message });
}

/** `path` as the API server writes it. */
export const dotted = (path: Path): string =>
  path.map((one) => (typeof one === 'number' ? `[${one}]` : `.${one}`)).join('');
