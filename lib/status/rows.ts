/** From the objects of a cluster to one row for each environment. */
import type { KubernetesObject } from '../cluster/kubectl.ts';
import { namespaceOf } from '../plan/estate.ts';
import { isByHand } from '../plan/hand-written/own-form.ts';
import type { RepoRecord } from '../plan/record.ts';
import type { Row, SourceStatus, SyncStatus, WorkloadStatus } from './model.ts';
import { type Found, judge, type Place } from './verdict.ts';

/** The namespace and the name of the sync of the config repo, as the FluxInstance has them. */
export const SYSTEM = 'flux-system';

/** What was read from the cluster. */
export type Reading = {
  readonly objects: readonly KubernetesObject[];
  /** Whether all namespaces are among the objects, so that one that is not there does not exist. */
  readonly hasNamespaces: boolean;
  /** The full names of kinds that the cluster does not know. */
  readonly unknownKinds: readonly string[];
  /** For each namespace that could not be read as a whole: what kubectl said. */
  readonly refusals: ReadonlyMap<string, string>;
};

/** The rows that a run shows. */
export type View = {
  readonly record: RepoRecord;
  /** Names of environments, or of the config repo; none for all. */
  readonly chosen: readonly string[];
};

/** Where to look for the rows of `view`: the row of the config repo comes first. */
export function placesOf({ record, chosen }: View): Place[] {
  const isChosen = (name: string): boolean => chosen.length === 0 || chosen.includes(name);
  const { kind, name, estate, environments } = record;
  const followed = estate.syncConfig === 'yes';
  const config: Place = { role: 'config', name, namespace: SYSTEM, sync: SYSTEM, source: SYSTEM };
  const others = environments.map((one): Place => {
    const role = kind === 'scenario-repo' ? 'guest' : isByHand(one) ? 'by hand' : 'tenant';
    return {
      role: role === 'tenant' && followed ? 'followed' : role,
      name: one.name,
      namespace: namespaceOf(one),
      sync: one.kustomization ?? one.repo,
      source: one.gitRepository ?? one.repo,
      ...(one.leaving && { leaving: true }),
    };
  });
  return [...(followed ? [config] : []), ...others].filter((place) => isChosen(place.name));
}

/** One row for each of `places`, in their order. */
export function rowsOf(places: readonly Place[], reading: Reading): Row[] {
  const index = indexOf(reading);
  return places.map((place) => rowOf(place, reading, index));
}

type Index = {
  readonly byNamespace: ReadonlyMap<string, readonly KubernetesObject[]>;
  readonly namespaces: ReadonlyMap<string, KubernetesObject>;
  /** The Kustomizations that apply to another namespace than their own, by that namespace. */
  readonly remote: ReadonlyMap<string, KubernetesObject>;
};

function indexOf({ objects }: Reading): Index {
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
  const remote = objects.filter(isSync).flatMap((one): [string, KubernetesObject][] => {
    const target = targetOf(one);
    return target === undefined ? [] : [[target, one]];
  });
  return {
    byNamespace: Map.groupBy(objects, ({ metadata }) => metadata.namespace ?? ''),
    namespaces: new Map(namespaces.map((one) => [one.metadata.name, one])),
    remote: new Map(remote),
  };
}

const isSync = ({ apiVersion, kind }: KubernetesObject): boolean =>
  kind === 'Kustomization' && apiVersion.startsWith('kustomize.toolkit.fluxcd.io/');

const targetOf = ({ spec }: KubernetesObject): string | undefined =>
  (spec as { targetNamespace?: string } | undefined)?.targetNamespace;

function rowOf(place: Place, reading: Reading, index: Index): Row {
  const { name, namespace } = place;
  const objects = index.byNamespace.get(namespace) ?? [];
  const found = findIn(place, objects, index);
  const { source, sync, workloads } = found;
  return {
    name,
    namespace,
    ...judge(place, found, {
      hasNamespaces: reading.hasNamespaces,
      unknownKinds: reading.unknownKinds,
      refusal: reading.refusals.get(namespace),
    }),
    ...(source && { source: sourceStatus(source) }),
    ...(sync && { sync: syncStatus(sync) }),
    workloads: workloads.map(workloadStatus),
  };
}

/** The objects of `place`. Somebody who wrote an environment by hand may have given them other names and places. */
function findIn(place: Place, objects: readonly KubernetesObject[], index: Index): Found {
  const { namespace, role } = place;
  const own = objects.find((one) => isSync(one) && one.metadata.name === place.sync);
  const sync = own ?? (role === 'by hand' ? index.remote.get(namespace) : undefined);
  const { sourceRef } = (sync?.spec ?? {}) as { sourceRef?: Reference };
  const home = sourceRef?.namespace ?? sync?.metadata.namespace ?? namespace;
  const source = (index.byNamespace.get(home) ?? []).find(
    ({ kind, metadata }) =>
      metadata.name === (sourceRef?.name ?? place.source) &&
      (sourceRef ? kind === sourceRef.kind : SOURCES.has(kind)),
  );
  const isOwn = (one: KubernetesObject): boolean => one !== sync && one !== source;
  const others = role === 'config' ? [] : objects.filter((one) => isOwn(one) && isApplier(one));
  const workloads = role === 'config' ? [] : objects.filter(isWorkload);
  return { namespace: index.namespaces.get(namespace), source, sync, others, workloads };
}

type Reference = { readonly kind: string; readonly name: string; readonly namespace?: string };

const SOURCES = new Set(['GitRepository', 'OCIRepository', 'Bucket']);

/** What the app itself gives to Flux. */
const isApplier = (one: KubernetesObject): boolean => isSync(one) || one.kind === 'HelmRelease';

const isWorkload = ({ apiVersion, kind }: KubernetesObject): boolean =>
  apiVersion === 'apps/v1' && ['Deployment', 'StatefulSet', 'DaemonSet'].includes(kind);

/** The key of an artifact's metadata that names the commit. */
const COMMIT = 'org.opencontainers.image.revision';

type Artifact = { revision?: string; metadata?: { readonly [key: string]: string } };

function sourceStatus({ kind, metadata, spec, status }: KubernetesObject): SourceStatus {
  const { artifact } = (status ?? {}) as { artifact?: Artifact };
  const commit = artifact?.metadata?.[COMMIT];
  return {
    kind,
    name: metadata.name,
    ...(artifact?.revision !== undefined && { revision: artifact.revision }),
    ...(commit !== undefined && { originRevision: commit }),
    suspended: isSuspended(spec),
  };
}

type SyncFields = {
  lastAppliedRevision?: string;
  lastAppliedOriginRevision?: string;
  lastAttemptedRevision?: string;
};

function syncStatus({ metadata, spec, status }: KubernetesObject): SyncStatus {
  const fields = (status ?? {}) as SyncFields;
  const { lastAppliedRevision, lastAppliedOriginRevision, lastAttemptedRevision } = fields;
  return {
    name: metadata.name,
    ...(lastAppliedRevision !== undefined && { applied: lastAppliedRevision }),
    ...(lastAppliedOriginRevision !== undefined && { appliedOrigin: lastAppliedOriginRevision }),
    ...(lastAttemptedRevision !== undefined && { attempted: lastAttemptedRevision }),
    suspended: isSuspended(spec),
  };
}

const isSuspended = (spec: unknown): boolean =>
  (spec as { suspend?: boolean } | undefined)?.suspend === true;

type Counts = { readonly [field: string]: number | undefined };

function workloadStatus({ kind, metadata, spec, status }: KubernetesObject): WorkloadStatus {
  const wanted = (spec ?? {}) as Counts;
  const seen = (status ?? {}) as Counts;
  const replicas =
    kind === 'DaemonSet'
      ? {
          wanted: seen.desiredNumberScheduled ?? 0,
          ready: seen.numberReady ?? 0,
          updated: seen.updatedNumberScheduled ?? 0,
        }
      : {
          wanted: wanted.replicas ?? 1,
          ready: seen.readyReplicas ?? 0,
          updated: seen.updatedReplicas ?? 0,
        };
  return { kind, name: metadata.name, generation: metadata.generation ?? 0, replicas };
}
