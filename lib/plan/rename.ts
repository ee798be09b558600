import { isDeepStrictEqual } from 'node:util';
import { type Problem, quote } from '../errors.ts';
import type { Given } from '../settings/arguments.ts';
import { defaultOf, resolve } from '../settings/resolve.ts';
import { keysOf } from '../settings/settings.ts';
import { carryFolder, filesOfEarlierRun } from './carry.ts';
import {
  checkEnvironment,
  checkEstate,
  type Environment,
  mergeEnvironments,
  type NameSource,
  namespaceOf,
} from './estate.ts';
import { withoutForm } from './hand-written/own-form.ts';
import { checkWritten } from './hand-written/take-over.ts';
import { checkUsualFolder, notHere } from './move.ts';
import { notInConfigRepo } from './outside.ts';
import type { Departure, Plan, Planned, RepoPlan, World } from './plan.ts';
import type { FoundRecord } from './record.ts';
import { checkLayouts, planRepo } from './repositories.ts';
import { ciOf } from './values/github-files.ts';
import { appFolderOf } from './values/layout.ts';
import { syncNamesOf } from './values/oci.ts';

const SOURCE: NameSource = {
  flag: 'the arguments',
  example: 'flux-gitops rename qa test',
  settings: ['arguments'],
};

/**
 * `flux-gitops rename OLD NEW`: a new tenant, then a removal. Where the cluster follows the config repo, it is only the
 * new tenant: the old one must stay until the new one is ready.
 */
export function planRename(given: Given, world: World): Planned {
  const problems: Problem[] = [];
  const recorded = world.home?.record;
  if (!recorded) return { problems: [notInConfigRepo(world.folder, SOURCE.example)] };
  const [oldName = '', newName = ''] = given.positionals;
  if (given.positionals.length < 2) {
    const rule = 'give the old and the new name of the environment';
    return {
      problems: [{ given: given.positionals.join(' ') || 'no environment', rule, ...SOURCE }],
    };
  }
  checkEnvironment(oldName, SOURCE, problems);
  checkEnvironment(newName, SOURCE, problems);
  if (problems.length > 0) return { problems };
  const old = recorded.environments.find(({ name }) => name === oldName);
  const taken = recorded.environments.find(({ name }) => name === newName);
  if (!old || taken) return resume(given, recorded, world, old, taken);
  checkWritten([old], 'rename', problems);
  checkUsualFolder(old, problems);
  if (problems.length > 0) return { problems };
  const plan = planNew(old, newName, recorded, world, problems);
  return problems.length > 0 || !plan ? { problems } : { problems, plan };
}

/** Goes on with a run that was interrupted after it wrote the files: only the cluster is left. */
function resume(
  { positionals, switches }: Given,
  recorded: FoundRecord,
  world: World,
  old: Environment | undefined,
  taken: Environment | undefined,
): Planned {
  const [oldName = '', newName = ''] = positionals;
  const names = recorded.environments.map(({ name }) => name);
  const goesOn = switches.live || switches.publish;
  // Where the cluster follows the config repo, the old environment stays in the files.
  const isRenamed = old && isDeepStrictEqual(taken, { ...renamed(old, newName) });
  if (taken && isRenamed && goesOn && recorded.estate.syncConfig === 'yes')
    return { problems: [], plan: planAgain(undefined, taken, recorded, world) };
  if (taken && old) {
    const given = `environment ${quote(newName)}`;
    const rule =
      'this estate has an environment of this name already, so the new name must be another one';
    return {
      problems: [{ given, rule, ...SOURCE, example: `flux-gitops rename ${oldName} ${newName}-2` }],
    };
  }
  const former = world.former?.(oldName);
  if (taken && former && goesOn)
    return { problems: [], plan: planAgain(former, taken, recorded, world) };
  const shown = names.slice(0, 10).join(', ');
  return {
    problems: [
      {
        given: `environment ${quote(oldName)}`,
        rule: `this estate has no such environment. The environments are ${shown}`,
        ...SOURCE,
        example: `flux-gitops rename ${names[0] ?? 'qa'} ${newName}`,
      },
    ],
  };
}

const NO_FLAGS: Given = { command: 'rename', positionals: [], texts: {}, switches: {} };

function planAgain(
  former: Environment | undefined,
  taken: Environment,
  recorded: FoundRecord,
  world: World,
): Plan {
  const { estate } = resolve(NO_FLAGS, recorded, [], []);
  const { name = recorded.name, ...home } = world.home ?? { exists: true, all: {} };
  const config: RepoPlan = {
    ...planRepo(recorded, [taken], home),
    carried: filesOfEarlierRun(name, taken.name, world),
  };
  const place = world.find(taken.repo, []);
  const app = place.record && {
    ...planRepo({ ...place.record }, [taken], place),
    carried: filesOfEarlierRun(taken.repo, appFolderOf(taken), world),
  };
  const { visibility, syncConfig } = estate;
  return {
    repos: app ? [config, app] : [config],
    elsewhere: [],
    environments: [taken],
    departures: former ? [departureOf(former, 'unrecorded')] : [],
    syncConfig: syncConfig === 'yes',
    visibility,
  };
}

const departureOf = (one: Environment, state: Departure['state']): Departure => ({
  name: one.name,
  namespace: namespaceOf(one),
  repo: one.repo,
  kustomization: syncNamesOf(one).kustomization,
  state,
});

function planNew(
  old: Environment,
  newName: string,
  recorded: FoundRecord,
  world: World,
  problems: Problem[],
): Plan | undefined {
  const one = renamed(old, newName);
  const { estate } = resolve(NO_FLAGS, recorded, [], []);
  const stays = estate.syncConfig === 'yes';
  const gone = stays ? [] : [old.name];
  const without = (all: readonly Environment[]): Environment[] =>
    mergeEnvironments(
      all.filter(({ name }) => !gone.includes(name)),
      [one],
    );
  const environments = without(recorded.environments);
  checkEstate(recorded.name, environments, problems);
  checkLayouts(environments, problems);
  const place = world.find(old.repo, problems);
  if (place.record?.kind !== 'scenario-repo') {
    problems.push(notHere(old.repo, old));
    return undefined;
  }
  const source = { repo: old.repo, record: place.record, folder: appFolderOf(old) };
  // A manifest may name the namespace that it is for.
  const [before, after] = [namespaceOf(old), namespaceOf(one)];
  const files = carryFolder(source, appFolderOf(one), world, problems, (text) =>
    withNamespace(text, [before, after]),
  );
  const config = world.home ?? { exists: true, all: {} };
  const own = { visibility: estate.visibility, ...ciOf(estate, place, false) };
  const record = { ...place.record, estate: own, environments: without(place.record.environments) };
  const app = planRepo(record, [one], place, [one.name], gone);
  const carried = { carried: files.carried, ...(!stays && { carriedOff: files.off }) };
  return {
    repos: [
      {
        ...planRepo({ ...recorded, environments }, [one], config, [one.name], gone),
        renamed: { from: old.name, to: one.name, namespaces: [before, after] },
      },
      { ...app, ...carried },
    ],
    elsewhere: [],
    environments: [one],
    ...(stays ? { replaces: old.name } : { departures: [departureOf(old, 'gone')] }),
    notes: [
      `Data does not move: what the PersistentVolumeClaims of ${before} hold stays there, and it is deleted with this namespace.`,
    ],
    syncConfig: stays,
    visibility: estate.visibility,
  };
}

/** `text` with the new namespace wherever it names the old one. */
export function withNamespace(
  text: string,
  [before, after]: readonly [before: string, after: string],
): string {
  return text.replace(new RegExp(`(?<![\\w-])${before}(?![\\w-])`, 'g'), after);
}

/** `old` with another name, and with the usual names of its objects. What was a default of the old name becomes the default of the new one. */
function renamed(old: Environment, name: string): Environment {
  const { leaving: _, ...settings } = withoutForm(old);
  const pages = keysOf('each').map((key): [string, unknown] => [
    key,
    isDeepStrictEqual(old[key], defaultOf(key, old.name)) ? defaultOf(key, name) : old[key],
  ]);
  return { ...settings, ...Object.fromEntries(pages), name } as Environment;
}
