import { type Problem, quote } from '../errors.ts';
import type { Given } from '../settings/arguments.ts';
import { readSetting, resolve } from '../settings/resolve.ts';
import {
  checkEstate,
  type Environment,
  mergeEnvironments,
  type NameSource,
  readEnvironments,
} from './estate.ts';
import { idleFlagNotes } from './idle-flags.ts';
import { checkKind, NOTHING, type Planned, type World } from './plan.ts';
import type { RepoRecord } from './record.ts';
import { checkLayouts, joinRepo, planRepo } from './repositories.ts';

const SOURCE: NameSource = { flag: '--env', example: '--env stage,prod', settings: ['env'] };
const REPO = { flag: 'the arguments', settings: ['arguments', 'repo'] };

/** The environments in the name of an app repo: `flux-stage-prod` feeds stage and prod. */
export function environmentsInName(repo: string): string[] {
  return repo.startsWith('flux-') ? repo.slice('flux-'.length).split('-') : [];
}

/** `flux-gitops scenario-repo REPO`: one more app repo, or more environments for an existing one. */
export function planScenarioRepo(given: Given, world: World): Planned {
  const problems: Problem[] = [];
  const { texts } = given;
  const text = given.positionals[0] ?? world.home?.name;
  if (text === undefined) return { problems: [NO_REPO] };
  const named: Problem[] = [];
  const repo = readSetting('repo', text, named, 'repository');
  problems.push(...named.map((problem) => ({ ...problem, ...REPO })));
  const found = repo === undefined ? NOTHING : world.find(repo, problems);
  problems.push(...checkKind(found, 'scenario-repo', text, REPO));
  const recorded = found.record?.environments ?? [];
  const names = readNames(texts.env, text, recorded, problems);
  // A new app repo beside a config repo has the settings of that estate.
  const defaults = found.record ?? world.estate;
  const { estate, shared, environment } = resolve(given, defaults, names, problems);
  const fed = names
    .map((name): Environment => ({ ...environment(name), name, repo: text }))
    .map((one) => joinRepo(one, recorded, texts));
  const environments = mergeEnvironments(recorded, fed);
  checkEstate(undefined, environments, problems);
  checkLayouts(environments, problems);
  if (repo === undefined || problems.length > 0) return { problems };
  const record: RepoRecord = { kind: 'scenario-repo', name: repo, estate, shared, environments };
  const asked = texts.env === undefined ? [] : names;
  const repos = [planRepo(record, fed, found, asked)];
  const { visibility } = estate;
  const notes = idleFlagNotes(given, fed);
  const plan = {
    ...{ repos, elsewhere: [], environments: fed, syncConfig: false, visibility },
    ...(notes.length > 0 && { notes }),
  };
  return { problems, plan };
}

const NO_REPO: Problem = {
  given: 'no repository',
  rule: 'give the name of the app repo',
  example: 'flux-gitops scenario-repo flux-qa',
  ...REPO,
};

function readNames(
  given: readonly string[] | undefined,
  repo: string,
  recorded: readonly Environment[],
  problems: Problem[],
): string[] {
  const usual = recorded.length > 0 ? recorded.map(({ name }) => name) : environmentsInName(repo);
  if (given === undefined && usual.length === 0) {
    const rule =
      'give its environments with --env, or give the app repo a name that includes them, such as flux-stage-prod';
    problems.push({ given: `repository ${quote(repo)}`, rule, ...SOURCE });
  }
  const lists = given ?? (usual.length > 0 ? [usual.join(',')] : []);
  return [...new Set(lists.flatMap((list) => readEnvironments(list, SOURCE, problems)))];
}
