import { diff3Merge, diffIndices } from 'node-diff3';

/**
 * `found` with the changes from `base` to `wanted`, line by line. Undefined when both changed the same lines.
 */
export function mergeText(found: string, base: string, wanted: string): string | undefined {
  const lines = [found, base, wanted].map((text) => text.split('\n'));
  const [ours = [], before = [], theirs = []] = lines;
  const regions = diff3Merge(ours, before, theirs, { excludeFalseConflicts: true });
  if (regions.some(({ conflict }) => conflict !== undefined)) return undefined;
  return regions.flatMap(({ ok = [] }) => ok).join('\n');
}

/** The number of lines to show before and after a difference. */
const CONTEXT = 3;

/** The lines that differ between `before` and `after`, with three lines around them. Each starts with +, - or a blank. */
export function differenceOf(before: string, after: string): string[] {
  const old = before.split('\n');
  const shown: string[] = [];
  let next = 0;
  const showUntil = (line: number): void => {
    const gap = line - next > 2 * CONTEXT;
    const [head, tail] = gap ? [next === 0 ? 0 : CONTEXT, CONTEXT] : [line - next, 0];
    shown.push(...old.slice(next, next + head).map((text) => ` ${text}`));
    if (gap) shown.push('...');
    shown.push(...old.slice(line - tail, line).map((text) => ` ${text}`));
  };
  for (const { buffer1, buffer1Content, buffer2Content } of diffIndices(old, after.split('\n'))) {
    const [from, length] = buffer1;
    showUntil(from);
    shown.push(...buffer1Content.map((line) => `-${line}`));
    shown.push(...buffer2Content.map((line) => `+${line}`));
    next = from + length;
  }
  return [...shown, ...old.slice(next, next + CONTEXT).map((text) => ` ${text}`)];
}
