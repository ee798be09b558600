import type { Problem } from '../errors.ts';
import type { Given } from '../settings/arguments.ts';
import { resolve } from '../settings/resolve.ts';
import type { EstateSettings } from '../settings/settings.ts';
import { byRepo, checkEstate, type Environment, isAppInConfig } from './estate.ts';
import { isByHand } from './hand-written/own-form.ts';
import { notInEstate } from './outside.ts';
import { checkKind, type Found, type Planned, type World } from './plan.ts';
import type { FoundRecord, RepoRecord } from './record.ts';
import { checkLayouts, planRepo } from './repositories.ts';

/** `flux-gitops update`: the files of an estate as this version writes them, each repository with its own record. */
export function planUpdate(given: Given, world: World): Planned {
  const { home } = world;
  if (!home?.record) return { problems: [notInEstate(world.folder, 'flux-gitops update')] };
  const problems: Problem[] = [];
  const estate = settingsOf(given, home.record);
  const isConfig = home.record.kind === 'config-repo';
  const beside = isConfig
    ? appRepos(home.record, world, problems)
    : { here: [], missing: [], lost: [] };
  const { environments } = home.record;
  checkEstate(isConfig ? home.record.name : undefined, environments, problems);
  for (const { record } of [home, ...beside.here])
    if (record) checkLayouts(record.environments, problems);
  if (problems.length > 0) return { problems };
  const repos = [home, ...beside.here].flatMap((found) => {
    const { record } = found;
    if (!record) return [];
    const own = {
      ...settingsOf(given, record),
      ...(found !== home && visibilityOf(record, estate)),
    };
    const recorded: RepoRecord = { ...record, estate: own };
    const written = record.environments.filter((one) => !isByHand(one));
    return [planRepo(recorded, written, found)];
  });
  const { visibility } = estate;
  const syncConfig = isConfig && estate.syncConfig === 'yes';
  const plan = { repos, elsewhere: [], environments, syncConfig, visibility };
  const notes = [...byHandNotes(environments.filter(isByHand)), ...lostNotes(beside.lost)];
  return { problems, plan: { ...plan, notHere: beside.missing, notes } };
}

/** What a person must know of environments that an update skips. */
function byHandNotes(environments: readonly Environment[]): string[] {
  const names = environments.map(({ name }) => name);
  if (names.length === 0) return [];
  const shown = names.slice(0, 8).join(', ');
  const more = names.length > 8 ? ` and ${names.length - 8} more` : '';
  return [
    `No update changes the files of ${shown}${more}, because a user wrote them by hand. flux-gitops tenant ${names[0]} --take-over replaces them.`,
  ];
}

/** What a person must know of app repos that have lost their records. */
const lostNotes = (repos: readonly string[]): string[] =>
  repos.map(
    (repo) =>
      `The app repo ${repo} has no .yo-rc.json, so no update changes it. flux-gitops adopt --repair writes the file again.`,
  );

/** The recorded settings; a setting that is newer than the record has its default. */
const settingsOf = (given: Given, record: FoundRecord): EstateSettings =>
  resolve({ ...given, texts: {} }, record, [], []).estate;

/** An app repo whose record has no visibility has the one of its config repo. */
const visibilityOf = (
  { estate }: FoundRecord,
  { visibility }: EstateSettings,
): Pick<EstateSettings, 'visibility'> => ({ visibility: estate.visibility ?? visibility });

/** The app repos of `config` that lie beside it, and the names of those that do not, and of those without a record. */
function appRepos(
  config: FoundRecord,
  world: World,
  problems: Problem[],
): {
  readonly here: readonly Found[];
  readonly missing: readonly string[];
  readonly lost: readonly string[];
} {
  const here: Found[] = [];
  const missing: string[] = [];
  const lost: string[] = [];
  for (const [repo, fed] of byRepo(config.environments)) {
    const found = world.find(repo, problems);
    if (isAppInConfig(fed, found.record?.kind)) continue;
    problems.push(
      ...checkKind(found, 'scenario-repo', repo, { flag: '--into', settings: ['into'] }),
    );
    if (found.record) here.push(found);
    // An app repo that a user wrote by hand may have no record anywhere.
    else if (!fed.every(isByHand)) (found.exists ? lost : missing).push(repo);
  }
  return { here, missing, lost };
}
