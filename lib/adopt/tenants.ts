import { isReservedNamespace } from '../settings/rules.ts';
import { keysAt, type Manifest, textAt, valueAt } from './manifests.ts';
import { folderOf, type Unit } from './overlays.ts';

/** The objects of one namespace that are applied together. */
export type Tenant = {
  readonly namespace: string;
  readonly overlay?: string;
  readonly objects: readonly Manifest[];
  /** The Flux Kustomizations among them. */
  readonly syncs: readonly Manifest[];
};

const FLUX = /^(kustomize|source)\.toolkit\.fluxcd\.io\//;

/** Whether `manifest` is a Kustomization of Flux, and not one of kustomize. */
export const isSync = ({ kind, apiVersion }: Manifest): boolean =>
  kind === 'Kustomization' && FLUX.test(apiVersion);

/** The tenants of `units`: the namespaces with a sync that belong neither to Flux nor to Kubernetes. */
export function tenantsOf(units: readonly Unit[]): Tenant[] {
  return units.flatMap(({ overlay, manifests }) => {
    const namespaces = new Set(manifests.filter(isSync).map(({ namespace }) => namespace));
    return [...namespaces]
      .filter((namespace) => namespace !== '' && !isReservedNamespace(namespace))
      .map((namespace): Tenant => {
        const inside = (one: Manifest): boolean =>
          one.namespace === namespace || (one.kind === 'Namespace' && one.name === namespace);
        // The namespace and the rights can be in another unit than the sync.
        const own = manifests.filter(inside);
        const elsewhere = units
          .filter((one) => one.manifests !== manifests && one.overlay === undefined)
          .flatMap((one) => one.manifests.filter(inside));
        const objects = [...own, ...elsewhere];
        return {
          ...{ namespace, objects, syncs: own.filter(isSync) },
          ...(overlay !== undefined && { overlay }),
        };
      });
  });
}

/** The first object of `kind` in `tenant` with the name `name`, if given. */
export function objectOf({ objects }: Tenant, kind: string, name?: string): Manifest | undefined {
  return objects.find((one) => one.kind === kind && (name === undefined || one.name === name));
}

/** The keys of `spec` that this package writes with values of its own or of the record. */
const KNOWN_SOURCE = ['interval', 'ref', 'url', 'timeout'];
const KNOWN_SYNC = [
  ...['interval', 'path', 'prune', 'serviceAccountName', 'sourceRef', 'targetNamespace', 'wait'],
  ...['timeout', 'retryInterval', 'deletionPolicy'],
];

/** What the sync `sync` from `source` would lose in the form in which this package writes it, as sentences. */
export function lossesOf(
  tenant: Tenant,
  sync: Manifest,
  source: Manifest,
  usual: { readonly url: string; readonly fields: readonly string[] },
  replaceable: readonly string[],
): string[] {
  const { url, fields } = usual;
  const lost: string[] = [];
  const extra = (one: Manifest, known: readonly string[]): void => {
    for (const key of keysAt(one, 'spec').filter((key) => !known.includes(key)))
      lost.push(`${spot(one, 'spec', key)} sets spec.${key} of ${one.kind} ${one.name}`);
  };
  extra(source, [...KNOWN_SOURCE, ...fields]);
  extra(sync, KNOWN_SYNC);
  if (textAt(source, 'spec', 'url') !== url)
    lost.push(`${spot(source, 'spec', 'url')} has another form of the address ${url}`);
  const target = textAt(sync, 'spec', 'targetNamespace');
  if (target !== undefined && target !== tenant.namespace)
    lost.push(`${spot(sync, 'spec', 'targetNamespace')} applies everything in ${target}`);
  if (textAt(sync, 'spec', 'prune') !== 'true')
    lost.push(`${spot(sync, 'spec', 'prune')} does not let Flux delete what a commit removes`);
  if (tenant.overlay !== undefined && tenant.overlay !== '.')
    return [
      ...lost,
      `${tenant.overlay}/kustomization.yaml builds it from files of other folders, for one of several clusters, and an estate of this package is for one cluster`,
    ];
  if (accountOf(sync) === undefined)
    lost.push(
      `${spot(sync, 'spec')} names no service account, so Flux applies it with its own rights`,
    );
  const accounts = accountsOf(tenant, sync);
  for (const one of tenant.objects.filter((it) => isCovered(it, accounts, sync, source)))
    lost.push(...ownPartsOf(one, tenant.namespace, accounts));
  for (const file of filesOf(tenant)) {
    const own = tenant.objects.filter((one) => one.file === file);
    const covered = own.some((one) => isCovered(one, accounts, sync, source));
    const others = own.filter((one) => !isCovered(one, accounts, sync, source));
    if (!replaceable.includes(file) && covered)
      lost.push(
        others.length > 0
          ? `${file} also has ${others.map(({ kind, name }) => `${kind} ${name}`).join(', ')}`
          : `${file} also has objects of other namespaces`,
      );
  }
  return lost;
}

/** What the object `one` has beside what this package writes in an object of its kind and name, as sentences. */
function ownPartsOf(one: Manifest, namespace: string, accounts: readonly string[]): string[] {
  const about = (path: string[], what: string): string =>
    `${spot(one, ...path)} has the ${what} of ${one.kind} ${one.name}`;
  const metadata = (['labels', 'annotations'] as const).flatMap((part) =>
    keysAt(one, 'metadata', part)
      .filter((key) => !OUR_METADATA.test(key))
      .map((key) => about(['metadata', part, key], `${part.slice(0, -1)} ${key}`)),
  );
  const keys = keysAt(one).filter((key) => !OUR_KEYS.includes(key));
  const subjects = (valueAt(one, 'subjects')?.value ?? []) as { kind?: string; name?: string }[];
  const others = subjects.filter(
    ({ kind, name }) =>
      name !== `gotk:${namespace}:reconciler` &&
      !(kind === 'ServiceAccount' && accounts.includes(name ?? '')),
  );
  return [
    ...metadata,
    ...keys.map((key) => about([key], `field ${key}`)),
    ...others.map(({ kind, name }) => about(['subjects'], `subject ${kind} ${name}`)),
  ];
}

/** The labels and annotations that this package or Flux writes. */
const OUR_METADATA =
  /^(toolkit\.fluxcd\.io\/(tenant|role)|kubernetes\.io\/(service-account\.name|metadata\.name)|flux-gitops\/.*)$/;
const OUR_KEYS = [
  ...['apiVersion', 'kind', 'metadata', 'spec', 'type', 'roleRef', 'subjects'],
  'automountServiceAccountToken',
];

const spot = (one: Manifest, ...path: string[]): string => {
  const { file, line } = valueAt(one, ...path) ?? one;
  return `${file}:${line}`;
};

/** The service account as which Flux applies `sync`. */
export const accountOf = (sync: Manifest): string | undefined =>
  textAt(sync, 'spec', 'serviceAccountName');

/** The names of the service account of `tenant`: the one that this package writes, and the one of today. */
const accountsOf = ({ namespace }: Tenant, sync: Manifest): string[] => [
  namespace,
  accountOf(sync) ?? namespace,
];

/** The service account of `tenant` and its role binding, if their names are others than this package writes: `kind/name`. */
export function formerAccount(tenant: Tenant, sync: Manifest): string[] {
  const [own, account = own] = accountsOf(tenant, sync);
  if (account === own) return [];
  return tenant.objects
    .filter(
      ({ kind, name }) =>
        (kind === 'ServiceAccount' && name === account) ||
        (kind === 'RoleBinding' && name === `${account}-reconciler`),
    )
    .map(({ kind, name }) => `${kind.toLowerCase()}/${name}`);
}

/** Whether this package writes such an object for a tenant with one of `accounts`, or needs none in its place. */
function isCovered(
  one: Manifest,
  accounts: readonly string[],
  sync: Manifest,
  source: Manifest,
): boolean {
  if (one.kind === 'Namespace') return true;
  if (one.kind === 'ServiceAccount') return accounts.includes(one.name);
  if (one.kind === 'RoleBinding')
    return accounts.some((account) => one.name === `${account}-reconciler`);
  // A token that never expires: only the profile reference has one.
  if (one.kind === 'Secret') return textAt(one, 'type') === 'kubernetes.io/service-account-token';
  return [sync, source].some(({ kind, name }) => kind === one.kind && name === one.name);
}

/** The ClusterRole of the tenant's service account, and its place. */
export function roleOf(
  tenant: Tenant,
  sync: Manifest,
): { readonly name: string; readonly from: string } | undefined {
  const binding = accountsOf(tenant, sync)
    .map((account) => objectOf(tenant, 'RoleBinding', `${account}-reconciler`))
    .findLast((one) => one !== undefined);
  const name = binding && textAt(binding, 'roleRef', 'name');
  return name === undefined
    ? undefined
    : { name, from: spot(binding as Manifest, 'roleRef', 'name') };
}

/** The files with objects of `tenant`. */
export function filesOf({ objects }: Tenant): string[] {
  const files = objects.flatMap(({ sources }) => sources.map(({ file }) => file));
  return [...new Set(files)].sort();
}

/** The files of `tenant` that have nothing but objects that this package writes as well. */
export function replaceableOf(
  tenant: Tenant,
  sync: Manifest,
  source: Manifest,
  all: readonly Manifest[],
): string[] {
  if (tenant.overlay !== undefined && tenant.overlay !== '.') return [];
  const accounts = accountsOf(tenant, sync);
  return filesOf(tenant).filter((file) =>
    all
      .filter((one) => one.file === file)
      .every((one) => tenant.objects.includes(one) && isCovered(one, accounts, sync, source)),
  );
}

/** The files of `tenant` that have no object of anybody else. `all` has every object of the repository. */
export function ownFilesOf(tenant: Tenant, all: readonly Manifest[]): string[] {
  if (tenant.overlay !== undefined && tenant.overlay !== '.') return [];
  return filesOf(tenant).filter((file) =>
    all.filter((one) => one.file === file).every((one) => tenant.objects.includes(one)),
  );
}

/** Whether the objects of an environment are in the files in which this package has them. */
export function isUsual(
  { overlay, objects }: Tenant,
  name: string,
  { sync, source }: { readonly sync: Manifest; readonly source: Manifest },
): boolean {
  const isPlain = overlay === undefined || overlay === '.';
  const isPlaced = objects.every(
    ({ kind, apiVersion, file }) =>
      folderOf(file) === name || (!FLUX.test(apiVersion) && kind !== 'Namespace'),
  );
  const [tenant, syncs] = [`${name}/1_tenant.yaml`, `${name}/2_sync.yaml`];
  const hasTenant = objects.some(({ kind, file }) => kind === 'Namespace' && file === tenant);
  return isPlain && isPlaced && hasTenant && sync.file === syncs && source.file === syncs;
}
