import { type Environment, namespaceOf } from '../estate.ts';
import type { RepoRecord } from '../record.ts';
import { keySecretOf, pullSecretOf, registryHostOf } from './oci.ts';

/**
 * The commands with which Flux gets what it needs to pull and to verify artifacts, as lines for bash and zsh. They read
 * the token without an echo, no command line contains it, and they replace a Secret that is there.
 */

/** The label with which the policies protect a Secret from the tenant that reads it. */
const TENANT = 'toolkit.fluxcd.io/tenant';

/** A Secret, and the namespaces that need it. */
type Given = { readonly host: string; readonly secret: string; readonly namespaces: string[] };

/** The lines that ask for a user and a token for each app repo of `environments`, because a tenant can read its Secret. */
export function pullSecretLines(environments: readonly Environment[]): string[] {
  const repos = Map.groupBy(environments, ({ repo }) => repo);
  return askingLines(
    [...repos.values()].flatMap((fed): Given[] => {
      const [first] = fed;
      if (first === undefined) return [];
      const secret = pullSecretOf(first.repo);
      return [{ host: registryHostOf(first), secret, namespaces: fed.map(namespaceOf) }];
    }),
    true,
  );
}

/** The lines for the artifact of the config repo of `record`. */
export function configPullSecretLines({ name, shared }: RepoRecordPart): string[] {
  const host = registryHostOf(shared);
  return askingLines([{ host, secret: pullSecretOf(name), namespaces: ['flux-system'] }], false);
}

type RepoRecordPart = Pick<RepoRecord, 'name' | 'shared'>;

/** All calls are one list of commands: `read` would take a line that is pasted after it for the answer. */
function askingLines(given: readonly Given[], isTenant: boolean): string[] {
  if (given.length === 0) return [];
  const label = `kubectl label --local -f - ${TENANT}="$namespace" -o yaml | `;
  return [
    'give_pull_secret() {',
    '  host=$1 secret=$2 && shift 2',
    `  printf 'The user for %s, then the token of this user, which is not shown:\\n' "$secret"`,
    '  read -r user && read -rs token || return',
    '  for namespace in "$@"; do',
    `    printf '{"auths":{"%s":{"username":"%s","password":"%s"}}}' "$host" "$user" "$token" |`,
    '      kubectl -n "$namespace" create secret generic "$secret" --type kubernetes.io/dockerconfigjson \\',
    '        --from-file .dockerconfigjson=/dev/stdin --dry-run=client -o yaml |',
    `      ${isTenant ? label : ''}kubectl apply -f -`,
    '  done',
    '  unset token',
    '}',
    ...given.map(({ host, secret, namespaces }, at) => {
      const next = at < given.length - 1 ? ' &&' : '';
      return `give_pull_secret ${host} ${secret} ${namespaces.join(' ')}${next}`;
    }),
  ];
}

/** The lines that give each of `environments` the public key for its artifacts. */
export function keySecretLines(environments: readonly Environment[]): string[] {
  return environments.flatMap((one) => keyLines(one.repo, namespaceOf(one), true));
}

/** The lines for the artifact of the config repo `name`. */
export const configKeySecretLines = (name: string): string[] =>
  keyLines(name, 'flux-system', false);

function keyLines(repo: string, namespace: string, isTenant: boolean): string[] {
  const label = `kubectl label --local -f - ${TENANT}=${namespace} -o yaml | `;
  return [
    `kubectl -n ${namespace} create secret generic ${keySecretOf(repo)} --from-file cosign.pub --dry-run=client -o yaml |`,
    `  ${isTenant ? label : ''}kubectl apply -f -`,
  ];
}
