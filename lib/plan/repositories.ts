import { type Problem, quote } from '../errors.ts';
import type { Texts } from '../settings/arguments.ts';
import { byRepo, type Environment, repositoryUrl } from './estate.ts';
import type { Elsewhere, Found, Layer, RepoPlan } from './plan.ts';
import { type FoundRecord, RECORD_KEY, type RepoRecord, writeRecord } from './record.ts';
import { branchesOf, githubFiles } from './values/github-files.ts';
import { appFolderOf, BASE } from './values/layout.ts';
import { operatorTier } from './values/operator-tier.ts';
import { environmentValues, hasDemo, isConfined, readmeValues } from './values/values.ts';

/**
 * The repository of `record`. This run writes the folders of the environments in `written`. `askedFor` are the
 * environments that the user named, and `gone` those that leave the repository.
 */
export function planRepo(
  record: RepoRecord,
  written: readonly Environment[],
  found: Found,
  askedFor: readonly string[] = [],
  gone: readonly string[] = [],
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
    description: `${isConfig ? 'Tenants and syncs' : app} for Flux: ${listed(names) || 'no environment'}`,
    ...(!isConfig && { feeds: names }),
    layers: layersOf(record, written),
    untouched: names.filter((environment) => !laidOut.has(environment)),
    askedFor,
    ...(gone.length > 0 && { gone }),
    all: { ...found.all, [RECORD_KEY]: writeRecord(record, found.record) },
    ...(found.record && { found: found.record }),
  };
}

/** The app repo `repo` without the folders of `fed`. */
export function withoutFolders(
  repo: string,
  fed: readonly Environment[],
  place: Found,
  recorded: FoundRecord,
  estate: FoundRecord['estate'],
): RepoPlan {
  const names = fed.map(({ name }) => name);
  const { environments: before, shared } = recorded;
  const environments = before.filter(({ name }) => !names.includes(name));
  // Without an environment, the address and the branch of the repository are known from nowhere else.
  const { owner, githubUrl, branch } = fed[0] ?? shared;
  const home = environments.length > 0 ? shared : { ...shared, owner, githubUrl, branch };
  const record = { kind: 'scenario-repo' as const, name: repo, estate, shared: home, environments };
  return planRepo(record, [], place, [], names);
}

/** The layers of the repository of `record`, with the folders of `environments`. */
export function layersOf(record: RepoRecord, environments: readonly Environment[]): Layer[] {
  const isConfig = record.kind === 'config-repo';
  const folderOf = isConfig ? tenantLayer : appLayer;
  const from = record.environments.length === 0 ? `${record.kind}-empty` : record.kind;
  const readme = { from, into: '.', values: readmeValues(record) };
  return [
    ...(isConfig ? [] : baseLayers(record)),
    ...environments.map((one) => folderOf(one, record)),
    ...(isConfig ? operatorTier(record) : []),
    ...githubFiles(record),
    readme,
  ];
}

function tenantLayer(environment: Environment, { estate }: RepoRecord): Layer {
  const from = `environment-${environment.profile}`;
  const isPrivate = estate.visibility === 'private';
  return { from, into: environment.name, values: { ...environmentValues(environment), isPrivate } };
}

/** The layer of `environment` in its app repo: the demo app, or what an environment without the demo app has. */
export function appLayer(environment: Environment): Layer {
  const from = `scenario-${environment.layout === 'overlays' ? 'overlay' : 'environment'}-${manifestsOf(environment)}`;
  return { from, into: appFolderOf(environment), values: environmentValues(environment) };
}

/** The demo app as a profile has it, or none. */
const manifestsOf = (environment: Environment): string =>
  hasDemo(environment) ? environment.profile : 'empty';

/**
 * What the overlays of an app repo have in common. It depends on no setting that environments can have of their own: the
 * change of one environment must not change the others.
 */
function baseLayers({ name, environments }: RepoRecord): Layer[] {
  const [first] = environments.filter(({ layout }) => layout === 'overlays');
  if (first === undefined) return [];
  return [{ from: `scenario-base-${manifestsOf(first)}`, into: BASE, values: { repo: name } }];
}

/**
 * A problem for each app repo that cannot have the layout of `environments`: it has one layout, and overlays have one base.
 */
export function checkLayouts(environments: readonly Environment[], problems: Problem[]): void {
  const confined = environments.filter((one) => one.layout === 'overlays' && isConfined(one));
  if (confined.length > 0)
    problems.push({
      given: `--layout overlays for ${listed(confined.map(({ name }) => name))}`,
      rule: 'this layout needs kustomization.yaml, and Flux leaves that file out for tenants that may not use it: those with --allow-kustomize=no, which is the default where the repositories are private',
      example: '--layout overlays --allow-kustomize, or --layout plain',
      flag: '--layout or --allow-kustomize',
      settings: ['layout', 'allowKustomize', 'visibility'],
    });
  for (const [repo, fed] of byRepo(environments)) {
    const overlays = fed.filter(({ layout }) => layout === 'overlays');
    const names = fed.map(({ name }) => name).join(' ');
    if (overlays.length === 0) continue;
    if (overlays.length < fed.length)
      problems.push({
        given: `app repo ${quote(repo)} with the layout overlays for ${listed(overlays.map(({ name }) => name))} only`,
        rule: `an app repo has one layout for all its environments, and this one feeds ${listed(fed.map(({ name }) => name))}`,
        example: `flux-gitops tenant ${names} --layout overlays`,
        flag: '--layout',
        settings: ['layout'],
      });
    else if (new Set(fed.map(manifestsOf)).size > 1)
      problems.push({
        given: `app repo ${quote(repo)} with the layout overlays and environments of ${listed([...new Set(fed.map(manifestsOf))])}`,
        rule: 'all overlays of an app repo have one base, so all its environments have the same profile, and all or none of them has the demo app',
        example: '--repo flux-qa, which is an app repo of its own',
        flag: '--layout, --profile or --no-demo',
        settings: ['layout', 'profile', 'noDemo'],
      });
  }
}

/** `environment`, new in an app repo that feeds `siblings`, with their layout where nothing else was given. */
export function joinRepo(
  environment: Environment,
  siblings: readonly Environment[],
  { layout, noDemo }: Texts,
): Environment {
  const [sibling] = siblings;
  if (sibling === undefined || siblings.some(({ name }) => name === environment.name))
    return environment;
  const joined = layout === undefined ? { ...environment, layout: sibling.layout } : environment;
  // Overlays have one base, with the demo app or without it.
  if (joined.layout !== 'overlays' || noDemo !== undefined) return joined;
  return { ...joined, noDemo: sibling.noDemo };
}

const listed = (words: readonly string[]): string =>
  words.length <= 8
    ? words.join(', ')
    : `${words.slice(0, 8).join(', ')} and ${words.length - 8} more`;

/** The folders that an app repo elsewhere needs: those of the new environments in `fed`. */
export function missingFrom(
  fed: readonly Environment[],
  siblings: readonly Environment[],
): Elsewhere[] {
  const there = new Set(siblings.map(({ name }) => name));
  return fed
    .filter(({ name }) => !there.has(name))
    .map((one) => ({ repo: one.repo, url: repositoryUrl(one, one.repo), layer: appLayer(one) }));
}
