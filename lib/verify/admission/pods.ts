import { at, isObject, type Json, listAt, type Manifest, objectAt } from '../model.ts';

/** The pods of an object: where their spec is, their metadata, and how many there are. */
export type Pods = {
  readonly path: readonly string[];
  readonly spec: Json;
  readonly metadata: Json;
  /** Pods at any time, and the additional ones of a rolling update. */
  readonly count: number;
  readonly surge: number;
};

const TEMPLATES: { readonly [kind: string]: readonly string[] } = {
  Pod: [],
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  ReplicationController: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

/** The pods that `manifest` leads to; undefined for an object without pods. */
export function podsOf({ kind, apiVersion, value }: Manifest): Pods | undefined {
  if (!/^(v1|apps\/|batch\/)/.test(apiVersion)) return undefined;
  const path = TEMPLATES[kind];
  if (path === undefined) return undefined;
  const spec = at(value, ...path, 'spec');
  if (!isObject(spec)) return undefined;
  const metadata = objectAt(value, ...path, 'metadata');
  const count = countOf(kind, objectAt(value, 'spec'));
  return { path: [...path, 'spec'], spec, metadata, count, surge: surgeOf(kind, value, count) };
}

function countOf(kind: string, spec: Json): number {
  const number = (value: unknown, usual: number): number =>
    typeof value === 'number' ? value : usual;
  if (kind === 'Job')
    return spec.suspend === true
      ? 0
      : Math.min(number(spec.parallelism, 1), number(spec.completions, Number.POSITIVE_INFINITY));
  // The pods of a CronJob come later, and a DaemonSet has one for each node: at least one.
  if (kind === 'CronJob') return 0;
  return kind === 'Pod' || kind === 'DaemonSet' ? 1 : number(spec.replicas, 1);
}

function surgeOf(kind: string, value: Json, count: number): number {
  if (kind !== 'Deployment' || at(value, 'spec', 'strategy', 'type') === 'Recreate') return 0;
  const given = at(value, 'spec', 'strategy', 'rollingUpdate', 'maxSurge') ?? '25%';
  const [, percent] = /^(\d+)%$/.exec(String(given)) ?? [];
  return percent === undefined ? Number(given) || 0 : Math.ceil((count * Number(percent)) / 100);
}

/** The containers of a pod, each with its path in the spec. */
export function containersOf(
  spec: Json,
): { readonly path: readonly (string | number)[]; readonly value: Json }[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) =>
    listAt(spec, list).flatMap((value, n) => (isObject(value) ? [{ path: [list, n], value }] : [])),
  );
}
