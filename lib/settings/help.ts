import { wrapWords } from '../render/wrap.ts';
import { type Caller, linesFor, OWN_COMMANDS, usageLine, WORDS } from './command-words.ts';
import { type CommandName, flagOf, GROUPS, type Group, settingOf, settingsOf } from './settings.ts';

/** The maximum width of the help. */
const WIDTH = 100;

/** The caller of the help, and a sentence about each command. */
type HelpOptions = {
  readonly caller?: Caller;
  readonly summaryOf?: (command: CommandName) => string;
};

/** The help of `command`: its USAGE text (with runnable examples), the other commands, then every flag, in groups. */
export function helpText(
  command: CommandName,
  usage: string,
  { caller = 'flux-gitops', summaryOf = () => '' }: HelpOptions = {},
): string {
  const groups = GROUPS.map((group): Section => [`Flags: ${group}`, flagRows(command, group)]);
  const flags = groups.filter(([, rows]) => rows.length > 0);
  const width = Math.min(
    34,
    Math.max(...flags.flatMap(([, rows]) => rows.map(([flag]) => flag.length))),
  );
  const commands = command === 'app' ? [commandSection(caller, summaryOf)] : [];
  const sections = [
    ...commands.map((section) => sectionLines(section, widest(section))),
    ...flags.map((section) => sectionLines(section, width)),
  ];
  return `${[linesFor(caller, usage.trimEnd()), ...sections.flat()].join('\n')}\n`;
}

type Section = readonly [title: string, rows: readonly (readonly [string, string])[]];

const widest = ([, rows]: Section): number => Math.max(...rows.map(([first]) => first.length));

const sectionLines = ([title, rows]: Section, width: number): string[] => [
  '',
  title,
  ...rows.flatMap((row) => helpLines(row, width)),
];

/** The other commands. yo does not know commands without a generator, such as `help`. */
function commandSection(caller: Caller, summaryOf: (command: CommandName) => string): Section {
  const rows = WORDS.map((word) => [usageLine(word, caller), summaryOf(word)] as const);
  if (caller === 'yo')
    return ['Commands (with yo, a colon joins the command to flux-gitops):', rows];
  const own = Object.entries(OWN_COMMANDS).map(
    ([word, { value, summary }]) => [`flux-gitops ${word} ${value}`, summary] as const,
  );
  return ['Commands:', [...rows, ...own]];
}

/** A flag and its meaning, wrapped at the width of the help. */
function helpLines([flag, meaning]: readonly [string, string], width: number): string[] {
  const indent = ' '.repeat(width + 4);
  const isLong = flag.length > width;
  const lines = wrapWords(meaning, WIDTH - indent.length);
  const below = lines.slice(isLong ? 0 : 1).map((line) => `${indent}${line}`);
  return [isLong ? `  ${flag}` : `  ${flag.padEnd(width)}  ${lines[0]}`, ...below];
}

/** Every flag of `command` (in one `group`) with its placeholder, its meaning and its default. */
export function flagRows(command: CommandName, group?: Group): [flag: string, meaning: string][] {
  const keys = settingsOf(command).filter(
    (key) => group === undefined || settingOf(key).group === group,
  );
  return keys.map((key) => {
    const { value, help, default: text, short, isYesNo } = settingOf(key);
    const flag = `${short ? `-${short}, ` : ''}${flagOf(key)}`;
    const space = value === undefined || isYesNo ? '' : ' ';
    const isTold = isYesNo || key === 'into' || help.includes('(default:');
    const shown = typeof text === 'string' && !isTold;
    return [`${flag}${space}${value ?? ''}`, shown ? `${help} (default: ${text})` : help];
  });
}
