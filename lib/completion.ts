import { homedir } from 'node:os';
import { completionScriptOf, summaryOf } from './disk/package-files.ts';
import { openWorkspace } from './disk/workspace.ts';
import { inputError, quote } from './errors.ts';
import { SHELLS, type Shell } from './settings/command-words.ts';
import {
  completionLines,
  completionOf,
  type KnownEstate,
  splitLine,
} from './settings/completion.ts';

/**
 * The answer to the script of a shell. `argv` is the shell and the words after `flux-gitops`. bash gives its word
 * separators and the whole line instead, because it splits words at = and :.
 */
export function answer(argv: readonly string[], cwd: string): string {
  const [shell, ...typed] = argv;
  if (!isShell(shell)) return '';
  const { words, start } =
    shell === 'bash'
      ? splitLine(typed[1] ?? '', typed[0] ?? '')
      : { words: ['', ...typed], start: 0 };
  const [, ...known] = words;
  const last = known.at(-1) ?? '';
  // fish gives the last word as the user typed it, with quotes.
  const plain = shell === 'fish' ? (splitLine(last, '').words.at(-1) ?? '') : last;
  const look = {
    summary: summaryOf,
    estate: (into?: string, name?: string) => estateAt(cwd, into, name),
  };
  const completion = completionOf([...known.slice(0, -1), plain], look);
  return completionLines(shell, completion, plain, start)
    .map((line) => `${line}\n`)
    .join('');
}

/** The estate in the folder `into`, or an empty one. */
function estateAt(cwd: string, into = '.', name?: string): KnownEstate {
  const folder = into.replace(/^~(?=\/|$)/, homedir());
  try {
    const { home } = openWorkspace('tenant', cwd, folder, name, []);
    const environments = home?.record?.environments ?? [];
    return {
      environments: environments.map((one) => one.name),
      repos: [...new Set(environments.map(({ repo }) => repo))],
    };
  } catch {
    // Completion must not print messages.
    return { environments: [], repos: [] };
  }
}

const isShell = (word: string | undefined): word is Shell =>
  (SHELLS as readonly (string | undefined)[]).includes(word);

/** The output of `flux-gitops completion WORDS`. Throws a UserError unless `words` is one shell. */
export function completionText(words: readonly string[]): string {
  const [shell, ...more] = words;
  if (words.some((word) => ['-h', '--help', 'help'].includes(word))) return HELP;
  if (isShell(shell) && more.length === 0) return completionScriptOf(shell);
  throw inputError([
    {
      given:
        words.length === 0
          ? 'flux-gitops completion without a shell'
          : `flux-gitops completion ${words.map(quote).join(' ')}`,
      rule: `this command takes one shell: ${SHELLS.join(', ')}`,
      example: 'flux-gitops completion bash',
      flag: 'the arguments',
      settings: ['arguments'],
    },
  ]);
}

const HELP = `Prints a script for your shell. With the script, the Tab key completes commands, flags, values,
environments and app repos of flux-gitops.

Examples:
  eval "$(flux-gitops completion bash)"
      completes in this bash; add the line to ~/.bashrc for every bash
  source <(flux-gitops completion zsh)
      completes in this zsh; add the line to ~/.zshrc, below compinit, for every zsh
  flux-gitops completion fish > ~/.config/fish/completions/flux-gitops.fish
      completes in every fish from now on

Usage:
  flux-gitops completion ${SHELLS.join('|')}
`;
