import { type Problem, quote } from '../errors.ts';
import {
  type CommandName,
  flagOf,
  PUBLISH_ONLY,
  SETTINGS,
  type Setting,
  type SettingKey,
  SWITCHES,
  type SwitchKey,
  settingsOf,
} from './settings.ts';

/** What was given, as text: nothing is bent into numbers or booleans. */
export type Given = {
  readonly command: CommandName;
  readonly positionals: readonly string[];
  readonly texts: { readonly [key in SettingKey]?: readonly string[] };
  readonly switches: { readonly [key in SwitchKey]?: true };
};

type Reading = {
  positionals: string[];
  texts: { [key in SettingKey]?: string[] };
  switches: { [key in SwitchKey]?: true };
  problems: Problem[];
};

const POSITIONALS = {
  app: { most: 0, example: 'flux-gitops --name flux-demo' },
  tenant: { most: Number.POSITIVE_INFINITY, example: 'flux-gitops tenant qa' },
  'scenario-repo': { most: 1, example: 'flux-gitops scenario-repo flux-qa' },
};

/**
 * Reads `argv` (without the command) for `command`, with every problem it has.
 * `also` names flags that belong to somebody else and are passed over (Yeoman's own).
 */
export function parseArguments(
  command: CommandName,
  argv: readonly string[],
  also: readonly string[] = [],
): { given: Given; problems: Problem[] } {
  const reading: Reading = { positionals: [], texts: {}, switches: {}, problems: [] };
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') reading.positionals.push(...rest.splice(0));
    else if (word === '-h') reading.switches.help = true;
    else if (/^--?[^-\d]/.test(word)) readFlag(command, word, rest, also, reading);
    else reading.positionals.push(word);
  }
  checkPositionals(command, reading);
  checkPublishFlags(reading);
  const { problems, ...given } = reading;
  return { given: { command, ...given }, problems };
}

function checkPublishFlags({ switches, texts, problems }: Reading): void {
  for (const key of switches.publish ? [] : PUBLISH_ONLY)
    if (
      (texts as object as Record<string, unknown>)[key] ??
      (switches as Record<string, unknown>)[key]
    )
      problems.push({
        given: `${flagOf(key)} without --publish`,
        rule: 'it says how repositories are published',
        example: `--publish ${flagOf(key)}`,
        flag: '--publish',
      });
}

function readFlag(
  command: CommandName,
  word: string,
  rest: string[],
  also: readonly string[],
  reading: Reading,
): void {
  const [flag = '', inline] = splitOnce(word, '=');
  const key = (Object.keys(SETTINGS) as SettingKey[]).find((name) => flagOf(name) === flag);
  const switchKey = (Object.keys(SWITCHES) as SwitchKey[]).find((name) => flagOf(name) === flag);
  if (key !== undefined && settingsOf(command).includes(key)) readText(key, inline, rest, reading);
  else if (switchKey !== undefined) readSwitch(switchKey, inline, reading);
  else if (!also.includes(flag)) reading.problems.push(unknownFlag(command, flag));
}

function readText(
  key: SettingKey,
  inline: string | undefined,
  rest: string[],
  reading: Reading,
): void {
  const flag = flagOf(key);
  const { example } = SETTINGS[key].rule;
  const { alone } = SETTINGS[key] as Setting<unknown>;
  const value = inline ?? alone ?? rest[0];
  const next = inline === undefined && alone === undefined;
  if (value === undefined || (next && isFlag(value))) {
    const given = value === undefined ? `${flag} has no value` : `${flag} is followed by ${value}`;
    const rule = 'a flag takes a value; one that starts with -- is written with =';
    reading.problems.push({ given, rule, example: `${flag}=${example}`, flag });
    return;
  }
  if (next) rest.shift();
  const before = reading.texts[key] ?? [];
  if (before.length > 0 && SETTINGS[key].many === undefined && before[0] !== value) {
    const given = `${flag} ${quote(before[0] ?? '')} and ${flag} ${quote(value)}`;
    reading.problems.push({
      given,
      rule: 'this flag is given once',
      example: `${flag} ${example}`,
      flag,
    });
  }
  reading.texts[key] = [...before, value];
}

function readSwitch(key: SwitchKey, inline: string | undefined, reading: Reading): void {
  const flag = flagOf(key);
  if (inline === undefined || inline === 'true') reading.switches[key] = true;
  else if (inline !== 'false')
    reading.problems.push({
      given: `${flag}=${inline}`,
      rule: 'this flag takes no value',
      example: flag,
      flag,
    });
}

function checkPositionals(command: CommandName, reading: Reading): void {
  const { most, example } = POSITIONALS[command];
  const extra = reading.positionals.slice(most);
  if (extra.length === 0) return;
  const rule =
    most === 0
      ? 'this command takes flags only; the others are tenant and scenario-repo'
      : 'this command takes one repository';
  const given = extra.map((word) => `argument ${quote(word)}`).join(', ');
  reading.problems.push({ given, rule, example, flag: 'the arguments' });
}

const isFlag = (word: string): boolean =>
  word.startsWith('--') &&
  [...Object.keys(SETTINGS), ...Object.keys(SWITCHES)].some(
    (key) => flagOf(key as SettingKey) === splitOnce(word, '=')[0],
  );

function unknownFlag(command: CommandName, flag: string): Problem {
  const known = [...settingsOf(command), ...(Object.keys(SWITCHES) as SwitchKey[])].map(flagOf);
  const elsewhere = (Object.keys(SETTINGS) as SettingKey[]).find((key) => flagOf(key) === flag);
  const name = command === 'app' ? 'flux-gitops' : `flux-gitops ${command}`;
  const rule = elsewhere
    ? `${name} does not take it; ${SETTINGS[elsewhere].of.join(' and ')} does`
    : `${name} has no such flag`;
  return {
    given: flag,
    rule,
    example: nearest(flag, known),
    flag: `${flag} (all flags: ${name} --help)`,
  };
}

/** The text before and after the first `separator`. */
export function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** The word of `known` with the fewest edits from `word`. */
export function nearest(word: string, known: readonly string[]): string {
  const ranked = known.map((candidate) => ({ candidate, edits: editDistance(word, candidate) }));
  return ranked.reduce((best, next) => (next.edits < best.edits ? next : best)).candidate;
}

/** Levenshtein's distance. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
