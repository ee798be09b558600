import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Outcome, runHere } from './sandbox.ts';

/** A valid case: commands that run one after the other in an empty folder. */
export type ValidCase = {
  readonly name: string;
  readonly runs: readonly { readonly in?: string; readonly argv: readonly string[] }[];
};

const CASES = fileURLToPath(new URL('cases/valid/', import.meta.url));

/** Where the golden tree of the case `name` lies. */
export function goldenFolder(name: string): string {
  return fileURLToPath(new URL(`golden/${name}`, import.meta.url));
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
    outcomes.push(await runHere(run.argv, join(folder, run.in ?? '.')));
    if (outcomes.at(-1)?.code !== 0) break;
  }
  return outcomes;
}
