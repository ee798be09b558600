import { join } from 'node:path';
import { Conflicter } from '@yeoman/conflicter';
import type { ComparedFile } from './disk/compare.ts';
import { Interrupted } from './errors.ts';
import type { Adapter } from './terminal.ts';

type ConflicterAdapter = ConstructorParameters<typeof Conflicter>[0];
type ConflicterFile = Parameters<Conflicter['checkForCollision']>[0];

/** The keys of Yeoman's question that fit: its experimental ones edit and reload files on disk. */
const KEYS = ['y', 'n', 'a', 'd', 'x'];

/**
 * Asks Yeoman's conflict question for each of `files` in `folder`, before anything is written.
 * Returns the paths to overwrite; throws Interrupted when the user aborts.
 */
export async function askConflicts(
  adapter: Adapter,
  folder: string,
  files: readonly ComparedFile[],
): Promise<Set<string>> {
  const conflicter = new Conflicter(adapter as ConflicterAdapter, {
    cwd: folder,
    customizeActions: (actions) =>
      actions.filter((action) => !('key' in action) || KEYS.includes(String(action.key))),
  });
  const chosen = new Set<string>();
  for (const { path, contents } of files) {
    const file = { path: join(folder, path), contents: Buffer.from(contents) } as ConflicterFile;
    const { conflicter: answer } = await conflicter.checkForCollision(file).catch(interrupt);
    if (answer === 'force' || (answer as string) === 'write') chosen.add(path);
  }
  return chosen;
}

function interrupt(error: unknown): never {
  throw new Interrupted('Aborted: nothing was written.', { cause: error });
}
