/** Attacks on private repositories: other spellings of ssh addresses, and the keys of others. */
import {
  type Attack,
  at,
  core,
  idle,
  letIn,
  manifests,
  of,
  plainManifests,
  type Tenant,
} from './attack.ts';

const source = 'source.toolkit.fluxcd.io/v1';

/** A GitRepository at `url`, with a Secret of the tenant's namespace. */
const repository = ({ namespace }: Tenant, url: string, secret: string) =>
  of(
    source,
    'GitRepository',
    { name: 'attack', namespace },
    {
      ...{ interval: '1h', url, ref: { branch: 'main' }, secretRef: { name: secret } },
      ignore: plainManifests,
    },
  );

/** Another way to write an ssh address, which must not lead away from the owner's repositories. */
const spelled = (name: string, attempt: string, url: (address: string) => string): Attack => ({
  name,
  attempt,
  commit: (t) => manifests(repository(t, url(t.ssh), `git-${t.repo}`)),
  harm: letIn(source, 'gitrepositories'),
  reference: 'nobody',
  private: 'policy tenant-sources',
  says: /may not use the address/,
});

const fetched = async (
  t: Tenant,
  see: (path: string) => Promise<{ status?: { artifact?: object } }>,
) =>
  (await see(at.group(source, t.namespace, 'gitrepositories', 'attack')))?.status?.artifact !==
  undefined;

const ownSecret = (t: Tenant) => at.core(t.namespace, 'secrets', `git-${t.repo}`);

export const privateAttacks: Attack[] = [
  spelled('ssh-user', 'use the allowed ssh address with another user', (one) =>
    one.replace('git@', 'other@'),
  ),
  spelled('ssh-port', 'use the allowed ssh address with another port', (one) =>
    one.replace(/:\d+\//, ':2222/'),
  ),
  spelled('ssh-host', 'use an ssh address whose user is the allowed address', (one) =>
    one.replace(/(ssh:\/\/[^/]+)\//, '$1@example.invalid/'),
  ),
  spelled(
    'ssh-owner',
    'use ssh and an owner whose name starts with the allowed name',
    (one) => `${one}-too/taken`,
  ),
  spelled(
    'ssh-dots',
    'use an ssh address that leaves the allowed one with ..',
    (one) => `${one}/../other/taken`,
  ),
  spelled(
    'ssh-encoded',
    'use an ssh address that leaves the allowed one with an encoded ..',
    (one) => `${one}/%2e%2e/other/taken`,
  ),
  spelled('ssh-slashes', 'use an ssh address with two slashes before another owner', (one) =>
    one.replace(/\/[^/]+$/, '//other/taken'),
  ),
  spelled(
    'ssh-query',
    'use an ssh address with a query',
    (one) => `${one}/taken?x=/../../other/taken`,
  ),
  {
    name: 'key-elsewhere',
    attempt: 'read a private repository of another tenant with the own deploy key',
    commit: (t) => manifests(repository(t, `${t.ssh}/${t.neighbour}`, `git-${t.repo}`)),
    harm: fetched,
    reference: 'git server',
    private: 'git server',
    public: 'policy tenant-sources',
    open: 'git server',
  },
  {
    name: 'key-of-other',
    attempt: 'name the Secret with the deploy key of another tenant',
    commit: (t) => manifests(repository(t, `${t.ssh}/${t.neighbour}`, `git-${t.neighbour}`)),
    harm: fetched,
    reference: 'Flux itself',
    private: 'Flux itself',
    public: 'policy tenant-sources',
    open: 'Flux itself',
  },
  {
    name: 'key-read',
    attempt: 'from a pod: read the deploy key of another tenant',
    commit: ({ namespace }) => manifests(idle(namespace)),
    fromPod: (t) => ({
      as: t.namespace,
      args: ['--namespace', t.victim, 'get', 'secret', `git-${t.neighbour}`],
    }),
    reference: 'RBAC',
    private: 'RBAC',
  },
  {
    name: 'key-replaced',
    attempt: 'replace the host keys by which Flux recognizes the git server',
    commit: (t) => {
      const stringData = { known_hosts: 'github.com ssh-ed25519 AAAA' };
      const metadata = { name: `git-${t.repo}`, namespace: t.namespace };
      return manifests(core('Secret', metadata, { stringData }));
    },
    harm: async (t, see) => {
      const data = (await see(ownSecret(t)))?.data?.known_hosts ?? '';
      return Buffer.from(data, 'base64').toString().startsWith('github.com');
    },
    reference: 'nobody',
    private: 'policy tenant-platform-objects',
    says: /belongs to the platform team/,
  },
  {
    name: 'key-deleted',
    attempt:
      'from a pod: delete the Secret with the deploy key, so that Flux reads no commit any more',
    commit: ({ namespace }) => manifests(idle(namespace)),
    fromPod: (t) => ({
      as: t.namespace,
      args: ['delete', 'secret', `git-${t.repo}`],
    }),
    reference: 'nobody',
    private: 'policy tenant-platform-objects',
  },
];
