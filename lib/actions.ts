import type { Action, Outcome, Prepared } from './prepared.ts';
import { type ActionCommand, isAction } from './settings/settings.ts';

/** The action of each command that plans no files. Only the command of the run is loaded. */
const ACTIONS: { readonly [command in ActionCommand]: () => Promise<Action> } = {
  verify: async () => (await import('./verify/command.ts')).verify,
  status: async () => (await import('./status/command.ts')).status,
  credentials: async () => (await import('./credentials/command.ts')).credentials,
};

/** The action of `command`. */
export function loadAction(command: ActionCommand): Promise<Action> {
  return ACTIONS[command]();
}

/** Carries out the action of the run; undefined if the command plans files instead. */
export async function act(prepared: Prepared): Promise<Outcome | undefined> {
  const { command } = prepared.given;
  return isAction(command) ? (await loadAction(command)).run(prepared) : undefined;
}

/** Prints the result of an action to stdout, and returns the exit code. */
export function printOutcome({ text, json, exitCode }: Outcome, { given }: Prepared): 0 | 1 {
  if (given.switches.json) process.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
  else if (text !== '') process.stdout.write(`${text}\n`);
  return exitCode;
}
