import { setTimeout as sleep } from 'node:timers/promises';
import type { ProgressEvent } from './state.ts';

/** How a run reports progress, how it can end early, and how long it waits. */
export type RunControl = {
  readonly report: (event: ProgressEvent) => void;
  /** The run aborts it when the user interrupts: requests, waits and pushes end. */
  readonly abort: AbortController;
  /** The length of a second in milliseconds; tests make it shorter. */
  readonly second: number;
};

/** A control that reports to `report`; `second` is the length of a second in milliseconds. */
export function openControl(report: RunControl['report'], second = 1000): RunControl {
  return { report, abort: new AbortController(), second };
}

/** Does `work`. Ctrl-C aborts it in order, so that the run can still say what it has done. */
export async function interruptible<T>({ abort }: RunControl, work: () => Promise<T>): Promise<T> {
  const interrupt = (): void => abort.abort();
  process.once('SIGINT', interrupt);
  try {
    return await work();
  } finally {
    process.off('SIGINT', interrupt);
  }
}

/** Waits and reports nothing. Rejects when the user interrupts the run. */
export async function pause(seconds: number, { second, abort }: RunControl): Promise<void> {
  await sleep(seconds * second, undefined, { signal: abort.signal });
}

/** Waits and reports the wait. Rejects when the user interrupts the run. */
export async function wait(seconds: number, why: string, control: RunControl): Promise<void> {
  announceWait(seconds, why, control);
  await pause(seconds, control);
}

/** A long wait must be only a few lines in a log. */
const BETWEEN_LINES = 30;

/** Reports how long the run waits, and every half minute the time that is left. It does not wait. */
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
