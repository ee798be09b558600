import { type Problem, quote } from '../errors.ts';
import { type Given, splitOnce } from '../settings/arguments.ts';
import { scenarioRepoName } from '../settings/rules.ts';
import { type ClusterType, SETTINGS, type YesNo } from '../settings/settings.ts';
import {
  checkEstate,
  composer,
  type Environment,
  givenDefaults,
  givenPages,
  readEnvironments,
  readSetting,
  type Sources,
  standardDefaults,
  type Texts,
} from './estate.ts';
import {
  checkFeeders,
  checkKind,
  mergeEnvironments,
  NOTHING,
  type Planned,
  planConfigRepo,
  planScenarioRepo,
  type World,
} from './plan.ts';
import { type AllowListKey, byRepo, type RepoRecord } from './record.ts';

const SOURCE = { flag: '--scenario', example: '--scenario flux-stage-prod=stage,prod' };

/** The scenarios of an estate about which nothing is said. */
export const STANDARD_SCENARIOS = ['flux-dev=dev', 'flux-stage-prod=stage,prod'];

/** `flux-gitops`: the config repo and every scenario repo. What was recorded before stays in. */
export function planApp(given: Given, world: World): Planned {
  const problems: Problem[] = [];
  const { texts } = given;
  const text = texts.name?.[0] ?? world.home?.name ?? SETTINGS.name.otherwise ?? '';
  const name = readSetting('name', text, problems);
  const found = name === undefined ? NOTHING : world.find(name, problems);
  problems.push(...checkKind(found, 'config-repo', text, '--name'));
  const recorded = found.record;
  const own = givenDefaults(texts, problems);
  const defaults = { ...(recorded?.defaults ?? standardDefaults()), ...own };
  const clusterType = readClusterType(texts, problems) ?? recorded?.clusterType ?? 'kubernetes';
  const allowSource = readList('allowSource', texts, problems) ?? recorded?.allowSource ?? [];
  const allowPriorityClass =
    readList('allowPriorityClass', texts, problems) ?? recorded?.allowPriorityClass ?? [];
  const syncConfig = readSyncConfig(texts, problems) ?? recorded?.syncConfig ?? 'no';
  const environments = composeEstate(
    texts,
    recorded?.environments ?? [],
    { defaults, own },
    problems,
  );
  checkEstate(text, environments, problems);
  if (name === undefined || problems.length > 0) return { problems };

  const tier = { clusterType, allowSource, allowPriorityClass, syncConfig };
  const settings = { ...tier, defaults, environments };
  const record: RepoRecord = { kind: 'config-repo', name, ...settings };
  const config = planConfigRepo(record, environments, found);
  const scenarioRepos = [...byRepo(environments)].map(([repo, fed]) => {
    const place = world.find(repo, problems);
    problems.push(...checkKind(place, 'scenario-repo', repo, '--scenario'));
    const merged = mergeEnvironments(place.record?.environments ?? [], fed);
    return planScenarioRepo(repo, defaults, merged, fed, place);
  });
  const repos = [config, ...scenarioRepos];
  const plan = { repos, elsewhere: [], environments, syncConfig: syncConfig === 'yes' };
  return problems.length > 0 ? { problems } : { problems, plan };
}

/** The recorded environments and those that `--scenario` names, with everything that is given. */
function composeEstate(
  texts: Texts,
  recorded: readonly Environment[],
  sources: Pick<Sources, 'defaults' | 'own'>,
  problems: Problem[],
): Environment[] {
  const usual = recorded.length > 0 ? [] : STANDARD_SCENARIOS;
  const pairs = readScenarios(texts.scenario ?? usual, problems);
  problems.push(...checkFeeders(recorded, pairs, '--scenario'));
  const all = new Map([...recorded, ...pairs].map(({ name, repo }) => [name, repo]));
  const pages = givenPages(texts, [...all.keys()], problems);
  const compose = composer({ ...sources, recorded, pages });
  return [...all].map(([name, repo]) => compose(name, repo));
}

function readClusterType({ clusterType }: Texts, problems: Problem[]): ClusterType | undefined {
  return clusterType && readSetting('clusterType', clusterType[0] ?? '', problems);
}

function readSyncConfig({ syncConfig }: Texts, problems: Problem[]): YesNo | undefined {
  return syncConfig && readSetting('syncConfig', syncConfig[0] ?? '', problems);
}

function readList(key: AllowListKey, texts: Texts, problems: Problem[]): string[] | undefined {
  const values = texts[key]?.map((text) => readSetting(key, text, problems));
  return values?.filter((value) => value !== undefined);
}

/** The pairs of environment and repo that `scenarios` name. */
function readScenarios(
  scenarios: readonly string[],
  problems: Problem[],
): { name: string; repo: string }[] {
  const feeders = new Map<string, string>();
  const repos = new Set<string>();
  for (const scenario of scenarios) {
    const [repo, list] = splitOnce(scenario, '=');
    const refuse = (rule: string): void => {
      problems.push({ given: `--scenario ${quote(scenario)}`, rule, ...SOURCE });
    };
    if (!list) refuse('a scenario is REPO=ENV[,ENV...] and feeds at least one environment');
    if (scenarioRepoName.read(repo) === undefined)
      refuse(`in ${quote(repo)}, ${scenarioRepoName.rule}`);
    if (repos.has(repo.toLowerCase()))
      refuse(`${quote(repo)} is named twice; name it once, with all it feeds`);
    repos.add(repo.toLowerCase());
    for (const name of list ? readEnvironments(list, SOURCE, problems) : []) {
      const other = feeders.get(name);
      if (other) refuse(`environment ${name} is in ${other} already; each has one scenario repo`);
      feeders.set(name, repo);
    }
  }
  return [...feeders].map(([name, repo]) => ({ name, repo }));
}
