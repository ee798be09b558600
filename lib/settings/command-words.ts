import { type Problem, quote } from '../errors.ts';
import { shellCommand } from '../render/quoting.ts';
import { meantBy } from './closest.ts';
import type { CommandName } from './settings.ts';

/** The program that the user runs: `flux-gitops`, or Yeoman's `yo`, which has a colon before a subcommand. */
export type Caller = 'flux-gitops' | 'yo';

type CommandRow = {
  /** The placeholder for the words before the flags; undefined if the command takes none. */
  readonly value?: string;
  /** The maximum number of these words. */
  readonly most: number;
  /** The rule for the message about extra words. */
  readonly rule: string;
  /** The words after the command in an example. */
  readonly example: string;
};

/** The words before the flags of each command. */
export const COMMANDS: { readonly [command in CommandName]: CommandRow } = {
  app: { most: 0, rule: 'this command takes flags only', example: '--name flux-demo' },
  tenant: {
    value: 'ENV',
    most: Number.POSITIVE_INFINITY,
    rule: 'this command takes environments',
    example: 'qa',
  },
  'scenario-repo': {
    value: 'REPO',
    most: 1,
    rule: 'this command takes one app repo',
    example: 'flux-qa',
  },
  update: { most: 0, rule: 'this command takes flags only', example: '--into flux-demo' },
  remove: {
    value: 'ENV',
    most: Number.POSITIVE_INFINITY,
    rule: 'this command takes environments',
    example: 'qa',
  },
  rename: {
    value: 'OLD NEW',
    most: 2,
    rule: 'this command takes the old and the new name of one environment',
    example: 'qa test',
  },
  credentials: {
    value: 'ENV',
    most: Number.POSITIVE_INFINITY,
    rule: 'this command takes environments',
    example: 'dev',
  },
  adopt: { most: 0, rule: 'this command takes flags only', example: '--into flux-demo' },
  verify: { most: 0, rule: 'this command takes flags only', example: '--into flux-demo' },
  status: {
    value: 'ENV',
    most: Number.POSITIVE_INFINITY,
    rule: 'this command takes environments',
    example: 'dev',
  },
};

/** The shells that have a completion script. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Commands that only `flux-gitops` has: they plan nothing, and yo does not know them. */
export const OWN_COMMANDS: {
  readonly [word: string]: { readonly value: string; readonly summary: string };
} = {
  help: { value: 'COMMAND', summary: 'Shows the help of a command' },
  completion: {
    value: SHELLS.join('|'),
    summary: 'Prints a script that completes commands in your shell',
  },
};

/** Every command with its own word. */
export const WORDS = (Object.keys(COMMANDS) as CommandName[]).filter((name) => name !== 'app');

/** The command with the name `word`. */
export function commandOf(word: string | undefined): CommandName | undefined {
  return word !== undefined && Object.hasOwn(COMMANDS, word) ? (word as CommandName) : undefined;
}

/** How `caller` writes `command`. */
export function lineOf(command: CommandName, caller: Caller): string {
  if (caller === 'yo') return command === 'app' ? 'yo flux-gitops' : `yo flux-gitops:${command}`;
  return command === 'app' ? 'flux-gitops' : `flux-gitops ${command}`;
}

/** `text` with each line that starts with `flux-gitops` as `caller` writes it. */
export function linesFor(caller: Caller, text: string): string {
  if (caller !== 'yo') return text;
  const words = ['COMMAND', ...WORDS].join('|');
  return text.replace(
    new RegExp(`^( +)flux-gitops(?: (${words})(?= |$))?(?= |$)`, 'gm'),
    (_, indent: string, word?: string) =>
      `${indent}yo flux-gitops${word === undefined ? '' : `:${word}`}`,
  );
}

/** `command` in the help of `caller`, with the words before the flags. */
export function usageLine(command: CommandName, caller: Caller): string {
  const { value, most } = COMMANDS[command];
  if (value === undefined) return lineOf(command, caller);
  return `${lineOf(command, caller)} ${value}${most > 2 ? '...' : ''}`;
}

/** The problem that `command` takes fewer `words` before the flags. `flags` are the other arguments. */
export function extraWords(
  command: CommandName,
  words: readonly string[],
  flags: readonly string[],
  caller: Caller,
): Problem | undefined {
  const { most, rule, example } = COMMANDS[command];
  const extra = words.slice(most);
  if (extra.length === 0) return undefined;
  if (command === 'app') return unknownCommand(extra, flags, caller);
  return wordsProblem(extra, rule, `${lineOf(command, caller)} ${example}`);
}

/** The problem that the first of `words` is not a command, or is a command in the wrong place. */
export function unknownCommand(
  words: readonly string[],
  flags: readonly string[],
  caller: Caller,
): Problem {
  const [first = '', ...others] = words;
  const known = [...WORDS, ...Object.keys(OWN_COMMANDS)];
  const meant = meantBy(first, known);
  const isHelp = flags.includes('--help');
  if (meant === undefined) {
    const rule = `there is no such command. The commands are ${known.join(', ')}`;
    return wordsProblem(words, rule, `${lineOf('app', caller)} --help`);
  }
  const target = commandOf(meant);
  const line = target ? lineOf(target, caller) : `flux-gitops ${meant}`;
  const more = others.length > 0 || isHelp || !target ? others : [COMMANDS[target].example];
  const example = [line, shellCommand([...more, ...flags])].join(' ').trimEnd();
  if (first !== meant) return wordsProblem(words, 'there is no such command', example);
  const rule =
    caller === 'yo'
      ? 'with yo, a colon joins the command to flux-gitops'
      : `the command ${meant} must be the first word`;
  return wordsProblem(words, rule, example);
}

const wordsProblem = (words: readonly string[], rule: string, example: string): Problem => ({
  given: words.map((word) => `argument ${quote(word)}`).join(', '),
  rule,
  example,
  flag: 'the arguments',
  settings: ['arguments'],
});
