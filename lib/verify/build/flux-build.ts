import type { Schemas } from '../admission/schema.ts';
import { kindOf } from '../admission/schema.ts';
import {
  isObject,
  type Json,
  listAt,
  type Manifest,
  objectAt,
  type Sync,
  textAt,
} from '../model.ts';
import { changed } from '../read/parse.ts';
import { patched } from './patches.ts';

/** Two manifests that become one object; Flux refuses to build them. */
export type Twice = { readonly manifest: Manifest; readonly other: Manifest };

type Build = {
  readonly objects: readonly Manifest[];
  readonly twice: readonly Twice[];
  /** The patch of the sync that cannot be applied. */
  readonly failed?: { readonly index: number; readonly message: string };
};

/** What Flux builds from `manifests`, the plain files of `sync`: with its patches and its namespace. */
export function buildPlain(manifests: readonly Manifest[], sync: Sync, schemas: Schemas): Build {
  const before = duplicates(manifests, schemas);
  if (before.length > 0) return { objects: [], twice: before };
  const { manifests: rest, failed } = patched(manifests, sync);
  if (failed !== undefined) return { objects: [], twice: [], failed };
  const placed = inNamespace(rest.map(withTextLabels), sync.targetNamespace, schemas);
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

/** `manifests` with the labels and annotations that `sync` gives to all of them. */
export function withCommon(manifests: readonly Manifest[], sync: Sync): readonly Manifest[] {
  const common = objectAt(sync.manifest.value, 'spec', 'commonMetadata');
  const keys = ['labels', 'annotations'].filter((key) => isObject(common[key]));
  if (keys.length === 0) return manifests;
  return manifests.map((manifest) => {
    const metadata = objectAt(manifest.value, 'metadata');
    const added = keys.map((key) => [
      key,
      { ...objectAt(metadata, key), ...objectAt(common, key) },
    ]);
    return changed(manifest, {
      ...manifest.value,
      metadata: { ...metadata, ...Object.fromEntries(added) },
    });
  });
}
