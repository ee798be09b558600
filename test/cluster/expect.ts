/** What the checks wait for, in terms of Flux: a revision applied, refused or reported missing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Estate, namespaceOf } from './estate.ts';
import { controllers } from './flux.ts';
import { type Condition, get, type Kubernetes, kubectl, list, tryKubectl } from './kube.ts';
import { type Seen, until } from './wait.ts';

/** The Flux objects of a tenant. */
export type FluxKind = 'GitRepository' | 'OCIRepository' | 'Kustomization';

type FluxStatus = {
  conditions?: Condition[];
  artifact?: { revision: string };
  observedGeneration?: number;
  lastAppliedRevision?: string;
  /** The commit that an artifact was made from. */
  lastAppliedOriginRevision?: string;
  lastAttemptedRevision?: string;
  lastHandledReconcileAt?: string;
};

const condition = (found: Kubernetes | undefined, type: string) =>
  found?.status?.conditions?.find((one) => one.type === type);

function show(found: Kubernetes | undefined): string {
  if (!found) return 'no such object';
  const { lastAppliedRevision, artifact } = (found.status ?? {}) as FluxStatus;
  const at = lastAppliedRevision ?? artifact?.revision ?? 'no revision';
  return [at, ...conditionsOf(found)].join('\n  ');
}

const conditionsOf = ({ status }: Kubernetes) =>
  (status?.conditions ?? []).map(({ type, status: is, reason, message }) =>
    `${type}=${is} ${reason}: ${message}`.trim(),
  );

/** Waits until both objects of a tenant are Ready with exactly this commit. */
export async function applied(estate: Estate, env: string, commit: string, deadline = 120_000) {
  await ready(estate, env, 'GitRepository', commit, deadline);
  return ready(estate, env, 'Kustomization', commit, deadline);
}

/** Waits until a tenant is Ready with the artifact of exactly this commit. */
export function appliedArtifact(estate: Estate, env: string, commit: string, deadline = 120_000) {
  const what = `Ready with the artifact of ${commit.slice(0, 12)}`;
  return watch(estate, env, 'Kustomization', what, deadline, (found) => {
    const status = found.status as FluxStatus | undefined;
    const good = condition(found, 'Ready')?.status === 'True';
    return good && (status?.lastAppliedOriginRevision ?? '').endsWith(commit);
  });
}

/** Waits until one object is Ready with exactly this commit. */
export function ready(estate: Estate, env: string, kind: FluxKind, commit: string, ms = 120_000) {
  return watch(estate, env, kind, `Ready at ${commit.slice(0, 12)}`, ms, (found) => {
    const status = found.status as FluxStatus | undefined;
    const at = kind === 'Kustomization' ? status?.lastAppliedRevision : status?.artifact?.revision;
    const good = condition(found, 'Ready')?.status === 'True' && (at ?? '').endsWith(commit);
    return good && status?.observedGeneration === found.metadata.generation;
  });
}

/** Waits until a Kustomization has applied exactly this commit, and waits until everything of it is Ready. */
export function waiting(estate: Estate, env: string, commit: string): Promise<Kubernetes> {
  const what = `waits for what it applied of ${commit.slice(0, 12)}`;
  return watch(estate, env, 'Kustomization', what, 60_000, (found) => {
    const message = condition(found, 'Reconciling')?.message ?? '';
    return message.startsWith('Running health checks') && message.includes(commit);
  });
}

/** Waits until a Kustomization has tried exactly this commit and is not Ready; returns why. */
export async function refused(estate: Estate, env: string, commit: string, ms = 120_000) {
  const what = `Ready=False at ${commit.slice(0, 12)}`;
  const found = await watch(estate, env, 'Kustomization', what, ms, (one) => {
    const status = one.status as FluxStatus | undefined;
    const tried = status?.lastAttemptedRevision ?? '';
    return condition(one, 'Ready')?.status === 'False' && tried.endsWith(commit);
  });
  return condition(found, 'Ready')?.message ?? '';
}

/** Waits until a ReplicaSet of a tenant cannot make its pods; returns why. */
export function podsRefused(estate: Estate, env: string): Promise<string> {
  const probe = async (): Promise<Seen<string>> => {
    const sets = await list(estate.cluster, 'ReplicaSet', namespaceOf(estate, env));
    const conditions = sets.flatMap((one) => one.status?.conditions ?? []);
    const failure = conditions.find((one) => one.type === 'ReplicaFailure');
    return failure?.message ? { ok: failure.message } : { seen: JSON.stringify(conditions) };
  };
  return until('a ReplicaSet fails to make pods', 60_000, probe, () => explain(estate, env));
}

/** What a Kustomization says for a moment only, until its source has been fetched. */
const passing = 'Source artifact not found';

/** Waits until an object's present generation is reported as not Ready for good; returns why. */
export async function reported(estate: Estate, env: string, kind: FluxKind, ms = 60_000) {
  const found = await watch(estate, env, kind, 'Ready=False', ms, (one) => {
    const state = condition(one, 'Ready');
    const present = state?.observedGeneration === one.metadata.generation;
    return state?.status === 'False' && present && !state.message?.includes(passing);
  });
  return condition(found, 'Ready')?.message ?? '';
}

/** Asks Flux to look now, as the README says, and waits until it has. */
export async function reconcile(estate: Estate, env: string, kind: FluxKind): Promise<void> {
  const at = new Date().toISOString();
  const [namespace, name] = [namespaceOf(estate, env), estate.repos[env] ?? ''];
  const annotation = `reconcile.fluxcd.io/requestedAt=${at}`;
  const object = `${kind.toLowerCase()}/${name}`;
  await kubectl(estate.cluster, ['-n', namespace, 'annotate', '--overwrite', object, annotation]);
  await watch(estate, env, kind, 'reconciled on request', 60_000, (found) => {
    return (found.status as FluxStatus | undefined)?.lastHandledReconcileAt === at;
  });
}

function watch(
  estate: Estate,
  env: string,
  kind: FluxKind,
  what: string,
  ms: number,
  good: (found: Kubernetes) => boolean,
): Promise<Kubernetes> {
  const [namespace, name] = [namespaceOf(estate, env), estate.repos[env] ?? ''];
  const probe = async (): Promise<Seen<Kubernetes>> => {
    const found = await get(estate.cluster, kind, namespace, name);
    return found && good(found) ? { ok: found } : { seen: show(found) };
  };
  return until(`${kind} ${namespace}/${name} ${what}`, ms, probe, () => explain(estate, env));
}

/** Everything that tells why a tenant is not as it should be. */
export async function explain(estate: Estate, env: string): Promise<string> {
  const namespace = namespaceOf(estate, env);
  const lines: string[] = [];
  for (const kind of [
    'GitRepository',
    'OCIRepository',
    'Kustomization',
    'HelmRelease',
    'Deployment',
    'ReplicaSet',
  ]) {
    for (const found of await list(estate.cluster, kind, namespace)) {
      const name = `${kind} ${found.metadata.name}`;
      lines.push(...conditionsOf(found).map((state) => `${name}: ${state}`));
    }
  }
  for (const name of controllers) {
    const log = await logOf(estate, name);
    const own = log.split('\n').filter((line) => line.includes(namespace));
    lines.push(`last lines of ${name} about ${namespace}:`, ...own.slice(-5).map(readable));
  }
  return lines.join('\n');
}

/** The parts of a controller's log line that say something about one object. */
function readable(line: string): string {
  try {
    const { ts, level, name, msg, error } = JSON.parse(line) as Record<string, string>;
    return `  ${ts} ${level} ${name}: ${msg}${error ? `: ${error}` : ''}`;
  } catch {
    return `  ${line}`;
  }
}

async function logOf(estate: Estate, name: string): Promise<string> {
  const { cluster } = estate;
  if (cluster.logs) return readFileSync(join(cluster.logs, `${name}.log`), 'utf8');
  const args = ['-n', 'flux-system', 'logs', `deployment/${name}`, '--tail=500'];
  return (await tryKubectl(cluster, args)).out;
}

/** Every object of a namespace with its version, without those that change by themselves. */
export async function versionsIn(estate: Estate, env: string): Promise<string> {
  const namespace = namespaceOf(estate, env);
  const kinds =
    'serviceaccounts,rolebindings,gitrepositories,kustomizations,deployments,services,configmaps,networkpolicies,resourcequotas,limitranges';
  const columns = 'K:.kind,N:.metadata.name,U:.metadata.uid,V:.metadata.resourceVersion';
  const objects = await kubectl(estate.cluster, [
    '-n',
    namespace,
    'get',
    kinds,
    '-o',
    `custom-columns=${columns}`,
  ]);
  const own = await kubectl(estate.cluster, [
    'get',
    'namespace',
    namespace,
    '-o',
    `custom-columns=${columns}`,
  ]);
  return own + objects;
}

/** What a workload is, apart from what its controllers report about it. */
export async function workloadsIn(estate: Estate, env: string): Promise<string> {
  const namespace = namespaceOf(estate, env);
  const kinds = 'deployments,replicasets,pods,services';
  const columns = 'K:.kind,N:.metadata.name,U:.metadata.uid,G:.metadata.generation';
  return kubectl(estate.cluster, [
    '-n',
    namespace,
    'get',
    kinds,
    '-o',
    `custom-columns=${columns}`,
  ]);
}
