import { parseAllDocuments } from 'yaml';
import { sidesOf, unixLines } from './git-text.ts';
import { yamlValue } from './yaml-leaves.ts';

/** A Kubernetes object of a file. */
export type KubernetesObject = {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
};

type Manifest = { kind?: string; metadata?: { name: string; namespace?: string } };

/** The Kubernetes objects in the file at `path` with these `contents`. */
export function objectsOf(path: string, contents: string): KubernetesObject[] {
  if (!/\.ya?ml$/.test(path)) return [];
  return contents.split(/^---$/m).flatMap((text) => quickObject(text) ?? parsedObjects(text));
}

/** The kinds and names of the objects in a file; none if it cannot be parsed. */
export function objectNames(path: string, contents: string): string[] {
  if (!/\.ya?ml$/.test(path) || sidesOf(contents) !== undefined) return [];
  try {
    return objectsOf(path, unixLines(contents)).map(({ kind, name }) => `${kind}/${name}`);
  } catch {
    return [];
  }
}

const SCALAR = '("(?:[^"\\\\]|\\\\.)*"|[\\w./@:-]+)';
const KIND = new RegExp(`^kind: ${SCALAR}$`, 'm');
const METADATA = /^metadata:\n((?: {2}.*\n)+)/m;
const NAME = new RegExp(`^ {2}name: ${SCALAR}$`, 'm');
const NAMESPACE = new RegExp(`^ {2}namespace: ${SCALAR}$`, 'm');

/**
 * The object in a document with the layout of this package's templates. It uses no parser, because an estate has
 * thousands of documents. Undefined for any other layout.
 */
function quickObject(text: string): KubernetesObject | undefined {
  const metadata = METADATA.exec(text)?.[1] ?? '';
  const kind = scalar(KIND.exec(text)?.[1]);
  const name = scalar(NAME.exec(metadata)?.[1]);
  const namespace = scalar(NAMESPACE.exec(metadata)?.[1]);
  if (kind === undefined || name === undefined) return undefined;
  return { kind, name, ...(namespace !== undefined && { namespace }) };
}

const scalar = (text: string | undefined): string | undefined =>
  text?.startsWith('"') ? (JSON.parse(text) as string) : text;

function parsedObjects(text: string): KubernetesObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    const manifest = yamlValue(document) as Manifest | null | undefined;
    const { kind, metadata } = manifest ?? {};
    // The document has Helm values, or describes a cluster.
    if (kind === undefined || !metadata) return [];
    const { name, namespace } = metadata;
    return [{ kind, name, ...(namespace && { namespace }) }];
  });
}
