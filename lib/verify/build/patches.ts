/** The patches of a sync, as kustomize applies them. */
import {
  isObject,
  type Json,
  listAt,
  type Manifest,
  objectAt,
  type Sync,
  textAt,
} from '../model.ts';
import { changed, readYaml } from '../read/parse.ts';

/** What kustomize says when it cannot apply a patch. */
class Refusal extends Error {}

type Patch = { readonly target: Json; readonly text: string; readonly patch: unknown };

/** The texts of patches that were read; all tenants have the same ones. */
const READ = new Map<string, unknown>();

function patchesOf(sync: Sync): Patch[] {
  return listAt(sync.manifest.value, 'spec', 'patches').map((one) => {
    const text = textAt(one, 'patch') ?? '';
    if (!READ.has(text)) READ.set(text, readYaml(text));
    return { target: objectAt(one, 'target'), text, patch: READ.get(text) };
  });
}

/** `manifests` with the patches of `sync`; `failed`: the first patch that cannot be applied, so that Flux builds nothing. */
export function patched(
  manifests: readonly Manifest[],
  sync: Sync,
): {
  readonly manifests: readonly Manifest[];
  readonly failed?: { readonly index: number; readonly message: string };
} {
  let rest = manifests;
  for (const [index, patch] of patchesOf(sync).entries())
    try {
      rest = applied(rest, patch);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { manifests: rest, failed: { index, message: error.message } };
    }
  return { manifests: rest };
}

function applied(manifests: readonly Manifest[], { target, text, patch }: Patch): Manifest[] {
  if (text.trim() === '') throw new Refusal('must specify one of patch and path');
  // Several documents in one patch are not read here.
  if (patch === undefined && /^---/m.test(text)) return [...manifests];
  if (!isObject(patch) && !Array.isArray(patch))
    throw new Refusal(`unable to parse SM or JSON patch from [patch: ${JSON.stringify(text)}]`);
  const isOwn = Object.keys(target).length === 0;
  const isTarget = isOwn ? isNamedBy(patch) : isSelectedBy(target);
  let count = 0;
  const result = manifests.flatMap((manifest) => {
    if (!isTarget(manifest)) return [manifest];
    count++;
    if (Array.isArray(patch)) return [changed(manifest, jsonPatch(manifest.value, patch))];
    const merged = merge(manifest.value, patch);
    return isObject(merged) ? [changed(manifest, withIdentity(merged, manifest.value))] : [];
  });
  if (isOwn && count === 0) throw new Refusal(noMatch(patch));
  return result;
}

/** A patch with a target does not rename the objects that it changes. */
function withIdentity(value: Json, before: Json): Json {
  const { apiVersion, kind } = before;
  const { name } = objectAt(before, 'metadata');
  return { ...value, apiVersion, kind, metadata: { ...objectAt(value, 'metadata'), name } };
}

function noMatch(patch: unknown): string {
  if (Array.isArray(patch)) return 'must specify a target for JSON patch';
  const [version = '', group = '[noGrp]'] = (textAt(patch, 'apiVersion') ?? '')
    .split('/')
    .toReversed();
  const id = `${textAt(patch, 'kind')}.${version}.${group}/${textAt(patch, 'metadata', 'name')}.${textAt(patch, 'metadata', 'namespace') ?? '[noNs]'}`;
  return `no resource matches strategic merge patch "${id}": no matches for Id ${id}`;
}

type Choice = (manifest: Manifest) => boolean;

const isNamedBy =
  (patch: unknown): Choice =>
  ({ apiVersion, kind, name, namespace = '' }) =>
    apiVersion === textAt(patch, 'apiVersion') &&
    kind === textAt(patch, 'kind') &&
    name === textAt(patch, 'metadata', 'name') &&
    namespace === (textAt(patch, 'metadata', 'namespace') ?? '');

function isSelectedBy(target: Json): Choice {
  const fits = (key: string): ((given: string) => boolean) => {
    const wanted = textAt(target, key);
    if (wanted === undefined) return () => true;
    try {
      const pattern = new RegExp(`^(?:${wanted})$`);
      return (given) => pattern.test(given);
    } catch {
      throw new Refusal(`error parsing regexp: \`${wanted}\``);
    }
  };
  const [kinds, groups, versions, names, namespaces] = [
    ...[fits('kind'), fits('group'), fits('version')],
    ...[fits('name'), fits('namespace')],
  ] as const;
  const [labels, annotations] = [
    textAt(target, 'labelSelector'),
    textAt(target, 'annotationSelector'),
  ];
  return ({ value, name, namespace, kind, apiVersion }) => {
    const [version = '', group = ''] = apiVersion.split('/').toReversed();
    return (
      selects(labels, objectAt(value, 'metadata', 'labels')) &&
      selects(annotations, objectAt(value, 'metadata', 'annotations')) &&
      kinds(kind) &&
      groups(group) &&
      versions(version) &&
      names(name) &&
      namespaces(namespace ?? '')
    );
  };
}

/** Whether a selector in one line, such as `app=web,tier in (a, b)`, selects `labels`. */
function selects(selector: string | undefined, labels: Json): boolean {
  return (selector?.split(/,(?![^(]*\))/) ?? []).every((one) => {
    const [, not, key = '', operator = '', given = ''] =
      /^\s*(!?)\s*([^\s=!]+)\s*(==?|!=|in|notin)?\s*(.*?)\s*$/.exec(one) ?? [];
    const value = String(labels[key] ?? '');
    const values = given.replace(/^\(|\)$/g, '').split(/\s*,\s*/);
    const isIn = key in labels && values.includes(value);
    if (operator === '') return not === '!' ? !(key in labels) : key in labels;
    return /^(==?|in)$/.test(operator) ? isIn : !isIn;
  });
}

type Container = { [key: string]: unknown } | unknown[];

function jsonPatch(value: Json, operations: readonly unknown[]): Json {
  const copy = structuredClone(value) as { [key: string]: unknown };
  for (const one of operations) {
    const op = textAt(one, 'op') ?? '';
    const path = textAt(one, 'path') ?? '';
    const given = structuredClone(objectAt(one).value);
    if (op === 'add' || op === 'replace') put(copy, op, path, given);
    else if (op === 'remove') take(copy, op, path);
    else if (op === 'test') {
      if (!isSame(find(copy, path), given))
        throw new Refusal(`testing value ${path} failed: test failed`);
    } else if (op === 'move' || op === 'copy') {
      const from = textAt(one, 'from') ?? '';
      const found = op === 'move' ? take(copy, op, from) : structuredClone(find(copy, from));
      put(copy, 'add', path, found);
    } else throw new Refusal(`Unexpected kind: ${op || 'unknown'}`);
  }
  return copy;
}

const keysOf = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));

const isSame = (one: unknown, other: unknown): boolean =>
  JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

function find(root: Container, path: string): unknown {
  return keysOf(path).reduce<unknown>(
    (value, key) => (value as { [key: string]: unknown } | undefined)?.[key],
    root,
  );
}

/** What contains the last part of `path`, and this part. */
function placeOf(root: Container, operation: string, path: string): [Container, string] {
  const keys = keysOf(path);
  const last = keys.pop() ?? '';
  let place: unknown = root;
  for (const key of keys) place = (place as { [key: string]: unknown } | undefined)?.[key];
  if (typeof place !== 'object' || place === null)
    throw new Refusal(
      `${operation} operation does not apply: doc is missing path: ${path}: missing value`,
    );
  return [place as Container, last];
}

function put(root: Container, operation: 'add' | 'replace', path: string, value: unknown): void {
  const [place, key] = placeOf(root, operation, path);
  if (!Array.isArray(place)) {
    place[key] = value;
    return;
  }
  const index = indexIn(place, key, operation);
  if (operation === 'add') place.splice(index, 0, value);
  else place[index] = value;
}

function take(root: Container, operation: string, path: string): unknown {
  const [place, key] = placeOf(root, operation, path);
  if (Array.isArray(place)) return place.splice(indexIn(place, key, operation), 1)[0];
  if (!(key in place))
    throw new Refusal(
      `error in remove for path: '${path}': Unable to remove nonexistent key: ${key}: missing value`,
    );
  const value = place[key];
  delete place[key];
  return value;
}

function indexIn(list: readonly unknown[], key: string, operation: string): number {
  const most = operation === 'add' ? list.length : list.length - 1;
  if (key === '-' && operation === 'add') return list.length;
  const index = Number(key);
  const counted = index < 0 ? list.length + index : index;
  if (!Number.isInteger(index) || counted < 0 || counted > most)
    throw new Refusal(`${operation} operation does not apply: index out of bounds: ${key}`);
  return counted;
}

/** A strategic merge: maps are merged, lists of named objects by their names; undefined when the patch deletes. */
function merge(before: unknown, patch: unknown): unknown {
  if (isObject(patch)) {
    const { $patch: directive, ...fields } = patch;
    if (directive === 'delete') return undefined;
    const merged: { [key: string]: unknown } =
      isObject(before) && directive !== 'replace' ? { ...before } : {};
    for (const [key, value] of Object.entries(fields)) {
      const next = value === null ? undefined : merge(merged[key], value);
      if (next === undefined) delete merged[key];
      else merged[key] = next;
    }
    return merged;
  }
  const named = Array.isArray(patch) && patch.every((one) => textAt(one, 'name') !== undefined);
  if (!named || !Array.isArray(before)) return patch;
  const merged: unknown[] = [...before];
  for (const one of patch as readonly unknown[]) {
    const n = merged.findIndex((other) => textAt(other, 'name') === textAt(one, 'name'));
    const next = merge(merged[n], one);
    if (n < 0) merged.push(next);
    else merged[n] = next;
  }
  return merged.filter((one) => one !== undefined);
}
