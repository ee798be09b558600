import { clearLine, cursorTo } from 'node:readline';
import { styleText } from 'node:util';
import { cancellable } from './cancel.ts';
import type { Adapter, Conflict } from './conflicts.ts';
import type { ComparedFile } from './disk/compare.ts';
import type { Question } from './settings/questions.ts';

/** Prints a message, or the progress of a long step. */
export type Say = (text: string, kind?: 'progress') => void;

/**
 * Prints messages with `print`. If `stream` is a terminal, each message replaces the progress line before it, and an
 * empty text only removes that line. Otherwise, progress is a normal line.
 */
export function sayWith(print: (text: string) => void, stream: NodeJS.WriteStream): Say {
  let shown = false;
  return (text, kind) => {
    if (shown) {
      cursorTo(stream, 0);
      clearLine(stream, 0);
    }
    shown = kind === 'progress' && stream.isTTY && text !== '';
    if (shown) stream.write(text.slice(0, (stream.columns || 80) - 1));
    else if (text !== '' || kind === undefined) print(text);
  };
}

/** How a run talks to the user. */
export type Terminal = {
  /** Whether the run can ask questions. */
  readonly interactive: boolean;
  /** Prints a message. Results for scripts go to stdout instead. */
  readonly say: Say;
  /** Asks `questions`. Returns the answers by the names of the questions. */
  readonly ask: (questions: readonly Question[]) => Promise<{ readonly [name: string]: string }>;
  readonly confirm: (message: string, byDefault: boolean, name?: string) => Promise<boolean>;
  /** Asks Yeoman's conflict question for each file. Returns the files to overwrite. */
  readonly resolve: (parent: string, conflicts: readonly Conflict[]) => Promise<Set<ComparedFile>>;
};

/** A terminal that prints with `say`. The first question loads the adapter with `load`. */
export function adapterTerminal(
  interactive: boolean,
  say: Say,
  load: () => Promise<Adapter>,
): Terminal {
  const prompt = async (questions: unknown): Promise<Record<string, unknown>> => {
    const adapter = await load();
    return cancellable(() => adapter.prompt(questions));
  };
  return {
    interactive,
    say,
    ask: async (questions) =>
      (await prompt(questions.map(toInquirer))) as { readonly [name: string]: string },
    confirm: async (message, byDefault, name = 'proceed') =>
      (await prompt([{ type: 'confirm', name, message, default: byDefault }]))[name] === true,
    resolve: async (parent, conflicts) => {
      const { askConflicts } = await import('./conflicts.ts');
      return cancellable(async () => askConflicts(await load(), say, parent, conflicts));
    },
  };
}

function toInquirer(question: Question): object {
  const { name, message, choices, byDefault, when, validate, isSecret } = question;
  const common = { name, message, when, default: byDefault };
  if (choices)
    return {
      ...common,
      type: 'select',
      choices: choices.map(({ value, text }) => ({ name: text, value })),
    };
  if (isSecret) return { name, message, when, validate, type: 'password', mask: true };
  return { ...common, type: 'input', validate };
}

/** Adds a colour to a word. Returns the word unchanged if colours are off. */
export type Paint = (style: 'bold' | 'green' | 'yellow' | 'red' | 'dim', text: string) => string;

/** Colours for `stream`. They are off if it is not a terminal or NO_COLOR is set. */
export function painter(stream: NodeJS.WriteStream): Paint {
  return (style, text) => styleText(style, text, { stream });
}

/** How to show a text: its colours and the width of a line. */
export type Look = { readonly paint: Paint; readonly width: number };

/** How to show texts on `stream`. Without a terminal, the width of lines is unlimited. */
export function lookOf(stream: NodeJS.WriteStream): Look {
  return { paint: painter(stream), width: stream.columns ?? Number.POSITIVE_INFINITY };
}
