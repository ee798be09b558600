import type { Given } from '../settings/arguments.ts';
import type { CommandName } from '../settings/settings.ts';
import { planAdopt } from './adopt.ts';
import { planApp } from './app.ts';
import type { Planned, World } from './plan.ts';
import { planScenarioRepo } from './scenario-repo.ts';
import { planTenant } from './tenant.ts';

/** The planner of each command. */
export const PLANNERS: {
  readonly [command in CommandName]: (given: Given, world: World) => Planned;
} = {
  app: planApp,
  tenant: planTenant,
  'scenario-repo': planScenarioRepo,
  adopt: planAdopt,
};
