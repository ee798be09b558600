/** Reads what `status` shows from the cluster, with as few calls of kubectl as the rights of the user allow. */
import pMap from 'p-map';
import { type Kubectl, KubectlError, type KubernetesObject } from '../cluster/kubectl.ts';
import { KUSTOMIZATIONS, SOURCE_RESOURCES } from '../plan/estate.ts';
import type { Reading } from './rows.ts';

const KINDS = [
  ...Object.values(SOURCE_RESOURCES),
  KUSTOMIZATIONS,
  'helmreleases.helm.toolkit.fluxcd.io',
  'deployments.apps',
  'statefulsets.apps',
  'daemonsets.apps',
];

/** With more namespaces than this, one call for the whole cluster is quicker than one for each namespace. */
const FEW = 3;
/** How many calls run at the same time. */
const AT_ONCE = 4;

/**
 * Reads `namespaces`, each time it is called. If the user may not see the whole cluster, it reads them one by one, and so it
 * does from then on. `isPart`: the user has chosen only some environments.
 */
export function openReader(
  kubectl: Kubectl,
  namespaces: readonly string[],
  isPart: boolean,
): () => Promise<Reading> {
  const names = [...new Set(namespaces)];
  const unknownKinds: string[] = [];
  let isWide = !isPart || names.length > FEW;
  const get = (where: readonly string[], more: readonly string[] = []) =>
    getKnown(kubectl, where, more, unknownKinds);
  const wide = async (): Promise<Reading | undefined> => {
    try {
      const objects = await get(['-A'], ['namespaces']);
      return { objects, hasNamespaces: true, unknownKinds, refusals: new Map() };
    } catch (error) {
      if (!(error instanceof KubectlError && error.isForbidden)) throw error;
      return undefined;
    }
  };
  return async () => {
    const all = isWide ? await wide() : undefined;
    if (all) return all;
    isWide = false;
    const found = await readNamespaces(kubectl, names);
    const refusals = new Map<string, string>();
    const parts = await pMap(
      names,
      async (namespace) => {
        const { objects, refusal } = await readOne(() => get(['-n', namespace]));
        if (refusal !== undefined) refusals.set(namespace, refusal);
        return objects;
      },
      { concurrency: AT_ONCE },
    );
    const objects = [...(found ?? []), ...parts.flat()];
    return { objects, hasNamespaces: found !== undefined, unknownKinds, refusals };
  };
}

/** All objects of the kinds of this file, and of `more`. Adds the kinds that the cluster does not know to `unknownKinds`. */
async function getKnown(
  kubectl: Kubectl,
  where: readonly string[],
  more: readonly string[],
  unknownKinds: string[],
): Promise<KubernetesObject[]> {
  for (;;) {
    const kinds = [...more, ...KINDS].filter((kind) => !unknownKinds.includes(kind));
    try {
      return objectsIn(await kubectl.run(['get', kinds.join(','), ...where, '-o', 'json']));
    } catch (error) {
      if (!(error instanceof KubectlError && error.isUnknownKind)) throw error;
      // kubectl names the kind without its group.
      const unknown = kinds.filter((kind) => error.message.includes(`"${kind.split('.')[0]}"`));
      if (unknown.length === 0) throw error;
      unknownKinds.push(...unknown);
    }
  }
}

/** What `read` returns; if it may not see everything, what it may see, and why not more. */
async function readOne(
  read: () => Promise<KubernetesObject[]>,
): Promise<{ objects: KubernetesObject[]; refusal?: string }> {
  try {
    return { objects: await read() };
  } catch (error) {
    if (!(error instanceof KubectlError && error.isForbidden)) throw error;
    const [refusal = ''] = error.message.split('\n');
    return { objects: objectsIn(error.output), refusal };
  }
}

/** Those of the namespaces `names` that exist; undefined if the user may not see namespaces. */
async function readNamespaces(
  kubectl: Kubectl,
  names: readonly string[],
): Promise<KubernetesObject[] | undefined> {
  try {
    const words = ['get', 'namespaces', ...names, '--ignore-not-found', '-o', 'json'];
    return objectsIn(await kubectl.run(words));
  } catch (error) {
    if (error instanceof KubectlError && error.isForbidden) return undefined;
    throw error;
  }
}

/** The objects that kubectl printed: a list, one object, or nothing. */
function objectsIn(text: string): KubernetesObject[] {
  if (text.trim() === '') return [];
  const printed = JSON.parse(text) as KubernetesObject & { items?: KubernetesObject[] };
  return printed.items ?? [printed];
}
