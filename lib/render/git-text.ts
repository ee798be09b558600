import { hash } from 'node:crypto';

/** `text` with the line ends of Unix. */
export function unixLines(text: string): string {
  return text.includes('\r') ? text.replaceAll('\r\n', '\n') : text;
}

/** `text` with the line ends of `like`, most of which are of Windows or of Unix. */
export function linesLike(like: string, text: string): string {
  const windows = like.split('\r\n').length - 1;
  const all = like.split('\n').length - 1;
  return windows > all / 2 ? unixLines(text).replaceAll('\n', '\r\n') : unixLines(text);
}

/** The id that git gives a file of this text, whatever its line ends: a checkout may have changed them. */
export function blobId(text: string): string {
  const lines = unixLines(text);
  return hash('sha1', `blob ${Buffer.byteLength(lines)}\0${lines}`, 'hex');
}

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
