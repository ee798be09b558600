import { wrapWords } from '../render/wrap.ts';
import { type CommandName, flagOf, GROUPS, type Group, settingOf, settingsOf } from './settings.ts';

/** How wide the help is at most. */
const WIDTH = 100;

/** The help of `command`: its USAGE text (with runnable examples), then every flag, in groups. */
export function helpText(command: CommandName, usage: string): string {
  const width = Math.min(34, Math.max(...flagRows(command).map(([flag]) => flag.length)));
  const groups = GROUPS.flatMap((group) => {
    const rows = flagRows(command, group);
    const lines = rows.flatMap((row) => helpLines(row, width));
    return rows.length === 0 ? [] : ['', `Flags: ${group}`, ...lines];
  });
  return `${usage.trimEnd()}\n${groups.join('\n')}\n`;
}

/** A flag and its meaning, which goes on below itself where the line is full. */
function helpLines([flag, meaning]: readonly [string, string], width: number): string[] {
  const indent = ' '.repeat(width + 4);
  const isLong = flag.length > width;
  const lines = wrapWords(meaning, WIDTH - indent.length);
  const below = lines.slice(isLong ? 0 : 1).map((line) => `${indent}${line}`);
  return [isLong ? `  ${flag}` : `  ${flag.padEnd(width)}  ${lines[0]}`, ...below];
}

/** Every flag of `command` (of one `group`) with its value, and what it means with its default. */
export function flagRows(command: CommandName, group?: Group): [flag: string, meaning: string][] {
  const keys = settingsOf(command).filter(
    (key) => group === undefined || settingOf(key).group === group,
  );
  return keys.map((key) => {
    const { value, help, default: text, short, isYesNo } = settingOf(key);
    const flag = `${short ? `-${short}, ` : ''}${flagOf(key)}`;
    const space = value === undefined || isYesNo ? '' : ' ';
    const shown = typeof text === 'string' && !isYesNo && key !== 'into';
    return [`${flag}${space}${value ?? ''}`, shown ? `${help} (default: ${text})` : help];
  });
}
