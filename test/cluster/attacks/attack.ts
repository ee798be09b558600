/** What an attack is: a commit to a tenant's repository, the harm it aims at, and who refuses it. */

import type { Scheme } from './lines.ts';

/** The estates that have guards: profile `reference`, and profile `hardened` with public and with private repositories. */
export const guarded = ['reference', 'public', 'private'] as const;

/** An estate with guards. */
export type Guarded = (typeof guarded)[number];

/** `open` has no guard at all: what does not succeed there is no attack. */
export type Field = 'open' | Guarded;

/** The tenant that attacks, and what it can name. */
export type Tenant = {
  field: Field;
  namespace: string;
  /** Another tenant's namespace, with a repository of its own. */
  victim: string;
  /** The repository that feeds both. */
  repo: string;
  /** Where that repository is served; and its owner's other repositories. */
  url: string;
  owner: string;
  /** The same owner on the ssh server; and the other tenant's private repository there. */
  ssh: string;
  neighbour: string;
  /** The address of the tenant's line, or nothing. */
  line: string;
  /** Where charts and plain files are served, an address that is allowed; and one that is not. */
  files: string;
  elsewhere: string;
  /** An address that is allowed for the other tenant only. */
  theirs: string;
  /** An address that is allowed, where nothing is. */
  buckets: string;
  /** An address of artifacts that is allowed, where nothing is. */
  registry: string;
  /** The same server as from outside: nothing exempts this address from a proxy, as it does loopback's. */
  outside: string;
  /** Where the source-controller serves what it fetched. */
  artifacts: string;
  /** Where the kustomize-controller would serve its metrics to itself. */
  metrics: string;
  /** Where the operator's Web UI is, if it is. */
  web: string;
};

/** A Kubernetes object as it is written to a manifest. */
export type Manifest = { apiVersion: string; kind: string; metadata: Metadata } & Partial<
  Record<string, unknown>
>;

type Metadata = { name: string; namespace?: string } & Partial<Record<string, unknown>>;

/** The files of a commit below the tenant's folder: manifests, text as it is, or a symbolic link. */
export type Commit = Readonly<Record<string, readonly Manifest[] | string | { link: string }>>;

/** Reads an object by its API path, or by its address from any server; undefined where there is none. */
// biome-ignore lint/suspicious/noExplicitAny: what is read is compared field by field.
export type See = (path: string) => Promise<any>;

/** A request to the API server as a service account of the tenant, or of the namespace `from`, as from one of its pods. */
export type PodRequest = {
  as: string;
  from?: string;
  /** The request of a person of this group, who is called `as`. */
  group?: string;
  args: readonly string[];
  input?: Manifest;
  /** What is answered to a request that was let through, where it cannot work: there is no kubelet. */
  passes?: RegExp;
};

/** Who may refuse; a policy is named after its file in policies/. */
export type Guard =
  | 'RBAC'
  | 'Pod Security'
  | 'ResourceQuota'
  | 'Flux lockdown'
  | 'FluxInstance patch'
  | 'Flux itself'
  | 'API server'
  | 'operator lock'
  | 'operator values'
  | 'targetNamespace'
  | 'patches of the sync'
  | 'plain manifests'
  | 'git server'
  | 'nobody'
  | `policy ${string}`;

/** An attack. Its name is the name of the environment that it is tried from. */
export type Attack = {
  name: string;
  /** What is attempted, for the table. */
  attempt: string;
  /** What is committed; after it was applied, `after` is. */
  commit: (tenant: Tenant) => Commit;
  after?: (tenant: Tenant) => Commit;
  /** Committed last, alone, while another tenant wants to be handled: its harm is that others wait. */
  stall?: (tenant: Tenant) => Commit;
  /** What the attack dials; one that is held never answers. */
  line?: { scheme: Scheme; held?: boolean };
  /** What a pod of the tenant asks the API server for once the commit was applied. */
  fromPod?: (tenant: Tenant) => PodRequest;
  /** Whether the harm is done; without it, the pod's request is the harm. */
  harm?: (tenant: Tenant, see: See) => Promise<boolean>;
  /** Who refuses it on each estate; `nobody` where it succeeds. Without `public`, the same guard as on `private`. */
  reference: Guard;
  private: Guard;
  public?: Guard;
  /** Who refuses it even where nothing guards, because it cannot be taken away. */
  open?: Guard;
  /** Another that holds it as well on a hardened estate; whichever is asked first answers. */
  or?: Guard;
  /** What has to stand in the refusal on profile hardened, where it is our own sentence. */
  says?: RegExp;
};

/** Who has to refuse an attack on an estate. */
export const guardOf = (attack: Attack, field: Field): Guard =>
  field === 'public' ? (attack.public ?? attack.private) : (attack[field] ?? 'nobody');

/** An object of the core API group. */
export const core = (kind: string, metadata: Metadata, rest: object = {}): Manifest => ({
  apiVersion: 'v1',
  kind,
  metadata,
  ...rest,
});

/** An object of another API group. */
export const of = (
  apiVersion: string,
  kind: string,
  metadata: Metadata,
  spec?: object,
  rest: object = {},
): Manifest => ({ apiVersion, kind, metadata, ...(spec && { spec }), ...rest });

const rbac = 'rbac.authorization.k8s.io';

/** A RoleBinding to a ClusterRole. */
export const binding = (
  namespace: string,
  name: string,
  role: string,
  subjects: readonly object[],
): Manifest =>
  of(`${rbac}/v1`, 'RoleBinding', { name, namespace }, undefined, {
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
    subjects,
  });

/** Accounts that the platform bound to `admin`, one of the namespace and one of another: they may do all that the tenant may. */
export const bound = (namespace: string): Manifest[] => [
  core('ServiceAccount', { name: 'worker', namespace }),
  binding(namespace, 'worker', 'admin', [{ kind: 'ServiceAccount', name: 'worker', namespace }]),
  binding(namespace, 'deployer', 'admin', [
    { kind: 'ServiceAccount', name: 'deployer', namespace: 'ci' },
  ]),
];

/** Something to apply for an attack whose harm comes later. */
export const idle = (namespace: string): Manifest => core('ConfigMap', { name: 'idle', namespace });

/** The names that kustomize knows its file by, as the policy tenant-kustomize wants them left out. */
export const plainManifests = 'kustomization.yaml\nkustomization.yml\nKustomization\n';

/** A kustomization.yaml with a ConfigMap of its own making, beside a plain manifest that is applied either way. */
export const kustomized = (namespace: string, generator: object, rest: object = {}): Commit => ({
  'kustomization.yaml': JSON.stringify({
    namespace,
    configMapGenerator: [{ name: 'read', ...generator }],
    generatorOptions: { disableNameSuffixHash: true },
    ...rest,
  }),
  'other.yaml': [core('ConfigMap', { name: 'other', namespace })],
});

/** One file of manifests. */
export const manifests = (...list: Manifest[]): Commit => ({ 'attack.yaml': list });

/** A pod template that asks for little; `pod` and `container` say the rest. */
export const podTemplate = (pod: object = {}, container: object = {}) => ({
  metadata: { labels: { app: 'attack' } },
  spec: {
    ...pod,
    containers: [{ name: 'attack', image: 'example.invalid/attack:1', ...container }],
  },
});

/** A Deployment of such pods. */
export const deployment = (
  namespace: string,
  pod: object = {},
  container: object = {},
  replicas = 1,
): Manifest =>
  of(
    'apps/v1',
    'Deployment',
    { name: 'attack', namespace },
    {
      replicas,
      selector: { matchLabels: { app: 'attack' } },
      template: podTemplate(pod, container),
    },
  );

/** Paths of the API that the harms look at. */
export const at = {
  core: (namespace: string, plural: string, name: string) =>
    `/api/v1/namespaces/${namespace}/${plural}${name && `/${name}`}`,
  group: (group: string, namespace: string, plural: string, name: string) =>
    `/apis/${group}/namespaces/${namespace}/${plural}/${name}`,
  cluster: (group: string, plural: string, name: string) => `/apis/${group}/${plural}/${name}`,
};

/** The harm that an object of another API group was let in to the tenant's namespace. */
export const letIn =
  (group: string, plural: string, name = 'attack'): NonNullable<Attack['harm']> =>
  async (t, see) =>
    (await see(at.group(group, t.namespace, plural, name))) !== undefined;
