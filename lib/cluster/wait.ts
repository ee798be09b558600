/** Waiting for objects of a cluster to go, and saying what holds them. */
import { UserError } from '../errors.ts';
import type { Say } from '../terminal.ts';
import type { KubernetesObject } from './kubectl.ts';

/** Between two looks (milliseconds). */
const PAUSE = 1000;
/** How long nothing may change until the wait says what holds it, and until it fails: Flux may itself wait for three minutes. */
const QUIET = 60_000;
const PATIENCE = 240_000;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE));

/** `one` as a person names it. */
export const describe = ({ kind, metadata }: KubernetesObject): string =>
  `${kind} ${metadata.name}`;

/** Whether Kubernetes is deleting `one`. */
export const isLeaving = ({ metadata }: KubernetesObject): boolean =>
  metadata.deletionTimestamp !== undefined;

/**
 * Looks with `read` until no object is left. Throws a UserError that names what is left, with its finalizers, when
 * nothing changes any more.
 */
export async function untilGone(
  what: string,
  read: () => Promise<readonly KubernetesObject[]>,
  say: Say,
): Promise<void> {
  await until(what, say, async () => {
    const left = await read();
    return { done: left.length === 0, state: left.map(versionOf).join(), why: () => heldBy(left) };
  });
}

/** A look at the cluster: whether the wait is over, what would change with progress, and what is missing. */
export type Look = { readonly done: boolean; readonly state: string; readonly why: () => string };

/** Looks until it is done. After a minute without a change it says why, and after four it throws a UserError. */
export async function until(what: string, say: Say, look: () => Promise<Look>): Promise<void> {
  let before: string | undefined;
  let since = performance.now();
  let told = false;
  for (;;) {
    const { done, state, why } = await look();
    if (done) return;
    if (state !== before) {
      since = performance.now();
      told = false;
    }
    before = state;
    const quiet = performance.now() - since;
    if (quiet > QUIET && !told) say(`Still waiting for ${what}. ${why()}`);
    told ||= quiet > QUIET;
    if (quiet > PATIENCE)
      throw new UserError(
        `Waited for ${what}, and nothing has changed for ${PATIENCE / 60_000} minutes. ${why()}\n` +
          '  Run the same command again to continue.',
        1,
      );
    await pause();
  }
}

// A status that a controller only confirms has a new version, and is no progress.
const versionOf = (one: KubernetesObject): string =>
  [
    one.kind,
    one.metadata.name,
    isLeaving(one),
    ...(one.metadata.finalizers ?? []),
    conditionsOf(one),
  ].join();

type Status = { conditions?: readonly { type: string; status: string; message?: string }[] };

const conditionsOf = ({ status }: KubernetesObject): string =>
  ((status as Status | undefined)?.conditions ?? [])
    .filter(({ status: is }) => is === 'True')
    .map(({ type, message }) => `${type} ${message}`)
    .join();

/** Why `left` are still there: the finalizers, and what a namespace says about its contents. */
function heldBy(left: readonly KubernetesObject[]): string {
  const lines = left.map((one) => {
    const { finalizers = [] } = one.metadata;
    const held = finalizers.length > 0 ? `, with the finalizers ${finalizers.join(', ')}` : '';
    return `${describe(one)} is still there${held}. ${remainingIn(one)}`.trim();
  });
  return `${lines.join(' ')}\n  An object with a finalizer waits for the controller that the finalizer names: finalizers.fluxcd.io is Flux (kubectl -n flux-system get pods).`;
}

function remainingIn({ kind, status }: KubernetesObject): string {
  if (kind !== 'Namespace') return '';
  const remaining = ((status as Status | undefined)?.conditions ?? []).filter(
    ({ type, status: is }) => is === 'True' && /Remaining$|Failure$/.test(type),
  );
  return remaining.map(({ message }) => `${message}.`).join(' ');
}
