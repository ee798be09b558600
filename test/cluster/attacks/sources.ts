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
  says = /may not use the address/,
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
  private: 'policy tenant-sources',
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
    'create a GitRepository with any address',
    'GitRepository',
    'gitrepositories',
    (t) => ({
      url: `${t.elsewhere}/taken`,
      ref: branch,
    }),
  ),
  foreign(
    'source-prefix',
    'use an owner whose name starts with the allowed name',
    'GitRepository',
    'gitrepositories',
    (t) => ({
      url: `${t.url.slice(0, t.url.lastIndexOf('/'))}-too/taken`,
      ref: branch,
    }),
  ),
  foreign(
    'source-dots',
    'use an address that leaves the allowed one with ..',
    'GitRepository',
    'gitrepositories',
    (t) => ({
      url: `${t.url}/../../other/taken`,
      ref: branch,
    }),
  ),
  foreign(
    'source-submodules',
    'use submodules, which Flux fetches from any address',
    'GitRepository',
    'gitrepositories',
    (t) => ({ url: t.url, ref: branch, recurseSubmodules: true }),
    /spec.recurseSubmodules must not be true/,
  ),
  foreign(
    'source-proxy',
    'use an allowed address through a proxy that answers instead',
    'GitRepository',
    'gitrepositories',
    (t) => ({ url: t.url, ref: branch, proxySecretRef: { name: 'proxy' } }),
    /spec.proxySecretRef and spec.sts are not allowed/,
  ),
  foreign(
    'source-oci',
    'create an OCIRepository with any address',
    'OCIRepository',
    'ocirepositories',
    () => ({
      url: 'oci://example.invalid/taken',
    }),
  ),
  foreign(
    'source-helm',
    'create a HelmRepository with any address',
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
  foreign('source-bucket', 'create a Bucket with any address', 'Bucket', 'buckets', () => ({
    endpoint: 'example.invalid',
    bucketName: 'taken',
  })),
  foreign(
    'source-sts',
    'use an allowed Bucket, but request its credentials from any address',
    'Bucket',
    'buckets',
    (t) => ({
      endpoint: new URL(t.buckets).host,
      bucketName: 'own',
      provider: 'generic',
      sts: { provider: 'ldap', endpoint: 'http://example.invalid' },
    }),
    /spec.proxySecretRef and spec.sts are not allowed/,
  ),
  foreign(
    'source-restless',
    'create a source that Flux fetches a thousand times a second',
    'GitRepository',
    'gitrepositories',
    (t) => ({ url: t.url, ref: branch, interval: '1ms', suspend: true }),
    /spec.interval must be at least 30s/,
  ),
  foreign(
    'source-bucket-gcp',
    'use an allowed Bucket with a provider that ignores the endpoint and asks Google',
    'Bucket',
    'buckets',
    (t) => ({ endpoint: new URL(t.buckets).host, bucketName: 'taken', provider: 'gcp' }),
    /another address than spec.endpoint/,
  ),
  foreign(
    'source-provider',
    'use an allowed repository that Flux signs in to with its own identity',
    'GitRepository',
    'gitrepositories',
    (t) => ({ url: t.url, ref: branch, provider: 'azure' }),
    /would sign in with its own identity/,
  ),
  foreign(
    'artifact-neighbour',
    'create an OCIRepository in another path of an allowed registry',
    'OCIRepository',
    'ocirepositories',
    (t) => ({ url: `${t.registry}-too/taken` }),
  ),
  foreign(
    'artifact-provider',
    'use an allowed OCIRepository that Flux signs in to with its own identity',
    'OCIRepository',
    'ocirepositories',
    (t) => ({ url: `${t.registry}/app`, provider: 'aws' }),
    /would sign in with its own identity/,
  ),
  foreign(
    'chart-provider',
    'use an allowed HelmRepository that Flux signs in to with its own identity',
    'HelmRepository',
    'helmrepositories',
    (t) => ({ url: t.registry, type: 'oci', provider: 'gcp' }),
    /would sign in with its own identity/,
  ),
  foreign(
    'artifact-insecure',
    'use an allowed OCIRepository, but accept any server in place of the registry',
    'OCIRepository',
    'ocirepositories',
    (t) => ({ url: `${t.registry}/app`, insecure: true }),
    /spec.insecure and spec.certSecretRef are not allowed/,
  ),
  foreign(
    'artifact-certificate',
    'use an allowed OCIRepository with a certificate authority of the tenant',
    'OCIRepository',
    'ocirepositories',
    (t) => ({ url: `${t.registry}/app`, certSecretRef: { name: 'mine' } }),
    /spec.insecure and spec.certSecretRef are not allowed/,
  ),
  foreign(
    'artifact-proxy',
    'use an allowed OCIRepository through a proxy that answers instead',
    'OCIRepository',
    'ocirepositories',
    (t) => ({ url: `${t.registry}/app`, proxySecretRef: { name: 'proxy' } }),
    /spec.proxySecretRef and spec.sts are not allowed/,
  ),
  foreign(
    'artifact-trusted-root',
    'verify an artifact with a trusted root, which names the server of a log at any address',
    'OCIRepository',
    'ocirepositories',
    (t) => ({
      url: `${t.registry}/app`,
      verify: { provider: 'cosign', trustedRootSecretRef: { name: 'root' } },
    }),
    /must have the provider cosign and no trustedRootSecretRef/,
  ),
  foreign(
    'artifact-notation',
    'verify an artifact with certificates, which name servers at any address',
    'OCIRepository',
    'ocirepositories',
    (t) => ({
      url: `${t.registry}/app`,
      verify: { provider: 'notation', secretRef: { name: 'trust' } },
    }),
    /must have the provider cosign and no trustedRootSecretRef/,
  ),
  foreign(
    'chart-notation',
    'verify a chart with certificates, which name servers at any address',
    'HelmChart',
    'helmcharts',
    () => ({
      chart: 'any',
      sourceRef: { kind: 'HelmRepository', name: 'any' },
      verify: { provider: 'notation', secretRef: { name: 'trust' } },
    }),
    /must have the provider cosign and no trustedRootSecretRef/,
  ),
  {
    name: 'source-github-app',
    attempt:
      'create a Secret that makes the source-controller request a token from any address, without a time limit',
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
    private: 'policy tenant-access',
    says: /must not have the key githubAppBaseURL/,
  },
  foreign(
    'source-index',
    'use a HelmRepository in an owner’s repository, because its index may name charts at any address',
    'HelmRepository',
    'helmrepositories',
    (t) => ({ url: `${t.url}/raw/main/charts` }),
  ),
  {
    name: 'source-inputs',
    attempt: 'create a ResourceSetInputProvider that reads from any address',
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
    private: 'policy tenant-sources',
  },
];
