import type { Problem } from './errors.ts';
import { type Defaults, type Environment, namespaceOf, repositoryUrl } from './estate.ts';
import { imageTag } from './names.ts';
import { type ClusterType, DEMO_OWNER } from './questions.ts';
import { byRepo, type Json, RECORD_KEY, type RepoRecord, writeRecord } from './record.ts';

export type Values = { readonly [name: string]: unknown };

/** A folder of templates laid into a folder of a repository with one set of values. */
export type Layer = {
  readonly from: string;
  readonly into: string;
  readonly values: Values;
  /** The values that wrote it last time: a file that still reads so is no user's work. */
  readonly before?: Values;
  /** What becomes of a file that a user edited; otherwise it is asked about. */
  readonly ifEdited?: 'keep';
};

/** One repository: the layers that make it, and the `.yo-rc.json` that remembers them. */
export type RepoPlan = {
  readonly role: 'config' | 'scenario';
  readonly name: string;
  readonly url: string;
  readonly description: string;
  readonly layers: readonly Layer[];
  readonly record: Json;
};

/** A file that a repository elsewhere needs. */
export type Elsewhere = { readonly repo: string; readonly url: string; readonly layer: Layer };

/** What a run will do, as data: printed it is the dry run, executed it is the product. */
export type Plan = {
  readonly repos: readonly RepoPlan[];
  readonly elsewhere: readonly Elsewhere[];
  readonly environments: readonly Environment[];
};

/** What lies where a repository belongs. */
export type Found = { readonly exists: boolean; readonly all: Json; readonly record?: RepoRecord };

/** What a planner may know of the disk; a broken `.yo-rc.json` adds to `problems`. */
export type World = {
  /** The folder the run was sent to, for messages. */
  readonly folder: string;
  /** The repository that the run stands in, if it is one of the kind that the command works on. */
  readonly home?: Found & { readonly name: string };
  readonly find: (repo: string, problems: Problem[]) => Found;
};

/** A plan, or the reasons why there is none. */
export type Planned = { readonly problems: readonly Problem[]; readonly plan?: Plan };

/** Pages of the README stay readable, and Mermaid has limits of its own. */
const SHOWN = { rows: 40, picture: 12 };

/** The config repo `name` with `environments`, of which `written` are laid out in this run. */
export function planConfigRepo(
  name: string,
  clusterType: ClusterType,
  defaults: Defaults,
  environments: readonly Environment[],
  written: readonly Environment[],
  found: Found,
): RepoPlan {
  const record: RepoRecord = { kind: 'config-repo', name, clusterType, defaults, environments };
  const readme: Layer = { from: 'config-repo', into: '.', values: readmeValues(record) };
  const before = found.record && { before: readmeValues(found.record) };
  return {
    role: 'config',
    name,
    url: repositoryUrl(defaults, name),
    description: `Tenants and syncs for Flux: ${listed(environments.map((one) => one.name))}`,
    layers: [...written.map(environmentLayer), { ...readme, ...before }],
    record: { ...found.all, [RECORD_KEY]: writeRecord(record) },
  };
}

/** The scenario repo `name` with `environments`, of which `written` are laid out in this run. */
export function planScenarioRepo(
  name: string,
  defaults: Defaults,
  environments: readonly Environment[],
  written: readonly Environment[],
  found: Found,
): RepoPlan {
  const record: RepoRecord = { kind: 'scenario-repo', name, defaults, environments };
  const readme: Layer = { from: 'scenario-repo', into: '.', values: readmeValues(record) };
  const before = found.record && { before: readmeValues(found.record) };
  return {
    role: 'scenario',
    name,
    url: repositoryUrl(written[0] ?? defaults, name),
    description: `The demo app kcheck for Flux: ${listed(environments.map((one) => one.name))}`,
    layers: [...written.map(appLayer), { ...readme, ...before }],
    record: { ...found.all, [RECORD_KEY]: writeRecord(record) },
  };
}

const listed = (words: readonly string[]): string =>
  words.length <= 8
    ? words.join(', ')
    : `${words.slice(0, 8).join(', ')} and ${words.length - 8} more`;

function environmentLayer(environment: Environment): Layer {
  return {
    from: `environment-${environment.profile}`,
    into: environment.name,
    values: { ...environmentValues(environment), quota: quotaOf(environment) },
  };
}

/** The layer of `environment` in its scenario repo: the demo app. */
export function appLayer(environment: Environment): Layer {
  const tag = imageTag(environment.image);
  // A label value is shorter and ends otherwise than a tag may.
  const versions =
    tag !== undefined && /^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/.test(tag) ? [tag] : [];
  return {
    from: `scenario-environment-${environment.profile}`,
    into: environment.name,
    values: { ...environmentValues(environment), versions },
  };
}

function environmentValues(environment: Environment): Values {
  const { name, repo } = environment;
  return {
    ...environment,
    namespace: namespaceOf(environment),
    reconciler: `${namespaceOf(environment)}-reconciler`,
    legacyUser: `gotk:${namespaceOf(environment)}:reconciler`,
    path: `./${name}`,
    instance: `kcheck-${name}`.slice(0, 63).replace(/-+$/, ''),
    url: repositoryUrl(environment, repo),
    loadBalancers: environment.serviceType === 'LoadBalancer' ? 1 : 0,
  };
}

/**
 * The ResourceQuota of a tenant: room for the demo app at its number of replicas during a rolling
 * update (maxSurge 25 %), and at least a small standard size. Quantities as Kubernetes writes them.
 */
function quotaOf({ replicas }: Environment): Values {
  const pods = Math.max(20, replicas * 2);
  return { pods, cpu: `${pods * 100}m`, memory: `${pods * 64}Mi`, memoryLimit: `${pods * 128}Mi` };
}

function readmeValues({ name, clusterType, defaults, environments }: RepoRecord): Values {
  const repos = [...byRepo(environments)].map(([repo, fed], index) => ({
    id: `repo${index}`,
    name: repo,
    url: repositoryUrl(fed[0] ?? defaults, repo),
  }));
  const ids = new Map(repos.map((repo) => [repo.name, repo.id]));
  const rows = environments.slice(0, SHOWN.rows).map(
    (environment, index): Values => ({
      ...environmentValues(environment),
      id: `env${index}`,
      repoId: ids.get(environment.repo),
    }),
  );
  const picture = rows.slice(0, SHOWN.picture);
  const pictured = new Set(picture.map(({ repoId }) => repoId));
  return {
    ...defaults,
    name,
    clusterType: clusterType ?? 'kubernetes',
    isDemo: defaults.owner === DEMO_OWNER,
    repos: repos.slice(0, SHOWN.rows),
    rows,
    first: rows[0],
    picture,
    pictureRepos: repos.filter(({ id }) => pictured.has(id)),
    notPictured: environments.length - picture.length,
    notShown: environments.length - rows.length,
  };
}

/** `recorded` with `changed` in place of, or after, the environments of the same names. */
export function mergeEnvironments(
  recorded: readonly Environment[],
  changed: readonly Environment[],
): Environment[] {
  const merged = new Map(
    [...recorded, ...changed].map((environment) => [environment.name, environment]),
  );
  return [...merged.values()];
}

/** A problem for each of `changed` that another repo than before would feed. */
export function checkFeeders(
  recorded: readonly Environment[],
  changed: readonly { readonly name: string; readonly repo: string }[],
  flag: string,
): Problem[] {
  const feeders = new Map(recorded.map(({ name, repo }) => [name, repo]));
  return changed.flatMap(({ name, repo }) => {
    const feeder = feeders.get(name);
    if (feeder === undefined || feeder === repo) return [];
    return {
      given: `environment ${name} from ${repo}`,
      rule: `${name} is fed by ${feeder} already, and an environment has one scenario repo`,
      example: `${flag} ${flag === '--scenario' ? `${feeder}=${name}` : feeder}`,
      flag,
    };
  });
}
