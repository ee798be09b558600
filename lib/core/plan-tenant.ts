import type { Given } from './arguments.ts';
import type { Problem } from './errors.ts';
import {
  checkEnvironment,
  checkEstate,
  type Environment,
  givenDefaults,
  readSetting,
  repositoryUrl,
} from './estate.ts';
import { givenPages, ownPage } from './page.ts';
import {
  appLayer,
  checkFeeders,
  type Elsewhere,
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
  if (config?.record?.kind !== 'config-repo') return { problems: [notInConfigRepo(world.folder)] };
  const recorded = config.record;
  const added = readTenants(given, recorded, problems);
  const merged = mergeEnvironments(recorded.environments, added);
  problems.push(...checkFeeders(recorded.environments, added, '--repo'));
  checkEstate(recorded.name, merged, problems);
  if (problems.length > 0) return { problems };

  const { defaults, clusterType = 'kubernetes' } = recorded;
  const known = byRepo(recorded.environments);
  const before = new Set(recorded.environments.map(({ name }) => name));
  const scenarioRepos: RepoPlan[] = [];
  const elsewhere: Elsewhere[] = [];
  for (const [repo, fed] of byRepo(added)) {
    const place = world.find(repo, problems);
    if (place.exists || !known.has(repo)) {
      const siblings = mergeEnvironments(place.record?.environments ?? [], known.get(repo) ?? []);
      const all = mergeEnvironments(siblings, fed);
      scenarioRepos.push(keepReadme(planScenarioRepo(repo, defaults, all, fed, place)));
    } else {
      const missing = fed.filter(({ name }) => !before.has(name));
      elsewhere.push(
        ...missing.map((one) => ({ repo, url: repositoryUrl(one, repo), layer: appLayer(one) })),
      );
    }
  }
  const configRepo = planConfigRepo(recorded.name, clusterType, defaults, merged, added, config);
  const plan = {
    repos: [keepReadme(configRepo), ...scenarioRepos],
    elsewhere,
    environments: added,
  };
  return problems.length > 0 ? { problems } : { problems, plan };
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
  const known = new Map(
    recorded.environments.map((environment) => [environment.name, environment]),
  );
  const own = givenDefaults(texts, problems);
  const pages = givenPages(texts, positionals, problems);
  const repo = texts.repo && readSetting('repo', texts.repo[0] ?? '', problems);
  return [...new Set(positionals)]
    .filter((name) => checkEnvironment(name, SOURCE, problems))
    .map((name) => {
      const before = known.get(name);
      const feeder = repo ?? before?.repo ?? readSetting('repo', `flux-${name}`, problems) ?? '';
      const values = { ...recorded.defaults, ...ownPage(name), ...before, ...own };
      return { ...values, ...pages.all, ...pages.each.get(name), name, repo: feeder };
    });
}

/** A tenant can be added although somebody edited the README. */
export function keepReadme(repo: RepoPlan): RepoPlan {
  const layers = repo.layers.map((layer) =>
    layer.into === '.' ? { ...layer, ifEdited: 'keep' as const } : layer,
  );
  return { ...repo, layers };
}
