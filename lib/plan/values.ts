import { imageTag } from '../settings/rules.ts';
import { DEMO_OWNER } from '../settings/settings.ts';
import { byRepo, type Environment, namespaceOf, repositoryUrl } from './estate.ts';
import { GENERATOR } from './generator.ts';
import type { Values } from './plan.ts';
import { hasPolicies, type RepoRecord } from './record.ts';

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

/** Whether a hardened tenant was allowed to use kustomization.yaml. */
export function mayKustomize(environment: Environment): boolean {
  return environment.profile === 'hardened' && !isConfined(environment);
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

/** Pages of the README stay readable, and Mermaid has limits of its own. */
const SHOWN = { rows: 40, picture: 12 };

/** What the README of the repository that `record` describes says. */
export function readmeValues(record: RepoRecord): Values {
  const { name, shared, environments } = record;
  const repos = [...byRepo(environments)].map(([repo, fed]) => ({
    name: repo,
    owner: (fed[0] ?? shared).owner,
    branch: (fed[0] ?? shared).branch,
    url: repositoryUrl(fed[0] ?? shared, repo),
  }));
  const rows = environments.slice(0, SHOWN.rows).map(environmentValues);
  const { picture, pictureRepos } = pictureOf(environments.slice(0, SHOWN.picture));
  return {
    ...shared,
    name,
    generator: GENERATOR,
    hasPolicies: hasPolicies(record),
    plainManifests: environments.some(isConfined),
    syncConfig: record.estate.syncConfig === 'yes',
    isDemo: environments.every(({ owner }) => owner === DEMO_OWNER),
    ownRepos: repos.filter(({ owner }) => owner !== DEMO_OWNER).slice(0, SHOWN.rows),
    kustomizeTenants: environments
      .filter(mayKustomize)
      .map((one) => one.name)
      .slice(0, SHOWN.rows)
      .join(', '),
    repos: repos.slice(0, SHOWN.rows),
    rows,
    first: rows[0],
    picture,
    // Mermaid's older layout draws subgraphs from the last to the first; its newer one follows the arrows.
    pictureUpwards: picture.toReversed(),
    pictureRepos,
    notPictured: environments.length - picture.length,
    notShown: environments.length - rows.length,
  };
}

/**
 * The nodes of a Mermaid picture of `environments`. An app repo is drawn again where another one stands between two of its
 * environments: Mermaid would change the order of the environments to avoid arrows that cross.
 */
function pictureOf(
  environments: readonly Environment[],
): Record<'picture' | 'pictureRepos', Values[]> {
  const picture: Values[] = [];
  const pictureRepos: Values[] = [];
  for (const [index, environment] of environments.entries()) {
    if (environment.repo !== environments[index - 1]?.repo)
      pictureRepos.push({ id: `repo${pictureRepos.length}`, name: environment.repo });
    picture.push({
      ...environmentValues(environment),
      id: `env${index}`,
      repoId: `repo${pictureRepos.length - 1}`,
    });
  }
  return { picture, pictureRepos };
}
