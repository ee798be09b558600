/** What differs between an object of the cluster and its file, once what only the cluster writes is left out. */
import { isObject, type Json, objectAt } from '../model.ts';

/** A field with two values; undefined means that the field is missing. */
export type Difference = {
  readonly path: readonly (string | number)[];
  readonly live: unknown;
  readonly wanted: unknown;
};

/** What the API server and controllers write into `metadata`. */
const SERVER_METADATA = [
  ...['managedFields', 'resourceVersion', 'generation', 'uid', 'creationTimestamp', 'selfLink'],
  ...['deletionTimestamp', 'deletionGracePeriodSeconds', 'finalizers', 'ownerReferences'],
];

/** Labels and annotations that decide what a tenant may do. All others may be added by other software. */
const DECIDING = /^(flux-gitops|toolkit\.fluxcd\.io|pod-security\.kubernetes\.io)\//;

/** The fields that the cluster fills in, by kind. They count only if the file has them. */
const FILLED: { readonly [kind: string]: readonly string[] } = {
  ServiceAccount: ['secrets', 'imagePullSecrets'],
};

/** The part of `object` that a file can decide; `file` is the object as the file has it. */
export function comparable(object: Json, file: Json): Json {
  const kept: { [field: string]: unknown } = { ...object };
  delete kept.status;
  const metadata: { [field: string]: unknown } = { ...objectAt(object, 'metadata') };
  for (const field of SERVER_METADATA) delete metadata[field];
  for (const field of ['labels', 'annotations']) {
    const own = objectAt(file, 'metadata', field);
    const entries = Object.entries(objectAt(metadata, field)).filter(
      ([key]) => key in own || DECIDING.test(key),
    );
    if (entries.length > 0) metadata[field] = Object.fromEntries(entries);
    else delete metadata[field];
  }
  kept.metadata = metadata;
  for (const field of FILLED[String(object.kind)] ?? []) if (!(field in file)) delete kept[field];
  // Kubernetes writes the rules of an aggregated role, and the finalizer of a namespace.
  if ('aggregationRule' in kept) delete kept.rules;
  if (object.kind === 'Namespace') delete kept.spec;
  return kept;
}

/** The fields in which `live` and `wanted` differ. Lists of different lengths differ as a whole. */
export function differences(
  live: unknown,
  wanted: unknown,
  path: readonly (string | number)[] = [],
): Difference[] {
  if (isObject(live) && isObject(wanted)) {
    const keys = new Set([...Object.keys(wanted), ...Object.keys(live)]);
    return [...keys].flatMap((key) => differences(live[key], wanted[key], [...path, key]));
  }
  if (Array.isArray(live) && Array.isArray(wanted) && live.length === wanted.length)
    return wanted.flatMap((one, n) => differences(live[n], one, [...path, n]));
  return isSame(live, wanted) ? [] : [{ path, live, wanted }];
}

/** What of `wanted` is missing in `live`, which may have further fields. */
export function missingIn(
  live: unknown,
  wanted: unknown,
  path: readonly (string | number)[] = [],
): Difference[] {
  if (isObject(live) && isObject(wanted))
    return Object.keys(wanted).flatMap((key) => missingIn(live[key], wanted[key], [...path, key]));
  if (Array.isArray(live) && Array.isArray(wanted) && live.length === wanted.length)
    return wanted.flatMap((one, n) => missingIn(live[n], one, [...path, n]));
  return isSame(live, wanted) ? [] : [{ path, live, wanted }];
}

const isSame = (one: unknown, other: unknown): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/** How many differences a message names, and how much of a value. */
const MOST = 6;
const LENGTH = 80;

/** `found` as lines of a message. The values of a Secret are never shown. */
export function differencesText(found: readonly Difference[], kind: string): string {
  const lines = found.slice(0, MOST).map(({ path, live, wanted }) => {
    const name = fieldName(path);
    if (kind === 'Secret' && path[0] !== 'metadata' && path[0] !== 'type') return `${name} differs`;
    return `${name}: the cluster has ${shown(live)}, the file ${shown(wanted)}`;
  });
  const more = found.length - lines.length;
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

const fieldName = (path: readonly (string | number)[]): string =>
  path.reduce<string>(
    (text, key) =>
      typeof key === 'number'
        ? `${text}[${key}]`
        : /^[A-Za-z0-9_-]+$/.test(key)
          ? `${text}${text === '' ? '' : '.'}${key}`
          : `${text}[${key}]`,
    '',
  );

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > LENGTH ? `${text.slice(0, LENGTH)}…` : text;
}
