import { type CommandName, flagOf, settingOf, settingsOf } from './settings.ts';

/** The help of `command`: its USAGE text (with runnable examples), then every flag. */
export function helpText(command: CommandName, usage: string): string {
  const rows = flagRows(command);
  const width = Math.max(...rows.map(([flag]) => flag.length));
  const lines = rows.map(([flag, help]) => `  ${flag.padEnd(width)}  ${help}`);
  return `${usage.trimEnd()}\n\nFlags:\n${lines.join('\n')}\n`;
}

/** Every flag of `command` with its value, and what it means with its default. */
export function flagRows(command: CommandName): [flag: string, meaning: string][] {
  return settingsOf(command).map((key) => {
    const { value, help, default: text, short, isYesNo } = settingOf(key);
    const flag = `${short ? `-${short}, ` : ''}${flagOf(key)}`;
    const space = value === undefined || isYesNo ? '' : ' ';
    const shown = typeof text === 'string' && !isYesNo && key !== 'into';
    return [`${flag}${space}${value ?? ''}`, shown ? `${help} (default: ${text})` : help];
  });
}
