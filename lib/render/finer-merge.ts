import { isDeepStrictEqual } from 'node:util';
import { diffIndices } from 'node-diff3';
import { mergeText } from './merge.ts';
import { mergeDocuments, mergeSections } from './piecewise-merge.ts';
import { withoutRemoved } from './sections.ts';
import { joinTwins } from './twins.ts';
import { addsUp, parses } from './yaml-leaves.ts';

/**
 * `found` with the changes from `base` to `wanted`, where a merge by lines has conflicts: changes of lines that are next
 * to each other, lines that one side added where the other side changed something, a comment behind a changed value,
 * and words of one sentence. Only for YAML and Markdown. The result of YAML has exactly the values of both sides.
 * Undefined when both sides changed the same thing.
 */
export function mergeFiner(
  path: string,
  found: string,
  base: string,
  wanted: string,
): string | undefined {
  const isYaml = /\.ya?ml$/.test(path);
  if (!isYaml && !path.endsWith('.md')) return undefined;
  const [ours = [], before = [], theirs = []] = [found, base, wanted].map((one) => one.split('\n'));
  const merged = mergeParts(ours, before, theirs, (one, old, other, above) => {
    const isCode = !isYaml && above.filter((line) => line.startsWith('```')).length % 2 === 1;
    return mergeLines(one, old, other, isYaml ? 'yaml' : isCode ? 'code' : 'text');
  });
  const text = merged?.join('\n');
  if (text === undefined || !isYaml || addsUp(found, base, wanted, text)) return text;
  const joined = joinTwins(text);
  return joined !== undefined && addsUp(found, base, wanted, joined) ? joined : undefined;
}

/**
 * `found` with the changes from `base` to `wanted`, by lines or by what mergeFiner can do. Undefined when both sides
 * changed the same thing, or when a merge by lines makes YAML that nobody can parse: two equal keys, for example. The
 * objects of YAML may be in another order. A section of Markdown that a user removed stays removed.
 */
export function mergeTexts(
  path: string,
  found: string,
  base: string,
  wanted: string,
): string | undefined {
  const merged = mergeText(found, base, wanted);
  const isBroken =
    merged !== undefined && /\.ya?ml$/.test(path) && parses(found) && !parses(merged);
  if (merged !== undefined && !isBroken) return merged;
  // A section that is gone has no words to merge into.
  const left = path.endsWith('.md') ? withoutRemoved(found, base, wanted) : { base, wanted };
  return (
    (left.base === base ? undefined : mergeText(found, left.base, left.wanted)) ??
    mergeFiner(path, found, left.base, left.wanted) ??
    piecewise(path, found, left.base, left.wanted)
  );
}

/** Each object of YAML or section of Markdown for itself; undefined for other files. */
function piecewise(path: string, found: string, base: string, wanted: string): string | undefined {
  const mergeOne = (...texts: [string, string, string]): string | undefined =>
    mergeText(...texts) ?? mergeFiner(path, ...texts);
  if (/\.ya?ml$/.test(path)) return mergeDocuments(found, base, wanted, mergeOne);
  return path.endsWith('.md') ? mergeSections(found, base, wanted, mergeOne) : undefined;
}

type Parts = readonly string[];

/**
 * `ours` with the changes from `base` to `theirs`. `resolve` gets what both sides changed, and the parts above it.
 * Undefined when it returns undefined.
 */
function mergeParts(
  ours: Parts,
  base: Parts,
  theirs: Parts,
  resolve: (ours: Parts, base: Parts, theirs: Parts, above: Parts) => Parts | undefined,
): string[] | undefined {
  const merged: string[] = [];
  let next = 0;
  for (const group of groupsOf(hunksOf(base, ours), hunksOf(base, theirs))) {
    merged.push(...base.slice(next, group.start));
    const old = base.slice(group.start, group.end);
    const one = applied(old, group.start, group.ours);
    const other = applied(old, group.start, group.theirs);
    const parts = oneSide(one, old, other) ?? resolve(one, old, other, merged);
    if (parts === undefined) return undefined;
    merged.push(...parts);
    next = group.end;
  }
  return [...merged, ...base.slice(next)];
}

/** The changed side, if the other side changed nothing, or changed the same. */
function oneSide(ours: Parts, base: Parts, theirs: Parts): Parts | undefined {
  const isSame = (one: Parts, other: Parts): boolean => isDeepStrictEqual(one, other);
  if (isSame(ours, base) || isSame(ours, theirs)) return theirs;
  return isSame(theirs, base) ? ours : undefined;
}

/** The lines from `start` to `end` of the base become `lines`. */
type Hunk = { readonly start: number; readonly end: number; readonly lines: Parts };

/** Hunks of both sides that change the same lines of the base. */
type Group = {
  start: number;
  end: number;
  readonly ours: Hunk[];
  readonly theirs: Hunk[];
};

const hunksOf = (base: Parts, changed: Parts): Hunk[] =>
  diffIndices([...base], [...changed]).map(
    ({ buffer1: [start, length], buffer2Content: lines }) => ({
      start,
      end: start + length,
      lines,
    }),
  );

/** All hunks in the order of the base. Hunks that only touch each other are in separate groups. */
function groupsOf(ours: readonly Hunk[], theirs: readonly Hunk[]): Group[] {
  const all = [
    ...theirs.map((hunk) => ({ hunk, side: 'theirs' as const })),
    ...ours.map((hunk) => ({ hunk, side: 'ours' as const })),
  ].sort((a, b) => a.hunk.start - b.hunk.start || a.hunk.end - b.hunk.end);
  const groups: Group[] = [];
  for (const { hunk, side } of all) {
    const last = groups.at(-1);
    if (last && (hunk.start < last.end || isSamePlace(last, hunk))) {
      last.end = Math.max(last.end, hunk.end);
      last[side].push(hunk);
    } else groups.push({ start: hunk.start, end: hunk.end, ours: [], theirs: [], [side]: [hunk] });
  }
  return groups;
}

/** Whether both only add lines, at the same place. */
const isSamePlace = (group: Group, hunk: Hunk): boolean =>
  hunk.start === hunk.end && group.start === group.end && hunk.start === group.start;

/** The lines `old` of the base, which start at `start`, after `hunks`. */
function applied(old: Parts, start: number, hunks: readonly Hunk[]): string[] {
  const lines: string[] = [];
  let next = start;
  for (const hunk of hunks) {
    lines.push(...old.slice(next - start, hunk.start - start), ...hunk.lines);
    next = hunk.end;
  }
  return [...lines, ...old.slice(next - start)];
}

type Kind = 'yaml' | 'text' | 'code';

/** The lines that both sides changed. */
function mergeLines(ours: Parts, base: Parts, theirs: Parts, kind: Kind): Parts | undefined {
  return (
    withAdded(ours, base, theirs, kind) ??
    lineByLine(ours, base, theirs, kind) ??
    (kind === 'text' ? wordByWord(ours, base, theirs) : undefined)
  );
}

/** `theirs` with the lines that `ours` adds to `base`, if it changes no line of it. */
function withAdded(ours: Parts, base: Parts, theirs: Parts, kind: Kind): string[] | undefined {
  // In YAML, deeper lines belong to what is above: after lines that are less deep, they would belong to those.
  if (kind === 'yaml' && base.length === 0 && depthOf(ours) > depthOf(theirs))
    return [...ours, ...theirs];
  const hunks = hunksOf(base, ours);
  if (hunks.some(({ start, end }) => start < end)) return undefined;
  const lines = [...theirs];
  for (const { start, lines: added } of hunks.toReversed())
    lines.splice(placeOf(start, base, theirs), 0, ...added);
  return lines;
}

/** How deep the first line of YAML is that is no comment. */
const depthOf = (lines: Parts): number =>
  lines.find((line) => /^ *[^ #]/.test(line))?.search(/\S/) ?? 0;

/** Where a line goes into `theirs` that was added to `base` at `start`: to the line before it, or to the one after it. */
function placeOf(start: number, base: Parts, theirs: Parts): number {
  if (base.length === theirs.length) return start;
  const [before = '', after = ''] = [base[start - 1], base[start]];
  const above = before.trim() === '' ? -1 : theirs.lastIndexOf(before);
  const below = after.trim() === '' ? -1 : theirs.indexOf(after);
  if (above >= 0) return above + 1;
  if (below >= 0) return below;
  return start === 0 && base.length > 0 ? 0 : theirs.length;
}

/** Each line for itself, if neither side added or removed one. */
function lineByLine(ours: Parts, base: Parts, theirs: Parts, kind: Kind): string[] | undefined {
  if (ours.length !== base.length || theirs.length !== base.length) return undefined;
  const lines = base.map((line, index) => {
    const [one = '', other = ''] = [ours[index], theirs[index]];
    if (one === line || one === other) return other;
    if (other === line) return one;
    const comment =
      kind === 'yaml' && one.startsWith(`${line} #`) ? one.slice(line.length) : undefined;
    if (comment !== undefined) return `${other}${comment}`;
    return kind === 'text' ? wordByWord([one], [line], [other])?.[0] : undefined;
  });
  return lines.every((line) => line !== undefined) ? lines : undefined;
}

/** The most lines that still count as one passage. */
const PASSAGE = 40;

/** Whether `changed` has another text in place of `base`, which is longer than a passage: no line of it is left. */
const isReplaced = (base: Parts, changed: Parts): boolean =>
  base.length > PASSAGE && !base.some((line) => line.trim() !== '' && changed.includes(line));

/** Words and the space between them as separate parts: so a text with other line breaks still has the same words. */
function wordByWord(ours: Parts, base: Parts, theirs: Parts): string[] | undefined {
  // Two different texts have some words in common by chance. To find them in thousands of words takes seconds.
  if (isReplaced(base, ours) || isReplaced(base, theirs)) return undefined;
  const [one = [], old = [], other = []] = [ours, base, theirs].map((lines) =>
    lines.join('\n').split(/([ \n]+)/),
  );
  // Words of a sentence that says something else now would make no sense in it.
  if (!keepsHalf(old, one) || !keepsHalf(old, other)) return undefined;
  return mergeParts(one, old, other, () => undefined)
    ?.join('')
    .split('\n');
}

/** Whether at least half of the words of `base` are still in `changed`. */
function keepsHalf(base: Parts, changed: Parts): boolean {
  const isWord = (part: string): boolean => part.trim() !== '';
  const lost = hunksOf(base, changed).flatMap(({ start, end }) => base.slice(start, end));
  return 2 * lost.filter(isWord).length <= base.filter(isWord).length;
}
