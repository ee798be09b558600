import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { UserError } from '../errors.ts';
import { isLink } from './folders.ts';

/** The file beside the repositories that exists while a run moves files into place, and after such a run was killed. */
const LOG = '.flux-gitops-undo.json';

/** A file that a run moves into place. All paths are relative to the folder of the log. */
type Move = { readonly path: string; readonly staged: string; readonly hash: string };
/** A file that a run removes: it moves to `trash`. */
type Removal = { readonly path: string; readonly trash: string };
export type Change = Move | Removal;

/** `stages`: the number of each temporary folder on this disk, so that no other folder can be taken for it. */
type Log = {
  readonly stages: { readonly [folder: string]: number };
  readonly changes: readonly Change[];
};

/** The hash of a text on disk, with its line ends. */
export const hashOf = (contents: string | Buffer): string =>
  createHash('sha1').update(contents).digest('hex');

/** Where a move keeps the file that it replaces. */
export const formerOf = (staged: string): string => `${staged}.old`;

/**
 * Writes into `folder` what a run is about to change, in its order, before it changes anything. Returns a function to call
 * when everything is in its place or undone: it removes the temporary folders `stages`, and the log. All paths must be in
 * `folder`.
 */
export function startLog(
  folder: string,
  stages: readonly string[],
  changes: readonly Change[],
): () => void {
  const short = (path: string): string => relative(folder, path);
  const numbers = Object.fromEntries(stages.map((stage) => [short(stage), fs.statSync(stage).ino]));
  const log: Log = {
    stages: numbers,
    changes: changes.map((change) =>
      'staged' in change
        ? { ...change, path: short(change.path), staged: short(change.staged) }
        : { path: short(change.path), trash: short(change.trash) },
    ),
  };
  writeLog(folder, log);
  return () => endLog(folder, log);
}

function writeLog(folder: string, log: Log): void {
  const beside = join(folder, `${LOG}.new`);
  fs.writeFileSync(beside, JSON.stringify(log));
  fs.renameSync(beside, join(folder, LOG));
}

/** From the first step on, nothing is undone. A run that is killed after it leaves the rest to the next one. */
function endLog(folder: string, { stages }: Log): void {
  try {
    writeLog(folder, { stages, changes: [] });
  } catch {
    // The disk is full.
    fs.rmSync(join(folder, LOG), { force: true });
  }
  for (const stage of Object.keys(stages))
    fs.rmSync(join(folder, stage), { recursive: true, force: true });
  fs.rmSync(join(folder, LOG), { force: true });
}

/** The folder with the log of a killed run, for a run in `start`; undefined if there is none that this user wrote. */
export function findLog(start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    if (readLog(folder)) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/**
 * Undoes what the killed run of the log in `folder` changed, the last change first. A file that somebody changed since
 * then stays as it is. Returns the number of changes. The caller must have the lock. Throws a UserError (exit code 1)
 * when the disk refuses.
 */
export function undoKilled(folder: string): number {
  // Another run may have ended, or undone it, before this one got the lock.
  const log = readLog(folder);
  if (log === undefined) return 0;
  try {
    const undone = log.changes.toReversed().filter((change) => undo(folder, change));
    endLog(folder, log);
    return undone.length;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new UserError(
      `An earlier run was killed while it wrote files, and its changes cannot be undone: ${said}.\n` +
        `  The files from before are in ${Object.keys(log.stages)
          .map((stage) => join(folder, stage))
          .join(' and ')}. Run the command again when the files can be written.`,
      1,
      error,
    );
  }
}

/**
 * The log in `folder`, if it belongs to this user, is about temporary folders that are still the same ones, and about
 * paths in `folder`: nobody else may say which files to move. Without the changes whose temporary folder somebody removed.
 */
function readLog(folder: string): Log | undefined {
  const file = join(folder, LOG);
  try {
    const stats = fs.lstatSync(file, { throwIfNoEntry: false });
    if (!stats?.isFile() || stats.uid !== (process.getuid?.() ?? stats.uid)) return undefined;
    const { stages, changes } = JSON.parse(fs.readFileSync(file, 'utf8')) as Log;
    const paths = [...changes.flatMap((change) => Object.values(change)), ...Object.keys(stages)];
    const there = Object.entries(stages).filter(([stage, number]) => {
      const found = fs.lstatSync(join(folder, stage), { throwIfNoEntry: false });
      if (found !== undefined && found.ino !== number)
        throw new Error(`${stage} is another folder`);
      return found !== undefined;
    });
    if (paths.some((path) => path.split(/[\\/]/).includes('..'))) return undefined;
    const isKept = (change: Change): boolean =>
      there.some(([stage]) =>
        ('staged' in change ? change.staged : change.trash).startsWith(`${stage}/`),
      );
    return { stages: Object.fromEntries(there), changes: changes.filter(isKept) };
  } catch {
    return undefined;
  }
}

/** Whether the change had been made. */
function undo(folder: string, change: Change): boolean {
  const path = join(folder, change.path);
  if ('trash' in change) {
    const trash = join(folder, change.trash);
    if (!fs.existsSync(trash) || fs.existsSync(path)) return false;
    fs.mkdirSync(dirname(path), { recursive: true });
    fs.renameSync(trash, path);
    return true;
  }
  const staged = join(folder, change.staged);
  if (fs.existsSync(staged) || !fs.existsSync(path)) return false;
  if (hashOf(fs.readFileSync(path)) !== change.hash) return false;
  const former = formerOf(staged);
  if (fs.existsSync(former)) fs.renameSync(former, isLink(path) ? fs.realpathSync(path) : path);
  else removeNew(folder, path);
  return true;
}

/** Removes a file, and the folders that are empty after that. */
function removeNew(folder: string, path: string): void {
  fs.rmSync(path);
  for (let parent = dirname(path); parent !== folder; parent = dirname(parent)) {
    if (isLink(parent) || fs.readdirSync(parent).length > 0) return;
    fs.rmdirSync(parent);
  }
}
