/** What `status` knows about each environment on the cluster. */

/** The values of a condition of Kubernetes. */
export type Readiness = 'True' | 'False' | 'Unknown';

/** One word for where an environment is: the `state` of `--json`. */
export type State =
  | 'ready'
  | 'progressing'
  | 'failed'
  | 'stalled'
  | 'suspended'
  | 'leaving'
  | 'deleting'
  | 'absent'
  | 'unknown';

/** A state with the sentence that explains it. */
export type Verdict = {
  readonly state: State;
  readonly ready: Readiness;
  readonly message: string;
  /** Since when it is so, as Kubernetes writes times. */
  readonly since?: string;
};

/** What Flux follows. */
export type SourceStatus = {
  readonly kind: string;
  readonly name: string;
  /** What Flux has fetched last, such as `main@sha1:…`. */
  readonly revision?: string;
  /** The commit that an artifact was made from. */
  readonly originRevision?: string;
  readonly suspended: boolean;
};

/** The Kustomization of an environment. */
export type SyncStatus = {
  readonly name: string;
  /** What Flux has applied last. */
  readonly applied?: string;
  /** The commit that the applied artifact was made from. */
  readonly appliedOrigin?: string;
  /** What Flux has tried last. */
  readonly attempted?: string;
  readonly suspended: boolean;
};

/** A Deployment, StatefulSet or DaemonSet. */
export type WorkloadStatus = {
  readonly kind: string;
  readonly name: string;
  readonly generation: number;
  readonly replicas: { readonly wanted: number; readonly ready: number; readonly updated: number };
};

/** One row of the table. */
export type Row = Verdict & {
  /** The environment, or the config repo. */
  readonly name: string;
  readonly namespace: string;
  readonly source?: SourceStatus;
  readonly sync?: SyncStatus;
  readonly workloads: readonly WorkloadStatus[];
};

/** `revision` as a person reads it: `main@1a2b3c4` for `main@sha1:1a2b3c4…`. */
export function shortRevision(revision: string): string {
  const [, name, hash] = /^(?:(.*)@)?sha\d+:([0-9a-f]{7})[0-9a-f]*$/.exec(revision) ?? [];
  if (hash === undefined) return revision;
  return name === undefined ? hash : `${name}@${hash}`;
}

/** The revisions of `row` to compare: commits if both are known, otherwise what Flux itself names. */
export function revisionsOf({ source, sync }: Row): { fetched?: string; applied?: string } {
  const hasCommits = source?.originRevision !== undefined && sync?.appliedOrigin !== undefined;
  const fetched = hasCommits ? source.originRevision : source?.revision;
  const applied = hasCommits ? sync.appliedOrigin : sync?.applied;
  return { ...(fetched !== undefined && { fetched }), ...(applied !== undefined && { applied }) };
}
