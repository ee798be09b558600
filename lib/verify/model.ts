import type { Environment } from '../plan/estate.ts';
import { type FoundRecord, isObject, type Json } from '../plan/record.ts';
import type { Code } from './catalogue.ts';

export { isObject, type Json };

/** Stands for bytes that are no UTF-8: half a character, which no text has. */
export const NO_TEXT = '\uDFFF';

/** A repository of the estate, as it is on disk. */
export type RepoFiles = {
  readonly name: string;
  /** Its folder on disk. */
  readonly folder: string;
  readonly record: FoundRecord | undefined;
  /** The text of every file, by its path. Of files that are no text, only the path is known. */
  readonly files: ReadonlyMap<string, string>;
  /** Those files that are symbolic links. */
  readonly links?: ReadonlySet<string>;
  /** The texts of those files that a run has not written yet. */
  readonly unwritten?: ReadonlyMap<string, string>;
  /** The branches of the clone, with those of its remotes; undefined when it is no clone. */
  readonly branches?: readonly string[];
  /** The tags of the clone; undefined when it is no clone. */
  readonly tags?: readonly string[];
};

/** All repositories of an estate that are here. */
export type EstateFiles = {
  /** Undefined when only an app repo is here. */
  readonly config: RepoFiles | undefined;
  readonly apps: ReadonlyMap<string, RepoFiles>;
  readonly environments: readonly Environment[];
};

/** One document of a YAML file. */
export type Manifest = {
  readonly repo: string;
  readonly path: string;
  /** The first line of the object. */
  readonly line: number;
  /** The text of the document, and the line where it starts. */
  readonly text: string;
  readonly start: number;
  /** Where the object is in the document, if it is an item of a list. */
  readonly within?: readonly (string | number)[];
  readonly value: Json;
  readonly kind: string;
  readonly apiVersion: string;
  readonly name: string;
  readonly namespace: string | undefined;
};

/** A place in a file; `field` is the path to a field in the document. */
export type Place = {
  readonly repo: string;
  readonly path: string;
  readonly line: number;
  readonly manifest?: Manifest;
  readonly field?: readonly (string | number)[];
};

export type Finding = {
  readonly code: Code;
  readonly place: Place;
  readonly object: string;
  readonly message: string;
  /** The environment, for the hint. */
  readonly environment?: string;
  readonly appRepo?: string;
  /** What to do, where it is more exact than the remedy of the code. */
  readonly hint?: string;
};

/** A Kustomization of a tenant, and what Flux would apply for it. */
export type Sync = {
  readonly manifest: Manifest;
  readonly name: string;
  readonly source: Manifest | undefined;
  readonly path: string;
  readonly appRepo: string;
  readonly targetNamespace: string | undefined;
  readonly account: string | undefined;
};

/** An environment with the manifests of its folder in the config repo. */
export type Tenant = {
  readonly environment: Environment;
  readonly namespace: string;
  readonly manifests: readonly Manifest[];
  readonly syncs: readonly Sync[];
};

/** The parsed estate. */
export type Estate = {
  readonly files: EstateFiles;
  readonly config: readonly Manifest[];
  readonly tenants: readonly Tenant[];
};

/** The value at `path` below `value`; undefined when there is none. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as { readonly [key: string | number]: unknown })[key];
  }
  return found;
}

/** The text at `path` below `value`; undefined when it is no text. */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

/** The list at `path` below `value`; empty when it is no list. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The object at `path` below `value`; empty when it is none. */
export function objectAt(value: unknown, ...path: readonly (string | number)[]): Json {
  const found = at(value, ...path);
  return isObject(found) ? found : {};
}

/** The group of an API version; empty for the core group. */
export const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';

/** An object as messages name it. */
export function objectName({ kind, namespace, name }: Manifest): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

/** A finding about `manifest`, at one of its fields. */
export function about(
  code: Code,
  manifest: Manifest,
  message: string,
  field?: readonly (string | number)[],
): Finding {
  const { repo, path, line } = manifest;
  const place = { repo, path, line, manifest, ...(field && { field }) };
  return { code, place, object: objectName(manifest), message };
}

/** A finding about a file. */
export function aboutFile(
  code: Code,
  repo: string,
  path: string,
  message: string,
  line = 1,
): Finding {
  return { code, place: { repo, path, line }, object: '', message };
}
