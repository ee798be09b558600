import { setTimeout as sleep } from 'node:timers/promises';
import type { ThrottlingOptions } from '@octokit/plugin-throttling';
import type { ProgressEvent } from '../core/publication-progress.ts';
import { readFailure } from './github-failures.ts';

/** How publishing waits; tests make its second shorter. */
export type Pace = {
  /** The length of a second, in milliseconds. */
  readonly second: number;
  readonly report: (event: ProgressEvent) => void;
  readonly signal?: AbortSignal | undefined;
};

type Groups = NonNullable<ThrottlingOptions['write']>;

/**
 * Waits out limits of up to two minutes, twice. GitHub asks for a second between writes of "a large
 * number" (docs: best practices for using the REST API), and allows 80 a minute: an estate of up to
 * MANY writes goes without.
 */
export function limits(pace: Pace): ThrottlingOptions {
  const wait =
    (longest: number, why: string) => (seconds: number, _: unknown, __: unknown, tries: number) => {
      if (seconds > longest || tries >= 2) return false;
      countDown(seconds, why, pace);
      return true;
    };
  return {
    write: unhurried(pace) as unknown as Groups,
    retryAfterBaseValue: pace.second,
    onRateLimit: wait(60, 'the API quota is used up'),
    onSecondaryRateLimit: wait(LONGEST, SLOWER),
  };
}

const MANY = 20;
const LONGEST = 120;
const SLOWER = 'GitHub asks to slow down (secondary rate limit)';

/** The plugin knows limits by their words and by the quota; a bare 429 tells only when to come back. */
export async function waitOutLimit<T>(request: () => T | Promise<T>, pace: Pace): Promise<T> {
  try {
    return await request();
  } catch (error) {
    const failure = readFailure(error);
    const seconds = Number(failure?.headers['retry-after']);
    const known =
      /secondary rate/i.test(failure?.message ?? '') ||
      failure?.headers['x-ratelimit-remaining'] === '0';
    if (failure?.status !== 429 || known || !(seconds <= LONGEST)) throw error;
    countDown(seconds, SLOWER, pace);
    await sleep(seconds * pace.second, undefined, { signal: pace.signal });
    return request();
  }
}

/** In place of the plugin's group, which spaces every write by a second. */
function unhurried({ second }: Pace) {
  let writes = 0;
  const schedule = async (_: unknown, job: () => Promise<unknown>) => {
    writes += 1;
    if (writes > MANY) await new Promise((done) => setTimeout(done, second));
    return job();
  };
  return { key: () => ({ schedule }) };
}

/** Reports the seconds that are left, each second, while the plugin waits. */
export function countDown(seconds: number, why: string, { report, second }: Pace): void {
  report({ kind: 'waiting', seconds, first: true, why });
  let left = seconds;
  const timer = setInterval(() => {
    left -= 1;
    if (left <= 0) clearInterval(timer);
    else report({ kind: 'waiting', seconds: left, first: false, why });
  }, second);
  timer.unref();
}
