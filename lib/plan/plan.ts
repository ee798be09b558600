import { type Problem, quote } from '../errors.ts';
import { type Defaults, type Environment, repositoryUrl } from './estate.ts';
import { operatorTier } from './operator-tier.ts';
import { type Json, RECORD_KEY, type RepoRecord, writeRecord } from './record.ts';
import { environmentValues, readmeValues, type Values } from './values.ts';

/** A folder of templates laid into a folder of a repository with one set of values. */
export type Layer = {
  readonly from: string;
  readonly into: string;
  readonly values: Values;
  /** The values that wrote it last time: a file that still reads so is no user's work. */
  readonly before?: Values;
  /** What becomes of a file that a user edited; otherwise it is asked about. */
  readonly ifEdited?: 'keep' | 'extend';
};

/** One repository: the layers that make it, and the `.yo-rc.json` that remembers them. */
export type RepoPlan = {
  readonly role: 'config' | 'scenario';
  readonly name: string;
  readonly url: string;
  readonly githubUrl: string;
  readonly owner: string;
  /** The branches that Flux follows in it: one, but for environments that say otherwise. */
  readonly branches: readonly string[];
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
  /** Whether the cluster applies the config repo by itself. */
  readonly syncConfig?: boolean;
};

/** What lies where a repository belongs. */
export type Found = { readonly exists: boolean; readonly all: Json; readonly record?: RepoRecord };

/** The place of a repository that is not there. */
export const NOTHING: Found = { exists: false, all: {} };

/** A problem when `found` is a repository of another kind than `kind`; its record would be lost. */
export function checkKind(
  found: Found,
  kind: RepoRecord['kind'],
  repo: string,
  flag: string,
): Problem[] {
  if (found.record === undefined || found.record.kind === kind) return [];
  const given = `${flag} ${quote(repo)}`;
  const rule = `the folder of this ${kind} is a ${found.record.kind}; each has a folder of its own`;
  return [{ given, rule, example: kind === 'config-repo' ? 'flux-demo' : 'flux-qa', flag }];
}

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

/** The config repo that `record` describes; `written` of its environments are laid out in this run. */
export function planConfigRepo(
  record: RepoRecord,
  written: readonly Environment[],
  found: Found,
): RepoPlan {
  const { name, defaults, environments } = record;
  const readme: Layer = { from: 'config-repo', into: '.', values: readmeValues(record) };
  const before = found.record && { before: readmeValues(found.record) };
  return {
    role: 'config',
    name,
    ...homeOf(defaults, name),
    branches: [defaults.branch],
    description: `Tenants and syncs for Flux: ${listed(environments.map((one) => one.name))}`,
    layers: [
      ...written.map(environmentLayer),
      ...operatorTier(record, found.record),
      { ...readme, ...before },
    ],
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
    ...homeOf(environments[0] ?? defaults, name),
    branches: [...new Set(environments.map(({ branch }) => branch))],
    description: `The demo app kcheck for Flux: ${listed(environments.map((one) => one.name))}`,
    layers: [...written.map(appLayer), { ...readme, ...before }],
    record: { ...found.all, [RECORD_KEY]: writeRecord(record) },
  };
}

const homeOf = ({ githubUrl, owner }: Defaults, repo: string) => ({
  githubUrl,
  owner,
  url: repositoryUrl({ githubUrl, owner }, repo),
});

const listed = (words: readonly string[]): string =>
  words.length <= 8
    ? words.join(', ')
    : `${words.slice(0, 8).join(', ')} and ${words.length - 8} more`;

function environmentLayer(environment: Environment): Layer {
  const from = `environment-${environment.profile}`;
  return { from, into: environment.name, values: environmentValues(environment) };
}

/** The layer of `environment` in its scenario repo: the demo app. */
export function appLayer(environment: Environment): Layer {
  const from = `scenario-environment-${environment.profile}`;
  return { from, into: environment.name, values: environmentValues(environment) };
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
