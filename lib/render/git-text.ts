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

// One room for the bytes of all files: thousands of copies would only wait for the garbage collector.
const SCRATCH = Buffer.allocUnsafe(2 ** 16);

/** The id that git gives a file of this text, whatever its line ends: a checkout may have changed them. */
export function blobId(text: string): string {
  const lines = unixLines(text);
  const header = `blob ${Buffer.byteLength(lines)}\0`;
  const length = header.length + Buffer.byteLength(lines);
  if (length > SCRATCH.length) return hash('sha1', Buffer.from(header + lines), 'hex');
  SCRATCH.write(header, 0, 'latin1');
  SCRATCH.write(lines, header.length);
  return hash('sha1', SCRATCH.subarray(0, length), 'hex');
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
