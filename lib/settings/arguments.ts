import { parseArgs } from 'node:util';
import { type Problem, quote } from '../errors.ts';
import { listed } from '../render/wrap.ts';
import { meantBy } from './closest.ts';
import { type Caller, extraWords, lineOf } from './command-words.ts';
import {
  type CommandName,
  flagOf,
  isSwitch,
  SETTINGS,
  type SettingKey,
  settingOf,
  settingsOf,
} from './settings.ts';

/** The arguments as text, without conversion to numbers or booleans. */
export type Given = {
  readonly command: CommandName;
  readonly positionals: readonly string[];
  readonly texts: Texts;
  /** The switches of the run that are on. */
  readonly switches: { readonly [key in SettingKey]?: true };
  /** For each text that names a file: the text with the contents of the file in place of its name. */
  readonly contents?: ReadonlyMap<string, string>;
  /** With `--publish`: the owner that replaces the owner of the public demo, because only that owner can push there. */
  readonly publisher?: string;
};

/** The command line for `given` as words. It includes the answers. */
export function wordsOf({ command, positionals, texts }: Given): string[] {
  return [
    'flux-gitops',
    ...(command === 'app' ? [] : [command]),
    ...positionals,
    ...flagWords(texts),
  ];
}

/** The flags for `texts`. */
function flagWords(texts: Texts): string[] {
  return KEYS.flatMap((key) =>
    (texts[key] ?? []).map((text) => {
      if (!settingOf(key).isYesNo) return `${flagOf(key)}=${text}`;
      return text === 'yes' ? flagOf(key) : `${flagOf(key)}=no`;
    }),
  );
}

/** The texts for each setting, in the order of the flags. */
export type Texts = { readonly [key in SettingKey]?: readonly string[] };

const KEYS = Object.keys(SETTINGS) as SettingKey[];
const KEYS_OF_FLAG = Map.groupBy(KEYS, flagOf);

/** The setting of `flag`, preferably the one of `command`: the same flag can mean different settings. */
function keyOf(flag: string, command: CommandName): SettingKey | undefined {
  const keys = KEYS_OF_FLAG.get(flag) ?? [];
  return keys.find((key) => settingOf(key).commands.includes(command)) ?? keys[0];
}

const OPTIONS = Object.fromEntries(
  KEYS.map((key) => {
    const { isYesNo, short } = settingOf(key);
    const type = isYesNo ? ('boolean' as const) : ('string' as const);
    return [flagOf(key).slice(2), { type, multiple: true, ...(short && { short }) }];
  }),
);

const SHORTS = KEYS.flatMap((key) => settingOf(key).short ?? []);

type Token = Extract<
  NonNullable<ReturnType<typeof parseArgs>['tokens']>[number],
  { kind: 'option' }
>;
type Reading = {
  readonly command: CommandName;
  readonly caller: Caller;
  readonly positionals: string[];
  readonly texts: { [key in SettingKey]?: string[] };
  readonly problems: Problem[];
};

/**
 * Reads `argv` (without the command) for `command`, and returns all its problems. Ignores the flags in `foreign`,
 * which belong to Yeoman. Writes the examples for `caller`.
 */
export function parseArguments(
  command: CommandName,
  argv: readonly string[],
  foreign: readonly string[] = [],
  caller: Caller = 'flux-gitops',
): { given: Given; problems: Problem[] } {
  const reading: Reading = { command, caller, positionals: [], texts: {}, problems: [] };
  const { tokens } = parseArgs({
    args: withTwoDashes(argv),
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  let before: Token | undefined;
  let open = false;
  for (const token of tokens) {
    if (token.kind === 'positional' && open) open = false;
    else if (token.kind === 'positional') readPositional(token.value, before, reading);
    else if (token.kind === 'option') open = readFlag(token, argv[token.index], foreign, reading);
    before = token.kind === 'option' ? token : undefined;
  }
  checkPositionals(reading);
  checkPublishing(reading);
  checkLive(reading);
  checkPairs(reading);
  const { positionals, texts, problems } = reading;
  const on = KEYS.filter((key) => isSwitch(key) && texts[key]?.at(-1) === 'yes');
  const switches = Object.fromEntries(on.map((key) => [key, true as const]));
  return { given: { command, positionals, texts, switches }, problems };
}

/** Refuses a word such as `no` after a yes-or-no flag, because it would count as an environment. */
function readPositional(word: string, before: Token | undefined, reading: Reading): void {
  const key = before && keyOf(before.rawName, reading.command);
  const isValue = /^(yes|no|true|false|on|off|[01])$/i.test(word);
  if (key === undefined || before?.inlineValue || !settingOf(key).isYesNo || !isValue) {
    reading.positionals.push(word);
    return;
  }
  const flag = flagOf(key);
  reading.problems.push({
    given: `${flag} ${word}`,
    rule: `the value of this flag must follow after =. A word after a blank is the name of an environment`,
    example: `${flag}=${/^(yes|true|on|1)$/i.test(word) ? 'yes' : 'no'}`,
    flag,
    settings: [key],
  });
}

/** Returns whether the flag is mistyped, so that the word after it is probably its value. */
function readFlag(
  token: Token,
  typed: string | undefined,
  foreign: readonly string[],
  reading: Reading,
): boolean {
  const { rawName } = token;
  const flag = rawName.startsWith('--') ? rawName : `--${token.name}`;
  const key = keyOf(flag, reading.command);
  const isMended = typed !== undefined && rawName.startsWith('--') && isOneDash(typed);
  if (isMended || key === undefined || !settingOf(key).commands.includes(reading.command)) {
    if (foreign.includes(rawName)) return false;
    const problem = unknownFlag(reading, isMended ? rawName.slice(1) : rawName);
    reading.problems.push(problem);
    const meant = keyOf(problem.example, reading.command);
    if (token.value !== undefined) return false;
    return meant === undefined ? reading.command === 'app' : !settingOf(meant).isYesNo;
  }
  const text = settingOf(key).isYesNo ? yesOrNo(key, token, reading) : textOf(key, token, reading);
  if (text === undefined) return false;
  const earlier = reading.texts[key] ?? [];
  const { list, scope, rule } = settingOf(key);
  if (earlier.length > 0 && !list && scope !== 'each' && earlier[0] !== text)
    reading.problems.push({
      given: `${flag} ${quote(earlier[0] ?? '')} and ${flag} ${quote(text)}`,
      rule: 'give this flag once',
      example: `${flag}${settingOf(key).isYesNo ? '' : ` ${rule.example}`}`,
      flag,
      settings: [key],
    });
  reading.texts[key] = [...earlier, text];
  return false;
}

/** `argv` with two dashes before each name that has one: the letters of -owner are not separate flags. */
function withTwoDashes(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  return argv.map((word, at) => {
    const [key] = KEYS_OF_FLAG.get(argv[at - 1] ?? '') ?? [];
    const isValue = key !== undefined && !settingOf(key).isYesNo;
    return isValue || (end >= 0 && at > end) || !isOneDash(word) ? word : `-${word}`;
  });
}

/** Whether `word` is a name after one dash, such as `-owner`, and not letters that are separate flags, such as `-yh`. */
const isOneDash = (word: string): boolean =>
  /^-[a-z][\w-]+(=|$)/i.test(word) && ![...word.slice(1)].every((one) => SHORTS.includes(one));

function yesOrNo(key: SettingKey, { value }: Token, { problems }: Reading): string | undefined {
  if (value === undefined || value === 'true' || value === 'yes') return 'yes';
  if (value === 'false' || value === 'no') return 'no';
  const flag = flagOf(key);
  const given = `${flag}=${value}`;
  const rule = 'this flag means yes, and it takes only the values yes and no';
  problems.push({ given, rule, example: `${flag}, or ${flag}=no`, flag, settings: [key] });
  return undefined;
}

function textOf(
  key: SettingKey,
  { value, inlineValue }: Token,
  { problems }: Reading,
): string | undefined {
  if (value !== undefined && (inlineValue || !isFlag(value))) return value;
  const flag = flagOf(key);
  const given = value === undefined ? `${flag} has no value` : `${flag} is followed by ${value}`;
  const rule = 'this flag needs a value. Write a value that starts with -- after =';
  const example = `${flag}=${settingOf(key).rule.example}`;
  problems.push({ given, rule, example, flag, settings: [key] });
  return undefined;
}

const isFlag = (word: string): boolean => KEYS_OF_FLAG.has(word.split('=')[0] ?? '');

/** Switches that contradict each other. */
const CONTRADICTIONS: readonly (readonly [SettingKey, SettingKey, rule: string])[] = [
  ['keep', 'force', '--keep keeps the files that you edited, and --force overwrites them'],
  ['check', 'publish', '--check changes nothing, so it has nothing to publish'],
  ['check', 'conflictMarkers', '--check writes nothing'],
  [
    'conflictMarkers',
    'publish',
    'you must decide about the conflicts before anything is published',
  ],
  ['conflictMarkers', 'keep', '--keep keeps the files that you edited as they are'],
  [
    'conflictMarkers',
    'force',
    '--force overwrites the files that you edited, so no conflict is left',
  ],
];

function checkPairs({ texts, problems }: Reading): void {
  const isOn = (key: SettingKey): boolean => texts[key]?.at(-1) === 'yes';
  for (const [one, other, rule] of CONTRADICTIONS.filter((pair) => isOn(pair[0]) && isOn(pair[1])))
    problems.push({
      given: `${flagOf(one)} and ${flagOf(other)}`,
      rule,
      example: flagOf(one),
      flag: `${flagOf(one)} or ${flagOf(other)}`,
      settings: [one, other],
    });
}

function checkPublishing({ texts, problems }: Reading): void {
  if (texts.publish?.at(-1) === 'yes') return;
  for (const key of KEYS.filter((one) => settingOf(one).publishing && texts[one]))
    problems.push({
      given: `${flagOf(key)} without --publish`,
      rule: 'this flag is about publishing, so it needs --publish',
      example: `--publish ${flagOf(key)}`,
      flag: '--publish',
      settings: [key],
    });
}

/** Checks that a command that can work without the cluster has no flag about the cluster then. */
function checkLive({ command, texts, problems }: Reading): void {
  const isLive = texts.live?.at(-1) === 'yes';
  // `status` always uses the cluster.
  if (isLive || texts.context === undefined || !settingsOf(command).includes('live')) return;
  problems.push({
    given: '--context without --live',
    rule: 'only --live uses the cluster',
    example: '--live --context kind-flux',
    flag: '--live',
    settings: ['live', 'context'],
  });
}

function checkPositionals({ command, caller, positionals, texts, problems }: Reading): void {
  const problem = extraWords(command, positionals, flagWords(texts), caller);
  if (problem) problems.push(problem);
}

function unknownFlag({ command, caller }: Reading, flag: string): Problem {
  const known = settingsOf(command).map(flagOf);
  const commands = (KEYS_OF_FLAG.get(flag) ?? []).flatMap((key) => settingOf(key).commands);
  const elsewhere = commands.map((one) => lineOf(one, caller));
  const name = lineOf(command, caller);
  const rule =
    elsewhere.length > 0
      ? `${name} does not have this flag, but ${listed(elsewhere)} ${elsewhere.length > 1 ? 'do' : 'does'}`
      : `${name} has no such flag`;
  return {
    given: flag,
    rule,
    example: meantBy(flag, known) ?? `${name} --help, which lists all flags`,
    flag: `${flag} (all flags: ${name} --help)`,
  };
}

/** The text before and after the first `separator`. */
export function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
