import { type Problem, quote } from '../errors.ts';
import * as names from '../settings/rules.ts';
import type { ClusterType, SettingKey, YesNo } from '../settings/settings.ts';
import {
  DEFAULT_KEYS,
  type Defaults,
  type Environment,
  type Overrides,
  ownPage,
  PAGE_KEYS,
  readSetting,
} from './estate.ts';

/** The key of `.yo-rc.json` that belongs to this package, as Yeoman's storage has it. */
export const RECORD_KEY = 'generator-flux-gitops';
/** Raised when an older version could not read what a newer one records. */
const RECORD_VERSION = 1;

/** What a repository remembers of the runs that wrote it. */
export type RepoRecord = {
  readonly kind: 'config-repo' | 'scenario-repo';
  readonly name: string;
  readonly clusterType?: ClusterType;
  readonly allowSource?: readonly string[];
  readonly allowPriorityClass?: readonly string[];
  /** Whether the cluster follows this repository itself. */
  readonly syncConfig?: YesNo;
  readonly defaults: Defaults;
  readonly environments: readonly Environment[];
};

/** What hardened tenants may use beyond the rules, each a list. */
const ALLOW_LISTS = ['allowSource', 'allowPriorityClass'] as const;

/** One of these settings. */
export type AllowListKey = (typeof ALLOW_LISTS)[number];

export type Json = { readonly [key: string]: unknown };

/** `record` as the value of RECORD_KEY; an environment is listed with what it has of its own. */
export function writeRecord(record: RepoRecord): Json {
  const { kind, name, clusterType, syncConfig, defaults, environments } = record;
  const allowLists = ALLOW_LISTS.filter((key) => record[key]?.length).map((key) => [
    key,
    record[key],
  ]);
  const own = environments.map((environment): [string, Overrides] => {
    const usual = { ...defaults, ...ownPage(environment.name) };
    const keys = OVERRIDE_KEYS.filter((key) => environment[key] !== usual[key]);
    return [environment.name, Object.fromEntries(keys.map((key) => [key, environment[key]]))];
  });
  return {
    version: RECORD_VERSION,
    kind,
    name,
    settings: {
      ...defaults,
      ...(clusterType && { clusterType }),
      ...Object.fromEntries(allowLists),
      ...(syncConfig === 'yes' && { syncConfig }),
    },
    scenarios: Object.fromEntries(
      [...byRepo(environments)].map(([repo, fed]) => [
        repo,
        fed.map((environment) => environment.name),
      ]),
    ),
    environments: Object.fromEntries(
      own.filter(([, overrides]) => Object.keys(overrides).length > 0),
    ),
  };
}

const OVERRIDE_KEYS = [...DEFAULT_KEYS, ...PAGE_KEYS];

/** `environments` by the scenario repo that feeds them, both in the order given. */
export function byRepo(environments: readonly Environment[]): Map<string, Environment[]> {
  const repos = new Map<string, Environment[]>();
  for (const environment of environments) {
    const fed = repos.get(environment.repo);
    if (fed) fed.push(environment);
    else repos.set(environment.repo, [environment]);
  }
  return repos;
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What the `.yo-rc.json` at `path` records: `all` of its keys, and this package's `record` if there
 * is one. Whatever is wrong with it is added to `problems`.
 */
export function readRecord(
  text: string,
  path: string,
  problems: Problem[],
): { all: Json; record?: RepoRecord } {
  const wrong = (given: string, rule: string): void => {
    const example = `{ "${RECORD_KEY}": { "version": ${RECORD_VERSION}, "kind": "config-repo", ... } }`;
    problems.push({ given: `${path} ${given}`, rule, example, flag: path });
  };
  const all = parseJson(text);
  const recorded = isObject(all) ? all[RECORD_KEY] : undefined;
  if (!isObject(all)) {
    wrong('holds no JSON object', 'it records the settings of this repository as one JSON object');
  } else if (recorded === undefined) {
    return { all };
  } else if (!isObject(recorded) || !Number.isInteger(recorded.version)) {
    wrong(`has no version under "${RECORD_KEY}"`, 'the version says how the settings are read');
  } else if ((recorded.version as number) > RECORD_VERSION) {
    const update = `npm install --global ${RECORD_KEY}@latest`;
    wrong(
      `has version ${recorded.version}`,
      `this generator reads up to ${RECORD_VERSION}: ${update}`,
    );
  } else {
    const record = readVersion1(recorded, path, problems);
    if (record) return { all, record };
  }
  return { all: isObject(all) ? all : {} };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}

function readVersion1(recorded: Json, path: string, problems: Problem[]): RepoRecord | undefined {
  if (!isShaped(recorded)) {
    const rule =
      'it has kind, name, settings, scenarios and environments, as this generator writes them';
    const example =
      '"kind": "config-repo", "name": "flux-demo", "scenarios": { "flux-dev": ["dev"] }';
    problems.push({ given: `${path} under "${RECORD_KEY}"`, rule, example, flag: path });
    return undefined;
  }
  const found: Problem[] = [];
  const { kind, name, settings, scenarios, environments: own } = recorded;
  const missing = DEFAULT_KEYS.filter((key) => !Object.hasOwn(settings, key));
  // What earlier runs did not know of has its default.
  const blank = Object.fromEntries(
    missing.map((key) => [key, key === 'allowKustomize' ? 'no' : '']),
  );
  const { clusterType, syncConfig, ...read } = readKeys({ ...blank, ...settings }, path, found);
  const defaults = read as Defaults;
  const environments = readScenarios(scenarios, path, found).map(([repo, environment]) => ({
    ...defaults,
    ...ownPage(environment),
    ...readKeys(Object.hasOwn(own, environment) ? (own[environment] ?? {}) : {}, path, found),
    name: environment,
    repo,
  }));
  const allowLists = ALLOW_LISTS.filter((key) => settings[key] !== undefined).map((key) => [
    key,
    readAllowList(key, settings[key], path, found),
  ]);
  problems.push(...found);
  if (found.length > 0) return undefined;
  const tier = {
    ...(clusterType && { clusterType }),
    ...Object.fromEntries(allowLists),
    ...(syncConfig && { syncConfig }),
  };
  return { kind, name, defaults, environments, ...tier };
}

function readAllowList(
  key: AllowListKey,
  list: unknown,
  path: string,
  problems: Problem[],
): string[] {
  const texts = Array.isArray(list) ? list.map(String) : [String(list)];
  const read = (text: string) => readSetting(key, text, problems, `${path} "${key}"`) ?? [];
  return texts.flatMap(read);
}

type Shaped = {
  readonly kind: RepoRecord['kind'];
  readonly name: string;
  readonly settings: Json;
  readonly scenarios: { readonly [repo: string]: readonly unknown[] };
  readonly environments: { readonly [name: string]: Json };
};

function isShaped(recorded: Json): recorded is Json & Shaped {
  const { kind, name, settings, scenarios, environments } = recorded;
  return (
    (kind === 'config-repo' || kind === 'scenario-repo') &&
    typeof name === 'string' &&
    names.configRepoName.read(name) !== undefined &&
    isObject(settings) &&
    isObject(scenarios) &&
    isObject(environments) &&
    Object.values(scenarios).every(Array.isArray) &&
    Object.values(environments).every(isObject)
  );
}

function readScenarios(
  scenarios: Shaped['scenarios'],
  path: string,
  problems: Problem[],
): [string, string][] {
  const pairs = Object.entries(scenarios).flatMap(([repo, list]) =>
    list.map((environment): [string, string] => [repo, String(environment)]),
  );
  const seen = new Set<string>();
  for (const [repo, environment] of pairs) {
    const good = names.environmentName.read(environment) && names.scenarioRepoName.read(repo);
    if (!good || seen.has(environment))
      problems.push({
        given: `${path} scenario ${quote(repo)} with environment ${quote(environment)}`,
        rule: `${names.scenarioRepoName.rule}; ${names.environmentName.rule}, and stands in one scenario once`,
        example: '"flux-dev": ["dev"]',
        flag: path,
      });
    seen.add(environment);
  }
  return pairs;
}

const RECORDED_KEYS: readonly SettingKey[] = [...OVERRIDE_KEYS, 'clusterType', 'syncConfig'];

function readKeys(
  from: Json,
  path: string,
  problems: Problem[],
): Overrides & { clusterType?: ClusterType; syncConfig?: YesNo } {
  const keys = RECORDED_KEYS.filter((key) => Object.hasOwn(from, key));
  return Object.fromEntries(
    keys.map((key) => [key, readSetting(key, String(from[key]), problems, `${path} "${key}"`)]),
  );
}
