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
} from './model.ts';
import { booleanOf, changed, readYaml } from './parse.ts';

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

/** `manifests` with the values of `variables`, without those in which a value is not known. */
export function substituted(
  manifests: readonly Manifest[],
  { values, missing }: Variables,
): Manifest[] {
  if (values.size === 0 && missing.length === 0) return [...manifests];
  return manifests.flatMap((manifest) => {
    const metadata = objectAt(manifest.value, 'metadata');
    if (['labels', 'annotations'].some((key) => at(metadata, key, DISABLED) === 'disabled'))
      return [manifest];
    const filled = fillValue(manifest.value, values, missing.length === 0);
    return isObject(filled) ? [changed(manifest, filled)] : [];
  });
}

/** What stands for a value that is not known. */
const UNKNOWN = Symbol('unknown');

function fillValue(
  value: unknown,
  values: ReadonlyMap<string, string>,
  isComplete: boolean,
): unknown {
  if (typeof value === 'string') return fillText(value, values, isComplete);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(
    ([key, one]) => [key, fillValue(one, values, isComplete)] as const,
  );
  if (entries.some(([, one]) => one === UNKNOWN)) return UNKNOWN;
  return Array.isArray(value) ? entries.map(([, one]) => one) : Object.fromEntries(entries);
}

/** Flux replaces text in YAML, so a text without quotes can become a number. */
function fillText(text: string, values: ReadonlyMap<string, string>, isComplete: boolean): unknown {
  if (!text.includes('${')) return text;
  let isKnown = true;
  const filled = text.replace(
    /\$\$\{|\$\{([A-Za-z_]\w*)(?::?[=-]([^}]*))?\}|\$\{/g,
    (all, name: string | undefined, usual = '') => {
      if (all === '$${') return '${';
      const value = name === undefined ? undefined : values.get(name);
      if (name === undefined || (value === undefined && !isComplete)) isKnown = false;
      return value || usual;
    },
  );
  if (!isKnown) return UNKNOWN;
  const isPlain = !text.includes('\n') && readYaml(text) === text;
  return isPlain ? readScalar(filled) : filled;
}

/** A text as the YAML 1.1 of Flux reads it. */
function readScalar(text: string): unknown {
  return text === '' ? null : (booleanOf(text) ?? readYaml(text) ?? text);
}
