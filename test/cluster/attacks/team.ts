/** Attacks by a person of a team: somebody who may see the namespace and ask Flux to reconcile. */
import { type Attack, type Commit, core, idle, manifests, of, type Tenant } from './attack.ts';

/** The group that the platform gives as `--team` to every attacking tenant, and not to the other one. */
export const teamGroup = 'attackers:developers';

/** A sync of the tenant's own making, which is not labelled as the platform's. */
const ownSync = ({ namespace, repo }: Tenant): Commit =>
  manifests(
    of(
      'kustomize.toolkit.fluxcd.io/v1',
      'Kustomization',
      { name: 'attack', namespace },
      {
        ...{ interval: '1h', timeout: '1m', prune: true, path: './inner/made' },
        ...{ serviceAccountName: namespace, targetNamespace: namespace },
        sourceRef: { kind: 'GitRepository', name: repo },
      },
    ),
  );

/** A request by a person of the team; without a profile that knows teams, RBAC refuses it. */
const byPerson = (
  name: string,
  attempt: string,
  guard: Attack['private'],
  args: (t: Tenant) => readonly string[],
  rest: Partial<Attack> & { commit?: Attack['commit'] } = {},
): Attack => ({
  name,
  attempt: `by a person of the team: ${attempt}`,
  commit: ({ namespace }) => manifests(idle(namespace)),
  fromPod: (t) => ({ as: 'mona', group: teamGroup, args: args(t) }),
  reference: 'RBAC',
  private: guard,
  ...rest,
});

const merge = (object: string, change: object): string[] => [
  ...['patch', object, '--type=merge', '-p', JSON.stringify(change)],
];
const annotate = (object: string, ...texts: string[]): string[] => [
  ...['annotate', '--overwrite', object, ...texts],
];
const own = 'kustomization/attack';
const requested = 'reconcile.fluxcd.io/requestedAt';
const says = /ask Flux to reconcile/;

export const teamAttacks: Attack[] = [
  {
    ...byPerson('team-exec', 'a shell in a pod', 'RBAC', () => []),
    fromPod: ({ namespace }) => ({
      as: 'mona',
      group: teamGroup,
      args: [
        ...['create', '-f', '-', '--raw'],
        `/api/v1/namespaces/${namespace}/pods/none/exec?command=id&stdout=true`,
      ],
      input: core('Pod', { name: 'none' }),
      passes: /pods "none" not found/,
    }),
  },
  byPerson('team-secrets', 'the Secrets of the namespace read', 'RBAC', () => ['get', 'secrets']),
  byPerson('team-token', 'a token of the account that Flux acts as', 'RBAC', ({ namespace }) => [
    ...['create', 'token', namespace],
  ]),
  byPerson('team-edit', 'an object of the application changed by hand', 'RBAC', () =>
    annotate('configmap/idle', 'taken=yes'),
  ),
  byPerson('team-delete', 'the sync deleted, and with it what it applied', 'RBAC', ({ repo }) => [
    ...['delete', `kustomization/${repo}`, '--wait=false'],
  ]),
  byPerson('team-other', 'another tenant’s source asked for', 'RBAC', ({ repo, victim }) => [
    ...annotate(`gitrepository/${repo}`, `${requested}=now`),
    ...['-n', victim],
  ]),
  byPerson(
    'team-source',
    'the source of the tenant pointed elsewhere',
    'policy tenant-team',
    ({ repo, url }) => merge(`gitrepository/${repo}`, { spec: { url: `${url}-taken` } }),
    { or: 'policy tenant-platform-objects' },
  ),
  byPerson(
    'team-suspend',
    'the sync suspended',
    'policy tenant-team',
    ({ repo }) => merge(`kustomization/${repo}`, { spec: { suspend: true } }),
    { or: 'policy tenant-platform-objects' },
  ),
  byPerson(
    'team-sync',
    'a sync of the tenant’s own making suspended',
    'policy tenant-team',
    () => merge(own, { spec: { suspend: true } }),
    { commit: ownSync, says },
  ),
  byPerson(
    'team-prune',
    'an annotation that keeps what a commit removes',
    'policy tenant-team',
    () => annotate(own, 'kustomize.toolkit.fluxcd.io/prune=disabled', `${requested}=now`),
    { commit: ownSync, says },
  ),
  byPerson(
    'team-label',
    'a label that takes a sync out of what Flux knows as applied',
    'policy tenant-team',
    () => merge(own, { metadata: { labels: { 'kustomize.toolkit.fluxcd.io/name': null } } }),
    { commit: ownSync, says },
  ),
  byPerson(
    'team-finalizer',
    'a finalizer taken away, so that what a sync applied stays when the sync is deleted',
    'policy tenant-team',
    () => merge(own, { metadata: { finalizers: null } }),
    { commit: ownSync, says },
  ),
  byPerson(
    'team-long',
    'a request to reconcile so long that it fills the store of the cluster in a loop',
    'policy tenant-team',
    () => annotate(own, `${requested}=${'x'.repeat(100_000)}`),
    { commit: ownSync, says },
  ),
];
