import { quote } from '../errors.ts';
import type { NotUnderstood, ReadEnvironment, Taken } from '../plan/hand-written/reading.ts';
import {
  environmentName,
  namespacePrefix,
  pollInterval,
  sourceAddress,
} from '../settings/rules.ts';
import { SETTINGS } from '../settings/settings.ts';
import { type Manifest, spotOf, textAt, valueAt } from './manifests.ts';
import { folderOf } from './overlays.ts';
import { type Marks, type ReadSource, readSource } from './sources.ts';
import {
  filesOf,
  formerAccount,
  isUsual,
  lossesOf,
  objectOf,
  ownFilesOf,
  replaceableOf,
  roleOf,
  type Tenant,
} from './tenants.ts';

/** An environment and its objects. */
export type FoundEnvironment = {
  readonly tenant: Tenant;
  readonly environment: ReadEnvironment;
  /** The place of the Secret with which Flux reads its private repository, if there is one. */
  readonly secretFrom?: string;
};

type Sync = { readonly sync: Manifest; readonly source: Manifest; readonly address: ReadSource };

/** What a reading collects besides its result. */
export type Notes = { readonly taken: Taken[]; readonly notUnderstood: NotUnderstood[] };

/** The environment of each of `tenants`. `all` has every object of the repository `config`, and `linkTo` its links. */
export function environmentsOf(
  tenants: readonly Tenant[],
  all: readonly Manifest[],
  config: string,
  linkTo: Marks['linkTo'],
  { taken, notUnderstood }: Notes,
): FoundEnvironment[] {
  const found = new Map<string, FoundEnvironment>();
  for (const tenant of tenants) {
    const refuse = (one: Manifest, reason: string): void => {
      notUnderstood.push({ repo: config, where: `${spotOf(one)} ${one.kind} ${one.name}`, reason });
    };
    const syncs = tenant.syncs.flatMap((sync) => readSync(tenant, sync, linkTo, refuse));
    const [first] = syncs.toSorted((one, other) => rank(tenant, one) - rank(tenant, other));
    if (first === undefined) continue;
    for (const { sync } of syncs.filter((one) => one !== first))
      refuse(
        sync,
        `the namespace ${tenant.namespace} has another sync, ${first.sync.name}; an environment has one`,
      );
    const twins = tenants.filter((one) => one !== tenant && one.namespace === tenant.namespace);
    const name = nameOf(tenant, first, twins.length > 0);
    if (name === undefined || found.has(name)) {
      const reason =
        name === undefined ? environmentName.rule : `another environment is called ${name}`;
      refuse(first.sync, `no name for the environment can be derived: ${reason}`);
      continue;
    }
    found.set(name, describe(tenant, first, name, all, config, taken));
  }
  return [...found.values()];
}

/** The sync that is named like its namespace comes first, then the others in their order. */
const rank = ({ namespace, syncs }: Tenant, { sync }: Sync): number => {
  const last = lastPart(textAt(sync, 'spec', 'path') ?? '');
  return (namespace.endsWith(`-${last}`) ? 0 : 100) + syncs.indexOf(sync);
};

/** The sync with its source, if the record can express it. */
function readSync(
  tenant: Tenant,
  sync: Manifest,
  linkTo: Marks['linkTo'],
  refuse: (one: Manifest, reason: string) => void,
): Sync[] {
  const [kind, name, elsewhere] = ['kind', 'name', 'namespace'].map((key) =>
    textAt(sync, 'spec', 'sourceRef', key),
  );
  const source = objectOf(tenant, kind ?? '', name);
  if (elsewhere !== undefined && elsewhere !== tenant.namespace)
    refuse(sync, `its source is in the namespace ${elsewhere}, and a tenant has its own source`);
  else if (kind !== 'GitRepository' && kind !== 'OCIRepository')
    refuse(
      sync,
      `its source has the kind ${kind ?? 'none'}, and an environment follows a branch of a git repository or signed artifacts`,
    );
  else if (source === undefined)
    refuse(sync, `its source ${kind} ${name} is not in this repository`);
  else {
    const space = objectOf(tenant, 'Namespace');
    const owner = space && textAt(space, 'metadata', 'annotations', 'flux-gitops/owner');
    const address = readSource(source, { owner, linkTo });
    if (typeof address !== 'string') return [{ sync, source, address }];
    // An artifact can be a second way to the same app, so the sync is what is left out.
    if (kind === 'OCIRepository') refuse(sync, `its source ${kind} ${name}: ${address}`);
    else refuse(source, address);
  }
  return [];
}

const lastPart = (path: string): string =>
  path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .at(-1) ?? '';

/** Folders that say where something is, and not what it is. */
const GENERIC =
  /^(\.|base|bases|tenants?|apps?|overlays?|clusters?|environments?|envs?|namespaces?|flux-system)$/;

/** The name of the environment: a part of the namespace if there is one, else the folder, else the namespace. */
function nameOf(tenant: Tenant, { sync }: Sync, hasTwins: boolean): string | undefined {
  const { namespace, overlay } = tenant;
  if (hasTwins && overlay !== undefined)
    return environmentName.read(`${sync.name}-${lastPart(overlay)}`);
  const folder = lastPart(folderOf(sync.file));
  const path = lastPart(textAt(sync, 'spec', 'path') ?? '');
  const parts = [path, folder].filter(
    (one) => environmentName.read(one) !== undefined && namespace.endsWith(`-${one}`),
  );
  const part = parts.find((one) => namespacePrefix.read(namespace.slice(0, -one.length - 1)));
  if (part !== undefined) return part;
  const own = tenant.objects.every((one) => folderOf(one.file) === folderOf(sync.file));
  if (own && !GENERIC.test(folder) && environmentName.read(folder) !== undefined) return folder;
  return environmentName.read(namespace);
}

function describe(
  tenant: Tenant,
  { sync, source, address }: Sync,
  name: string,
  all: readonly Manifest[],
  config: string,
  taken: Taken[],
): FoundEnvironment {
  const { namespace } = tenant;
  const take = (what: string, value: string, one: Manifest, ...path: string[]): string => {
    const from = spotOf(valueAt(one, ...path) ?? one);
    taken.push({ repo: config, environment: name, what, value, from });
    return value;
  };
  take('namespace', namespace, sync, 'metadata', 'namespace');
  const { owner, repo } = address;
  const url = ['spec', 'url'] as const;
  take('repo', repo, source, ...url);
  take('owner', owner, source, ...url);
  take('githubUrl', address.githubUrl, source, ...url);
  for (const [key, ...place] of address.places)
    take(key, String(Reflect.get(address.settings, key)), source, ...place);
  const written = textAt(source, 'spec', 'interval') ?? '';
  const read = pollInterval.read(written);
  const interval = take('interval', read ?? defaultInterval, source, 'spec', 'interval');
  const path = take('path', textAt(sync, 'spec', 'path') ?? './', sync, 'spec', 'path');
  for (const [what, one] of [
    ['gitRepository', source],
    ['kustomization', sync],
  ] as const)
    if (one.name !== repo) take(what, one.name, one, 'metadata', 'name');
  const isPart = namespace.endsWith(`-${name}`);
  const prefix = isPart ? namespacePrefix.read(namespace.slice(0, -name.length - 1)) : undefined;
  const role = objectOf(tenant, 'Namespace');
  const hardened =
    role && textAt(role, 'metadata', 'labels', 'toolkit.fluxcd.io/role') === 'tenant';
  const binding = tenant.objects.find(
    (one) => one.kind === 'RoleBinding' && textAt(one, 'roleRef', 'kind') === 'ClusterRole',
  );
  if (hardened) take('profile', 'hardened', role, 'metadata', 'labels', 'toolkit.fluxcd.io/role');
  else if (binding) take('profile', 'reference', binding, 'roleRef');
  else take('profile', 'reference', sync, 'spec', 'serviceAccountName');
  const sources = extraSources(tenant, source, address);
  for (const one of sources) take('tenantSource', one.value, one.manifest, 'spec', 'url');
  const replaceable = replaceableOf(tenant, sync, source, all);
  const { fields } = address;
  const lost = lossesOf(tenant, sync, source, { url: address.usualUrl(name), fields }, replaceable);
  if (read === undefined)
    lost.push(`${spotOf(source)} has the interval ${quote(written)}. ${pollInterval.rule}`);
  const environment = {
    ...{
      name,
      repo,
      namespace,
      path,
      replaceable,
      files: filesOf(tenant),
      lost,
      role: roleOf(tenant, sync),
      formerAccount: formerAccount(tenant, sync),
      ownFiles: ownFilesOf(tenant, all),
    },
    gitRepository: source.name,
    ...(address.secret !== undefined && { gitSecret: address.secret }),
    kustomization: sync.name,
    settings: {
      ...{ owner, githubUrl: address.githubUrl, interval },
      ...address.settings,
      ...(prefix !== undefined && { prefix }),
      profile: hardened ? 'hardened' : 'reference',
      ...(sources.length > 0 && { tenantSource: sources.map(({ value }) => value) }),
    },
  } as const;
  return {
    tenant,
    environment: { ...environment, usual: isUsual(tenant, name, { sync, source }) },
    ...(address.isPrivate && {
      secretFrom: spotOf(valueAt(source, 'spec', 'secretRef') ?? source),
    }),
  };
}

const defaultInterval = pollInterval.read(SETTINGS.interval.default) ?? '1m0s';

/** The addresses of other sources of `tenant`, which a hardened tenant must be allowed. */
function extraSources(
  { objects }: Tenant,
  source: Manifest,
  { githubUrl: web, owner }: ReadSource,
): { value: string; manifest: Manifest }[] {
  return objects.flatMap((manifest) => {
    const isSource = /^source\.toolkit\.fluxcd\.io\//.test(manifest.apiVersion);
    const value = sourceAddress.read(textAt(manifest, 'spec', 'url') ?? '');
    if (!isSource || manifest === source || value === undefined) return [];
    return value.startsWith(`${web}/${owner}/`) ? [] : [{ value, manifest }];
  });
}
