import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readRecord } from '../../lib/plan/record.ts';
import type { Location } from '../../lib/verify/read/read-estate.ts';
import type { Results } from '../../lib/verify/results.ts';
import { verifyEstate } from '../../lib/verify/verify-estate.ts';
import { temporaryFolder, writeTree } from '../sandbox.ts';

/** Where the repositories below `folder` are, as the command finds them. */
export function locationIn(folder: string, repos: readonly string[]): Location {
  const folderOf = (repo: string): string => join(folder, repo);
  const recordOf = (repo: string) => {
    const path = join(folderOf(repo), '.yo-rc.json');
    return readRecord(readFileSync(path, 'utf8'), path, []).record;
  };
  const records = repos.flatMap((repo) => recordOf(repo) ?? []);
  const record = records.find(({ kind }) => kind === 'config-repo');
  const environments = (record ?? records[0])?.environments ?? [];
  return { config: record && { name: record.name, record }, environments, folderOf, recordOf };
}

/** What `verify` says about the repositories in `tree`, by path. */
export async function verifyTree(tree: ReadonlyMap<string, string>): Promise<Results> {
  return onDisk(tree)(tree);
}

/**
 * Writes `whole` once. The result verifies trees that differ from it a little: it writes the differences, and takes them
 * back afterwards. It verifies one tree at a time.
 */
export function onDisk(
  whole: ReadonlyMap<string, string>,
): (tree: ReadonlyMap<string, string>) => Promise<Results> {
  const folder = temporaryFolder();
  writeTree(folder, whole);
  return async (tree) => {
    change(folder, whole, tree);
    try {
      return await verifyEstate(locationIn(folder, reposIn(tree)));
    } finally {
      change(folder, tree, whole);
    }
  };
}

function change(
  folder: string,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): void {
  for (const path of before.keys()) if (!after.has(path)) rmSync(join(folder, path));
  const repos = reposIn(after);
  for (const repo of reposIn(before))
    if (!repos.includes(repo)) rmSync(join(folder, repo), { recursive: true });
  writeTree(
    folder,
    [...after].filter(([path, text]) => before.get(path) !== text),
  );
}

/** The folders of `tree` that have a record. */
export function reposIn(tree: ReadonlyMap<string, string>): string[] {
  return [...tree.keys()].flatMap((path) => /^([^/]+)\/\.yo-rc\.json$/.exec(path)?.[1] ?? []);
}

/** Fails unless `findings` have exactly the codes `codes`. */
export function assertCodes(findings: Results['findings'], codes: readonly string[]): void {
  const found = [...new Set(findings.map(({ code }) => code))].sort();
  assert.deepEqual(found, [...codes].sort(), JSON.stringify(findings, null, 2));
}
