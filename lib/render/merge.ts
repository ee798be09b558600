import { diff3Merge, diffComm, diffIndices } from 'node-diff3';

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

/**
 * `found` with the changes from `base` to `wanted`, and with the conflict markers of git where both changed the same
 * lines; `by` names `wanted`. Without a `base`, the lines that both have take its place.
 */
export function markConflicts(
  found: string,
  base: string | undefined,
  wanted: string,
  by: string,
): string {
  const [ours, theirs] = [found.split('\n'), wanted.split('\n')];
  const before = base === undefined ? commonLines(ours, theirs) : base.split('\n');
  const regions = diff3Merge(ours, before, theirs, { excludeFalseConflicts: true });
  const lines = regions.flatMap(({ ok, conflict }) =>
    conflict === undefined
      ? (ok ?? [])
      : ['<<<<<<< yours', ...conflict.a, '=======', ...conflict.b, `>>>>>>> ${by}`],
  );
  return lines.join('\n');
}

/** The lines that both texts have, in their order. */
function commonLines(one: readonly string[], other: readonly string[]): string[] {
  return diffComm([...one], [...other]).flatMap((part) => ('common' in part ? part.common : []));
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
