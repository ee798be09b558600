/**
 * Manifests with values that the schema of Kubernetes allows. The quick tests compare what `verify` says about each with the
 * words of the API server here, and the cluster tests compare these words with those of a real API server.
 */
import { object } from './mutations.ts';

const PODS = 'containers: [{ name: a, image: "example.invalid/a:1" }]';
const BACKEND = 'backend: { service: { name: x, port: { number: 80 } } }';

const withContainer = (fields: string): string =>
  `containers: [{ name: a, image: "example.invalid/a:1", ${fields} }]`;
const withPath = (path: string): string => `{ rules: [{ http: { paths: [${path}] } }] }`;
const deployment = (pods: string, name = 'more', lines = ''): string =>
  object(
    'apps/v1',
    'Deployment',
    name,
    `spec:\n  replicas: 0\n  selector: { matchLabels: { a: b } }\n${lines}  template: { metadata: { labels: { a: b } }, spec: { ${pods} } }\n`,
  );
const stateful = (lines: string, name = 'more'): string =>
  object(
    'apps/v1',
    'StatefulSet',
    name,
    `spec:\n  replicas: 0\n  selector: { matchLabels: { a: b } }\n${lines}  template: { metadata: { labels: { a: b } }, spec: { ${PODS} } }\n`,
  );
const daemons = (fields: string, pods = PODS): string =>
  object(
    'apps/v1',
    'DaemonSet',
    'more',
    `spec: { ${fields}selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: b } }, spec: { ${pods} } } }\n`,
  );
const job = (fields: string, name = 'more', restart = 'Never'): string =>
  object(
    'batch/v1',
    'Job',
    name,
    `spec: { ${fields}template: { metadata: { labels: { a: b } }, spec: { restartPolicy: ${restart}, ${PODS} } } }\n`,
  );
const cronJob = (schedule: string, lines = ''): string =>
  object(
    'batch/v1',
    'CronJob',
    'more',
    `spec:\n  schedule: "${schedule}"\n${lines}  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, ${PODS} } } } }\n`,
  );
const configMap = (metadata: string): string =>
  object('v1', 'ConfigMap', 'more', `${metadata}data: { a: b }\n`);
const service = (spec: string): string => object('v1', 'Service', 'more', `spec: ${spec}\n`);
const ingress = (spec: string): string =>
  object('networking.k8s.io/v1', 'Ingress', 'more', `spec: ${spec}\n`);
const network = (fields: string): string =>
  object('networking.k8s.io/v1', 'NetworkPolicy', 'more', `spec: { podSelector: {}, ${fields} }\n`);
const claim = (spec: string): string =>
  object('v1', 'PersistentVolumeClaim', 'more', `spec: ${spec}\n`);
const scaler = (fields: string, apiVersion = 'autoscaling/v2'): string =>
  object(
    apiVersion,
    'HorizontalPodAutoscaler',
    'more',
    `spec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: x }, maxReplicas: 3, ${fields} }\n`,
  );

/** What a tenant needs for some of them. */
export const FLAGS = ['--load-balancers', '5', '--node-ports', '10'];

/** What the API server refuses, and a part of what it says. */
export const REFUSED: readonly (readonly [said: string, manifest: string])[] = [
  [
    'spec.template.labels: Invalid value: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": must be no more than 63 bytes',
    job('', 'a'.repeat(64)),
  ],
  [
    'metadata.name: Invalid value: "a.b": must not contain dots',
    stateful('  serviceName: x\n', 'a.b'),
  ],
  ['spec.serviceName: Invalid value: "Foo_1"', stateful('  serviceName: Foo_1\n')],
  [
    'spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required',
    stateful(
      '  serviceName: foo\n  volumeClaimTemplates: [{ metadata: { name: d }, spec: { resources: { requests: { storage: 1Gi } } } }]\n',
    ),
  ],
  [
    'spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0',
    stateful('  serviceName: foo\n  ordinals: { start: -1 }\n'),
  ],
  [
    'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Remove"',
    stateful(
      '  serviceName: foo\n  persistentVolumeClaimRetentionPolicy: { whenDeleted: Remove, whenScaled: Retain }\n',
    ),
  ],
  [
    '.labels: Invalid value: "1.0+x"',
    deployment(PODS, 'more').replace('{ a: b } }, spec', '{ a: b, v: "1.0+x" } }, spec'),
  ],
  ['Invalid value: "a b"', object('v1', 'Secret', 'more', 'stringData: { "a b": c }\n')],
  [
    'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
    service('{ ports: [{ port: 80 }], externalTrafficPolicy: Local }'),
  ],
  [
    `spec.ports[0].nodePort: Forbidden: may not be used when \`type\` is 'ClusterIP'`,
    service('{ ports: [{ port: 80, nodePort: 30123 }] }'),
  ],
  [
    'spec.ipFamilyPolicy: Unsupported value: "Sometimes"',
    service('{ ipFamilyPolicy: Sometimes, ports: [{ port: 80 }] }'),
  ],
  [
    'oadBalancerSourceRanges[0]: Invalid value: "10.0.0.0": must be a valid CIDR value',
    service(
      '{ type: LoadBalancer, loadBalancerSourceRanges: ["10.0.0.0"], ports: [{ port: 80 }] }',
    ),
  ],
  [
    `oadBalancerSourceRanges: Forbidden: may only be used when \`type\` is 'LoadBalancer'`,
    service('{ loadBalancerSourceRanges: ["10.0.0.0/8"], ports: [{ port: 80 }] }'),
  ],
  [
    `spec.loadBalancerClass: Forbidden: may only be used when \`type\` is 'LoadBalancer'`,
    service('{ loadBalancerClass: a/b, ports: [{ port: 80 }] }'),
  ],
  [
    'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 100000: must be greater than 0 and less than 86400',
    service(
      '{ sessionAffinity: ClientIP, sessionAffinityConfig: { clientIP: { timeoutSeconds: 100000 } }, ports: [{ port: 80 }] }',
    ),
  ],
  [
    'spec.ports[0].appProtocol: Invalid value: "HTTP 1"',
    service('{ ports: [{ port: 80, appProtocol: "HTTP 1" }] }'),
  ],
  [
    'spec.trafficDistribution: Unsupported value: "Somewhere"',
    service('{ trafficDistribution: Somewhere, ports: [{ port: 80 }] }'),
  ],
  [
    'spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services',
    service('{ type: NodePort, clusterIP: None, ports: [{ port: 80 }] }'),
  ],
  [
    `spec.healthCheckNodePort: Invalid value: 30999: may only be set when \`type\` is 'LoadBalancer' and \`externalTrafficPolicy\` is 'Local'`,
    service('{ type: LoadBalancer, healthCheckNodePort: 30999, ports: [{ port: 80 }] }'),
  ],
  ['Duplicate value: "a"', deployment(`initContainers: [{ name: a, image: "x:1" }], ${PODS}`)],
  [
    'spec.template.spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    deployment(
      `initContainers: [{ name: i, image: "x:1", readinessProbe: { tcpSocket: { port: 1 } } }], ${PODS}`,
    ),
  ],
  [
    'spec.template.spec.initContainers[0].restartPolicy: Unsupported value: "Sometimes"',
    deployment(`initContainers: [{ name: i, image: "x:1", restartPolicy: Sometimes }], ${PODS}`),
  ],
  [
    'spec.template.spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always',
    deployment(
      `initContainers: [{ name: i, image: "x:1", lifecycle: { preStop: { exec: { command: [a] } } } }], ${PODS}`,
    ),
  ],
  [
    'spec.template.spec.volumes[0].configMap.name: Required value',
    deployment(`volumes: [{ name: v, configMap: {} }], ${PODS}`),
  ],
  [
    'spec.template.spec.volumes[0].secret.secretName: Required value',
    deployment(`volumes: [{ name: v, secret: {} }], ${PODS}`),
  ],
  [
    'spec.template.spec.volumes[0].configMap.items[0].path: Invalid value: "../a": must not contain \'..\'',
    deployment(
      `volumes: [{ name: v, configMap: { name: x, items: [{ key: a, path: ../a }] } }], ${PODS}`,
    ),
  ],
  [
    'spec.template.spec.volumes[0].configMap.items[0].path: Invalid value: "/a": must be a relative path',
    deployment(
      `volumes: [{ name: v, configMap: { name: x, items: [{ key: a, path: /a }] } }], ${PODS}`,
    ),
  ],
  [
    'spec.template.spec.volumes[0].emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity',
    deployment(`volumes: [{ name: v, emptyDir: { sizeLimit: -1 } }], ${PODS}`),
  ],
  [
    '.fieldRef.fieldPath: Invalid value: "spec.foo": error converting fieldPath: field label not supported: spec.foo',
    deployment(
      `volumes: [{ name: v, downwardAPI: { items: [{ path: a, fieldRef: { fieldPath: spec.foo } }] } }], ${PODS}`,
    ),
  ],
  [
    'spec.template.spec.volumes[0].ephemeral.volumeClaimTemplate.spec.accessModes: Required value: at least 1 access mode is required',
    deployment(
      `volumes: [{ name: v, ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: { storage: 1Gi } } } } } }], ${PODS}`,
    ),
  ],
  [
    '.subPath: Invalid value: "../x": must not contain \'..\'',
    deployment(
      `volumes: [{ name: v, emptyDir: {} }], ${withContainer('volumeMounts: [{ name: v, mountPath: /a, subPath: ../x }]')}`,
    ),
  ],
  [
    '.subPath: Invalid value: "/x": must be a relative path',
    deployment(
      `volumes: [{ name: v, emptyDir: {} }], ${withContainer('volumeMounts: [{ name: v, mountPath: /a, subPath: /x }]')}`,
    ),
  ],
  [
    '.mountPropagation: Unsupported value: "Both"',
    deployment(
      `volumes: [{ name: v, emptyDir: {} }], ${withContainer('volumeMounts: [{ name: v, mountPath: /a, mountPropagation: Both }]')}`,
    ),
  ],
  [
    'spec.template.spec.containers[0].env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.foo"',
    deployment(
      withContainer(
        'env: [{ name: A, valueFrom: { resourceFieldRef: { resource: limits.foo } } }]',
      ),
    ),
  ],
  [
    'Invalid value: "": must specify one of: `configMapRef` or `secretRef`',
    deployment(withContainer('envFrom: [{ prefix: A }]')),
  ],
  [
    'spec.template.spec.containers[0].envFrom[0].configMapRef.name: Required value',
    deployment(withContainer('envFrom: [{ configMapRef: {} }]')),
  ],
  [
    'spec.template.spec.containers[0].envFrom[0].prefix: Invalid value: "A="',
    deployment(withContainer('envFrom: [{ prefix: "A=", configMapRef: { name: x } }]')),
  ],
  [
    'spec.template.spec.containers[0].lifecycle.preStop: Required value: must specify a handler type',
    deployment(withContainer('lifecycle: { preStop: {} }')),
  ],
  [
    'spec.template.spec.containers[0].lifecycle.preStop.sleep: Invalid value: -1: must be non-negative and less than terminationGracePeriodSeconds (30)',
    deployment(withContainer('lifecycle: { preStop: { sleep: { seconds: -1 } } }')),
  ],
  [
    'spec.template.spec.containers[0].lifecycle.preStop.sleep: Invalid value: 100: must be non-negative and less than terminationGracePeriodSeconds (30)',
    deployment(withContainer('lifecycle: { preStop: { sleep: { seconds: 100 } } }')),
  ],
  [
    'spec.template.spec.containers[0].livenessProbe.httpGet.httpHeaders: Invalid value: "a b"',
    deployment(
      withContainer(
        'livenessProbe: { httpGet: { port: 80, httpHeaders: [{ name: "a b", value: x }] } }',
      ),
    ),
  ],
  [
    'spec.template.spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 3: must not be set for readinessProbes',
    deployment(
      withContainer('readinessProbe: { tcpSocket: { port: 1 }, terminationGracePeriodSeconds: 3 }'),
    ),
  ],
  [
    'spec.template.spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources',
    deployment(withContainer('resources: { requests: { nvidia.com/gpu: 1 } }')),
  ],
  [
    'spec.template.spec.containers[0].resources.requests: Invalid value: "1": must be equal to nvidia.com/gpu limit of 2',
    deployment(
      withContainer(
        'resources: { requests: { nvidia.com/gpu: 1 }, limits: { nvidia.com/gpu: 2 } }',
      ),
    ),
  ],
  [
    'spec.template.spec.containers[0].resources: Forbidden: HugePages require cpu or memory',
    deployment(withContainer('resources: { limits: { hugepages-2Mi: 4Mi } }')),
  ],
  [
    'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
    deployment(`activeDeadlineSeconds: 30, ${PODS}`),
  ],
  [
    'spec.template.spec.securityContext.fsGroupChangePolicy: Unsupported value: "Never"',
    deployment(`securityContext: { fsGroupChangePolicy: Never }, ${PODS}`),
  ],
  [
    'spec.template.spec.securityContext.supplementalGroups[0]: Invalid value: -1: must be between 0 and 2147483647, inclusive',
    deployment(`securityContext: { supplementalGroups: [-1] }, ${PODS}`),
  ],
  [
    'spec.template.spec.topologySpreadConstraints[0].minDomains: Invalid value: 2: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway',
    deployment(
      `topologySpreadConstraints: [{ maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, minDomains: 2 }], ${PODS}`,
    ),
  ],
  [
    'spec.template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term',
    deployment(
      `affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } }, ${PODS}`,
    ),
  ],
  [
    'spec.template.spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 0: must be in the range 1-100',
    deployment(
      `affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 0, preference: { matchExpressions: [{ key: a, operator: Exists }] } }] } }, ${PODS}`,
    ),
  ],
  [
    'spec.template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].operator: Invalid value: "Equals": not a valid selector operator',
    deployment(
      `affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: a, operator: Equals, values: [b] }] }] } } }, ${PODS}`,
    ),
  ],
  [
    `spec.template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'N`,
    deployment(
      `affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: a, operator: In }] }] } } }, ${PODS}`,
    ),
  ],
  [
    'spec.template.spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 200: must be in the range 1-100',
    deployment(
      `affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 200, podAffinityTerm: { topologyKey: h, labelSelector: { matchLabels: { a: b } } } }] } }, ${PODS}`,
    ),
  ],
  [
    'spec.template.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector.matchExpressions[0].values: Required value: must be specified when `operator` is',
    deployment(
      `affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: h, labelSelector: { matchExpressions: [{ key: a, operator: In }] } }] } }, ${PODS}`,
    ),
  ],
  [
    'spec.template.spec.dnsConfig.nameservers: Invalid value: ["1.1.1.1","1.1.1.2","1.1.1.3","1.1.1.4"]: must not have more than 3 nameservers',
    deployment(`dnsConfig: { nameservers: [1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4] }, ${PODS}`),
  ],
  [
    'spec.template.spec.dnsConfig.nameservers[0]: Invalid value: "foo": must be a valid IP address',
    deployment(`dnsConfig: { nameservers: [foo] }, ${PODS}`),
  ],
  [
    'spec.template.spec.hostname: Invalid value: "my_host"',
    deployment(`hostname: my_host, ${PODS}`),
  ],
  [
    'spec.template.spec.hostAliases[0].hostnames[0]: Invalid value: "my_host"',
    deployment(`hostAliases: [{ ip: 10.0.0.1, hostnames: [my_host] }], ${PODS}`),
  ],
  [
    'spec.template.spec.preemptionPolicy: Unsupported value: "Sometimes"',
    deployment(`preemptionPolicy: Sometimes, ${PODS}`),
  ],
  [
    'spec.template.spec.readinessGates[0].conditionType: Invalid value: "a b"',
    deployment(`readinessGates: [{ conditionType: "a b" }], ${PODS}`),
  ],
  ['spec.template.spec.os: Unsupported value: "plan9"', deployment(`os: { name: plan9 }, ${PODS}`)],
  [
    'must be no more than 15 characters',
    deployment(withContainer('ports: [{ containerPort: 80, name: a-very-long-port-name }]')),
  ],
  [
    'spec.template.spec.containers[0].ports[0].name: Invalid value: "8080": must contain at least one letter (a-z)',
    deployment(withContainer('ports: [{ containerPort: 80, name: "8080" }]')),
  ],
  [
    'spec.template.spec.containers[0].ports[0].name: Invalid value: "a--b": must not contain consecutive hyphens',
    deployment(withContainer('ports: [{ containerPort: 80, name: a--b }]')),
  ],
  [
    'spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified',
    job(
      'podFailurePolicy: { rules: [{ action: Ignore, onPodConditions: [{ type: DisruptionTarget }] }] }, ',
      'more',
      'OnFailure',
    ),
  ],
  [
    'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
    job('backoffLimitPerIndex: 1, '),
  ],
  [
    'spec.selector: Invalid value: {"matchLabels":{"a":"b"',
    job('selector: { matchLabels: { a: b } }, '),
  ],
  [
    'spec.timeZone: Invalid value: "Europe/Stokholm": unknown time zone Europe/Stokholm',
    cronJob('0 0 * * *', '  timeZone: Europe/Stokholm\n'),
  ],
  [
    'spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
    cronJob('0 0 * * *', '  timeZone: Local\n'),
  ],
  [
    'spec.timeZone: Invalid value: "europe/stockholm": unknown time zone europe/stockholm',
    cronJob('0 0 * * *', '  timeZone: europe/stockholm\n'),
  ],
  [
    'spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string',
    cronJob('0 0 * * *', '  timeZone: ""\n'),
  ],
  [
    'spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization',
    scaler('metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization } } }]'),
  ],
  [
    'spec.metrics[0].resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization',
    scaler(
      'metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 5, averageValue: 5m } } }]',
    ),
  ],
  [
    'spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0',
    scaler(
      'metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 0 } } }]',
    ),
  ],
  [
    'spec.metrics[0].resource.target.type: Invalid value: "Percent": must be either Utilization, Value, or AverageValue',
    scaler(
      'metrics: [{ type: Resource, resource: { name: cpu, target: { type: Percent, averageUtilization: 50 } } }]',
    ),
  ],
  [
    'spec.behavior.scaleDown.policies[0].type: Unsupported value: "Pod"',
    scaler('behavior: { scaleDown: { policies: [{ type: Pod, value: 1, periodSeconds: 60 }] } }'),
  ],
  [
    'spec.behavior.scaleDown.policies[0].periodSeconds: Invalid value: 6000: must be less than or equal to 1800',
    scaler(
      'behavior: { scaleDown: { policies: [{ type: Pods, value: 1, periodSeconds: 6000 }] } }',
    ),
  ],
  [
    'spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: 9000: must be less than or equal to 3600',
    scaler('behavior: { scaleDown: { stabilizationWindowSeconds: 9000 } }'),
  ],
  [
    'Invalid value: 0: must be greater than 0',
    scaler('targetCPUUtilizationPercentage: 0', 'autoscaling/v1'),
  ],
  [
    'spec.unhealthyPodEvictionPolicy: Unsupported value: "Sometimes"',
    object(
      'policy/v1',
      'PodDisruptionBudget',
      'more',
      'spec: { minAvailable: 1, unhealthyPodEvictionPolicy: Sometimes, selector: {} }\n',
    ),
  ],
  [
    'spec.tls[0].hosts[0]: Invalid value: "bad_host"',
    ingress(
      `{ tls: [{ hosts: ["bad_host"] }], rules: [{ http: { paths: [{ path: /, pathType: Prefix, ${BACKEND} }] } }] }`,
    ),
  ],
  [
    'spec.rules[0].http.paths[0].path: Invalid value: "//a": must not contain \'//\'',
    ingress(withPath(`{ path: "//a", pathType: Prefix, ${BACKEND} }`)),
  ],
  [
    'spec.rules[0].http.paths[0].path: Invalid value: "/a/../b": must not contain \'/../\'',
    ingress(withPath(`{ path: "/a/../b", pathType: Exact, ${BACKEND} }`)),
  ],
  [
    'spec.rules[0].http.paths[0].path: Invalid value: "a(/|$)(.*)": must be an absolute path',
    ingress(withPath(`{ path: "a(/|$)(.*)", pathType: ImplementationSpecific, ${BACKEND} }`)),
  ],
  [
    'spec.rules[0].http.paths[0].backend: Invalid value: "": cannot set both port name & port number',
    ingress(
      withPath(
        '{ path: /, pathType: Prefix, backend: { service: { name: x, port: { number: 80, name: http } } } }',
      ),
    ),
  ],
  [
    'spec.rules[0].http.paths[0].backend.service.port.number: Invalid value: 99999: must be between 1 and 65535, inclusive',
    ingress(
      withPath(
        '{ path: /, pathType: Prefix, backend: { service: { name: x, port: { number: 99999 } } } }',
      ),
    ),
  ],
  [
    'spec.rules[0].http.paths[0].backend.service.port.name: Invalid value: "a-very-long-port-name": must be no more than 15 characters',
    ingress(
      withPath(
        '{ path: /, pathType: Prefix, backend: { service: { name: x, port: { name: a-very-long-port-name } } } }',
      ),
    ),
  ],
  [
    'spec.rules[0].http.paths[0].backend.service.name: Invalid value: "My_Svc"',
    ingress(
      withPath(
        '{ path: /, pathType: Prefix, backend: { service: { name: My_Svc, port: { number: 80 } } } }',
      ),
    ),
  ],
  [
    'spec.rules[0].http.paths[0].backend: Invalid value: "": cannot set both resource and service backends',
    ingress(
      withPath(
        '{ path: /, pathType: Prefix, backend: { service: { name: x, port: { number: 80 } }, resource: { kind: A, name: b } } }',
      ),
    ),
  ],
  [
    'spec.ingressClassName: Invalid value: "My_Class"',
    ingress(
      `{ ingressClassName: My_Class, rules: [{ http: { paths: [{ path: /, pathType: Prefix, ${BACKEND} }] } }] }`,
    ),
  ],
  [
    'spec.rules[0].http.paths: Required value',
    ingress('{ rules: [{ host: a.example.com, http: { paths: [] } }] }'),
  ],
  ['spec.defaultBackend: ', ingress('{ defaultBackend: {} }')],
  [
    'spec.egress[0].ports[0].endPort: Invalid value: ',
    network(
      'egress: [{ to: [{ podSelector: {} }], ports: [{ port: 90, endPort: 80 }] }], policyTypes: [Egress]',
    ),
  ],
  [
    'spec.egress[0].ports[0].endPort: Invalid value: 80: may not be specified when `port` is non-numeric',
    network(
      'egress: [{ to: [{ podSelector: {} }], ports: [{ port: http, endPort: 80 }] }], policyTypes: [Egress]',
    ),
  ],
  [
    'spec.egress[0].ports[0].endPort: Invalid value: 80: may not be specified when `port` is not specified',
    network(
      'egress: [{ to: [{ podSelector: {} }], ports: [{ endPort: 80 }] }], policyTypes: [Egress]',
    ),
  ],
  [
    'spec.egress[0].to[0].ipBlock.except[0]: Invalid value: "192.168.0.0/16": must be a strict subset of `cidr`',
    network(
      'egress: [{ to: [{ ipBlock: { cidr: 10.0.0.0/8, except: [192.168.0.0/16] } }] }], policyTypes: [Egress]',
    ),
  ],
  [
    'spec.egress[0].to[0].ipBlock.cidr: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length',
    network('egress: [{ to: [{ ipBlock: { cidr: 10.0.0.1/8 } }] }], policyTypes: [Egress]'),
  ],
  [
    'spec.policyTypes: Invalid value: ["Egress","Ingress","Egress"]: may not specify more than two policyTypes',
    network('policyTypes: [Egress, Ingress, Egress]'),
  ],
  [
    'spec.accessModes: Unsupported value: "ReadWriteSometimes"',
    claim('{ accessModes: [ReadWriteSometimes], resources: { requests: { storage: 1Gi } } }'),
  ],
  [
    'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
    claim(
      '{ accessModes: [ReadWriteOncePod, ReadWriteOnce], resources: { requests: { storage: 1Gi } } }',
    ),
  ],
  [
    'spec.storageClassName: Invalid value: "Fast_Disk"',
    claim(
      '{ accessModes: [ReadWriteOnce], storageClassName: Fast_Disk, resources: { requests: { storage: 1Gi } } }',
    ),
  ],
  [
    'spec.volumeMode: Unsupported value: "File"',
    claim(
      '{ accessModes: [ReadWriteOnce], volumeMode: File, resources: { requests: { storage: 1Gi } } }',
    ),
  ],
  [
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    claim('{ accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gb } } }'),
  ],
  [
    'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero',
    daemons('updateStrategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } }, '),
  ],
  [
    'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported',
    daemons('', `activeDeadlineSeconds: 5, ${PODS}`),
  ],
  [
    'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "150%": must not be greater than 100%',
    deployment(PODS, 'more', '  strategy: { rollingUpdate: { maxUnavailable: 150% } }\n'),
  ],
  [
    'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
    object(
      'v1',
      'ReplicationController',
      'more',
      `spec: { replicas: 0, selector: { a: c }, template: { metadata: { labels: { a: b } }, spec: { ${PODS} } } }\n`,
    ),
  ],
  ['step of range should be a positive number: */0', cronJob('*/0 * * * *')],
  ['beginning of range (5) beyond end of range (1): 5-1', cronJob('5-1 * * * *')],
  ['failed to parse duration @every 5x', cronJob('@every 5x')],
  ['cannot use TZ or CRON_TZ in schedule, use timeZone field instead', cronJob('TZ=UTC 0 0 * * *')],
  ['end of range (7) above maximum (6): 7', cronJob('0 0 * * 7')],
  ['failed to parse int from L', cronJob('0 0 L * *')],
  ['too many slashes: */5/2', cronJob('*/5/2 * * * *')],
  ['failed to parse int from FOO', cronJob('FOO * * * *')],
  ['expected exactly 5 fields, found 6', cronJob('0 0 0 * * *')],
  ['unrecognized descriptor: @reboot', cronJob('@reboot')],
  ['failed to parse int from ', cronJob('-1 * * * *')],
  ['failed to parse int from MON#1', cronJob('0 0 * * MON#1')],
  ['failed to parse int from **', cronJob('** * * * *')],
  ['failed to parse int from ', cronJob('*/ * * * *')],
  ['beginning of range (0) below minimum (1): 0', cronJob('0 0 0 * *')],
  [
    'spec.template.spec.securityContext.runAsUser: Invalid value: 4294967296: must be between 0 and 2147483647, inclusive',
    deployment(`securityContext: { runAsUser: 4294967296 }, ${PODS}`),
  ],
  [
    'spec.template.spec.containers[0].securityContext.runAsUser: Invalid value: 2147483648: must be between 0 and 2147483647, inclusive',
    deployment(withContainer('securityContext: { runAsUser: 2147483648 }')),
  ],
  [
    'spec.template.spec.securityContext.fsGroup: Invalid value: 2147483648: must be between 0 and 2147483647, inclusive',
    deployment(`securityContext: { fsGroup: 2147483648 }, ${PODS}`),
  ],
  [
    'spec.template.spec.securityContext.supplementalGroupsPolicy: Unsupported value: "Foo"',
    deployment(`securityContext: { supplementalGroupsPolicy: Foo }, ${PODS}`),
  ],
  [
    'spec.template.spec.containers[0].resizePolicy: Unsupported value: "Sometimes"',
    deployment(withContainer('resizePolicy: [{ resourceName: cpu, restartPolicy: Sometimes }]')),
  ],
  [
    'spec.template.spec.tolerations[0].key: Invalid value: "a b"',
    deployment(`tolerations: [{ key: "a b", operator: Exists }], ${PODS}`),
  ],
  [
    'spec.template.spec.topologySpreadConstraints[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set',
    deployment(
      `topologySpreadConstraints: [{ maxSkew: 1, topologyKey: z, whenUnsatisfiable: DoNotSchedule, matchLabelKeys: [x] }], ${PODS}`,
    ),
  ],
  [
    'spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template',
    deployment(`ephemeralContainers: [{ name: e, image: "example.invalid/a:1" }], ${PODS}`),
  ],
  [
    'spec.template.spec.dnsConfig.searches[0]: Invalid value: "a_b..c"',
    deployment(`dnsConfig: { searches: ["a_b..c"] }, ${PODS}`),
  ],
  [
    'spec.template.spec.dnsConfig.options[0]: Required value: must not be empty',
    deployment(`dnsConfig: { options: [{ value: x }] }, ${PODS}`),
  ],
  [
    'spec.template.spec.containers[0].env[0].valueFrom.fieldRef.fieldPath:',
    deployment(
      withContainer('env: [{ name: A, valueFrom: { fieldRef: { fieldPath: metadata.labels } } }]'),
    ),
  ],
  [
    'spec.template.spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.replicas": error converting fieldPath: field label not supported',
    deployment(
      withContainer('env: [{ name: A, valueFrom: { fieldRef: { fieldPath: spec.replicas } } }]'),
    ),
  ],
  [
    'spec.template.spec.containers[0].env[0].valueFrom.secretKeyRef.key: Invalid value: "a b"',
    deployment(
      withContainer('env: [{ name: A, valueFrom: { secretKeyRef: { name: x, key: "a b" } } }]'),
    ),
  ],
  [
    'spec.template.spec.containers[0].env[0].valueFrom.configMapKeyRef.name: Invalid value: "Foo_Bar"',
    deployment(
      withContainer(
        'env: [{ name: A, valueFrom: { configMapKeyRef: { name: Foo_Bar, key: a } } }]',
      ),
    ),
  ],
  [
    'spec.template.spec.containers[0].envFrom[0].configMapRef.name: Invalid value: "Foo_Bar"',
    deployment(withContainer('envFrom: [{ configMapRef: { name: Foo_Bar } }]')),
  ],
  [
    'spec.template.spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 10: may not specify a duration less than 10 minutes',
    deployment(
      `volumes: [{ name: v, projected: { sources: [{ serviceAccountToken: { path: t, expirationSeconds: 10 } }] } }], ${PODS}`,
    ),
  ],
  [
    'spec.template.spec.volumes[0].projected: Invalid value: "b": conflicting duplicate paths',
    deployment(
      `volumes: [{ name: v, projected: { sources: [{ configMap: { name: a, items: [{ key: a, path: x }] } }, { configMap: { name: b, items: [{ key: a, path: x }] } }] } }], ${PODS}`,
    ),
  ],
  [
    'spec.template.spec.volumes[0].projected.sources[0]: Forbidden: may not specify more than 1 volume type per source',
    deployment(
      `volumes: [{ name: v, projected: { sources: [{ configMap: { name: a }, secret: { name: b } }] } }], ${PODS}`,
    ),
  ],
  [
    'spec.template.spec.volumes[0].configMap.items[0].mode: Invalid value: 4096: must be a number between 0 and 0777 (octal), both inclusive',
    deployment(
      `volumes: [{ name: v, configMap: { name: a, items: [{ key: a, path: x, mode: 4096 }] } }], ${PODS}`,
    ),
  ],
  [
    'spec.template.spec.volumes[0].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required',
    deployment(`volumes: [{ name: v, downwardAPI: { items: [{ path: a }] } }], ${PODS}`),
  ],
  [
    'spec.template.spec.volumes[0].downwardAPI.resourceFieldRef.containerName: Required value',
    deployment(
      `volumes: [{ name: v, downwardAPI: { items: [{ path: a, resourceFieldRef: { resource: limits.cpu } }] } }], ${PODS}`,
    ),
  ],
  [
    'spec.template.spec.volumes[0].secret.items[0].key: Required value',
    deployment(
      `volumes: [{ name: v, secret: { secretName: a, items: [{ key: "", path: x }] } }], ${PODS}`,
    ),
  ],
  [
    'spec.template.spec.volumes[0].ephemeral.volumeClaimTemplate: Required value',
    deployment(`volumes: [{ name: v, ephemeral: {} }], ${PODS}`),
  ],
  [
    '.recursiveReadOnly: Forbidden: may only be specified when readOnly is true',
    deployment(
      `volumes: [{ name: v, emptyDir: {} }], ${withContainer('volumeMounts: [{ name: v, mountPath: /a, recursiveReadOnly: Enabled }]')}`,
    ),
  ],
  [
    'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
    deployment(PODS).replace(
      'matchLabels: { a: b } }\n',
      'matchExpressions: [{ key: a, operator: In, values: [c] }] }\n',
    ),
  ],
  [
    "only allowed for updateStrategy 'RollingUpdate'",
    stateful('  updateStrategy: { type: OnDelete, rollingUpdate: { partition: 1 } }\n'),
  ],
  [
    'spec.template.spec.volumes[0].name: Required value',
    stateful(
      '  volumeClaimTemplates: [{ spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } } }]\n',
    ),
  ],
  [
    'spec.template.spec.volumes[0].name: Invalid value: "D_x"',
    stateful(
      '  volumeClaimTemplates: [{ metadata: { name: D_x }, spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } } }]\n',
    ),
  ],
  [
    'spec.volumeClaimTemplates[0].spec.resources',
    stateful(
      '  volumeClaimTemplates: [{ metadata: { name: d }, spec: { accessModes: [ReadWriteOnce] } }]\n',
    ),
  ],
  [
    'spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0',
    daemons('updateStrategy: { rollingUpdate: { maxUnavailable: 0 } }, '),
  ],
  ['spec.podReplacementPolicy: Unsupported value: "Foo"', job('podReplacementPolicy: Foo, ')],
  [
    'ucceededCount":1}]}: requires indexed completion mode',
    job('successPolicy: { rules: [{ succeededCount: 1 }] }, '),
  ],
  [
    'spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode',
    job('maxFailedIndexes: 1, '),
  ],
  [
    'spec.podFailurePolicy.rules[0].onExitCodes.operator: Unsupported value: "Is"',
    job(
      'podFailurePolicy: { rules: [{ action: Ignore, onExitCodes: { operator: Is, values: [1] } }] }, ',
    ),
  ],
  [
    'spec.podFailurePolicy.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator',
    job(
      'podFailurePolicy: { rules: [{ action: Ignore, onExitCodes: { operator: In, values: [0] } }] }, ',
    ),
  ],
  [
    'spec.podFailurePolicy.rules[0].action: Unsupported value: "Retry"',
    job(
      'podFailurePolicy: { rules: [{ action: Retry, onExitCodes: { operator: In, values: [1] } }] }, ',
    ),
  ],
  [
    'spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
    job('podFailurePolicy: { rules: [{ action: Ignore }] }, '),
  ],
  [
    'spec.timeZone: Invalid value: "GMT+2": unknown time zone GMT+2',
    cronJob('0 0 * * *', '  timeZone: GMT+2\n'),
  ],
  [
    'spec.timeZone: Invalid value: "us/eastern": unknown time zone us/eastern',
    cronJob('0 0 * * *', '  timeZone: us/eastern\n'),
  ],
  [
    'spec.timeZone: Invalid value: "+02:00": unknown time zone +02:00',
    cronJob('0 0 * * *', '  timeZone: "+02:00"\n'),
  ],
  [
    'spec.timeZone: Invalid value: " UTC": unknown time zone  UTC',
    cronJob('0 0 * * *', '  timeZone: " UTC"\n'),
  ],
  [
    'spec.timeZone: Invalid value: "Z": unknown time zone Z',
    cronJob('0 0 * * *', '  timeZone: Z\n'),
  ],
  [
    'spec.metrics[0].pods.target.averageValue: Required value: must specify a positive target averageValue',
    scaler(
      'metrics: [{ type: Pods, pods: { metric: { name: x }, target: { type: AverageValue } } }]',
    ),
  ],
  [
    'spec.metrics[0].external.metric.name: Required value: must specify a metric name',
    scaler(
      'metrics: [{ type: External, external: { metric: { name: "" }, target: { type: Value, value: 1 } } }]',
    ),
  ],
  [
    'spec.metrics[0].external.target.value: Forbidden: may not set both a target value for metric and a per-pod target',
    scaler(
      'metrics: [{ type: External, external: { metric: { name: x }, target: { type: Value, value: 1, averageValue: 1 } } }]',
    ),
  ],
  [
    'spec.metrics[0].external.target.averageValue: Required value: must set either a target value for metric or a per-pod target',
    scaler(
      'metrics: [{ type: External, external: { metric: { name: x }, target: { type: Value } } }]',
    ),
  ],
  [
    'spec.metrics[0].containerResource.container: Required value: must specify a container',
    scaler(
      'metrics: [{ type: ContainerResource, containerResource: { name: cpu, container: "", target: { type: Utilization, averageUtilization: 5 } } }]',
    ),
  ],
  [
    'spec.behavior.scaleUp.selectPolicy: Unsupported value: "Any"',
    scaler('behavior: { scaleUp: { selectPolicy: Any } }'),
  ],
  [
    'spec.behavior.scaleUp.stabilizationWindowSeconds: Invalid value: -1: must be greater than or equal to zero',
    scaler('behavior: { scaleUp: { stabilizationWindowSeconds: -1 } }'),
  ],
  [
    'spec.behavior.scaleUp.policies: Required value: must specify at least one Policy',
    scaler('behavior: { scaleUp: { policies: [] } }'),
  ],
  [
    'spec.metrics[0].resource.target.averageValue: Invalid value: "-1": must be positive',
    scaler(
      'metrics: [{ type: Resource, resource: { name: memory, target: { type: AverageValue, averageValue: -1 } } }]',
    ),
  ],
  [
    `spec.scaleTargetRef.kind: Invalid value: "a/b": may not contain '/'`,
    scaler('minReplicas: 1').replace('kind: Deployment, name: x', 'kind: a/b, name: x'),
  ],
  [
    'spec.rules[0].http.paths[0].path: Invalid value: "/a/..":',
    ingress(
      `{ rules: [{ host: "a.example.com", http: { paths: [{ path: /a/.., pathType: Prefix, ${BACKEND} }] } }] }`,
    ),
  ],
  [
    `spec.rules[0].http.paths[0].path: Invalid value: "/a%2fb": must not contain '%2f'`,
    ingress(
      `{ rules: [{ host: "a.example.com", http: { paths: [{ path: /a%2fb, pathType: Prefix, ${BACKEND} }] } }] }`,
    ),
  ],
  [
    'spec.tls[0].secretName: Invalid value: "Bad_Name"',
    ingress(
      `{ tls: [{ secretName: Bad_Name }], rules: [{ http: { paths: [{ path: /, pathType: Prefix, ${BACKEND} }] } }] }`,
    ),
  ],
  [
    'spec.egress[0].to[0].ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
    network(
      'egress: [{ to: [{ ipBlock: { cidr: 10.0.0.0/8, except: [10.0.0.0/8] } }] }], policyTypes: [Egress]',
    ),
  ],
  [
    'spec.egress[0].to[0].ipBlock.except[0]: Invalid value: "2001:db9::/48": must be a strict subset of `cidr`',
    network(
      'egress: [{ to: [{ ipBlock: { cidr: "2001:db8::/32", except: ["2001:db9::/48"] } }] }], policyTypes: [Egress]',
    ),
  ],
  [
    'spec.egress[0].to[0].ipBlock.cidr: Invalid value: "2001:db8::1/32": must not have bits set beyond the prefix length',
    network('egress: [{ to: [{ ipBlock: { cidr: "2001:db8::1/32" } }] }], policyTypes: [Egress]'),
  ],
  [
    'spec.ipFamilies[0]: Unsupported value: "IPv7"',
    service('{ ipFamilies: [IPv7], ports: [{ port: 80 }] }'),
  ],
  [
    'spec.ipFamilies[1]: Duplicate value: "IPv4"',
    service('{ ipFamilies: [IPv4, IPv4], ports: [{ port: 80 }] }'),
  ],
  [
    "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
    service('{ allocateLoadBalancerNodePorts: true, ports: [{ port: 80 }] }'),
  ],
  [
    'spec.clusterIPs: Forbidden: may not be set for ExternalName services',
    service('{ type: ExternalName, externalName: a.b.example.com, clusterIP: None }'),
  ],
  [
    'spec.ports[1].nodePort: Invalid value: 31998: provided port is already allocated',
    service(
      '{ type: NodePort, ports: [{ port: 80, name: a, nodePort: 31998 }, { port: 81, name: b, nodePort: 31998 }] }',
    ),
  ],
  [
    `spec.clusterIPs[0]: Invalid value: "None": may not be set to 'None' for LoadBalancer services`,
    service('{ type: LoadBalancer, clusterIP: None, ports: [{ port: 80 }] }'),
  ],
  [
    'spec.loadBalancerClass: Invalid value: "Bad Class"',
    service('{ type: LoadBalancer, loadBalancerClass: "Bad Class", ports: [{ port: 80 }] }'),
  ],
  [
    'spec.clusterIPs: Invalid value: ["10.0.0.5"]: first value must match `clusterIP`',
    service('{ clusterIP: None, clusterIPs: [10.0.0.5], ports: [{ port: 80 }] }'),
  ],
  [
    'spec.healthCheckNodePort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    service(
      '{ type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 70000, ports: [{ port: 80 }] }',
    ),
  ],
  [
    "' or '.', and must start and end with an alphanumeric character",
    configMap('  labels: { a..b/c: x }\n'),
  ],
  [
    'spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is',
    claim(
      '{ accessModes: [ReadWriteOnce], selector: { matchExpressions: [{ key: a, operator: In }] }, resources: { requests: { storage: 1Gi } } }',
    ),
  ],
  [
    'spec.dataSource.name: Required value',
    claim(
      '{ accessModes: [ReadWriteOnce], dataSource: { apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: "" }, resources: { requests: { storage: 1Gi } } }',
    ),
  ],
];

/** What the API server accepts, although it looks odd. */
export const ACCEPTED: readonly (readonly [what: string, manifest: string])[] = [
  ['a Deployment with a name of 64 letters', deployment(PODS, 'a'.repeat(64))],
  ['a Deployment with a dot in its name', deployment(PODS, 'a.b')],
  ['a StatefulSet without a Service', stateful('')],
  ['a label without a value', configMap('  labels: { a: }\n')],
  ['an annotation without a value', configMap('  annotations: { a: }\n')],
  [
    'an annotation whose key has upper case letters',
    configMap('  annotations: { Example.com/a: x }\n'),
  ],
  ['a Service without a selector', service('{ ports: [{ port: 80 }] }')],
  [
    'a Service with a long name of a port',
    service('{ ports: [{ port: 80, name: a-very-long-name-of-a-port }], selector: { a: b } }'),
  ],
  [
    'a Service with the same port for TCP and UDP',
    service(
      '{ ports: [{ port: 53, name: a }, { port: 53, name: b, protocol: UDP }], selector: { a: b } }',
    ),
  ],
  [
    'an affinity without its type',
    service(
      '{ sessionAffinityConfig: { clientIP: { timeoutSeconds: 10 } }, ports: [{ port: 80 }] }',
    ),
  ],
  [
    'a Service that is the name of another host',
    service('{ type: ExternalName, externalName: db.example.com }'),
  ],
  [
    'an init container that runs on, with a probe',
    deployment(
      `initContainers: [{ name: i, image: "x:1", restartPolicy: Always, readinessProbe: { tcpSocket: { port: 1 } } }], ${PODS}`,
    ),
  ],
  [
    'a projected volume without a source',
    deployment(`volumes: [{ name: v, projected: { sources: [{}] } }], ${PODS}`),
  ],
  [
    'an empty folder in a medium that does not exist',
    deployment(`volumes: [{ name: v, emptyDir: { medium: Disk } }], ${PODS}`),
  ],
  [
    'a mount with a colon',
    deployment(
      `volumes: [{ name: v, emptyDir: {} }], ${withContainer('volumeMounts: [{ name: v, mountPath: "/a:b" }]')}`,
    ),
  ],
  [
    'a variable from a ConfigMap that does not exist',
    deployment(
      withContainer('env: [{ name: A, valueFrom: { configMapKeyRef: { name: nope, key: k } } }]'),
    ),
  ],
  [
    'a probe of a port that no container has',
    deployment(withContainer('livenessProbe: { httpGet: { port: nope } }')),
  ],
  [
    'a ten-thousandth of a CPU',
    deployment(withContainer('resources: { requests: { cpu: 0.0001 } }')),
  ],
  [
    'root, which must not be root',
    deployment(withContainer('securityContext: { runAsNonRoot: true, runAsUser: 0 }')),
  ],
  [
    'a Secret for images that does not exist',
    deployment(`imagePullSecrets: [{ name: nope }], ${PODS}`),
  ],
  ['an account that does not exist', deployment(`serviceAccountName: nope, ${PODS}`)],
  ['users of their own', deployment(`hostUsers: false, ${PODS}`)],
  ['an image in upper case', deployment('containers: [{ name: a, image: "Example.invalid/A:1" }]')],
  [
    'a Job with a selector of its own',
    job('manualSelector: true, selector: { matchLabels: { a: b } }, '),
  ],
  ['a time zone', cronJob('0 0 * * *', '  timeZone: Europe/Stockholm\n')],
  ['a HorizontalPodAutoscaler of nothing', scaler('minReplicas: 1')],
  [
    'a path that is an expression',
    ingress(withPath(`{ path: "/a(/|$)(.*)", pathType: Prefix, ${BACKEND} }`)),
  ],
  [
    'an IngressClass that does not exist',
    ingress(
      `{ ingressClassName: nope, rules: [{ http: { paths: [{ path: /, pathType: Prefix, ${BACKEND} }] } }] }`,
    ),
  ],
  [
    'an IngressClass as a field and as an annotation',
    object(
      'networking.k8s.io/v1',
      'Ingress',
      'more',
      `  annotations: { kubernetes.io/ingress.class: nginx }\nspec: { ingressClassName: nginx, ${withPath(`{ path: /, pathType: Prefix, ${BACKEND} }`).slice(1, -1)} }\n`,
    ),
  ],
  ['a host without paths', ingress('{ rules: [{ host: a.example.com }] }')],
  [
    'a claim without a StorageClass',
    claim('{ accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }'),
  ],
  [
    'a claim of less than a byte',
    claim('{ accessModes: [ReadWriteOnce], resources: { requests: { storage: 0.5m } } }'),
  ],
  [
    'a claim with the data of a Pod',
    claim(
      '{ accessModes: [ReadWriteOnce], dataSource: { kind: Pod, name: x }, resources: { requests: { storage: 1Gi } } }',
    ),
  ],
  [
    'a strategy with a field that is null',
    deployment(PODS, 'more', '  strategy: { type: Recreate, rollingUpdate: null }\n'),
  ],
  [
    'a RoleBinding without subjects',
    object(
      'rbac.authorization.k8s.io/v1',
      'RoleBinding',
      'more',
      'roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }\n',
    ),
  ],
  ['a Pod', object('v1', 'Pod', 'more', `spec: { ${PODS} }\n`)],
  [
    'a ReplicationController without a selector',
    object(
      'v1',
      'ReplicationController',
      'more',
      `spec: { replicas: 0, template: { metadata: { labels: { a: b } }, spec: { ${PODS} } } }\n`,
    ),
  ],
  ['the schedule 1,,2 * * * *', cronJob('1,,2 * * * *')],
  ['the schedule */90 * * * *', cronJob('*/90 * * * *')],
  ['the schedule ? * * * *', cronJob('? * * * *')],
  ['the schedule 0 0 1 JAN,feb *', cronJob('0 0 1 JAN,feb *')],
  ['the schedule 5/15 * * * *', cronJob('5/15 * * * *')],
  ['the schedule 0 0 31 2 *', cronJob('0 0 31 2 *')],
  ['the schedule @every 5m', cronJob('@every 5m')],
  ['the schedule @midnight', cronJob('@midnight')],
  ['the schedule 0 0 * * MON-FRI', cronJob('0 0 * * MON-FRI')],
  [
    'a volume without a source, which is an empty folder',
    deployment(`volumes: [{ name: v }], ${PODS}`),
  ],
  [
    'a quantity with a blank behind it',
    deployment(withContainer('resources: { requests: { memory: "64Mi " } }')),
  ],
  [
    'a probe with the period 0',
    deployment(withContainer('livenessProbe: { tcpSocket: { port: 1 }, periodSeconds: 0 }')),
  ],
  ['a negative time to end', deployment(`terminationGracePeriodSeconds: -1, ${PODS}`)],
  [
    'a toleration of a negative time',
    deployment(
      `tolerations: [{ key: a, operator: Exists, effect: NoExecute, tolerationSeconds: -5 }], ${PODS}`,
    ),
  ],
  ['a Secret for images without a name', deployment(`imagePullSecrets: [{}], ${PODS}`)],
  [
    'a variable that begins with a digit',
    deployment(withContainer('env: [{ name: 1A, value: x }]')),
  ],
  [
    'a variable with a dot and a hyphen',
    deployment(withContainer('env: [{ name: a.b-c, value: x }]')),
  ],
  ['a variable with a space', deployment(withContainer('env: [{ name: "a b", value: x }]'))],
  [
    'a variable with a label of the pod',
    deployment(
      withContainer(
        'env: [{ name: A, valueFrom: { fieldRef: { fieldPath: "metadata.labels[\'a\']" } } }]',
      ),
    ),
  ],
  [
    'a request of disk',
    deployment(withContainer('resources: { requests: { ephemeral-storage: 1Gi } }')),
  ],
  [
    'a limit of an extended resource without a request',
    deployment(withContainer('resources: { limits: { nvidia.com/gpu: 1 } }')),
  ],
  [
    'a file with the labels of the pod',
    deployment(
      `volumes: [{ name: v, downwardAPI: { items: [{ path: a, fieldRef: { fieldPath: metadata.labels } }] } }], ${PODS}`,
    ),
  ],
  [
    'a file with a limit of a container',
    deployment(
      `volumes: [{ name: v, downwardAPI: { items: [{ path: a, resourceFieldRef: { containerName: a, resource: limits.cpu } }] } }], ${PODS}`,
    ),
  ],
  [
    'a surge of 500 %',
    deployment(PODS, 'more', '  strategy: { rollingUpdate: { maxSurge: 500% } }\n'),
  ],
  [
    'a selector by an expression',
    deployment(PODS).replace(
      'matchLabels: { a: b } }\n',
      'matchExpressions: [{ key: a, operator: Exists }] }\n',
    ),
  ],
  ['a StatefulSet that begins with a digit', stateful('', '1abc')],
  [
    'a DaemonSet that starts new pods first',
    daemons('updateStrategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }, '),
  ],
  ['a Job without completions', job('completions: 0, ')],
  ['an indexed Job with one completion', job('completionMode: Indexed, ')],
  ['a time zone of former times', cronJob('0 0 * * *', '  timeZone: US/Eastern\n')],
  ['a time zone of three letters', cronJob('0 0 * * *', '  timeZone: EST\n')],
  ['a time zone with its former name', cronJob('0 0 * * *', '  timeZone: Asia/Calcutta\n')],
  [
    'a target of another type than its value',
    scaler(
      'metrics: [{ type: Resource, resource: { name: memory, target: { type: AverageValue, averageUtilization: 50 } } }]',
    ),
  ],
  [
    'a budget without a selector',
    object('policy/v1', 'PodDisruptionBudget', 'more', 'spec: { maxUnavailable: 1 }\n'),
  ],
  [
    'every host of a domain of the first level',
    ingress(
      `{ rules: [{ host: "*.com", http: { paths: [{ path: /, pathType: Prefix, ${BACKEND} }] } }] }`,
    ),
  ],
  [
    'a path that the controller chooses',
    ingress(
      `{ rules: [{ host: "a.example.com", http: { paths: [{ pathType: ImplementationSpecific, ${BACKEND} }] } }] }`,
    ),
  ],
  [
    'a path with a hidden folder',
    ingress(
      `{ rules: [{ host: "a.example.com", http: { paths: [{ path: /.well-known/x, pathType: Prefix, ${BACKEND} }] } }] }`,
    ),
  ],
  [
    'a backend that is no Service',
    ingress(
      '{ rules: [{ host: "a.example.com", http: { paths: [{ path: /, pathType: ImplementationSpecific, backend: { resource: { apiGroup: k8s.example.com, kind: StorageBucket, name: x } } }] } }] }',
    ),
  ],
  [
    'all addresses but one',
    network(
      'egress: [{ to: [{ ipBlock: { cidr: 0.0.0.0/0, except: [169.254.169.254/32] } }] }], policyTypes: [Egress]',
    ),
  ],
  [
    'a range with a blank behind it',
    service(
      '{ type: LoadBalancer, loadBalancerSourceRanges: ["10.0.0.0/8 "], ports: [{ port: 80 }] }',
    ),
  ],
  [
    'node ports that keep the address of the client',
    service('{ type: NodePort, externalTrafficPolicy: Local, ports: [{ port: 80 }] }'),
  ],
  ['a name of digits', object('v1', 'ConfigMap', '"123"', 'data: {}\n')],
  [
    'a claim that names a mode twice',
    claim(
      '{ accessModes: [ReadWriteOnce, ReadWriteOnce], resources: { requests: { storage: 1Gi } } }',
    ),
  ],
];
