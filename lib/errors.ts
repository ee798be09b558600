/** One problem of the input, in the four parts that a user needs to correct it. */
export type Problem = {
  /** The input with its flag: `--interval "5"`. */
  readonly given: string;
  /** The broken rule, as a sentence without a full stop. */
  readonly rule: string;
  /** A valid value. */
  readonly example: string;
  /** What to change. */
  readonly flag: string;
  /** The settings of the problem (`arguments`: the words before the flags), for questions and scripts. */
  readonly settings?: readonly string[];
};

/** `problem` as one paragraph: the input, the rule, an example, and what to change. */
export function describeProblem({ given, rule, example, flag }: Problem): string {
  return `${given}: ${rule}.\n  Example: ${example}\n  Change: ${flag}`;
}

/**
 * A user's mistake, or a refusal. The message is shown without a stack trace. `code` is the exit code. It is a number,
 * because `yo` exits with the code of an error, and Node throws when the exit code is a string.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly code: 1 | 2;
  /** Each problem of the input. */
  readonly problems: readonly Problem[];

  constructor(message: string, code: 1 | 2, cause?: unknown, problems: readonly Problem[] = []) {
    super(message, { cause });
    this.code = code;
    this.problems = problems;
  }
}

/** An error with all `problems`, each of them once; its exit code is 2. */
export function inputError(problems: readonly Problem[]): UserError {
  const texts = new Map(problems.map((problem) => [describeProblem(problem), problem]));
  return new UserError([...texts.keys()].join('\n\n'), 2, undefined, [...texts.values()]);
}

/** The user interrupted the run; 130 is 128 + SIGINT, as shells report it. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly code = 130;
}

/** `text` in double quotes. Characters that have an effect on a terminal are escaped. */
export function quote(text: string): string {
  const shown = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return JSON.stringify(shown).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
