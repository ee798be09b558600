/** The estate as it will be after a run, checked before the run writes anything. */
import { join } from 'node:path';
import { type ComparedRepo, WRITES } from '../disk/compare.ts';
import { isPushed } from '../disk/git-stages.ts';
import { isThere, openWorkspace, readIfThere, type Workspace } from '../disk/workspace.ts';
import { type FoundRecord, RECORD_FILE, readRecord } from '../plan/record.ts';
import type { Changes, Location } from './read/read-estate.ts';
import type { Result } from './results.ts';
import { verifyEstate } from './verify-estate.ts';

/** What a run is about to write, and where its repositories are. */
export type Planned = {
  readonly repos: readonly ComparedRepo[];
  readonly workspace: Workspace;
};

/** What `verify` will find in the estate after a run has written `planned`. */
export async function findingsAfter(planned: Planned): Promise<readonly Result[]> {
  const changes = changesOf(planned);
  return (await verifyEstate(locationOf(planned, changes), { changes })).findings;
}

/**
 * The errors among `findings` that publishing would push: those in the repositories of the run. Without those that are
 * on the remote already: they are not from this run, and refusing it would not take them back.
 */
export async function errorsToPush(
  planned: Planned,
  findings: readonly Result[],
): Promise<readonly Result[]> {
  const names = new Set(planned.repos.map(({ repo }) => repo.name));
  const errors = findings.filter(({ severity, repo }) => severity === 'error' && names.has(repo));
  if (errors.length === 0) return [];
  const there = planned.repos.filter(({ isNew }) => !isNew);
  if (there.length === 0 || !there.every(({ folder }) => isPushed(folder))) return errors;
  const { findings: before } = await verifyEstate(locationOf(planned, new Map()));
  const known = new Set(before.map(identity));
  return errors.filter((one) => !known.has(identity(one)));
}

/** What is the same of a finding when lines above it change. */
const identity = ({ code, repo, file, object, message }: Result): string =>
  [code, repo, file, object, message].join('\n');

function changesOf({ repos }: Planned): Changes {
  return new Map(
    repos.map(({ folder, files }) => [
      folder,
      new Map(
        files
          .filter(({ action }) => WRITES.has(action))
          .map(({ path, action, contents }) => [path, action === 'remove' ? undefined : contents]),
      ),
    ]),
  );
}

/** Where the estate is after `changes`. Without its config repo, an app repo is checked alone, as `verify` does it. */
function locationOf({ repos, workspace }: Planned, changes: Changes): Location {
  const config = repos.find(({ repo }) => repo.role === 'config');
  const { folderOf, name } = config
    ? { folderOf: workspace.folderOf, name: config.repo.name }
    : around(repos, workspace);
  const recordOf = (repo: string): FoundRecord | undefined => {
    const file = join(folderOf(repo), RECORD_FILE);
    const text = changes.get(folderOf(repo))?.get(RECORD_FILE) ?? readIfThere(file);
    return text === undefined ? undefined : readRecord(text, file, []).record;
  };
  const record = name === undefined ? undefined : recordOf(name);
  const isConfig = name !== undefined && record?.kind === 'config-repo';
  return {
    config: isConfig ? { name, record } : undefined,
    environments: record?.environments ?? [],
    folderOf,
    recordOf,
  };
}

/** The repository that `verify` would start from beside the app repo of a run without a config repo. */
function around(
  [first]: readonly ComparedRepo[],
  workspace: Workspace,
): { readonly folderOf: Workspace['folderOf']; readonly name: string | undefined } {
  if (first === undefined) return { folderOf: workspace.folderOf, name: undefined };
  const opened = isThere(first.folder)
    ? openWorkspace('verify', first.folder, '.', undefined, [])
    : undefined;
  if (opened?.home?.record?.kind === 'config-repo')
    return { folderOf: opened.folderOf, name: opened.home.name };
  return { folderOf: workspace.folderOf, name: first.repo.name };
}
