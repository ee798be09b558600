import type { Given } from '../settings/arguments.ts';
import { type CommandName, isAction, type PlanningCommand } from '../settings/settings.ts';
import { planAdopt } from './adopt.ts';
import { planApp } from './app.ts';
import type { Planned, World } from './plan.ts';
import { planRemove } from './remove.ts';
import { planRename } from './rename.ts';
import { planScenarioRepo } from './scenario-repo.ts';
import { planTenant } from './tenant.ts';
import { planUpdate } from './update.ts';

type Planner = (given: Given, world: World) => Planned;

/** The planner of each command that plans files. */
export const PLANNERS: { readonly [command in PlanningCommand]: Planner } = {
  app: planApp,
  tenant: planTenant,
  'scenario-repo': planScenarioRepo,
  adopt: planAdopt,
  remove: planRemove,
  rename: planRename,
  update: planUpdate,
};

/** The planner of `command`. Throws an Error if `command` plans no files. */
export function plannerOf(command: CommandName): Planner {
  if (isAction(command)) throw new Error(`${command} plans no files`);
  return PLANNERS[command];
}
