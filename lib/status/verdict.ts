/** How an environment is, and why, in the words of Flux where Flux has some. */
import type { KubernetesObject } from '../cluster/kubectl.ts';
import { inventoryOf } from '../cluster/removal.ts';
import { isLeaving } from '../cluster/wait.ts';
import { KUSTOMIZATIONS } from '../plan/estate.ts';
import { type Readiness, type State, shortRevision, type Verdict } from './model.ts';

/** Where one row of the table comes from. */
export type Place = {
  /**
   * Who brings it to the cluster. `tenant`: somebody applies its folder. `followed`: Flux applies it with the config repo.
   * `guest`: only the app repo is here, so the platform team does it. `config`: the sync of the config repo.
   */
  readonly role: 'tenant' | 'followed' | 'by hand' | 'guest' | 'config';
  readonly name: string;
  readonly namespace: string;
  /** The name of the Kustomization. */
  readonly sync: string;
  readonly source: string;
  readonly leaving?: true;
};

/** The objects of a place that are on the cluster. */
export type Found = {
  readonly namespace: KubernetesObject | undefined;
  readonly source: KubernetesObject | undefined;
  readonly sync: KubernetesObject | undefined;
  /** What the app itself gives to Flux: HelmReleases, and Kustomizations of its own. */
  readonly others: readonly KubernetesObject[];
  readonly workloads: readonly KubernetesObject[];
};

/** What could be read at all. */
export type Sight = {
  readonly hasNamespaces: boolean;
  readonly unknownKinds: readonly string[];
  /** Why not everything of the namespace could be read. */
  readonly refusal: string | undefined;
};

/** How `place` is. */
export function judge(place: Place, found: Found, sight: Sight): Verdict {
  const { sync, source } = found;
  const missing = absence(place, found, sight);
  if (missing) return missing;
  if (sync === undefined) return withoutSync(place, found, sight);
  if (isLeaving(sync))
    return since(
      verdict('deleting', 'False', `Flux removes what ${title(sync)} has applied.`),
      sync,
    );
  if (place.leaving) return departure(place, sync);
  const state = health(found);
  const paused = [sync, source].filter((one) => one && isSuspended(one));
  if (paused.length === 0) return state;
  const names = paused.map((one) => one && title(one)).join(' and ');
  const message = `${names} ${paused.length > 1 ? 'are' : 'is'} suspended, so no push arrives.`;
  return {
    ...state,
    state: 'suspended',
    message: state.ready === 'True' ? message : `${message} ${state.message}`,
  };
}

const verdict = (state: State, ready: Readiness, message: string): Verdict => ({
  state,
  ready,
  message,
});

const title = ({ kind, metadata }: KubernetesObject): string => `${kind} ${metadata.name}`;

const isSuspended = ({ spec }: KubernetesObject): boolean =>
  (spec as { suspend?: boolean } | undefined)?.suspend === true;

/** The verdict on a place without a namespace, or one whose namespace Kubernetes deletes. */
function absence(place: Place, { namespace, sync }: Found, sight: Sight): Verdict | undefined {
  if (sight.unknownKinds.includes(KUSTOMIZATIONS))
    return verdict(
      'absent',
      'False',
      'The cluster does not have Flux: install/README.md in the config repo says how to install it.',
    );
  if (sight.hasNamespaces && namespace === undefined && sync === undefined)
    return verdict(
      'absent',
      'False',
      `The namespace ${place.namespace} is not on the cluster. ${remedy(place)}`,
    );
  if (namespace !== undefined && isLeaving(namespace))
    return since(
      verdict('deleting', 'False', `Kubernetes deletes the namespace ${place.namespace}.`),
      namespace,
    );
  return undefined;
}

function withoutSync(place: Place, { source }: Found, { refusal }: Sight): Verdict {
  if (refusal !== undefined) return verdict('unknown', 'Unknown', refusal);
  if (place.leaving)
    return verdict('leaving', 'False', `Its sync is gone. Next: flux-gitops remove ${place.name}`);
  const what = source === undefined ? 'Its sync is' : `Its Kustomization ${place.sync} is`;
  return verdict('absent', 'False', `${what} not on the cluster. ${remedy(place)}`);
}

/** What brings `place` to the cluster. */
function remedy({ role, name, leaving }: Place): string {
  if (leaving) return `It has left. Next: flux-gitops remove ${name}`;
  if (role === 'tenant') return `In the config repo: kubectl apply -f ${name}/`;
  if (role === 'followed') return 'Flux applies it when the commit with it has arrived.';
  if (role === 'config') return 'Apply install/ as its README.md says.';
  if (role === 'guest') return 'The platform team applies it.';
  return 'Apply its files.';
}

/** The annotation that lets Flux delete the rest of an environment. */
const PRUNE = 'kustomize.toolkit.fluxcd.io/prune';

/** The verdict on an environment whose removal has begun. */
function departure({ name }: Place, sync: KubernetesObject): Verdict {
  const ready = conditionOf(sync, 'Ready')?.status ?? 'Unknown';
  const mayGo = sync.metadata.annotations?.[PRUNE] === 'enabled';
  if (!mayGo) return verdict('leaving', ready, 'Leaving: the commit has not arrived yet.');
  if (inventoryOf(sync).length > 0)
    return since(verdict('leaving', ready, 'Leaving: Flux removes the app.'), sync);
  const next = `flux-gitops remove ${name}`;
  return since(verdict('leaving', ready, `Leaving: the app is gone. Next: ${next}`), sync);
}

/** The verdict on an environment that is on the cluster as a whole. */
function health({ source, sync, others, workloads }: Found): Verdict {
  if (sync === undefined) throw new Error('an environment without a sync has no health');
  const own = conditionOf(source, 'Ready');
  if (source && own?.status === 'False') return failure(source, true);
  const ready = conditionOf(sync, 'Ready');
  if (ready?.status === 'False')
    return failure(sync, false, ready.reason === 'HealthCheckFailed' ? troubleOf(workloads) : '');
  if (ready === undefined || isBehind(sync))
    return progress(sync, 'Flux has not looked at it yet.');
  if (ready.status === 'Unknown')
    return progress(sync, sentences(workOf(sync, source), troubleOf(workloads)));
  if (source && own?.status !== 'True')
    return progress(source, `${title(source)}: ${own?.message ?? 'Flux has not fetched it yet.'}`);
  const fetched = fetchedBy(source);
  const { lastAppliedRevision } = (sync.status ?? {}) as { lastAppliedRevision?: string };
  if (fetched !== undefined && fetched !== lastAppliedRevision)
    return progress(sync, `${shortRevision(fetched)} is fetched, and not applied yet.`);
  const [broken] = others.filter((one) => conditionOf(one, 'Ready')?.status === 'False');
  if (broken) return failure(broken, true);
  return { ...verdict('ready', 'True', ready.message ?? ''), ...sinceApplied(sync) };
}

/** What Flux does with `sync` now, and which revision waits until that is done. */
function workOf(sync: KubernetesObject, source: KubernetesObject | undefined): string {
  const reconciling = conditionOf(sync, 'Reconciling')?.message;
  const message = reconciling ?? conditionOf(sync, 'Ready')?.message ?? '';
  const { lastAttemptedRevision } = (sync.status ?? {}) as { lastAttemptedRevision?: string };
  const fetched = fetchedBy(source);
  const waits = fetched !== undefined && (lastAttemptedRevision ?? fetched) !== fetched;
  return waits ? sentences(message, `${shortRevision(fetched)} comes next`) : message;
}

const sentences = (...texts: readonly string[]): string =>
  texts.filter((text) => text !== '').join('. ');

const fetchedBy = (source: KubernetesObject | undefined): string | undefined =>
  (source?.status as { artifact?: { revision?: string } } | undefined)?.artifact?.revision;

/** Why a Deployment has too few pods, in the words of Kubernetes; '' if there is no such reason. */
function troubleOf(workloads: readonly KubernetesObject[]): string {
  for (const one of workloads) {
    const refused = conditionOf(one, 'ReplicaFailure');
    const progressing = conditionOf(one, 'Progressing');
    const reason =
      refused?.status === 'True'
        ? refused
        : progressing?.status === 'False'
          ? progressing
          : undefined;
    if (reason?.message !== undefined) return `${title(one)}: ${reason.message}`;
  }
  return '';
}

/**
 * The verdict that `one` is not Ready. `isNamed`: the message must say which object it is about. `more` follows the
 * message.
 */
function failure(one: KubernetesObject, isNamed: boolean, more = ''): Verdict {
  const isStalled = conditionOf(one, 'Stalled')?.status === 'True';
  const { message = '' } = conditionOf(one, 'Ready') ?? {};
  const text = sentences(isNamed ? `${title(one)}: ${message}` : message, more);
  return since(verdict(isStalled ? 'stalled' : 'failed', 'False', text), one);
}

const progress = (one: KubernetesObject, message: string): Verdict =>
  since(verdict('progressing', 'Unknown', message), one);

type Condition = {
  readonly type: string;
  readonly status: Readiness;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
};

function conditionOf(one: KubernetesObject | undefined, type: string): Condition | undefined {
  const { conditions = [] } = (one?.status ?? {}) as { conditions?: readonly Condition[] };
  return conditions.find((condition) => condition.type === type);
}

/** Whether the status of `one` is about an older specification. */
function isBehind({ metadata, status }: KubernetesObject): boolean {
  const { observedGeneration } = (status ?? {}) as { observedGeneration?: number };
  return observedGeneration !== undefined && observedGeneration < (metadata.generation ?? 0);
}

/** `from` with the time of the last change of `one`. */
function since(from: Verdict, one: KubernetesObject): Verdict {
  const { deletionTimestamp, creationTimestamp } = one.metadata;
  const changed = conditionOf(one, 'Ready')?.lastTransitionTime;
  const time = deletionTimestamp ?? changed ?? creationTimestamp;
  return time === undefined ? from : { ...from, since: time };
}

type Snapshot = { readonly firstReconciled?: string; readonly lastReconciledStatus?: string };

/**
 * Since when the cluster has what `sync` has applied. The condition says less: Flux renews it each time it looks, also
 * when nothing has changed.
 */
function sinceApplied(sync: KubernetesObject): { since?: string } {
  const { history = [] } = (sync.status ?? {}) as { history?: readonly Snapshot[] };
  const [last] = history;
  const first = last?.lastReconciledStatus === 'ReconciliationSucceeded' && last.firstReconciled;
  const time = first || conditionOf(sync, 'Ready')?.lastTransitionTime;
  return time === undefined ? {} : { since: time };
}
