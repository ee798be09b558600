/** Reads the objects of many manifests, and tries their files, in few runs of kubectl that change nothing. */
import pMap from 'p-map';
import { type Kubectl, KubectlError, type KubernetesObject } from '../../cluster/kubectl.ts';
import { isObject, type Manifest } from '../model.ts';

/** How many objects a run of kubectl gets, and how many runs work at the same time. */
const CHUNK = 100;
export const AT_ONCE = 4;

/** Every run that could write has this flag, so that nothing is written. */
export const DRY_RUN = '--dry-run=server';

/** What the cluster says about a manifest: an object, no object, or that the user has no right to ask. */
export type Answer = { readonly object: KubernetesObject } | 'missing' | { readonly said: string };

type Identity = {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
};

/** `kind namespace/name`, to find an object again. */
export const identity = ({ kind, name, namespace = '' }: Identity): string =>
  `${kind} ${namespace}/${name}`;

/** The identity of an object of the cluster. */
export const identityOf = ({ kind, metadata: { name, namespace } }: KubernetesObject): string =>
  identity({ kind, name, namespace });

/** `manifests` as kubectl reads them from its standard input. */
export const inputOf = (manifests: readonly object[]): string =>
  manifests.map((one) => `---\n${JSON.stringify(one)}\n`).join('');

/** The objects of `manifests` as they are on the cluster. */
export function readObjects(
  kubectl: Kubectl,
  manifests: readonly Manifest[],
): Promise<Map<Manifest, Answer>> {
  return inChunks(manifests, async (chunk) => {
    const args = ['get', '-f', '-', '-o', 'json', '--ignore-not-found'];
    const { code, out, error } = await kubectl.attempt(
      args,
      inputOf(chunk.map(({ value }) => value)),
    );
    if (code !== 0 && !NO_RIGHT.test(error) && !NO_KIND.test(error)) throw new KubectlError(error);
    const found = byIdentity(objectsIn(out));
    return chunk.map((one): Answer => {
      const object = found.get(identity(one));
      if (object) return { object };
      const said = refusalOf(one, error);
      return said === undefined ? 'missing' : { said };
    });
  });
}

/**
 * The objects as they would be if their files replaced them, with the defaults of the API server. An object whose fields
 * cannot be replaced, such as a PersistentVolumeClaim, is the object after its file is applied.
 */
export async function tryFiles(
  kubectl: Kubectl,
  manifests: readonly Manifest[],
): Promise<Map<Manifest, Answer>> {
  return inChunks(manifests, async (chunk) => {
    const args = ['replace', DRY_RUN, '-f', '-', '-o', 'json'];
    const { out, error } = await kubectl.attempt(args, inputOf(chunk.map(({ value }) => value)));
    const found = byIdentity(objectsIn(out));
    return pMap(
      chunk,
      async (one): Promise<Answer> => {
        const object = found.get(identity(one));
        if (object) return { object };
        const said = refusalOf(one, error);
        return said === undefined ? tryApply(kubectl, one) : { said };
      },
      { concurrency: AT_ONCE },
    );
  });
}

async function tryApply(kubectl: Kubectl, { value }: Manifest): Promise<Answer> {
  const flags = ['--server-side', '--force-conflicts', '--field-manager', 'flux-gitops-verify'];
  const args = ['apply', DRY_RUN, ...flags, '-f', '-', '-o', 'json'];
  const { code, out, error } = await kubectl.attempt(args, inputOf([value]));
  if (NO_SERVER.test(error)) throw new KubectlError(error);
  const [object] = code === 0 ? objectsIn(out) : [];
  return object ? { object } : { said: error };
}

async function inChunks(
  manifests: readonly Manifest[],
  ask: (chunk: readonly Manifest[]) => Promise<readonly Answer[]>,
): Promise<Map<Manifest, Answer>> {
  const chunks: Manifest[][] = [];
  for (let n = 0; n < manifests.length; n += CHUNK) chunks.push(manifests.slice(n, n + CHUNK));
  const answers = await pMap(chunks, ask, { concurrency: AT_ONCE });
  return new Map(
    chunks.flatMap((chunk, n) =>
      chunk.map((one, k) => [one, answers[n]?.[k] ?? 'missing'] as const),
    ),
  );
}

const byIdentity = (objects: readonly KubernetesObject[]): Map<string, KubernetesObject> =>
  new Map(objects.map((one) => [identityOf(one), one]));

/** The objects in what kubectl printed: one document after the other, or lists. */
export function objectsIn(text: string): KubernetesObject[] {
  return text
    .split(/(?<=^\}\n)/m)
    .filter((part) => part.trim() !== '')
    .flatMap((part) => {
      const value: unknown = JSON.parse(part);
      if (isObject(value) && Array.isArray(value.items)) return value.items as KubernetesObject[];
      return [value as KubernetesObject];
    });
}

/** Why the user may not do something: the sentence of the API server about RBAC. */
export const NO_RIGHT = /User "[^"]*" cannot (?<verb>\w+) resource "(?<resource>[^"]+)"/;

/** What kubectl says about kinds that the cluster does not have, and about a cluster that does not answer. */
const NO_KIND = /no matches for kind/;
const NO_SERVER = /^(Unable to connect|The connection to the server|error: You must be logged in)/m;

/** The sentence in `error` that says that the user has no right to the object; undefined without one. */
function refusalOf({ name, namespace }: Identity, error: string): string | undefined {
  return error.split('\n').find((line) => {
    if (!NO_RIGHT.test(line) || !line.includes(`"${name}" is forbidden`)) return false;
    return namespace === undefined || line.includes(`in the namespace "${namespace}"`);
  });
}
