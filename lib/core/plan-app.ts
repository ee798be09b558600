import { type Given, splitOnce } from './arguments.ts';
import { type Problem, quote } from './errors.ts';
import {
  checkEstate,
  type Environment,
  givenDefaults,
  readEnvironments,
  readSetting,
  standardDefaults,
} from './estate.ts';
import { scenarioRepoName } from './names.ts';
import { givenPages, ownPage } from './page.ts';
import {
  checkFeeders,
  mergeEnvironments,
  type Planned,
  planConfigRepo,
  planScenarioRepo,
  type World,
} from './plan.ts';
import { type ClusterType, SETTINGS } from './questions.ts';
import { byRepo } from './record.ts';

const SOURCE = { flag: '--scenario', example: '--scenario flux-stage-prod=stage,prod' };

/** The scenarios of an estate about which nothing is said. */
export const STANDARD_SCENARIOS = ['flux-dev=dev', 'flux-stage-prod=stage,prod'];

/** `flux-gitops`: the config repo and every scenario repo. What was recorded before stays in. */
export function planApp(given: Given, world: World): Planned {
  const problems: Problem[] = [];
  const { texts } = given;
  const nameText = texts.name?.[0] ?? world.home?.name ?? SETTINGS.name.otherwise ?? '';
  const name = readSetting('name', nameText, problems);
  const found = name === undefined ? { exists: false, all: {} } : world.find(name, problems);
  const recorded = found.record?.kind === 'config-repo' ? found.record : undefined;
  if (found.record && !recorded) problems.push(notAConfigRepo(nameText));

  const own = givenDefaults(texts, problems);
  const defaults = { ...(recorded?.defaults ?? standardDefaults()), ...own };
  const clusterType =
    readClusterType(texts.clusterType?.[0], problems) ?? recorded?.clusterType ?? 'kubernetes';
  const pairs = readScenarios(
    texts.scenario ?? (recorded?.environments.length ? [] : STANDARD_SCENARIOS),
    problems,
  );
  problems.push(...checkFeeders(recorded?.environments ?? [], pairs, '--scenario'));

  const before = recorded?.environments ?? [];
  const known = new Map(before.map((environment) => [environment.name, environment]));
  const all = [...new Map([...before, ...pairs].map((one) => [one.name, one])).values()];
  const pages = givenPages(
    texts,
    all.map((one) => one.name),
    problems,
  );
  const environments = all.map(
    (one): Environment => ({
      ...defaults,
      ...ownPage(one.name),
      ...known.get(one.name),
      ...own,
      ...pages.all,
      ...pages.each.get(one.name),
      name: one.name,
      repo: one.repo,
    }),
  );
  checkEstate(nameText, environments, problems);
  if (name === undefined || problems.length > 0) return { problems };

  const scenarioRepos = [...byRepo(environments)].map(([repo, fed]) => {
    const place = world.find(repo, problems);
    const merged = mergeEnvironments(place.record?.environments ?? [], fed);
    return planScenarioRepo(repo, defaults, merged, fed, place);
  });
  const config = planConfigRepo(name, clusterType, defaults, environments, environments, found);
  return { problems, plan: { repos: [config, ...scenarioRepos], elsewhere: [], environments } };
}

function notAConfigRepo(name: string): Problem {
  return {
    given: `--name ${quote(name)}`,
    rule: 'this folder is a scenario repo, and the config repo has a folder of its own',
    example: '--name flux-demo',
    flag: '--name',
  };
}

function readClusterType(text: string | undefined, problems: Problem[]): ClusterType | undefined {
  return text === undefined ? undefined : readSetting('clusterType', text, problems);
}

/** The pairs of environment and repo that `--scenario` names. */
export function readScenarios(
  scenarios: readonly string[],
  problems: Problem[],
): { readonly name: string; readonly repo: string }[] {
  const refuse = (given: string, rule: string): void => {
    problems.push({ given, rule, ...SOURCE });
  };
  const feeders = new Map<string, string>();
  const repos = new Set<string>();
  for (const scenario of scenarios) {
    const [repo, list] = splitOnce(scenario, '=');
    const shown = `--scenario ${quote(scenario)}`;
    if (!list) refuse(shown, 'a scenario is REPO=ENV[,ENV...] and feeds at least one environment');
    if (scenarioRepoName.read(repo) === undefined)
      refuse(`repository ${quote(repo)} in ${shown}`, scenarioRepoName.rule);
    if (repos.has(repo.toLowerCase()))
      refuse(
        shown,
        `${quote(repo)} is named twice, and each scenario repo is named once with all its environments`,
      );
    repos.add(repo.toLowerCase());
    for (const name of list ? readEnvironments(list, SOURCE, problems) : []) {
      const other = feeders.get(name);
      if (other !== undefined)
        refuse(
          shown,
          `environment ${name} is in ${other} already, and an environment has one scenario repo`,
        );
      feeders.set(name, repo);
    }
  }
  return [...feeders].map(([name, repo]) => ({ name, repo }));
}
