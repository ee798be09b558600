import type { Size } from '../../settings/settings.ts';
import type { Environment } from '../estate.ts';

/** The limits of a tenant: pods and objects as numbers, CPU in thousandths, memory in MiB, storage in GiB. */
type Amounts = {
  readonly pods: number;
  /** All pods, including those that have ended, which `pods` does not count. */
  readonly podObjects: number;
  readonly cpu: number;
  readonly memory: number;
  readonly memoryLimit: number;
  /** Disk of the nodes, in MiB. */
  readonly disk: number;
  readonly claims: number;
  readonly storage: number;
  readonly services: number;
  /** The limit for each kind of which an app usually has few objects. */
  readonly objects: number;
  /** The memory limit of a container that sets none. */
  readonly containerMemory: number;
};

const GI = 1024;

/**
 * `medium` has room for a demo of 14 microservices with 500 MiB each, even while a rolling update runs all of them
 * twice. The numbers of objects are higher than an app usually needs. They prevent one tenant from filling etcd.
 */
const AMOUNTS: { readonly [S in Size]: Amounts } = {
  small: {
    ...{ pods: 20, podObjects: 1000, cpu: 2000, memory: 1280, memoryLimit: 2560, disk: 20 * GI },
    ...{ claims: 5, storage: 20, services: 20, objects: 50, containerMemory: 128 },
  },
  medium: {
    ...{ pods: 50, podObjects: 1000, cpu: 16_000, memory: 16 * GI, memoryLimit: 32 * GI },
    ...{ disk: 100 * GI, claims: 20, storage: 100, services: 50, objects: 50 },
    containerMemory: 512,
  },
  large: {
    ...{ pods: 200, podObjects: 4000, cpu: 64_000, memory: 128 * GI, memoryLimit: 256 * GI },
    ...{ disk: 400 * GI, claims: 100, storage: 1024, services: 100, objects: 100 },
    containerMemory: 1024,
  },
};

/** A Service of type LoadBalancer needs a node port for each of its ports; few have more ports than this. */
const PORTS_OF_A_LOAD_BALANCER = 5;

/** What the demo app needs with `replicas`: a rolling update runs all of them twice. */
function ofDemo(replicas: number): Partial<Amounts> {
  const pods = replicas * 2;
  const memory = { memory: pods * 64, memoryLimit: pods * 128 };
  return { pods, podObjects: pods * 50, cpu: pods * 100, ...memory, disk: pods * GI };
}

/** The quota and the limits of a tenant, as Kubernetes quantities. */
export function quotaOf(environment: Environment) {
  const { size, replicas, serviceType, nodePorts } = environment;
  const needed = ofDemo(replicas);
  const amounts = Object.fromEntries(
    Object.entries(AMOUNTS[size]).map(([key, amount]) => [
      key,
      Math.max(amount, needed[key as keyof Amounts] ?? 0),
    ]),
  ) as Amounts;
  const loadBalancers = Math.max(environment.loadBalancers, serviceType === 'LoadBalancer' ? 1 : 0);
  return {
    ...quantitiesOf(amounts),
    loadBalancers: count(loadBalancers),
    nodePorts: count(nodePorts + loadBalancers * PORTS_OF_A_LOAD_BALANCER),
  };
}

/** The quota of versions without sizes: room for the demo app, at least for ten replicas. */
export function earlierQuotaOf({ replicas }: Environment): Quantities {
  return quantitiesOf({ ...AMOUNTS.small, ...ofDemo(Math.max(10, replicas)) });
}

/** The limits of a size that the quota `tenant` has under another name than `count/KIND`. */
const KEYS: { readonly [name: string]: keyof Quantities } = {
  pods: 'pods',
  'count/pods': 'podObjects',
  'requests.cpu': 'cpu',
  'requests.memory': 'memory',
  'limits.memory': 'memoryLimit',
  'limits.ephemeral-storage': 'disk',
  'requests.storage': 'storage',
  persistentvolumeclaims: 'claims',
  configmaps: 'configs',
  secrets: 'configs',
  services: 'services',
  'count/replicasets.apps': 'replicaSets',
  'count/jobs.batch': 'jobs',
};

/** Which limit of a size the quota `tenant` has under `name`; undefined for a limit that all sizes share. */
export function quotaKeyOf(name: string): keyof Quantities | undefined {
  if (KEYS[name] !== undefined) return KEYS[name];
  return /^count\/(?!daemonsets\.|resourceclaim)/.test(name) ? 'objects' : undefined;
}

type Quantities = ReturnType<typeof quantitiesOf>;

function quantitiesOf(amounts: Amounts) {
  const { objects } = amounts;
  return {
    pods: count(amounts.pods),
    podObjects: count(amounts.podObjects),
    cpu: quantity(amounts.cpu, ['m', ...DECIMAL]),
    memory: quantity(amounts.memory, BINARY),
    memoryLimit: quantity(amounts.memoryLimit, BINARY),
    disk: quantity(amounts.disk, BINARY),
    claims: count(amounts.claims),
    storage: quantity(amounts.storage, BINARY.slice(1)),
    services: count(amounts.services),
    objects: count(objects),
    configs: count(objects * 4),
    jobs: count(objects * 6),
    replicaSets: count(objects * 12),
    containerMemory: quantity(amounts.containerMemory, BINARY),
  };
}

const count = (amount: number): string => quantity(amount, DECIMAL);

/** The limits as rows: a name, and the value for each of `sizes`. */
export function sizeRows(sizes: readonly Size[]): [what: string, ...values: string[]][] {
  const quotas = sizes.map((size) => quantitiesOf(AMOUNTS[size]));
  return ROWS.map(([what, key]) => [what, ...quotas.map((quota) => quota[key])]);
}

const ROWS: readonly (readonly [string, keyof Quantities])[] = [
  ['pods', 'pods'],
  ['CPU that all pods request', 'cpu'],
  ['memory that all pods request', 'memory'],
  ['memory limits of all pods', 'memoryLimit'],
  ['disk of the nodes, limits of all pods', 'disk'],
  ['PersistentVolumeClaims', 'claims'],
  ['storage of all claims', 'storage'],
  ['Services', 'services'],
  ['ConfigMaps, and as many Secrets', 'configs'],
  ['Deployments; as many StatefulSets, CronJobs, Ingresses and others', 'objects'],
  ['memory limit of a container that sets none', 'containerMemory'],
];

const DECIMAL = ['', 'k', 'M', 'G', 'T'];
const BINARY = ['Mi', 'Gi', 'Ti', 'Pi'];

/**
 * `amount` of the first of `units` in the shortest form of Kubernetes, as the API server stores it. With any other
 * form, every `kubectl apply` would show a change.
 */
function quantity(amount: number, units: readonly string[]): string {
  const [unit = '', ...larger] = units;
  const step = unit.endsWith('i') ? 1024 : 1000;
  if (larger.length > 0 && amount !== 0 && amount % step === 0)
    return quantity(amount / step, larger);
  return `${amount}${unit}`;
}
