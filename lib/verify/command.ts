/** The command `verify`: what is wrong with the estate, before Flux and the cluster say so. */
import { writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { packageVersion } from '../disk/package-files.ts';
import type { Workspace } from '../disk/workspace.ts';
import { type Problem, UserError } from '../errors.ts';
import { notInEstate } from '../plan/outside.ts';
import type { Action, Outcome, Prepared } from '../prepared.ts';
import type { Given } from '../settings/arguments.ts';
import { readSetting } from '../settings/resolve.ts';
import { settingsOf } from '../settings/settings.ts';
import { lookOf } from '../terminal.ts';
import { liveProblems, openComparison } from './live/command.ts';
import { cloneMissing } from './read/fetch.ts';
import type { Location } from './read/read-estate.ts';
import { annotations, type Result, type Results, resultsText, sarif } from './results.ts';
import { verifyEstate } from './verify-estate.ts';

export const verify: Action = { check, run };

/** Every problem of the flags and the folder. */
function check(given: Given, { home, folder }: Workspace): Problem[] {
  const problems: Problem[] = [];
  for (const key of settingsOf('verify'))
    for (const text of given.texts[key] ?? []) readSetting(key, text, problems);
  if (home?.record === undefined) problems.push(notInEstate(folder, 'flux-gitops verify'));
  else problems.push(...liveProblems(given, home.record.kind === 'config-repo'));
  return problems;
}

async function run(prepared: Prepared): Promise<Outcome> {
  const { given, terminal, open } = prepared;
  const workspace = open();
  const location = locationOf(workspace);
  const compare = await openComparison(prepared, location);
  if (location.config === undefined)
    terminal.say(
      `No config repo lies beside ${workspace.home?.name}, so the rights, quotas and policies of its tenants are not checked${given.switches.fetch ? ', and --fetch has nothing to clone' : ''}.`,
    );
  if (given.switches.fetch) await cloneMissing(location, terminal.say);
  const results = await verifyEstate(location, compare ? { more: compare } : {});
  const from = resolve(process.env.GITHUB_WORKSPACE ?? '.');
  const pathOf = ({ repo, file }: Result): string =>
    relative(from, resolve(location.folderOf(repo), file)).replaceAll('\\', '/');
  if (process.env.GITHUB_ACTIONS === 'true' && results.findings.length > 0)
    terminal.say(annotations(results, pathOf));
  const file = given.texts.sarif?.at(-1);
  if (file !== undefined) writeSarif(file, results, pathOf);
  const text = resultsText(results, lookOf(process.stdout).paint);
  return { text, json: results, exitCode: hasError(results) ? 1 : 0 };
}

const hasError = ({ findings }: Results): boolean =>
  findings.some(({ severity }) => severity === 'error');

function locationOf({ home, find, folderOf }: Workspace): Location {
  const record = home?.record;
  if (record === undefined) throw new Error('check has refused a folder without a record');
  const config = record.kind === 'config-repo' ? { name: record.name, record } : undefined;
  return {
    config,
    environments: record.environments,
    folderOf,
    // A broken record of an app repo does not matter here: the config repo knows the environments.
    recordOf: (repo) => find(repo, []).record,
  };
}

function writeSarif(file: string, results: Results, pathOf: (result: Result) => string): void {
  try {
    writeFileSync(file, sarif(results, pathOf, packageVersion()));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UserError(
      `--sarif ${file} cannot be written (${code}).\n  Choose a file in a folder that exists.`,
      2,
      error,
    );
  }
}
