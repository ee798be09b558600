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
} from './settings.ts';

/** The settings of one environment. */
export type EnvironmentSettings = SharedSettings & PageSettings;

/** What a `.yo-rc.json` records of settings. */
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
 * The settings of a run, by the one rule that a flag beats an answer, an answer beats the record, and the
 * record beats the default. Answers come as `given`. `names` are the environments that the run is about;
 * a flag without an environment holds for all of them, and with `tenant` for no other. Whatever breaks a
 * rule is added to `problems`.
 */
export function resolve(
  given: Given,
  recorded: RecordedSettings | undefined,
  names: readonly string[],
  problems: Problem[],
): ResolvedSettings {
  const { texts, command } = given;
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
  const shared = settle(
    fill(keysOf('environment'), (key) => [
      command === 'tenant' ? undefined : givenShared[key],
      recorded?.shared[key],
      defaultOf(key),
    ]) as SharedSettings,
  );
  const pages = readPages(texts, names, recorded, problems);
  const known = new Map(recorded?.environments.map((one) => [one.name, one]));
  const environment = (name: string): EnvironmentSettings => {
    const before = known.get(name);
    const own = { ...shared, ...pick(before, keysOf('environment')), ...givenShared };
    const page = {
      ...Object.fromEntries(keysOf('each').map((key) => [key, defaultOf(key, name)])),
      ...pick(before, keysOf('each')),
      ...pages.get(''),
      ...pages.get(name),
    };
    return { ...settle(own as SharedSettings), ...(page as PageSettings) };
  };
  return { estate: estate as EstateSettings, shared, environment };
}

/** The values of `keys` in `settings`. */
function pick<T extends object>(settings: T | undefined, keys: readonly (keyof T)[]): Partial<T> {
  if (settings === undefined) return {};
  return Object.fromEntries(keys.map((key) => [key, settings[key]])) as Partial<T>;
}

/** For each of `keys` the first value of `candidates` that is there. */
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
export function defaultOf(key: SettingKey, environment = ''): unknown {
  const text = defaultText(key, environment);
  return text === undefined ? [] : settingOf(key).rule.read(text);
}

/** What empties a list. */
const NONE = 'none';

/** The value that `texts` give for `key`: a list where it may be given more than once, else the last one. */
function readGiven(key: SettingKey, texts: Texts, problems: Problem[]): unknown {
  const { list } = settingOf(key);
  if (list && texts[key]?.length === 1 && texts[key][0] === NONE) return [];
  const values = texts[key]?.map((text) => readSetting(key, text, problems));
  if (values === undefined) return undefined;
  return list ? values.filter((value) => value !== undefined) : values.at(-1);
}

/** The value of `key` in `text`; a problem is added to `problems` when the text breaks its rule. */
export function readSetting<K extends SettingKey>(
  key: K,
  text: string,
  problems: Problem[],
  where = flagOf(key),
): Element<ValueOf<K>> | undefined {
  const { rule } = settingOf(key);
  const value = rule.read(text);
  const example = meantBy(text, rule.choices ?? []) ?? rule.example;
  const shown = where.startsWith('--') ? `${where} ${example}` : example;
  if (value === undefined)
    problems.push({
      given: `${where} ${quote(text)}`,
      rule: ruleAbout(rule, text),
      example: shown,
      flag: where,
      settings: [key],
    });
  return value as Element<ValueOf<K>> | undefined;
}

type Element<T> = T extends readonly (infer E)[] ? E : T;

/** What flags such as `--replicas` say, by environment; what holds for all of the run is at ''. */
function readPages(
  texts: Texts,
  names: readonly string[],
  recorded: RecordedSettings | undefined,
  problems: Problem[],
): Map<string, Partial<PageSettings>> {
  const elsewhere = recorded?.environments.map(({ name }) => name) ?? [];
  const pages = new Map<string, Partial<PageSettings>>();
  for (const key of keysOf('each'))
    for (const text of texts[key] ?? []) {
      const [name, own] = splitOnce(text, '=');
      const one = own !== undefined && names.includes(name);
      if (!one && own !== undefined && !mayBeText(key, text, name, { names, elsewhere }, problems))
        continue;
      const value = readSetting(key, one ? own : text, problems);
      const page = one ? name : '';
      const earlier = pages.get(page)?.[key];
      if (earlier !== undefined && earlier !== value)
        problems.push({
          given: `${flagOf(key)} ${quote(String(earlier))} and ${flagOf(key)} ${quote(text)}`,
          rule: 'give this flag once for all environments, and once for each environment',
          example: `${flagOf(key)} ${names[0] ?? 'dev'}=${settingOf(key).rule.example}`,
          flag: flagOf(key),
          settings: [key],
        });
      pages.set(page, { ...pages.get(page), [key]: value });
    }
  return pages;
}

/** Whether `text`, which holds a `=` after `name`, is meant for all environments, and not for a mistyped one. */
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
      ? `this run is about ${names.join(', ')}, and not about ${name}`
      : `there is no environment ${name}. The environments are ${names.join(', ')}`,
    example: `${flag} ${names.includes(meant ?? '') ? meant : (names[0] ?? 'dev')}=${settingOf(key).rule.example}`,
    flag,
    settings: [key],
  });
  return false;
}
