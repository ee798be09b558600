import { type Document, isMap, isNode, LineCounter, parseAllDocuments, parseDocument } from 'yaml';
import { yamlValue } from '../render/yaml-leaves.ts';

/** A file of a repository: its path and its text. */
export type TextFile = { readonly path: string; readonly text: string };

/** A value in a manifest, and where it is. */
export type Found = { readonly value: unknown; readonly file: string; readonly line: number };

type Source = {
  readonly file: string;
  /** The line of the file in which the document starts. */
  readonly first: number;
  readonly document: Document;
  readonly lines: LineCounter;
};

/** A Kubernetes object of a file, with the patches that kustomize would add. */
export type Manifest = {
  readonly kind: string;
  readonly apiVersion: string;
  readonly name: string;
  readonly namespace: string;
  readonly file: string;
  readonly line: number;
  /** The manifest, then its patches. The last one that has a value decides. */
  readonly sources: readonly Source[];
};

/** Documents of other kinds are not parsed: the components of Flux alone have 10,000 lines of them. */
const KINDS =
  /^kind: *["']?(Namespace|ServiceAccount|Role|RoleBinding|Secret|ResourceQuota|LimitRange|NetworkPolicy|GitRepository|OCIRepository|Bucket|HelmRepository|HelmRelease|Kustomization|Component|Deployment|Service|FluxInstance|ValidatingAdmissionPolicy)["']?\s*$/m;

/** The objects in `file`, and the line and reason of each document that is not valid YAML. */
export function readManifests({ path, text }: TextFile): {
  manifests: Manifest[];
  broken: { line: number; reason: string }[];
} {
  const manifests: Manifest[] = [];
  const broken: { line: number; reason: string }[] = [];
  for (const { first, body } of documentsOf(text)) {
    if (!KINDS.test(body)) continue;
    const lines = new LineCounter();
    const document = parseDocument(body, { lineCounter: lines });
    const [error] = document.errors;
    if (error) {
      const line = first + (error.linePos?.[0].line ?? 1) - 1;
      broken.push({ line, reason: error.message.split('\n')[0]?.replace(/ at line.*$/, '') ?? '' });
    } else if (body.includes('*') && yamlValue(document) === undefined) {
      broken.push({ line: first, reason: 'an alias (*) has no anchor (&) before it' });
    } else if (isMap(document.contents)) {
      const manifest = manifestOf({ file: path, first, document, lines });
      if (manifest) manifests.push(manifest);
    }
  }
  return { manifests, broken };
}

/** The parts of `text` between the lines `---`, with the number of their first line. */
function documentsOf(text: string): { first: number; body: string }[] {
  const documents: { first: number; lines: string[] }[] = [{ first: 1, lines: [] }];
  for (const [index, line] of text.replaceAll('\r\n', '\n').split('\n').entries()) {
    if (/^---(\s|$)/.test(line)) documents.push({ first: index + 2, lines: [] });
    else documents.at(-1)?.lines.push(line);
  }
  return documents.map(({ first, lines }) => ({ first, body: lines.join('\n') }));
}

function manifestOf(source: Source): Manifest | undefined {
  const text = (path: string[]): string => String(valueIn(source, path)?.value ?? '');
  const kind = text(['kind']);
  const [name, namespace] = [text(['metadata', 'name']), text(['metadata', 'namespace'])];
  const apiVersion = text(['apiVersion']);
  const isList = apiVersion.startsWith('kustomize.config.k8s.io/');
  if (kind === '' || (name === '' && !isList)) return undefined;
  const { file, first, document, lines } = source;
  const line = first + lines.linePos(document.contents?.range?.[0] ?? 0).line - 1;
  return { kind, apiVersion, name, namespace, file, line, sources: [source] };
}

function valueIn(
  { file, first, document, lines }: Source,
  path: readonly (string | number)[],
): Found | undefined {
  const node = path.length === 0 ? document.contents : document.getIn(path, true);
  if (node === undefined || node === null) return undefined;
  const at = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  const value = isNode(node) ? node.toJS(document) : node;
  return { value, file, line: first + lines.linePos(at).line - 1 };
}

/** The value at `path` of `manifest`, from the last patch that has it. */
export function valueAt(
  manifest: Manifest,
  ...path: readonly (string | number)[]
): Found | undefined {
  for (const source of manifest.sources.toReversed()) {
    const found = valueIn(source, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The text at `path` of `manifest`. */
export function textAt(
  manifest: Manifest,
  ...path: readonly (string | number)[]
): string | undefined {
  const found = valueAt(manifest, ...path);
  return found === undefined || typeof found.value === 'object' ? undefined : String(found.value);
}

/** The keys of the map at `path`, of the manifest and of its patches. */
export function keysAt(manifest: Manifest, ...path: readonly string[]): string[] {
  const keys = manifest.sources.flatMap((source) => {
    const value = valueIn(source, path)?.value;
    return typeof value === 'object' && value !== null ? Object.keys(value) : [];
  });
  return [...new Set(keys)];
}

/** `manifest` with the strategic merge patch `patch`, which names the same object. */
export function patched(manifest: Manifest, patch: Manifest): Manifest {
  return { ...manifest, sources: [...manifest.sources, ...patch.sources] };
}

/** The manifests of the strategic merge patch `text`, which the file `file` holds from the line `line` on. */
export function inlinePatches(text: string, file: string, line: number): Manifest[] {
  const isMerge = parseAllDocuments(text).every(
    (one) => one.errors.length === 0 && isMap(one.contents),
  );
  if (!isMerge) return [];
  const lines = text.startsWith('\n') ? text : `${'\n'.repeat(Math.max(0, line))}${text}`;
  return readManifests({ path: file, text: lines }).manifests;
}

/** The place of `found`, as a person writes it. */
export function spotOf({ file, line }: Pick<Found, 'file' | 'line'>): string {
  return `${file}:${line}`;
}
