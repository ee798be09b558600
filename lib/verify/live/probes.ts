/** For each policy of policies/, a request of a tenant that this policy alone must refuse. */
import type { Json } from '../model.ts';

/** Where a probe takes place: the namespace of a tenant, which is also the name of its account. */
export type ProbePlace = {
  readonly namespace: string;
  /** An object of Flux in the namespace that does not belong to the platform, as kubectl names it. */
  readonly own: string | undefined;
  /** A group of people of the tenant. */
  readonly team: string | undefined;
};

/**
 * Who sends a request: the account of the tenant, as which Flux acts; another account of the tenant, to which RBAC gives every
 * right, so that the policy alone can refuse; or a person of the team.
 */
export type Sender = 'tenant' | 'account' | 'team';

/** A request: an object to create, or the arguments of kubectl for a change. */
export type Request = { readonly as: Sender } & (
  | { readonly create: Json }
  | { readonly args: readonly string[] }
);

/** The name of every object of a probe. */
export const PROBE = 'flux-gitops-verify';

type Spec = { readonly [field: string]: unknown };

const object = (apiVersion: string, kind: string, rest: Spec, metadata: Spec = {}): Request => ({
  as: 'tenant',
  create: { apiVersion, kind, metadata: { name: PROBE, ...metadata }, ...rest },
});

const labels = { app: PROBE };
const deployment = (pod: Spec): Request =>
  object('apps/v1', 'Deployment', {
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'any', image: 'example.invalid/any:1' }], ...pod },
      },
    },
  });

const sync = (spec: Spec): Request =>
  object('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', {
    spec: { interval: '10m', prune: true, path: './any', ...spec },
  });

const change = (...args: readonly string[]): Request => ({ as: 'account', args });

/** What is tried, in words, and the request for it; undefined where nothing can be tried in this namespace. */
type Probe = {
  readonly what: string;
  readonly request: (place: ProbePlace) => Request | undefined;
};

/** The probe of each policy, by the name of its file in policies/. */
export const PROBES: { readonly [file: string]: Probe } = {
  access: {
    what: 'a Secret with a token that never expires',
    request: () =>
      object(
        'v1',
        'Secret',
        { type: 'kubernetes.io/service-account-token' },
        { annotations: { 'kubernetes.io/service-account.name': 'default' } },
      ),
  },
  events: {
    what: 'an Event with a text of 1100 characters',
    request: ({ namespace }) =>
      object('v1', 'Event', {
        involvedObject: { kind: 'Pod', name: PROBE, namespace },
        reason: 'Verify',
        message: 'x'.repeat(1100),
      }),
  },
  finalizers: {
    what: 'a ConfigMap with a finalizer',
    request: () =>
      object('v1', 'ConfigMap', {}, { finalizers: ['flux-gitops.example.invalid/verify'] }),
  },
  kustomize: {
    what: 'a Kustomization with a source that may contain a kustomization.yaml',
    request: ({ namespace }) =>
      sync({ serviceAccountName: namespace, sourceRef: { kind: 'OCIRepository', name: PROBE } }),
  },
  namespace: {
    what: 'a change of the Namespace',
    request: ({ namespace }) => change('annotate', 'namespace', namespace, `${PROBE}=any`),
  },
  network: {
    what: 'a NetworkPolicy that lets everybody in',
    request: () =>
      object('networking.k8s.io/v1', 'NetworkPolicy', { spec: { podSelector: {}, ingress: [{}] } }),
  },
  'platform-objects': {
    what: 'a ConfigMap with the label of the platform team',
    request: ({ namespace }) =>
      object('v1', 'ConfigMap', {}, { labels: { 'toolkit.fluxcd.io/tenant': namespace } }),
  },
  pods: {
    what: 'a Deployment whose pods run as the account of Flux',
    request: ({ namespace }) => deployment({ serviceAccountName: namespace }),
  },
  priority: {
    what: 'a Deployment whose pods evict others',
    request: () => deployment({ priorityClassName: 'system-cluster-critical' }),
  },
  sizes: {
    what: 'a ConfigMap of 70,000 characters',
    // Flux may apply large objects, so another account of the tenant sends it.
    request: () => ({
      ...object('v1', 'ConfigMap', { data: { any: 'x'.repeat(70_000) } }),
      as: 'account',
    }),
  },
  sources: {
    what: 'a GitRepository at another address',
    request: () =>
      object('source.toolkit.fluxcd.io/v1', 'GitRepository', {
        spec: {
          interval: '1m',
          url: 'https://flux-gitops.example.invalid/any/any',
          ignore: 'kustomization.yaml\nkustomization.yml\nKustomization\n',
        },
      }),
  },
  status: {
    what: 'a status that Flux did not write',
    // Only an object that the platform does not protect anyway shows what this policy does.
    request: ({ own }) =>
      own === undefined
        ? undefined
        : change(
            ...['patch', own, '--subresource=status', '--type=merge'],
            ...['-p', '{"status":{"observedGeneration":0}}'],
          ),
  },
  syncs: {
    what: 'a Kustomization that acts as another account',
    request: () =>
      sync({
        serviceAccountName: 'another',
        sourceRef: { kind: 'GitRepository', name: PROBE },
      }),
  },
  team: {
    what: 'a change of a Flux object by a person of the team',
    request: ({ own, team }) =>
      own === undefined || team === undefined
        ? undefined
        : { as: 'team', args: ['annotate', own, `${PROBE}=any`] },
  },
};
