/** Attacks by Services and network policies. */
import { type Attack, at, letIn, manifests, of } from './attack.ts';

const discovery = 'discovery.k8s.io/v1';

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
  harm: letIn('networking.k8s.io/v1', 'networkpolicies'),
  reference: 'nobody',
  hardened: 'policy tenant-network',
  says: /only from pods of its own namespace/,
});

export const networkAttacks: Attack[] = [
  serviceAttack('load-balancer', 'create a LoadBalancer without permission', 'ResourceQuota', {
    type: 'LoadBalancer',
  }),
  serviceAttack('node-port', 'open a port on every node', 'ResourceQuota', { type: 'NodePort' }),
  serviceAttack(
    'external-ips',
    'create a Service that takes over the traffic to an address',
    'policy tenant-network',
    { externalIPs: ['192.0.2.1'] },
    /spec.externalIPs is not allowed/,
  ),
  serviceAttack(
    'external-name',
    'create a Service that is another name for a Service in another namespace',
    'policy tenant-network',
    { type: 'ExternalName', externalName: 'source-controller.flux-system.svc.cluster.local' },
    /full name of a host outside the cluster/,
  ),
  serviceAttack(
    'external-name-short',
    'the same with a short name, which a resolver completes with a domain of the cluster',
    'policy tenant-network',
    { type: 'ExternalName', externalName: 'kubernetes.default' },
    /at least two dots/,
  ),
  serviceAttack(
    'external-name-cloud',
    'the same with the metadata service of a cloud',
    'policy tenant-network',
    { type: 'ExternalName', externalName: 'metadata.google.internal' },
    /at least two dots/,
  ),
  {
    name: 'endpoint-slice',
    attempt: 'create a Service that leads to pods of others, with an EndpointSlice of the tenant',
    commit: ({ namespace }) => {
      const labels = { 'kubernetes.io/service-name': 'attack' };
      const rest = { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }], ports: [] };
      const metadata = { name: 'attack', namespace, labels };
      return manifests(of(discovery, 'EndpointSlice', metadata, undefined, rest));
    },
    harm: letIn(discovery, 'endpointslices'),
    reference: 'nobody',
    hardened: 'RBAC',
  },
  networkPolicy('network-open', 'create a network policy that allows all traffic', [{}]),
  networkPolicy(
    'network-namespaces',
    'create a network policy that allows traffic from other namespaces',
    [{ from: [{ podSelector: {} }, { namespaceSelector: {} }] }],
  ),
  networkPolicy('network-addresses', 'create a network policy that allows traffic from addresses', [
    { from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] },
  ]),
];
