import { diff3Merge } from 'node-diff3';

/**
 * `found` with what changed from `base` to `wanted`, line by line. Undefined when both changed the same
 * lines.
 */
export function mergeText(found: string, base: string, wanted: string): string | undefined {
  const lines = [found, base, wanted].map((text) => text.split('\n'));
  const [ours = [], before = [], theirs = []] = lines;
  const regions = diff3Merge(ours, before, theirs, { excludeFalseConflicts: true });
  if (regions.some(({ conflict }) => conflict !== undefined)) return undefined;
  return regions.flatMap(({ ok = [] }) => ok).join('\n');
}
