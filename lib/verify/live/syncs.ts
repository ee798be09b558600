/** Whether Flux has the newest commit of each source, and has applied it. */
import type { KubernetesObject } from '../../cluster/kubectl.ts';
import { about, at, type Finding, type Manifest, objectName, textAt } from '../model.ts';
import { identity, identityOf } from './objects.ts';

/** A sync and its source in the files; `source` is undefined where the files have none. */
export type SyncPair = {
  readonly sync: Manifest;
  readonly source: Manifest | undefined;
  readonly environment?: string;
  readonly appRepo?: string;
};

/** The newest commit of a branch, or why nobody knows it; undefined if nobody asked. */
export type Head = { readonly commit: string } | { readonly said: string } | undefined;

type Condition = {
  readonly type: string;
  readonly status: string;
  readonly message?: string;
  readonly observedGeneration?: number;
};

/** The findings about `pairs`; `headOf` knows the newest commit of a source. */
export function syncFindings(
  pairs: readonly SyncPair[],
  objects: readonly KubernetesObject[],
  headOf: (source: Manifest) => Head,
): Finding[] {
  const live = new Map(objects.map((one) => [identityOf(one), one]));
  const seen = new Set<Manifest>();
  return pairs.flatMap(({ sync, source, environment, appRepo }) => {
    const found: Finding[] = [];
    const fetched = source && live.get(identity(source));
    const applied = live.get(identity(sync));
    if (source && fetched && !seen.has(source)) {
      seen.add(source);
      found.push(...sourceFindings(source, fetched, headOf(source)));
    }
    if (applied) found.push(...appliedFindings(sync, applied, fetched));
    return found.map((one) => ({
      ...one,
      ...(environment !== undefined && { environment }),
      ...(appRepo !== undefined && { appRepo }),
    }));
  });
}

function sourceFindings(source: Manifest, live: KubernetesObject, head: Head): Finding[] {
  const failed = failureOf(live);
  if (failed !== undefined) return [about('source-not-ready', source, failed)];
  const revision = textAt(live, 'status', 'artifact', 'revision') ?? '';
  if (head === undefined || isSuspended(live)) return [];
  if ('said' in head) return [about('not-checked', source, head.said)];
  if (revision.endsWith(head.commit)) return [];
  const branch = textAt(source.value, 'spec', 'ref', 'branch') ?? '';
  const interval = textAt(source.value, 'spec', 'interval');
  return [
    about(
      'source-behind',
      source,
      `Flux has the revision ${shortened(revision)}, and the branch ${branch} is at ${head.commit.slice(0, 12)}. Flux looks every ${interval}`,
    ),
  ];
}

function appliedFindings(
  sync: Manifest,
  live: KubernetesObject,
  source: KubernetesObject | undefined,
): Finding[] {
  // The finding about the field says that it is suspended.
  if (isSuspended(live)) return [];
  const failed = failureOf(live);
  if (failed !== undefined) return [about('sync-not-ready', sync, failed)];
  const applied = textAt(live, 'status', 'lastAppliedRevision');
  const fetched = textAt(source, 'status', 'artifact', 'revision');
  if (applied !== fetched && fetched !== undefined)
    return [
      about(
        'sync-behind',
        sync,
        `Flux has fetched the revision ${shortened(fetched)}, and ${objectName(sync)} has applied ${applied === undefined ? 'none' : shortened(applied)}`,
      ),
    ];
  return isCurrent(live)
    ? []
    : [about('sync-behind', sync, `Flux has not looked at the last change of ${objectName(sync)}`)];
}

const isSuspended = (one: KubernetesObject): boolean => at(one, 'spec', 'suspend') === true;

/** Whether Flux has looked at the last change of `one`. */
function isCurrent(one: KubernetesObject): boolean {
  const { observedGeneration } = (one.status ?? {}) as { observedGeneration?: number };
  return observedGeneration === one.metadata.generation;
}

/** Why `one` is not ready; undefined if it is, or if it is suspended. */
function failureOf(one: KubernetesObject): string | undefined {
  if (isSuspended(one)) return undefined;
  const { conditions = [] } = (one.status ?? {}) as { conditions?: readonly Condition[] };
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return undefined;
  return ready?.message ?? 'Flux has not looked at it yet';
}

/** `main@sha1:0123…` with the start of the hash only. */
const shortened = (revision: string): string =>
  revision.replace(/([0-9a-f]{12})[0-9a-f]{20,}/, '$1');
