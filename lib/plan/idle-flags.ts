/** The notes about flags that a run accepts although they change nothing now. The record keeps their values for later. */
import { listed } from '../render/wrap.ts';
import { type Given, splitOnce, type Texts } from '../settings/arguments.ts';
import {
  type CommandName,
  flagOf,
  type Group,
  keysOf,
  type SettingKey,
  settingOf,
} from '../settings/settings.ts';
import type { Environment } from './estate.ts';
import { isOci } from './values/oci.ts';
import { hasDemo } from './values/values.ts';

/** What an environment must have so that some flags change anything. */
type Need = {
  readonly keys: readonly SettingKey[];
  readonly isMet: (environment: Environment, command: CommandName) => boolean;
  /** The rest of the sentence "only ... have it". */
  readonly who: string;
};

const isHardened = ({ profile }: Environment): boolean => profile === 'hardened';

/** Those of `keys` that the help shows under the heading `group`. */
const inGroup = (group: Group, ...keys: readonly SettingKey[]): SettingKey[] =>
  keys.filter((key) => settingOf(key).group === group);

const NEEDS: readonly Need[] = [
  {
    keys: [...inGroup('isolation', ...keysOf('estate'), ...keysOf('each')), 'allowKustomize'],
    isMet: isHardened,
    who: 'tenants with --profile hardened',
  },
  { keys: ['registry', 'signature'], isMet: isOci, who: 'environments with --source oci' },
  {
    keys: ['credentials', 'sshUrl'],
    isMet: (one) => !isOci(one),
    who: 'environments with --source git',
  },
  {
    keys: inGroup('demo app', ...keysOf('environment'), ...keysOf('each')).filter(
      (key) => key !== 'noDemo' && key !== 'serviceType',
    ),
    isMet: hasDemo,
    who: 'environments with the demo app',
  },
  {
    keys: ['serviceType'],
    // A Service of type LoadBalancer counts in the quota of a hardened tenant, which the config repo has.
    isMet: (one, command) => hasDemo(one) || (isHardened(one) && command !== 'scenario-repo'),
    who: 'environments with the demo app',
  },
];

/** The notes about flags of `given` that change nothing for environments of `environments`, and for which. */
export function idleFlagNotes(given: Given, environments: readonly Environment[]): string[] {
  const names = environments.map(({ name }) => name);
  return NEEDS.flatMap(({ keys, isMet, who }) =>
    keys.flatMap((key) => {
      const idle = environments
        .filter((one) => !isMet(one, given.command) && isFor(key, one.name, given.texts, names))
        .map(({ name }) => name);
      // What the estate has once does its work if one environment has it.
      const isAtWork = settingOf(key).scope === 'estate' && idle.length < names.length;
      if (idle.length === 0 || isAtWork) return [];
      return [`${flagOf(key)} changes nothing for ${listed(idle)} now: only ${who} have it.`];
    }),
  );
}

/** Whether a value of `key` in `texts` is for the environment `name`, and not only for another one of `names`. */
function isFor(key: SettingKey, name: string, texts: Texts, names: readonly string[]): boolean {
  return (texts[key] ?? []).some((text) => {
    const [head, rest] = splitOnce(text, '=');
    const isForOne = settingOf(key).scope === 'each' && rest !== undefined && names.includes(head);
    return !isForOne || head === name;
  });
}
