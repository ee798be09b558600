import { accessSync, constants, lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Problem } from '../errors.ts';
import { isThere } from './workspace.ts';

/** Whether `folder` is, or can be made, a folder that is written to; inside `root` if that is given. */
export function checkFolder(folder: string, problems: Problem[], root?: string): void {
  const nearest = nearestThere(folder);
  const stats = statSync(nearest, { throwIfNoEntry: false });
  const refuse = (rule: string): void => addProblem(nearest, rule, problems, root);
  if (stats === undefined) refuse('this is a link to nothing');
  else if (!stats.isDirectory()) refuse('this is a file, and a folder is needed here');
  else if (!isWritable(nearest, stats))
    refuse('this folder is read-only, or belongs to somebody else');
  else if (root !== undefined && !isInside(nearest, root))
    refuse('this is a link that leads out of the repository');
}

/** Whether the file at `path` in `root` can be written: what lies there is a file, or a link to one inside. */
export function checkFile(root: string, path: string, problems: Problem[]): void {
  const file = join(root, path);
  checkFolder(dirname(file), problems, root);
  if (!isLink(file)) return;
  if (!isThere(file)) addProblem(file, 'this is a link to nothing', problems, root);
  else if (!isInside(file, root))
    addProblem(file, 'this is a link that leads out of the repository', problems, root);
}

function addProblem(given: string, rule: string, problems: Problem[], root?: string): void {
  if (problems.some((problem) => problem.given === given)) return;
  const remedy =
    root === undefined
      ? { example: '--into ./estate', flag: '--into', settings: ['into'] }
      : { example: 'a folder or file of the repository itself, that you may write', flag: given };
  problems.push({ given, rule, ...remedy });
}

/** Whether `path`, all links followed, lies in `root`. */
export function isInside(path: string, root: string): boolean {
  const [inner, outer] = [realpathSync(path), realpathSync(root)];
  return inner === outer || inner.startsWith(join(outer, '/'));
}

const nearestThere = (path: string): string =>
  isThere(path) || isLink(path) ? path : nearestThere(dirname(path));

/** Whether a symbolic link lies at `path`. */
export function isLink(path: string): boolean {
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
