import type { Given } from './arguments.ts';
import type { Problem } from './errors.ts';
import {
  checkEstate,
  type Environment,
  givenDefaults,
  readEnvironments,
  readSetting,
  standardDefaults,
} from './estate.ts';
import { givenPages, ownPage } from './page.ts';
import { mergeEnvironments, type Planned, planScenarioRepo, type World } from './plan.ts';
import { keepReadme } from './plan-tenant.ts';

const SOURCE = { flag: '--env', example: '--env stage,prod' };

/** The environments that the name of a scenario repo says: `flux-stage-prod` feeds stage and prod. */
export function environmentsInName(repo: string): string[] {
  return repo.startsWith('flux-') ? repo.slice('flux-'.length).split('-') : [];
}

/** `flux-gitops scenario-repo REPO`: one more demo repo, or more environments for an existing one. */
export function planScenarioRepoCommand(given: Given, world: World): Planned {
  const problems: Problem[] = [];
  const { texts } = given;
  const repoText = given.positionals[0] ?? world.home?.name;
  if (repoText === undefined) {
    const rule = 'the scenario repo is named';
    const example = 'flux-gitops scenario-repo flux-qa';
    return { problems: [{ given: 'no repository', rule, example, flag: 'the arguments' }] };
  }
  const repo = readSetting('repo', repoText, problems, 'repository');
  const found = repo === undefined ? { exists: false, all: {} } : world.find(repo, problems);
  if (found.record && found.record.kind !== 'scenario-repo')
    problems.push({
      given: `repository ${repoText}`,
      rule: 'this folder is a config repo, and a scenario repo has a folder of its own',
      example: 'flux-gitops scenario-repo flux-qa',
      flag: 'the arguments',
    });
  const before = found.record?.environments ?? [];
  const listed = readNames(texts.env, repoText, before, problems);
  const own = givenDefaults(texts, problems);
  const defaults = { ...(found.record?.defaults ?? standardDefaults()), ...own };
  const known = new Map(before.map((environment) => [environment.name, environment]));
  const pages = givenPages(texts, listed, problems);
  const fed = listed.map(
    (name): Environment => ({
      ...defaults,
      ...ownPage(name),
      ...known.get(name),
      ...own,
      ...pages.all,
      ...pages.each.get(name),
      name,
      repo: repoText,
    }),
  );
  checkEstate(undefined, mergeEnvironments(before, fed), problems);
  if (repo === undefined || problems.length > 0) return { problems };
  const planned = planScenarioRepo(repo, defaults, mergeEnvironments(before, fed), fed, found);
  const repos = [found.record ? keepReadme(planned) : planned];
  return { problems, plan: { repos, elsewhere: [], environments: fed } };
}

function readNames(
  given: readonly string[] | undefined,
  repo: string,
  before: readonly Environment[],
  problems: Problem[],
): string[] {
  const lists = given ?? [];
  const usual = before.length > 0 ? before.map(({ name }) => name) : environmentsInName(repo);
  if (given === undefined && usual.length === 0)
    problems.push({
      given: `repository ${JSON.stringify(repo)}`,
      rule: 'its environments are named, or follow from a name such as flux-stage-prod',
      ...SOURCE,
    });
  const named = given === undefined ? [usual.join(',')].filter(Boolean) : lists;
  return [...new Set(named.flatMap((list) => readEnvironments(list, SOURCE, problems)))];
}
