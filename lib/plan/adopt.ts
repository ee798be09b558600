import { isDeepStrictEqual } from 'node:util';
import { type Problem, quote } from '../errors.ts';
import type { Given } from '../settings/arguments.ts';
import { defaultOf, readSetting } from '../settings/resolve.ts';
import {
  type EstateSettings,
  keysOf,
  type SettingKey,
  type SharedSettings,
  type Visibility,
} from '../settings/settings.ts';
import { byRepo, checkEstate, type Environment, gitSecretOf, namespaceOf } from './estate.ts';
import { isByHand, type OwnForm, readOwnForm } from './hand-written/own-form.ts';
import {
  BY_DEFAULT,
  BY_MOST,
  type NotUnderstood,
  type ReadEnvironment,
  type Taken,
} from './hand-written/reading.ts';
import type { Found, Manifests, Past, PastRecord, Planned, RepoPlan, World } from './plan.ts';
import type { RepoRecord } from './record.ts';
import { planRepo } from './repositories.ts';

/** `flux-gitops adopt`: the records of an estate that a user wrote by hand, or whose records are lost or damaged. */
export function planAdopt(given: Given, world: World): Planned {
  const { manifests, folder } = world;
  if (manifests === undefined) return { problems: [NOTHING_HERE(folder)] };
  const problems: Problem[] = [];
  const name = readSetting('name', given.texts.name?.[0] ?? manifests.config, problems);
  checkRecord(given, manifests, problems);
  const { read } = manifests;
  if (read.environments.length === 0) problems.push(noEnvironment(folder, read.notUnderstood));
  if (name === undefined || problems.length > 0) return { problems };

  const taken: Taken[] = [...read.taken];
  const notUnderstood: NotUnderstood[] = [...read.notUnderstood];
  const own = manifests.pastOf(manifests.config);
  const past = { ...own, records: [...own.records, ...recordsOfApps(manifests)] };
  const notes = { taken, notUnderstood, repo: manifests.config };
  const known = read.estate.visibility ?? recalled('visibility', undefined, past.records)?.value;
  const reach = known === 'private' ? 'private' : 'public';
  const shared = sharedOf(read.shared, reach, past, notes);
  const estate = estateOf(read.estate, reach, past, notes);
  const environments = read.environments.map((one) => environmentOf(one, shared, past, notes));
  const byHand = read.environments.filter(({ usual }) => !usual);
  for (const { name: where, lost } of byHand.filter(({ lost }) => lost.length > 0))
    notUnderstood.push({
      repo: manifests.config,
      where: `environment ${where}`,
      reason: `--take-over cannot replace its files: ${lost.join('; ')}`,
    });
  for (const lost of missing(environments, own))
    notUnderstood.push({ repo: manifests.config, ...lost });
  checkEstate(name, environments, problems);
  if (problems.length > 0) return { problems };

  const record: RepoRecord = { kind: 'config-repo', name, estate, shared, environments };
  const repos: RepoPlan[] = [adopting(record, manifests.config, manifests)];
  for (const [repo, fed] of byRepo(environments)) {
    const paths = read.environments.filter((one) => one.repo === repo).map(({ path }) => path);
    if (!paths.some((path) => manifests.hasFolder(repo, path))) {
      const reason = `no folder beside the config repo has this app repo with ${paths.join(' or ')}, so it gets no record`;
      notUnderstood.push({ repo: manifests.config, where: `app repo ${repo}`, reason });
      continue;
    }
    const before = manifests.pastOf(repo).records[0]?.record;
    if (before?.kind === 'config-repo') continue;
    const settings = { visibility: estate.visibility, ci: before?.estate.ci ?? estate.ci };
    const app: RepoRecord = {
      kind: 'scenario-repo',
      name: repo,
      estate: settings,
      shared,
      environments: fed,
    };
    repos.push(adopting(app, repo, manifests));
  }
  const { visibility, syncConfig } = estate;
  const replaceable = byHand.filter(({ lost }) => lost.length === 0).map((one) => one.name);
  const reading = { taken, notUnderstood, replaceable };
  const plan = {
    repos,
    elsewhere: [],
    environments,
    syncConfig: syncConfig === 'yes',
    visibility,
    reading,
  };
  return { problems, plan };
}

/** The records of the app repos: they have a part of what the record of the config repo has. */
function recordsOfApps({ read, pastOf, config }: Manifests): PastRecord[] {
  const repos = [...new Set(read.environments.map(({ repo }) => repo))];
  return repos
    .filter((repo) => repo !== config)
    .flatMap((repo) =>
      pastOf(repo)
        .records.filter(({ record }) => record.kind === 'scenario-repo')
        .map((one) => ({ ...one, from: `${repo}/${one.from}` })),
    );
}

function adopting(record: RepoRecord, repo: string, { pastOf, isOurs }: Manifests): RepoPlan {
  const past = pastOf(repo);
  const before = past.records[0]?.record;
  const usual = record.environments.filter((one) => !isByHand(one));
  const found: Found = { exists: true, all: past.all, ...(before && { record: before }) };
  const written = record.kind === 'config-repo' ? usual : record.environments;
  const kept = { ...record, adopted: before?.adopted ?? [] };
  const unknown = { record: {}, settings: {}, environments: new Map() };
  const restored = { ...kept, unknown, written: undefined, pending: new Map(), orders: new Map() };
  const adopting = isOurs(repo) ? 'own' : 'by-hand';
  return { ...planRepo(kept, written, found), adopting, restored };
}

type Notes = {
  readonly taken: Taken[];
  readonly notUnderstood: NotUnderstood[];
  readonly repo: string;
};

/** The environment `read`, with what the manifests do not say from earlier records and from the defaults. */
function environmentOf(
  read: ReadEnvironment,
  shared: SharedSettings,
  { records }: Past,
  { taken, notUnderstood, repo }: Notes,
): Environment {
  const { name } = read;
  const settings = read.settings as { readonly [key: string]: unknown };
  const values: { [key: string]: unknown } = {};
  for (const key of [...keysOf('environment'), ...keysOf('each')]) {
    const before = recalled(key, name, records);
    const usual = fallback(key, name, shared);
    values[key] = settings[key] ?? before?.value ?? usual;
    if (before === undefined) continue;
    if (settings[key] === undefined && !isDeepStrictEqual(before.value, usual))
      taken.push({
        repo,
        environment: name,
        what: key,
        value: String(before.value),
        from: before.from,
      });
    if (settings[key] !== undefined && !isDeepStrictEqual(settings[key], before.value))
      notUnderstood.push({
        repo,
        where: `${before.from}, environment ${name}`,
        reason: `${key} is ${quote(String(before.value))} there, but the manifests have ${quote(String(settings[key]))}`,
      });
  }
  const usual = { ...(values as unknown as Environment), name, repo: read.repo };
  const leaving = read.leaving ? { leaving: true as const } : {};
  return { ...usual, ...leaving, ...formOf(read, namespaceOf(usual)) };
}

/** The value of `key` in the first of `records` that has it, for an environment or for the estate. */
function recalled(
  key: SettingKey,
  environment: string | undefined,
  records: Past['records'],
): { readonly value: unknown; readonly from: string } | undefined {
  for (const { from, record, raw } of records) {
    const own = record.environments.find(({ name }) => name === environment);
    const { settings = {}, environments = {} } = raw as {
      settings?: object;
      environments?: object;
    };
    const ownRaw = (environments as { [name: string]: object })[environment ?? ''] ?? {};
    if (environment !== undefined && own === undefined) continue;
    if (!Object.hasOwn(ownRaw, key) && !Object.hasOwn(settings, key)) continue;
    const values: object = own ?? { ...record.shared, ...record.estate };
    return { from, value: Reflect.get(values, key) };
  }
  return undefined;
}

const fallback = (key: SettingKey, name: string, shared: SharedSettings): unknown =>
  (shared as { [key: string]: unknown })[key] ?? defaultOf(key, name);

/** How `read` differs from the form of this package, in which its namespace would be `usualNamespace`. */
function formOf(read: ReadEnvironment, usualNamespace: string): OwnForm {
  const { name, repo, namespace, gitRepository, kustomization, path, usual, files } = read;
  const { gitSecret } = read;
  return readOwnForm({
    ...(namespace !== usualNamespace && { namespace }),
    ...(gitRepository !== repo && { gitRepository }),
    ...(kustomization !== repo && { kustomization }),
    ...(gitSecret !== undefined && gitSecret !== gitSecretOf(repo) && { gitSecret }),
    ...(path !== `./${name}` && path !== `./overlays/${name}` && { path }),
    ...(!usual && { byHand: files }),
  });
}

function sharedOf(
  read: Partial<SharedSettings>,
  reach: Visibility,
  past: Past,
  notes: Notes,
): SharedSettings {
  for (const key of keysOf('environment').filter((one) => read[one] !== undefined))
    notes.taken.push({ repo: notes.repo, what: key, value: String(read[key]), from: BY_MOST });
  const values = keysOf('environment').map((key) => [
    key,
    estateValue(key, read[key], reach, past, notes),
  ]);
  return Object.fromEntries(values) as unknown as SharedSettings;
}

function estateOf(
  read: Partial<EstateSettings>,
  reach: Visibility,
  past: Past,
  notes: Notes,
): EstateSettings {
  const values = keysOf('estate').map((key) => [
    key,
    estateValue(key, read[key], reach, past, notes),
  ]);
  return Object.fromEntries(values) as unknown as EstateSettings;
}

/** The value of `key` for the estate: `read`, or from an earlier record, or the default where repositories are `reach`. */
function estateValue(
  key: SettingKey,
  read: unknown,
  reach: Visibility,
  { records }: Past,
  { taken, repo }: Notes,
): unknown {
  if (read !== undefined) return read;
  const before = recalled(key, undefined, records);
  const value = before?.value ?? defaultOf(key, '', reach);
  if (!Array.isArray(value) || value.length > 0)
    taken.push({ repo, what: key, value: String(value), from: before?.from ?? BY_DEFAULT });
  return value;
}

/** Environments of earlier records that have no manifests. */
function missing(
  environments: readonly Environment[],
  { records }: Past,
): { where: string; reason: string }[] {
  const known = new Set(environments.map(({ name }) => name));
  return records.slice(0, 1).flatMap(({ from, record }) =>
    record.environments
      .filter(({ name }) => !known.has(name))
      .map(({ name }) => ({
        where: `${from}, environment ${name}`,
        reason: 'the config repo has no manifests of it, so it is no longer recorded',
      })),
  );
}

function checkRecord(
  { switches }: Given,
  { config, pastOf }: Manifests,
  problems: Problem[],
): void {
  const { state } = pastOf(config);
  if (switches.repair || state === 'none') return;
  const rule =
    state === 'good'
      ? 'this config repo has its .yo-rc.json already, so there is nothing to adopt. If the record is wrong, --repair writes it again'
      : 'the .yo-rc.json of this config repo is damaged. --repair writes it again';
  problems.push({
    given: `config repo ${quote(config)}`,
    rule,
    example: 'flux-gitops adopt --repair',
    flag: '--repair',
    settings: ['repair'],
  });
}

const NOTHING_HERE = (folder: string): Problem => ({
  given: `the folder ${folder}`,
  rule: 'adopt needs a config repo: a repository whose YAML files have a GitRepository and a Kustomization of Flux for each tenant. This folder is none, and does not contain exactly one',
  example: 'flux-gitops adopt --into flux-demo',
  flag: '--into or --name',
  settings: ['into', 'name'],
});

function noEnvironment(folder: string, notUnderstood: readonly NotUnderstood[]): Problem {
  const reasons = notUnderstood.slice(0, 8).map(({ where, reason }) => `\n  ${where}: ${reason}`);
  return {
    given: `the folder ${folder}`,
    rule: `none of its manifests describes an environment, that is a tenant's namespace with a Kustomization of Flux that follows a branch of a git repository${reasons.join('')}`,
    example: 'flux-gitops adopt --into flux-demo',
    flag: '--into',
    settings: ['into'],
  };
}
