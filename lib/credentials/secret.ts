/** The Secrets with which Flux reads private repositories, as Kubernetes objects. */
import { stringify } from 'yaml';
import type { KubernetesObject } from '../cluster/kubectl.ts';
import { type DeployKey, fingerprintOf, publicHalfOf, withoutComment } from './deploy-key.ts';
import type { Place } from './sources.ts';

/** The fields of a Secret as text. */
export type Fields = { readonly [field: string]: string };

/** The fields for a deploy key, as Flux reads them. */
export function deployKeyFields({ identity, publicKey }: DeployKey, knownHosts: string): Fields {
  return { identity, 'identity.pub': publicKey, known_hosts: knownHosts };
}

/** The key of a rotation that has begun; Flux does not read these fields. */
const NEXT = { identity: 'next-identity', publicKey: 'next-identity.pub' };

/** The fields that keep the key `next` until every source can read with it. */
export function nextFields({ identity, publicKey }: DeployKey): Fields {
  return { [NEXT.identity]: identity, [NEXT.publicKey]: publicKey };
}

/** The fields that this command writes for any kind of credentials. All others are of somebody else. */
const WRITTEN = new Set([
  ...['identity', 'identity.pub', 'known_hosts', 'username', 'password'],
  ...['githubAppID', 'githubAppInstallationID', 'githubAppPrivateKey', 'githubAppBaseURL'],
]);

/** The fields of a Secret that belong to other credentials than `fields`: a tenant could still read them. */
export const staleFields = (held: Fields, fields: Fields): string[] =>
  Object.keys(held).filter((field) => WRITTEN.has(field) && !(field in fields));

/** The annotation with the fingerprints of the keys that a rotation must still take from GitHub. */
const REPLACED = 'flux-gitops/replaced-keys';

/** The annotation with the time at which the token in a Secret ends, as GitHub said it. */
export const EXPIRES = 'flux-gitops/expires';

/** A Secret for `place`. Its version is that of `found`, so that the API server refuses it if another run changed it. */
export function secretFor(
  { namespace, secret, environment }: Place,
  fields: Fields,
  more: {
    readonly found?: KubernetesObject | undefined;
    readonly replaced?: readonly string[];
    readonly expires?: string | undefined;
  } = {},
): object {
  const { found, replaced = [], expires } = more;
  const annotations = {
    ...(replaced.length > 0 && { [REPLACED]: replaced.join(' ') }),
    ...(expires !== undefined && { [EXPIRES]: expires }),
  };
  const version = found?.metadata.resourceVersion;
  const labels = environment === undefined ? {} : { 'toolkit.fluxcd.io/tenant': namespace };
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: secret,
      namespace,
      labels: { 'app.kubernetes.io/managed-by': 'flux-gitops', ...labels },
      ...(Object.keys(annotations).length > 0 && { annotations }),
      ...(version !== undefined && { resourceVersion: version }),
    },
    // Kubernetes allows no other type for a Secret that exists.
    type: found?.type ?? 'Opaque',
    data: Object.fromEntries(Object.entries(fields).map(([key, text]) => [key, encode(text)])),
  };
}

/** `secrets` as one YAML text. */
export function manifestOf(secrets: readonly object[]): string {
  const options = {
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
    lineWidth: 0,
  } as const;
  return secrets.map((secret) => `---\n${stringify(secret, options)}`).join('');
}

/** What a Secret of the cluster says about its deploy key. */
export type HeldKey = {
  readonly found: KubernetesObject;
  readonly fields: Fields;
  /** Undefined if the Secret has no key that this command can read. */
  readonly key: DeployKey | undefined;
  readonly next: DeployKey | undefined;
  /** The fingerprints of keys that a rotation must still take from GitHub. */
  readonly replaced: readonly string[];
};

/** Reads the Secret `found`. */
export function readSecret(found: KubernetesObject): HeldKey {
  const { data = {} } = found as { readonly data?: Fields };
  const fields = Object.fromEntries(
    Object.entries(data).map(([name, text]) => [
      name,
      Buffer.from(text, 'base64').toString('utf8'),
    ]),
  );
  const replaced = found.metadata.annotations?.[REPLACED]?.split(' ') ?? [];
  return {
    found,
    fields,
    key: keyIn(fields.identity, fields['identity.pub']),
    next: keyIn(fields[NEXT.identity], fields[NEXT.publicKey]),
    replaced: replaced.filter((one) => one !== ''),
  };
}

/** The key in `identity`. The public half comes from the private one, because a person can have changed only one. */
function keyIn(identity: string | undefined, written: string | undefined): DeployKey | undefined {
  const publicKey = identity === undefined ? undefined : publicHalfOf(identity);
  if (identity === undefined || publicKey === undefined) return undefined;
  const isSame = written !== undefined && withoutComment(written) === publicKey;
  return { identity, publicKey: isSame ? written.trim() : publicKey };
}

/** The fingerprint of the key in a Secret. */
export function heldFingerprint(held: HeldKey | undefined): string | undefined {
  return held?.key && fingerprintOf(held.key.publicKey);
}
