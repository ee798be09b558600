/** Attacks by pods. */
import {
  type Attack,
  at,
  deployment,
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
    harm: async (t, see) =>
      (await see(at.group('batch/v1', t.namespace, 'cronjobs', 'attack'))) !== undefined,
    reference: 'nobody',
    hardened: 'policy tenant-pods',
  },
];
