import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import helpers from 'yeoman-test';
import type { CommandName } from '../../lib/settings/settings.ts';
import { readTree } from '../sandbox.ts';

export type Run = {
  readonly in?: string;
  readonly arguments?: readonly string[];
  readonly options?: object;
  readonly answers?: object;
};

/** Runs the generator of `command` with yeoman-test in a folder below `root`; returns root's tree. */
export async function runGenerator(
  command: CommandName,
  root: string,
  run: Run,
): Promise<Map<string, string>> {
  const path = fileURLToPath(new URL(`../../generators/${command}/index.ts`, import.meta.url));
  await helpers
    .create(path, { namespace: `flux-gitops:${command}` }, { cwd: join(root, run.in ?? '.') })
    .withArguments([...(run.arguments ?? [])])
    .withOptions({ ...run.options })
    .withAnswers({ ...run.answers })
    .run();
  return readTree(root);
}
