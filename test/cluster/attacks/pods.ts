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
  hardened: Attack['hardened'],
  pod: (t: Tenant) => object,
  container: object = {},
): Attack => ({
  name,
  attempt,
  commit: (t) => manifests(deployment(t.namespace, pod(t), container)),
  harm: (t, see) => pods(t, see),
  reference: 'nobody',
  hardened,
});

export const podAttacks: Attack[] = [
  podAttack('pod-privileged', 'a privileged pod', 'Pod Security', () => ({}), {
    securityContext: { privileged: true },
  }),
  podAttack('pod-host-path', 'a pod that mounts the node’s disk', 'Pod Security', () => ({
    volumes: [{ name: 'disk', hostPath: { path: '/' } }],
  })),
  podAttack('pod-host-network', 'a pod on the node’s network', 'Pod Security', () => ({
    hostNetwork: true,
  })),
  {
    ...podAttack(
      'pod-as-reconciler',
      'a Deployment that runs as the reconciler',
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
      'pods that push others off the nodes: system-node-critical',
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
      'the same by a priority class of the platform',
      'policy tenant-priority',
      () => ({ priorityClassName: 'platform' }),
    ),
    says: /flux-gitops --allow-priority-class platform/,
  },
  {
    ...podAttack(
      'pod-endless',
      'a pod that takes ten years to end, and its namespace with it',
      'policy tenant-pods',
      () => ({ terminationGracePeriodSeconds: 315_360_000 }),
    ),
    says: /terminationGracePeriodSeconds must be at most 3600/,
  },
  {
    name: 'pod-deleted-endlessly',
    attempt: 'from a pod: the same for a pod that is there already, by the way it is deleted',
    commit: (t) => {
      const { spec } = podTemplate();
      return manifests(of('v1', 'Pod', { name: 'attack', namespace: t.namespace }, spec));
    },
    fromPod: () => ({
      as: 'worker',
      args: ['delete', 'pod', 'attack', '--grace-period=315360000', '--wait=false'],
    }),
    reference: 'nobody',
    hardened: 'policy tenant-finalizers',
    says: /gracePeriodSeconds must be at most 3600/,
  },
  {
    name: 'pod-evicted-endlessly',
    attempt: 'from a pod: the same by an eviction',
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
    hardened: 'policy tenant-finalizers',
    says: /gracePeriodSeconds must be at most 3600/,
  },
  {
    ...podAttack(
      'label-copied',
      'the label of the platform’s objects on a volume claim, by a pod’s template for it',
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
      'pods on the nodes of the control plane, whatever keeps others away',
      'policy tenant-pods',
      () => ({ tolerations: [{ operator: 'Exists' }] }),
    ),
    says: /Set key in each of at most 64 tolerations/,
  },
  {
    ...podAttack(
      'pod-on-node',
      'pods put on a node past the scheduler',
      'policy tenant-pods',
      () => ({ nodeName: 'node-1' }),
    ),
    says: /choose nodes with nodeSelector/,
  },
  {
    name: 'pod-toleration-added',
    attempt: 'from a pod: the same for a pod that is there already',
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
    hardened: 'policy tenant-pods',
    says: /Set key in each of at most 64 tolerations/,
  },
  {
    ...podAttack(
      'pod-network-volume',
      'a pod for which its node mounts a file system of any address',
      'policy tenant-pods',
      () => ({ volumes: [{ name: 'disk', nfs: { server: '192.0.2.1', path: '/' } }] }),
    ),
    says: /Use a persistentVolumeClaim instead/,
  },
  {
    ...podAttack(
      'pod-csi-volume',
      'the same by the driver of a network file system',
      'policy tenant-pods',
      () => ({ volumes: [{ name: 'disk', csi: { driver: 'file.csi.azure.com' } }] }),
    ),
    says: /Use a persistentVolumeClaim instead/,
  },
  {
    ...podAttack(
      'pod-token-for-years',
      'a pod with a token for ten years',
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
    attempt: 'a bare pod that runs as the reconciler, by the field’s old name',
    commit: (t) => {
      const { spec } = podTemplate({ serviceAccount: t.namespace });
      return manifests(of('v1', 'Pod', { name: 'attack', namespace: t.namespace }, spec));
    },
    harm: (t, see) => pods(t, see),
    reference: 'nobody',
    hardened: 'policy tenant-pods',
  },
  {
    name: 'job-as-reconciler',
    attempt: 'a CronJob that runs as the reconciler',
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
    hardened: 'policy tenant-pods',
  },
];
