import { accessSync, constants, lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Problem } from '../errors.ts';
import { isThere } from './workspace.ts';

/** Checks that `folder` exists or can be created, that it can be written, and that it is inside `root`, if given. */
export function checkFolder(folder: string, problems: Problem[], root?: string): void {
  const nearest = nearestThere(folder);
  const stats = statSync(nearest, { throwIfNoEntry: false });
  const refuse = (rule: string): void => addProblem(nearest, rule, problems, root);
  if (stats === undefined) refuse('this is a link to a file or folder that does not exist');
  else if (!stats.isDirectory()) refuse('this must be a folder, but it is a file');
  else if (!isWritable(nearest, stats))
    refuse('this folder is read-only, or belongs to another user');
  else if (root !== undefined && !isInside(nearest, root))
    refuse('this is a link that leads out of the repository');
}

/** Checks that the file at `path` in `root` can be written. It can be a link, if the link stays inside `root`. */
export function checkFile(root: string, path: string, problems: Problem[]): void {
  const file = join(root, path);
  checkFolder(dirname(file), problems, root);
  if (!isLink(file)) return;
  if (!isThere(file))
    addProblem(file, 'this is a link to a file that does not exist', problems, root);
  else if (!isInside(file, root))
    addProblem(file, 'this is a link that leads out of the repository', problems, root);
}

function addProblem(given: string, rule: string, problems: Problem[], root?: string): void {
  if (problems.some((problem) => problem.given === given)) return;
  const remedy =
    root === undefined
      ? { example: '--into ./estate', flag: '--into', settings: ['into'] }
      : { example: 'a writable folder or file in the repository', flag: given };
  problems.push({ given, rule, ...remedy });
}

/** Whether `path` is in `root` after all links are followed. */
export function isInside(path: string, root: string): boolean {
  const [inner, outer] = [realpathSync(path), realpathSync(root)];
  return inner === outer || inner.startsWith(join(outer, '/'));
}

const nearestThere = (path: string): string =>
  isThere(path) || isLink(path) ? path : nearestThere(dirname(path));

/** Whether `path` is a symbolic link. */
export function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

// Root can write every folder, but a folder without any write permission must still not change.
function isWritable(path: string, { mode }: Stats): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch {
    return false;
  }
  return process.platform === 'win32' || (mode & 0o222) !== 0;
}
