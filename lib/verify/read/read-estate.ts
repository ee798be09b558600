/** Reads the repositories of an estate from disk. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isThere } from '../../disk/workspace.ts';
import type { Environment } from '../../plan/estate.ts';
import type { FoundRecord } from '../../plan/record.ts';
import type { EstateFiles, RepoFiles } from '../model.ts';

/** Where the repositories are, and what is recorded about them. */
export type Location = {
  readonly config: { readonly name: string; readonly record: FoundRecord } | undefined;
  readonly environments: readonly Environment[];
  readonly folderOf: (repo: string) => string;
  readonly recordOf: (repo: string) => FoundRecord | undefined;
};

/** What a run is about to change: by folder of a repository, the text of each file; undefined for a file that goes. */
export type Changes = ReadonlyMap<string, ReadonlyMap<string, string | undefined>>;

/** The files of all repositories that exist at their places, or that `changes` creates there. */
export async function readEstate(
  { config, environments, folderOf, recordOf }: Location,
  changes: Changes = new Map(),
): Promise<EstateFiles> {
  const apps = new Map<string, RepoFiles>();
  for (const repo of new Set(environments.map((one) => one.repo))) {
    const folder = folderOf(repo);
    if (isThere(folder) || changes.has(folder))
      apps.set(repo, await readRepo(repo, folder, recordOf(repo), changes));
  }
  const files =
    config && (await readRepo(config.name, folderOf(config.name), config.record, changes));
  return { config: files, apps, environments };
}

async function readRepo(
  name: string,
  folder: string,
  record: FoundRecord | undefined,
  changes: Changes,
): Promise<RepoFiles> {
  const files = new Map<string, string>();
  const unwritten = new Map<string, string>();
  if (isThere(folder)) readFolder(folder, '', files);
  for (const [path, text] of changes.get(folder) ?? []) {
    files.delete(path);
    if (text === undefined) continue;
    files.set(path, READ.test(path) ? text : '');
    unwritten.set(path, text);
  }
  const refs = await refsOf(folder);
  return {
    ...{ name, folder, record, files, ...refs },
    ...(unwritten.size > 0 && { unwritten }),
  };
}

/** The only files whose text matters. */
const READ = /\.ya?ml$|(^|\/)(Kustomization|\.sourceignore)$|^(\.yo-rc\.json|\.github\/artifacts)$/;
/** Larger files are no manifests that anyone wrote. */
const MOST = 4 * 2 ** 20;

function readFolder(root: string, below: string, files: Map<string, string>): void {
  for (const entry of readdirSync(join(root, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) {
      if (entry.name !== '.git' && entry.name !== 'node_modules') readFolder(root, path, files);
    } else if (isFile(entry, join(root, path)))
      files.set(path, READ.test(path) ? textOf(join(root, path)) : '');
  }
}

const isFile = (
  entry: { isFile: () => boolean; isSymbolicLink: () => boolean },
  path: string,
): boolean =>
  entry.isFile() ||
  (entry.isSymbolicLink() && statSync(path, { throwIfNoEntry: false })?.isFile() === true);

const textOf = (path: string): string =>
  statSync(path).size > MOST ? '' : readFileSync(path, 'utf8');

/** The branches of the clone in `folder`, also those of its remotes, and the tags; nothing when it is no clone. */
async function refsOf(folder: string): Promise<Pick<RepoFiles, 'branches' | 'tags'>> {
  if (!isThere(join(folder, '.git'))) return {};
  try {
    const git = promisify(execFile);
    const options = { cwd: folder, env: { ...process.env, GIT_CONFIG_COUNT: '0' } };
    const { stdout } = await git('git', ['for-each-ref', '--format=%(refname)'], options);
    // A new repository has no commit, and so no branch but the one that HEAD names.
    const head = await git('git', ['symbolic-ref', '-q', 'HEAD'], options).catch(() => ({
      stdout: '',
    }));
    const names = `${stdout}\n${head.stdout}`.split('\n');
    const below = (prefix: RegExp): string[] => [
      ...new Set(names.filter((one) => prefix.test(one)).map((one) => one.replace(prefix, ''))),
    ];
    return { branches: below(/^refs\/(heads|remotes\/[^/]+)\//), tags: below(/^refs\/tags\//) };
  } catch {
    return {};
  }
}
