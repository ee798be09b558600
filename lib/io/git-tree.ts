import { createHash } from 'node:crypto';
import { lstat, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** `mode sha` by path, as git would store the files. */
export type Blobs = ReadonlyMap<string, string>;

/** The files of a folder; those in `contents` count as written. */
export type Files = {
  readonly folder: string;
  readonly files: readonly string[];
  readonly contents?: Readonly<Record<string, string>> | undefined;
};

/** What git would make of the files, without asking it: a dry run leaves no trace. */
export async function readBlobs({ folder, files, contents = {} }: Files): Promise<Blobs> {
  const blobs = new Map<string, string>();
  for (const file of files) {
    const text = contents[file];
    const blob = text === undefined ? readBlob(join(folder, file)) : plain(Buffer.from(text));
    blobs.set(file, await blob);
  }
  return blobs;
}

async function readBlob(path: string): Promise<string> {
  const about = await lstat(path);
  if (about.isSymbolicLink()) return `120000 ${hash('blob', Buffer.from(await readlink(path)))}`;
  const contents = await readFile(path);
  const runs = (about.mode & 0o100) !== 0 && process.platform !== 'win32';
  return runs ? `100755 ${hash('blob', contents)}` : plain(contents);
}

function plain(contents: Buffer): string {
  return `100644 ${hash('blob', contents)}`;
}

/** The id of the tree of `blobs`; git-scm.com/book/en/v2/Git-Internals-Git-Objects. */
export function treeId(blobs: Blobs, under = ''): string {
  const entries = new Map<string, { mode: string; id: string; order: string }>();
  for (const [path, blob] of blobs) {
    if (!path.startsWith(under)) continue;
    const [name = '', ...below] = path.slice(under.length).split('/');
    if (entries.has(name)) continue;
    const [mode = '', id = ''] = blob.split(' ');
    if (below.length === 0) entries.set(name, { mode, id, order: name });
    else
      entries.set(name, {
        mode: '40000',
        id: treeId(blobs, `${under}${name}/`),
        order: `${name}/`,
      });
  }
  // git sorts by bytes, and a folder as if its name ended in a slash
  const sorted = [...entries].sort(([, a], [, b]) =>
    Buffer.compare(Buffer.from(a.order), Buffer.from(b.order)),
  );
  const parts = sorted.flatMap(([name, { mode, id }]) => [
    Buffer.from(`${mode} ${name}\0`),
    Buffer.from(id, 'hex'),
  ]);
  return hash('tree', Buffer.concat(parts));
}

function hash(kind: string, contents: Buffer): string {
  return createHash('sha1').update(`${kind} ${contents.length}\0`).update(contents).digest('hex');
}
