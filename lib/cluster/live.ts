/** What `--live` does on the cluster for a plan, before and after the run writes the files. */
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { type Environment, namespaceOf } from '../plan/estate.ts';
import type { Departure, Plan } from '../plan/plan.ts';
import type { Terminal } from '../terminal.ts';
import { type Arrival, bring, checkFiles, isApplied } from './arrival.ts';
import { connectToChange } from './context.ts';
import { connect, type Kubectl } from './kubectl.ts';
import { isArrived, waitForDeparture } from './leaving.ts';
import { checkTenant, removeTenant, type Stock, takeStock } from './removal.ts';

/** A run with `--live`, connected to its cluster. */
export type Live = {
  readonly kubectl: Kubectl;
  readonly wanted: Wanted;
  /** Environments that stay, because nobody has confirmed that their data may go. */
  readonly kept: readonly Stock[];
};

type Wanted = {
  readonly plan: Plan;
  /** The clone of the config repo. */
  readonly folder: string;
  readonly context: string | undefined;
  readonly asks: boolean;
  /** Whether the user said `--move`. */
  readonly isMove: boolean;
};

/**
 * Connects to the cluster, looks at what the run is about, and asks whether to change it. Changes nothing. Throws a
 * UserError if the run must not change it, so that no file is written either.
 */
export async function openLive(wanted: Wanted, terminal: Terminal): Promise<Live> {
  const { plan, context, asks } = wanted;
  const kubectl = await connect(context);
  const stocks = await lookAtDepartures(kubectl, plan);
  for (const one of plan.environments) await checkArrival(kubectl, one);
  const purpose = purposeOf(wanted, stocks);
  // Whoever renames an environment may not think of its data. On a terminal, the question names the data.
  const kept =
    plan.environments.length > 0 && !asks ? stocks.filter(({ claims }) => claims.length > 0) : [];
  const deletes = stocks.some(({ isThere }) => isThere);
  const connected = await connectToChange({ ...wanted, purpose, deletes }, terminal);
  return { kubectl: connected, wanted, kept };
}

/** Refuses to apply an environment into a namespace of somebody else. */
async function checkArrival(kubectl: Kubectl, one: Environment): Promise<void> {
  const namespace = namespaceOf(one);
  const found = await kubectl.get('namespaces', namespace);
  if (found) checkTenant(found, { name: one.name, namespace });
}

async function lookAtDepartures(kubectl: Kubectl, plan: Plan): Promise<Stock[]> {
  const stocks: Stock[] = [];
  for (const departure of removedBy(plan)) stocks.push(await takeStock(kubectl, departure));
  for (const departure of plan.departures ?? [])
    if (plan.syncConfig && departure.state === 'gone' && !(await isArrived(kubectl, departure)))
      throw new UserError(
        `The first step of the removal of ${departure.name} has not arrived on the cluster of context ${kubectl.context}, and without it Flux would leave everything where it is. Nothing was written.\n` +
          '  Push the config repo, and wait until Flux has applied the commit. Then run the same command again. Without --live, it looks only at the branch.',
        1,
      );
  return stocks;
}

/** The environments that the run itself deletes from the cluster: where it follows the config repo, Flux does it. */
const removedBy = ({ departures = [], syncConfig }: Plan): Departure[] =>
  departures.filter(({ state }) => (syncConfig ? state === 'unrecorded' : state !== 'leaving'));

function purposeOf({ plan, isMove }: Wanted, stocks: readonly Stock[]): string {
  const { environments, departures = [], syncConfig } = plan;
  const names = environments.map(({ name }) => name).join(', ');
  const parts = stocks.map(({ departure: { namespace }, isThere, claims }) => {
    if (!isThere) return `what is left of ${namespace}`;
    const data = claims.length > 0 ? `, with the data of ${claims.join(', ')}` : '';
    return `the namespace ${namespace}${data}`;
  });
  const followed = syncConfig && departures.some(({ state }) => state !== 'unrecorded');
  return [
    ...(names === '' ? [] : [syncConfig ? `wait for ${names}` : `apply ${names}`]),
    ...(isMove ? ['take the sync of the former app repo away'] : []),
    ...(parts.length > 0 ? [`delete ${parts.join(' and ')}`] : []),
    ...(followed ? ['ask Flux to look at the config repo'] : []),
  ].join(', and ');
}

/**
 * Does the steps of the plan on the cluster, and waits for each. The same run again continues where this one ended.
 * `published`: whether the run has pushed its files.
 */
export async function goLive(live: Live, published: boolean, { say }: Terminal): Promise<void> {
  const { kubectl, wanted, kept } = live;
  const { plan, folder, isMove } = wanted;
  const { departures = [], syncConfig } = plan;
  for (const one of plan.environments) {
    const arrival: Arrival = {
      name: one.name,
      namespace: namespaceOf(one),
      folder: join(folder, one.name),
    };
    checkFiles(arrival);
    if (syncConfig && !published && !(await isApplied(kubectl, arrival)))
      say(
        `${one.name} is not on the cluster yet: push the config repo, and then run the same command again.`,
      );
    else await bring(kubectl, arrival, { isMove, isFollowed: syncConfig }, say);
  }
  for (const departure of removedBy(plan)) {
    const stock = kept.find((one) => one.departure === departure);
    if (stock === undefined) await removeTenant(kubectl, departure, say);
    else say(keptText(stock));
  }
  for (const departure of departures)
    if (syncConfig && published && departure.state !== 'unrecorded')
      await waitForDeparture(kubectl, departure, say);
}

const keptText = ({ departure: { name, namespace }, claims }: Stock): string =>
  `${namespace} stays, because it has data that does not move: ${claims.map((one) => `PersistentVolumeClaim ${one}`).join(', ')}.\n` +
  `  When you no longer need the data: flux-gitops remove ${name} --live`;
