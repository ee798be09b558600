import type { Schemas } from '../admission/schema.ts';
import { kindOf } from '../admission/schema.ts';
import {
  at,
  isObject,
  type Json,
  listAt,
  type Manifest,
  objectAt,
  type Sync,
  textAt,
} from '../model.ts';
import { changed, readYaml } from '../read/parse.ts';

/** Two manifests that become one object; Flux refuses to build them. */
export type Twice = { readonly manifest: Manifest; readonly other: Manifest };

/** What Flux builds from `manifests`, the plain files of `sync`: with its patches and its namespace. */
export function buildPlain(
  manifests: readonly Manifest[],
  sync: Sync,
  schemas: Schemas,
): { readonly objects: readonly Manifest[]; readonly twice: readonly Twice[] } {
  const before = duplicates(manifests, schemas);
  if (before.length > 0) return { objects: [], twice: before };
  const patched = applyPatches(manifests, sync);
  const placed = inNamespace(patched.map(withTextLabels), sync.targetNamespace, schemas);
  return { objects: placed, twice: duplicates(placed, schemas) };
}

/** Whether objects of this kind are in a namespace; kustomize takes kinds that it does not know for such. */
const isNamespaced = (schemas: Schemas, { apiVersion, kind }: Manifest): boolean =>
  kindOf(schemas, apiVersion, kind)?.namespaced ?? true;

function duplicates(manifests: readonly Manifest[], schemas: Schemas): Twice[] {
  const seen = new Map<string, Manifest>();
  return manifests.flatMap((manifest) => {
    const { apiVersion, kind, name, namespace = '' } = manifest;
    const group = apiVersion.split('/').slice(0, -1).join('');
    const id = `${group}|${kind}|${name}|${isNamespaced(schemas, manifest) ? namespace : ''}`;
    const other = seen.get(id);
    if (other !== undefined) return [{ manifest, other }];
    seen.set(id, manifest);
    return [];
  });
}

/** kustomize writes labels and annotations that are numbers or booleans as text, and lists and maps as empty text. */
export function withTextLabels(manifest: Manifest): Manifest {
  const metadata = objectAt(manifest.value, 'metadata');
  const odd = ['labels', 'annotations'].filter((key) =>
    Object.values(objectAt(metadata, key)).some((one) => one !== null && typeof one !== 'string'),
  );
  if (odd.length === 0) return manifest;
  const texts = odd.map((key) => [
    key,
    Object.fromEntries(
      Object.entries(objectAt(metadata, key)).map(([name, one]) => [
        name,
        typeof one !== 'object' ? String(one) : one === null ? one : '',
      ]),
    ),
  ]);
  return changed(manifest, {
    ...manifest.value,
    metadata: { ...metadata, ...Object.fromEntries(texts) },
  });
}

function inNamespace(
  manifests: readonly Manifest[],
  namespace: string | undefined,
  schemas: Schemas,
): Manifest[] {
  if (namespace === undefined) return [...manifests];
  const accounts = new Set(
    manifests.filter(({ kind }) => kind === 'ServiceAccount').map(({ name }) => name),
  );
  return manifests.map((manifest) => {
    const { kind, value } = manifest;
    let moved: Json = value;
    if (kind === 'RoleBinding' || kind === 'ClusterRoleBinding')
      moved = {
        ...moved,
        subjects: listAt(value, 'subjects').map((one) => {
          const name = textAt(one, 'name');
          const own = textAt(one, 'kind') === 'ServiceAccount' && name !== undefined;
          return own && (name === 'default' || accounts.has(name))
            ? { ...objectAt(one), namespace }
            : one;
        }),
      };
    if (isNamespaced(schemas, manifest))
      moved = { ...moved, metadata: { ...objectAt(value, 'metadata'), namespace } };
    return moved === value ? manifest : changed(manifest, moved);
  });
}

type Patch = { readonly target: Json; readonly patch: unknown };

/** The texts of patches that were read; all tenants have the same ones. */
const READ = new Map<string, unknown>();

function patchesOf(sync: Sync): Patch[] {
  return listAt(sync.manifest.value, 'spec', 'patches').map((one) => {
    const text = textAt(one, 'patch') ?? '';
    if (!READ.has(text)) READ.set(text, readYaml(text));
    return { target: objectAt(one, 'target'), patch: READ.get(text) };
  });
}

function applyPatches(manifests: readonly Manifest[], sync: Sync): Manifest[] {
  return patchesOf(sync).reduce<Manifest[]>(
    (rest, { target, patch }) =>
      rest.flatMap((manifest) => {
        if (!isTarget(target, patch, manifest)) return [manifest];
        if (Array.isArray(patch)) return [changed(manifest, jsonPatch(manifest.value, patch))];
        if (at(patch, '$patch') === 'delete') return [];
        return [changed(manifest, merge(manifest.value, objectAt(patch)) as Json)];
      }),
    [...manifests],
  );
}

function isTarget(
  target: Json,
  patch: unknown,
  { value, name, namespace, kind, apiVersion }: Manifest,
): boolean {
  const [version = '', group = ''] = apiVersion.split('/').toReversed();
  const named: Json =
    Object.keys(target).length > 0
      ? target
      : { kind: at(patch, 'kind'), name: at(patch, 'metadata', 'name') };
  const labels = textAt(named, 'labelSelector');
  const own = objectAt(value, 'metadata', 'labels');
  const selected = (labels?.split(',') ?? []).every((one) => {
    const [key = '', wanted] = one.split(/==?/);
    return wanted === undefined ? key in own : own[key] === wanted;
  });
  const fits = (key: string, given: string): boolean => {
    const wanted = textAt(named, key);
    return wanted === undefined || new RegExp(`^(?:${wanted})$`).test(given);
  };
  return (
    selected &&
    fits('kind', kind) &&
    fits('group', group) &&
    fits('version', version) &&
    fits('name', name) &&
    fits('namespace', namespace ?? '')
  );
}

/** A JSON patch with the operations add, replace and remove. */
function jsonPatch(value: Json, operations: readonly unknown[]): Json {
  const copy = structuredClone(value) as { [key: string]: unknown };
  for (const one of operations) {
    const keys = (textAt(one, 'path') ?? '')
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop();
    const parent = at(copy, ...keys) as { [key: string]: unknown } | unknown[] | undefined;
    if (last === undefined || typeof parent !== 'object' || parent === null) continue;
    const op = textAt(one, 'op');
    const given = at(one, 'value');
    if (!Array.isArray(parent)) {
      if (op === 'remove') delete parent[last];
      else parent[last] = given;
    } else if (op === 'remove') parent.splice(Number(last), 1);
    else if (op === 'add') parent.splice(last === '-' ? parent.length : Number(last), 0, given);
    else parent[Number(last)] = given;
  }
  return copy;
}

/** A strategic merge: maps are merged, lists of named objects by their names. */
function merge(before: unknown, patch: unknown): unknown {
  if (isObject(patch)) {
    const merged: { [key: string]: unknown } = isObject(before) ? { ...before } : {};
    for (const [key, value] of Object.entries(patch))
      if (value === null) delete merged[key];
      else merged[key] = merge(merged[key], value);
    return merged;
  }
  const named = Array.isArray(patch) && patch.every((one) => textAt(one, 'name') !== undefined);
  if (!named || !Array.isArray(before)) return patch;
  const merged = [...before];
  for (const one of patch as readonly unknown[]) {
    const n = merged.findIndex((other) => textAt(other, 'name') === textAt(one, 'name'));
    if (n < 0) merged.push(one);
    else merged[n] = merge(merged[n], one);
  }
  return merged;
}
