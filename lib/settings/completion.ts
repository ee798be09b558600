import { COMMANDS, commandOf, OWN_COMMANDS, SHELLS, type Shell, WORDS } from './command-words.ts';
import { type CommandName, flagOf, type SettingKey, settingOf, settingsOf } from './settings.ts';

/** What can follow at the end of a command line. */
export type Completion = {
  /** The part of the last word that does not change, such as `--profile=`. */
  readonly stays: string;
  /** The words that can follow. A word that ends with `=` needs more text after it. */
  readonly candidates: readonly Candidate[];
  /** Set when a path follows, because shells complete paths themselves. */
  readonly path?: 'directories' | 'files';
};

export type Candidate = { readonly value: string; readonly text: string };

/** What a completion can read from the disk. It reads only what it needs. */
export type Look = {
  /** A sentence about `command`. */
  readonly summary: (command: CommandName) => string;
  /** The estate that `command` works on with these values of `--into` and `--name`. */
  readonly estate: (into: string | undefined, name: string | undefined) => KnownEstate;
};

export type KnownEstate = {
  readonly environments: readonly string[];
  readonly repos: readonly string[];
};

/** The possible words in place of the last of `words`, which are the words after `flux-gitops`. */
export function completionOf(words: readonly string[], look: Look): Completion {
  const last = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const [word] = before;
  if (before.length === 0 && !last.startsWith('-')) return candidates(commandRows(look));
  if (word !== undefined && Object.hasOwn(OWN_COMMANDS, word) && !last.startsWith('-')) {
    if (before.length > 1) return candidates([]);
    if (word === 'completion') return candidates(rows(SHELLS));
    return candidates(commandRows(look).filter(({ value }) => value !== word));
  }
  const named = commandOf(word);
  const command = named ?? 'app';
  const line = readLine(command, named ? before.slice(1) : before);
  const estate = (): KnownEstate => look.estate(line.texts.into, line.texts.name);
  if (line.open !== undefined) return valueAt(line.open, last, '', estate);
  if (!line.ended && last.startsWith('-')) {
    const at = last.indexOf('=');
    const key = at < 0 ? undefined : keyOf(command, last.slice(0, at));
    if (at < 0) return candidates(flagRows(command, line));
    return key ? valueAt(key, last.slice(at + 1), last.slice(0, at + 1), estate) : candidates([]);
  }
  const { value: placeholder, most } = COMMANDS[command];
  // Only the old name of OLD NEW is known.
  const value = placeholder === 'OLD NEW' ? ['ENV', 'NEW'][line.words.length] : placeholder;
  const room = value !== undefined && line.words.length < most;
  const found = room ? grammar(value, last, '', estate, [], line.words) : candidates([]);
  const nothing = found.candidates.length === 0 && found.path === undefined;
  return nothing && last === '' && !line.ended ? candidates(flagRows(command, line)) : found;
}

const candidates = (found: readonly Candidate[]): Completion => ({ stays: '', candidates: found });

const rows = (values: readonly string[], text = ''): Candidate[] =>
  values.map((value) => ({ value, text }));

const commandRows = ({ summary }: Look): Candidate[] => [
  ...WORDS.map((value) => ({ value, text: summary(value) })),
  ...Object.entries(OWN_COMMANDS).map(([value, { summary: text }]) => ({ value, text })),
];

/** The command line so far. */
type Line = {
  readonly words: readonly string[];
  readonly texts: { readonly [key in SettingKey]?: string };
  /** The flag that takes the next word as its value. */
  readonly open: SettingKey | undefined;
  /** Whether no flag can follow any more. */
  readonly ended: boolean;
};

function readLine(command: CommandName, argv: readonly string[]): Line {
  const words: string[] = [];
  const texts: { [key in SettingKey]?: string } = {};
  let open: SettingKey | undefined;
  let ended = false;
  for (const word of argv) {
    if (open !== undefined) {
      texts[open] = word;
      open = undefined;
    } else if (!ended && word === '--') ended = true;
    else if (ended || !word.startsWith('-')) words.push(word);
    else {
      const [flag = '', ...value] = word.split('=');
      const key = keyOf(command, flag);
      if (key === undefined) continue;
      if (value.length > 0 || settingOf(key).isYesNo) texts[key] = value.join('=');
      else open = key;
    }
  }
  return { words, texts, open, ended };
}

const keyOf = (command: CommandName, flag: string): SettingKey | undefined =>
  settingsOf(command).find((key) => [flagOf(key), `-${settingOf(key).short}`].includes(flag));

/** The flags that can still follow. */
function flagRows(command: CommandName, { texts }: Line): Candidate[] {
  const keys = settingsOf(command).filter((key) => {
    const { list, scope } = settingOf(key);
    return texts[key] === undefined || list || scope === 'each';
  });
  return keys.map((key) => ({ value: flagOf(key), text: settingOf(key).help }));
}

function valueAt(
  key: SettingKey,
  text: string,
  stays: string,
  estate: () => KnownEstate,
): Completion {
  const { value = '', isYesNo, rule, choices = rule.choices ?? [] } = settingOf(key);
  if (isYesNo) return { stays, candidates: rows(choices) };
  return grammar(value, text, stays, estate, choices);
}

/**
 * The possible texts for `value`, which is a placeholder of the help, such as `[ENV=]N`. The user has typed `text`.
 * Does not offer the words in `given` again.
 */
function grammar(
  value: string,
  text: string,
  stays: string,
  estate: () => KnownEstate,
  choices: readonly string[] = [],
  given: readonly string[] = [],
): Completion {
  if (value === 'DIR' || value === 'FILE')
    return { stays, candidates: [], path: value === 'DIR' ? 'directories' : 'files' };
  if (choices.length > 0 && !value.includes('=')) return { stays, candidates: rows(choices) };
  const pair = /^\[?(ENV|REPO)=\]?(.*)$/.exec(value);
  if (pair) {
    const [, name = '', rest = ''] = pair;
    const at = text.indexOf('=');
    if (at >= 0)
      return grammar(rest, text.slice(at + 1), stays + text.slice(0, at + 1), estate, choices);
    const names = grammar(name, text, stays, estate).candidates;
    const open = names.map((one) => ({ ...one, value: `${one.value}=` }));
    return { stays, candidates: [...(value.startsWith('[') ? rows(choices) : []), ...open] };
  }
  if (value === 'ENV[,ENV...]') {
    const listed = text.split(',').slice(0, -1);
    const fixed = listed.map((one) => `${one},`).join('');
    return grammar('ENV', '', stays + fixed, estate, [], listed);
  }
  const left = (names: readonly string[]): string[] => names.filter((one) => !given.includes(one));
  if (value === 'ENV')
    return { stays, candidates: rows(left(estate().environments), 'environment') };
  if (value === 'REPO') return { stays, candidates: rows(left(estate().repos), 'app repo') };
  return { stays, candidates: [] };
}

/** The words of `line` as a POSIX shell splits them. The last word can be incomplete or empty. */
export function splitLine(line: string, breaks: string): { words: string[]; start: number } {
  const words: string[] = [];
  let word: string | undefined;
  let start = 0;
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const letter = line[at] ?? '';
    if (quote !== '' && letter === quote) quote = '';
    else if (letter === '\\' && quote !== "'" && at + 1 < line.length) {
      const next = line[++at] ?? '';
      word = `${word ?? ''}${quote === '' || /["\\$`]/.test(next) ? '' : letter}${next}`;
    } else if (quote === '' && (letter === '"' || letter === "'")) {
      quote = letter;
      word ??= '';
      start = word.length;
    } else if (quote === '' && /\s/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      start = 0;
    } else {
      word = `${word ?? ''}${letter}`;
      if (quote === '' && '=:'.includes(letter) && breaks.includes(letter)) start = word.length;
    }
  }
  return { words: [...words, word ?? ''], start };
}

/**
 * `completion` as the script of `shell` reads it, one candidate on each line. bash replaces only the part of `last`
 * from `start`.
 */
export function completionLines(
  shell: Shell,
  { stays, candidates: found, path }: Completion,
  last: string,
  start: number,
): string[] {
  if (path !== undefined) return [`:${path}`];
  // zsh matches the candidates itself, as its user has configured it.
  if (shell === 'zsh') return found.map(({ value, text }) => [stays, value, text].join('\t'));
  const fitting = found.filter(({ value }) => `${stays}${value}`.startsWith(last));
  if (shell === 'fish') return fitting.map(({ value, text }) => `${stays}${value}\t${text}`);
  return fitting.map(({ value }) => `${stays}${value}`.slice(start));
}
