/** Removes tenants from a cluster, in the order that works. What is left to do is read from the cluster each time. */
import { UserError } from '../errors.ts';
import { KUSTOMIZATIONS } from '../plan/estate.ts';
import type { Departure } from '../plan/plan.ts';
import type { Say } from '../terminal.ts';
import type { Kubectl, KubernetesObject } from './kubectl.ts';
import { describe, isLeaving, untilGone } from './wait.ts';

export const TENANT = 'toolkit.fluxcd.io/tenant';
/** The labels with which Flux marks what a Kustomization applied. */
const OWNER = 'kustomize.toolkit.fluxcd.io';

/** Whether a Kustomization of `namespace` applied `one`. */
export const ownedBy = ({ metadata }: KubernetesObject, namespace: string): boolean =>
  metadata.labels?.[`${OWNER}/namespace`] === namespace;

/** What a removal would delete, before anything is changed. */
export type Stock = {
  readonly departure: Departure;
  readonly isThere: boolean;
  /** The claims with data, which the removal deletes. */
  readonly claims: readonly string[];
};

/**
 * What the cluster has of `departure`. Throws a UserError if its namespace belongs to nobody or to somebody else, or if
 * Flux would bring it back.
 */
export async function takeStock(kubectl: Kubectl, departure: Departure): Promise<Stock> {
  const { namespace } = departure;
  const found = await kubectl.get('namespaces', namespace);
  if (found === undefined) return { departure, isThere: false, claims: [] };
  await checkOwner(kubectl, found, departure);
  await checkAppliers(kubectl, departure);
  const claims = (await kubectl.list('persistentvolumeclaims', { namespace })) ?? [];
  return { departure, isThere: true, claims: claims.map(({ metadata }) => metadata.name) };
}

/**
 * Refuses a namespace that is not this tenant's. One that a user made with the flux CLI is labelled with the name of its
 * service account; when that is gone as well, Kubernetes is deleting the namespace already.
 */
async function checkOwner(
  kubectl: Kubectl,
  found: KubernetesObject,
  departure: Pick<Departure, 'name' | 'namespace' | 'isAdopted'>,
): Promise<void> {
  const label = found.metadata.labels?.[TENANT];
  if (departure.isAdopted && label !== undefined) {
    const account = await kubectl.get('serviceaccounts', label, departure.namespace);
    if (isLeaving(found) || account?.metadata.labels?.[TENANT] === label) return;
  }
  checkTenant(found, departure);
}

/** Refuses a namespace that is not marked as this tenant's. */
export function checkTenant(
  { metadata }: KubernetesObject,
  { name, namespace }: Pick<Departure, 'name' | 'namespace'>,
): void {
  const tenant = metadata.labels?.[TENANT];
  if (tenant === namespace) return;
  const label = tenant === undefined ? `no label ${TENANT}` : `the label ${TENANT}=${tenant}`;
  throw new UserError(
    `The namespace ${namespace} has ${label}, so it is not the tenant ${name} of this estate. Nothing was changed.\n` +
      '  If the tenant has another namespace, flux-gitops remove --help says how to name it. Delete a namespace of somebody else by hand.',
    1,
  );
}

type Inventory = { inventory?: { entries?: readonly { id?: string }[] } };

/** The ids of the objects that `one` has applied, as Flux lists them: NAMESPACE_NAME_GROUP_KIND. */
export const inventoryOf = (one: KubernetesObject): string[] =>
  ((one.status as Inventory | undefined)?.inventory?.entries ?? []).flatMap(({ id }) => id ?? []);

/** Refuses to delete what a Kustomization of another namespace applies: Flux would bring it back. */
async function checkAppliers(kubectl: Kubectl, { name, namespace }: Departure): Promise<void> {
  const all = (await kubectl.list(KUSTOMIZATIONS)) ?? [];
  const applier = all.find(
    (one) =>
      one.metadata.namespace !== namespace &&
      inventoryOf(one).some(
        (id) => id.startsWith(`${namespace}_`) || id.startsWith(`_${namespace}_`),
      ),
  );
  if (applier === undefined) return;
  throw new UserError(
    `${describe(applier)} in the namespace ${applier.metadata.namespace} applies the tenant ${name}, so Flux would bring it back. ` +
      'Nothing was changed on the cluster.\n' +
      '  Push the config repo without the environment first, and wait until Flux has applied the commit. Then run the same command again.',
    1,
  );
}

/** Removes the tenant of `departure`, and waits for each step. Throws a UserError if something does not go. */
export async function removeTenant(
  kubectl: Kubectl,
  departure: Departure,
  say: Say,
): Promise<void> {
  const { namespace } = departure;
  if (await kubectl.get('namespaces', namespace)) {
    const kinds = await fluxKinds(kubectl);
    if (kinds.includes(KUSTOMIZATIONS)) await removeSyncs(kubectl, namespace, say);
    const appliers = kinds.filter((kind) =>
      /^(kustomizations|helmreleases|resourcesets)\./.test(kind),
    );
    await removeAll(kubectl, namespace, appliers, 'what the app itself gave to Flux', say);
    await removeAll(kubectl, namespace, kinds, 'the sources of Flux', say);
    await removeNamespace(kubectl, departure, say);
  } else say(`The namespace ${namespace} is not on the cluster.`);
  await removeClusterWide(kubectl, namespace, say);
  await nameVolumes(kubectl, namespace, say);
}

/** The kinds of Flux that live in namespaces, as the cluster knows them. */
async function fluxKinds(kubectl: Kubectl): Promise<string[]> {
  const text = await kubectl.run([
    'api-resources',
    '--namespaced',
    '--verbs=list,delete',
    '-o',
    'name',
  ]);
  return text.split('\n').filter((kind) => /\.fluxcd\.(io|controlplane\.io)$/.test(kind));
}

/** Deletes the Kustomizations that the platform applied, while they still have the rights to delete the app. */
async function removeSyncs(kubectl: Kubectl, namespace: string, say: Say): Promise<void> {
  const read = async (): Promise<KubernetesObject[]> =>
    ((await kubectl.list(KUSTOMIZATIONS, { namespace })) ?? []).filter(
      (one) => !ownedBy(one, namespace),
    );
  const syncs = await read();
  if (syncs.length === 0) return;
  say(`${namespace}: Flux removes the app (${syncs.map(describe).join(', ')}).`);
  for (const sync of syncs.filter((one) => !isLeaving(one))) {
    const { name } = sync.metadata;
    const spec = { deletionPolicy: 'WaitForTermination' };
    const patch = ['patch', KUSTOMIZATIONS, name, '-n', namespace, '--type=merge'];
    if ((sync.spec as { prune?: boolean }).prune)
      await kubectl.run([...patch, '-p', JSON.stringify({ spec })]);
    await remove(kubectl, namespace, KUSTOMIZATIONS, [name]);
  }
  await untilGone(`the sync of ${namespace} to go`, read, say);
}

/** Deletes all objects of `kinds` in `namespace`. */
async function removeAll(
  kubectl: Kubectl,
  namespace: string,
  kinds: readonly string[],
  what: string,
  say: Say,
): Promise<void> {
  if (kinds.length === 0) return;
  const read = async (): Promise<readonly KubernetesObject[]> =>
    (await kubectl.list(kinds.join(','), { namespace })) ?? [];
  const found = await read();
  if (found.length === 0) return;
  say(`${namespace}: ${what} (${found.map(describe).join(', ')}).`);
  for (const [kind, objects] of Map.groupBy(
    found.filter((one) => !isLeaving(one)),
    kindOf,
  ))
    await remove(
      kubectl,
      namespace,
      kind,
      objects.map(({ metadata }) => metadata.name),
    );
  await untilGone(`${what} in ${namespace} to go`, read, say);
}

/** The kind of `one` as kubectl takes it without doubt: `Kind.version.group`. */
const kindOf = ({ apiVersion, kind }: KubernetesObject): string => {
  const [group = '', version = ''] = apiVersion.split('/');
  return version === '' ? kind : `${kind}.${version}.${group}`;
};

/** Deletes objects and does not wait: the caller looks until they are gone. */
async function remove(
  kubectl: Kubectl,
  namespace: string | undefined,
  kind: string,
  names: readonly string[],
): Promise<void> {
  const place = namespace === undefined ? [] : ['-n', namespace];
  await kubectl.run(['delete', kind, ...names, ...place, '--ignore-not-found', '--wait=false']);
}

async function removeNamespace(kubectl: Kubectl, departure: Departure, say: Say): Promise<void> {
  const { namespace } = departure;
  const read = async (): Promise<KubernetesObject[]> =>
    [await kubectl.get('namespaces', namespace)].flatMap((one) => one ?? []);
  const [found] = await read();
  if (found === undefined) return;
  // Between the first look and now, somebody may have made a namespace of the same name.
  await checkOwner(kubectl, found, departure);
  say(`${namespace}: the namespace with everything that is left in it.`);
  if (!isLeaving(found)) await remove(kubectl, undefined, 'namespaces', [namespace]);
  await untilGone(`the namespace ${namespace} to go`, read, say);
  say(`${namespace} is gone.`);
}

/** Rights outside of the namespace that carry the label of the tenant: this package writes none, but a person may have. */
async function removeClusterWide(kubectl: Kubectl, namespace: string, say: Say): Promise<void> {
  const kinds =
    'clusterrolebindings.rbac.authorization.k8s.io,clusterroles.rbac.authorization.k8s.io';
  const found = (await kubectl.list(kinds, { selector: `${TENANT}=${namespace}` })) ?? [];
  if (found.length === 0) return;
  say(`${namespace}: objects outside of the namespace (${found.map(describe).join(', ')}).`);
  for (const [kind, objects] of Map.groupBy(found, kindOf))
    await remove(
      kubectl,
      undefined,
      kind,
      objects.map(({ metadata }) => metadata.name),
    );
}

/** Volumes with the reclaim policy Retain stay, with their data. */
async function nameVolumes(kubectl: Kubectl, namespace: string, say: Say): Promise<void> {
  const volumes = (await kubectl.list('persistentvolumes')) ?? [];
  const left = volumes.filter(({ spec }) => {
    const { claimRef, persistentVolumeReclaimPolicy } = spec as {
      claimRef?: { namespace?: string };
      persistentVolumeReclaimPolicy?: string;
    };
    return claimRef?.namespace === namespace && persistentVolumeReclaimPolicy === 'Retain';
  });
  if (left.length === 0) return;
  const names = left.map(({ metadata }) => metadata.name).join(' ');
  say(
    `These volumes of ${namespace} stay, because their reclaim policy is Retain. To delete them: kubectl delete persistentvolumes ${names}`,
  );
}
