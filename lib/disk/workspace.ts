import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Problem, UserError } from '../errors.ts';
import type { Found, World } from '../plan/plan.ts';
import { RECORD_FILE, readRecord } from '../plan/record.ts';
import { sidesOf } from '../render/git-text.ts';
import type { CommandName } from '../settings/settings.ts';
import { mergeStages } from './git-stages.ts';

/** The world of one run, and where on disk its repositories lie. */
export type Workspace = World & {
  /** The folder that holds the repositories. */
  readonly parent: string;
  /** Where the lock of the estate lies: the first of them that can be written. */
  readonly lockFolders: readonly string[];
  readonly folderOf: (repo: string) => string;
};

/**
 * What `command` finds at `into`, which is relative to `cwd`. Inside an estate, in whatever folder of one of
 * its repositories, that estate is meant: its repositories lie side by side. Elsewhere they lie in `into`.
 * `named` is the config repo that the user named, if any.
 */
export function openWorkspace(
  command: CommandName,
  cwd: string,
  into: string,
  named: string | undefined,
  problems: Problem[],
): Workspace {
  const folder = resolve(cwd, into);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false)
    problems.push({
      given: folder,
      rule: 'this is a file, and it must be a folder',
      example: '--into ./estate',
      flag: '--into',
      settings: ['into'],
    });
  const around = repoAround(folder, problems);
  const home = homeOf(command, folder, around, named, problems);
  const nearest = home ?? around;
  const parent = nearest ? dirname(nearest.folder) : folder;
  const folderOf = (repo: string): string =>
    repo === home?.name ? home.folder : join(parent, repo);
  const cache = new Map<string, Found>();
  const find = (repo: string, more: Problem[]): Found => {
    const found = cache.get(repo) ?? lookAt(folderOf(repo), more);
    if (more.length === 0) cache.set(repo, found);
    return found;
  };
  let configs: readonly FoundRepo[] | undefined;
  const feederOf = (repo: string): string | undefined => {
    configs ??= reposIn(parent).filter(({ record }) => record?.kind === 'config-repo');
    const others = configs.filter(({ name }) => name !== (named ?? home?.name));
    return others.find(({ record }) => record?.environments.some((one) => one.repo === repo))?.name;
  };
  const lockFolders = [parent, ...(nearest ? [nearest.folder] : [])];
  return { folder, parent, lockFolders, folderOf, find, feederOf, ...(home && { home }) };
}

/** A repository that this package wrote, and where it lies. */
type FoundRepo = Found & { readonly name: string; readonly folder: string };

const KIND = { app: 'config-repo', tenant: 'config-repo', 'scenario-repo': 'scenario-repo' };

/** The repository that `command` works on: the one around `folder`, or the config repo beside or in it. */
function homeOf(
  command: CommandName,
  folder: string,
  around: FoundRepo | undefined,
  named: string | undefined,
  problems: Problem[],
): FoundRepo | undefined {
  if (around?.record?.kind === KIND[command]) return around;
  if (command === 'scenario-repo') return undefined;
  // A folder that holds one config repo gets a second one only by name.
  if (around === undefined && named !== undefined) return undefined;
  const configs = reposIn(around ? dirname(around.folder) : folder).filter(
    ({ record }) =>
      record?.kind === 'config-repo' &&
      (around === undefined || record.environments.some(({ repo }) => repo === around.name)),
  );
  if (configs.length === 1) return configs[0];
  if (around !== undefined && command === 'app')
    problems.push({
      given: `the folder ${folder}`,
      rule: `it belongs to the app repo ${around.name}, and no config repo beside it knows this app repo`,
      example: 'flux-gitops --into ../../estate',
      flag: '--into',
      settings: ['into'],
    });
  return undefined;
}

/** The repository that holds `start`, if this package wrote it. */
function repoAround(start: string, problems: Problem[]): FoundRepo | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    // What lies above and belongs to somebody else, or to another program, is nobody's business here.
    const own = folder === start || isTrusted(folder);
    const broken: Problem[] = [];
    const found = own ? lookAt(folder, broken) : undefined;
    if (folder === start || found?.record) problems.push(...broken);
    if (found?.record) return { ...found, name: found.record.name, folder };
    if (folder === dirname(folder)) return undefined;
  }
}

/** Whether the record in `folder` belongs to this user; the administrator may work in everybody's. */
function isTrusted(folder: string): boolean {
  const stats = statSync(join(folder, RECORD_FILE), { throwIfNoEntry: false });
  const user = process.getuid?.();
  return stats === undefined || user === undefined || user === 0 || stats.uid === user;
}

/** The repositories of this package right below `folder`; what cannot be read is not one of them. */
function reposIn(folder: string): FoundRepo[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  const entries = readdirSync(folder, { withFileTypes: true }).filter(
    ({ name }) => !name.startsWith('.') && isThere(join(folder, name, RECORD_FILE)),
  );
  return entries.flatMap(({ name }) => {
    const found = lookAt(join(folder, name), []);
    return found.record ? [{ ...found, name: found.record.name, folder: join(folder, name) }] : [];
  });
}

function lookAt(folder: string, problems: Problem[]): Found {
  const file = join(folder, RECORD_FILE);
  const text = readIfThere(file);
  if (text === undefined) return { exists: isThere(folder), all: {} };
  const base = sidesOf(text) && mergeStages(folder, RECORD_FILE).base;
  return { exists: true, ...readRecord(text, file, problems, base) };
}

/** Whether anything lies at `path`. */
export function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** The text of the file at `path`, or undefined when there is no such file. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const reason =
      code === 'EISDIR' ? 'is a folder where a file belongs' : `cannot be read (${code})`;
    throw new UserError(
      `${path} ${reason}.\n  Move ${basename(path)} away, or choose another folder with --into.`,
      2,
      error,
    );
  }
}
