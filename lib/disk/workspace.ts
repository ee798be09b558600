import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { type Problem, UserError } from '../errors.ts';
import type { Environment } from '../plan/estate.ts';
import type { Found, World } from '../plan/plan.ts';
import { type FoundRecord, RECORD_FILE, type RepoKind, readRecord } from '../plan/record.ts';
import { sidesOf } from '../render/git-text.ts';
import type { CommandName } from '../settings/settings.ts';
import { formerTexts, mergeStages, textIn } from './git-stages.ts';

/** The world of one run, and where its repositories are on disk. */
export type Workspace = World & {
  /** The folder with the repositories. */
  readonly parent: string;
  /** Folders for the lock of the estate: the first one that can be written gets it. */
  readonly lockFolders: readonly string[];
  readonly folderOf: (repo: string) => string;
};

/**
 * What `command` finds at `into`, which is relative to `cwd`. Anywhere inside a repository of an estate, the command
 * works on that estate: its repositories are side by side. Elsewhere they are in `into`. `named` is the name of the
 * config repo, if the user gave one.
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
      rule: 'it must be a folder, but it is a file',
      example: '--into ./estate',
      flag: '--into',
      settings: ['into'],
    });
  const around = repoAround(folder, problems);
  const home = homeOf(command, folder, around, named, problems);
  if (home === undefined && command !== 'scenario-repo' && problems.length === 0)
    checkLost(command, folder, around, named, problems);
  const estate = command === 'scenario-repo' ? estateAt(folder, around) : undefined;
  const nearest = home ?? around;
  const parent = nearest ? dirname(nearest.folder) : folder;
  const folderOf = (repo: string): string =>
    repo === home?.name ? home.folder : join(parent, repo);
  const cache = new Map<string, Found>();
  const find = (repo: string, more: Problem[]): Found => {
    const found = cache.get(repo) ?? lookAt(folderOf(repo), more);
    if (found.exists && !found.record && more.length === 0)
      more.push(...lostRecord(folderOf(repo)));
    if (more.length === 0) cache.set(repo, found);
    return found;
  };
  let configs: readonly FoundRepo[] | undefined;
  const feederOf = (repo: string): string | undefined => {
    configs ??= reposIn(parent).filter(({ record }) => record?.kind === 'config-repo');
    const others = configs.filter(
      ({ name, folder: at }) => name !== (named ?? home?.name) && at !== home?.folder,
    );
    return others.find(({ record }) => record?.environments.some((one) => one.repo === repo))?.name;
  };
  const former = (name: string): Environment | undefined =>
    home && formerEnvironment(home.folder, name);
  const filesOf: NonNullable<World['filesOf']> = (repo, below) => textsIn(folderOf(repo), below);
  const lockFolders = [parent, ...(nearest ? [nearest.folder] : [])];
  const place = { folder, parent, lockFolders, folderOf };
  const known = { ...(home && { home }), ...(estate && { estate }) };
  return { ...place, find, feederOf, former, filesOf, ...known };
}

/** A repository that this package wrote, and its folder. */
type FoundRepo = Found & { readonly name: string; readonly folder: string };

const KIND: { readonly [command in CommandName]: RepoKind } = {
  app: 'config-repo',
  tenant: 'config-repo',
  'scenario-repo': 'scenario-repo',
  adopt: 'config-repo',
  credentials: 'config-repo',
  remove: 'config-repo',
  rename: 'config-repo',
  update: 'config-repo',
  verify: 'config-repo',
  status: 'config-repo',
};

/** The commands that only read an estate. */
const READING: ReadonlySet<CommandName> = new Set(['verify', 'status']);

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
  // A folder with a config repo gets a second one only when the user names it.
  if (around === undefined && named !== undefined) return undefined;
  const configs = reposIn(around ? dirname(around.folder) : folder).filter(
    ({ record }) =>
      record?.kind === 'config-repo' &&
      (around === undefined || record.environments.some(({ repo }) => repo === around.name)),
  );
  if (configs.length === 1) return configs[0];
  if (command === 'update' && around !== undefined) return around;
  if (configs.length > 1 && command !== 'app') problems.push(severalConfigs(folder, configs));
  if (around !== undefined && command === 'app')
    problems.push({
      given: `the folder ${folder}`,
      rule: `it belongs to the app repo ${around.name}, but no config repo beside it lists this app repo. Without the config repo, only update, scenario-repo, verify and status work here`,
      example: 'flux-gitops --into ../../estate',
      flag: '--into',
      settings: ['into'],
    });
  // An app repo alone can be checked and watched as well.
  return READING.has(command) && configs.length === 0 ? around : undefined;
}

function severalConfigs(folder: string, configs: readonly FoundRepo[]): Problem {
  const folders = configs.map((one) => relative(folder, one.folder)).sort();
  return {
    given: `the folder ${folder} with the config repos ${folders.join(', ')}`,
    rule: 'this command works on one config repo, so you must say on which one',
    example: `--into ${folders[0]}`,
    flag: '--into',
    settings: ['into'],
  };
}

/** The record of the config repo that is `around`, or of the only one beside or in `folder`. */
function estateAt(folder: string, around: FoundRepo | undefined): FoundRecord | undefined {
  if (around?.record?.kind === 'config-repo') return around.record;
  const repos = reposIn(around ? dirname(around.folder) : folder);
  const configs = repos.filter(({ record }) => record?.kind === 'config-repo');
  return configs.length === 1 ? configs[0]?.record : undefined;
}

/** The repository around `start`, if this package wrote it. */
function repoAround(start: string, problems: Problem[]): FoundRepo | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    // Folders above `start` that belong to another user or another program are ignored.
    const own = folder === start || isTrusted(folder);
    const broken: Problem[] = [];
    const found = own ? lookAt(folder, broken) : undefined;
    if (folder === start || found?.record) problems.push(...broken);
    if (found?.record) return { ...found, name: found.record.name, folder };
    if (folder === dirname(folder)) return undefined;
  }
}

/** Whether the record in `folder` belongs to this user. Root may use the records of all users. */
function isTrusted(folder: string): boolean {
  const stats = statSync(join(folder, RECORD_FILE), { throwIfNoEntry: false });
  const user = process.getuid?.();
  return stats === undefined || user === undefined || user === 0 || stats.uid === user;
}

/** The repositories of this package directly below `folder`, without those that cannot be read. */
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

/** Adds a problem if a config repo, in which or beside which the command runs, has lost its record. */
function checkLost(
  command: CommandName,
  folder: string,
  around: FoundRepo | undefined,
  named: string | undefined,
  problems: Problem[],
): void {
  const isTop = (one: string): boolean => one === dirname(one);
  for (let one = folder; around === undefined && !isTop(one); one = dirname(one)) {
    // Folders of another user are ignored, and so are their contents.
    if (one !== folder && !isOwn(one)) return;
    problems.push(...lostRecord(one));
    if (problems.length > 0 || isThere(join(one, '.git'))) return;
  }
  // Without a name, the main command makes a new estate here.
  if ((command === 'app' && around === undefined) || named !== undefined) return;
  const parent = around ? dirname(around.folder) : folder;
  if (!statSync(parent, { throwIfNoEntry: false })?.isDirectory()) return;
  for (const entry of readdirSync(parent, { withFileTypes: true }))
    if (entry.isDirectory() && !entry.name.startsWith('.') && hasTenants(join(parent, entry.name)))
      problems.push(...lostRecord(join(parent, entry.name)));
}

/** The problem that the repository in `folder` has the files of an estate, but no record that can be read. */
function lostRecord(folder: string): Problem[] {
  if (!hasTenants(folder) && !isAppRepo(folder)) return [];
  const problems: Problem[] = [];
  const { record } = lookAt(folder, problems);
  if (record !== undefined || problems.length > 0) return problems;
  const file = join(folder, RECORD_FILE);
  const state = isThere(file) ? 'it has nothing of this generator' : 'there is none';
  return [
    {
      given: `${file}: ${state}`,
      rule: 'the files of this repository are those of an estate, whose settings must be in this file. This command writes it, from the manifests and the history of git, and changes no other file',
      example: `flux-gitops adopt --repair --into ${folder}`,
      flag: file,
      settings: ['into', 'name'],
    },
  ];
}

/** Whether a folder in `folder` has the tenant and the sync of an environment. */
function hasTenants(folder: string): boolean {
  return foldersIn(folder).some(
    (name) =>
      existsSync(join(folder, name, '1_tenant.yaml')) &&
      existsSync(join(folder, name, '2_sync.yaml')),
  );
}

function isOwn(folder: string): boolean {
  const stats = statSync(folder, { throwIfNoEntry: false });
  return stats !== undefined && stats.uid === process.getuid?.();
}

function isAppRepo(folder: string): boolean {
  const readme = readIfThere(join(folder, 'README.md')) ?? '';
  return /^This is an app repo\. \[Flux\]/m.test(readme);
}

/** The folders in `folder`; none if it cannot be read. */
function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

/** The files below the folder `below` of a repository, sorted. A link or a file that is not UTF-8 has no contents. */
function textsIn(folder: string, below: string): { path: string; contents: string | undefined }[] {
  if (!statSync(join(folder, below), { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(join(folder, below), { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const text = entry.isFile() ? readFileSync(path, 'utf8') : '\ufffd';
      return { path: relative(folder, path), contents: text.includes('\ufffd') ? undefined : text };
    })
    .sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** The record of the repository in `folder` on the branch of the remote, as the last fetch or push saw it. */
export function pushedRecord(folder: string, branch: string): FoundRecord | undefined {
  const text = textIn(folder, `refs/remotes/origin/${branch}`, RECORD_FILE);
  return text === undefined ? undefined : readRecord(text, RECORD_FILE, []).record;
}

/** The environment `name` in the newest record in git that has it. */
function formerEnvironment(folder: string, name: string): Environment | undefined {
  for (const text of formerTexts(folder, RECORD_FILE)) {
    const { record } = readRecord(text, RECORD_FILE, []);
    const found = record?.environments.find((one) => one.name === name);
    if (found) return found;
  }
  return undefined;
}

/** Whether there is a file or a folder at `path`. */
export function isThere(path: string): boolean {
  // A name with a NUL cannot exist, and Node.js throws another error for it.
  return !path.includes('\0') && statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** The text of the file at `path`, or undefined when there is no such file. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const reason =
      code === 'EISDIR' ? 'must be a file, but it is a folder' : `cannot be read (${code})`;
    throw new UserError(
      `${path} ${reason}.\n  Move ${basename(path)} away, or choose another folder with --into.`,
      2,
      error,
    );
  }
}
