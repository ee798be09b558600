/** Whether the Secrets that the sources name exist, have the fields that Flux reads, and last. */
import type { KubernetesObject } from '../../cluster/kubectl.ts';
import { EXPIRES } from '../../credentials/secret.ts';
import { about, at, type Finding, type Manifest, textAt } from '../model.ts';
import { identity, identityOf } from './objects.ts';

/** The fields of a manifest that name a Secret without which Flux cannot work. */
const REFERENCES = [
  ['spec', 'secretRef', 'name'],
  ['spec', 'verify', 'secretRef', 'name'],
  ['spec', 'decryption', 'secretRef', 'name'],
] as const;

/** The names of the Secrets that `manifests` name. */
export const secretsNamedIn = (manifests: readonly Manifest[]): string[] => [
  ...new Set(
    manifests.flatMap(({ value }) => REFERENCES.flatMap((path) => textAt(value, ...path) ?? [])),
  ),
];

/** How long before the end of a credential it counts as near (milliseconds). */
const NEAR = 14 * 24 * 3_600_000;

/** The findings about the Secrets that `manifests` name. `secrets` are those of the namespaces; `now` is the time. */
export function secretFindings(
  manifests: readonly Manifest[],
  secrets: readonly KubernetesObject[],
  now: number,
): Finding[] {
  const known = new Map(secrets.map((one) => [identityOf(one), one]));
  return manifests.flatMap((manifest) =>
    REFERENCES.flatMap((path) => {
      const name = textAt(manifest.value, ...path);
      if (name === undefined || !/\.fluxcd\.io\//.test(manifest.apiVersion)) return [];
      const { namespace } = manifest;
      const secret = known.get(identity({ kind: 'Secret', namespace, name }));
      if (secret === undefined)
        return [
          about('secret-missing', manifest, `the cluster has no Secret ${namespace}/${name}`, path),
        ];
      const isSource = path[1] === 'secretRef';
      return [
        ...(isSource ? incomplete(manifest, secret, path) : []),
        ...ending(manifest, secret, path, now),
      ];
    }),
  );
}

/** A Secret without the fields that Flux reads for this kind of source. */
function incomplete(
  manifest: Manifest,
  secret: KubernetesObject,
  path: readonly string[],
): Finding[] {
  const { namespace, name } = secret.metadata;
  const choices = fieldsFor(manifest);
  const has = (field: string): boolean => at(secret.data, field) !== undefined;
  if (choices.some((fields) => fields.every(has))) return [];
  const fields = choices.map((one) => one.join(', ')).join('; or ');
  const message = `the Secret ${namespace}/${name} lacks fields: Flux reads ${fields}`;
  return [about('secret-incomplete', manifest, message, path)];
}

/** The fields of a Secret with which Flux can read `source`: one of these groups. */
function fieldsFor({ kind, value }: Manifest): readonly (readonly string[])[] {
  if (kind === 'OCIRepository') return [['.dockerconfigjson']];
  if (kind !== 'GitRepository') return [[]];
  if (textAt(value, 'spec', 'provider') === 'github')
    return [['githubAppID', 'githubAppInstallationID', 'githubAppPrivateKey']];
  return /^ssh:/.test(textAt(value, 'spec', 'url') ?? '')
    ? [['identity', 'known_hosts']]
    : [['username', 'password'], ['bearerToken']];
}

/** The end that `flux-gitops credentials` noted on the Secret, if it is near. */
function ending(
  manifest: Manifest,
  { metadata }: KubernetesObject,
  path: readonly string[],
  now: number,
): Finding[] {
  const noted = metadata.annotations?.[EXPIRES];
  const end = noted === undefined ? Number.NaN : Date.parse(noted);
  if (Number.isNaN(end) || end - now > NEAR) return [];
  const when = end < now ? 'has ended' : 'ends';
  const message = `the token in the Secret ${metadata.namespace}/${metadata.name} ${when} on ${noted}`;
  return [about('credential-ends', manifest, message, path)];
}
