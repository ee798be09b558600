import { type Environment, repositoryUrl } from './estate.ts';
import { branchesOf, githubFiles } from './github-files.ts';
import { operatorTier } from './operator-tier.ts';
import type { Found, Layer, RepoPlan } from './plan.ts';
import { RECORD_KEY, type RepoRecord, writeRecord } from './record.ts';
import { environmentValues, hasDemo, readmeValues } from './values.ts';

/**
 * The repository that `record` describes, with the folders of `written` laid out in this run. `askedFor`
 * are environments that the user named.
 */
export function planRepo(
  record: RepoRecord,
  written: readonly Environment[],
  found: Found,
  askedFor: readonly string[] = [],
): RepoPlan {
  const { kind, name, shared, environments } = record;
  const isConfig = kind === 'config-repo';
  const home = (isConfig ? undefined : environments[0]) ?? shared;
  const laidOut = new Set(written.map((environment) => environment.name));
  const names = environments.map((environment) => environment.name);
  const app = environments.some(hasDemo) ? 'The demo app kcheck' : 'Manifests';
  return {
    role: isConfig ? 'config' : 'scenario',
    name,
    url: repositoryUrl(home, name),
    githubUrl: home.githubUrl,
    owner: home.owner,
    branches: branchesOf(record),
    description: `${isConfig ? 'Tenants and syncs' : app} for Flux: ${listed(names)}`,
    layers: layersOf(record, written),
    untouched: names.filter((environment) => !laidOut.has(environment)),
    askedFor,
    all: { ...found.all, [RECORD_KEY]: writeRecord(record, found.record) },
    ...(found.record && { found: found.record }),
  };
}

/** The layers of the repository that `record` describes, with the folders of `environments`. */
export function layersOf(record: RepoRecord, environments: readonly Environment[]): Layer[] {
  const isConfig = record.kind === 'config-repo';
  const folderOf = isConfig ? tenantLayer : appLayer;
  const readme = { from: record.kind, into: '.', values: readmeValues(record) };
  return [
    ...environments.map(folderOf),
    ...(isConfig ? operatorTier(record) : []),
    ...githubFiles(record),
    readme,
  ];
}

function tenantLayer(environment: Environment): Layer {
  const from = `environment-${environment.profile}`;
  return { from, into: environment.name, values: environmentValues(environment) };
}

/** The layer of `environment` in its app repo: the demo app, or a file that keeps the folder in git. */
export function appLayer(environment: Environment): Layer {
  const kind = hasDemo(environment) ? environment.profile : 'empty';
  const from = `scenario-environment-${kind}`;
  return { from, into: environment.name, values: environmentValues(environment) };
}

const listed = (words: readonly string[]): string =>
  words.length <= 8
    ? words.join(', ')
    : `${words.slice(0, 8).join(', ')} and ${words.length - 8} more`;
