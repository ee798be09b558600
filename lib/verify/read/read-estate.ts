/** Reads the repositories of an estate from disk. */
import { isUtf8 } from 'node:buffer';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isThere } from '../../disk/workspace.ts';
import type { Environment } from '../../plan/estate.ts';
import type { FoundRecord } from '../../plan/record.ts';
import { quietEnvironment } from '../../publish/secrets.ts';
import { type EstateFiles, NO_TEXT, type RepoFiles } from '../model.ts';

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
  const links = new Set<string>();
  if (isThere(folder)) {
    readFolder(folder, '', files, links);
    const isIgnored = await ignoredByGit(folder, files);
    for (const path of [...files.keys()]) if (isIgnored(path)) files.delete(path);
  }
  for (const [path, text] of changes.get(folder) ?? []) {
    files.delete(path);
    if (text === undefined) continue;
    files.set(path, READ.test(path) ? text : '');
    unwritten.set(path, text);
  }
  const refs = await refsOf(folder);
  return {
    ...{ name, folder, record, files, links, ...refs },
    ...(unwritten.size > 0 && { unwritten }),
  };
}

/** The only files whose text matters. */
const READ =
  /\.ya?ml$|(^|\/)(Kustomization|\.sourceignore)$|^(\.yo-rc\.json|\.github\/artifacts|install\/README\.md)$/;
/** Larger files are no manifests that anyone wrote. */
const MOST = 4 * 2 ** 20;

function readFolder(
  root: string,
  below: string,
  files: Map<string, string>,
  links: Set<string>,
): void {
  for (const entry of readdirSync(join(root, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) {
      if (entry.name !== '.git' && entry.name !== 'node_modules')
        readFolder(root, path, files, links);
    } else if (isFile(entry, join(root, path))) {
      if (entry.isSymbolicLink()) links.add(path);
      files.set(path, READ.test(path) ? textOf(join(root, path)) : '');
    }
  }
}

const isFile = (
  entry: { isFile: () => boolean; isSymbolicLink: () => boolean },
  path: string,
): boolean =>
  entry.isFile() ||
  (entry.isSymbolicLink() && statSync(path, { throwIfNoEntry: false })?.isFile() === true);

function textOf(path: string): string {
  if (statSync(path).size > MOST) return '';
  const bytes = readFileSync(path);
  // Flux reads UTF-16 as well, if a mark says so.
  const mark = bytes.toString('hex', 0, 2);
  if (mark === 'fffe' || mark === 'feff')
    return new TextDecoder(mark === 'fffe' ? 'utf-16le' : 'utf-16be').decode(bytes);
  const text = bytes.toString();
  return isUtf8(bytes) ? text : text.replaceAll('\uFFFD', NO_TEXT);
}

/** Whether git ignores a path, so that it never comes to Flux. Git is asked only if `files` have a list for it. */
async function ignoredByGit(
  folder: string,
  files: ReadonlyMap<string, string>,
): Promise<(path: string) => boolean> {
  const hasList = [...files.keys()].some((path) => /(^|\/)\.gitignore$/.test(path));
  if (!hasList || !isThere(join(folder, '.git'))) return () => false;
  const listed = ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z'];
  try {
    const options = { cwd: folder, env: quietEnvironment(), maxBuffer: MOST * 4 };
    const { stdout } = await promisify(execFile)('git', listed, options);
    const ignored = new Set(stdout.split('\0').filter(Boolean));
    // A folder that is ignored as a whole ends with a slash.
    const parents = (path: string): string[] =>
      [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index + 1));
    return (path) => [path, ...parents(path)].some((one) => ignored.has(one));
  } catch {
    return () => false;
  }
}

/** The branches of the clone in `folder`, also those of its remotes, and the tags; nothing when it is no clone. */
async function refsOf(folder: string): Promise<Pick<RepoFiles, 'branches' | 'tags'>> {
  if (!isThere(join(folder, '.git'))) return {};
  try {
    const git = promisify(execFile);
    const options = { cwd: folder, env: quietEnvironment() };
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
