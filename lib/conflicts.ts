import { join, relative } from 'node:path';
import { Conflicter } from '@yeoman/conflicter';
import type { ComparedFile } from './disk/compare.ts';
import { unixLines } from './render/git-text.ts';
import { differenceOf } from './render/merge.ts';

/** A file that both a user and this run change, and the folder of its repository. */
export type Conflict = { readonly folder: string; readonly file: ComparedFile };

/** The part of Yeoman's adapter that this package uses; version 4 (yo) and version 5 have it. */
// biome-ignore lint/suspicious/noExplicitAny: the two versions differ in the types of their questions
export type Adapter = { readonly prompt: (questions: any, initial?: any) => Promise<any> };

type ConflicterAdapter = ConstructorParameters<typeof Conflicter>[0];
type ConflicterFile = Parameters<Conflicter['checkForCollision']>[0];

/** The useful keys of Yeoman's question: the other keys edit files on disk, or show a whole file. */
const KEYS = ['y', 'n', 'a', 'x'];
/**
 * Shows the difference in each of `conflicts` with its path below `parent`, and asks Yeoman's conflict question. The
 * run has written nothing yet. Returns the files to overwrite. Throws the error of Yeoman when the user aborts.
 */
export async function askConflicts(
  adapter: Adapter,
  say: (text: string) => void,
  parent: string,
  conflicts: readonly Conflict[],
): Promise<Set<ComparedFile>> {
  const conflicter = new Conflicter(adapter as ConflicterAdapter, {
    cwd: parent,
    customizeActions: (actions) =>
      actions.filter((action) => !('key' in action) || KEYS.includes(String(action.key))),
  });
  const chosen = new Set<ComparedFile>();
  for (const { folder, file } of conflicts) {
    const lines = differenceOf(unixLines(file.found ?? ''), unixLines(file.contents));
    say([relative(parent, join(folder, file.path)), ...lines].join('\n'));
    const asked = { path: join(folder, file.path), contents: Buffer.from(file.contents) };
    const { conflicter: answer } = await conflicter.checkForCollision(asked as ConflicterFile);
    if (answer === 'force' || (answer as string) === 'write') chosen.add(file);
  }
  return chosen;
}
