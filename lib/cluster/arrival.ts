/** Brings an environment to a cluster, and takes the syncs of its former app repo away without its app. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { KUSTOMIZATIONS, SOURCE_RESOURCES, sourceResource } from '../plan/estate.ts';
import type { Say } from '../terminal.ts';
import type { Kubectl, KubernetesObject } from './kubectl.ts';
import { ownedBy } from './removal.ts';
import { describe, isLeaving, until, untilGone } from './wait.ts';

/** An environment, and its folder in the clone of the config repo. */
export type Arrival = {
  readonly name: string;
  readonly namespace: string;
  readonly folder: string;
};

/** The syncs in the files of `arrival`, as `kind/name`. */
async function syncsIn(kubectl: Kubectl, { folder }: Arrival): Promise<Set<string>> {
  const text = await kubectl.run(['apply', '--dry-run=client', '-f', folder, '-o', 'name']);
  return new Set(text.split('\n').filter((name) => name.includes('.fluxcd.io/')));
}

const isIn = (names: ReadonlySet<string>, one: KubernetesObject): boolean => {
  const [group] = one.apiVersion.split('/');
  return names.has(`${one.kind.toLowerCase()}.${group}/${one.metadata.name}`);
};

/**
 * The syncs on the cluster that the files of `arrival` do not have any more: those that the platform applied, and not
 * what the app itself gave to Flux.
 */
export async function formerSyncs(kubectl: Kubectl, arrival: Arrival): Promise<KubernetesObject[]> {
  const { namespace } = arrival;
  const names = await syncsIn(kubectl, arrival);
  const all = (await kubectl.list(KUSTOMIZATIONS, { namespace })) ?? [];
  return all.filter((one) => !ownedBy(one, namespace) && !isIn(names, one));
}

/**
 * Brings `arrival` to the cluster, and waits until its app is ready. With `isMove`, the syncs of the former app repo go:
 * they must not delete what the new one owns, so they are switched off before the new one comes. Where the cluster
 * follows the config repo (`isFollowed`), Flux itself applies the files.
 */
export async function bring(
  kubectl: Kubectl,
  arrival: Arrival,
  { isMove, isFollowed }: { readonly isMove: boolean; readonly isFollowed: boolean },
  say: Say,
): Promise<void> {
  const { name, namespace, folder } = arrival;
  const former = async (): Promise<KubernetesObject[]> =>
    isMove ? formerSyncs(kubectl, arrival) : [];
  if (isFollowed) await waitForSyncs(kubectl, arrival, say);
  else await checkSecrets(kubectl, arrival, say);
  await disarm(kubectl, namespace, await former(), say);
  if (!isFollowed) {
    say(`${namespace}: applies ${folder}.`);
    await kubectl.run(['apply', '-f', folder]);
    await waitForSyncs(kubectl, arrival, say);
  }
  for (const one of await former()) {
    say(`${namespace}: removes the sync of the former app repo (${describe(one)}). The app stays.`);
    await removeSource(kubectl, arrival, one);
    await kubectl.run([
      'delete',
      KUSTOMIZATIONS,
      one.metadata.name,
      '-n',
      namespace,
      '--wait=false',
      '--ignore-not-found',
    ]);
  }
  await untilGone(`the former sync of ${name} to go`, former, say);
  say(`${name} is ready.`);
}

/** Switches `syncs` off, so that they neither apply nor delete anything any more. */
async function disarm(
  kubectl: Kubectl,
  namespace: string,
  syncs: readonly KubernetesObject[],
  say: Say,
): Promise<void> {
  const patch = JSON.stringify({ spec: { suspend: true, deletionPolicy: 'Orphan' } });
  for (const one of syncs.filter((sync) => !isLeaving(sync))) {
    say(`${namespace}: switches the former sync off (${describe(one)}).`);
    await kubectl.run([
      'patch',
      KUSTOMIZATIONS,
      one.metadata.name,
      '-n',
      namespace,
      '--type=merge',
      '-p',
      patch,
    ]);
  }
}

type Source = { readonly kind: string; readonly spec?: { readonly secretRef?: { name: string } } };

/**
 * Throws a UserError if Flux needs a Secret that is not there: nothing but the namespace of the tenant has changed then.
 * Without this look, a move would wait for an app that cannot come.
 */
async function checkSecrets(
  kubectl: Kubectl,
  { name, namespace, folder }: Arrival,
  say: Say,
): Promise<void> {
  const printed = await kubectl.run(['apply', '--dry-run=client', '-f', folder, '-o', 'json']);
  const { items = [] } = JSON.parse(printed) as { items?: readonly Source[] };
  const wanted = items.flatMap(({ kind, spec }) =>
    sourceResource(kind) === undefined ? [] : (spec?.secretRef?.name ?? []),
  );
  if (wanted.length === 0) return;
  // A Secret needs the namespace.
  say(`${namespace}: applies the namespace, which has the Secrets for Flux.`);
  await kubectl.run(['apply', '-f', join(folder, '1_tenant.yaml')]);
  for (const secret of wanted) {
    if ((await kubectl.get('secrets', secret, namespace)) !== undefined) continue;
    throw new UserError(
      `Flux needs the Secret ${secret} in the namespace ${namespace} to read the app repo of ${name}, and it is not there. The app was not changed.\n` +
        `  Make it with flux-gitops credentials ${name} --live, then run the same command again.`,
      1,
    );
  }
}

/** Deletes the source of `sync`, if the files of the environment do not have it and no other sync uses it. */
async function removeSource(
  kubectl: Kubectl,
  arrival: Arrival,
  sync: KubernetesObject,
): Promise<void> {
  const { namespace } = arrival;
  const { sourceRef } = sync.spec as {
    sourceRef: { kind: string; name: string; namespace?: string };
  };
  const resource = sourceResource(sourceRef.kind);
  const isHere = (sourceRef.namespace ?? namespace) === namespace;
  if (resource === undefined || !isHere) return;
  const names = await syncsIn(kubectl, arrival);
  if (
    [...names].some(
      (one) => one.startsWith(sourceRef.kind.toLowerCase()) && one.endsWith(`/${sourceRef.name}`),
    )
  )
    return;
  const all = (await kubectl.list(KUSTOMIZATIONS, { namespace })) ?? [];
  const users = all.filter(({ spec }) => {
    const { sourceRef: used } = spec as { sourceRef: { kind: string; name: string } };
    return used.kind === sourceRef.kind && used.name === sourceRef.name;
  });
  if (users.length > 1) return;
  const source = await kubectl.get(resource, sourceRef.name, namespace);
  // The Secret goes first, so that a run which continues here still finds its name.
  if (source) await removeSecret(kubectl, namespace, source);
  await kubectl.run([
    'delete',
    resource,
    sourceRef.name,
    '-n',
    namespace,
    '--wait=false',
    '--ignore-not-found',
  ]);
}

const secretOf = ({ spec }: KubernetesObject): string | undefined =>
  (spec as { secretRef?: { name: string } }).secretRef?.name;

/** Deletes the Secret of `source`, which goes: the tenant must not read that repository any more. */
async function removeSecret(
  kubectl: Kubectl,
  namespace: string,
  source: KubernetesObject,
): Promise<void> {
  const name = secretOf(source);
  const secret = name && (await kubectl.get('secrets', name, namespace));
  // A Secret of a person can have other uses.
  if (!name || !secret || secret.metadata.labels?.[MANAGED_BY] !== 'flux-gitops') return;
  const kinds = `${SOURCE_RESOURCES.GitRepository},${SOURCE_RESOURCES.OCIRepository}`;
  const sources = await kubectl.list(kinds, { namespace });
  const users = sources?.filter((one) => secretOf(one) === name);
  if (users === undefined || users.length > 1) return;
  await kubectl.run(['delete', 'secret', name, '-n', namespace, '--ignore-not-found']);
}

/** The label of what the command `credentials` wrote. */
const MANAGED_BY = 'app.kubernetes.io/managed-by';

/** Whether the syncs in the files of `arrival` are on the cluster. */
export async function isApplied(kubectl: Kubectl, arrival: Arrival): Promise<boolean> {
  const names = await syncsIn(kubectl, arrival);
  const all = (await kubectl.list(KUSTOMIZATIONS, { namespace: arrival.namespace })) ?? [];
  const wanted = [...names].filter((one) => one.startsWith('kustomization.'));
  return wanted.length === all.filter((one) => isIn(names, one)).length;
}

type Ready = {
  observedGeneration?: number;
  conditions?: readonly { type: string; status: string; message?: string }[];
};

/** Waits until every Kustomization in the files of `arrival` is Ready. */
async function waitForSyncs(kubectl: Kubectl, arrival: Arrival, say: Say): Promise<void> {
  const { name, namespace } = arrival;
  const wanted = [...(await syncsIn(kubectl, arrival))].filter((one) =>
    one.startsWith('kustomization.'),
  );
  say(`${namespace}: waits until Flux has applied the app from the pushed app repo.`);
  await until(`the app of ${name}`, say, async () => {
    const all = (await kubectl.list(KUSTOMIZATIONS, { namespace })) ?? [];
    const states = wanted.map((one) => {
      const [, sync = ''] = one.split('/');
      const found = all.find(({ metadata }) => metadata.name === sync);
      return { sync, isReady: isReady(found), message: messageOf(found) };
    });
    const open = states.filter((one) => !one.isReady);
    const why = () =>
      open.map(({ sync, message }) => `Kustomization ${sync}: ${message}.`).join(' ');
    return { done: open.length === 0, state: why(), why };
  });
}

function isReady(one: KubernetesObject | undefined): boolean {
  const { observedGeneration, conditions = [] } = (one?.status ?? {}) as Ready;
  const ready = conditions.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' && observedGeneration === one?.metadata.generation;
}

function messageOf(one: KubernetesObject | undefined): string {
  if (one === undefined) return 'it is not on the cluster';
  const { conditions = [] } = (one.status ?? {}) as Ready;
  return conditions.find(({ type }) => type === 'Ready')?.message ?? 'Flux has not looked at it';
}

/** Throws a UserError if the files of `arrival` are not here, so that nothing can be applied. */
export function checkFiles({ name, folder }: Arrival): void {
  if (existsSync(join(folder, '2_sync.yaml'))) return;
  throw new UserError(`${folder} has no 2_sync.yaml, so ${name} cannot be applied.`, 1);
}
