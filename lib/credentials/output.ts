/** Hands Secrets to a file that only the user can read, or to the program that reads stdout. */
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isAlive } from '../disk/lock.ts';
import { UserError } from '../errors.ts';
import { RECORD_FILE, RECORD_KEY } from '../plan/record.ts';
import { writeSecretly } from '../publish/secrets.ts';
import { manifestOf } from './secret.ts';

/** Writes `secrets` to stdout, past the filter that hides secrets in all other output. */
export async function writeToPipe(secrets: readonly object[]): Promise<void> {
  try {
    await writeSecretly(manifestOf(secrets));
  } catch (error) {
    throw new UserError(
      'The program that reads the Secrets ended before it had them.\n' +
        '  Run the same command again when it works. It makes new keys; --prune --live removes those that nobody has.',
      1,
      error,
    );
  }
}

/**
 * The absolute path for `file`. Throws a UserError if it exists, unless `overwrite`, or if it is inside a
 * repository: a key there would soon be in a commit.
 */
export function checkFile(file: string, overwrite: boolean): string {
  const path = resolve(file);
  let folder: string;
  try {
    folder = realpathSync(dirname(path));
    accessSync(folder, constants.W_OK);
  } catch {
    throw refusal(file, 'its folder does not exist, or you may not write there');
  }
  const real = join(folder, basename(path));
  const repository = repositoryAround(folder);
  if (repository !== undefined)
    throw refusal(file, `it would be inside the ${repository}, and soon in a commit`);
  if (!overwrite && lstatSync(real, { throwIfNoEntry: false }))
    throw refusal(file, 'this file exists. --force overwrites it');
  return real;
}

/**
 * The repository around `folder`, in words. A git repository counts with or without a working tree, a broken one too, and
 * so does one of another user. A repository of an estate counts before `git init`: its first commit takes everything.
 */
function repositoryAround(folder: string): string | undefined {
  const has = (name: string): boolean =>
    lstatSync(join(folder, name), { throwIfNoEntry: false }) !== undefined;
  if (has('.git') || ['HEAD', 'objects', 'refs'].every(has)) return `git repository ${folder}`;
  if (has(RECORD_FILE) && isRecord(join(folder, RECORD_FILE)))
    return `repository ${folder} of an estate`;
  return dirname(folder) === folder ? undefined : repositoryAround(dirname(folder));
}

/** Whether the record at `path` is one of this package. A damaged one counts, and one that cannot be read. */
function isRecord(path: string): boolean {
  try {
    return readFileSync(path, 'utf8').includes(RECORD_KEY);
  } catch {
    return true;
  }
}

const refusal = (file: string, reason: string): UserError =>
  new UserError(
    `--file ${file}: ${reason}. Nothing was written, and nothing was changed on GitHub.\n` +
      '  Choose a new file outside of every repository, such as --file ~/flux-credentials.yaml.',
    1,
  );

/** Removes what killed runs have left of the file `path`: it has private keys. */
function removeAbandoned(path: string): void {
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(`${basename(path)}.`)) continue;
    const pid = /^\.(\d+)\.part$/.exec(name.slice(basename(path).length))?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(dirname(path), name));
  }
}

/** Writes `secrets` to the new file `path`, which only the user can read. */
export function writeToFile(path: string, secrets: readonly object[], overwrite: boolean): void {
  // A file with wider rights must not receive a key, so the new file takes its place.
  removeAbandoned(path);
  const part = `${path}.${process.pid}.part`;
  const file = openSync(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    writeSync(file, manifestOf(secrets));
    fsyncSync(file);
    if (overwrite) renameSync(part, path);
    else linkSync(part, path);
  } finally {
    closeSync(file);
    rmSync(part, { force: true });
  }
}
