import { parseDocument } from 'yaml';
import type { Problem } from '../errors.ts';
import type { PastRecord } from '../plan/plan.ts';
import { isObject, type Json, RECORD_KEY, readRecord } from '../plan/record.ts';
import { sidesOf } from '../render/git-text.ts';
import { readSetting } from '../settings/resolve.ts';
import { appRepoName, configRepoName, environmentName } from '../settings/rules.ts';
import { SETTINGS, type SettingKey, settingOf } from '../settings/settings.ts';

/** The keys of other generators in `text`, as far as they can be read, and the record of this package. */
export type Salvaged = { readonly all: Json; readonly past?: PastRecord };

/**
 * What can be read of a damaged record: every value that follows its rule, up to the place where the text breaks off.
 * `from` is the place of the record, for messages.
 */
export function salvage(text: string, from: string): Salvaged {
  const sides = sidesOf(text) ?? [text];
  const [all = {}] = sides.map(tolerant).sort((one, other) => sizeOf(other) - sizeOf(one));
  const recorded = isObject(all[RECORD_KEY]) ? all[RECORD_KEY] : all.kind ? all : undefined;
  const others = Object.fromEntries(Object.entries(all).filter(([key]) => key !== RECORD_KEY));
  if (recorded === undefined) return { all: isObject(all[RECORD_KEY]) ? others : {} };
  const raw = cleaned(recorded);
  const problems: Problem[] = [];
  const { record } = readRecord(JSON.stringify({ [RECORD_KEY]: raw }), from, problems);
  const { name, ...unnamed } = raw;
  const read = isName(recorded.name) ? raw : unnamed;
  return {
    all: all === recorded ? {} : others,
    ...(record && { past: { from, record, raw: read } }),
  };
}

const sizeOf = (value: unknown): number => JSON.stringify(value)?.length ?? 0;

/** The value of `text`. YAML is a superset of JSON, and its parser reads on after an error. */
function tolerant(text: string): Json {
  const plain = text.replace(/^\ufeff/, '').replace(/^\s*\/\/.*$/gm, '');
  const document = parseDocument(plain, {
    logLevel: 'silent',
    uniqueKeys: false,
  });
  try {
    const value = document.toJS() as unknown;
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

const isName = (name: unknown): name is string =>
  typeof name === 'string' && configRepoName.read(name) !== undefined;

/** `recorded` without the values that break their rule. */
function cleaned(recorded: Json): Json {
  const { kind, name, settings, environments, version, adopted, scenarios, files, ...rest } =
    recorded;
  const named = Object.entries(isObject(environments) ? environments : {}).filter(
    ([environment, own]) =>
      environmentName.read(environment) !== undefined &&
      isObject(own) &&
      (version === 1 || appRepoName.read(String(own.repo)) !== undefined),
  );
  // Where the text breaks off, a part of a key has no value.
  const whole = Object.entries(rest).filter(([, value]) => value !== null);
  return {
    ...Object.fromEntries(whole),
    version: version === 1 ? 1 : 2,
    ...(isObject(scenarios) && { scenarios }),
    kind: kind === 'scenario-repo' ? kind : 'config-repo',
    // A record must have one. Whoever needs the real name looks whether `raw` has it.
    name: isName(name) ? name : 'flux-demo',
    settings: validSettings(settings),
    environments: Object.fromEntries(
      named.map(([environment, own]) => [environment, validSettings(own)]),
    ),
    ...(Array.isArray(files) && { files: files.map(String) }),
    ...(Array.isArray(adopted) && { adopted: adopted.map(String) }),
  };
}

/** The values of `from` that follow their rule; keys that are no setting stay. */
function validSettings(from: unknown): Json {
  if (!isObject(from)) return {};
  const valid = Object.entries(from).filter(([key, value]) => {
    if (!Object.hasOwn(SETTINGS, key)) return value !== null && /^[A-Za-z]\w*$/.test(key);
    const problems: Problem[] = [];
    if (settingOf(key as SettingKey).isFile) {
      readSetting(key as SettingKey, JSON.stringify(value), problems);
      return problems.length === 0;
    }
    for (const one of [value].flat()) readSetting(key as SettingKey, String(one), problems);
    return problems.length === 0 && value !== null && !isObject(value);
  });
  return Object.fromEntries(valid);
}
