/** Controllers that work in every namespace, as the platform installs them. */

/** One request of a controller. */
export type Step = { what: string; args: readonly string[]; input?: object };

/** What controllers for all namespaces do in one: cert-manager, trust-manager, a load balancer's. */
export function controllerSteps(namespace: string): Step[] {
  const of = (apiVersion: string, kind: string, name: string, rest: object) => ({
    ...{ apiVersion, kind, metadata: { name } },
    ...rest,
  });
  const create = (what: string, input: object): Step => {
    return { what, args: ['create', '-f', '-'], input };
  };
  const patch = (what: string, object: string, change: object, ...how: string[]): Step => {
    const args = ['patch', object, '--type=merge', '-p', JSON.stringify(change), ...how];
    return { what, args };
  };
  const host = { loadBalancer: { ingress: [{ hostname: 'lb.example.invalid' }] } };
  const held = (...finalizers: string[]) => ({ metadata: { finalizers } });
  const container = {
    name: 'acmesolver',
    image: 'example.invalid/acmesolver:1',
    resources: {
      requests: { cpu: '10m', memory: '64Mi' },
      limits: { cpu: '100m', memory: '64Mi' },
    },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
  const solver = { restartPolicy: 'OnFailure', containers: [container] };
  const port = { port: 8089, targetPort: 8089 };
  const service = { type: 'ClusterIP', ports: [port], selector: { app: 'solver' } };
  const regarding = { involvedObject: { kind: 'Ingress', name: 'page', namespace } };
  const pair = { 'tls.crt': 'eA==', 'tls.key': 'eA==' };
  return [
    create(
      'a certificate’s Secret',
      of('v1', 'Secret', 'page-tls', { type: 'kubernetes.io/tls', data: pair }),
    ),
    patch('the same renewed', 'secret/page-tls', { data: { 'tls.crt': 'eQ==' } }),
    create('a solver’s pod', of('v1', 'Pod', 'solver', { spec: solver })),
    create('a solver’s Service', of('v1', 'Service', 'solver', { spec: service })),
    patch('an Ingress that is held', 'ingress/page', held('ingress.k8s.aws/resources')),
    patch('its address', 'ingress/page', { status: host }, '--subresource=status'),
    patch('an Ingress that is let go', 'ingress/page', held()),
    create(
      'a bundle of 200 KB',
      of('v1', 'ConfigMap', 'roots', { data: { pem: 'x'.repeat(200_000) } }),
    ),
    create(
      'an event',
      of('v1', 'Event', 'issued', { ...regarding, reason: 'Issued', message: 'x' }),
    ),
    create('an event with an annotation', {
      ...of('v1', 'Event', 'renewed', { ...regarding, reason: 'Renewed', message: 'x' }),
      metadata: { name: 'renewed', annotations: { 'example.invalid/revision': '2' } },
    }),
    { what: 'a token', args: ['create', 'token', 'reader', '--duration=10m'] },
    { what: 'the solver’s end', args: ['delete', 'pod/solver', 'service/solver', '--wait=false'] },
  ];
}

/** The rights that such controllers ask for in their own ClusterRoles. */
export const controllerRules = (
  [
    ['', 'secrets', 'create get list watch update patch delete'],
    ['', 'configmaps', 'create get list watch update patch delete'],
    ['', 'pods', 'create get list watch delete'],
    ['', 'services', 'create get list watch delete'],
    ['', 'events', 'create patch'],
    ['', 'serviceaccounts/token', 'create'],
    ['networking.k8s.io', 'ingresses', 'create get list watch update patch delete'],
    // kubectl reads what it patches.
    ['networking.k8s.io', 'ingresses/status', 'get update patch'],
    ['networking.k8s.io', 'ingresses/finalizers', 'update'],
  ] as const
).map(([group, resource, verbs]) => ({
  apiGroups: [group],
  resources: [resource],
  verbs: verbs.split(' '),
}));
