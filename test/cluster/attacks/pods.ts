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
    says: /make one of your own/,
  },
  {
    ...podAttack(
      'pod-priority',
      'pods that push others off the nodes: system-node-critical',
      'policy tenant-pods',
      () => ({
        priorityClassName: 'system-node-critical',
      }),
    ),
    says: /leave priorityClassName out/,
  },
  {
    ...podAttack(
      'pod-on-control-plane',
      'pods on the nodes of the control plane, whatever keeps others away',
      'policy tenant-pods',
      () => ({ tolerations: [{ operator: 'Exists' }] }),
    ),
    says: /name the taints of the nodes/,
  },
  {
    ...podAttack(
      'pod-on-node',
      'pods put on a node past the scheduler',
      'policy tenant-pods',
      () => ({ nodeName: 'node-1' }),
    ),
    says: /use nodeSelector/,
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
    says: /name the taints of the nodes/,
  },
  {
    ...podAttack(
      'pod-network-volume',
      'a pod for which its node mounts a file system of any address',
      'policy tenant-pods',
      () => ({ volumes: [{ name: 'disk', nfs: { server: '192.0.2.1', path: '/' } }] }),
    ),
    says: /use a PersistentVolumeClaim/,
  },
  {
    ...podAttack(
      'pod-csi-volume',
      'the same by the driver of a network file system',
      'policy tenant-pods',
      () => ({ volumes: [{ name: 'disk', csi: { driver: 'file.csi.azure.com' } }] }),
    ),
    says: /use a PersistentVolumeClaim/,
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
    says: /86400 seconds/,
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
