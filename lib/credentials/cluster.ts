/** The Secrets of an estate on the cluster, and the sources that read with them. */

import type { Kubectl, KubernetesObject } from '../cluster/kubectl.ts';
import { UserError } from '../errors.ts';
import { SOURCE_RESOURCES } from '../plan/estate.ts';
import { pause, type RunControl } from '../publish/control.ts';
import { hidePrivateKey } from '../publish/secrets.ts';
import { type Fields, type HeldKey, manifestOf, readSecret, staleFields } from './secret.ts';
import type { Place, Source } from './sources.ts';

/** A place on the cluster, with its Secret if it has one. */
export type LivePlace = { readonly place: Place; readonly held: HeldKey | undefined };

/** The places of `source` whose namespaces exist, with their Secrets. */
export async function readPlaces(kubectl: Kubectl, source: Source): Promise<LivePlace[]> {
  const live: LivePlace[] = [];
  for (const place of source.places) {
    const { namespace, secret } = place;
    if ((await kubectl.get('namespaces', namespace)) === undefined) continue;
    const found = await kubectl.get('secrets', secret, namespace);
    const held = found && readSecret(found);
    for (const key of [held?.key, held?.next]) if (key) hidePrivateKey(key.identity);
    live.push({ place, held });
  }
  return live;
}

/** Throws a UserError if a namespace of `source` does not exist; before anything changes. */
export function requirePlaces(source: Source, live: readonly LivePlace[]): void {
  const there = new Set(live.map(({ place }) => place.namespace));
  const missing = source.places.filter(({ namespace }) => !there.has(namespace));
  if (missing.length === 0) return;
  const names = missing.map(({ namespace }) => namespace).join(', ');
  const folders = missing.flatMap(({ environment }) => environment ?? []);
  const apply = folders.map((name) => `kubectl apply -f ${name}/1_tenant.yaml`).join(' && ');
  throw new UserError(
    `The cluster does not have the ${missing.length > 1 ? 'namespaces' : 'namespace'} ${names}. Nothing was changed for ${source.repo}.\n` +
      `  ${apply === '' ? 'Install Flux first, as install/README.md says.' : `Create the tenant first, in the config repo: ${apply}`}`,
    1,
  );
}

const MANAGER = ['--field-manager', 'flux-gitops'];
/** What `kubectl apply` writes beside an object: a copy, with the private key in it. */
const COPY = 'kubectl.kubernetes.io/last-applied-configuration';

/** Writes `secrets` to the cluster. They go through standard input, because other users can read arguments. */
export async function applySecrets(kubectl: Kubectl, secrets: readonly object[]): Promise<void> {
  if (secrets.length === 0) return;
  const flags = ['--server-side', '--force-conflicts', ...MANAGER];
  await kubectl.run(['apply', ...flags, '-f', '-'], manifestOf(secrets));
}

/** Removes the copies of Secrets that an earlier `kubectl apply` made: a copy would keep an old private key. */
export async function removeCopies(kubectl: Kubectl, live: readonly LivePlace[]): Promise<void> {
  for (const { place, held } of live) {
    if (held?.found.metadata.annotations?.[COPY] === undefined) continue;
    await kubectl.run(['annotate', 'secret', place.secret, '-n', place.namespace, `${COPY}-`]);
  }
}

/**
 * Removes the fields of other credentials than `fields` from the Secrets. An apply does not, if another program wrote
 * them, such as the `kubectl apply` of a pipe.
 */
export async function removeStale(
  kubectl: Kubectl,
  live: readonly LivePlace[],
  fields: Fields,
): Promise<boolean> {
  let changed = false;
  for (const { place, held } of live) {
    const stale = staleFields(held?.fields ?? {}, fields);
    if (stale.length === 0) continue;
    const patch = JSON.stringify({ data: Object.fromEntries(stale.map((field) => [field, null])) });
    const where = ['-n', place.namespace, ...MANAGER];
    await kubectl.run(['patch', 'secret', place.secret, ...where, '--type=merge', '-p', patch]);
    changed = true;
  }
  return changed;
}

const REQUESTED = 'reconcile.fluxcd.io/requestedAt';

/** What a GitRepository says about its last fetch. */
type Fetched = {
  readonly spec?: { readonly suspend?: boolean };
  readonly status?: {
    readonly lastHandledReconcileAt?: string;
    readonly conditions?: readonly Condition[];
  };
};
type Condition = {
  readonly type: string;
  readonly status: string;
  readonly message?: string;
  readonly observedGeneration?: number;
};

/** Asks Flux to fetch the source at `place` now. Returns false if there is none, or if it is suspended. */
export async function requestFetch(
  kubectl: Kubectl,
  { source, namespace }: Place,
  stamp: string,
): Promise<boolean> {
  const found = await getSource(kubectl, source, namespace);
  if (found === undefined || (found as Fetched).spec?.suspend) return false;
  const annotation = `${REQUESTED}=${stamp}`;
  const words = [
    'annotate',
    SOURCE_RESOURCES.GitRepository,
    source,
    '-n',
    namespace,
    annotation,
    '--overwrite',
  ];
  await kubectl.run([...words, ...MANAGER]);
  return true;
}

/** The GitRepository; undefined if there is none, or if the cluster does not know Flux. */
async function getSource(
  kubectl: Kubectl,
  source: string,
  namespace: string,
): Promise<KubernetesObject | undefined> {
  try {
    return await kubectl.get(SOURCE_RESOURCES.GitRepository, source, namespace);
  } catch (error) {
    if (error instanceof Error && 'isUnknownKind' in error && error.isUnknownKind) return undefined;
    throw error;
  }
}

/** How long Flux has for one source, and the time between two looks (seconds). */
const PATIENCE = 180;
const BETWEEN = 1;

/** Waits until Flux has fetched the source at `place` after the request `stamp`. Throws a UserError if it does not. */
export async function awaitFetch(
  kubectl: Kubectl,
  { source, namespace }: Place,
  stamp: string,
  control: RunControl,
): Promise<void> {
  let said = 'Flux has not answered';
  for (let left = PATIENCE; left > 0; left -= BETWEEN) {
    const found = await getSource(kubectl, source, namespace);
    if (found === undefined) return;
    const { status } = found as Fetched;
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    const isNew = status?.lastHandledReconcileAt === stamp;
    const isCurrent = ready?.observedGeneration === found.metadata.generation;
    if (isNew && isCurrent && ready?.status === 'True') return;
    said = ready?.message ?? said;
    await pause(BETWEEN, control);
  }
  throw new UserError(
    `Flux has not read ${namespace}/${source} with the new key within ${PATIENCE} seconds: ${said}\n` +
      '  The old key is still registered on GitHub. Find the reason with kubectl get gitrepository -A, then run the same ' +
      'command again. It continues here.',
    1,
  );
}
