import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blobId } from '../lib/render/git-text.ts';

/** Makes the file at `path` of the repository in `folder` as an older version wrote it: with `change`, and recorded so. */
export function age(folder: string, path: string, change: (text: string) => string): void {
  const file = join(folder, path);
  const before = readFileSync(file, 'utf8');
  const after = change(before);
  if (after === before) throw new Error(`nothing changed in ${path}`);
  writeFileSync(file, after);
  const record = join(folder, '.yo-rc.json');
  const text = readFileSync(record, 'utf8').replaceAll(blobId(before), blobId(after));
  writeFileSync(record, text.replace(/"generator": "[^"]*"/, '"generator": "0.1.9"'));
}
