import type { Problem } from '../errors.ts';
import type { Given } from '../settings/arguments.ts';
import {
  checkEnvironment,
  checkEstate,
  composer,
  type Environment,
  givenDefaults,
  givenPages,
  readSetting,
  repositoryUrl,
} from './estate.ts';
import {
  appLayer,
  checkFeeders,
  checkKind,
  type Elsewhere,
  type Found,
  type Layer,
  mergeEnvironments,
  type Planned,
  planConfigRepo,
  planScenarioRepo,
  type RepoPlan,
  type World,
} from './plan.ts';
import { byRepo, type RepoRecord } from './record.ts';

const SOURCE = { flag: 'the arguments', example: 'flux-gitops tenant qa' };

/** `flux-gitops tenant ENV...`: adds tenants to the config repo, and their app to its scenario repo. */
export function planTenant(given: Given, world: World): Planned {
  const problems: Problem[] = [];
  const config = world.home;
  const recorded = config?.record;
  if (!config || !recorded) return { problems: [notInConfigRepo(world.folder)] };
  const added = readTenants(given, recorded, problems);
  const merged = mergeEnvironments(recorded.environments, added);
  problems.push(...checkFeeders(recorded.environments, added, '--repo'));
  checkEstate(recorded.name, merged, problems);
  if (problems.length > 0) return { problems };

  const repos = [planConfigRepo({ ...recorded, environments: merged }, added, config)];
  const elsewhere: Elsewhere[] = [];
  for (const [repo, fed] of byRepo(added)) {
    const place = world.find(repo, problems);
    problems.push(...checkKind(place, 'scenario-repo', repo, '--repo'));
    const siblings = recorded.environments.filter((environment) => environment.repo === repo);
    if (!place.exists && siblings.length > 0) elsewhere.push(...missingFrom(fed, siblings));
    else repos.push(planFeeder(repo, recorded, siblings, fed, place));
  }
  const syncConfig = recorded.syncConfig === 'yes';
  const plan = { repos: repos.map(keepReadme), elsewhere, environments: added, syncConfig };
  return problems.length > 0 ? { problems } : { problems, plan };
}

function planFeeder(
  repo: string,
  { defaults }: RepoRecord,
  siblings: readonly Environment[],
  fed: readonly Environment[],
  place: Found,
): RepoPlan {
  const before = mergeEnvironments(place.record?.environments ?? [], siblings);
  return planScenarioRepo(repo, defaults, mergeEnvironments(before, fed), fed, place);
}

/** What a scenario repo that does not lie here must get: the folders of those of `fed` that are new. */
function missingFrom(fed: readonly Environment[], siblings: readonly Environment[]): Elsewhere[] {
  const there = new Set(siblings.map(({ name }) => name));
  return fed
    .filter(({ name }) => !there.has(name))
    .map((one) => ({ repo: one.repo, url: repositoryUrl(one, one.repo), layer: appLayer(one) }));
}

function notInConfigRepo(folder: string): Problem {
  return {
    given: `the folder ${folder}`,
    rule: 'tenants are added inside a config repo, and neither this folder nor one above it has its .yo-rc.json',
    example: 'flux-gitops tenant qa --into flux-demo',
    flag: '--into',
  };
}

function readTenants(given: Given, recorded: RepoRecord, problems: Problem[]): Environment[] {
  const { texts, positionals } = given;
  if (positionals.length === 0)
    problems.push({
      given: 'no environment',
      rule: 'at least one environment is named',
      ...SOURCE,
    });
  const { defaults, environments } = recorded;
  const own = givenDefaults(texts, problems);
  const pages = givenPages(texts, positionals, problems);
  const compose = composer({ defaults, recorded: environments, own, pages });
  const feeders = new Map(environments.map((environment) => [environment.name, environment.repo]));
  const repo = texts.repo && readSetting('repo', texts.repo[0] ?? '', problems);
  const feederOf = (name: string): string =>
    repo ?? feeders.get(name) ?? readSetting('repo', `flux-${name}`, problems) ?? '';
  return [...new Set(positionals)]
    .filter((name) => checkEnvironment(name, SOURCE, problems))
    .map((name) => compose(name, feederOf(name)));
}

/** A tenant can be added although somebody edited the README or the operator tier. */
export function keepReadme(repo: RepoPlan): RepoPlan {
  const layers = repo.layers.map((layer) =>
    isShared(layer) && layer.ifEdited !== 'extend'
      ? { ...layer, ifEdited: 'keep' as const }
      : layer,
  );
  return { ...repo, layers };
}

const isShared = ({ into }: Layer): boolean =>
  ['.', 'install', 'network', 'policies'].includes(into);
