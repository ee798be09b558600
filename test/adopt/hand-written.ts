/** Small estates as people write them by hand, in the shapes that public ones have. */

export type Files = readonly (readonly [path: string, text: string])[];

/** What `flux create tenant NAME --with-namespace=NAMESPACE --export` prints. */
export const tenant = (name: string, namespace = name): string => `---
apiVersion: v1
kind: Namespace
metadata:
  labels:
    toolkit.fluxcd.io/tenant: ${name}
  name: ${namespace}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  labels:
    toolkit.fluxcd.io/tenant: ${name}
  name: ${name}
  namespace: ${namespace}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  labels:
    toolkit.fluxcd.io/tenant: ${name}
  name: ${name}-reconciler
  namespace: ${namespace}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: cluster-admin
subjects:
- apiGroup: rbac.authorization.k8s.io
  kind: User
  name: gotk:${namespace}:reconciler
- kind: ServiceAccount
  name: ${name}
  namespace: ${namespace}
`;

/** What a sync is about. */
type Sync = {
  readonly namespace: string;
  readonly url: string;
  readonly path: string;
  readonly source: string;
  readonly name: string;
  readonly account?: string;
};

/** What `flux create source git … --export` and `flux create kustomization … --export` print. */
export const sync = ({ namespace, url, path, source, name, account = namespace }: Sync): string =>
  `---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata:
  name: ${source}
  namespace: ${namespace}
spec:
  interval: 1m0s
  ref:
    branch: main
  url: ${url}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  interval: 20m0s
  path: ${path}
  prune: true
  serviceAccountName: ${account}
  sourceRef:
    kind: GitRepository
    name: ${source}
`;

const token = (name: string, account: string): string => `---
apiVersion: v1
kind: Secret
metadata:
  name: ${name}
  namespace: ${account}
  annotations:
    kubernetes.io/service-account.name: ${account}
type: kubernetes.io/service-account-token
`;

/** A second sync of the same tenant, which packages the same manifests as an artifact. */
export const artifact = (
  namespace: string,
  registry = 'oci://ghcr.io/octo-org/kcheck',
) => `# A second sync
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata:
  name: oci-demo-dev
  namespace: ${namespace}
spec:
  interval: 1m # source polling interval
  url: ${registry}/kcheck-dev
  ref:
    tag: latest
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: oci-dev
  namespace: ${namespace}
spec:
  interval: 1h
  path: ./
  prune: true
  serviceAccountName: ${namespace}
  sourceRef:
    kind: OCIRepository
    name: oci-demo-dev
`;

/** The demo app, as its author wrote it for one environment. */
export const app = (namespace: string, colour: string): string => `# GitOps test manifest
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: kcheck
  namespace: ${namespace}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: kcheck
  template:
    metadata:
      labels:
        app: kcheck
    spec:
      containers:
      - name: kcheck
        image: ghcr.io/wolcn/kcheck:1.0.2
        env:
        - name: COLOUR
          value: ${colour}
        - name: CONTENT
          value: Hello
`;

/** The shape of the original demo: numbered files for each environment, and a second sync for one of them. */
export function demo({
  owner = 'octo-org',
  prefix = 'acme',
  web = 'https://github.com',
  config = 'config',
} = {}): Files {
  const url = (repo: string): string => `${web}/${owner}/${repo}`;
  const ours = (name: string): Files => {
    const namespace = `${prefix}-${name}`;
    const names = { source: 'web-late', name: 'web-late', url: url('web-late') };
    return [
      [`${config}/${name}/1_tenant.yaml`, tenant(namespace) + token(name, namespace)],
      [`${config}/${name}/2_sync.yaml`, sync({ ...names, namespace, path: `./${name}` })],
      [`web-late/${name}/app.yaml`, app(namespace, 'Wheat')],
    ];
  };
  const dev = `${prefix}-dev`;
  const names = { source: 'git-demo-dev', name: 'git-dev', url: url('web-dev') };
  return [
    [`${config}/README.md`, '# Our config\n\nApply the folders by hand.\n'],
    [`${config}/.gitignore`, '*.swp\n'],
    [`${config}/network/allow-health-checks.yaml`, '# ours\n'],
    [`${config}/dev/1_tenant.yaml`, tenant(dev) + token('dev', dev)],
    [
      `${config}/dev/2_git_sync.yaml`,
      `# The sync\n${sync({ ...names, namespace: dev, path: './dev' })}`,
    ],
    [`${config}/dev/3_oci_sync.yaml`, artifact(dev)],
    ...ours('stage'),
    ...ours('prod'),
    ['web-dev/README.md', '# The app\n'],
    ['web-dev/dev/app.yaml', app(dev, 'Cornsilk')],
    ['web-late/README.md', '# The apps\n'],
  ];
}

/** The output of the flux CLI, one file for each tenant: the namespace of one is called like its team, that of the other not. */
export const exportedFor = ({
  payments = 'payments',
  search = 'search',
  web = 'https://github.com/octo-org',
  searchUrl = `${web}/search`,
  secret = '',
}: { [key in 'payments' | 'search' | 'web' | 'searchUrl' | 'secret']?: string } = {}): Files => [
  ['config/README.md', '# Tenants\n'],
  ['config/tenants/payments.yaml', tenant(payments)],
  [
    'config/tenants/payments-sync.yaml',
    sync({
      ...{ namespace: payments, path: './deploy/prod', source: 'pay', name: 'pay-sync' },
      url: `${web}/payments-app`,
    }),
  ],
  ['config/tenants/search.yaml', tenant(`${search}-team`, search)],
  [
    'config/tenants/search-sync.yaml',
    sync({
      ...{ namespace: search, path: './', source: 'search', name: 'search' },
      ...{ url: searchUrl, account: `${search}-team` },
    }).replace(/(\n {2}url: .*)/, `${secret && `\n  secretRef:\n    name: ${secret}`}$1`),
  ],
];

/** The same with an address that needs a Secret, and without one. */
export const exported: Files = exportedFor({
  searchUrl: 'ssh://git@github.com/octo-org/search.git',
});

const list = (...resources: string[]): string =>
  `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n${resources.map((one) => `  - ${one}\n`).join('')}`;

const overlay = (stage: string, namespace = 'apps'): Files => [
  [
    `config/tenants/${stage}/kustomization.yaml`,
    `${list('../base/dev-team')}patches:\n  - path: dev-team-patch.yaml\n`,
  ],
  [
    `config/tenants/${stage}/dev-team-patch.yaml`,
    `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: dev-team
  namespace: ${namespace}
spec:
  path: ./${stage}
`,
  ],
  [
    `config/clusters/${stage}/tenants.yaml`,
    `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: tenants
  namespace: flux-system
spec:
  path: ./tenants/${stage}
  sourceRef:
    kind: GitRepository
    name: flux-system
`,
  ],
];

/** The shape of flux2-multi-tenancy: a base for each team, an overlay for each cluster. */
export const overlaysFor = ({
  namespace = 'apps',
  web = 'https://github.com/octo-org',
  stages = ['staging', 'production'],
} = {}): Files => [
  ['config/README.md', '# Fleet\n'],
  ['config/tenants/base/dev-team/kustomization.yaml', list('rbac.yaml', 'sync.yaml')],
  ['config/tenants/base/dev-team/rbac.yaml', tenant('dev-team', namespace)],
  [
    'config/tenants/base/dev-team/sync.yaml',
    sync({
      ...{ namespace, path: './', source: 'dev-team', name: 'dev-team' },
      ...{ url: `${web}/dev-team-apps`, account: 'dev-team' },
    }),
  ],
  ...stages.flatMap((stage) => overlay(stage, namespace)),
];

export const overlays: Files = overlaysFor();
