import { GIT_REFUSALS } from './publication-refusals-git.ts';
import { GITHUB_REFUSALS } from './publication-refusals-github.ts';

/**
 * Every refusal of publishing: what it says and how to go on. The texts of git and GitHub that lead
 * here are in publication-git-errors.ts and publication-api-errors.ts.
 */
export const REFUSALS = { ...GITHUB_REFUSALS, ...GIT_REFUSALS };

/** The name of a refusal; `--json` shows it as `code`. */
export type Reason = keyof typeof REFUSALS;
