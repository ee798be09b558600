/** The sync of the config repo itself, which the operator makes of the FluxInstance. */
import { type Kubectl, KubectlError, type KubernetesObject } from '../../cluster/kubectl.ts';
import {
  about,
  at,
  type Finding,
  isObject,
  type Json,
  listAt,
  type Manifest,
  objectAt,
  textAt,
} from '../model.ts';
import { readYaml } from '../read/parse.ts';
import { NO_RIGHT, objectsIn } from './objects.ts';
import { secretFindings, secretsNamedIn } from './secrets.ts';
import type { SyncPair } from './syncs.ts';

/** The API version of what the operator makes. */
const VERSIONS = {
  GitRepository: 'source.toolkit.fluxcd.io/v1',
  OCIRepository: 'source.toolkit.fluxcd.io/v1',
  Kustomization: 'kustomize.toolkit.fluxcd.io/v1',
} as const;

/** The Kustomization and the source of `spec.sync` in `instance`, as the operator names them; undefined without a sync. */
export function configPair(instance: Manifest): SyncPair | undefined {
  const sync = at(instance.value, 'spec', 'sync');
  if (!isObject(sync)) return undefined;
  const name = textAt(sync, 'name') ?? instance.namespace ?? 'flux-system';
  const kind = textAt(sync, 'kind') === 'OCIRepository' ? 'OCIRepository' : 'GitRepository';
  const of = (one: keyof typeof VERSIONS, spec: object): Manifest => ({
    ...instance,
    ...{ kind: one, apiVersion: VERSIONS[one], name, value: { spec } },
  });
  // The operator has one field for branches, tags and commits: refs/heads/main.
  const branch = /^refs\/heads\/(.+)$/.exec(textAt(sync, 'ref') ?? '')?.[1];
  const { url, interval, provider } = sync;
  const ref = branch === undefined ? {} : { ref: { branch } };
  const secret = textAt(sync, 'pullSecret');
  const secretRef = secret === undefined ? {} : { secretRef: { name: secret } };
  const spec = { url, interval, provider, ...ref, ...secretRef, ...patched(instance, kind) };
  return {
    sync: of('Kustomization', patched(instance, 'Kustomization')),
    source: of(kind, spec),
  };
}

/** What the patches of `instance` write into `spec` of objects of `kind`. */
function patched({ value }: Manifest, kind: string): Json {
  const patches = listAt(value, 'spec', 'kustomize', 'patches').filter(
    (one) => textAt(one, 'target', 'kind') === kind,
  );
  const specs = patches.map((one): Json => {
    const patch = readYaml(textAt(one, 'patch') ?? '');
    if (!Array.isArray(patch)) return objectAt(patch, 'spec');
    const fields = patch.flatMap((operation): [string, unknown][] => {
      const field = /^\/spec\/(\w+)$/.exec(textAt(operation, 'path') ?? '')?.[1];
      return field === undefined ? [] : [[field, at(operation, 'value')]];
    });
    return Object.fromEntries(fields);
  });
  return Object.assign({}, ...specs);
}

/**
 * The Secrets that `pair`, the sync of the config repo, names; or the sentence that says which right the user lacks.
 * Throws a KubectlError if the cluster does not answer.
 */
export async function readOwnSecrets(
  kubectl: Kubectl,
  pair: SyncPair,
): Promise<readonly KubernetesObject[] | string> {
  const names = secretsNamedIn(manifestsOf(pair));
  if (names.length === 0) return [];
  const where = ['-n', pair.sync.namespace ?? 'flux-system', '--ignore-not-found', '-o', 'json'];
  const { code, out, error } = await kubectl.attempt(['get', 'secrets', ...names, ...where]);
  if (NO_RIGHT.test(error)) return error;
  if (code !== 0) throw new KubectlError(error);
  return objectsIn(out);
}

const manifestsOf = ({ sync, source }: SyncPair): Manifest[] => [...(source ? [source] : []), sync];

/** The findings about the Secrets of the config repo `config`; `instance` is the file that names them. */
export function ownSecretFindings(
  config: string,
  instance: Manifest,
  pair: SyncPair,
  secrets: readonly KubernetesObject[] | string,
  now: number,
): Finding[] {
  if (typeof secrets === 'string')
    return [
      about('not-checked', instance, `the Secrets of the config repo are not checked: ${secrets}`),
    ];
  return secretFindings(manifestsOf(pair), secrets, now).map((finding) => {
    const isPull = finding.place.field?.[1] === 'secretRef';
    const field = isPull ? ['spec', 'sync', 'pullSecret'] : ['spec', 'kustomize', 'patches'];
    const isGit = isPull && pair.source?.kind === 'GitRepository';
    // Another command makes the other Secrets.
    const hint = isGit
      ? {}
      : { hint: 'Create it with the command in install/README.md of CONFIG.' };
    const place = { ...finding.place, manifest: instance, field };
    return { ...finding, place, environment: config, ...hint };
  });
}
