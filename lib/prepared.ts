import type { Workspace } from './disk/workspace.ts';
import type { Problem } from './errors.ts';
import type { Given } from './settings/arguments.ts';
import type { Caller } from './settings/command-words.ts';
import type { Terminal } from './terminal.ts';

/** A run with all its settings, before it writes anything. */
export type Prepared = {
  readonly given: Given;
  readonly terminal: Terminal;
  /** Whether the run asks questions. Such a run also shows the plan and asks for confirmation. */
  readonly asks: boolean;
  /** Opens the workspace as it is on disk at this moment. */
  readonly open: () => Workspace;
};

/** The start of a run: the base folder of `--into`, the caller, and the flags of other programs to ignore. */
export type Start = {
  readonly cwd: string;
  readonly caller?: Caller;
  readonly foreign?: readonly string[];
};

/** A command that plans no files. */
export type Action = {
  /** Every problem of the input that can be known before the command does anything. */
  readonly check: (given: Given, workspace: Workspace) => readonly Problem[];
  /** Carries the command out. Throws a UserError when it refuses. */
  readonly run: (prepared: Prepared) => Promise<Outcome>;
};

/** What an action came to. */
export type Outcome = {
  /** The text for stdout, without a newline at its end; '' prints nothing. */
  readonly text: string;
  /** What `--json` prints instead of the text. */
  readonly json: object;
  readonly exitCode: 0 | 1;
};
