import { styleText } from 'node:util';
import { cancellable } from './cancel.ts';
import type { Adapter, Conflict } from './conflicts.ts';
import type { ComparedFile } from './disk/compare.ts';
import type { Answers, Question } from './settings/questions.ts';

/** How a run talks to a person. */
export type Terminal = {
  /** Whether there is somebody to be asked. */
  readonly interactive: boolean;
  /** Prints a message; results that scripts read go to stdout instead. */
  readonly say: (text: string) => void;
  readonly ask: (questions: readonly Question[]) => Promise<Answers>;
  readonly confirm: (message: string, byDefault: boolean, name?: string) => Promise<boolean>;
  /** Yeoman's conflict question for each file; returns those to overwrite. */
  readonly resolve: (parent: string, conflicts: readonly Conflict[]) => Promise<Set<ComparedFile>>;
};

/** A terminal that prints with `say`, and asks with the adapter that `load` loads at the first question. */
export function adapterTerminal(
  interactive: boolean,
  say: (text: string) => void,
  load: () => Promise<Adapter>,
): Terminal {
  const prompt = async (questions: unknown): Promise<Record<string, unknown>> => {
    const adapter = await load();
    return cancellable(() => adapter.prompt(questions));
  };
  return {
    interactive,
    say,
    ask: async (questions) => (await prompt(questions.map(toInquirer))) as Answers,
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
    return { ...common, type: 'select', choices: choices.map((value) => ({ name: value, value })) };
  return { ...common, type: 'input', validate };
}

/** Paints a word; with colours off it returns the word. */
export type Paint = (style: 'bold' | 'green' | 'yellow' | 'dim', text: string) => string;

/** Paints for `stream`, unless it is no terminal or NO_COLOR is set. */
export function painter(stream: NodeJS.WriteStream): Paint {
  return (style, text) => styleText(style, text, { stream });
}
