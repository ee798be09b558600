/** A section of a Markdown text: a heading with everything below it, up to the next heading that is not smaller. */
type Section = { readonly heading: string; readonly from: number; readonly to: number };

/**
 * `base` and `wanted` without the sections of `base` that a user removed from `found` as a whole: they stay removed, also
 * where the new version changed them.
 */
export function withoutRemoved(
  found: string,
  base: string,
  wanted: string,
): { readonly base: string; readonly wanted: string } {
  const [ours, before, theirs] = [found, base, wanted].map((text) => text.split('\n'));
  if (!ours || !before || !theirs) return { base, wanted };
  const kept = new Set(sectionsOf(ours).map(({ heading }) => heading));
  const there = new Set(ours);
  let [old, next] = [before, theirs];
  for (const { heading, from, to } of sectionsOf(before)) {
    // If the new version has it under another name, the user must decide.
    const isGone =
      !kept.has(heading) && [old, next].every((one) => isOnce(sectionsOf(one), heading));
    // A section with another heading is still there.
    const own = before.slice(from, to).filter((line) => isTelling(line) && isUnique(line, before));
    if (!isGone || own.some((line) => there.has(line))) continue;
    old = without(old, heading);
    next = without(next, heading);
  }
  return { base: old.join('\n'), wanted: next.join('\n') };
}

function sectionsOf(lines: readonly string[]): Section[] {
  let isCode = false;
  const headings = lines.flatMap((heading, from) => {
    if (heading.startsWith('```')) isCode = !isCode;
    const level = isCode ? undefined : /^(#{2,6}) /.exec(heading)?.[1]?.length;
    return level === undefined ? [] : [{ heading, from, level }];
  });
  return headings.map(({ heading, from, level }) => {
    const next = headings.find((one) => one.from > from && one.level <= level);
    return { heading, from, to: next?.from ?? lines.length };
  });
}

const isOnce = (sections: readonly Section[], heading: string): boolean =>
  sections.filter((one) => one.heading === heading).length === 1;

/** Whether a line says something of its own: not an empty one, a fence or a bracket. */
const isTelling = (line: string): boolean => line.trim().length > 15;

const isUnique = (line: string, lines: readonly string[]): boolean =>
  lines.indexOf(line) === lines.lastIndexOf(line);

/** `lines` without the section `heading`, if there is one such section. */
function without(lines: readonly string[], heading: string): string[] {
  const sections = sectionsOf(lines);
  const found = sections.find((one) => one.heading === heading);
  if (found === undefined || !isOnce(sections, heading)) return [...lines];
  return [...lines.slice(0, found.from), ...lines.slice(found.to)];
}
