/** Environments that leave a cluster that follows the config repo: what Flux has done of it. */

import { KUSTOMIZATIONS, SOURCE_RESOURCES, sourceResource } from '../plan/estate.ts';
import type { Departure } from '../plan/plan.ts';
import type { Say } from '../terminal.ts';
import type { Kubectl, KubernetesObject } from './kubectl.ts';
import { inventoryOf } from './removal.ts';
import { describe, until, untilGone } from './wait.ts';

const PRUNE = 'kustomize.toolkit.fluxcd.io/prune';
/** The sync of the config repo, as the FluxInstance names it. */
const SYSTEM = 'flux-system';

const mayGo = ({ metadata }: KubernetesObject): boolean =>
  metadata.annotations?.[PRUNE] === 'enabled';

/** Whether Flux has removed the app of `departure` and may remove the rest; also when nothing is left of it. */
export async function isArrived(kubectl: Kubectl, { namespace }: Departure): Promise<boolean> {
  return (await missing(kubectl, namespace)).length === 0;
}

/** The objects that still stand in the way of the removal. */
async function missing(kubectl: Kubectl, namespace: string): Promise<string[]> {
  const found = await kubectl.get('namespaces', namespace);
  if (found === undefined) return [];
  const all = (await kubectl.list(KUSTOMIZATIONS, { namespace })) ?? [];
  // What the app itself gave to Flux goes with the app.
  const syncs = all.filter(
    (one) => one.metadata.labels?.['kustomize.toolkit.fluxcd.io/namespace'] === SYSTEM,
  );
  return [
    ...[found, ...syncs].filter((one) => !mayGo(one)).map(describe),
    ...syncs
      .filter((one) => inventoryOf(one).length > 0)
      .map((one) => `the app of ${describe(one)}`),
  ];
}

/** What the sync of the config repo follows: a GitRepository, or an OCIRepository if it is an artifact. */
async function configSource(kubectl: Kubectl): Promise<{ kind: string; name: string }> {
  const sync = await kubectl.get(KUSTOMIZATIONS, SYSTEM, SYSTEM);
  const { sourceRef } = (sync?.spec ?? {}) as { sourceRef?: { kind: string; name: string } };
  return {
    kind: sourceResource(sourceRef?.kind ?? '') ?? SOURCE_RESOURCES.GitRepository,
    name: sourceRef?.name ?? SYSTEM,
  };
}

/** Asks Flux to look at the config repo, and waits until it has done what the run pushed for `departure`. */
export async function waitForDeparture(
  kubectl: Kubectl,
  { name, namespace, state }: Departure,
  say: Say,
): Promise<void> {
  const at = `reconcile.fluxcd.io/requestedAt=${new Date().toISOString()}`;
  const { kind, name: source } = await configSource(kubectl);
  await kubectl.run(['-n', SYSTEM, 'annotate', '--overwrite', kind, source, at]);
  if (state === 'gone') {
    say(`${namespace}: Flux deletes the namespace.`);
    const read = async () =>
      [await kubectl.get('namespaces', namespace)].flatMap((one) => one ?? []);
    await untilGone(`the namespace ${namespace} to go`, read, say);
    return say(`${namespace} is gone.`);
  }
  say(`${namespace}: Flux removes the app.`);
  await until(`the app of ${name} to go`, say, async () => {
    const left = await missing(kubectl, namespace);
    const why = () => `Still there, or not yet allowed to go: ${left.join(', ')}.`;
    return { done: left.length === 0, state: left.join(), why };
  });
  say(`The app of ${name} is gone. Run the same command again to remove the rest.`);
}
