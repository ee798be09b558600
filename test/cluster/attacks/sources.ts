/** Attacks by sources of other addresses than the allowed ones. */
import { generateKeyPairSync } from 'node:crypto';
import { type Attack, core, letIn, manifests, of, plainManifests, type Tenant } from './attack.ts';

const source = 'source.toolkit.fluxcd.io/v1';
const operator = 'fluxcd.controlplane.io/v1';

/** A source of another address than the allowed ones. */
const foreign = (
  name: string,
  attempt: string,
  kind: string,
  plural: string,
  spec: (t: Tenant) => object,
  says = /is no source that this tenant may use/,
): Attack => ({
  name,
  attempt,
  commit: (t) => {
    const plain = plural === 'gitrepositories' || plural === 'buckets';
    const all = { interval: '1h', ...(plain && { ignore: plainManifests }), ...spec(t) };
    return manifests(of(source, kind, { name: 'attack', namespace: t.namespace }, all));
  },
  harm: letIn(source, plural),
  reference: 'nobody',
  hardened: 'policy tenant-sources',
  says,
});

const branch = { branch: 'main' };

/** A GitHub App at an address of the tenant's choice. */
const githubApp = (t: Tenant) => ({
  githubAppID: '1',
  githubAppInstallationID: '1',
  githubAppPrivateKey: key,
  githubAppBaseURL: `${t.elsewhere}/github-app`,
});

const key = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs1', format: 'pem' })
  .toString();

export const sourceAttacks: Attack[] = [
  foreign(
    'source-elsewhere',
    'a GitRepository of any address',
    'GitRepository',
    'gitrepositories',
    (t) => ({
      url: `${t.elsewhere}/taken`,
      ref: branch,
    }),
  ),
  foreign(
    'source-prefix',
    'an owner whose name begins like the allowed one',
    'GitRepository',
    'gitrepositories',
    (t) => ({
      url: `${t.url.slice(0, t.url.lastIndexOf('/'))}-too/taken`,
      ref: branch,
    }),
  ),
  foreign(
    'source-dots',
    'an address that leaves the allowed one by ..',
    'GitRepository',
    'gitrepositories',
    (t) => ({
      url: `${t.url}/../../other/taken`,
      ref: branch,
    }),
  ),
  foreign(
    'source-submodules',
    'submodules, which are fetched from anywhere',
    'GitRepository',
    'gitrepositories',
    (t) => ({ url: t.url, ref: branch, recurseSubmodules: true }),
    /recurseSubmodules/,
  ),
  foreign(
    'source-proxy',
    'an allowed address by way of a proxy, which answers instead',
    'GitRepository',
    'gitrepositories',
    (t) => ({ url: t.url, ref: branch, proxySecretRef: { name: 'proxy' } }),
    /proxySecretRef and sts would send requests elsewhere/,
  ),
  foreign(
    'source-oci',
    'an OCIRepository of any address',
    'OCIRepository',
    'ocirepositories',
    () => ({
      url: 'oci://example.invalid/taken',
    }),
  ),
  foreign(
    'source-helm',
    'a HelmRepository of any address',
    'HelmRepository',
    'helmrepositories',
    (t) => ({
      url: t.elsewhere,
    }),
  ),
  foreign(
    'source-of-other',
    'a HelmRepository of the address that is allowed for another tenant only',
    'HelmRepository',
    'helmrepositories',
    (t) => ({ url: t.theirs }),
  ),
  foreign('source-bucket', 'a Bucket of any address', 'Bucket', 'buckets', () => ({
    endpoint: 'example.invalid',
    bucketName: 'taken',
  })),
  foreign(
    'source-sts',
    'an allowed Bucket whose credentials are asked for at any address',
    'Bucket',
    'buckets',
    (t) => ({
      endpoint: new URL(t.buckets).host,
      bucketName: 'own',
      provider: 'generic',
      sts: { provider: 'ldap', endpoint: 'http://example.invalid' },
    }),
    /proxySecretRef and sts would send requests elsewhere/,
  ),
  foreign(
    'source-restless',
    'a source that is fetched a thousand times a second',
    'GitRepository',
    'gitrepositories',
    (t) => ({ url: t.url, ref: branch, interval: '1ms', suspend: true }),
    /set spec.interval to 30s or more/,
  ),
  foreign(
    'source-bucket-gcp',
    'an allowed Bucket by a provider that asks Google whatever the endpoint says',
    'Bucket',
    'buckets',
    (t) => ({ endpoint: new URL(t.buckets).host, bucketName: 'taken', provider: 'gcp' }),
    /would lead to another address than its endpoint/,
  ),
  foreign(
    'source-provider',
    'an allowed repository that Flux itself signs in to',
    'GitRepository',
    'gitrepositories',
    (t) => ({ url: t.url, ref: branch, provider: 'azure' }),
    /would sign in as Flux itself/,
  ),
  {
    name: 'source-github-app',
    attempt:
      'a Secret by which the source-controller asks any address for a token, without a time limit',
    commit: (t) =>
      manifests(
        core('Secret', { name: 'app', namespace: t.namespace }, { stringData: githubApp(t) }),
        of(
          source,
          'GitRepository',
          { name: 'attack', namespace: t.namespace },
          {
            interval: '1h',
            provider: 'github',
            secretRef: { name: 'app' },
            url: t.url,
            ref: branch,
            ignore: plainManifests,
          },
        ),
      ),
    harm: async (t, see) => (await see(`seen:/${t.field}/github-app`)) !== undefined,
    reference: 'nobody',
    hardened: 'policy tenant-access',
    says: /githubAppBaseURL would send requests elsewhere/,
  },
  foreign(
    'source-index',
    'a HelmRepository among the owner’s repositories: its index names charts of any address',
    'HelmRepository',
    'helmrepositories',
    (t) => ({ url: `${t.url}/raw/main/charts` }),
  ),
  {
    name: 'source-inputs',
    attempt: 'a ResourceSetInputProvider that reads from any address',
    commit: (t) =>
      manifests(
        of(
          operator,
          'ResourceSetInputProvider',
          { name: 'attack', namespace: t.namespace },
          {
            type: 'GitHubBranch',
            url: 'https://example.invalid/taken/away',
          },
        ),
      ),
    harm: letIn(operator, 'resourcesetinputproviders'),
    reference: 'nobody',
    hardened: 'policy tenant-sources',
  },
];
