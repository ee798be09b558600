import {
  CORE_SCHEMA,
  defineMappingTag,
  defineScalarTag,
  load,
  mapTag,
  mergeTag,
  NOT_RESOLVED,
  YAMLException,
} from 'js-yaml';
import {
  aboutFile,
  type Finding,
  isObject,
  type Json,
  type Manifest,
  NO_TEXT,
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

/** Go takes the value behind a tag that it does not know as it is. */
const unknownTag = defineScalarTag('!', {
  matchByTagPrefix: true,
  identify: () => false,
  resolve: (source) => source,
});
const binary = defineScalarTag('tag:yaml.org,2002:binary', {
  identify: () => false,
  resolve: (source) => Buffer.from(source, 'base64').toString(),
});

/** kustomize cannot write an object as JSON that has a number or a boolean for a key. kubectl makes a text of it. */
const textKeys = defineMappingTag('tag:yaml.org,2002:map', {
  ...mapTag,
  addPair: (container, key, value) =>
    typeof key === 'string' || typeof key === 'object'
      ? mapTag.addPair(container, key, value)
      : `the key ${key} is no text. Write it in quotes`,
});

const GO_TAGS = [mergeTag, goInteger, unknownTag, binary] as const;
const SCHEMA = CORE_SCHEMA.withTags(...GO_TAGS, textKeys);

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

const KUBECTL_SCHEMA = CORE_SCHEMA.withTags(...GO_TAGS, oldBoolean);

/** A document with more values than this, most of them from aliases, is refused. */
const MANY_VALUES = 1_000_000;

/** The value of the YAML `text`. Throws a YAMLException as Go does, also for an anchor in itself and for too many aliases. */
function loadPlain(text: string, schema: typeof SCHEMA): unknown {
  const value = load(text, { schema });
  if (text.includes('*') && sizeOf(value, new Map()) > MANY_VALUES)
    throw new YAMLException('document contains excessive aliasing');
  return value;
}

/** How many values `value` has, each alias counted in full. `known` has the sizes so far; 0: it is being counted. */
function sizeOf(value: unknown, known: Map<object, number>): number {
  if (typeof value !== 'object' || value === null) return 1;
  const before = known.get(value);
  if (before === 0) throw new YAMLException('anchor value contains itself');
  if (before !== undefined) return before;
  known.set(value, 0);
  const size = Object.values(value).reduce<number>((sum, one) => sum + sizeOf(one, known), 1);
  known.set(value, size);
  return size;
}

/** The documents of a file, or what is wrong with it. */
export type Parsed = {
  readonly manifests: readonly Manifest[];
  /** Documents that are no Kubernetes objects, by their first line. */
  readonly others: readonly { readonly line: number; readonly value: unknown }[];
  readonly problem?: Finding;
};

/** Reads the YAML in `text`, the file at `path` of `repo`, as Flux or `kubectl` does. A list becomes its items. */
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
  const [place, fault] = refusedText(text, applier) ?? [];
  if (place !== undefined) {
    const line = text.slice(0, place).split('\n').length;
    const message = `error converting YAML to JSON: yaml: line ${line}: ${fault}`;
    return { manifests, others, problem: aboutFile('yaml-invalid', repo, path, message, line) };
  }
  for (const piece of splitDocuments(text)) {
    let value: unknown;
    try {
      value = loadPlain(piece.text, schema);
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error;
      const [place, reason] = templateFault(error, piece.text) ?? [error.mark?.line, error.reason];
      const line = piece.line + (place ?? 0);
      const message = `error converting YAML to JSON: yaml: line ${line}: ${reason}`;
      return { manifests, others, problem: aboutFile('yaml-invalid', repo, path, message, line) };
    }
    if (value === null || value === undefined) continue;
    if (applier === 'flux' && /\t|\\t/.test(piece.text) && hasTabText(value)) {
      const message =
        'error converting YAML to JSON: yaml: found a tab character where an indentation space is expected: kustomize cannot write a text of several lines that begins with a tab';
      return {
        manifests,
        others,
        problem: aboutFile('yaml-invalid', repo, path, message, piece.line),
      };
    }
    const found = manifestsOf(value, { repo, path, ...piece });
    if (found === undefined) others.push({ line: piece.line, value });
    else manifests.push(...found);
  }
  return { manifests, others };
}

/** Whether `value` has a text of several lines that begins with a tab. */
function hasTabText(value: unknown): boolean {
  if (typeof value === 'string') return value.startsWith('\t') && value.includes('\n');
  return typeof value === 'object' && value !== null && Object.values(value).some(hasTabText);
}

/** What is wrong with the template of a Helm chart, for which braces are maps in maps. */
function templateFault({ reason }: YAMLException, text: string): [number, string] | undefined {
  const start = text.search(/\{\{/);
  if (start < 0 || !/complex keys/.test(reason)) return undefined;
  const line = text.slice(0, start).split('\n').length - 1;
  return [line, 'invalid map key: {{ begins no text. Flux applies no templates of Helm charts'];
}

/** A place in `text` that Go refuses and the parser here does not, with what is wrong there. */
function refusedText(text: string, applier: 'flux' | 'kubectl'): [number, string] | undefined {
  const odd = text.indexOf(NO_TEXT);
  if (odd >= 0 && !/[\uD800-\uDBFF]/.test(text.charAt(odd - 1)))
    return [odd, 'invalid UTF-8. Save the file as UTF-8'];
  const block = /(?:^|[:-] )[|>][-+]?[ \t]*(?:#.*)?\n(?: *\n)*( *\t)/m.exec(text);
  if (block !== null)
    return [
      block.index + block[0].length,
      'found a tab character where an indentation space is expected',
    ];
  if (applier === 'kubectl') return undefined;
  const directive = /^%.*/.exec(text);
  if (directive !== null) return [0, 'did not find expected <document start>'];
  const content = /(?<=\n)---[ \t]*[^\s#].*/.exec(text);
  return content === null
    ? undefined
    : [content.index, `invalid document separator: ${content[0]}`];
}

/** The value of a single YAML document; undefined when it is not valid. */
export function readYaml(text: string): unknown {
  try {
    return loadPlain(text, SCHEMA);
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

type Place = Piece & {
  readonly repo: string;
  readonly path: string;
  readonly within?: readonly (string | number)[];
};

function manifestsOf(value: unknown, place: Place): Manifest[] | undefined {
  if (!isObject(value)) return undefined;
  const { kind, apiVersion } = value;
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') return undefined;
  if (kind.endsWith('List') && 'items' in value) return itemsOf(value.items, place);
  const name = textAt(value, 'metadata', 'name');
  if (name === undefined) return undefined;
  const first = place.text.search(/^[^\s#]/m);
  const line = place.line + place.text.slice(0, Math.max(first, 0)).split('\n').length - 1;
  const { repo, path, text, line: start, within } = place;
  const namespace = textAt(value, 'metadata', 'namespace');
  const own = { repo, path, text, start, line, value, kind, apiVersion, name, namespace };
  return [within === undefined ? own : { ...own, within }];
}

/** The objects of a List, or of a list of one kind such as a ConfigMapList; undefined when an item is no object. */
function itemsOf(items: unknown, place: Place): Manifest[] | undefined {
  if (items === null) return [];
  if (!Array.isArray(items)) return undefined;
  const found = items.map((item, n) =>
    manifestsOf(item, { ...place, within: [...(place.within ?? []), 'items', n] }),
  );
  return found.every((one) => one !== undefined) ? found.flat() : undefined;
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
