import { quotaKeyOf, quotaOf } from '../../plan/values/sizes.ts';
import { SIZES } from '../../settings/settings.ts';
import { containersOf, type Pods, podsOf } from '../admission/pods.ts';
import { amountOf, quantityText } from '../admission/quantity.ts';
import { kindOf, type Schemas } from '../admission/schema.ts';
import {
  about,
  at,
  type Finding,
  type Json,
  listAt,
  type Manifest,
  objectAt,
  objectName,
  type Tenant,
  textAt,
} from '../model.ts';

/** What all `objects` of a tenant together need, against its ResourceQuotas and LimitRanges. */
export function checkQuota(
  tenant: Tenant,
  objects: readonly Manifest[],
  schemas: Schemas,
): Finding[] {
  const limits = tenant.manifests
    .filter(({ kind }) => kind === 'LimitRange')
    .flatMap(({ value }) => listAt(value, 'spec', 'limits'));
  const findings: Finding[] = [];
  const usage = new Usage();
  for (const manifest of tenant.manifests) countObject(manifest, schemas, usage);
  // Kubernetes adds a service account and a ConfigMap to every namespace.
  usage.add('count/serviceaccounts', 1);
  usage.add('configmaps', 1);
  usage.add('count/configmaps', 1);
  for (const manifest of objects) {
    countObject(manifest, schemas, usage);
    findings.push(...countPods(manifest, objects, limits, usage));
    countClaims(manifest, usage);
    countService(manifest, usage);
  }
  const quotas = tenant.manifests.filter(({ kind }) => kind === 'ResourceQuota');
  return [...findings, ...quotas.flatMap((quota) => exceeded(quota, usage, tenant))];
}

/** Amounts by the name that a ResourceQuota has for them, with the objects that need them. */
class Usage {
  readonly used = new Map<string, number>();
  /** The additional amounts of rolling updates. */
  readonly surge = new Map<string, number>();
  readonly by = new Map<string, Manifest>();
  private readonly most = new Map<string, number>();

  add(name: string, amount: number, manifest?: Manifest, surge = 0): void {
    this.used.set(name, (this.used.get(name) ?? 0) + amount);
    this.surge.set(name, (this.surge.get(name) ?? 0) + surge);
    if (manifest === undefined || amount < (this.most.get(name) ?? 0)) return;
    this.most.set(name, amount);
    this.by.set(name, manifest);
  }
}

/** Kinds that a quota also knows by a short name. */
const SHORT = new Set([
  'configmaps',
  'secrets',
  'services',
  'persistentvolumeclaims',
  'replicationcontrollers',
  'resourcequotas',
]);

function countObject(manifest: Manifest, schemas: Schemas, usage: Usage): void {
  const { apiVersion, kind } = manifest;
  const known = kindOf(schemas, apiVersion, kind);
  if (known === undefined || !known.namespaced) return;
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/')[0]}` : '';
  usage.add(`count/${known.resource}${group}`, 1, manifest);
  if (group === '' && SHORT.has(known.resource)) usage.add(known.resource, 1, manifest);
}

/** What the pods of `manifest` need; and the containers that the LimitRange refuses. */
function countPods(
  manifest: Manifest,
  objects: readonly Manifest[],
  limits: readonly unknown[],
  usage: Usage,
): Finding[] {
  const pods = podsOf(manifest);
  if (pods === undefined) return [];
  const count = Math.max(pods.count, scaledTo(manifest, objects));
  const surge = count === pods.count ? pods.surge : surgeAgain(pods, count);
  if (manifest.kind !== 'Pod') {
    usage.add('count/pods', count, manifest, surge);
    if (manifest.kind === 'Deployment') usage.add('count/replicasets.apps', 1, manifest);
  }
  usage.add('pods', count, manifest, surge);
  const { needed, findings } = needOf(manifest, pods, limits);
  for (const [name, amount] of needed) usage.add(name, amount * count, manifest, amount * surge);
  return findings;
}

const surgeAgain = ({ count, surge }: Pods, now: number): number =>
  count === 0 ? surge : Math.ceil((surge / count) * now);

/** The minimum of a HorizontalPodAutoscaler for `manifest`. */
function scaledTo({ kind, name, namespace }: Manifest, objects: readonly Manifest[]): number {
  return objects.reduce((most, one) => {
    if (one.kind !== 'HorizontalPodAutoscaler' || one.namespace !== namespace) return most;
    const target = objectAt(one.value, 'spec', 'scaleTargetRef');
    if (target.kind !== kind || target.name !== name) return most;
    return Math.max(most, Number(at(one.value, 'spec', 'minReplicas') ?? 1));
  }, 0);
}

const RESOURCES = ['cpu', 'memory', 'ephemeral-storage'];

/** What one pod needs, by the names of a quota. Kubernetes takes the larger one of its containers and its first steps. */
function needOf(
  manifest: Manifest,
  { path, spec }: Pods,
  limits: readonly unknown[],
): { readonly needed: Map<string, number>; readonly findings: Finding[] } {
  const findings: Finding[] = [];
  const sum = new Map<string, number>();
  const first = new Map<string, number>();
  for (const { path: place, value } of containersOf(spec)) {
    const isFirst = place[0] === 'initContainers' && value.restartPolicy !== 'Always';
    const resources = withDefaults(objectAt(value, 'resources'), limits);
    findings.push(
      ...checkLimits(
        manifest,
        [...path, ...place, 'resources'],
        textAt(value, 'name') ?? '',
        resources,
        limits,
      ),
    );
    for (const kind of ['requests', 'limits'] as const)
      for (const resource of RESOURCES) {
        const amount = amountOf(resources[kind][resource] ?? 0) ?? 0;
        const name = `${kind}.${resource}`;
        if (isFirst) first.set(name, Math.max(first.get(name) ?? 0, amount));
        else sum.set(name, (sum.get(name) ?? 0) + amount);
      }
  }
  const names = new Set([...sum.keys(), ...first.keys()]);
  const needed = new Map(
    [...names].map((name) => [name, Math.max(sum.get(name) ?? 0, first.get(name) ?? 0)]),
  );
  for (const resource of RESOURCES) needed.set(resource, needed.get(`requests.${resource}`) ?? 0);
  return { needed, findings };
}

type Resources = { readonly requests: Json; readonly limits: Json };

/** The values of a container: a request without a value is its limit, the rest comes from the LimitRange. */
function withDefaults(resources: Json, limits: readonly unknown[]): Resources {
  const own = objectAt(resources, 'limits');
  const requests = { ...own, ...objectAt(resources, 'requests') };
  const forContainers = limits.filter((one) => textAt(one, 'type') === 'Container');
  const usual = Object.assign({}, ...forContainers.map((one) => objectAt(one, 'default'))) as Json;
  const usualRequests = Object.assign(
    { ...usual },
    ...forContainers.map((one) => objectAt(one, 'defaultRequest')),
  ) as Json;
  return { requests: { ...usualRequests, ...requests }, limits: { ...usual, ...own } };
}

function checkLimits(
  manifest: Manifest,
  field: readonly (string | number)[],
  container: string,
  { requests, limits: own }: Resources,
  limits: readonly unknown[],
): Finding[] {
  const findings: Finding[] = [];
  const refuse = (message: string): void => {
    findings.push(about('limit-exceeded', manifest, `container "${container}": ${message}`, field));
  };
  for (const [resource, request] of Object.entries(requests)) {
    const limit = own[resource];
    const [asked, allowed] = [amountOf(request), amountOf(limit)];
    if (limit !== undefined && asked !== undefined && allowed !== undefined && asked > allowed)
      refuse(
        `Invalid value: "${request}": must be less than or equal to ${resource} limit of ${limit}`,
      );
  }
  for (const one of limits) {
    if (textAt(one, 'type') !== 'Container') continue;
    for (const [resource, most] of Object.entries(objectAt(one, 'max'))) {
      const value = own[resource] ?? requests[resource];
      if ((amountOf(value ?? 0) ?? 0) > (amountOf(most) ?? Number.POSITIVE_INFINITY))
        refuse(`maximum ${resource} usage per Container is ${most}, but limit is ${value}`);
    }
    for (const [resource, least] of Object.entries(objectAt(one, 'min'))) {
      const value = requests[resource];
      if (value !== undefined && (amountOf(value) ?? 0) < (amountOf(least) ?? 0))
        refuse(`minimum ${resource} usage per Container is ${least}, but request is ${value}`);
    }
  }
  return findings;
}

function countClaims(manifest: Manifest, usage: Usage): void {
  const { kind, value } = manifest;
  const storage = (claim: unknown): number =>
    amountOf(at(claim, 'spec', 'resources', 'requests', 'storage') ?? 0) ?? 0;
  if (kind === 'PersistentVolumeClaim') usage.add('requests.storage', storage(value), manifest);
  if (kind !== 'StatefulSet') return;
  const replicas = Number(at(value, 'spec', 'replicas') ?? 1);
  for (const claim of listAt(value, 'spec', 'volumeClaimTemplates')) {
    usage.add('requests.storage', storage(claim) * replicas, manifest);
    usage.add('persistentvolumeclaims', replicas, manifest);
    usage.add('count/persistentvolumeclaims', replicas, manifest);
  }
}

function countService(manifest: Manifest, usage: Usage): void {
  const { kind, apiVersion, value } = manifest;
  if (kind !== 'Service' || apiVersion !== 'v1') return;
  const type = textAt(value, 'spec', 'type');
  const ports = listAt(value, 'spec', 'ports').length;
  if (type === 'LoadBalancer') usage.add('services.loadbalancers', 1, manifest);
  const hasNodePorts =
    type === 'NodePort' ||
    (type === 'LoadBalancer' && at(value, 'spec', 'allocateLoadBalancerNodePorts') !== false);
  if (hasNodePorts) usage.add('services.nodeports', ports, manifest);
}

/** The node ports that a tenant gets with each LoadBalancer: `flux-gitops tenant ENV --load-balancers N`. */
const PORTS_OF_A_LOAD_BALANCER = 5;

/** How to allow the Services of `usage`. */
function serviceHint({ used }: Usage): string {
  const balancers = used.get('services.loadbalancers') ?? 0;
  const ports = (used.get('services.nodeports') ?? 0) - balancers * PORTS_OF_A_LOAD_BALANCER;
  const flags = [
    ...(balancers > 0 ? [`--load-balancers ${balancers}`] : []),
    ...(ports > 0 ? [`--node-ports ${ports}`] : []),
  ];
  return `Use the type ClusterIP, or allow it: flux-gitops tenant ENV ${flags.join(' ')}`;
}

/** How the tenant gets `needed` of `name`: with the smallest size that has so much, or with a number in the file. */
function moreOf(quota: Manifest, name: string, needed: number, { environment }: Tenant): string {
  const key = quota.name === 'tenant' ? quotaKeyOf(name) : undefined;
  const size = SIZES.find((one) => {
    const most = key && amountOf(quotaOf({ ...environment, size: one })[key]);
    return most !== undefined && needed <= most * (1 + 1e-9);
  });
  if (size !== undefined) return `or give the tenant more: flux-gitops tenant ENV --size ${size}`;
  const why = key === undefined ? '' : ': no --size has so much';
  return `or raise ${name} of the ResourceQuota ${quota.name} in ${quota.path}${why}.`;
}

function exceeded(quota: Manifest, usage: Usage, tenant: Tenant): Finding[] {
  const scoped = at(quota.value, 'spec', 'scopes') ?? at(quota.value, 'spec', 'scopeSelector');
  if (scoped !== undefined) return [];
  const findings = Object.entries(objectAt(quota.value, 'spec', 'hard')).flatMap(
    ([name, hard]) => overOne(quota, name, hard, usage, tenant) ?? [],
  );
  // Ports that come with a LoadBalancer are no second problem.
  const services = findings.filter(({ code }) => code === 'service-quota-exceeded');
  return findings.filter((one) => one.code !== 'service-quota-exceeded' || one === services[0]);
}

function overOne(
  quota: Manifest,
  name: string,
  hard: unknown,
  usage: Usage,
  tenant: Tenant,
): Finding | undefined {
  const most = amountOf(hard);
  const used = usage.used.get(name) ?? 0;
  const surge = usage.surge.get(name) ?? 0;
  // Sums of fractions are never exact.
  if (most === undefined || used + surge <= most * (1 + 1e-9)) return undefined;
  const isOver = used > most * (1 + 1e-9);
  const manifest = usage.by.get(name);
  if (manifest === undefined) return undefined;
  const needed = quantityText(isOver ? used : used + surge, hard);
  const when = isOver ? '' : '; during a rolling update of all workloads';
  const message = `exceeded quota: ${quota.name}, needed by all objects: ${name}=${needed}, limited: ${name}=${hard}${when} (the most by ${objectName(manifest)})`;
  const more = moreOf(quota, name, isOver ? used : used + surge, tenant);
  if (!isOver)
    return {
      ...about('rollout-exceeds-quota', manifest, message),
      hint: `Set a lower maxSurge, ${more}`,
    };
  if (!/^services\.(loadbalancers|nodeports)$/.test(name))
    return { ...about('quota-exceeded', manifest, message), hint: `Use less, ${more}` };
  return { ...about('service-quota-exceeded', manifest, message), hint: serviceHint(usage) };
}
