import { createHash } from 'node:crypto';
import { lstat, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** `mode sha` by path, as git would store the files. */
export type Blobs = ReadonlyMap<string, string>;

/** What git would make of `files` in `folder`, without asking it: a dry run leaves no trace. */
export async function readBlobs(folder: string, files: readonly string[]): Promise<Blobs> {
  const blobs = new Map<string, string>();
  for (const file of files) {
    const path = join(folder, file);
    const about = await lstat(path);
    const link = about.isSymbolicLink();
    const contents = link ? Buffer.from(await readlink(path)) : await readFile(path);
    const mode = link
      ? '120000'
      : (about.mode & 0o100) !== 0 && process.platform !== 'win32'
        ? '100755'
        : '100644';
    blobs.set(file, `${mode} ${hash('blob', contents)}`);
  }
  return blobs;
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
