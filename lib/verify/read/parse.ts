import { CORE_SCHEMA, defineScalarTag, load, mergeTag, NOT_RESOLVED, YAMLException } from 'js-yaml';
import {
  aboutFile,
  type Finding,
  isObject,
  type Json,
  listAt,
  type Manifest,
  textAt,
} from '../model.ts';

/** A number as Go reads it: kustomize takes `0644` for an octal number. */
const goInteger = defineScalarTag('tag:yaml.org,2002:int', {
  implicit: true,
  implicitFirstChars: [...'+-0123456789'],
  identify: () => false,
  resolve(source) {
    const [, sign, digits] =
      /^([-+]?)(0[0-7_]+|0o[0-7]+|0x[0-9a-fA-F]+|0b[01]+|0|[1-9][0-9_]*)$/.exec(source) ?? [];
    if (digits === undefined) return NOT_RESOLVED;
    const plain = digits.replaceAll('_', '');
    const amount = /^0[0-7]+$/.test(plain) ? Number.parseInt(plain, 8) : Number(plain);
    return sign === '-' ? -amount : amount;
  },
});

const SCHEMA = CORE_SCHEMA.withTags(mergeTag, goInteger);

/** A boolean of YAML 1.1, as kubectl reads it. */
const oldBoolean = defineScalarTag('tag:yaml.org,2002:bool', {
  implicit: true,
  implicitFirstChars: [...'yYnNoOtTfF'],
  identify: () => false,
  resolve: (source) => booleanOf(source) ?? NOT_RESOLVED,
});

/** The value of a word that YAML 1.1 takes for a boolean. */
export function booleanOf(text: string): boolean | undefined {
  if (/^(y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(text)) return true;
  return /^(n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(text) ? false : undefined;
}

const KUBECTL_SCHEMA = CORE_SCHEMA.withTags(mergeTag, goInteger, oldBoolean);

/** The documents of a file, or what is wrong with it. */
export type Parsed = {
  readonly manifests: readonly Manifest[];
  /** Documents that are no Kubernetes objects, by their first line. */
  readonly others: readonly { readonly line: number; readonly value: unknown }[];
  readonly problem?: Finding;
};

/** Reads the YAML in `text`, the file at `path` of `repo`, as Flux or `kubectl` does. A List becomes its items. */
export function parseFile(
  repo: string,
  path: string,
  text: string,
  applier: 'flux' | 'kubectl' = 'flux',
): Parsed {
  const schema = applier === 'kubectl' ? KUBECTL_SCHEMA : SCHEMA;
  const manifests: Manifest[] = [];
  const others: { line: number; value: unknown }[] = [];
  if (/^<{7} /m.test(text)) {
    const line = text.slice(0, text.search(/^<{7} /m)).split('\n').length;
    const message = 'the file contains a conflict that git could not merge';
    return { manifests, others, problem: aboutFile('conflict-markers', repo, path, message, line) };
  }
  for (const piece of splitDocuments(text)) {
    let value: unknown;
    try {
      value = load(piece.text, { schema });
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error;
      const line = piece.line + (error.mark?.line ?? 0);
      const message = `error converting YAML to JSON: yaml: line ${line}: ${error.reason}`;
      return { manifests, others, problem: aboutFile('yaml-invalid', repo, path, message, line) };
    }
    if (value === null || value === undefined) continue;
    const found = manifestsOf(value, { repo, path, ...piece });
    if (found === undefined) others.push({ line: piece.line, value });
    else manifests.push(...found);
  }
  return { manifests, others };
}

/** The value of a single YAML document; undefined when it is not valid. */
export function readYaml(text: string): unknown {
  try {
    return load(text, { schema: SCHEMA });
  } catch (error) {
    if (error instanceof YAMLException) return undefined;
    throw error;
  }
}

type Piece = { readonly line: number; readonly text: string };

/** The documents of `text`, with the line where the first content of each is. */
function* splitDocuments(text: string): Generator<Piece> {
  const parts = text.split(/^(?:---(?=\s|$)|\.\.\.(?=\s*$))/m);
  let line = 1;
  for (const part of parts) {
    const content = /^[^\S\n]*[^\s#]/m.exec(part);
    // A part without content is a comment; a directive comes before the first document.
    if (content !== null && !/^%/.test(part.slice(content.index).trimStart()))
      yield { line, text: part };
    line += part.split('\n').length - 1;
  }
}

function manifestsOf(
  value: unknown,
  place: Piece & { readonly repo: string; readonly path: string },
): Manifest[] | undefined {
  if (!isObject(value)) return undefined;
  const { kind, apiVersion } = value;
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') return undefined;
  if (kind === 'List' && Array.isArray(value.items))
    return listAt(value, 'items').flatMap((item) => manifestsOf(item, place) ?? []);
  const name = textAt(value, 'metadata', 'name');
  if (name === undefined) return undefined;
  const first = place.text.search(/^[^\s#]/m);
  const line = place.line + place.text.slice(0, Math.max(first, 0)).split('\n').length - 1;
  const { repo, path, text, line: start } = place;
  const namespace = textAt(value, 'metadata', 'namespace');
  return [{ repo, path, text, start, line, value, kind, apiVersion, name, namespace }];
}

/** `manifest` with another value, as a step of Flux changed it. */
export function changed(manifest: Manifest, value: Json): Manifest {
  return {
    ...manifest,
    value,
    name: textAt(value, 'metadata', 'name') ?? manifest.name,
    namespace: textAt(value, 'metadata', 'namespace'),
  };
}
