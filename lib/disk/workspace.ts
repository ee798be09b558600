import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type Problem, UserError } from '../errors.ts';
import type { Found, World } from '../plan/plan.ts';
import { RECORD_FILE, readRecord } from '../plan/record.ts';
import type { CommandName } from '../settings/settings.ts';

/** The world of one run, and where on disk its repositories lie. */
export type Workspace = World & {
  /** The folder that holds the repositories. */
  readonly parent: string;
  readonly folderOf: (repo: string) => string;
};

const HOME_KIND = { app: 'config-repo', tenant: 'config-repo', 'scenario-repo': 'scenario-repo' };

/**
 * What `command` finds at `into`, which is relative to `cwd`. Inside a repository of the command's kind (`tenant`: or below
 * one) that repository is its home, and the others lie beside it; elsewhere they lie in `into`.
 */
export function openWorkspace(
  command: CommandName,
  cwd: string,
  into: string,
  problems: Problem[],
): Workspace {
  const folder = resolve(cwd, into);
  const home = findHome(command, folder, problems);
  const parent = home ? dirname(home.folder) : folder;
  const folderOf = (repo: string): string =>
    repo === home?.name ? home.folder : join(parent, repo);
  const cache = new Map<string, Found>();
  const find = (repo: string, more: Problem[]): Found => {
    const found = cache.get(repo) ?? lookAt(folderOf(repo), more);
    if (more.length === 0) cache.set(repo, found);
    return found;
  };
  return { folder, parent, folderOf, find, ...(home && { home }) };
}

type Home = Found & { readonly name: string; readonly folder: string };

function findHome(command: CommandName, start: string, problems: Problem[]): Home | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    const found = lookAt(folder, problems);
    if (found.record?.kind === HOME_KIND[command])
      return { ...found, name: found.record.name, folder };
    if (command !== 'tenant' || folder === dirname(folder)) return undefined;
  }
}

function lookAt(folder: string, problems: Problem[]): Found {
  const file = join(folder, RECORD_FILE);
  const text = readIfThere(file);
  if (text === undefined) return { exists: isThere(folder), all: {} };
  return { exists: true, ...readRecord(text, file, problems) };
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
