import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Outcome, readTree, runHere, writeTree } from './sandbox.ts';

/** A valid case: commands that run one after the other in an empty folder. */
export type ValidCase = {
  readonly name: string;
  readonly runs: readonly {
    readonly in?: string;
    readonly argv: readonly string[];
    /** Files of the user in that folder, which are there for this run only. */
    readonly files?: { readonly [path: string]: string };
  }[];
};

const CASES = fileURLToPath(new URL('cases/valid/', import.meta.url));

/** Cases whose golden trees are whole; of the others only what differs from the first of these is kept. */
export const WHOLE_CASES: readonly string[] = ['default', 'reference', 'one-repo-each'];
/** The paths of a golden tree that hold what they hold in the first whole case. */
export const SAME = 'same-as-default.txt';

/** Where the golden tree of the case `name` lies. */
export function goldenFolder(name: string): string {
  return fileURLToPath(new URL(`golden/${name}`, import.meta.url));
}

/** The text of every file that the case `name` writes, by path, sorted. */
export function goldenTree(name: string): Map<string, string> {
  const tree = readTree(goldenFolder(name));
  const list = join(goldenFolder(name), SAME);
  if (!existsSync(list)) return tree;
  tree.delete(SAME);
  const whole = readTree(goldenFolder('default'));
  for (const path of readFileSync(list, 'utf8').split('\n').filter(Boolean))
    tree.set(path, whole.get(path) ?? '');
  return new Map([...tree].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Every valid case. */
export function validCases(): ValidCase[] {
  return readdirSync(CASES).map((file) => ({
    name: file.replace(/\.json$/, ''),
    runs: JSON.parse(readFileSync(join(CASES, file), 'utf8')),
  }));
}

/** Runs the commands of `one` in `folder`; stops at the first that fails. */
export async function runCase(one: ValidCase, folder: string): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const run of one.runs) {
    const here = join(folder, run.in ?? '.');
    const files = Object.entries(run.files ?? {});
    writeTree(here, files);
    outcomes.push(await runHere(run.argv, here));
    for (const [path] of files) rmSync(join(here, path));
    if (outcomes.at(-1)?.code !== 0) break;
  }
  return outcomes;
}
