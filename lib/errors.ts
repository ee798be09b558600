/** One thing that is wrong with the input, in the four parts a person needs to mend it. */
export type Problem = {
  /** What was given, with its flag: `--interval "5"`. */
  readonly given: string;
  /** The rule it breaks, as a sentence without its full stop. */
  readonly rule: string;
  /** A value that keeps the rule. */
  readonly example: string;
  /** What to change. */
  readonly flag: string;
  /** The settings that this is about (`arguments`: what stands before the flags), for questions and scripts. */
  readonly settings?: readonly string[];
};

/** `problem` as one paragraph: what was given, the rule, an example, what to change. */
export function describeProblem({ given, rule, example, flag }: Problem): string {
  return `${given}: ${rule}.\n  Example: ${example}\n  Change: ${flag}`;
}

/**
 * A user's mistake, or a refusal: shown as it is, never with a stack trace.
 * `code` is the exit code. It is a number because `yo` exits with the code of an error, and Node
 * throws when that is a string.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly code: 1 | 2;
  /** What is wrong with the input, one by one. */
  readonly problems: readonly Problem[];

  constructor(message: string, code: 1 | 2, cause?: unknown, problems: readonly Problem[] = []) {
    super(message, { cause });
    this.code = code;
    this.problems = problems;
  }
}

/** The error that reports every one of `problems`; its exit code is 2. */
export function inputError(problems: readonly Problem[]): UserError {
  return new UserError(problems.map(describeProblem).join('\n\n'), 2, undefined, problems);
}

/** The run was interrupted from the keyboard; 130 is 128 + SIGINT, as shells report it. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly code = 130;
}

/** `text` between double quotes, with everything a terminal would act on escaped. */
export function quote(text: string): string {
  const shown = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return JSON.stringify(shown).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
