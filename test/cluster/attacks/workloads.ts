/** Attacks by pods and Services, and by sheer number. */
import {
  type Attack,
  at,
  core,
  deployment,
  manifests,
  of,
  podTemplate,
  type See,
  type Tenant,
} from './attack.ts';

/** Whether pods of the Deployment were let in: that many at least. */
const pods = async ({ namespace }: Tenant, see: See, least = 1): Promise<boolean> =>
  ((await see(`/api/v1/namespaces/${namespace}/pods`))?.items.length ?? 0) >= least;

const podAttack = (
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

const podAttacks: Attack[] = [
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
  podAttack('pod-huge', 'one pod as big as a node', 'ResourceQuota', () => ({}), {
    resources: { requests: { cpu: '32', memory: '64Gi' }, limits: { memory: '64Gi' } },
  }),
  {
    name: 'pods-many',
    attempt: 'a Deployment of 100 replicas',
    commit: (t) => manifests(deployment(t.namespace, {}, {}, 100)),
    harm: (t, see) => pods(t, see, 60),
    reference: 'nobody',
    hardened: 'ResourceQuota',
  },
  {
    name: 'objects-many',
    attempt: 'a thousand objects',
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
    name: 'finalizer',
    attempt: 'an object with a finalizer that nobody takes away: the namespace never ends',
    commit: ({ namespace }) =>
      manifests(
        core('ConfigMap', { name: 'attack', namespace, finalizers: ['example.invalid/never'] }),
      ),
    harm: async (t, see) =>
      (await see(at.core(t.namespace, 'configmaps', 'attack')))?.metadata.finalizers !== undefined,
    reference: 'nobody',
    hardened: 'policy tenant-finalizers',
    says: /leave them out/,
  },
];

const serviceAttack = (
  name: string,
  attempt: string,
  hardened: Attack['hardened'],
  spec: object,
  says?: RegExp,
): Attack => ({
  name,
  attempt,
  commit: ({ namespace }) =>
    manifests(
      of('v1', 'Service', { name: 'attack', namespace }, { ports: [{ port: 80 }], ...spec }),
    ),
  harm: async (t, see) => (await see(at.core(t.namespace, 'services', 'attack'))) !== undefined,
  reference: 'nobody',
  hardened,
  ...(says && { says }),
});

const networkPolicy = (name: string, attempt: string, ingress: object[]): Attack => ({
  name,
  attempt,
  commit: ({ namespace }) =>
    manifests(
      of(
        'networking.k8s.io/v1',
        'NetworkPolicy',
        { name: 'attack', namespace },
        {
          podSelector: {},
          ingress,
        },
      ),
    ),
  harm: async (t, see) =>
    (await see(at.group('networking.k8s.io/v1', t.namespace, 'networkpolicies', 'attack'))) !==
    undefined,
  reference: 'nobody',
  hardened: 'policy tenant-network',
  says: /pods of its own namespace only/,
});

const networkAttacks: Attack[] = [
  serviceAttack('load-balancer', 'a LoadBalancer that nobody granted', 'ResourceQuota', {
    type: 'LoadBalancer',
  }),
  serviceAttack('node-port', 'a port on every node', 'ResourceQuota', { type: 'NodePort' }),
  serviceAttack(
    'external-ips',
    'a Service that takes the traffic to an address',
    'policy tenant-network',
    { externalIPs: ['192.0.2.1'] },
    /externalIPs would take traffic/,
  ),
  serviceAttack(
    'external-name',
    'a Service that is another name for one in another namespace',
    'policy tenant-network',
    { type: 'ExternalName', externalName: 'source-controller.flux-system.svc.cluster.local' },
    /name a host outside the cluster/,
  ),
  networkPolicy('network-open', 'a network policy that lets everybody in', [{}]),
  networkPolicy('network-namespaces', 'a network policy that lets other namespaces in', [
    { from: [{ podSelector: {} }, { namespaceSelector: {} }] },
  ]),
  networkPolicy('network-addresses', 'a network policy that lets addresses in', [
    { from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] },
  ]),
];

export const workloadAttacks = [...podAttacks, ...networkAttacks];
