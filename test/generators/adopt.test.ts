import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readTree, runCommand, temporaryFolder } from '../sandbox.ts';
import { runGenerator } from './run-generator.ts';

/** The records of `tree`, and all other files. */
function parted(tree: ReadonlyMap<string, string>) {
  const isRecord = (path: string): boolean => path.endsWith('.yo-rc.json');
  return {
    records: new Map([...tree].filter(([path]) => isRecord(path))),
    others: new Map([...tree].filter(([path]) => !isRecord(path))),
  };
}

test('an estate of this package gets its lost records back, byte for byte', async () => {
  const folder = temporaryFolder();
  assert.equal((await runCommand(['--yes', '--owner', 'octo-org'], folder)).code, 0);
  const before = readTree(folder);
  for (const path of parted(before).records.keys()) rmSync(join(folder, path));
  const tree = await runGenerator('adopt', folder, { in: 'flux-demo', options: { repair: true } });
  assert.deepEqual(tree, before);
});
