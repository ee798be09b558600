/** Waiting for a state with a deadline, and saying what was seen instead when it passes. */
import { setTimeout as sleep } from 'node:timers/promises';

/** What a probe saw: the awaited (`ok`), or something else to be shown when time is up. */
export type Seen<T> = { ok: T } | { seen: string };

/** Asks again and again until the probe is satisfied; fails with what was seen last. */
export async function until<T>(
  what: string,
  milliseconds: number,
  probe: () => Promise<Seen<T>>,
  explain: () => string | Promise<string> = () => '',
): Promise<T> {
  const start = Date.now();
  for (;;) {
    const seen = await probe();
    if ('ok' in seen) return seen.ok;
    if (Date.now() - start > milliseconds) {
      const waited = `waited ${Math.round(milliseconds / 1000)} s`;
      throw new Error(`${what}: not so (${waited}). Seen last: ${seen.seen}\n${await explain()}`);
    }
    await sleep(200);
  }
}
