import { setTimeout as sleep } from 'node:timers/promises';
import type { ProgressEvent } from './state.ts';

/** What a run is steered by: who hears of its progress, what ends it early, how long it waits. */
export type RunControl = {
  readonly report: (event: ProgressEvent) => void;
  /** Aborted when the run is interrupted: requests, waits and pushes end. */
  readonly abort: AbortController;
  /** The length of a second in milliseconds; tests make it shorter. */
  readonly second: number;
};

/** A control that reports to `report`, and for which a second is a second unless `second` says otherwise. */
export function openControl(report: RunControl['report'], second = 1000): RunControl {
  return { report, abort: new AbortController(), second };
}

/** Does `work`; Ctrl-C aborts it in order, so that what is under way can be told. */
export async function interruptible<T>({ abort }: RunControl, work: () => Promise<T>): Promise<T> {
  const interrupt = (): void => abort.abort();
  process.once('SIGINT', interrupt);
  try {
    return await work();
  } finally {
    process.off('SIGINT', interrupt);
  }
}

/** Waits without a word. Rejects when the run is interrupted. */
export async function pause(seconds: number, { second, abort }: RunControl): Promise<void> {
  await sleep(seconds * second, undefined, { signal: abort.signal });
}

/** Waits, and says so. Rejects when the run is interrupted. */
export async function wait(seconds: number, why: string, control: RunControl): Promise<void> {
  announceWait(seconds, why, control);
  await pause(seconds, control);
}

/** A long wait is a few lines in a log, not one a second. */
const BETWEEN_LINES = 30;

/** Says how long the run waits, and every half minute how long still. It does not wait itself. */
export function announceWait(seconds: number, why: string, { report, second }: RunControl): void {
  report({ kind: 'waiting', seconds, why });
  let left = seconds;
  const timer = setInterval(() => {
    left -= BETWEEN_LINES;
    if (left <= 0) clearInterval(timer);
    else report({ kind: 'waiting', seconds: left, why });
  }, BETWEEN_LINES * second);
  timer.unref();
}
