import { accessSync, constants, lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../errors.ts';
import type { File, RenderedRepo } from '../render/render.ts';
import { isThere, readIfThere } from './workspace.ts';

/**
 * What becomes of a file: `create` (new), `change` (ours as it was written before), `identical`,
 * `keep` (edited by a user, left alone), `conflict` (edited by a user, to be asked about),
 * `overwrite` (a conflict, decided).
 */
export type FileState = 'create' | 'change' | 'identical' | 'keep' | 'conflict' | 'overwrite';

export type ComparedFile = File & { readonly state: FileState };

/** What is `found` with what is new in `wanted` since `before`; undefined when it cannot be told. */
export type Extend = (found: string, wanted: string, before: string) => string | undefined;

/** A repository on disk: `isNew` when its folder does not exist. */
export type ComparedRepo = {
  readonly repo: RenderedRepo['repo'];
  readonly folder: string;
  readonly isNew: boolean;
  readonly files: readonly ComparedFile[];
};

/** Compares `rendered` with what lies in `folder`; whatever makes writing impossible is a problem. */
export function compareRepo(
  { repo, files }: RenderedRepo,
  folder: string,
  problems: Problem[],
  extend?: Extend,
): ComparedRepo {
  const isNew = !isThere(folder);
  checkFolder(folder, problems);
  if (isNew)
    return { repo, folder, isNew, files: files.map((file) => ({ ...file, state: 'create' })) };
  const checked = new Set<string>();
  const compared = files.map((file): ComparedFile => {
    const path = join(folder, file.path);
    const parent = dirname(path);
    if (!checked.has(parent)) checkFolder(parent, problems, folder);
    checked.add(parent);
    const found = readIfThere(path);
    const wanted = extend && file.ifEdited === 'extend' ? extended(file, found, extend) : file;
    return { ...wanted, state: stateOf(wanted, found) };
  });
  return { repo, folder, isNew, files: compared };
}

/** A file of ours that a user edited gets only what is new in it. */
function extended(file: File, found: string | undefined, extend: Extend): File {
  if (found === undefined || file.before === undefined || found === file.before) return file;
  const contents = extend(found, file.contents, file.before);
  return contents === undefined ? file : { ...file, contents, before: found };
}

function stateOf({ contents, before, ifEdited }: File, found: string | undefined): FileState {
  if (found === undefined) return 'create';
  if (found === contents) return 'identical';
  if (ifEdited === 'replace') return sameJson(found, contents) ? 'identical' : 'change';
  if (found === before) return 'change';
  return ifEdited === 'keep' ? 'keep' : 'conflict';
}

// A record that a formatter laid out anew still says the same.
const sameJson = (one: string, other: string): boolean => {
  try {
    return isDeepStrictEqual(JSON.parse(one), JSON.parse(other));
  } catch {
    return false;
  }
};

/** Whether `folder` is, or can be made, a folder that is written to; inside `root` if that is given. */
function checkFolder(folder: string, problems: Problem[], root?: string): void {
  const nearest = nearestThere(folder);
  const stats = statSync(nearest, { throwIfNoEntry: false });
  const refuse = (rule: string): void => {
    if (!problems.some(({ given }) => given === nearest))
      problems.push({ given: nearest, rule, example: '--into ./estate', flag: '--into' });
  };
  if (stats === undefined) refuse('this is a link to nothing');
  else if (!stats.isDirectory()) refuse('this is a file, and a folder is needed here');
  else if (!isWritable(nearest, stats)) refuse('this folder is read-only');
  else if (root !== undefined && !`${realpathSync(nearest)}/`.startsWith(`${realpathSync(root)}/`))
    refuse('this is a link that leads out of the repository');
}

const nearestThere = (path: string): string =>
  isThere(path) || isLink(path) ? path : nearestThere(dirname(path));

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

// For root every folder is writable; one without any write permission is still meant to be left alone.
function isWritable(path: string, { mode }: Stats): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch {
    return false;
  }
  return process.platform === 'win32' || (mode & 0o222) !== 0;
}
