import { planApp } from '../lib/plan/app.ts';
import { NOTHING } from '../lib/plan/plan.ts';
import { parseArguments } from '../lib/settings/arguments.ts';

/** The values of each layer of the default estate, as JSON for floor.js, which computes nothing. */
export function floorValues(): string {
  const { given } = parseArguments('app', ['--yes']);
  const { plan } = planApp(given, { folder: '', find: () => NOTHING, feederOf: () => undefined });
  const [config, app] = plan?.repos ?? [];
  if (!config || !app) throw new Error('the default estate has no plan');
  const valuesOf = (layers: typeof config.layers): object =>
    Object.fromEntries(layers.map(({ from, into, values }) => [from, { into, values }]));
  return JSON.stringify({ config: valuesOf(config.layers), app: valuesOf(app.layers) });
}
