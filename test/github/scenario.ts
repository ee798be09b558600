import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { git } from './bare.ts';
import type { Repo } from './bodies.ts';
import { type Estate, makeEstate, type Options, type Outcome, runDriver } from './run.ts';
import { StandIn } from './stand-in.ts';

/** A stand-in, an estate, and what a test asks of them. */
export type Scene = {
  standIn: StandIn;
  estate: Estate;
  run: (options?: Options) => Promise<Outcome>;
  /** A repository of the stand-in; fails when it is not there. */
  repo: (name: string, owner?: string) => Repo;
};

/** One scenario; whatever it is about, no token leaks and nothing is unknown to GitHub's description. */
export function scenario(
  name: string,
  act: (scene: Scene) => Promise<void>,
  names?: readonly string[],
): void {
  test(name, async () => {
    const standIn = await new StandIn().open();
    const estate = makeEstate(names);
    const printed: string[] = [];
    const tokens = new Set([standIn.access.token]);
    const run = async (options?: Options) => {
      tokens.add(standIn.access.token);
      const outcome = await runDriver(standIn, estate, options);
      printed.push(outcome.printed);
      return outcome;
    };
    const repo = (called: string, owner = 'octo') => {
      const found = standIn.findRepo(owner, called);
      assert.ok(found, `${owner}/${called} exists`);
      return found;
    };
    try {
      await act({ standIn, estate, run, repo });
      assert.deepEqual(standIn.violations, []);
      for (const token of tokens)
        assert.deepEqual(findLeaks(token, printed.join('\n'), estate.home), []);
      for (const one of standIn.repos)
        assert.ok(countRoots(one) <= 1, `${one.name} has one initial commit`);
    } finally {
      await standIn.close();
      await rm(estate.home, { recursive: true, force: true, maxRetries: 5 });
    }
  });
}

/** Commits without a parent on any branch. */
export function countRoots({ folder }: Repo): number {
  const roots = git(folder, 'rev-list', '--all', '--max-parents=0');
  return roots.split('\n').filter((line) => line !== '').length;
}

/** Commits on the branch. */
export function countCommits({ folder }: Repo, branch = 'main'): number {
  return Number(git(folder, 'rev-list', '--count', branch));
}

/** The paths in the head of the branch. */
export function listFiles({ folder }: Repo, branch = 'main'): string[] {
  const text = git(folder, 'ls-tree', '-r', '--name-only', branch);
  return text.split('\n').filter((line) => line !== '');
}

/** That every repository is there once, with one commit that holds exactly the files of the estate. */
export function assertPublished(
  { standIn, estate, repo }: Scene,
  owner = 'octo',
  branch = 'main',
): void {
  assert.deepEqual(
    standIn.repos.map(({ name }) => name).sort(),
    estate.repos.map(({ name }) => name).sort(),
  );
  assert.equal(standIn.creations, estate.repos.length, 'one creation each');
  for (const { name, files, folder } of estate.repos) {
    const found = repo(name, owner);
    assert.equal(countCommits(found, branch), 1, `${name} has one commit`);
    assert.deepEqual(listFiles(found, branch), [...files].sort());
    assert.equal(git(folder, 'rev-parse', 'HEAD'), git(found.folder, 'rev-parse', branch));
    assert.equal(git(folder, 'status', '--porcelain'), '');
  }
}

/** That `outcome` is the refusal `code`, in words that `text` matches. */
export function assertRefused(outcome: Outcome, code: string, ...texts: RegExp[]): void {
  assert.equal(outcome.error?.code, code, outcome.lines);
  assert.equal(outcome.code, 1, outcome.lines);
  for (const text of texts) assert.match(outcome.lines, text);
  assert.match(
    outcome.lines,
    /[Rr]un the same command again\. It continues where this run stopped: flux-gitops --publish --owner octo/,
  );
  assert.doesNotMatch(outcome.lines, /\n {4}at |undefined|\?\)/, 'no stack, no gap');
  assert.doesNotMatch(outcome.lines, / \?[ .,;]|\{\w+\}/, 'every fact is filled in');
}

/** That nothing at all was made on GitHub. */
export function assertUntouched({ standIn }: Scene, outcome: Outcome): void {
  const writes = standIn.seen.filter(({ line }) => !line.startsWith('GET '));
  assert.deepEqual(
    writes.map(({ line }) => line),
    [],
  );
  assert.match(outcome.lines, /Nothing was created or changed on GitHub\./);
}

/** Where the token can be read, in `printed` and below `folder`. */
export function findLeaks(token: string, printed: string, folder: string): string[] {
  const shapes = [
    token,
    Buffer.from(token).toString('base64'),
    Buffer.from(`x-access-token:${token}`).toString('base64'),
  ];
  const leaks = shapes.filter((shape) => printed.includes(shape)).map(() => 'printed');
  for (const path of existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
    : []) {
    const file = join(folder, path);
    if (!statSync(file, { throwIfNoEntry: false })?.isFile() || path.endsWith('.secret')) continue;
    const text = readFileSync(file, 'latin1');
    if (shapes.some((shape) => text.includes(shape))) leaks.push(path);
  }
  return leaks;
}
