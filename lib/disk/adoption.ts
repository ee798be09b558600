import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { TextFile } from '../adopt/manifests.ts';
import { readHandWritten } from '../adopt/read.ts';
import { salvage } from '../adopt/salvage.ts';
import type { Problem } from '../errors.ts';
import type { Found, Manifests, Past, PastRecord } from '../plan/plan.ts';
import { RECORD_FILE, RECORD_KEY, readRecord } from '../plan/record.ts';
import { sidesOf } from '../render/git-text.ts';
import { configRepoName } from '../settings/rules.ts';
import { formerVersions, mergeStages } from './git-stages.ts';
import { isThere, readIfThere, type Workspace } from './workspace.ts';

/**
 * The world of `adopt`: the config repo in or around the folder `into`, or the one that `into` contains; its app repos
 * are beside it. `named` is the name of the config repo, if the user gave one. Records count for nothing here.
 */
export function openForAdoption(cwd: string, into: string, named: string | undefined): Workspace {
  const folder = resolve(cwd, into);
  const home = configFolder(folder, named);
  const parent = home === undefined ? folder : dirname(home);
  const config = home === undefined ? undefined : nameOf(home);
  const folderOf = (repo: string): string =>
    home !== undefined && (repo === config || repo === named) ? home : join(parent, repo);
  const find = (repo: string, _problems: Problem[]): Found => ({
    exists: isThere(folderOf(repo)),
    all: {},
  });
  const manifests = home && config ? manifestsIn(home, config, folderOf) : undefined;
  return {
    ...{ folder, parent, folderOf, find, lockFolders: home ? [parent, home] : [parent] },
    feederOf: () => undefined,
    ...(manifests && { manifests }),
  };
}

/** `workspace` with the manifests of its config repo. */
export function withManifests(workspace: Workspace): Workspace {
  const { home, folderOf } = workspace;
  if (home === undefined) return workspace;
  return { ...workspace, manifests: manifestsIn(folderOf(home.name), home.name, folderOf) };
}

/** The manifests of the config repo in `home`, which is called `config`. */
function manifestsIn(home: string, config: string, folderOf: (repo: string) => string): Manifests {
  const pasts = new Map<string, Past>();
  const pastOf = (repo: string): Past => {
    const past = pasts.get(repo) ?? pastIn(folderOf(repo));
    pasts.set(repo, past);
    return past;
  };
  const read = readHandWritten({
    config,
    files: [...textFilesIn(home)],
    appRepo: (repo) => {
      const folder = folderOf(repo);
      return folder !== home && isThere(folder) ? [...textFilesIn(folder)] : undefined;
    },
  });
  const isOurs = (repo: string): boolean =>
    pastOf(repo).records.length > 0 || namesThisPackage(folderOf(repo));
  const hasFolder = (repo: string, path: string): boolean =>
    folderOf(repo) !== home && isThere(join(folderOf(repo), path));
  return { config, read, pastOf, hasFolder, isOurs };
}

/** Whether the README of the repository in `folder` names the command of this package. */
export function namesThisPackage(folder: string): boolean {
  return /\bflux-gitops\b/.test(readIfThere(join(folder, 'README.md')) ?? '');
}

/** The name of the config repo in `home`: from its record or its history, or the name of the folder. */
function nameOf(home: string): string | undefined {
  const named = pastIn(home).records.find(({ raw }) => raw.name !== undefined);
  const title = namesThisPackage(home)
    ? /^# (\S+)$/m.exec(readIfThere(join(home, 'README.md')) ?? '')?.[1]
    : undefined;
  return (
    named?.record.name ?? configRepoName.read(title ?? '') ?? configRepoName.read(basename(home))
  );
}

/** The config repo in, around or beside `folder`. A repository of git around them all counts only if nothing else does. */
function configFolder(folder: string, named: string | undefined): string | undefined {
  if (!isRepository(folder)) {
    const below = configBelow(folder, named, isRepository);
    if (below !== undefined) return below;
  }
  for (let around = folder; ; around = dirname(around)) {
    if (isLikeRepository(around)) {
      // In an app repo, the config repo is beside it.
      return hasSyncs(around) ? around : configBelow(dirname(around), named);
    }
    const below = around === folder ? configBelow(around, named) : undefined;
    if (below !== undefined) return below;
    if (around === dirname(around)) return hasSyncs(folder) ? folder : undefined;
  }
}

const isRepository = (folder: string): boolean =>
  isThere(join(folder, '.git')) || isThere(join(folder, RECORD_FILE));

/** Whether `folder` looks like a repository, and not like a folder in one. */
const isLikeRepository = (folder: string): boolean =>
  isRepository(folder) || isThere(join(folder, 'README.md')) || isThere(join(folder, '.gitignore'));

function configBelow(
  folder: string,
  named: string | undefined,
  isCandidate = isLikeRepository,
): string | undefined {
  if (named !== undefined && isThere(join(folder, named))) return join(folder, named);
  const found = entriesIn(folder)
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => join(folder, name))
    .filter((one) => isCandidate(one) && hasSyncs(one));
  return found.length === 1 ? found[0] : undefined;
}

/** Whether one of the first files below `folder` has a Kustomization of Flux. */
function hasSyncs(folder: string): boolean {
  let seen = 0;
  for (const { text } of textFilesIn(folder)) {
    if (/^apiVersion: *["']?kustomize\.toolkit\.fluxcd\.io\//m.test(text)) return true;
    seen += 1;
    if (seen > SEARCHED) return false;
  }
  return false;
}

/** The limits for files that are read: an estate has more, but its manifests are small. */
const LARGEST = 2 ** 20;
const DEEPEST = 8;
/** A folder above the estate can have far more files than an estate. */
const SEARCHED = 20_000;

/** Every file of a repository that a reading looks at. Links and nested repositories are left out. */
function* textFilesIn(root: string, below = '', depth = 0): Generator<TextFile> {
  const folder = join(root, below);
  if (depth > DEEPEST || (below !== '' && isRepository(folder))) return;
  const entries = entriesIn(folder).sort((one, other) => (one.name < other.name ? -1 : 1));
  for (const entry of entries) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    const isHidden = entry.name.startsWith('.') && entry.name !== '.github';
    if (isHidden || entry.name === 'node_modules') continue;
    if (entry.isDirectory()) yield* textFilesIn(root, path, depth + 1);
    const isRead =
      /\.ya?ml$|^README\.md$|^\.github\/artifacts$|(^|\/)(Kustomization|CODEOWNERS)$/.test(path);
    const file = join(root, path);
    if (entry.isFile() && isRead && statSync(file).size <= LARGEST)
      yield { path, text: readFileSync(file, 'utf8') };
  }
}

/** What is in `folder`; nothing if it cannot be read. */
function entriesIn(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** The record of the repository in `folder`, or what is left of it, and the last good one in its history. */
function pastIn(folder: string): Past {
  const text = readIfThere(join(folder, RECORD_FILE));
  const now = text === undefined || text.trim() === '' ? undefined : readNow(folder, text);
  const earlier = now?.good ? undefined : lastGood(folder);
  const records = [now?.past, earlier].filter((one) => one !== undefined);
  const isGood = now?.good === true;
  return {
    state: isGood ? 'good' : now === undefined || now.foreign ? 'none' : 'damaged',
    all: now?.all ?? {},
    records: records.map((one) => withHashes(one, earlier)),
  };
}

function readNow(folder: string, text: string) {
  const problems: Problem[] = [];
  const base = sidesOf(text) && mergeStages(folder, RECORD_FILE).base;
  const { all, record } = readRecord(text, RECORD_FILE, problems, base);
  if (record && problems.length === 0) {
    const raw = (all[RECORD_KEY] ??
      salvage(text, RECORD_FILE).past?.raw ??
      {}) as PastRecord['raw'];
    return { good: true, foreign: false, all, past: { from: RECORD_FILE, record, raw } };
  }
  // Another generator's file has no record of this package.
  const foreign = problems.length === 0;
  return {
    good: false,
    foreign,
    ...(foreign ? { all, past: undefined } : salvage(text, RECORD_FILE)),
  };
}

/** Only the history has the hashes of files that a damaged record no longer lists. */
function withHashes(one: PastRecord, earlier: PastRecord | undefined): PastRecord {
  const written = one.record.written ?? earlier?.record.written;
  const before = earlier?.record.written ?? new Map();
  return written === undefined
    ? one
    : { ...one, record: { ...one.record, written: new Map([...before, ...written]) } };
}

function lastGood(folder: string): PastRecord | undefined {
  if (!isThere(join(folder, '.git'))) return undefined;
  for (const { commit, text } of formerVersions(folder, RECORD_FILE)) {
    const problems: Problem[] = [];
    const { all, record } = readRecord(text, RECORD_FILE, problems);
    if (record && problems.length === 0)
      return {
        from: `${RECORD_FILE} of the commit ${commit}`,
        record,
        raw: all[RECORD_KEY] as PastRecord['raw'],
      };
  }
  return undefined;
}
