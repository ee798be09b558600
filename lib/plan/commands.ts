import type { Given } from '../settings/arguments.ts';
import type { CommandName } from '../settings/settings.ts';
import { planApp } from './app.ts';
import type { Planned, World } from './plan.ts';
import { planScenarioRepo } from './scenario-repo.ts';
import { planTenant } from './tenant.ts';

/** What each command does: its plan function. */
export const PLANNERS: {
  readonly [command in CommandName]: (given: Given, world: World) => Planned;
} = {
  app: planApp,
  tenant: planTenant,
  'scenario-repo': planScenarioRepo,
};

/** The command that `word` names; `app` has no word of its own. */
export function commandOf(word: string | undefined): CommandName | undefined {
  return word !== undefined && Object.hasOwn(PLANNERS, word) ? (word as CommandName) : undefined;
}
