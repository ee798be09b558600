import { readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../errors.ts';
import { isAdopted } from '../plan/hand-written/own-form.ts';
import { formerPaths, type Move } from '../plan/moves.ts';
import type { RepoPlan } from '../plan/plan.ts';
import {
  type Json,
  pendingText,
  RECORD_FILE,
  RECORD_KEY,
  recordText,
  type Written,
} from '../plan/record.ts';
import { withNamespace } from '../plan/rename.ts';
import { encryptedFileOf, environmentOf } from '../plan/values/layout.ts';
import { blobId, linesLike, sidesOf, unixLines } from '../render/git-text.ts';
import { type File, type LayerRenderer, renderLayers } from '../render/render.ts';
import { type Earlier, earlierFiles, findBase, type Published } from './base.ts';
import { checkFile, checkFolder, isInside } from './folders.ts';
import { mergeStages, textIn } from './git-stages.ts';
import { packageVersion } from './package-files.ts';
import { isThere, readIfThere } from './workspace.ts';

/**
 * Who changed a file since the last run; line ends do not count. `new`: it does not exist. `same`: it is already as
 * planned. `ours`: it is as the last run wrote it. `edited`: a user edited it. `deleted`: a user deleted it.
 * `leftover`: the last run wrote it, and it is no longer planned.
 */
export type FileState = 'new' | 'same' | 'ours' | 'edited' | 'deleted' | 'leftover';

/**
 * What a run does with a file. `merge`: adds the changes to the user's edits. `overwrite`: replaces the user's edits,
 * because the user asked for it. `keep`: leaves an edited or deleted file as it is. `ask`: the user and this version
 * changed the same lines. `mark`: writes both with conflict markers. `none`: nothing.
 */
export type FileAction =
  | 'create'
  | 'replace'
  | 'merge'
  | 'overwrite'
  | 'remove'
  | 'keep'
  | 'ask'
  | 'mark'
  | 'none';

/** The actions that change a file. */
export const WRITES: ReadonlySet<FileAction> = new Set([
  'create',
  'replace',
  'merge',
  'overwrite',
  'remove',
  'mark',
]);

export type ComparedFile = {
  readonly path: string;
  readonly state: FileState;
  readonly action: FileAction;
  /** Its planned text; a file that is removed or kept has one as well. */
  readonly contents: string;
  /** Its text on disk; undefined when it does not exist. */
  readonly found: string | undefined;
  /** The hashes to record for it after the action. */
  readonly hashes: readonly string[];
};

/** A repository on disk: `isNew` when its folder does not exist. */
export type ComparedRepo = {
  readonly repo: RepoPlan;
  /** Files of a person in the folders of environments that leave. They stay. */
  readonly others?: readonly string[];
  readonly folder: string;
  readonly isNew: boolean;
  readonly files: readonly ComparedFile[];
  /** RECORD_FILE for the time while the files are written, if it is needed. */
  readonly pending?: ComparedFile;
};

/** What to do with files that a user edited. */
export type Comparison = {
  readonly render: LayerRenderer;
  /** Whether to overwrite edited files without a question, or to keep them without one. */
  readonly force: boolean;
  readonly keep: boolean;
  /** Whether to write conflict markers where nothing else decides. */
  readonly markers?: boolean;
  /** The files that have other paths than in earlier versions. */
  readonly moves?: readonly Move[];
  /** What the version that the record names writes, if nothing here has the old text of an edited file. */
  readonly published?: Published;
};

/**
 * Compares the files that `repo` plans with the files in `folder`. Adds everything that prevents writing to
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
  const all = renderLayers(repo.layers, comparison.render);
  if (repo.adopting !== undefined) return compareAdopted(repo, folder, all, comparison.render);
  const planned = all.filter((file) => !isLeftOut(file, repo, folder, comparison));
  if (isNew) {
    const files = withCarried(repo, folder, planned.map(newFile), problems);
    return withRecord({ repo, folder, isNew }, files, undefined);
  }
  const known = knownFiles(repo, folder, planned, comparison.render);
  const record = readIfThere(join(folder, RECORD_FILE));
  const compared: ComparedFile[] = [];
  const moved = new Set<string>();
  for (const file of planned) {
    const found = readIfThere(join(folder, file.path));
    const place = { repo, folder, found, known, record };
    const elsewhere = await compareMoved(file, place, comparison, moved);
    compared.push(elsewhere ?? (await compareFile(file, place, comparison)));
  }
  const files = withCarried(repo, folder, compared, problems);
  files.push(
    ...leftovers(repo, folder, planned, { known, moved, ...comparison }),
    ...replaced(repo, folder, planned, comparison.force, problems),
  );
  for (const { path, action } of files)
    if (WRITES.has(action) || action === 'ask') checkFile(folder, path, problems);
  const others = othersIn(repo, folder, files);
  return {
    ...withRecord({ repo, folder, isNew }, files, record),
    ...(others.length > 0 && { others }),
  };
}

/** `files` with those that come from another folder, in place of what a template has for the same path. */
function withCarried(
  { carried = [] }: RepoPlan,
  folder: string,
  files: readonly ComparedFile[],
  problems: Problem[],
): ComparedFile[] {
  if (carried.length === 0) return [...files];
  const merged = new Map(files.map((file) => [file.path, file]));
  for (const { path, contents } of carried) {
    const planned = merged.get(path);
    const hashes = planned?.hashes ?? [];
    const found = readIfThere(join(folder, path));
    if (contents === undefined) {
      if (planned?.found === undefined && planned !== undefined)
        merged.set(path, { ...planned, state: 'deleted', action: 'keep' });
    } else if (found === undefined)
      merged.set(path, { path, contents, found, hashes, state: 'new', action: 'create' });
    else if (unixLines(found) === unixLines(contents))
      merged.set(path, { path, contents: found, found, hashes, state: 'same', action: 'none' });
    else
      problems.push({
        given: join(folder, path),
        rule: 'this file would come along with the environment, but there is another one of the same name',
        example: 'git mv, or another app repo with --repo',
        flag: path,
        settings: ['repo'],
      });
  }
  return [...merged.values()];
}

/** The files in the folders of the environments that leave `repo` which this package did not write. */
function othersIn(
  { gone = [] }: RepoPlan,
  folder: string,
  files: readonly ComparedFile[],
): string[] {
  const known = new Set(files.map(({ path }) => path));
  const folders = gone.flatMap((name) => [name, `overlays/${name}`]);
  return folders
    .filter((below) => isThere(join(folder, below)) && isInside(join(folder, below), folder))
    .flatMap((below) => filesIn(join(folder, below)).map((path) => `${below}/${path}`))
    .filter((path) => !known.has(path));
}

function filesIn(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** Whether the file is one that a user did not want when the repository was adopted. */
function isLeftOut(
  { path }: File,
  { found, takesOver = [] }: RepoPlan,
  folder: string,
  { force }: Comparison,
): boolean {
  const { adopted = [] } = found ?? {};
  if (force || takesOver.includes(path) || !isAdopted(path, adopted)) return false;
  return !isThere(join(folder, path));
}

/**
 * The hand-written files that this run removes, because other files have their objects now, or because they go with
 * their environment. In the second case, git must have them.
 */
function replaced(
  { takesOver = [], gone = [] }: RepoPlan,
  folder: string,
  planned: readonly File[],
  force: boolean,
  problems: Problem[],
): ComparedFile[] {
  const paths = new Set(planned.map(({ path }) => path));
  return takesOver.flatMap((path): ComparedFile[] => {
    const found = paths.has(path) ? undefined : readIfThere(join(folder, path));
    if (found === undefined) return [];
    if (gone.length > 0 && !force && !isCommitted(folder, path, found))
      problems.push({
        given: join(folder, path),
        rule: 'a user wrote this file by hand, and git does not have it as it is, so its contents would be lost. Commit it first. --force removes it without that',
        example: `git add ${path} && git commit`,
        flag: path,
        settings: ['arguments'],
      });
    const state = gone.length > 0 ? 'edited' : 'leftover';
    return [{ path, found, contents: found, state, action: 'remove', hashes: [] }];
  });
}

/**
 * What `adopt` records about the files of a repository; it changes no file but the record. A file as this version writes
 * it gets its hash. In a repository of this package, a file that differs is an edited one, and a missing one was
 * deleted. In a repository that a user wrote by hand, it stays as it is in later runs.
 */
function compareAdopted(
  repo: RepoPlan,
  folder: string,
  planned: readonly File[],
  render: LayerRenderer,
): ComparedRepo {
  const before = repo.found?.adopted ?? [];
  const recorded = repo.found?.written;
  const isLost = repo.adopting === 'own' && recorded === undefined;
  const older = isLost ? olderHashes(repo, folder, planned, render) : new Map();
  const adopted = new Set(before);
  const files: ComparedFile[] = [];
  for (const { path, contents } of planned) {
    const found = readIfThere(join(folder, path));
    const common = { path, found, contents: found ?? contents };
    const hashes = [blobId(contents)];
    const appFolder = repo.adopting === 'by-hand' ? appFolderIn(path, repo) : undefined;
    // The manifests of an app are the user's, even if they are those of the demo.
    if (appFolder !== undefined) adopted.add(appFolder);
    else if (found !== undefined && unixLines(found) === contents)
      files.push({ ...common, state: 'same', action: 'none', hashes });
    else if (isAdopted(path, before)) continue;
    else if (repo.adopting === 'own' || isOfTenant(path, found, repo)) {
      const earlier = recorded ?? older;
      const isNew = found === undefined && (recorded !== undefined || older.size > 0);
      const known = earlier.get(path) ?? (isNew ? [] : hashes);
      const isOld = found !== undefined && known.includes(blobId(found));
      if (isOld) files.push({ ...common, state: 'ours', action: 'none', hashes: [blobId(found)] });
      else if (known.length > 0)
        files.push({
          ...common,
          state: found === undefined ? 'deleted' : 'edited',
          action: 'keep',
          hashes: known,
        });
    } else if (found !== undefined || !isNeeded(path))
      adopted.add(handWritten(path, found, folder));
  }
  files.push(...oldFiles(folder, older, planned));
  const record = readIfThere(join(folder, RECORD_FILE));
  const own = repo.all[RECORD_KEY] as object;
  const list = [...adopted].sort();
  const all = { ...repo.all, [RECORD_KEY]: { ...own, ...(list.length > 0 && { adopted: list }) } };
  return withRecord({ repo: { ...repo, all }, folder, isNew: false }, files, record);
}

/**
 * The hashes of the files of an older version, if such a version wrote the repository without a record: its files differ
 * from those of this version, although nobody edited them.
 */
function olderHashes(
  { restored }: RepoPlan,
  folder: string,
  planned: readonly File[],
  render: LayerRenderer,
): Written {
  if (restored === undefined) return new Map();
  const { written, earlier } = earlierFiles(restored, folder, planned, render);
  const [likeliest, present] = earlier;
  return likeliest === present ? new Map() : written;
}

/** Files of an older version that this version does not write: the next run removes them. */
function oldFiles(folder: string, older: Written, planned: readonly File[]): ComparedFile[] {
  const paths = new Set(planned.map(({ path }) => path));
  return [...older].flatMap(([path, hashes]): ComparedFile[] => {
    const found = paths.has(path) ? undefined : readIfThere(join(folder, path));
    if (found === undefined || !hashes.includes(blobId(found))) return [];
    return [{ path, found, contents: found, state: 'ours', action: 'none', hashes }];
  });
}

/** Whether the user's file at `path` is one of the two files of a tenant. The changes of later runs are merged into it. */
const isOfTenant = (path: string, found: string | undefined, { role }: RepoPlan): boolean =>
  role === 'config' && found !== undefined && /^[^/]+\/[12]_(tenant|sync)\.yaml$/.test(path);

/** The folder of an environment, or the base, that the file at `path` of an app repo is in. */
function appFolderIn(path: string, { role }: RepoPlan): string | undefined {
  const parts = path.split('/');
  if (role !== 'scenario' || parts.length === 1 || path.startsWith('.')) return undefined;
  return parts[0] === 'overlays' ? parts.slice(0, 2).join('/') : parts[0];
}

/** The path to record for a file that no run writes: the topmost folder that the user does not have, or the file. */
function handWritten(path: string, found: string | undefined, folder: string): string {
  const [top = path] = path.split('/');
  return found === undefined && !isThere(join(folder, top)) ? top : path;
}

/** What earlier runs recorded about the files of a repository. */
type Known = {
  readonly written: Written;
  readonly pending: Written;
  /** The files of versions that recorded no hashes. */
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
  /** The text of RECORD_FILE; it has the line ends of the checkout. */
  readonly record: string | undefined;
};

/**
 * `file` if an earlier version wrote it to another path, and a user deleted or edited it there; or if its environment had
 * another name, and a user edited it there. Adds a path from which the edits are taken over to `moved`. Undefined where the new path says all, and where a merge is not possible: then the
 * edited file stays where it is.
 */
async function compareMoved(
  file: File,
  place: Place,
  { render, force, moves, published }: Comparison,
  moved: Set<string>,
): Promise<ComparedFile | undefined> {
  const { folder, known, found, repo } = place;
  if (force || found !== undefined || known.written.has(file.path)) return undefined;
  const { renamed } = repo;
  const old = renamed && file.path.startsWith(`${renamed.to}/`) ? renamed : undefined;
  const former = old ? [`${old.from}${file.path.slice(old.to.length)}`] : [];
  const from = [...former, ...formerPaths(file.path, moves)].find((path) =>
    known.written.has(path),
  );
  if (from === undefined) return undefined;
  const text = readIfThere(join(folder, from));
  const common = { path: file.path, found, hashes: [blobId(file.contents)] };
  if (text === undefined && old) return undefined;
  if (text === undefined)
    return { ...common, contents: file.contents, state: 'deleted', action: 'keep' };
  if (isOurs(folder, from, text, known.written.get(from) ?? [])) return undefined;
  const base = await findBase(from, folder, repo.found, known, render, published);
  const [ours, before] = [text, base].map((one) =>
    old && one !== undefined ? withNamespace(one, old.namespaces) : one,
  );
  const merged =
    ours === undefined || before === undefined
      ? undefined
      : await mergeEdited(ours, before, file, repo);
  if (merged === undefined) return undefined;
  // Where the old environment stays for now, its files do, too.
  if (old === undefined || repo.gone?.includes(old.from)) moved.add(from);
  return { ...common, contents: merged, state: 'edited', action: 'merge' };
}

async function compareFile(
  file: File,
  place: Place,
  { force, keep, markers = false, render, published }: Comparison,
): Promise<ComparedFile> {
  const { path } = file;
  const { found, known, record = '', repo } = place;
  const before = known.written.get(path) ?? [];
  const common = { path, found, hashes: [blobId(file.contents)] };
  if (found === undefined) {
    // A killed run may have been about to write or to remove the file.
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
  const { takesOver = [], found: earlier } = repo;
  if (force || takesOver.includes(path))
    return { ...common, contents, state: 'edited', action: 'overwrite' };
  if (isAdopted(path, earlier?.adopted ?? []))
    return { ...common, contents, hashes: [], state: 'edited', action: 'keep' };
  // A merge would damage text that is not UTF-8, and would lose conflict markers.
  const base =
    found.includes('\ufffd') || sidesOf(found) !== undefined
      ? undefined
      : await findBase(path, place.folder, place.repo.found, known, render, published);
  const merged = base === undefined ? undefined : await mergeEdited(found, base, file, place.repo);
  if (merged === found) return { ...common, contents, state: 'edited', action: 'none' };
  if (merged !== undefined)
    return { ...common, contents: merged, state: 'edited', action: 'merge' };
  const asked = { ...common, contents, hashes: before, state: 'edited', action: 'ask' } as const;
  if (keep || (await isOwnApp(place, file, base))) return kept(asked);
  // Markers around markers could not be told apart.
  if (!markers || sidesOf(found) !== undefined) return asked;
  const { markConflicts } = await import('../render/merge.ts');
  const marked = markConflicts(
    unixLines(found),
    base,
    file.contents,
    `generator-flux-gitops ${packageVersion()}`,
  );
  const hashes = [blobId(file.contents)];
  return { ...asked, contents: linesLike(found, marked), hashes, action: 'mark' };
}

/**
 * `file` as its user wants it kept. What was declined counts as known, so that it is asked about once; what
 * new tenants depend on is asked about again.
 */
export function kept(file: ComparedFile): ComparedFile {
  const hashes = isNeeded(file.path) ? file.hashes : [blobId(file.contents)];
  return { ...file, action: 'keep', hashes };
}

/** Whether tenants depend on the contents of the file at `path` in a config repo. */
export function isNeeded(path: string): boolean {
  return path.startsWith('policies/') || path === 'kustomization.yaml';
}

/**
 * Whether the user named the environment of `path`, and its folder does not exist. If the folder exists, the user
 * may have replaced the demo with another application.
 */
function isAskedFor(path: string, { folder, repo }: Place): boolean {
  return repo.askedFor.includes(environmentOf(path)) && !isThere(join(folder, dirname(path)));
}

/** Whether this tool wrote `found`, or git failed to merge two texts of this tool. */
function isOurs(folder: string, path: string, found: string, hashes: readonly string[]): boolean {
  const isKnown = (text: string): boolean => hashes.includes(blobId(text));
  if (isKnown(found)) return true;
  const sides = hashes.length > 0 ? sidesOf(found) : undefined;
  if (sides === undefined) return false;
  if (sides.every(isKnown)) return true;
  const { ours, theirs } = mergeStages(folder, path);
  return ours !== undefined && theirs !== undefined && isKnown(ours) && isKnown(theirs);
}

/** Whether a user replaced everything in a file of an app repo with objects of their own, so that new contents are no use. */
async function isOwnApp(
  { repo, found = '' }: Place,
  { path }: File,
  base: string | undefined,
): Promise<boolean> {
  if (repo.role !== 'scenario' || base === undefined) return false;
  const { objectNames } = await import('../render/objects.ts');
  const [own, old] = [objectNames(path, found), objectNames(path, base)];
  return own.length > 0 && old.length > 0 && !own.some((name) => old.includes(name));
}

/** The user's edits with the changes since `base`; undefined when both changed the same lines. */
async function mergeEdited(
  found: string,
  base: string,
  file: File,
  { askedFor, gone = [] }: RepoPlan,
): Promise<string | undefined> {
  const isList = file.path === 'kustomization.yaml';
  if (base === file.contents && !isList) return found;
  const { mergeTexts } = await import('../render/finer-merge.ts');
  const ours = unixLines(found);
  const merged = mergeTexts(file.path, ours, base, file.contents);
  if (!isList) return merged === undefined ? undefined : linesLike(found, merged);
  const { updateResources, withResourcesOf } = await import('../render/kustomization-list.ts');
  const listed = merged ?? mergeTexts(file.path, ours, base, withResourcesOf(file.contents, base));
  if (listed === undefined) return undefined;
  const grown = updateResources(listed, file.contents, base, askedFor, gone);
  return grown === undefined ? undefined : linesLike(found, grown);
}

/** Files that the last run wrote and that are no longer planned. */
function leftovers(
  { untouched, gone = [], carriedOff = [], role }: RepoPlan,
  folder: string,
  planned: readonly File[],
  {
    known: { written },
    moved,
    force,
    keep,
  }: Pick<Comparison, 'force' | 'keep'> & { known: Known; moved: ReadonlySet<string> },
): ComparedFile[] {
  const paths = new Set([...planned.map(({ path }) => path), RECORD_FILE]);
  const elsewhere = new Set(untouched);
  // The command `credentials` wrote the encrypted Secrets, without a hash. Without its environment, nobody can use one.
  const encrypted = role === 'config' ? gone.map(encryptedFileOf) : [];
  const off = new Set([...carriedOff, ...encrypted]);
  const own = [...off].filter((path) => !written.has(path)).map((path) => [path, []] as const);
  return [...written, ...own].flatMap(([path, hashes]): ComparedFile[] => {
    if (paths.has(path) || elsewhere.has(environmentOf(path))) return [];
    const file = join(folder, path);
    // A user may have replaced it with a folder, or with a link that leads out of the repository: not ours.
    const found = isFile(file) && isInside(file, folder) ? readIfThere(file) : undefined;
    if (found === undefined) return [];
    const common = { path, found, contents: found, state: 'leftover' } as const;
    if (off.has(path) || moved.has(path) || isOurs(folder, path, found, hashes))
      return [{ ...common, action: 'remove', hashes: [] }];
    const leaves = gone.includes(environmentOf(path));
    const edited = { ...common, state: 'edited', action: 'remove', hashes: [] } as const;
    if (leaves && (force || (role === 'config' && !keep && isCommitted(folder, path, found))))
      return [edited];
    return [{ ...common, action: 'keep', hashes }];
  });
}

/**
 * Whether git has `found`, so that it is not lost with the file. In a config repo, a tenant that is not in the record
 * any more must not come back with the next kubectl apply of all folders.
 */
function isCommitted(folder: string, path: string, found: string): boolean {
  const committed = textIn(folder, 'HEAD', path);
  return committed !== undefined && unixLines(committed) === unixLines(found);
}

const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/**
 * The repository with `files` and their record. The record comes last, so that it never lists files that do not
 * exist. `found` is the text of RECORD_FILE on disk.
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

/** RECORD_FILE after `files` are written. */
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
  const text = recordText(withAdopted(repo.all, files), packageVersion(), written);
  const contents = found === undefined ? text : linesLike(found, text);
  const common = { path: RECORD_FILE, contents, found, hashes: [] };
  if (found === undefined) return { ...common, state: 'new', action: 'create' };
  return sameJson(found, contents)
    ? { ...common, state: 'same', action: 'none' }
    : { ...common, state: 'ours', action: 'replace' };
}

/** `all` without the hand-written files that this run wrote: from now on, they are files of this package. */
function withAdopted(all: Json, files: readonly ComparedFile[]): Json {
  const { adopted, ...own } = all[RECORD_KEY] as { adopted?: readonly string[] };
  const written = files.filter(({ action }) => WRITES.has(action)).map(({ path }) => path);
  const left = (adopted ?? []).filter((one) => !written.some((path) => isAdopted(path, [one])));
  return { ...all, [RECORD_KEY]: { ...own, ...(left.length > 0 && { adopted: left }) } };
}

// A record that a formatter has changed still has the same values.
const sameJson = (one: string, other: string): boolean => {
  try {
    return isDeepStrictEqual(JSON.parse(one), JSON.parse(other));
  } catch {
    return false;
  }
};

/** The record for the time while `files` are moved into place, one by one; undefined when none is needed. */
function pendingRecord(
  repo: RepoPlan,
  files: readonly ComparedFile[],
  record: ComparedFile,
): ComparedFile | undefined {
  const changed = files.filter(({ action }) => WRITES.has(action));
  // A record that does not change already lists all the files.
  if (changed.length === 0 || record.action === 'none') return undefined;
  // A merged file has text of a user, so it is never ours.
  const ours = changed.filter(({ action }) => action !== 'merge' && action !== 'mark');
  const pending = new Map(
    ours.map(({ path, action, hashes, found = '' }) => [
      path,
      action === 'remove' ? [blobId(found)] : hashes,
    ]),
  );
  const text = pendingText(recordBefore(repo, record.found), pending);
  return { ...record, contents: linesLike(record.found ?? '', text), action: 'replace' };
}

/** The record before the files are written; a new record if none can be read. */
function recordBefore(repo: RepoPlan, found: string | undefined): string {
  const readable = found !== undefined && sidesOf(found) === undefined && repo.found !== undefined;
  return readable
    ? found
    : recordText(repo.all, packageVersion(), repo.found?.written ?? new Map());
}
