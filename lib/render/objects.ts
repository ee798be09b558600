import { parseAllDocuments } from 'yaml';

/** A Kubernetes object of a file. */
export type KubernetesObject = {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
};

type Manifest = { kind?: string; metadata?: { name: string; namespace?: string } };

/** The Kubernetes objects that the file at `path` with these `contents` describes. */
export function objectsOf(path: string, contents: string): KubernetesObject[] {
  if (!/\.ya?ml$/.test(path)) return [];
  return parseAllDocuments(contents).flatMap((document) => {
    const manifest = document.toJS() as Manifest | null;
    const { kind, metadata } = manifest ?? {};
    // Values of a Helm chart, or the description of a cluster.
    if (kind === undefined || metadata === undefined) return [];
    return [
      { kind, name: metadata.name, ...(metadata.namespace && { namespace: metadata.namespace }) },
    ];
  });
}
