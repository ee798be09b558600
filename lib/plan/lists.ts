import { shellCommand } from '../render/quoting.ts';
import { listed } from '../render/wrap.ts';
import type { Given } from '../settings/arguments.ts';
import {
  type EstateSettings,
  flagOf,
  keysOf,
  type SettingKey,
  settingOf,
} from '../settings/settings.ts';
import type { Environment } from './estate.ts';

/** The settings that an estate and its environments have. */
type Settings = {
  readonly estate: Partial<EstateSettings>;
  readonly environments: readonly Environment[];
};

/**
 * A sentence for each list that loses values: a list that the user gives replaces the recorded one. There is none for a
 * list that the user empties. `before` is what the record has, and `after` what the run plans.
 */
export function notesAboutLists({ texts }: Given, before: Settings, after: Settings): string[] {
  const given = (key: SettingKey): boolean =>
    settingOf(key).list === true && texts[key] !== undefined;
  const former = new Map(before.environments.map((one) => [one.name, one]));
  return [
    ...keysOf('estate')
      .filter(given)
      .flatMap((key) => lossOf(key, 'The estate', before.estate[key], after.estate[key])),
    ...after.environments.flatMap((one) =>
      keysOf('each')
        .filter(given)
        .flatMap((key) => lossOf(key, one.name, former.get(one.name)?.[key], one[key])),
    ),
  ];
}

/** The sentence that `owner` loses values of `key`; none if it loses nothing, or everything. */
function lossOf(key: SettingKey, owner: string, before: unknown, after: unknown): string[] {
  if (!Array.isArray(before) || !Array.isArray(after) || after.length === 0) return [];
  const lost: string[] = before.filter((value) => !after.includes(value));
  if (lost.length === 0) return [];
  const flag = flagOf(key);
  const all = shellCommand([...after, ...lost].flatMap((value) => [flag, String(value)]));
  return [
    `${owner} no longer has ${listed(lost)}, because the values of ${flag} replace the recorded ones. To have all of them: ${all}`,
  ];
}
