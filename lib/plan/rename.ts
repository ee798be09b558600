import type { Given } from '../settings/arguments.ts';
import type { Planned, World } from './plan.ts';
import { notInConfigRepo } from './tenant.ts';

/** `flux-gitops rename OLD NEW`: a new tenant, then a removal. */
export function planRename(_given: Given, world: World): Planned {
  return { problems: [notInConfigRepo(world.folder, 'flux-gitops rename qa test')] };
}
