import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../errors.ts';
import { environmentOf } from '../plan/layout.ts';
import type { RepoPlan } from '../plan/plan.ts';
import { pendingText, RECORD_FILE, recordText, type Written } from '../plan/record.ts';
import { blobId, linesLike, sidesOf, unixLines } from '../render/git-text.ts';
import { type File, type LayerRenderer, renderLayers } from '../render/render.ts';
import { type Earlier, earlierFiles, findBase } from './base.ts';
import { checkFile, checkFolder, isInside } from './folders.ts';
import { mergeStages } from './git-stages.ts';
import { packageVersion } from './package-files.ts';
import { isThere, readIfThere } from './workspace.ts';

/**
 * Whose file it is, by what was written last time, line ends aside. `new`: not there. `same`: as it should
 * be. `ours`: as it was written last time. `edited`: by a user. `deleted`: by a user. `leftover`: written
 * last time, and no longer.
 */
export type FileState = 'new' | 'same' | 'ours' | 'edited' | 'deleted' | 'leftover';

/**
 * What a run does to it. `merge`: the change is brought into what the user edited. `overwrite`: the user
 * said so. `keep`: what was edited or deleted stays. `ask`: both changed the same lines. `none`: nothing.
 */
export type FileAction =
  | 'create'
  | 'replace'
  | 'merge'
  | 'overwrite'
  | 'remove'
  | 'keep'
  | 'ask'
  | 'none';

/** The actions that change a file. */
export const WRITES: ReadonlySet<FileAction> = new Set([
  'create',
  'replace',
  'merge',
  'overwrite',
  'remove',
]);

export type ComparedFile = {
  readonly path: string;
  readonly state: FileState;
  readonly action: FileAction;
  /** What it will hold; for a file that is removed or kept, what it would. */
  readonly contents: string;
  /** What it holds; undefined when it is not there. */
  readonly found: string | undefined;
  /** The hashes to record of it, when the action is carried out. */
  readonly hashes: readonly string[];
};

/** A repository on disk: `isNew` when its folder does not exist. */
export type ComparedRepo = {
  readonly repo: RepoPlan;
  readonly folder: string;
  readonly isNew: boolean;
  readonly files: readonly ComparedFile[];
  /** RECORD_FILE while the files are written, where that is needed. */
  readonly pending?: ComparedFile;
};

/** How files that a user edited are treated. */
export type Comparison = {
  readonly render: LayerRenderer;
  /** Whether edited files are overwritten, or kept, without asking. */
  readonly force: boolean;
  readonly keep: boolean;
};

/**
 * Compares what `repo` plans with what lies in `folder`. Whatever makes writing impossible is added to
 * `problems`.
 */
export async function compareRepo(
  repo: RepoPlan,
  folder: string,
  comparison: Comparison,
  problems: Problem[],
): Promise<ComparedRepo> {
  const isNew = !isThere(folder);
  checkFolder(folder, problems);
  const planned = renderLayers(repo.layers, comparison.render);
  if (isNew) return withRecord({ repo, folder, isNew }, planned.map(newFile), undefined);
  const known = knownFiles(repo, folder, planned, comparison.render);
  const record = readIfThere(join(folder, RECORD_FILE));
  const files: ComparedFile[] = [];
  for (const file of planned) {
    const found = readIfThere(join(folder, file.path));
    const place = { repo, folder, found, known, record };
    files.push(await compareFile(file, place, comparison));
  }
  files.push(...leftovers(repo, folder, planned, known));
  for (const { path, action } of files)
    if (WRITES.has(action) || action === 'ask') checkFile(folder, path, problems);
  return withRecord({ repo, folder, isNew }, files, record);
}

/** What is known of the files of a repository from earlier runs. */
type Known = {
  readonly written: Written;
  readonly pending: Written;
  /** What versions rendered that recorded no hashes. */
  readonly earlier: readonly Earlier[];
};

function knownFiles(
  { found }: RepoPlan,
  folder: string,
  planned: readonly File[],
  render: LayerRenderer,
): Known {
  if (found === undefined) return { written: new Map(), pending: new Map(), earlier: [] };
  if (found.written) return { written: found.written, pending: found.pending, earlier: [] };
  return { pending: found.pending, ...earlierFiles(found, folder, planned, render) };
}

function newFile({ path, contents }: File): ComparedFile {
  const hashes = [blobId(contents)];
  return { path, state: 'new', action: 'create', contents, found: undefined, hashes };
}

type Place = {
  readonly repo: RepoPlan;
  readonly folder: string;
  readonly found: string | undefined;
  readonly known: Known;
  /** The text of RECORD_FILE, whose line ends are those of the checkout. */
  readonly record: string | undefined;
};

async function compareFile(
  file: File,
  place: Place,
  { force, keep, render }: Comparison,
): Promise<ComparedFile> {
  const { path } = file;
  const { found, known, record = '' } = place;
  const before = known.written.get(path) ?? [];
  const common = { path, found, hashes: [blobId(file.contents)] };
  if (found === undefined) {
    // A run that was killed may have been about to write or to remove it.
    const deleted = before.length > 0 && !known.pending.has(path) && !isAskedFor(path, place);
    const contents = linesLike(record, file.contents);
    if (!deleted) return { ...common, contents, state: 'new', action: 'create' };
    if (force) return { ...common, contents, state: 'deleted', action: 'create' };
    return { ...common, contents, hashes: before, state: 'deleted', action: 'keep' };
  }
  const contents = linesLike(found, file.contents);
  if (unixLines(found) === file.contents)
    return { ...common, contents: found, state: 'same', action: 'none' };
  if (isOurs(place.folder, path, found, [...before, ...(known.pending.get(path) ?? [])]))
    return { ...common, contents, state: 'ours', action: 'replace' };
  if (force) return { ...common, contents, state: 'edited', action: 'overwrite' };
  // What is no text in UTF-8 would be damaged by a merge, and conflict markers would be lost in one.
  const base =
    found.includes('\ufffd') || sidesOf(found) !== undefined
      ? undefined
      : await findBase(path, place.folder, place.repo.found, known, render);
  const merged =
    base === undefined ? undefined : await mergeEdited(found, base, file, place.repo.askedFor);
  if (merged === found) return { ...common, contents, state: 'edited', action: 'none' };
  if (merged !== undefined)
    return { ...common, contents: merged, state: 'edited', action: 'merge' };
  const asked = { ...common, contents, hashes: before, state: 'edited', action: 'ask' } as const;
  return keep ? kept(asked) : asked;
}

/**
 * `file` as its user wants it kept. What was declined counts as known, so that it is asked about once; what
 * new tenants depend on is asked about again.
 */
export function kept(file: ComparedFile): ComparedFile {
  const hashes = isNeeded(file.path) ? file.hashes : [blobId(file.contents)];
  return { ...file, action: 'keep', hashes };
}

/** Whether tenants depend on what the file at `path` of a config repo holds. */
export function isNeeded(path: string): boolean {
  return path.startsWith('policies/') || path === 'kustomization.yaml';
}

/**
 * Whether the user named the environment whose folder holds `path`, and that folder is gone. A folder that
 * is there may hold the user's own application in place of the demo.
 */
function isAskedFor(path: string, { folder, repo }: Place): boolean {
  return repo.askedFor.includes(environmentOf(path)) && !isThere(join(folder, dirname(path)));
}

/** Whether `found` was written by this tool, also when git could not merge two such texts. */
function isOurs(folder: string, path: string, found: string, hashes: readonly string[]): boolean {
  const isKnown = (text: string): boolean => hashes.includes(blobId(text));
  if (isKnown(found)) return true;
  const sides = hashes.length > 0 ? sidesOf(found) : undefined;
  if (sides === undefined) return false;
  if (sides.every(isKnown)) return true;
  const { ours, theirs } = mergeStages(folder, path);
  return ours !== undefined && theirs !== undefined && isKnown(ours) && isKnown(theirs);
}

/** What a user edited with what changed since; undefined when both changed the same. */
async function mergeEdited(
  found: string,
  base: string,
  file: File,
  askedFor: readonly string[],
): Promise<string | undefined> {
  const isList = file.path === 'kustomization.yaml';
  if (base === file.contents && !isList) return found;
  const { mergeText } = await import('../render/merge.ts');
  const ours = unixLines(found);
  const merged = mergeText(ours, base, file.contents);
  if (!isList) return merged === undefined ? undefined : linesLike(found, merged);
  const { updateResources, isOnlyResources } = await import('../render/kustomization-list.ts');
  if (merged === undefined && !isOnlyResources(base, file.contents)) return undefined;
  const grown = updateResources(merged ?? ours, file.contents, base, askedFor);
  return grown === undefined ? undefined : linesLike(found, grown);
}

/** Files that were written last time and are not planned any more. */
function leftovers(
  { untouched }: RepoPlan,
  folder: string,
  planned: readonly File[],
  { written }: Known,
): ComparedFile[] {
  const paths = new Set([...planned.map(({ path }) => path), RECORD_FILE]);
  const elsewhere = new Set(untouched);
  return [...written].flatMap(([path, hashes]): ComparedFile[] => {
    if (paths.has(path) || elsewhere.has(environmentOf(path))) return [];
    const file = join(folder, path);
    // What a user put in its place, a folder or a link that leads out, is none of ours.
    const found = isFile(file) && isInside(file, folder) ? readIfThere(file) : undefined;
    if (found === undefined) return [];
    const common = { path, found, contents: found, state: 'leftover' } as const;
    return isOurs(folder, path, found, hashes)
      ? [{ ...common, action: 'remove', hashes: [] }]
      : [{ ...common, action: 'keep', hashes }];
  });
}

const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/**
 * The repository with `files` and the record of them. The record comes last: it never speaks of files that
 * are not there. `found` is the text of RECORD_FILE on disk.
 */
export function withRecord(
  { repo, folder, isNew }: Pick<ComparedRepo, 'repo' | 'folder' | 'isNew'>,
  files: readonly ComparedFile[],
  found: string | undefined,
): ComparedRepo {
  const record = recordFile(repo, files, found);
  const compared = { repo, folder, isNew, files: [...files, record] };
  const pending = isNew ? undefined : pendingRecord(repo, files, record);
  return pending === undefined ? compared : { ...compared, pending };
}

/** RECORD_FILE as it is after `files` were written. */
function recordFile(
  repo: RepoPlan,
  files: readonly ComparedFile[],
  found: string | undefined,
): ComparedFile {
  const elsewhere = new Set(repo.untouched);
  const others = [...(repo.found?.written ?? [])].filter(([path]) =>
    elsewhere.has(environmentOf(path)),
  );
  const written = new Map([
    ...others,
    ...files
      .filter(({ hashes }) => hashes.length > 0)
      .map(({ path, hashes }) => [path, hashes] as const),
  ]);
  const text = recordText(repo.all, packageVersion(), written);
  const contents = found === undefined ? text : linesLike(found, text);
  const common = { path: RECORD_FILE, contents, found, hashes: [] };
  if (found === undefined) return { ...common, state: 'new', action: 'create' };
  return sameJson(found, contents)
    ? { ...common, state: 'same', action: 'none' }
    : { ...common, state: 'ours', action: 'replace' };
}

// A record that a formatter laid out anew still says the same.
const sameJson = (one: string, other: string): boolean => {
  try {
    return isDeepStrictEqual(JSON.parse(one), JSON.parse(other));
  } catch {
    return false;
  }
};

/** The record that lies there while `files` are moved, one by one, into place; undefined when none is needed. */
function pendingRecord(
  repo: RepoPlan,
  files: readonly ComparedFile[],
  record: ComparedFile,
): ComparedFile | undefined {
  const changed = files.filter(({ action }) => WRITES.has(action));
  // A record that stays as it is knows all that is written.
  if (changed.length === 0 || record.action === 'none') return undefined;
  // What is merged holds what a user wrote: it is never ours.
  const ours = changed.filter(({ action }) => action !== 'merge');
  const pending = new Map(
    ours.map(({ path, action, hashes, found = '' }) => [
      path,
      action === 'remove' ? [blobId(found)] : hashes,
    ]),
  );
  const text = pendingText(recordBefore(repo, record.found), pending);
  return { ...record, contents: linesLike(record.found ?? '', text), action: 'replace' };
}

/** The record as it is before the files are written; a new one where none can be read. */
function recordBefore(repo: RepoPlan, found: string | undefined): string {
  const readable = found !== undefined && sidesOf(found) === undefined && repo.found !== undefined;
  return readable
    ? found
    : recordText(repo.all, packageVersion(), repo.found?.written ?? new Map());
}
