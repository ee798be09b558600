/** What `--live` does on the cluster for a plan, before and after the run writes the files. */
import { UserError } from '../errors.ts';
import type { Departure, Plan } from '../plan/plan.ts';
import type { Terminal } from '../terminal.ts';
import { connectToChange } from './context.ts';
import { connect, type Kubectl } from './kubectl.ts';
import { isArrived, waitForDeparture } from './leaving.ts';
import { removeTenant, type Stock, takeStock } from './removal.ts';

/** A run with `--live`, connected to its cluster. */
export type Live = { readonly kubectl: Kubectl; readonly plan: Plan };

type Wanted = {
  readonly plan: Plan;
  /** The clone of the config repo. */
  readonly folder: string;
  readonly context: string | undefined;
  readonly asks: boolean;
};

/**
 * Connects to the cluster, looks at what the run is about, and asks whether to change it. Changes nothing. Throws a
 * UserError if the run must not change it, so that no file is written either.
 */
export async function openLive(wanted: Wanted, terminal: Terminal): Promise<Live> {
  const { plan, context } = wanted;
  const stocks = await lookAtDepartures(await connect(context), plan);
  const purpose = purposeOf(stocks);
  if (purpose === undefined) return { kubectl: await connect(context), plan };
  return { kubectl: await connectToChange({ ...wanted, purpose }, terminal), plan };
}

async function lookAtDepartures(kubectl: Kubectl, plan: Plan): Promise<Stock[]> {
  const stocks: Stock[] = [];
  for (const departure of removedBy(plan)) stocks.push(await takeStock(kubectl, departure));
  for (const departure of plan.departures ?? [])
    if (plan.syncConfig && departure.state === 'gone' && !(await isArrived(kubectl, departure)))
      throw new UserError(
        `The first step of the removal of ${departure.name} has not arrived on the cluster of context ${kubectl.context}, and without it Flux would leave everything where it is. Nothing was written.\n` +
          '  Push the config repo, and wait until Flux has applied the commit. Then run the same command again.',
        1,
      );
  return stocks;
}

/** The environments that the run itself deletes from the cluster: where it follows the config repo, Flux does it. */
const removedBy = ({ departures = [], syncConfig }: Plan): Departure[] =>
  departures.filter(({ state }) => (syncConfig ? state === 'unrecorded' : state !== 'leaving'));

function purposeOf(stocks: readonly Stock[]): string | undefined {
  const there = stocks.filter(({ isThere }) => isThere);
  if (there.length === 0) return undefined;
  const parts = there.map(({ departure: { namespace }, claims }) => {
    const data = claims.length > 0 ? `, with the data of ${claims.join(', ')}` : '';
    return `${namespace}${data}`;
  });
  return `delete ${there.length > 1 ? 'the namespaces' : 'the namespace'} ${parts.join(' and ')}`;
}

/**
 * Does the steps of the plan on the cluster, and waits for each. The same run again continues where this one ended.
 * `published`: whether the run has pushed its files.
 */
export async function goLive(live: Live, published: boolean, { say }: Terminal): Promise<void> {
  const { kubectl, plan } = live;
  for (const departure of removedBy(plan)) await removeTenant(kubectl, departure, say);
  for (const departure of plan.departures ?? [])
    if (plan.syncConfig && published && departure.state !== 'unrecorded')
      await waitForDeparture(kubectl, departure, say);
}
