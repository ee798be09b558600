/** Attacks by pods. */
import {
  type Attack,
  deployment,
  letIn,
  manifests,
  of,
  podTemplate,
  type See,
  type Tenant,
} from './attack.ts';

/** Whether pods of the Deployment were let in: that many at least. */
export const pods = async ({ namespace }: Tenant, see: See, least = 1): Promise<boolean> =>
  ((await see(`/api/v1/namespaces/${namespace}/pods`))?.items.length ?? 0) >= least;

export const podAttack = (
  name: string,
  attempt: string,
  guard: Attack['private'],
  pod: (t: Tenant) => object,
  container: object = {},
): Attack => ({
  name,
  attempt,
  commit: (t) => manifests(deployment(t.namespace, pod(t), container)),
  harm: (t, see) => pods(t, see),
  reference: 'nobody',
  private: guard,
});

/** Pods that reach the node. Each is tried as a Deployment and as a pod of its own: two guards look at these. */
const ofTheNode: Attack[] = (
  [
    ['privileged', 'with all rights on the node', {}, { securityContext: { privileged: true } }],
    [
      'host-path',
      'with the node’s disk',
      { volumes: [{ name: 'disk', hostPath: { path: '/' } }] },
      {},
    ],
    ['host-network', 'in the network of the node', { hostNetwork: true }, {}],
  ] as const
).flatMap(([name, said, pod, container]) => [
  {
    ...podAttack(
      `pod-${name}`,
      `create a Deployment of pods ${said}`,
      'policy tenant-pods',
      () => pod,
      container,
    ),
    says: /Remove privileged, hostNetwork, hostPID, hostIPC, hostPath volumes/,
  },
  {
    ...podAttack(`bare-${name}`, `create a pod ${said}`, 'Pod Security', () => pod),
    commit: (t: Tenant) => {
      const { spec } = podTemplate(pod, container);
      return manifests(of('v1', 'Pod', { name: 'attack', namespace: t.namespace }, spec));
    },
  },
]);

export const podAttacks: Attack[] = [
  ...ofTheNode,
  {
    ...podAttack(
      'pod-as-reconciler',
      'create a Deployment that runs as the reconciler',
      'policy tenant-pods',
      (t) => ({
        serviceAccountName: t.namespace,
        automountServiceAccountToken: true,
      }),
    ),
    says: /Create another service account/,
  },
  {
    ...podAttack(
      'pod-priority',
      'create pods that evict others from the nodes: system-node-critical',
      'policy tenant-priority',
      () => ({
        priorityClassName: 'system-node-critical',
      }),
    ),
    says: /Remove priorityClassName/,
  },
  {
    ...podAttack(
      'pod-class',
      'the same with a priority class of the platform',
      'policy tenant-priority',
      () => ({ priorityClassName: 'platform' }),
    ),
    says: /flux-gitops --allow-priority-class platform/,
  },
  {
    ...podAttack(
      'pod-endless',
      'create a pod that takes ten years to end, and blocks the deletion of its namespace',
      'policy tenant-pods',
      () => ({ terminationGracePeriodSeconds: 315_360_000 }),
    ),
    says: /terminationGracePeriodSeconds must be at most 3600/,
  },
  {
    name: 'pod-deleted-endlessly',
    attempt: 'from a pod: delete an existing pod with a grace period of ten years',
    commit: (t) => {
      const { spec } = podTemplate();
      return manifests(of('v1', 'Pod', { name: 'attack', namespace: t.namespace }, spec));
    },
    fromPod: () => ({
      as: 'worker',
      args: ['delete', 'pod', 'attack', '--grace-period=315360000', '--wait=false'],
    }),
    reference: 'nobody',
    private: 'policy tenant-finalizers',
    says: /gracePeriodSeconds must be at most 3600/,
  },
  {
    name: 'pod-evicted-endlessly',
    attempt: 'from a pod: evict an existing pod with a grace period of ten years',
    commit: (t) => {
      const { spec } = podTemplate();
      return manifests(of('v1', 'Pod', { name: 'attack', namespace: t.namespace }, spec));
    },
    fromPod: ({ namespace }) => ({
      as: 'worker',
      args: ['create', '--raw', `/api/v1/namespaces/${namespace}/pods/attack/eviction`, '-f', '-'],
      input: of('policy/v1', 'Eviction', { name: 'attack' }, undefined, {
        deleteOptions: { gracePeriodSeconds: 315_360_000 },
      }),
    }),
    reference: 'nobody',
    private: 'policy tenant-finalizers',
    says: /gracePeriodSeconds must be at most 3600/,
  },
  {
    ...podAttack(
      'label-copied',
      'give a volume claim the label of the platform’s objects, with a template in a pod',
      'policy tenant-pods',
      (t) => ({
        volumes: [
          {
            name: 'disk',
            ephemeral: {
              volumeClaimTemplate: {
                metadata: { labels: { 'toolkit.fluxcd.io/tenant': t.namespace } },
                spec: {
                  accessModes: ['ReadWriteOnce'],
                  resources: { requests: { storage: '1Gi' } },
                },
              },
            },
          },
        ],
      }),
    ),
    harm: async (t, see) =>
      (await see(`/api/v1/namespaces/${t.namespace}/persistentvolumeclaims`))?.items.length > 0,
    says: /metadata of a template must not contain finalizers/,
  },
  {
    ...podAttack(
      'pod-on-control-plane',
      'create pods that run on control plane nodes in spite of the taints',
      'policy tenant-pods',
      () => ({ tolerations: [{ operator: 'Exists' }] }),
    ),
    says: /Set key in each of at most 64 tolerations/,
  },
  {
    ...podAttack(
      'pod-on-node',
      'create pods on a certain node, and bypass the scheduler',
      'policy tenant-pods',
      () => ({ nodeName: 'node-1' }),
    ),
    says: /choose nodes with nodeSelector/,
  },
  {
    name: 'pod-toleration-added',
    attempt: 'from a pod: add the same toleration to an existing pod',
    commit: (t) => {
      const { spec } = podTemplate();
      const metadata = { name: 'attack', namespace: t.namespace };
      return manifests(of('v1', 'Pod', metadata, spec));
    },
    fromPod: () => {
      const patch = [{ op: 'add', path: '/spec/tolerations/-', value: { operator: 'Exists' } }];
      return {
        as: 'worker',
        args: ['patch', 'pod', 'attack', '--type=json', '-p', JSON.stringify(patch)],
      };
    },
    reference: 'nobody',
    private: 'policy tenant-pods',
    says: /Set key in each of at most 64 tolerations/,
  },
  {
    ...podAttack(
      'pod-network-volume',
      'create a pod for which the node mounts a file system from any address',
      'policy tenant-pods',
      () => ({ volumes: [{ name: 'disk', nfs: { server: '192.0.2.1', path: '/' } }] }),
    ),
    says: /Use a persistentVolumeClaim instead/,
  },
  {
    ...podAttack(
      'pod-csi-volume',
      'the same with the CSI driver of a network file system',
      'policy tenant-pods',
      () => ({ volumes: [{ name: 'disk', csi: { driver: 'file.csi.azure.com' } }] }),
    ),
    says: /Use a persistentVolumeClaim instead/,
  },
  {
    ...podAttack(
      'pod-token-for-years',
      'create a pod with a token that is valid for ten years',
      'policy tenant-pods',
      () => ({
        volumes: [
          {
            name: 'token',
            projected: {
              sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 315_360_000 } }],
            },
          },
        ],
      }),
    ),
    says: /expirationSeconds must be at most 86400/,
  },
  {
    name: 'pod-alias',
    attempt: 'create a bare pod that runs as the reconciler, with the field’s old name',
    commit: (t) => {
      const { spec } = podTemplate({ serviceAccount: t.namespace });
      return manifests(of('v1', 'Pod', { name: 'attack', namespace: t.namespace }, spec));
    },
    harm: (t, see) => pods(t, see),
    reference: 'nobody',
    private: 'policy tenant-pods',
  },
  {
    name: 'job-as-reconciler',
    attempt: 'create a CronJob that runs as the reconciler',
    commit: ({ namespace }) => {
      const template = podTemplate({ serviceAccountName: namespace, restartPolicy: 'Never' });
      return manifests(
        of(
          'batch/v1',
          'CronJob',
          { name: 'attack', namespace },
          {
            schedule: '* * * * *',
            jobTemplate: { spec: { template } },
          },
        ),
      );
    },
    harm: letIn('batch/v1', 'cronjobs'),
    reference: 'nobody',
    private: 'policy tenant-pods',
  },
];
