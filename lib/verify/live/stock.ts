/** The objects in the namespaces of the tenants, as far as the user may see them. */
import pMap from 'p-map';
import { type Kubectl, KubectlError, type KubernetesObject } from '../../cluster/kubectl.ts';
import { KUSTOMIZATIONS, SOURCE_RESOURCES } from '../../plan/estate.ts';
import { AT_ONCE, NO_RIGHT, objectsIn } from './objects.ts';

/** The kinds that a tenant may have, as kubectl names them. */
const KINDS = [
  ...['configmaps', 'secrets', 'services', 'serviceaccounts', 'persistentvolumeclaims', 'pods'],
  ...['replicationcontrollers', 'resourcequotas', 'limitranges'],
  ...['deployments.apps', 'statefulsets.apps', 'daemonsets.apps', 'replicasets.apps'],
  ...['jobs.batch', 'cronjobs.batch', 'horizontalpodautoscalers.autoscaling'],
  ...['poddisruptionbudgets.policy', 'ingresses.networking.k8s.io'],
  ...['networkpolicies.networking.k8s.io', 'roles.rbac.authorization.k8s.io'],
  ...['rolebindings.rbac.authorization.k8s.io', ...Object.values(SOURCE_RESOURCES)],
  ...['helmrepositories.source.toolkit.fluxcd.io', 'helmcharts.source.toolkit.fluxcd.io'],
  ...[KUSTOMIZATIONS, 'helmreleases.helm.toolkit.fluxcd.io'],
  ...['alerts', 'providers', 'receivers'].map((kind) => `${kind}.notification.toolkit.fluxcd.io`),
  ...['resourcesets', 'resourcesetinputproviders'].map((kind) => `${kind}.fluxcd.controlplane.io`),
];

/** With more namespaces than this, one question about all namespaces of the cluster is faster. */
const FEW = 8;

/** Helm keeps each release as a Secret of up to 1 MiB. Nobody else makes Secrets of this type. */
const FLAGS: { readonly [kind: string]: readonly string[] } = {
  secrets: ['--field-selector', 'type!=helm.sh/release.v1'],
};

/** What is in `namespaces`, and the kinds that the user may not list in all of them. */
export type Stock = {
  readonly objects: readonly KubernetesObject[];
  readonly unseen: ReadonlyMap<string, readonly string[]>;
};

/** The objects of `namespaces`. Kinds that the cluster does not have are left out. */
export async function takeStock(kubectl: Kubectl, namespaces: readonly string[]): Promise<Stock> {
  const unseen = new Map<string, string[]>();
  const parts =
    namespaces.length > FEW
      ? await pMap(KINDS, (kind) => everywhere(kubectl, kind, namespaces, unseen), {
          concurrency: AT_ONCE,
        })
      : await pMap(namespaces, (namespace) => inOne(kubectl, namespace, unseen), {
          concurrency: AT_ONCE,
        });
  return { objects: parts.flat(), unseen };
}

/** All objects of `kind` in `namespaces`, with one question if the user may ask it. */
async function everywhere(
  kubectl: Kubectl,
  kind: string,
  namespaces: readonly string[],
  unseen: Map<string, string[]>,
): Promise<KubernetesObject[]> {
  const wanted = new Set(namespaces);
  const all = await list(kubectl, kind, ['-A']);
  if (all) return all.filter(({ metadata }) => wanted.has(metadata.namespace ?? ''));
  const parts: KubernetesObject[] = [];
  for (const namespace of namespaces)
    parts.push(...(await listIn(kubectl, kind, namespace, unseen)));
  return parts;
}

/** All objects of one namespace, in two questions if the cluster has all kinds and the user may see them. */
async function inOne(
  kubectl: Kubectl,
  namespace: string,
  unseen: Map<string, string[]>,
): Promise<KubernetesObject[]> {
  const common = KINDS.filter((kind) => !(kind in FLAGS));
  const args = ['get', common.join(','), '-n', namespace, '-o', 'json'];
  const { code, out } = await kubectl.attempt(args);
  const parts = code === 0 ? objectsIn(out) : [];
  for (const kind of code === 0 ? Object.keys(FLAGS) : KINDS)
    parts.push(...(await listIn(kubectl, kind, namespace, unseen)));
  return parts;
}

/** The objects of `kind` in `namespace`; `unseen` remembers that the user may not see them. */
async function listIn(
  kubectl: Kubectl,
  kind: string,
  namespace: string,
  unseen: Map<string, string[]>,
): Promise<KubernetesObject[]> {
  const found = await list(kubectl, kind, ['-n', namespace]);
  if (found === undefined) unseen.set(kind, [...(unseen.get(kind) ?? []), namespace]);
  return found ?? [];
}

/** The objects of one kind; none if the cluster does not have the kind, undefined if the user may not see them. */
async function list(
  kubectl: Kubectl,
  kind: string,
  where: readonly string[],
): Promise<KubernetesObject[] | undefined> {
  const args = ['get', kind, ...where, ...(FLAGS[kind] ?? []), '-o', 'json'];
  const { code, out, error } = await kubectl.attempt(args);
  if (code === 0) return objectsIn(out);
  if (/the server doesn't have a resource type/.test(error)) return [];
  if (NO_RIGHT.test(error)) return undefined;
  throw new KubectlError(error);
}
