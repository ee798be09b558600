import { type Problem, quote } from '../errors.ts';
import { listed } from '../render/wrap.ts';
import { type Given, splitOnce, type Texts } from '../settings/arguments.ts';
import { readSetting, resolve } from '../settings/resolve.ts';
import { appRepoName, ruleAbout } from '../settings/rules.ts';
import { defaultText, type EstateSettings } from '../settings/settings.ts';
import { checkCredentials, checkSops } from './credentials.ts';
import {
  byRepo,
  checkEstate,
  checkFeeders,
  type Environment,
  isAppInConfig,
  keepForm,
  mergeEnvironments,
  type NameSource,
  readEnvironments,
} from './estate.ts';
import { isByHand } from './hand-written/own-form.ts';
import { idleFlagNotes } from './idle-flags.ts';
import { notesAboutLists } from './lists.ts';
import { checkKind, type Elsewhere, NOTHING, type Planned, type World } from './plan.ts';
import type { FoundRecord, RepoRecord } from './record.ts';
import { checkLayouts, joinRepo, missingFrom, planRepo } from './repositories.ts';
import { ciOf } from './values/github-files.ts';
import { checkArtifacts, checkConfigArtifact } from './values/oci.ts';
import { checkFollowed } from './values/operator-tier.ts';
import { isConfined } from './values/values.ts';

const SOURCE: NameSource = {
  flag: '--scenario',
  example: '--scenario flux-stage-prod=stage,prod',
  settings: ['scenario'],
};

/** The default scenarios. */
export const STANDARD_SCENARIOS = ['flux-dev=dev', 'flux-stage-prod=stage,prod'];

/** `flux-gitops`: the config repo and every app repo. Recorded environments stay. */
export function planApp(given: Given, world: World): Planned {
  const problems: Problem[] = [];
  const { texts } = given;
  const text = texts.name?.[0] ?? world.home?.name ?? defaultText('name') ?? '';
  const name = readSetting('name', text, problems);
  const found = name === undefined ? NOTHING : world.find(name, problems);
  problems.push(...checkKind(found, 'config-repo', text, { flag: '--name', settings: ['name'] }));
  if (name !== undefined && !found.exists) problems.push(...checkName(name, world));
  const recorded = found.record?.environments ?? [];
  const pairs = readPairs(texts, recorded, found.record !== undefined, problems);
  const feeders = new Map([...recorded, ...pairs].map((one) => [one.name, one.repo]));
  const settings = resolve(given, found.record, [...feeders.keys()], problems);
  const leaving = new Set(recorded.filter((one) => one.leaving).map((one) => one.name));
  const environments = [...feeders]
    .map(
      ([environment, repo]): Environment => ({
        ...settings.environment(environment),
        ...(leaving.has(environment) && { leaving: true }),
        name: environment,
        repo,
      }),
    )
    .map((one) => keepForm(one, recorded))
    .map((one) =>
      joinRepo(
        one,
        recorded.filter(({ repo }) => repo === one.repo),
        texts,
      ),
    );
  checkEstate(text, environments, problems);
  checkLayouts(environments, problems);
  checkCredentials(given, settings.estate.visibility, environments, problems);
  checkSops(given, settings.estate, problems);
  if (name === undefined || problems.length > 0) return { problems };

  const { estate, shared } = settings;
  const record: RepoRecord = { kind: 'config-repo', name, estate, shared, environments };
  const written = environments.filter((one) => !isByHand(one));
  const config = planRepo(record, written, found);
  const { visibility } = estate;
  const elsewhere: Elsewhere[] = [];
  const notHere: string[] = [];
  const appRepos = [...byRepo(environments)].flatMap(([repo, fed]) => {
    const place = world.find(repo, problems);
    if (isAppInConfig(fed, place.record?.kind)) return [];
    const known = recorded.filter((one) => one.repo === repo);
    // The config repo is written last, so an app repo that it knows has been written once.
    if (!place.exists && known.length > 0 && !given.switches.force) {
      if (!known.every(isByHand)) notHere.push(repo);
      elsewhere.push(...missingFrom(fed, known));
      return [];
    }
    problems.push(...checkKind(place, 'scenario-repo', repo, SOURCE));
    const other = world.feederOf(repo);
    if (other !== undefined)
      problems.push({
        given: `app repo ${quote(repo)} of the config repo ${quote(name)}`,
        rule: `this app repo already feeds environments of the config repo ${other} in this folder`,
        example: `--name ${other}, or --into ANOTHER-FOLDER`,
        flag: '--name, --scenario or --into',
        settings: ['name', 'scenario'],
      });
    const merged = mergeEnvironments(place.record?.environments ?? [], fed);
    if (merged.length > fed.length) checkLayouts(merged, problems);
    const own = { visibility, ...ciOf(estate, place, texts.ci !== undefined) };
    return planRepo(
      { kind: 'scenario-repo', name: repo, estate: own, shared, environments: merged },
      fed,
      place,
    );
  });
  const syncConfig = estate.syncConfig === 'yes';
  const notes = [
    ...idleFlagNotes(given, environments),
    ...keptNotes(given, found.record, estate, environments),
    ...(found.record ? notesAboutLists(given, found.record, { estate, environments }) : []),
  ];
  const plan = {
    ...{ repos: [config, ...appRepos], elsewhere, environments, syncConfig, visibility },
    ...(notHere.length > 0 && { notHere }),
    ...(notes.length > 0 && { notes }),
  };
  checkFollowed(plan, given, problems);
  checkArtifacts(environments, given, problems);
  checkConfigArtifact(record, problems);
  return problems.length > 0 ? { problems } : { problems, plan };
}

/** What a person must know of a safe value that stays when private repositories become public. */
function keptNotes(
  { texts }: Given,
  before: FoundRecord | undefined,
  { visibility }: EstateSettings,
  environments: readonly Environment[],
): string[] {
  const becomesPublic = visibility === 'public' && before?.estate.visibility === 'private';
  if (!becomesPublic || texts.allowKustomize !== undefined) return [];
  const names = environments.filter(isConfined).map(({ name }) => name);
  if (names.length === 0) return [];
  return [
    `${listed(names)} still may not use kustomization.yaml, as while the repositories were private. To let tenants use it, give --allow-kustomize.`,
  ];
}

/** Checks that a run in a config repo does not write a second one: its user wanted to rename the first one. */
function checkName(name: string, { home }: World): Problem[] {
  if (home?.record === undefined || home.name === name) return [];
  return [
    {
      given: `--name ${quote(name)} in the config repo ${home.name}`,
      rule: 'to rename a config repo, give its folder the new name first. For a second estate, choose another folder with --into',
      example: `mv ${home.name} ${name} && flux-gitops --name ${name} --into ${name}`,
      flag: '--name or --into',
      settings: ['name', 'into'],
    },
  ];
}

/** The environments in `--scenario`, each with its app repo. */
function readPairs(
  { scenario }: Texts,
  recorded: readonly Environment[],
  isKnown: boolean,
  problems: Problem[],
): { name: string; repo: string }[] {
  const usual = isKnown ? [] : STANDARD_SCENARIOS;
  const pairs = readScenarios(scenario ?? usual, problems);
  problems.push(...checkFeeders(recorded, pairs, 'scenario'));
  return pairs;
}

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
    if (!list)
      refuse(
        'a scenario must be REPO=ENV[,ENV...], because an app repo feeds at least one environment',
      );
    if (appRepoName.read(repo) === undefined)
      refuse(`${quote(repo)} cannot be an app repo: ${ruleAbout(appRepoName, repo)}`);
    if (repos.has(repo.toLowerCase()))
      refuse(`${quote(repo)} appears twice. Give it once, with all its environments`);
    repos.add(repo.toLowerCase());
    for (const name of list ? readEnvironments(list, SOURCE, problems) : []) {
      const other = feeders.get(name);
      if (other)
        refuse(
          `the app repo ${other} already feeds ${name}, and an environment has only one app repo`,
        );
      feeders.set(name, repo);
    }
  }
  return [...feeders].map(([name, repo]) => ({ name, repo }));
}
