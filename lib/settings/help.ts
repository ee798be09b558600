import {
  type CommandName,
  flagOf,
  SETTINGS,
  SWITCHES,
  type SwitchKey,
  settingsOf,
} from './settings.ts';

/** The help of `command`: its USAGE text (with runnable examples), then every flag. */
export function helpText(command: CommandName, usage: string): string {
  const settings = settingsOf(command).map((key): [string, string] => {
    const { value, help, otherwise } = SETTINGS[key];
    return [
      `${flagOf(key)} ${value}`,
      otherwise === undefined ? help : `${help} (default: ${otherwise})`,
    ];
  });
  const switches = Object.entries(SWITCHES).map(([key, help]): [string, string] => [
    flagOf(key as SwitchKey),
    help,
  ]);
  const rows = [...settings, ...switches];
  const width = Math.max(...rows.map(([flag]) => flag.length));
  const lines = rows.map(([flag, help]) => `  ${flag.padEnd(width)}  ${help}`);
  return `${usage.trimEnd()}\n\nFlags:\n${lines.join('\n')}\n`;
}
