import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { floorValues } from '../bench/floor-values.ts';
import { goldenFolder } from './golden.ts';
import { readTree, temporaryFolder } from './sandbox.ts';

const FLOOR = fileURLToPath(new URL('../bench/floor.js', import.meta.url));

// A floor that writes less, or that a new template value stops, compares nothing.
test('the floor of the benchmark writes the files of the default estate', () => {
  const into = temporaryFolder();
  const values = join(temporaryFolder(), 'values.json');
  writeFileSync(values, floorValues());
  const argv = [FLOOR, values, into, 'default'];
  const { status, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const paths = (tree: ReadonlyMap<string, string>): string[] => [...tree.keys()].sort();
  assert.deepEqual(paths(readTree(into)), paths(readTree(goldenFolder('default'))));
});
