/** `spec.postBuild` of a sync: its variables, and what Flux makes of objects with them. */

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
import { booleanOf, changed, readYaml } from '../read/parse.ts';
import { withTextLabels } from './flux-build.ts';

export type Variables = {
  readonly values: ReadonlyMap<string, string>;
  /** The ConfigMaps and Secrets with variables that are not among the manifests of the tenant. */
  readonly missing: readonly string[];
};

/** The variables of `sync`. Those of a ConfigMap or Secret are known if `manifests`, those of its tenant, have it. */
export function variablesOf(sync: Sync, manifests: readonly Manifest[]): Variables {
  const values = new Map<string, string>();
  const missing: string[] = [];
  const spec = objectAt(sync.manifest.value, 'spec', 'postBuild');
  const add = (name: string, value: unknown): void => {
    values.set(name, String(value).replaceAll('\n', ''));
  };
  for (const reference of listAt(spec, 'substituteFrom')) {
    const [kind, name] = [textAt(reference, 'kind'), textAt(reference, 'name')];
    const found = manifests.find((one) => one.kind === kind && one.name === name);
    if (found === undefined || found.value.sops !== undefined) missing.push(`${kind} ${name}`);
    else for (const [key, value] of Object.entries(dataOf(found))) add(key, value);
  }
  for (const [name, value] of Object.entries(objectAt(spec, 'substitute'))) add(name, value);
  return { values, missing };
}

/** The data of a ConfigMap, or of a Secret in clear. */
function dataOf({ kind, value }: Manifest): Json {
  const data = objectAt(value, 'data');
  if (kind !== 'Secret') return data;
  const decoded = Object.entries(data).map(([key, text]) => [
    key,
    Buffer.from(String(text), 'base64').toString(),
  ]);
  return { ...Object.fromEntries(decoded), ...objectAt(value, 'stringData') };
}

/** The name of a variable, as Flux accepts it. */
export const isVariable = (name: string): boolean => /^[_A-Za-z]\w*$/.test(name);

const DISABLED = 'kustomize.toolkit.fluxcd.io/substitute';

/** Objects with the values of variables; `unset`: those that use a variable without a value, so that Flux refuses all. */
export type Substituted = {
  readonly objects: readonly Manifest[];
  readonly unset: readonly { readonly manifest: Manifest; readonly name: string }[];
};

/** `manifests` with the values of `variables`, without those in which a value is not known. */
export function substituted(manifests: readonly Manifest[], variables: Variables): Substituted {
  const { values, missing } = variables;
  if (values.size === 0 && missing.length === 0) return { objects: manifests, unset: [] };
  const unset: { manifest: Manifest; name: string }[] = [];
  const objects = manifests.flatMap((manifest) => {
    const metadata = objectAt(manifest.value, 'metadata');
    if (['labels', 'annotations'].some((key) => at(metadata, key, DISABLED) === 'disabled'))
      return [manifest];
    const filling: Filling = { values, isComplete: missing.length === 0, isKnown: true, unset: [] };
    const filled = fillValue(manifest.value, filling);
    unset.push(...filling.unset.map((name) => ({ manifest, name })));
    return filling.isKnown && isObject(filled) ? [withTextLabels(changed(manifest, filled))] : [];
  });
  return { objects, unset };
}

/** An object that gets values: whether all of them are known, and the variables that nobody sets. */
type Filling = {
  readonly values: ReadonlyMap<string, string>;
  readonly isComplete: boolean;
  isKnown: boolean;
  readonly unset: string[];
};

function fillValue(value: unknown, filling: Filling): unknown {
  if (typeof value === 'string') return fillText(value, filling);
  if (Array.isArray(value)) return value.map((one) => fillValue(one, filling));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, fillValue(one, filling)]),
  );
}

/** Flux replaces text in YAML, so a text without quotes can become a number. */
function fillText(text: string, filling: Filling): unknown {
  if (!text.includes('${')) return text;
  const filled = text.replace(
    /\$\$\{|\$\{([A-Za-z_]\w*)(?::?[=-]([^}]*))?\}|\$\{(?:#?([A-Za-z_]\w*))?/g,
    (all, name: string | undefined, usual: string | undefined, cut: string | undefined) => {
      if (all === '$${') return '${';
      const used = name ?? cut;
      const value = used === undefined ? undefined : filling.values.get(used);
      const isUnset = value === undefined && filling.isComplete;
      // What the forms that cut a value make of it is not repeated here.
      if (used !== undefined && isUnset && usual === undefined) filling.unset.push(used);
      else if (name === undefined || (value === undefined && !filling.isComplete))
        filling.isKnown = false;
      return value || usual || '';
    },
  );
  const isPlain = !text.includes('\n') && readYaml(text) === text;
  return isPlain ? readScalar(filled) : filled;
}

/** A text as the YAML 1.1 of Flux reads it. */
function readScalar(text: string): unknown {
  return text === '' ? null : (booleanOf(text) ?? readYaml(text) ?? text);
}
