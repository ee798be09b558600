import { parseDocument } from 'yaml';
import type { ReadEnvironment } from '../plan/hand-written/reading.ts';
import {
  CLUSTER_TYPES,
  type EstateSettings,
  keysOf,
  type SettingKey,
  type SharedSettings,
} from '../settings/settings.ts';
import { readManifests, spotOf, type TextFile, valueAt } from './manifests.ts';
import type { Take } from './settings-of-tenant.ts';

export type Estate = { -readonly [K in keyof EstateSettings]?: EstateSettings[K] };

/** The settings of the estate in the files that this package wrote once for the cluster. */
export function estateSettings(files: readonly TextFile[], take: Take): Estate {
  const text = (path: string): string | undefined => files.find((one) => one.path === path)?.text;
  const read: Estate = {};
  const put = <K extends keyof EstateSettings>(key: K, value: EstateSettings[K], from: string) => {
    read[key] = value;
    take(key as SettingKey, [value].flat().join(', '), from);
  };
  const values = 'install/flux-instance-values.yaml';
  const instance = instanceIn(text(values));
  const type = CLUSTER_TYPES.find((one) => one === instance?.cluster?.type);
  if (type) put('clusterType', type, values);
  if (instance) put('syncConfig', instance.sync ? 'yes' : 'no', values);
  for (const [key, path, name, variable] of [
    ['allowSource', 'policies/sources.yaml', 'tenant-sources', 'added'],
    ['allowPriorityClass', 'policies/priority.yaml', 'tenant-priority', 'allowed'],
  ] as const) {
    const found = listIn(files, path, name, variable);
    if (found && found.list.length > 0) put(key, found.list, found.from);
  }
  const owners = text('.github/CODEOWNERS')
    ?.split('\n')
    .find((line) => line.startsWith('* '));
  if (owners) put('codeowners', owners.slice(2).trim().split(' '), '.github/CODEOWNERS');
  const workflow = '.github/workflows/validate.yaml';
  // A repository that pushes an artifact has the workflow in any case. Only with --ci github, it also verifies the estate.
  const pushes = text('.github/workflows/push.yaml') !== undefined;
  if (text(workflow)?.includes(pushes ? 'FLUX_GITOPS_VERSION' : 'FLUX_OPERATOR_VERSION'))
    put('ci', 'github', workflow);
  return read;
}

type Instance = {
  readonly cluster?: { readonly type?: string };
  readonly sync?: {
    readonly kind?: string;
    readonly url?: string;
    readonly ref?: string;
    readonly provider?: string;
    readonly pullSecret?: string;
  };
};

function instanceIn(text: string | undefined): Instance | undefined {
  if (text === undefined) return undefined;
  const document = parseDocument(text);
  if (document.errors.length > 0) return undefined;
  return (document.toJS() as { instance?: Instance } | null)?.instance;
}

/** The list in a variable of a policy. */
function listIn(files: readonly TextFile[], path: string, name: string, variable: string) {
  const file = files.find((one) => one.path === path);
  const policy =
    file &&
    readManifests(file).manifests.find(
      (one) => one.kind === 'ValidatingAdmissionPolicy' && one.name === name,
    );
  if (policy === undefined) return undefined;
  const variables = (valueAt(policy, 'spec', 'variables')?.value ?? []) as { name: string }[];
  const index = variables.findIndex((one) => one.name === variable);
  const found = valueAt(policy, 'spec', 'variables', index, 'expression');
  try {
    return found && { list: JSON.parse(String(found.value)) as string[], from: spotOf(found) };
  } catch {
    return undefined;
  }
}

/** The settings that most of `environments` have, and those of the estate's own repository where a file has them. */
export function sharedSettings(
  environments: readonly ReadEnvironment[],
  files: readonly TextFile[],
): Partial<SharedSettings> {
  const read: { [key: string]: unknown } = {};
  for (const key of keysOf('environment')) {
    const counts = new Map<unknown, number>();
    for (const { settings } of environments)
      if (settings[key] !== undefined)
        counts.set(settings[key], (counts.get(settings[key]) ?? 0) + 1);
    const [most] = [...counts].sort(([, one], [, other]) => other - one);
    if (most) read[key] = most[0];
  }
  const owner = listIn(files, 'policies/sources.yaml', 'tenant-sources', 'owners')?.list[0];
  const { sync } =
    instanceIn(files.find(({ path }) => path === 'install/flux-instance-values.yaml')?.text) ?? {};
  const followed = sync?.kind === 'OCIRepository' ? undefined : sync;
  const address = owner ?? followed?.url?.replace(/\/[^/]*$/, '');
  const [, githubUrl, name] = /^(https?:\/\/[^/]+)\/([^/]+)$/.exec(address ?? '') ?? [];
  const branch = followed?.ref?.replace('refs/heads/', '') ?? branchInText(files);
  return {
    ...(read as Partial<SharedSettings>),
    ...(githubUrl !== undefined && name !== undefined && { githubUrl, owner: name }),
    ...(branch !== undefined && { branch }),
    ...(sync && followSettings(sync)),
  };
}

/** How Flux reads the config repo. */
function followSettings(sync: NonNullable<Instance['sync']>): Partial<SharedSettings> {
  if (sync.kind === 'OCIRepository') return { source: 'oci' };
  const isSsh = sync.url?.startsWith('ssh://') === true;
  const kind = isSsh ? 'deploy-key' : sync.provider === 'github' ? 'github-app' : 'token';
  return { source: 'git', credentials: sync.pullSecret === undefined ? 'none' : kind };
}

/** The branch of the config repo, which the comment of CODEOWNERS and the workflow have. */
function branchInText(files: readonly TextFile[]): string | undefined {
  const text = (path: string): string => files.find((one) => one.path === path)?.text ?? '';
  const [, owners] =
    /protection rule for the branch (\S+) says/.exec(text('.github/CODEOWNERS')) ?? [];
  const [, workflow] =
    /^ {4}branches:\n {6}- "?([^"\n]+)"?$/m.exec(text('.github/workflows/validate.yaml')) ?? [];
  return owners ?? workflow?.replaceAll('\\\\+', '+');
}

/** The names of `environments` in the order in which `readme` lists their namespaces; the others follow by name. */
export function orderIn(readme: string, environments: readonly ReadEnvironment[]): string[] {
  const place = ({ namespace }: ReadEnvironment): number => {
    const at = readme.indexOf(`\`${namespace}\``);
    return at < 0 ? Number.MAX_SAFE_INTEGER : at;
  };
  return environments
    .toSorted((one, other) => place(one) - place(other) || (one.name < other.name ? -1 : 1))
    .map(({ name }) => name);
}
