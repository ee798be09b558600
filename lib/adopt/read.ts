import type { HandWritten, NotUnderstood, ReadEnvironment, Taken } from '../plan/hand-written.ts';
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
  const found = environmentsOf(tenantsOf(units), all, config, { taken, notUnderstood });
  const environments = found.map((one) => complete(one, config, appRepo, taken));
  listOthers(units, found, config, notUnderstood);
  const readme = files.find(({ path }) => path === 'README.md')?.text ?? '';
  const order = orderIn(readme, environments);
  const estate = estateSettings(files, (what, value, from) =>
    taken.push({ repo: config, what, value, from }),
  );
  return {
    ...{ taken, notUnderstood, estate },
    environments: environments.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name)),
    shared: sharedSettings(environments, files),
  };
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
  const { kustomization } = environment;
  const known = { ...defaultSettings(name), ...app, name, repo, kustomization };
  const limits =
    settings.profile === 'hardened'
      ? hardenedSettings(tenant.objects, known, takeFrom(config))
      : {};
  return { ...environment, settings: { ...app, ...layout, ...settings, ...limits } };
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
