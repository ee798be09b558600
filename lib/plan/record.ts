import { isDeepStrictEqual } from 'node:util';
import { type Problem, quote } from '../errors.ts';
import { sidesOf } from '../render/git-text.ts';
import { defaultOf, readSetting } from '../settings/resolve.ts';
import { appRepoName, configRepoName, environmentName } from '../settings/rules.ts';
import {
  type EstateSettings,
  keysOf,
  type SettingKey,
  type SharedSettings,
  settingOf,
} from '../settings/settings.ts';
import type { Environment } from './estate.ts';
import { GENERATOR } from './generator.ts';
import { OWN_FORM, type OwnForm, readOwnForm } from './hand-written/own-form.ts';
import { environmentOf, fileKey, filePath } from './values/layout.ts';

/** The file with the settings of a repository. Yeoman keeps its own settings in the same file. */
export const RECORD_FILE = '.yo-rc.json';
/** The key of this package in RECORD_FILE, as Yeoman's storage names it. */
export const RECORD_KEY = 'generator-flux-gitops';
/** Increase it when older versions of this package cannot read the new record. */
const RECORD_VERSION = 2;

export type RepoKind = 'config-repo' | 'scenario-repo';
export type Json = { readonly [key: string]: unknown };

/** The hashes of the texts that runs wrote to each path; several after a merge of two branches. */
export type Written = ReadonlyMap<string, readonly string[]>;

/** The settings that a repository records. */
export type RepoRecord = {
  readonly kind: RepoKind;
  readonly name: string;
  readonly estate: Partial<EstateSettings>;
  readonly shared: SharedSettings;
  readonly environments: readonly Environment[];
  /** Files and folders that a user wrote by hand before the repository was adopted: no run writes them. */
  readonly adopted?: readonly string[];
};

/** Whether the policies apply to any tenant of `record`. */
export function hasPolicies({ shared, environments }: RepoRecord): boolean {
  return [shared, ...environments].some(({ profile }) => profile === 'hardened');
}

/** The age recipients for whom the config repo of `record` may have encrypted files, which Flux decrypts. */
export function recipientsOf({ estate }: Pick<RepoRecord, 'estate'>): readonly string[] {
  return estate.syncConfig === 'yes' ? (estate.sopsAge ?? []) : [];
}

/** Whether Flux decrypts the config repo of `record` with SOPS and age. */
export function decrypts(record: Pick<RepoRecord, 'estate'>): boolean {
  return recipientsOf(record).length > 0;
}

/** A record on disk, with everything that the next record keeps from it. */
export type FoundRecord = RepoRecord & {
  /** Undefined in a record of version 1, which has no hashes. */
  readonly written: Written | undefined;
  /** The files that a killed run was about to write; some of them may exist. */
  readonly pending: Written;
  /** The order of the environments: numbers, so that two branches can both add environments. */
  readonly orders: ReadonlyMap<string, number>;
  /** Values of a newer version of this package. This version keeps them. */
  readonly unknown: Unknown;
};

type Unknown = {
  readonly record: Json;
  readonly settings: Json;
  readonly environments: ReadonlyMap<string, Json>;
};

const SHARED = keysOf('environment');
const PAGE = keysOf('each');
const OWN: readonly SettingKey[] = [...SHARED, ...PAGE];
const ESTATE = keysOf('estate');

/** The estate's settings that a repository of `kind` records. */
const estateKeys = (kind: RepoKind) =>
  ESTATE.filter((key) => kind === 'config-repo' || settingOf(key).commands.includes(kind));

const isRecorded = (key: SettingKey, value: unknown): boolean =>
  !settingOf(key).unrecordedDefault || value !== defaultOf(key);

/** The settings of a single environment that apply to a repository of `kind`. */
const ownKeys = (kind: RepoKind) =>
  PAGE.filter((key) => kind === 'config-repo' || settingOf(key).commands.includes(kind));

/**
 * `record` as the value of RECORD_KEY, without the version of this package and the files, which compare adds. Its
 * layout lets git merge two branches that each add an environment: sorted by name, one line for each value. An
 * environment lists only the values that differ from the shared settings and the defaults.
 */
export function writeRecord(record: RepoRecord, found: FoundRecord | undefined): Json {
  const { kind, name, estate, shared, environments } = record;
  const adopted = record.adopted ?? found?.adopted ?? [];
  const orders = orderOf(environments, found?.orders ?? new Map());
  const sorted = [...environments].sort((a, b) => (a.name < b.name ? -1 : 1));
  const own = sorted.map((environment): [string, Json] => {
    const values = [
      ...SHARED.filter((key) => environment[key] !== shared[key]),
      ...ownKeys(kind).filter(
        (key) => !isDeepStrictEqual(environment[key], defaultOf(key, environment.name)),
      ),
    ].map((key) => [key, environment[key]]);
    const unknown = found?.unknown.environments.get(environment.name);
    const { repo, leaving } = environment;
    const order = orders.get(environment.name);
    const form = formIn(kind, environment);
    const state = leaving && kind === 'config-repo' ? { leaving } : {};
    const all = { ...state, ...Object.fromEntries(values), ...form, ...unknown };
    return [environment.name, { repo, order, ...all }];
  });
  const kept = estateKeys(kind).filter((key) => {
    const value = estate[key];
    return value !== undefined && !(Array.isArray(value) && value.length === 0);
  });
  return {
    ...found?.unknown.record,
    kind,
    name,
    settings: {
      ...found?.unknown.settings,
      ...Object.fromEntries(
        SHARED.filter((key) => isRecorded(key, shared[key])).map((key) => [key, shared[key]]),
      ),
      ...Object.fromEntries(kept.map((key) => [key, estate[key]])),
    },
    environments: Object.fromEntries(own),
    ...(adopted.length > 0 && { adopted: [...adopted].sort() }),
  };
}

/** An app repo has no Flux objects. */
function formIn(kind: RepoKind, environment: Environment): OwnForm {
  const { namespace, path, gitSecret, ...objects } = readOwnForm(environment);
  return {
    ...(namespace !== undefined && { namespace }),
    ...(kind === 'config-repo' && objects),
    ...(gitSecret !== undefined && { gitSecret }),
    ...(path !== undefined && { path }),
  };
}

function orderOf(
  environments: readonly Environment[],
  before: ReadonlyMap<string, number>,
): Map<string, number> {
  const orders = new Map(before);
  let last = 0;
  for (const order of orders.values()) last = Math.max(last, order);
  for (const { name } of environments) if (!orders.has(name)) orders.set(name, ++last);
  return orders;
}

/** The text of RECORD_FILE: `all` of its keys, with `written` and the version `generator` of this package. */
export function recordText(all: Json, generator: string, written: Written): string {
  const { kind, name, settings, environments, ...rest } = (all[RECORD_KEY] ?? {}) as Json;
  const { shared, own } = splitWritten(written, Object.keys(environments ?? {}));
  const listed = Object.entries((environments ?? {}) as { [name: string]: Json }).map(
    ([environment, values]) => [environment, { ...values, files: own.get(environment) }],
  );
  const whole = {
    version: RECORD_VERSION,
    generator,
    kind,
    name,
    settings,
    environments: Object.fromEntries(listed),
    ...rest,
    files: fileLines(shared),
  };
  return `${JSON.stringify({ ...all, [RECORD_KEY]: whole }, null, 2)}\n`;
}

/** Each environment lists its own files, so that git can merge two branches that each add an environment. */
function splitWritten(written: Written, environments: readonly string[]) {
  const names = new Set(environments);
  const shared = new Map<string, readonly string[]>();
  const own = new Map<string, { [path: string]: string | readonly string[] }>();
  for (const [path, hashes] of written) {
    const name = environmentOf(path);
    if (!names.has(name) || !path.includes('/')) shared.set(path, hashes);
    else
      own.set(name, {
        ...own.get(name),
        [fileKey(path, name)]: hashes.length === 1 ? (hashes[0] ?? '') : hashes,
      });
  }
  return { shared, own };
}

/**
 * The text of RECORD_FILE while files are written: `found`, the text before, and the files that the run is about to
 * write or remove. So the record lists every file, even after the run is killed.
 */
export function pendingText(found: string, pending: Written): string {
  const all = JSON.parse(found.replace(/^\ufeff/, '')) as { [key: string]: Json };
  const record = { ...all[RECORD_KEY], pending: fileLines(pending) };
  return `${JSON.stringify({ ...all, [RECORD_KEY]: record }, null, 2)}\n`;
}

/** Sorted by hash: if two branches change two files, their lines are usually not next to each other, so git can merge them. */
const fileLines = (written: Written): string[] =>
  [...written].flatMap(([path, hashes]) => hashes.map((hash) => `${hash} ${path}`)).sort();

/** Whether `value` is an object of JSON: not null, and no list. */
export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The contents of the RECORD_FILE at `path`: `all` of its keys, and the `record` of this package, if it has one. Joins
 * the two sides of a conflict that git could not merge; `base` is their common base, if known. Adds everything that is
 * wrong to `problems`.
 */
export function readRecord(
  text: string,
  path: string,
  problems: Problem[],
  base?: string,
): { all: Json; record?: FoundRecord } {
  const sides = sidesOf(text);
  if (sides === undefined) return readSide(text, path, problems);
  const [ours = { all: {} }, theirs = { all: {} }] = sides.map((side) =>
    readSide(side, path, problems),
  );
  if (!ours.record || !theirs.record) return ours.record ? ours : theirs;
  const before = base === undefined ? undefined : readSide(base, path, []).record;
  const record = mergeRecords(ours.record, theirs.record, before, path, problems);
  return { all: { ...theirs.all, ...ours.all }, record };
}

const REPAIR =
  'flux-gitops adopt --repair writes it again, from the manifests and the history of git';

function readSide(
  text: string,
  path: string,
  problems: Problem[],
): { all: Json; record?: FoundRecord } {
  const wrong = (given: string, rule: string): void => {
    const example = `{ "${RECORD_KEY}": { "version": ${RECORD_VERSION}, "kind": "config-repo", ... } }`;
    problems.push({ given: `${path} ${given}`, rule, example, flag: path });
  };
  const all = parseJson(text);
  const recorded = isObject(all) ? all[RECORD_KEY] : undefined;
  if (!isObject(all)) {
    wrong(
      'is not a JSON object',
      `it must record the settings of this repository as one JSON object. ${REPAIR}`,
    );
  } else if (recorded === undefined) {
    return { all };
  } else if (!isObject(recorded) || !Number.isInteger(recorded.version)) {
    wrong(
      `has no version under "${RECORD_KEY}"`,
      `it must have a version, which says how to read the settings. ${REPAIR}`,
    );
  } else if ((recorded.version as number) > RECORD_VERSION) {
    const update = GENERATOR.onNpm
      ? `npm install --global ${RECORD_KEY}@latest`
      : 'take a newer one from https://github.com/wolcn/generator-flux-gitops';
    wrong(
      `has version ${recorded.version}`,
      `this generator can read versions up to ${RECORD_VERSION}. To update it, run: ${update}`,
    );
  } else {
    const record = readShaped(recorded, path, problems);
    if (record) return { all, record };
  }
  return { all: isObject(all) ? all : {} };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}

type Shaped = {
  readonly kind: RepoKind;
  readonly name: string;
  readonly settings: Json;
  readonly environments: { readonly [name: string]: Json };
  readonly files?: readonly string[];
  readonly pending?: readonly string[];
  readonly adopted?: readonly string[];
};

function readShaped(recorded: Json, path: string, problems: Problem[]): FoundRecord | undefined {
  const shaped = recorded.version === 1 ? lift(recorded, path, problems) : recorded;
  if (shaped === undefined) return undefined;
  if (!isShaped(shaped)) {
    const rule = `it must have kind, name, settings, environments and files, as this generator writes them. ${REPAIR}`;
    const example = '"kind": "config-repo", "environments": { "dev": { "repo": "flux-dev" } }';
    problems.push({ given: `${path} under "${RECORD_KEY}"`, rule, example, flag: path });
    return undefined;
  }
  const found: Problem[] = [];
  const { kind, name, settings } = shaped;
  const where = (key: string): string => `${path} "${key}"`;
  const readAll = (keys: readonly SettingKey[], from: Json): Json =>
    Object.fromEntries(
      keys.filter((key) => Object.hasOwn(from, key)).map((key) => [key, readValue(key, from[key])]),
    );
  const readValue = (key: SettingKey, value: unknown): unknown => {
    if (settingOf(key).isFile) return readSetting(key, JSON.stringify(value), found, where(key));
    if (!settingOf(key).list) return readSetting(key, asText(value), found, where(key));
    const texts = Array.isArray(value) ? value.map(String) : [String(value)];
    return texts.flatMap((text) => readSetting(key, text, found, where(key)) ?? []);
  };
  // A record without a value gets the safer default, unless a record leaves the default out.
  const usual = Object.fromEntries(
    SHARED.map((key) => [
      key,
      defaultOf(key, '', settingOf(key).unrecordedDefault ? 'public' : 'private'),
    ]),
  );
  const shared = { ...usual, ...readAll(SHARED, settings) } as SharedSettings;
  const environments = sortByOrder(shaped.environments).map((environment) => {
    const own = shaped.environments[environment] ?? {};
    const repo = String(own.repo);
    checkNames(repo, environment, path, found);
    const page = Object.fromEntries(
      keysOf('each').map((key) => [key, defaultOf(key, environment)]),
    );
    const form = readOwnForm(own);
    for (const key of OWN_FORM.filter((one) => Object.hasOwn(own, one) && form[one] === undefined))
      found.push({
        given: `${path} environment ${quote(environment)} "${key}": ${JSON.stringify(own[key])}`,
        rule: 'it must be as flux-gitops adopt writes it: the name of an object, a path, or a list of files',
        example: '"gitRepository": "git-dev"',
        flag: path,
      });
    const leaving = own.leaving === true ? { leaving: true } : {};
    const settled = { ...shared, ...page, ...readAll(OWN, own), ...form, ...leaving };
    return { ...settled, name: environment, repo } as Environment;
  });
  problems.push(...found);
  if (found.length > 0) return undefined;
  const estate = readAll(ESTATE, settings) as Partial<EstateSettings>;
  return {
    ...{ kind, name, estate, shared, environments, adopted: shaped.adopted ?? [] },
    written: shaped.files && readWritten(shaped),
    pending: readFiles(shaped.pending ?? []),
    orders: new Map(
      environments.map((one, n) => [one.name, orderIn(shaped.environments[one.name], n + 1)]),
    ),
    unknown: unknownOf(shaped),
  };
}

const orderIn = (own: Json | undefined, fallback: number): number =>
  typeof own?.order === 'number' ? own.order : fallback;

/** A value as the text of a flag. The NUL makes every rule refuse a value that is neither text nor a number. */
const asText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number'
    ? String(value)
    : `${JSON.stringify(value)}\0`;

/** A record of version 1 in the current shape. It has no hashes of the files. */
function lift(
  { scenarios, environments, ...rest }: Json,
  path: string,
  problems: Problem[],
): Json | undefined {
  if (!isObject(scenarios) || !isObject(environments)) return rest;
  if (!Object.values(scenarios).every(Array.isArray)) return rest;
  const pairs = Object.entries(scenarios).flatMap(([repo, list]) =>
    (list as unknown[]).map((name): [string, string] => [String(name), repo]),
  );
  const lifted = pairs.map(([name, repo], n) => {
    const own = Object.hasOwn(environments, name) ? (environments[name] as Json) : {};
    return [name, { repo, order: n + 1, ...own }];
  });
  const feeders = new Map<string, string>();
  for (const [name, repo] of pairs) {
    const other = feeders.get(name);
    if (other !== undefined)
      problems.push({
        given: `${path} environment ${quote(name)} in the scenarios ${quote(other)} and ${quote(repo)}`,
        rule: 'an environment must be in only one scenario, and only once',
        example: '"flux-dev": ["dev"]',
        flag: path,
      });
    feeders.set(name, repo);
  }
  const unfed = Object.keys(environments).filter((name) => !feeders.has(name));
  for (const name of unfed)
    problems.push({
      given: `${path} environment ${quote(name)}`,
      rule: 'no scenario lists it, so no app repo feeds it, and the next run would drop it',
      example: `"scenarios": { "flux-${name}": ["${name}"] }`,
      flag: path,
    });
  if (feeders.size < pairs.length || unfed.length > 0) return undefined;
  return { ...rest, environments: Object.fromEntries(lifted) };
}

function isShaped(recorded: Json): recorded is Json & Shaped {
  const { kind, name, settings, environments, files, pending, adopted } = recorded;
  const isList = (list: unknown): boolean =>
    list === undefined || (Array.isArray(list) && list.every((one) => typeof one === 'string'));
  return (
    (kind === 'config-repo' || kind === 'scenario-repo') &&
    typeof name === 'string' &&
    configRepoName.read(name) !== undefined &&
    isObject(settings) &&
    isObject(environments) &&
    Object.values(environments).every((own) => isObject(own) && typeof own.repo === 'string') &&
    isList(files) &&
    isList(pending) &&
    isList(adopted)
  );
}

function sortByOrder(environments: Shaped['environments']): string[] {
  const order = (name: string): number => orderIn(environments[name], Number.MAX_SAFE_INTEGER);
  return Object.keys(environments).sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1));
}

function checkNames(repo: string, environment: string, path: string, problems: Problem[]): void {
  if (environmentName.read(environment) && appRepoName.read(repo)) return;
  problems.push({
    given: `${path} environment ${quote(environment)} with app repo ${quote(repo)}`,
    rule: `${appRepoName.rule}. ${environmentName.rule}`,
    example: '"dev": { "repo": "flux-dev" }',
    flag: path,
  });
}

function readWritten({ files = [], environments }: Shaped): Written {
  const own = Object.entries(environments).flatMap(([name, { files: below }]) =>
    Object.entries(isObject(below) ? below : {}).flatMap(([path, hashes]) =>
      [hashes].flat().map((hash) => `${String(hash)} ${filePath(path, name)}`),
    ),
  );
  return readFiles([...files, ...own]);
}

/** Whether this package can have written a file at `path`: it is inside the repository and not in .git. */
const isInside = (path: string): boolean =>
  !path.includes('\\') &&
  path.split('/').every((part) => !['', '.', '..'].includes(part) && !/^\.git$/i.test(part));

function readFiles(lines: readonly string[]): Written {
  const written = new Map<string, string[]>();
  for (const line of lines) {
    const [, hash, path] = /^([0-9a-f]{40}) (.+)$/.exec(line) ?? [];
    if (hash === undefined || path === undefined || !isInside(path)) continue;
    written.set(path, [...(written.get(path) ?? []), hash]);
  }
  return written;
}

const KNOWN = [
  'version',
  'generator',
  'kind',
  'name',
  'settings',
  'environments',
  'files',
  'pending',
  'adopted',
];

function unknownOf({ settings, environments, ...record }: Json & Shaped): Unknown {
  const without = (from: Json, known: readonly string[]): Json =>
    Object.fromEntries(Object.entries(from).filter(([key]) => !known.includes(key)));
  return {
    record: without(record, KNOWN),
    settings: without(settings, [...SHARED, ...ESTATE]),
    environments: new Map(
      Object.entries(environments).map(([name, own]) => [
        name,
        without(own, [...OWN, ...OWN_FORM, 'repo', 'order', 'leaving', 'files']),
      ]),
    ),
  };
}

/** Joins both sides of a merge. A user must decide where they have different values for one setting. */
function mergeRecords(
  ours: FoundRecord,
  theirs: FoundRecord,
  base: FoundRecord | undefined,
  path: string,
  problems: Problem[],
): FoundRecord {
  const differ = (what: string, one: unknown, other: unknown): void => {
    if (one === undefined || other === undefined || isDeepStrictEqual(one, other)) return;
    problems.push({
      given: `${path} has two values of ${what} after a merge: ${JSON.stringify(one)} and ${JSON.stringify(other)}`,
      rule: 'you must choose between the values of the two branches',
      example: 'keep one of the two lines between <<<<<<< and >>>>>>>',
      flag: path,
    });
  };
  for (const key of SHARED) differ(key, ours.shared[key], theirs.shared[key]);
  // A side that emptied a list does not record it, so the user must decide whether the list comes back. A side that is
  // older than a setting has the default.
  for (const key of ESTATE)
    differ(key, ours.estate[key] ?? defaultOf(key), theirs.estate[key] ?? defaultOf(key));
  // An environment is gone if one side removed it and the other side did not change it.
  const before = new Map(base?.environments.map((one) => [one.name, one]));
  const isGone = (one: Environment, other: FoundRecord): boolean =>
    isDeepStrictEqual(before.get(one.name), one) &&
    !other.environments.some(({ name }) => name === one.name);
  const known = new Map(ours.environments.map((one) => [one.name, one]));
  for (const one of theirs.environments)
    differ(`environment ${one.name}`, known.get(one.name), one);
  const added = theirs.environments.filter((one) => !known.has(one.name) && !isGone(one, ours));
  const stayed = ours.environments.filter((one) => !isGone(one, theirs));
  return {
    ...ours,
    estate: { ...theirs.estate, ...ours.estate },
    environments: [...stayed, ...added],
    orders: new Map([...theirs.orders, ...ours.orders]),
    written: ours.written && theirs.written && joinWritten(ours.written, theirs.written),
    pending: joinWritten(ours.pending, theirs.pending),
    adopted: [...new Set([...(ours.adopted ?? []), ...(theirs.adopted ?? [])])],
    unknown: {
      record: { ...theirs.unknown.record, ...ours.unknown.record },
      settings: { ...theirs.unknown.settings, ...ours.unknown.settings },
      environments: new Map([...theirs.unknown.environments, ...ours.unknown.environments]),
    },
  };
}

/** The hashes of both, by path. */
export function joinWritten(one: Written, other: Written): Map<string, readonly string[]> {
  const joined = new Map(one);
  for (const [path, hashes] of other)
    joined.set(path, [...new Set([...(joined.get(path) ?? []), ...hashes])]);
  return joined;
}
