/** What nobody manages in the namespaces of tenants, and what cannot go. */
import type { KubernetesObject } from '../../cluster/kubectl.ts';
import {
  aboutFile,
  type Finding,
  groupOf,
  listAt,
  type Manifest,
  objectAt,
  type Tenant,
  textAt,
} from '../model.ts';
import { identity, identityOf } from './objects.ts';

/** What the cluster itself puts into each namespace. */
const CLUSTERS_OWN = new Set([
  ...['ConfigMap kube-root-ca.crt', 'ConfigMap openshift-service-ca.crt'],
  ...['ConfigMap istio-ca-root-cert', 'ConfigMap istio-ca-crl'],
  ...['ServiceAccount default', 'ServiceAccount builder', 'ServiceAccount deployer'],
]);

/** Labels and annotations with which controllers mark what they made. */
const MARKS = [
  'helm.toolkit.fluxcd.io/name',
  'resourceset.fluxcd.controlplane.io/name',
  'cert-manager.io/certificate-name',
];

/** What is known about the objects of tenants: where each comes from. */
export type Known = {
  /** The manifests of the config repo. */
  readonly files: readonly Manifest[];
  readonly objects: readonly KubernetesObject[];
  /** Kustomizations elsewhere that may have applied something in the namespaces. */
  readonly appliers: readonly KubernetesObject[];
};

/** The objects of `tenants` that neither a file of the config repo nor Flux nor another object explains. */
export function unmanagedFindings(tenants: readonly Tenant[], known: Known): Finding[] {
  const managed = new Set([
    ...known.files.map(identity),
    ...[...known.objects, ...known.appliers].flatMap(appliedBy),
    ...known.objects.flatMap(secretsOf),
  ]);
  const sets = known.objects.filter(({ kind }) => kind === 'StatefulSet');
  const isExplained = (one: KubernetesObject): boolean =>
    managed.has(identityOf(one)) || isMade(one) || sets.some((set) => isClaimOf(one, set));
  return tenants.flatMap((tenant) =>
    known.objects
      .filter(({ metadata }) => metadata.namespace === tenant.namespace)
      .filter((one) => one.metadata.deletionTimestamp === undefined && !isExplained(one))
      .map((one) =>
        inTenant(
          'unmanaged-object',
          tenant,
          one,
          'nothing in a repository of this estate describes it',
        ),
      ),
  );
}

/** The objects that a Kustomization or a HelmRelease has in its status. */
function appliedBy({ status }: KubernetesObject): string[] {
  const ids = listAt(status, 'inventory', 'entries').map((one) => textAt(one, 'id') ?? '');
  const chart = textAt(status, 'helmChart')?.split('/');
  return [
    ...ids.map((id) => {
      const [namespace = '', name = '', , kind = ''] = splitId(id);
      return identity({ kind, namespace, name });
    }),
    ...(chart ? [identity({ kind: 'HelmChart', namespace: chart[0], name: chart[1] ?? '' })] : []),
  ];
}

/** An entry of an inventory is NAMESPACE_NAME_GROUP_KIND. A colon in a name is written as two underscores. */
function splitId(id: string): string[] {
  const [, namespace = '', name = '', group = '', kind = ''] =
    /^([^_]*)_(.*)_([^_]*)_([^_]*)$/.exec(id) ?? [];
  return [namespace, name.replaceAll('__', ':'), group, kind];
}

/** The Secrets that `one`, an object of Flux, reads. */
function secretsOf({ kind, apiVersion, metadata, spec }: KubernetesObject): string[] {
  if (!groupOf(apiVersion).endsWith('fluxcd.io')) return [];
  const { namespace } = metadata;
  return [
    ['secretRef'],
    ['verify', 'secretRef'],
    ['certSecretRef'],
    ['decryption', 'secretRef'],
  ].flatMap((path) => {
    const name = textAt(spec, ...path, 'name');
    return name === undefined || kind === '' ? [] : [identity({ kind: 'Secret', namespace, name })];
  });
}

/** Whether the cluster, a controller or another object made `one`. */
function isMade({ kind, metadata, type }: KubernetesObject): boolean {
  const { name, labels = {}, annotations = {} } = metadata;
  const owners = (metadata as { readonly ownerReferences?: readonly object[] }).ownerReferences;
  if (owners !== undefined && owners.length > 0) return true;
  if (CLUSTERS_OWN.has(`${kind} ${name}`)) return true;
  if (kind === 'RoleBinding' && name.startsWith('system:')) return true;
  // OpenShift makes these for its service accounts.
  if (kind === 'Secret' && 'openshift.io/internal-registry-auth-token.binding' in annotations)
    return true;
  if (type === 'helm.sh/release.v1') return true;
  // What `flux-gitops credentials` made.
  if (kind === 'Secret' && labels['app.kubernetes.io/managed-by'] === 'flux-gitops') return true;
  return MARKS.some((mark) => mark in labels || mark in annotations);
}

/** Whether `claim` is a PersistentVolumeClaim that `set`, a StatefulSet, made for one of its pods. */
function isClaimOf({ kind, metadata }: KubernetesObject, set: KubernetesObject): boolean {
  if (kind !== 'PersistentVolumeClaim' || metadata.namespace !== set.metadata.namespace)
    return false;
  return listAt(set.spec, 'volumeClaimTemplates').some((template) => {
    const start = `${textAt(objectAt(template, 'metadata'), 'name')}-${set.metadata.name}-`;
    return metadata.name.startsWith(start) && /^\d+$/.test(metadata.name.slice(start.length));
  });
}

/** How long a deletion may take before it counts as held (milliseconds). */
const PATIENCE = 60_000;

/** The objects of `tenants`, and their Namespaces, that wait for their finalizers at the time `now`. */
export function finalizerFindings(
  tenants: readonly Tenant[],
  objects: readonly KubernetesObject[],
  now: number,
): Finding[] {
  return tenants.flatMap((tenant) =>
    objects
      .filter(
        ({ kind, metadata }) =>
          (kind === 'Namespace' ? metadata.name : metadata.namespace) === tenant.namespace,
      )
      .filter(
        ({ metadata: { deletionTimestamp } }) =>
          deletionTimestamp !== undefined && now - Date.parse(deletionTimestamp) > PATIENCE,
      )
      .map((one) => inTenant('finalizer-hangs', tenant, one, heldText(one))),
  );
}

function heldText({ kind, metadata, status }: KubernetesObject): string {
  const { finalizers = [], deletionTimestamp } = metadata;
  const since = `it is being deleted since ${deletionTimestamp}`;
  if (finalizers.length > 0)
    return `${since}, and waits for the finalizers ${finalizers.join(', ')}`;
  const left = listAt(status, 'conditions')
    .filter((one) => textAt(one, 'status') === 'True')
    .map((one) => textAt(one, 'message'));
  return kind === 'Namespace' ? `${since}. ${left.join(' ')}`.trim() : since;
}

/** A finding about `one`, which no file describes: it is shown at the file of its tenant. */
function inTenant(
  code: 'unmanaged-object' | 'finalizer-hangs',
  { manifests, environment, namespace }: Tenant,
  one: KubernetesObject,
  message: string,
): Finding {
  const file = manifests.find(({ kind }) => kind === 'Namespace') ?? manifests[0];
  const finding = aboutFile(code, file?.repo ?? '', file?.path ?? '', message, file?.line ?? 1);
  const { name } = one.metadata;
  const object =
    one.kind === 'Namespace' ? `Namespace ${name}` : `${one.kind} ${namespace}/${name}`;
  return { ...finding, object, environment: environment.name, appRepo: environment.repo };
}
