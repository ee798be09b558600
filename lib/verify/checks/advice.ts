import { containersOf, podsOf } from '../admission/pods.ts';
import {
  about,
  aboutFile,
  at,
  type Finding,
  isObject,
  listAt,
  type Manifest,
  objectAt,
  type RepoFiles,
  textAt,
} from '../model.ts';
import { readYaml } from '../read/parse.ts';

/** Secrets whose values are in the repository as they are. */
export function checkSecret(manifest: Manifest): Finding[] {
  const { kind, apiVersion, value } = manifest;
  if (kind !== 'Secret' || apiVersion !== 'v1' || value.sops !== undefined) return [];
  const field = ['data', 'stringData'].find((one) => Object.keys(objectAt(value, one)).length > 0);
  if (field === undefined) return [];
  const keys = Object.keys(objectAt(value, field)).join(', ');
  return [about('secret-in-clear', manifest, `these values are not encrypted: ${keys}`, [field])];
}

/** Images without a version. */
export function checkImages(manifest: Manifest): Finding[] {
  const pods = podsOf(manifest);
  if (pods === undefined) return [];
  return containersOf(pods.spec).flatMap(({ path, value }) => {
    const image = textAt(value, 'image');
    if (image === undefined || image.includes('@')) return [];
    const [, tag] = /:([^/:]+)$/.exec(image) ?? [];
    if (tag !== undefined && tag !== 'latest') return [];
    return [
      about(
        'image-without-tag',
        manifest,
        `the image ${image} has ${tag === undefined ? 'no tag' : 'the tag latest'}`,
        [...pods.path, ...path, 'image'],
      ),
    ];
  });
}

const INSTANCE = ['install/flux-instance.yaml', 'install/flux-instance-values.yaml'];

/** Whether the kustomize-controller reaches the controllers of Flux without the proxy, in the files of `install/`. */
export function checkInstall(config: RepoFiles | undefined): Finding[] {
  if (config === undefined) return [];
  return INSTANCE.flatMap((path) => {
    const text = config.files.get(path);
    if (text === undefined) return [];
    const value = readYaml(text.replace(/^---$/m, ''));
    const spec = isObject(at(value, 'instance'))
      ? objectAt(value, 'instance')
      : objectAt(value, 'spec');
    const listed = noProxyOf(spec);
    if (listed === undefined) return [];
    const line = text.split('\n').findIndex((one) => one.includes('NO_PROXY')) + 1;
    const missing = neededHosts(spec).filter(
      (host) => !listed.some((one) => one.replace(/\.$/, '') === host),
    );
    if (missing.length === 0) return [];
    const message = `NO_PROXY does not list ${missing.map((host) => `${host}.`).join(' and ')}`;
    return [aboutFile('no-proxy', config.name, path, message, line)];
  });
}

function noProxyOf(spec: unknown): string[] | undefined {
  for (const one of listAt(spec, 'kustomize', 'patches')) {
    const patch = readYaml(textAt(one, 'patch') ?? '');
    const containers = listAt(patch, 'spec', 'template', 'spec', 'containers');
    const env = containers.flatMap((container) => listAt(container, 'env'));
    const found = env.find((variable) => textAt(variable, 'name') === 'NO_PROXY');
    const proxied = env.some((variable) => textAt(variable, 'name') === 'HTTP_PROXY');
    if (proxied) return (textAt(found, 'value') ?? '').split(',').map((host) => host.trim());
  }
  return undefined;
}

function neededHosts(spec: unknown): string[] {
  const domain = textAt(spec, 'cluster', 'domain') ?? 'cluster.local';
  const shards = listAt(spec, 'sharding', 'shards').map(String);
  const components = listAt(spec, 'components').map(String);
  const names = [
    'source-controller',
    ...shards.map((shard) => `source-controller-${shard}`),
    ...(components.includes('notification-controller') ? ['notification-controller'] : []),
    ...(components.includes('source-watcher') ? ['source-watcher'] : []),
  ];
  return names.map((name) => `${name}.flux-system.svc.${domain}`);
}
