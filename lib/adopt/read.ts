import type {
  HandWritten,
  NotUnderstood,
  ReadEnvironment,
  Taken,
} from '../plan/hand-written/reading.ts';
import type { SettingKey } from '../settings/settings.ts';
import { environmentsOf, type FoundEnvironment } from './environments.ts';
import type { Manifest, TextFile } from './manifests.ts';
import { type Unit, unitsOf } from './overlays.ts';
import { estateSettings, orderIn, sharedSettings } from './settings-of-estate.ts';
import { appSettings, defaultSettings, hardenedSettings } from './settings-of-tenant.ts';
import { tenantsOf } from './tenants.ts';

/** The repositories to read: the config repo, and the files of an app repo where it is beside the config repo. */
export type Sources = {
  readonly config: string;
  readonly files: readonly TextFile[];
  readonly appRepo: (repo: string) => readonly TextFile[] | undefined;
};

/** What the manifests of an estate say, with the file and the line of each value, and what was not understood. */
export function readHandWritten({ config, files, appRepo }: Sources): HandWritten {
  const taken: Taken[] = [];
  const notUnderstood: NotUnderstood[] = [];
  const units = unitsOf(files, config, notUnderstood);
  const all = [...new Set(units.flatMap(({ manifests }) => manifests))];
  const readme = files.find(({ path }) => path === 'README.md')?.text ?? '';
  const linkTo = (repo: string): string | undefined =>
    [...readme.matchAll(LINK)].find(([, name]) => name === repo)?.[2];
  const found = environmentsOf(tenantsOf(units), all, config, linkTo, { taken, notUnderstood });
  const leaving = leavingIn(files);
  const environments = found.map((one) => ({
    ...complete(one, config, appRepo, taken),
    ...(leaving.has(one.tenant.namespace) && { leaving: true as const }),
  }));
  listOthers(units, found, config, notUnderstood);
  const order = orderIn(readme, environments);
  const estate = estateSettings(files, (what, value, from) =>
    taken.push({ repo: config, what, value, from }),
  );
  const from = found.find(({ secretFrom }) => secretFrom !== undefined)?.secretFrom;
  if (from !== undefined) {
    estate.visibility = 'private';
    taken.push({ repo: config, what: 'visibility', value: 'private', from });
  }
  return {
    ...{ taken, notUnderstood, estate },
    environments: environments.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name)),
    shared: sharedSettings(environments, files),
  };
}

/** A link to an app repo: its name, and the address of its owner. */
const LINK = /\[`([^`]+)`\]\((https?:\/\/[^/)]+\/[^/)]+)\/[^/)]+\)/g;

/** The namespaces whose environments leave a cluster that follows the config repo, as its list has them. */
function leavingIn(files: readonly TextFile[]): Set<string> {
  const list = files.find(({ path }) => path === 'kustomization.yaml')?.text ?? '';
  const found = list.matchAll(/^ +labelSelector: "?toolkit\.fluxcd\.io\/tenant=([a-z0-9-]+)"?$/gm);
  return new Set([...found].flatMap(([, namespace]) => namespace ?? []));
}

/** The environment `found` with the settings of its tenant and of its app. */
function complete(
  { tenant, environment }: FoundEnvironment,
  config: string,
  appRepo: Sources['appRepo'],
  taken: Taken[],
): ReadEnvironment {
  const { name, repo, settings, path } = environment;
  const takeFrom = (from: string) => (what: SettingKey, value: string, spot: string) => {
    taken.push({ repo: from, environment: name, what, value, from: spot });
  };
  const files = appRepo(repo);
  const folder = path.replace(/^\.\/|\/$/g, '');
  const layout = folder === `overlays/${name}` ? { layout: 'overlays' as const } : {};
  const app = files ? appSettings(files, folder, takeFrom(repo)) : {};
  const pushed = files && settings.branch === undefined ? pushedBranch(files, name) : undefined;
  if (pushed) takeFrom(repo)('branch', pushed.branch, pushed.from);
  const { kustomization } = environment;
  const known = { ...defaultSettings(name), ...app, name, repo, kustomization };
  const limits =
    settings.profile === 'hardened'
      ? hardenedSettings(tenant.objects, known, takeFrom(config))
      : {};
  const branch = pushed ? { branch: pushed.branch } : {};
  return { ...environment, settings: { ...app, ...layout, ...branch, ...settings, ...limits } };
}

const ARTIFACTS = '.github/artifacts';

/** The branch from which the workflow of an app repo pushes the artifact of `environment`. */
function pushedBranch(
  files: readonly TextFile[],
  environment: string,
): { readonly branch: string; readonly from: string } | undefined {
  const lines = files.find(({ path }) => path === ARTIFACTS)?.text.split('\n') ?? [];
  for (const [index, line] of lines.entries()) {
    const [branch = '', address = ''] = line.split(' ');
    if (address.startsWith('oci://') && address.endsWith(`/${environment}`))
      return { branch, from: `${ARTIFACTS}:${index + 1}` };
  }
  return undefined;
}

/** The folders with the files of this package that belong to no tenant. */
const OURS = /^(install|policies|network)\//;

/** Lists the files with objects of Flux or of a tenant that belong to no environment. */
function listOthers(
  units: readonly Unit[],
  found: readonly FoundEnvironment[],
  repo: string,
  notUnderstood: NotUnderstood[],
): void {
  const used = new Set(found.flatMap(({ tenant }) => tenant.objects.map(({ file }) => file)));
  const others = Map.groupBy(
    [...new Set(units.flatMap(({ manifests }) => manifests))].filter(
      ({ file }) => !used.has(file) && !OURS.test(file),
    ),
    ({ file }) => file,
  );
  for (const [where, objects] of others)
    if (!notUnderstood.some((one) => one.where.startsWith(where)))
      notUnderstood.push({ repo, where, reason: reasonFor(objects) });
}

function reasonFor(objects: readonly Manifest[]): string {
  const names = [...new Set(objects.map(({ kind, name }) => `${kind} ${name}`))];
  const shown =
    names.length > 4
      ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`
      : names.join(', ');
  const namespaces = new Set(objects.map(({ namespace }) => namespace));
  const isCluster = namespaces.size === 1 && namespaces.has('flux-system');
  return isCluster
    ? `it belongs to the cluster and not to a tenant: ${shown}`
    : `no environment has it: ${shown}`;
}
