/** What git writes where two sides of a merge differ; the middle part is there with `merge.conflictStyle=diff3`. */
const CONFLICT =
  /^<<<<<<<[^\n]*\n([\s\S]*?)(?:^\|{7}[^\n]*\n[\s\S]*?)?^=======\n([\s\S]*?)^>>>>>>>[^\n]*\n?/gm;

/** The two sides of a file that git could not merge, or undefined when `text` has no conflict. */
export function sidesOf(text: string): readonly [ours: string, theirs: string] | undefined {
  if (!text.includes('<<<<<<<')) return undefined;
  const lines = text.replaceAll('\r\n', '\n');
  const [ours, theirs] = [lines.replace(CONFLICT, '$1'), lines.replace(CONFLICT, '$2')];
  return ours === lines ? undefined : [ours, theirs];
}
