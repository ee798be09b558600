import { parseDocument } from 'yaml';
import type { Environment } from '../plan/estate.ts';
import { quotaOf } from '../plan/values/sizes.ts';
import { defaultOf } from '../settings/resolve.ts';
import {
  keysOf,
  type PageSettings,
  SERVICE_TYPES,
  type SettingKey,
  type SharedSettings,
  SIZES,
  settingOf,
} from '../settings/settings.ts';
import {
  inlinePatches,
  type Manifest,
  readManifests,
  spotOf,
  type TextFile,
  textAt,
  valueAt,
} from './manifests.ts';
import { isSync } from './tenants.ts';

/** Settings, and where each of them was found. */
export type Settings = Partial<SharedSettings & PageSettings>;
export type Take = (key: SettingKey, value: string, from: string) => void;

const DEMO = 'kcheck';

/** The settings of the demo app in `folder`; `files` are those of the app repo. If it has another app, there is no demo app. */
export function appSettings(files: readonly TextFile[], folder: string, take: Take): Settings {
  const own = files.filter(({ path }) => path.startsWith(`${folder}/`));
  const manifests = own.flatMap((file) => [...readManifests(file).manifests, ...patchesIn(file)]);
  const found = (kind: string, name: string): Manifest | undefined =>
    manifests.find((one) => one.kind === kind && one.name === name);
  const app = found('Deployment', DEMO);
  if (app === undefined) {
    take('noDemo', 'yes', `${folder}/`);
    return { noDemo: 'yes' };
  }
  // Without a type, a Service has the first one, which overlays leave out.
  const read: { [key: string]: unknown } = { noDemo: 'no', serviceType: SERVICE_TYPES[0] };
  const put = (key: SettingKey, one: Manifest, ...path: (string | number)[]): void => {
    const value = settingOf(key).rule.read(textAt(one, ...path) ?? '');
    if (value === undefined) return;
    read[key] = value;
    take(key, String(value), spotOf(valueAt(one, ...path) ?? one));
  };
  put('replicas', app, 'spec', 'replicas');
  const container = ['spec', 'template', 'spec', 'containers', 0];
  put('image', app, ...container, 'image');
  for (const [index, key] of [
    [0, 'colour'],
    [1, 'content'],
  ] as const)
    put(key, app, ...container, 'env', index, 'value');
  const service = found('Service', `${DEMO}-service`);
  if (service) put('serviceType', service, 'spec', 'type');
  return read as Settings;
}

/** The patches of an overlay, which are texts in a kustomization.yaml. */
function patchesIn({ path, text }: TextFile): Manifest[] {
  if (!path.endsWith('/kustomization.yaml')) return [];
  const document = parseDocument(text);
  const { patches } = (document.errors.length === 0 ? document.toJS() : {}) as {
    patches?: { patch?: string }[];
  };
  return (patches ?? []).flatMap(({ patch = '' }) => {
    const line = text.split('\n').indexOf(`      ${patch.split('\n')[0]}`);
    return inlinePatches(patch, path, Math.max(0, line));
  });
}

/** The settings in the objects of a hardened tenant. `before` has the settings that are known already. */
export function hardenedSettings(
  objects: readonly Manifest[],
  before: Environment,
  take: Take,
): Settings {
  const found = (kind: string, name: string): Manifest | undefined =>
    objects.find((one) => one.kind === kind && one.name === name);
  const read: { [key: string]: unknown } = {};
  const put = (key: SettingKey, value: unknown, one: Manifest, ...path: string[]): void => {
    read[key] = value;
    take(key, String(value), spotOf(valueAt(one, ...path) ?? one));
  };
  const space = objects.find(({ kind }) => kind === 'Namespace');
  if (space) {
    const label = ['metadata', 'labels', 'flux-gitops/allow-kustomize'];
    put('allowKustomize', textAt(space, ...label) === 'yes' ? 'yes' : 'no', space, ...label);
    const sources = ['metadata', 'annotations', 'flux-gitops/allowed-sources'];
    const list = (textAt(space, ...sources) ?? '').split(' ').filter(Boolean);
    if (list.length > 0) put('tenantSource', list, space, ...sources);
  }
  const team = found('RoleBinding', 'flux-gitops-team');
  const groups = (valueAt(team ?? NOTHING, 'subjects')?.value ?? []) as { name: string }[];
  if (team && groups.length > 0)
    put(
      'team',
      groups.map(({ name }) => name),
      team,
      'subjects',
    );
  const sync = objects.find((one) => isSync(one) && one.name === before.kustomization);
  if (sync) Object.assign(read, syncSettings(sync, take));
  const isOpen = found('NetworkPolicy', 'allow-kcheck') !== undefined;
  read.serviceType = isOpen ? 'LoadBalancer' : 'ClusterIP';
  const quota = found('ResourceQuota', 'tenant');
  if (quota === undefined) return read as Settings;
  const hard = (key: string): string => textAt(quota, 'spec', 'hard', key) ?? '';
  const open = found('NetworkPolicy', 'allow-clients') !== undefined;
  const balancers = Number(hard('services.loadbalancers')) || 0;
  const ports = (Number(hard('services.nodeports')) || 0) - 5 * balancers;
  if (
    open &&
    balancers > 0 &&
    !(read.serviceType === 'LoadBalancer' && balancers === 1 && ports > 0)
  )
    put('loadBalancers', balancers, quota, 'spec', 'hard', 'services.loadbalancers');
  if (ports > 0) put('nodePorts', ports, quota, 'spec', 'hard', 'services.nodeports');
  // The quota has room for twice the replicas, even if the app repo no longer has the demo app.
  const [, count = '', unit = ''] = /^(\d+)([kM]?)$/.exec(hard('pods')) ?? [];
  const pods = Number(count) * ({ k: 1000, M: 1_000_000 }[unit] ?? 1);
  for (const replicas of [before.replicas, Math.floor(pods / 2)]) {
    const size = SIZES.find((one) => {
      const quota = quotaOf({ ...before, ...(read as Settings), replicas, size: one });
      return quota.services === hard('services') && quota.pods === hard('pods');
    });
    if (size === undefined) continue;
    put('size', size, quota, 'spec', 'hard', 'services');
    if (replicas !== before.replicas) put('replicas', replicas, quota, 'spec', 'hard', 'pods');
    break;
  }
  return read as Settings;
}

type Patch = { readonly patch: string; readonly target?: { readonly kind?: string } };

/** What `--leave-out` and `--sync-spec` added to the sync of a hardened tenant. */
function syncSettings(sync: Manifest, take: Take): Settings {
  const value = (key: string): unknown => valueAt(sync, 'spec', key)?.value;
  // The first two patches are those of every tenant.
  const all = (value('patches') ?? []) as readonly Patch[];
  const patches = all.slice(2);
  const isLeftOut = ({ patch }: Patch): boolean => /^kind: Any$[\s\S]*\$patch: delete/m.test(patch);
  const leaveOut = patches.filter(isLeftOut).flatMap(({ target }) => target?.kind ?? []);
  const own = patches.filter((one) => !isLeftOut(one));
  const [images, commonMetadata] = [value('images'), value('commonMetadata')];
  const spec = {
    ...(own.length > 0 && { patches: own }),
    ...(images !== undefined && { images }),
    ...(commonMetadata !== undefined && { commonMetadata }),
  };
  const syncSpec = settingOf('syncSpec').rule.read(JSON.stringify(spec));
  const from = spotOf(valueAt(sync, 'spec', 'patches') ?? sync);
  const isSpec = syncSpec !== undefined && Object.keys(spec).length > 0;
  if (leaveOut.length > 0) take('leaveOut', leaveOut.join(', '), from);
  if (isSpec) take('syncSpec', JSON.stringify(spec), from);
  return { ...(leaveOut.length > 0 && { leaveOut }), ...(isSpec && { syncSpec }) } as Settings;
}

const NOTHING: Manifest = {
  ...{ kind: '', apiVersion: '', name: '', namespace: '', file: '', line: 0, sources: [] },
};

/** The settings of `name` without any reading: the defaults. */
export function defaultSettings(name: string): SharedSettings & PageSettings {
  const keys = [...keysOf('environment'), ...keysOf('each')];
  return Object.fromEntries(
    keys.map((key) => [key, defaultOf(key, name)]),
  ) as unknown as SharedSettings & PageSettings;
}
