import { type Problem, quote } from '../errors.ts';
import type { Given } from '../settings/arguments.ts';
import { goodText, readSetting, resolve } from '../settings/resolve.ts';
import type { Visibility } from '../settings/settings.ts';
import { checkCredentials } from './credentials.ts';
import {
  byRepo,
  checkEnvironment,
  checkEstate,
  checkFeeders,
  type Environment,
  mergeEnvironments,
  type NameSource,
} from './estate.ts';
import { isByHand } from './hand-written/own-form.ts';
import { checkTakeOver, formOf } from './hand-written/take-over.ts';
import { idleFlagNotes } from './idle-flags.ts';
import { notesAboutLists } from './lists.ts';
import { movedBefore, NO_MOVE, notHere, planMoves } from './move.ts';
import { notInConfigRepo } from './outside.ts';
import { checkKind, type Elsewhere, type Planned, type RepoPlan, type World } from './plan.ts';
import type { FoundRecord } from './record.ts';
import { checkLayouts, joinRepo, missingFrom, planRepo } from './repositories.ts';
import { ciOf } from './values/github-files.ts';
import { checkArtifacts } from './values/oci.ts';

const SOURCE: NameSource = {
  flag: 'the arguments',
  example: 'flux-gitops tenant qa',
  settings: ['arguments'],
};

/** `flux-gitops tenant ENV...`: adds tenants to the config repo, and the demo app to an app repo. */
export function planTenant(given: Given, world: World): Planned {
  const problems: Problem[] = [];
  const config = world.home;
  const recorded = config?.record;
  if (!config || !recorded) return { problems: [notInConfigRepo(world.folder, SOURCE.example)] };
  const added = readTenants(given, recorded, problems).map((one) => {
    const siblings = recorded.environments.filter(({ repo }) => repo === one.repo);
    const there = world.find(one.repo, []).record?.environments ?? [];
    return joinRepo(one, [...siblings, ...there], given.texts);
  });
  const environments = mergeEnvironments(recorded.environments, added);
  const isMove = given.switches.move === true;
  if (isMove) checkMove(given, problems);
  else problems.push(...checkFeeders(recorded.environments, added, 'repo'));
  checkEstate(recorded.name, environments, problems);
  checkLayouts(environments, problems);
  // Flags for a tenant do not change the settings of the estate.
  const { estate } = resolve({ ...given, texts: {} }, recorded, [], []);
  const { visibility } = estate;
  checkVisibility(given, visibility, problems);
  const takenOver = checkTakeOver(given, recorded, added, world, problems);
  checkCredentials(given, visibility, added, problems);
  const { moves, carried, left } = isMove
    ? planMoves(added, recorded, estate, world, problems)
    : NO_MOVE;
  if (problems.length > 0) return { problems };

  const { shared } = recorded;
  const names = added.map(({ name }) => name);
  const written = added.filter((one) => !isByHand(one));
  const plannedConfig = planRepo({ ...recorded, environments }, written, config, names);
  const again =
    isMove && given.switches.publish ? movedBefore(added, recorded, estate, world) : undefined;
  const repos: RepoPlan[] = [
    { ...plannedConfig, takesOver: takenOver.files, ...(again && { carried: again.config }) },
  ];
  const elsewhere: Elsewhere[] = [];
  for (const [repo, fed] of byRepo(added)) {
    const place = world.find(repo, problems);
    problems.push(
      ...checkKind(place, 'scenario-repo', repo, { flag: '--repo', settings: ['repo'] }),
    );
    const siblings = recorded.environments.filter((environment) => environment.repo === repo);
    if (!place.exists && siblings.length > 0) {
      if (moves.some(({ to }) => to === repo)) problems.push(notHere(repo, siblings[0]));
      elsewhere.push(...missingFrom(fed, siblings));
      continue;
    }
    const before = mergeEnvironments(place.record?.environments ?? [], siblings);
    const merged = mergeEnvironments(before, fed);
    if (before.length > siblings.length) checkLayouts(merged, problems);
    const own = { visibility, ...ciOf(estate, place, false) };
    const record = { name: repo, estate: own, shared, environments: merged };
    const files = carried.get(repo) ?? again?.carried.get(repo);
    const target = planRepo({ kind: 'scenario-repo', ...record }, fed, place, names);
    repos.push(files ? { ...target, carried: files } : target);
  }
  repos.push(...left, ...notYetIn(again?.left ?? [], [...repos, ...left]));
  const syncConfig = estate.syncConfig === 'yes';
  checkArtifacts(environments, given, problems);
  const { formerAccounts } = takenOver;
  const notes = [
    ...idleFlagNotes(given, added),
    ...notesAboutLists(given, recorded, { estate: {}, environments: added }),
  ];
  const more = {
    ...(moves.length > 0 && { moves }),
    ...(formerAccounts.length > 0 && { formerAccounts }),
    ...(notes.length > 0 && { notes }),
  };
  const plan = { repos, elsewhere, environments: added, ...more, syncConfig, visibility };
  return problems.length > 0 ? { problems } : { problems, plan };
}

const notYetIn = (more: readonly RepoPlan[], repos: readonly RepoPlan[]): RepoPlan[] =>
  more.filter(({ name }) => !repos.some((one) => one.name === name));

/** Checks that `--move` says where to. */
function checkMove({ texts, positionals }: Given, problems: Problem[]): void {
  if (texts.repo !== undefined) return;
  problems.push({
    given: '--move without --repo',
    rule: 'a move needs the app repo that feeds the environment from now on',
    example: `flux-gitops tenant ${positionals[0] ?? 'qa'} --repo flux-other --move`,
    flag: '--repo',
    settings: ['repo', 'move'],
  });
}

/** Checks that all repositories of an estate have the same visibility. */
function checkVisibility(given: Given, visibility: Visibility, problems: Problem[]): void {
  const asked = given.texts.visibility?.at(-1);
  if (asked === undefined || asked === visibility) return;
  problems.push({
    given: `--visibility ${quote(asked)}`,
    rule: `all repositories of this estate are ${visibility}, and only flux-gitops without a subcommand can change that`,
    example: `flux-gitops --visibility ${goodText('visibility', asked)}`,
    flag: '--visibility',
    settings: ['visibility'],
  });
}

function readTenants(given: Given, recorded: FoundRecord, problems: Problem[]): Environment[] {
  const { texts, positionals } = given;
  if (positionals.length === 0)
    problems.push({
      given: 'no environment',
      rule: 'give the name of at least one environment',
      ...SOURCE,
    });
  const settings = resolve(given, recorded, positionals, problems);
  const feeders = new Map(recorded.environments.map(({ name, repo }) => [name, repo]));
  const repo = texts.repo && readSetting('repo', texts.repo[0] ?? '', problems);
  const feederOf = (name: string): string =>
    repo ?? feeders.get(name) ?? readSetting('repo', `flux-${name}`, problems) ?? '';
  return [...new Set(positionals)]
    .filter((name) => checkEnvironment(name, SOURCE, problems))
    .map((name) =>
      formOf(
        { ...settings.environment(name), name, repo: feederOf(name) },
        recorded.environments,
        given,
      ),
    );
}
