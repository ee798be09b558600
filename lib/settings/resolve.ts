import { type Problem, quote } from '../errors.ts';
import { type Given, splitOnce, type Texts } from './arguments.ts';
import { closest, meantBy } from './closest.ts';
import { environmentName, ruleAbout } from './rules.ts';
import {
  DEMO_OWNER,
  defaultText,
  type EstateSettings,
  flagOf,
  type KeysOf,
  keysOf,
  type PageSettings,
  type SettingKey,
  type SharedSettings,
  settingOf,
  type ValueOf,
  type Visibility,
} from './settings.ts';

/** The settings of one environment. */
export type EnvironmentSettings = SharedSettings & PageSettings;

/** The settings in a `.yo-rc.json`. */
export type RecordedSettings = {
  readonly estate: Partial<EstateSettings>;
  readonly shared: SharedSettings;
  readonly environments: readonly (EnvironmentSettings & { readonly name: string })[];
};

/** Every setting of a run, typed. */
export type ResolvedSettings = {
  readonly estate: EstateSettings;
  readonly shared: SharedSettings;
  /** The settings of the environment `name`. */
  readonly environment: (name: string) => EnvironmentSettings;
};

/**
 * The settings of a run. A flag has precedence over an answer, an answer over the record, and the record over the
 * default. `given` includes the answers. `names` are the environments of the run: a flag without an environment
 * applies to all of them and, with `tenant`, to no others. Adds everything that breaks a rule to `problems`.
 */
export function resolve(
  given: Given,
  recorded: RecordedSettings | undefined,
  names: readonly string[],
  problems: Problem[],
): ResolvedSettings {
  const { command } = given;
  const texts = withContents(given);
  const estate = fill(keysOf('estate'), (key) => [
    readGiven(key, texts, problems),
    recorded?.estate[key],
    defaultOf(key),
  ]);
  const givenShared = fill(keysOf('environment'), (key) => [readGiven(key, texts, problems)]);
  const settle = (settings: SharedSettings): SharedSettings =>
    given.publisher !== undefined && settings.owner === DEMO_OWNER
      ? { ...settings, owner: given.publisher }
      : settings;
  const { visibility } = estate as EstateSettings;
  // A recorded value that is safe only for public repositories must not stay when the repositories become private.
  const becomesPrivate =
    visibility === 'private' && recorded !== undefined && recorded.estate.visibility !== 'private';
  const kept = keysOf('environment').filter((key) => {
    const { privateDefault, privateOnly } = settingOf(key);
    if (visibility === 'public' && privateOnly) return false;
    return !becomesPrivate || privateDefault === undefined;
  });
  const recordedShared = pick(recorded?.shared, kept);
  const shared = settle(
    fill(keysOf('environment'), (key) => [
      command === 'tenant' ? undefined : givenShared[key],
      recordedShared[key],
      defaultOf(key, '', visibility),
    ]) as SharedSettings,
  );
  const pages = readPages(texts, names, recorded, problems);
  const known = new Map(recorded?.environments.map((one) => [one.name, one]));
  const environment = (name: string): EnvironmentSettings => {
    const before = known.get(name);
    const own = { ...shared, ...pick(before, kept), ...givenShared };
    const page = {
      ...Object.fromEntries(keysOf('each').map((key) => [key, defaultOf(key, name)])),
      ...pick(before, keysOf('each')),
      ...joinPages(pages.get(''), pages.get(name)),
    };
    return { ...settle(own as SharedSettings), ...(page as PageSettings) };
  };
  return { estate: estate as EstateSettings, shared, environment };
}

/** The texts of `given`, with the contents of files in place of their names. */
function withContents({ texts, contents }: Given): Texts {
  if (contents === undefined) return texts;
  const files = keysOf('each').filter((key) => settingOf(key).isFile && texts[key]);
  const read = files.map((key) => [key, texts[key]?.map((text) => contents.get(text) ?? text)]);
  return { ...texts, ...Object.fromEntries(read) };
}

/** Joins the flags for all environments with the flags for one. A list has the values of both, unless the one is emptied. */
function joinPages(
  all: Partial<PageSettings> = {},
  one: Partial<PageSettings> = {},
): Partial<PageSettings> {
  const lists = keysOf('each').flatMap((key): [string, unknown][] => {
    const [before, own] = [all[key], one[key]];
    if (!Array.isArray(before) || !Array.isArray(own) || own.length === 0) return [];
    return [[key, [...new Set([...before, ...own])]]];
  });
  return { ...all, ...one, ...Object.fromEntries(lists) };
}

/** The values of `keys` in `settings`. */
function pick<T extends object>(settings: T | undefined, keys: readonly (keyof T)[]): Partial<T> {
  if (settings === undefined) return {};
  return Object.fromEntries(keys.map((key) => [key, settings[key]])) as Partial<T>;
}

/** For each of `keys`, the first value of `candidates` that is defined. */
function fill<K extends SettingKey>(
  keys: readonly K[],
  candidates: (key: K) => readonly unknown[],
): { [key in K]?: ValueOf<key> } {
  const filled: { [key in K]?: unknown } = {};
  for (const key of keys) {
    const value = candidates(key).find((one) => one !== undefined);
    if (value !== undefined) filled[key] = value;
  }
  return filled as { [key in K]?: ValueOf<key> };
}

/** The default of `key`, read by its rule; an empty list for a setting that is a list. */
export function defaultOf(
  key: SettingKey,
  environment = '',
  visibility: Visibility = 'public',
): unknown {
  const { privateDefault } = settingOf(key);
  const text =
    visibility === 'private' && privateDefault !== undefined
      ? privateDefault
      : defaultText(key, environment);
  return text === undefined ? [] : settingOf(key).rule.read(text);
}

/** The value that empties a list. */
const NONE = 'none';

/** The value of `key` in `texts`: a list, or the last value of a flag that is not a list. */
function readGiven(key: SettingKey, texts: Texts, problems: Problem[]): unknown {
  const given = texts[key];
  if (given === undefined) return undefined;
  if (settingOf(key).list) return readList(key, given, problems);
  return given.map((text) => readSetting(key, text, problems)).at(-1);
}

/** `text` if it is a value of `key`, and otherwise an example: for the example of a message about something else. */
export function goodText(key: SettingKey, text: string): string {
  const { rule } = settingOf(key);
  return rule.read(text) === undefined ? rule.example : text;
}

/**
 * The value of `key` in `text`; a problem is added to `problems` when the text breaks its rule. `before` is what the user
 * wrote before the text, such as the environment that it is for.
 */
export function readSetting<K extends SettingKey>(
  key: K,
  text: string,
  problems: Problem[],
  where = flagOf(key),
  before = '',
): Element<ValueOf<K>> | undefined {
  const { rule } = settingOf(key);
  const value = rule.read(text);
  const example = `${before}${meantBy(text, rule.choices ?? []) ?? rule.example}`;
  const shown = where.startsWith('--') ? `${where} ${example}` : example;
  if (value === undefined)
    problems.push({
      given: rule.isSecret?.(text) ? `${where} ***` : `${where} ${quote(`${before}${text}`)}`,
      rule: ruleAbout(rule, text),
      example: shown,
      flag: where,
      settings: [key],
    });
  return value as Element<ValueOf<K>> | undefined;
}

type Element<T> = T extends readonly (infer E)[] ? E : T;

/** The values of flags such as `--replicas`, by environment. '' has the values for all environments of the run. */
function readPages(
  texts: Texts,
  names: readonly string[],
  recorded: RecordedSettings | undefined,
  problems: Problem[],
): Map<string, Partial<PageSettings>> {
  const elsewhere = recorded?.environments.map(({ name }) => name) ?? [];
  const pages = new Map<string, Partial<PageSettings>>();
  for (const key of keysOf('each')) {
    const own = new Map<string, string[]>();
    for (const text of texts[key] ?? []) {
      const [name, value] = splitOnce(text, '=');
      const one = value !== undefined && names.includes(name);
      if (!one && value !== undefined) {
        if (!mayBeText(key, text, name, { names, elsewhere }, problems)) continue;
      }
      const page = one ? name : '';
      own.set(page, [...(own.get(page) ?? []), one ? value : text]);
    }
    for (const [page, values] of own) {
      const read = settingOf(key).list ? readList : readOnce;
      pages.set(page, { ...pages.get(page), [key]: read(key, values, problems, page, names[0]) });
    }
  }
  return pages;
}

/** The value of all of `texts`, which must agree. */
function readOnce(
  key: SettingKey,
  texts: readonly string[],
  problems: Problem[],
  page: string,
  environment = 'dev',
): unknown {
  let first: unknown;
  for (const text of texts) {
    const value = readSetting(key, text, problems, flagOf(key), prefixOf(page));
    if (first !== undefined && first !== value)
      problems.push({
        given: [String(first), text]
          .map((one) => `${flagOf(key)} ${quote(`${prefixOf(page)}${one}`)}`)
          .join(' and '),
        rule: 'give this flag once for all environments, and once for each environment',
        example: `${flagOf(key)} ${environment}=${settingOf(key).rule.example}`,
        flag: flagOf(key),
        settings: [key],
      });
    first ??= value;
  }
  return first;
}

/** What a user writes before a value for the environment `page` only. */
const prefixOf = (page: string): string => (page === '' ? '' : `${page}=`);

/** The values of `texts` without duplicates. The word `none` empties the list. */
function readList(
  key: SettingKey,
  texts: readonly string[],
  problems: Problem[],
  page = '',
): unknown[] {
  if (texts.length === 1 && texts[0] === NONE) return [];
  const values = texts.map((text) => readSetting(key, text, problems, flagOf(key), prefixOf(page)));
  return [...new Set(values.filter((value) => value !== undefined))];
}

/** Whether `text`, which has `=` after `name`, is a value for all environments, and not for a mistyped environment. */
function mayBeText(
  key: KeysOf<'each'>,
  text: string,
  name: string,
  known: { readonly names: readonly string[]; readonly elsewhere: readonly string[] },
  problems: Problem[],
): boolean {
  const { names, elsewhere } = known;
  const isName = environmentName.read(name.toLowerCase()) !== undefined;
  const meant = closest(name, [...names, ...elsewhere]);
  const isText = settingOf(key).rule.read(text) !== undefined;
  if (!isName || (meant === undefined && isText)) return true;
  const flag = flagOf(key);
  problems.push({
    given: `${flag} ${quote(text)}`,
    rule: elsewhere.includes(name)
      ? `this run changes only ${names.join(', ')}, and not ${name}`
      : `there is no environment ${name}. The environments are ${names.join(', ')}`,
    example: `${flag} ${names.includes(meant ?? '') ? meant : (names[0] ?? 'dev')}=${settingOf(key).rule.example}`,
    flag,
    settings: [key],
  });
  return false;
}
