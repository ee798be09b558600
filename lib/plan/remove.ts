import { type Problem, quote } from '../errors.ts';
import { listed } from '../render/wrap.ts';
import type { Given } from '../settings/arguments.ts';
import { meantBy } from '../settings/closest.ts';
import { readSetting, resolve } from '../settings/resolve.ts';
import { isReservedNamespace } from '../settings/rules.ts';
import {
  byRepo,
  checkEnvironment,
  type Environment,
  mergeEnvironments,
  type NameSource,
  namespaceOf,
  repositoryUrl,
} from './estate.ts';
import { isByHand } from './hand-written/own-form.ts';
import { checkWritten, filesByHand } from './hand-written/take-over.ts';
import { notInConfigRepo } from './outside.ts';
import type { Departure, Plan, Planned, RepoPlan, World } from './plan.ts';
import type { FoundRecord } from './record.ts';
import { planRepo, withoutFolders } from './repositories.ts';
import { ciOf } from './values/github-files.ts';
import { appFolderOf } from './values/layout.ts';
import { syncNamesOf } from './values/oci.ts';

const SOURCE: NameSource = {
  flag: 'the arguments',
  example: 'flux-gitops remove qa',
  settings: ['arguments'],
};

/** `flux-gitops remove ENV...`: takes environments out of the estate. */
export function planRemove(given: Given, world: World): Planned {
  const problems: Problem[] = [];
  const recorded = world.home?.record;
  if (!recorded) return { problems: [notInConfigRepo(world.folder, SOURCE.example)] };
  const { positionals } = given;
  if (positionals.length === 0)
    problems.push({
      given: 'no environment',
      rule: `give the name of at least one environment. ${knownText(recorded)}`,
      ...SOURCE,
    });
  const names = [...new Set(positionals)].filter((one) => checkEnvironment(one, SOURCE, problems));
  const known = new Map(recorded.environments.map((one) => [one.name, one]));
  const chosen = names.flatMap((name) => known.get(name) ?? []);
  const former = names
    .filter((name) => !known.has(name))
    .flatMap((name) => formerDeparture(name, given, recorded, world, problems));
  // Where the cluster follows the config repo, its files must change before they go.
  if (recorded.estate.syncConfig === 'yes') checkWritten(chosen, 'remove', problems);
  const files = filesByHand(chosen, world, problems);
  if (problems.length > 0) return { problems };
  const plan = planDepartures(chosen, former, recorded, world, problems);
  const [config] = plan.repos;
  if (config && files.length > 0) plan.repos[0] = { ...config, takesOver: files };
  if (given.switches.publish) addFormerRepos(plan, former, world, problems);
  const notes = [...(plan.notes ?? []), ...idleNotes(given, chosen, plan.repos)];
  return problems.length > 0
    ? { problems }
    : { problems, plan: { ...plan, ...(notes.length > 0 && { notes }) } };
}

/** The notes about flags of `given` that change nothing for `chosen`, whose run changes `repos`. */
function idleNotes(
  { texts, switches }: Given,
  chosen: readonly Environment[],
  repos: readonly RepoPlan[],
): string[] {
  const names = listed(chosen.map(({ name }) => name));
  const isUnfed = repos.some(({ feeds }) => feeds?.length === 0);
  return [
    ...(texts.formerPrefix && chosen.length > 0
      ? [`--prefix changes nothing for ${names}: the files say the namespace.`]
      : []),
    ...(switches.archive && !isUnfed
      ? ['--archive changes nothing now: each app repo of this run still feeds an environment.']
      : []),
  ];
}

/**
 * A plan in which `chosen` leave the estate of `recorded`. Where the cluster follows the config repo, an environment
 * leaves in two runs: its files stay in the first one, so that Flux can still clean up behind it.
 */
export function planDepartures(
  chosen: readonly Environment[],
  former: readonly Departure[],
  recorded: FoundRecord,
  world: World,
  problems: Problem[],
): Plan & { readonly repos: RepoPlan[] } {
  const { estate } = resolve(NO_FLAGS, recorded, [], []);
  const syncConfig = estate.syncConfig === 'yes';
  const stays = (one: Environment): boolean => syncConfig && !one.leaving;
  const leaving = chosen.filter(stays).map((one): Environment => ({ ...one, leaving: true }));
  const gone = chosen.filter((one) => !stays(one));
  const names = gone.map(({ name }) => name);
  // Flux can clean up only what is in the list, so lines that a person dropped come back.
  const asked = leaving.map(({ name }) => name);
  const kept = recorded.environments.filter(({ name }) => !names.includes(name));
  const environments = mergeEnvironments(kept, leaving);
  const found = world.home ?? { exists: true, all: {} };
  const repos = [planRepo({ ...recorded, environments }, leaving, found, asked, names)];
  const surplus: NonNullable<Plan['surplus']>[number][] = [];
  for (const [repo, fed] of byRepo(gone)) {
    const place = world.find(repo, problems);
    if (place.record?.kind === 'scenario-repo')
      repos.push(
        withoutFolders(repo, fed, place, place.record, {
          visibility: estate.visibility,
          ...ciOf(estate, place, false),
        }),
      );
    else surplus.push(...fed.map((one) => surplusOf(one)));
  }
  const visibility = estate.visibility;
  const departures = [
    ...chosen.map(
      (one): Departure => ({
        name: one.name,
        namespace: namespaceOf(one),
        repo: one.repo,
        kustomization: syncNamesOf(one).kustomization,
        ...adoptedMark(one),
        state: stays(one) ? 'leaving' : 'gone',
      }),
    ),
    ...former,
  ];
  const notes = gone.flatMap((one) => foldersOfUsers(one));
  return {
    ...{ repos, elsewhere: [], environments: [], departures, surplus, syncConfig, visibility },
    ...(notes.length > 0 && { notes }),
  };
}

const NO_FLAGS: Given = { command: 'remove', positionals: [], texts: {}, switches: {} };

/** An adopted environment can have its app in a folder that this package never wrote. */
const foldersOfUsers = ({ name, repo, path }: Environment): string[] =>
  path === undefined
    ? []
    : [`The folder ${path} of ${repo}, which Flux applied for ${name}, is yours and stays.`];

/** Only an adopted environment has a namespace of its own form, or files that a user wrote by hand. */
const adoptedMark = (one: Environment): Pick<Departure, 'isAdopted'> =>
  one.namespace !== undefined || isByHand(one) ? { isAdopted: true } : {};

const surplusOf = (one: Environment) => ({
  repo: one.repo,
  url: repositoryUrl(one, one.repo),
  folder: appFolderOf(one),
});

/** Adds the app repos of environments that an earlier run took out, because it may not have pushed them. */
function addFormerRepos(
  plan: Plan & { readonly repos: RepoPlan[] },
  former: readonly Departure[],
  world: World,
  problems: Problem[],
): void {
  const names = new Set(former.flatMap(({ repo }) => repo ?? []));
  for (const repo of names) {
    if (plan.repos.some(({ name }) => name === repo)) continue;
    const place = world.find(repo, problems);
    if (place.record?.kind !== 'scenario-repo') continue;
    plan.repos.push(withoutFolders(repo, [], place, place.record, place.record.estate));
  }
}

/** The environment `name`, which the record does not have: an earlier run has taken it out. */
function formerDeparture(
  name: string,
  { texts, switches }: Given,
  recorded: FoundRecord,
  world: World,
  problems: Problem[],
): Departure[] {
  const former = world.former?.(name);
  const names = recorded.environments.map((one) => one.name);
  const isSure = former !== undefined || texts.formerPrefix !== undefined;
  const meant = isSure ? undefined : meantBy(name, names);
  const prefix =
    texts.formerPrefix && readSetting('formerPrefix', texts.formerPrefix[0] ?? '', problems);
  const namespace =
    former && prefix === undefined
      ? namespaceOf(former)
      : namespaceOf({ prefix: prefix ?? recorded.shared.prefix, name });
  const about = { ...SOURCE, given: `environment ${quote(name)}` };
  if (meant !== undefined || (!switches.live && former === undefined)) {
    const rule = `this estate has no such environment. ${knownText(recorded)}`;
    problems.push({
      ...about,
      rule,
      example: `flux-gitops remove ${meant ?? recorded.environments[0]?.name ?? 'qa'}`,
    });
    return [];
  }
  if (!switches.live && !switches.publish) {
    const rule = `an earlier run has taken it out of the files. With --live, this command also removes the namespace ${namespace} from the cluster`;
    problems.push({ ...about, rule, example: `flux-gitops remove ${name} --live` });
    return [];
  }
  if (isReservedNamespace(namespace)) {
    const rule = `its namespace would be ${namespace}, which belongs to Kubernetes or Flux`;
    problems.push({ ...about, rule });
    return [];
  }
  const known = former && {
    repo: former.repo,
    kustomization: syncNamesOf(former).kustomization,
    ...adoptedMark(former),
  };
  return [{ name, namespace, ...known, state: 'unrecorded' }];
}

function knownText({ environments }: FoundRecord): string {
  if (environments.length === 0) return 'It has no environments';
  const names = environments.map(({ name }) => name);
  const more = names.length - 10;
  return `The environments are ${names.slice(0, 10).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
