/** Reads the repositories of an estate from disk. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isThere } from '../disk/workspace.ts';
import type { Environment } from '../plan/estate.ts';
import type { FoundRecord } from '../plan/record.ts';
import type { EstateFiles, RepoFiles } from './model.ts';

/** Where the repositories are, and what is recorded about them. */
export type Location = {
  readonly config: { readonly name: string; readonly record: FoundRecord } | undefined;
  readonly environments: readonly Environment[];
  readonly folderOf: (repo: string) => string;
  readonly recordOf: (repo: string) => FoundRecord | undefined;
};

/** The files of all repositories that exist at their places. */
export async function readEstate({
  config,
  environments,
  folderOf,
  recordOf,
}: Location): Promise<EstateFiles> {
  const apps = new Map<string, RepoFiles>();
  for (const repo of new Set(environments.map((one) => one.repo))) {
    const folder = folderOf(repo);
    if (isThere(folder)) apps.set(repo, await readRepo(repo, folder, recordOf(repo)));
  }
  const files = config && (await readRepo(config.name, folderOf(config.name), config.record));
  return { config: files, apps, environments };
}

async function readRepo(
  name: string,
  folder: string,
  record: FoundRecord | undefined,
): Promise<RepoFiles> {
  const files = new Map<string, string>();
  readFolder(folder, '', files);
  const branches = await branchesOf(folder);
  return { name, folder, record, files, ...(branches && { branches }) };
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

/** The branches of the clone in `folder`, also those of its remotes; undefined when it is no clone. */
async function branchesOf(folder: string): Promise<string[] | undefined> {
  if (!isThere(join(folder, '.git'))) return undefined;
  try {
    const git = promisify(execFile);
    const options = { cwd: folder, env: { ...process.env, GIT_CONFIG_COUNT: '0' } };
    const { stdout } = await git(
      'git',
      ['for-each-ref', '--format=%(refname)', 'refs/heads', 'refs/remotes'],
      options,
    );
    // A new repository has no commit, and so no branch but the one that HEAD names.
    const head = await git('git', ['symbolic-ref', '-q', 'HEAD'], options).catch(() => ({
      stdout: '',
    }));
    const names = `${stdout}\n${head.stdout}`.split('\n').filter(Boolean);
    return [...new Set(names.map((name) => name.replace(/^refs\/(heads|remotes\/[^/]+)\//, '')))];
  } catch {
    return undefined;
  }
}
