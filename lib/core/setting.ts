import type { Rule } from './names.ts';

export type CommandName = 'app' | 'tenant' | 'scenario-repo';

export const YES_NO = ['yes', 'no'] as const;
export type YesNo = (typeof YES_NO)[number];

/** A setting in one row: flag, question, check and default. Its key in kebab-case is the flag. */
export type Setting<T> = {
  readonly value: string;
  /** Empty: it is a flag only. */
  readonly ask: string;
  readonly help: string;
  readonly rule: Rule<T>;
  readonly of: readonly CommandName[];
  /** The default; without one, another setting decides (see `estate.ts`). */
  readonly otherwise?: string;
  readonly choices?: readonly string[];
  /** What the flag means without a value; one that it is given follows after =. */
  readonly alone?: string;
  /** `list`: given more than once. `each`: once for all environments, or ENV=VALUE for one. */
  readonly many?: 'list' | 'each';
};
