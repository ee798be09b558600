import type { Given } from './arguments.ts';
import type { Planned, World } from './plan.ts';
import { planApp } from './plan-app.ts';
import { planScenarioRepoCommand } from './plan-scenario-repo.ts';
import { planTenant } from './plan-tenant.ts';
import type { CommandName } from './questions.ts';

/** What each command does: its plan function. */
export const PLANNERS: {
  readonly [command in CommandName]: (given: Given, world: World) => Planned;
} = {
  app: planApp,
  tenant: planTenant,
  'scenario-repo': planScenarioRepoCommand,
};

/** The command that `word` names; `app` has no word of its own. */
export function commandOf(word: string | undefined): CommandName | undefined {
  return word !== undefined && Object.hasOwn(PLANNERS, word) ? (word as CommandName) : undefined;
}
