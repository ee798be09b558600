import type { ProgressEvent } from '../core/publication-progress.ts';
import type { Pace } from './github-limits.ts';

/** How publishing goes on in earnest: a second is a second. */
export function openPace(report: (event: ProgressEvent) => void, signal?: AbortSignal): Pace {
  return { second: 1000, report, ...(signal ? { signal } : {}) };
}
