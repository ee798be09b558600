import { hash } from 'node:crypto';

/** `text` with Unix line ends, and without the byte order mark that some editors of Windows write. */
export function unixLines(text: string): string {
  const plain = text.startsWith('\ufeff') ? text.slice(1) : text;
  return plain.includes('\r') ? plain.replaceAll('\r\n', '\n') : plain;
}

/** `text` with the line ends of most lines of `like`: Windows or Unix. */
export function linesLike(like: string, text: string): string {
  const windows = like.split('\r\n').length - 1;
  const all = like.split('\n').length - 1;
  return windows > all / 2 ? unixLines(text).replaceAll('\n', '\r\n') : unixLines(text);
}

// One buffer for all files: a copy for each of thousands of files would burden the garbage collector.
const SCRATCH = Buffer.allocUnsafe(2 ** 16);

/** The id that git gives a file with this text and Unix line ends, because a checkout may have changed them. */
export function blobId(text: string): string {
  const lines = unixLines(text);
  const header = `blob ${Buffer.byteLength(lines)}\0`;
  const length = header.length + Buffer.byteLength(lines);
  if (length > SCRATCH.length) return hash('sha1', Buffer.from(header + lines), 'hex');
  SCRATCH.write(header, 0, 'latin1');
  SCRATCH.write(lines, header.length);
  return hash('sha1', SCRATCH.subarray(0, length), 'hex');
}

/** The conflict markers of git; `merge.conflictStyle=diff3` adds the part in the middle. */
const CONFLICT =
  /^<<<<<<<[^\n]*\n([\s\S]*?)(?:^\|{7}[^\n]*\n[\s\S]*?)?^=======\n([\s\S]*?)^>>>>>>>[^\n]*\n?/gm;

/** The two sides of a file that git could not merge, or undefined when `text` has no conflict. */
export function sidesOf(text: string): readonly [ours: string, theirs: string] | undefined {
  if (!text.includes('<<<<<<<')) return undefined;
  const lines = text.replaceAll('\r\n', '\n');
  const [ours, theirs] = [lines.replace(CONFLICT, '$1'), lines.replace(CONFLICT, '$2')];
  return ours === lines ? undefined : [ours, theirs];
}
