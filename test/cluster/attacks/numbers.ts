/** Attacks by size and number, and by what never ends. */
import {
  type Attack,
  at,
  core,
  deployment,
  idle,
  type Manifest,
  manifests,
  of,
  type PodRequest,
  plainManifests,
} from './attack.ts';
import { podAttack, pods } from './pods.ts';

/** What a pod of the tenant asks for to have an object created. */
const creation = (input: Manifest): PodRequest => ({
  as: 'worker',
  args: ['create', '-f', '-'],
  input,
});

const finalized = (namespace: string, ...finalizers: string[]): Manifest =>
  core('ConfigMap', { name: 'attack', namespace, finalizers });

/** A commit with an object that keeps the namespace from ending. */
const finalizer = (name: string, attempt: string, text: string): Attack => ({
  name,
  attempt,
  commit: ({ namespace }) => manifests(finalized(namespace, text)),
  harm: async (t, see) =>
    (await see(at.core(t.namespace, 'configmaps', 'attack')))?.metadata.finalizers !== undefined,
  reference: 'nobody',
  hardened: 'policy tenant-finalizers',
});

export const numberAttacks: Attack[] = [
  podAttack('pod-huge', 'create one pod as big as a node', 'ResourceQuota', () => ({}), {
    resources: { requests: { cpu: '32', memory: '64Gi' }, limits: { memory: '64Gi' } },
  }),
  podAttack(
    'pod-disk',
    'create a pod that fills the disk of its node',
    'ResourceQuota',
    () => ({}),
    {
      resources: { limits: { 'ephemeral-storage': '500Gi' } },
    },
  ),
  {
    name: 'pods-many',
    attempt: 'create a Deployment with 100 replicas',
    commit: (t) => manifests(deployment(t.namespace, {}, {}, 100)),
    harm: (t, see) => pods(t, see, 60),
    reference: 'nobody',
    hardened: 'ResourceQuota',
  },
  {
    name: 'objects-many',
    attempt: 'create a thousand objects',
    commit: ({ namespace }) =>
      manifests(
        ...Array.from({ length: 1000 }, (_, n) =>
          core('ConfigMap', { name: `many-${n}`, namespace }),
        ),
      ),
    harm: async (t, see) =>
      (await see(at.core(t.namespace, 'configmaps', 'many-999'))) !== undefined,
    reference: 'nobody',
    hardened: 'ResourceQuota',
  },
  {
    name: 'syncs-many',
    attempt: 'create thirty syncs of the same repository, which make all tenants wait',
    commit: ({ namespace, repo }) =>
      manifests(
        ...Array.from({ length: 30 }, (_, n) =>
          of(
            'kustomize.toolkit.fluxcd.io/v1',
            'Kustomization',
            { name: `many-${n}`, namespace },
            {
              interval: '1h',
              timeout: '1m',
              prune: true,
              path: './inner/made',
              serviceAccountName: namespace,
              targetNamespace: namespace,
              sourceRef: { kind: 'GitRepository', name: repo },
            },
          ),
        ),
      ),
    harm: async (t, see) => {
      const path = '/apis/kustomize.toolkit.fluxcd.io/v1/namespaces';
      return (await see(`${path}/${t.namespace}/kustomizations/many-29`)) !== undefined;
    },
    reference: 'nobody',
    hardened: 'ResourceQuota',
  },
  {
    name: 'events-long',
    attempt:
      'from a pod: create Events so long that they fill etcd, because no quota counts Events',
    commit: ({ namespace }) => manifests(idle(namespace)),
    fromPod: ({ namespace }) =>
      creation(
        core(
          'Event',
          { name: 'attack', namespace },
          { involvedObject: { namespace }, message: 'x'.repeat(100_000) },
        ),
      ),
    reference: 'nobody',
    hardened: 'policy tenant-events',
    says: /Each text may have at most 1024 characters/,
  },
  {
    name: 'events-wide',
    attempt: 'from a pod: the same with many short texts',
    commit: ({ namespace }) => manifests(idle(namespace)),
    fromPod: ({ namespace }) => {
      const text = 'x'.repeat(1000);
      const involvedObject = { namespace, fieldPath: text, uid: text, resourceVersion: text };
      return creation(
        core('Event', { name: 'attack', namespace }, { involvedObject, message: text }),
      );
    },
    reference: 'nobody',
    hardened: 'policy tenant-events',
    says: /all texts together at most 3072/,
  },
  {
    name: 'object-rewritten',
    attempt: 'from a pod: create a large object, which would fill etcd in a loop',
    commit: ({ namespace }) => manifests(idle(namespace)),
    fromPod: ({ namespace }) =>
      creation(
        core('ConfigMap', { name: 'attack', namespace }, { data: { text: 'x'.repeat(900_000) } }),
      ),
    reference: 'nobody',
    hardened: 'policy tenant-sizes',
    says: /larger than 64 KiB/,
  },
  {
    name: 'sources-many',
    attempt:
      'create so many sources that the source-controller has no worker left for other tenants',
    commit: ({ namespace, url }) =>
      manifests(
        ...Array.from({ length: 10 }, (_, n) =>
          of(
            'source.toolkit.fluxcd.io/v1',
            'GitRepository',
            { name: `many-${n}`, namespace },
            { interval: '1h', url, ref: { branch: 'main' }, ignore: plainManifests },
          ),
        ),
      ),
    harm: async (t, see) =>
      (await see(
        at.group('source.toolkit.fluxcd.io/v1', t.namespace, 'gitrepositories', 'many-9'),
      )) !== undefined,
    reference: 'nobody',
    hardened: 'ResourceQuota',
  },
  {
    name: 'finalizers-many',
    attempt: 'from a pod: set so many finalizers that the API server computes for seconds',
    commit: ({ namespace }) => manifests(idle(namespace)),
    fromPod: ({ namespace }) => creation(finalized(namespace, ...Array(17).fill('orphan'))),
    reference: 'nobody',
    hardened: 'policy tenant-finalizers',
  },
  {
    ...finalizer(
      'finalizer',
      'create an object with a finalizer that no controller removes, so that the namespace can never be deleted',
      'example.invalid/never',
    ),
    says: /Remove these finalizers/,
  },
  {
    name: 'finalizer-copied',
    attempt:
      'create pods with such a finalizer and the label of the platform’s objects, with a pod template',
    commit: ({ namespace }) => {
      const made = deployment(namespace);
      const { template } = made.spec as { template: { metadata: object } };
      const labels = { app: 'attack', 'toolkit.fluxcd.io/tenant': namespace };
      template.metadata = { labels, finalizers: ['example.invalid/never'] };
      return manifests(made);
    },
    harm: (t, see) => pods(t, see),
    reference: 'nobody',
    hardened: 'policy tenant-pods',
    says: /metadata of a template must not contain finalizers/,
  },
  finalizer(
    'finalizer-borrowed',
    'the same with a finalizer that Kubernetes removes only from volume claims',
    'kubernetes.io/pvc-protection',
  ),
];
