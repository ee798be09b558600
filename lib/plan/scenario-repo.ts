import { type Problem, quote } from '../errors.ts';
import type { Given } from '../settings/arguments.ts';
import {
  checkEstate,
  composer,
  type Environment,
  givenDefaults,
  givenPages,
  readEnvironments,
  readSetting,
  standardDefaults,
} from './estate.ts';
import {
  checkKind,
  mergeEnvironments,
  NOTHING,
  type Planned,
  planScenarioRepo,
  type World,
} from './plan.ts';
import { keepReadme } from './tenant.ts';

const SOURCE = { flag: '--env', example: '--env stage,prod' };

/** The environments that the name of a scenario repo says: `flux-stage-prod` feeds stage and prod. */
export function environmentsInName(repo: string): string[] {
  return repo.startsWith('flux-') ? repo.slice('flux-'.length).split('-') : [];
}

/** `flux-gitops scenario-repo REPO`: one more demo repo, or more environments for an existing one. */
export function planScenarioRepoCommand(given: Given, world: World): Planned {
  const problems: Problem[] = [];
  const { texts } = given;
  const text = given.positionals[0] ?? world.home?.name;
  if (text === undefined) return { problems: [NO_REPO] };
  const repo = readSetting('repo', text, problems, 'repository');
  const found = repo === undefined ? NOTHING : world.find(repo, problems);
  problems.push(...checkKind(found, 'scenario-repo', text, 'repository'));
  const recorded = found.record?.environments ?? [];
  const listed = readNames(texts.env, text, recorded, problems);
  const own = givenDefaults(texts, problems);
  const defaults = { ...(found.record?.defaults ?? standardDefaults()), ...own };
  const pages = givenPages(texts, listed, problems);
  const compose = composer({ defaults, recorded, own, pages });
  const fed = listed.map((name) => compose(name, text));
  const merged = mergeEnvironments(recorded, fed);
  checkEstate(undefined, merged, problems);
  if (repo === undefined || problems.length > 0) return { problems };
  const planned = planScenarioRepo(repo, defaults, merged, fed, found);
  const repos = [found.record ? keepReadme(planned) : planned];
  return { problems, plan: { repos, elsewhere: [], environments: fed } };
}

const NO_REPO: Problem = {
  given: 'no repository',
  rule: 'the scenario repo is named',
  example: 'flux-gitops scenario-repo flux-qa',
  flag: 'the arguments',
};

function readNames(
  given: readonly string[] | undefined,
  repo: string,
  recorded: readonly Environment[],
  problems: Problem[],
): string[] {
  const usual = recorded.length > 0 ? recorded.map(({ name }) => name) : environmentsInName(repo);
  if (given === undefined && usual.length === 0) {
    const rule = 'its environments are named, or follow from a name such as flux-stage-prod';
    problems.push({ given: `repository ${quote(repo)}`, rule, ...SOURCE });
  }
  const lists = given ?? (usual.length > 0 ? [usual.join(',')] : []);
  return [...new Set(lists.flatMap((list) => readEnvironments(list, SOURCE, problems)))];
}
