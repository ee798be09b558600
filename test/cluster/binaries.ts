/**
 * The one place where the versions of everything that runs in the cluster tests are written down.
 * After a change here run `node test/cluster/wrap.ts FOLDER`: it writes that folder's go.mod and
 * go.sum again. docs/cluster-tests.md explains the replacements.
 */

/** One wrapper module: their dependency versions disagree, so each has its own go.mod and go.sum. */
export type Wrapper = {
  folder: string;
  module: string;
  version: string;
  /** Binary name → main package, below the module; with ./ it is one of our own, in the folder. */
  mains: Readonly<Record<string, string>>;
  /** `replace` lines: module → version. Upstream's own ones do not reach a dependent module. */
  replaces?: Readonly<Record<string, string>>;
  /** Modules that have to be newer than upstream asks for. */
  requires?: Readonly<Record<string, string>>;
  /** `replace X => ./staging/...` of upstream: the module zip lacks them, this version has them. */
  staging?: string;
  /** A file that only upstream's release build makes and that its sources embed. */
  embeds?: string;
  /** Folders of the module that are needed while running. */
  assets?: readonly string[];
  ldflags?: readonly string[];
};

/** What the FluxInstance asks for; the operator picks the newest it knows. */
export const fluxVersion = '2.9.x';

const kubernetes = '1.36.3';
const digest = 'github.com/opencontainers/go-digest';
const kustomize = {
  'sigs.k8s.io/kustomize/api': 'v0.21.1',
  'sigs.k8s.io/kustomize/kyaml': 'v0.21.1',
};
const [major, minor] = kubernetes.split('.');
const stamp = 'k8s.io/component-base/version';

/** Every wrapper module, the slowest build first. */
export const wrappers: readonly Wrapper[] = [
  {
    folder: 'kubernetes',
    module: 'k8s.io/kubernetes',
    version: `v${kubernetes}`,
    mains: {
      'kube-apiserver': 'cmd/kube-apiserver',
      'kube-controller-manager': 'cmd/kube-controller-manager',
      'kube-scheduler': 'cmd/kube-scheduler',
      kubectl: 'cmd/kubectl',
    },
    staging: `v0${kubernetes.slice(kubernetes.indexOf('.'))}`,
    // Without these the server calls itself v0.0.0 and its clients misjudge it.
    ldflags: [
      `-X ${stamp}.gitVersion=v${kubernetes}`,
      `-X ${stamp}.gitMajor=${major}`,
      `-X ${stamp}.gitMinor=${minor}`,
    ],
  },
  {
    folder: 'etcd',
    module: 'go.etcd.io/etcd/server/v3',
    version: 'v3.6.16',
    mains: { etcd: '.' },
  },
  {
    folder: 'source-controller',
    module: 'github.com/fluxcd/source-controller',
    version: 'v1.9.5',
    mains: { 'source-controller': '.' },
    replaces: { [digest]: 'v1.0.1-0.20220411205349-bde1400a84be' },
    requires: { 'github.com/fluxcd/pkg/artifact': 'v0.20.0' },
  },
  {
    folder: 'kustomize-controller',
    module: 'github.com/fluxcd/kustomize-controller',
    version: 'v1.9.5',
    mains: { 'kustomize-controller': '.' },
    replaces: {
      [digest]: 'v1.0.1-0.20220411205349-bde1400a84be',
      ...kustomize,
      'gopkg.in/yaml.v3': 'v3.0.1',
    },
  },
  {
    // AGPL-3.0: built to test against, never shipped.
    folder: 'flux-operator',
    module: 'github.com/controlplaneio-fluxcd/flux-operator',
    version: 'v0.58.1',
    mains: { 'flux-operator': 'cmd/operator' },
    replaces: {
      'github.com/google/go-containerregistry/pkg/authn/kubernetes':
        'v0.0.0-20260224031529-85f2bf5f7303',
    },
    embeds: 'web/dist/empty.txt',
    assets: ['config'],
  },
  {
    folder: 'kwok',
    module: 'sigs.k8s.io/kwok',
    version: 'v0.8.0',
    mains: { kwok: 'cmd/kwok' },
    assets: ['kustomize/stage'],
  },
  {
    folder: 'flux',
    module: 'github.com/fluxcd/flux2/v2',
    version: 'v2.9.5',
    mains: { flux: 'cmd/flux' },
    replaces: { 'gopkg.in/yaml.v3': 'v3.0.1' },
    embeds: 'cmd/flux/manifests/empty.yaml',
    ldflags: ['-X main.VERSION=2.9.5'],
  },
  {
    folder: 'cosign',
    module: 'github.com/sigstore/cosign/v3',
    version: 'v3.0.6',
    mains: { cosign: 'cmd/cosign', keyless: './keyless' },
    // With the dependencies of the source-controller, Go has compiled most of it already.
    requires: {
      'github.com/fluxcd/source-controller': 'v1.9.5',
      'github.com/fluxcd/pkg/artifact': 'v0.20.0',
    },
    replaces: { [digest]: 'v1.0.1-0.20220411205349-bde1400a84be' },
  },
  {
    folder: 'registry',
    module: 'github.com/distribution/distribution/v3',
    version: 'v3.1.2',
    mains: { registry: 'cmd/registry' },
  },
  {
    folder: 'helm-controller',
    module: 'github.com/fluxcd/helm-controller',
    version: 'v1.6.4',
    mains: { 'helm-controller': '.' },
    replaces: { [digest]: 'v1.0.1-0.20231025023718-d50d2fec9c98', ...kustomize },
  },
];
