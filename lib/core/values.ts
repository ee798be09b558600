import { type Environment, namespaceOf, repositoryUrl } from './estate.ts';
import { imageTag } from './names.ts';

/** What the templates of a layer may use, by name. */
export type Values = { readonly [name: string]: unknown };

/** The ResourceQuota of a tenant, in quantities as Kubernetes writes them. */
type Quota = {
  readonly pods: string;
  /** With those that have ended, which `pods` does not count. */
  readonly podObjects: string;
  readonly cpu: string;
  readonly memory: string;
  readonly memoryLimit: string;
  readonly disk: string;
};

const made = new WeakMap<Environment, Values>();

/** The values of `environment`, the same object for each of its layers. */
export function environmentValues(environment: Environment): Values {
  const values = made.get(environment) ?? makeValues(environment);
  made.set(environment, values);
  return values;
}

function makeValues(environment: Environment): Values {
  const namespace = namespaceOf(environment);
  return {
    ...environment,
    namespace,
    reconciler: `${namespace}-reconciler`,
    legacyUser: `gotk:${namespace}:reconciler`,
    path: `./${environment.name}`,
    instance: `kcheck-${environment.name}`.slice(0, 63).replace(/-+$/, ''),
    url: repositoryUrl(environment, environment.repo),
    confined: isConfined(environment),
    loadBalancers: environment.serviceType === 'LoadBalancer' ? 1 : 0,
    versions: versionsOf(environment),
    quota: quotaOf(environment),
  };
}

/** Whether Flux leaves kustomization.yaml out of the sources of this tenant. */
export function isConfined({ profile, allowKustomize }: Environment): boolean {
  return profile === 'hardened' && allowKustomize === 'no';
}

/** The version label of the app; none when the image's tag is no label value. */
function versionsOf({ image }: Environment): string[] {
  const tag = imageTag(image);
  return tag !== undefined && /^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/.test(tag) ? [tag] : [];
}

/** Room for the demo app at its number of replicas during a rolling update, at least a small size. */
function quotaOf({ replicas }: Environment): Quota {
  const pods = Math.max(20, replicas * 2);
  return {
    pods: quantity(pods, DECIMAL),
    podObjects: quantity(pods * 50, DECIMAL),
    cpu: quantity(pods * 100, ['m', ...DECIMAL]),
    memory: quantity(pods * 64, BINARY),
    memoryLimit: quantity(pods * 128, BINARY),
    disk: quantity(pods * 1024, BINARY),
  };
}

const DECIMAL = ['', 'k', 'M', 'G', 'T'];
const BINARY = ['Mi', 'Gi', 'Ti', 'Pi'];

/**
 * `amount` of the first of `units` in Kubernetes' shortest form, as the API server stores it: any
 * other form differs from it at every `kubectl apply`.
 */
function quantity(amount: number, units: readonly string[]): string {
  const [unit = '', ...larger] = units;
  const step = unit.endsWith('i') ? 1024 : 1000;
  if (larger.length > 0 && amount % step === 0) return quantity(amount / step, larger);
  return `${amount}${unit}`;
}
