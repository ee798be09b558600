import { clearLine, cursorTo } from 'node:readline';
import { styleText } from 'node:util';
import { cancellable } from './cancel.ts';
import type { Adapter, Conflict } from './conflicts.ts';
import type { ComparedFile } from './disk/compare.ts';
import type { Question } from './settings/questions.ts';

/** Prints a message, or how far a long work has come. */
export type Say = (text: string, kind?: 'progress') => void;

/**
 * Prints messages with `print`. On a terminal, `stream`, each progress takes the place of the one before it, and the next
 * message takes the place of the last one; an empty text only takes it away. Elsewhere progress is a line like any other.
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

/** How a run talks to a person. */
export type Terminal = {
  /** Whether there is somebody to be asked. */
  readonly interactive: boolean;
  /** Prints a message; results that scripts read go to stdout instead. */
  readonly say: Say;
  /** Asks `questions`; returns the answers by the names of the questions. */
  readonly ask: (questions: readonly Question[]) => Promise<{ readonly [name: string]: string }>;
  readonly confirm: (message: string, byDefault: boolean, name?: string) => Promise<boolean>;
  /** Yeoman's conflict question for each file; returns those to overwrite. */
  readonly resolve: (parent: string, conflicts: readonly Conflict[]) => Promise<Set<ComparedFile>>;
};

/** A terminal that prints with `say`, and asks with the adapter that `load` loads at the first question. */
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

function toInquirer({ name, message, choices, byDefault, when, validate }: Question): object {
  const common = { name, message, when, default: byDefault };
  if (choices)
    return {
      ...common,
      type: 'select',
      choices: choices.map(({ value, text }) => ({ name: text, value })),
    };
  return { ...common, type: 'input', validate };
}

/** Paints a word; with colours off it returns the word. */
export type Paint = (style: 'bold' | 'green' | 'yellow' | 'dim', text: string) => string;

/** Paints for `stream`, unless it is no terminal or NO_COLOR is set. */
export function painter(stream: NodeJS.WriteStream): Paint {
  return (style, text) => styleText(style, text, { stream });
}

/** How a text is shown: its colours, and how many characters a line holds. */
export type Look = { readonly paint: Paint; readonly width: number };

/** How texts are shown on `stream`; what is no terminal has lines of any length. */
export function lookOf(stream: NodeJS.WriteStream): Look {
  return { paint: painter(stream), width: stream.columns ?? Number.POSITIVE_INFINITY };
}
