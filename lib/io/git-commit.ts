import { cp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PublicationRepo } from '../core/publication.ts';
import { PublishError } from '../core/publication-errors.ts';
import { localGit } from './git.ts';
import { explained, type LocalFolder, type Place } from './git-inspect.ts';
import { makeStage } from './publish-stage.ts';

/** Who commits, when git does not know; the address is GitHub's own for private e-mail. */
export type Fallback = { readonly name: string; readonly email: string };

export type Commit = {
  readonly repo: PublicationRepo;
  readonly place: Place;
  readonly fallback: Fallback;
  readonly warn: (text: string) => void;
  /** A run that was killed while it committed here: its locks may be removed. */
  readonly ownLocks: boolean;
};

/** Commits what this tool wrote, and nothing else; the new head of the branch. */
export async function commitFiles(commit: Commit, local: LocalFolder): Promise<string> {
  const { repo } = commit;
  if (!local.repository) return explained(repo, () => commitFirst(commit));
  if (commit.ownLocks) await removeLocks(repo.folder);
  return explained(repo, () => commitMore(commit, local));
}

/**
 * The first commit is made beside the folder and moved into it in one step: a kill leaves a folder
 * with its whole .git, or without one.
 */
async function commitFirst(commit: Commit): Promise<string> {
  const { repo, place } = commit;
  const stage = await makeStage(dirname(repo.folder));
  try {
    for (const file of repo.files)
      await cp(join(repo.folder, file), join(stage, file), { preserveTimestamps: true });
    const git = localGit(stage);
    await git.raw([
      'init',
      '--template=',
      '--object-format=sha1',
      `--initial-branch=${place.branch}`,
    ]);
    await appendRemote(stage, place);
    await git.raw(['add', '--force', '--verbose', '--', '.']);
    const head = await record(commit, stage, ['--message=Initial commit']);
    await rename(join(stage, '.git'), join(repo.folder, '.git'));
    return head;
  } finally {
    await rm(stage, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Makes origin known to a new repository, and the branch to follow it. */
export async function appendRemote(folder: string, { url, branch }: Place): Promise<void> {
  const lines = [
    '[remote "origin"]',
    `\turl = ${url}`,
    '\tfetch = +refs/heads/*:refs/remotes/origin/*',
    `[branch "${branch}"]`,
    '\tremote = origin',
    `\tmerge = refs/heads/${branch}`,
  ];
  await writeFile(join(folder, '.git', 'config'), `${lines.join('\n')}\n`, { flag: 'a' });
}

async function commitMore(commit: Commit, local: LocalFolder): Promise<string> {
  const { repo, place } = commit;
  const input = () => local.pending.join('\0');
  const list = ['--pathspec-from-file=-', '--pathspec-file-nul'];
  if (local.head === undefined) {
    await localGit(repo.folder).raw(['symbolic-ref', 'HEAD', `refs/heads/${place.branch}`]);
  }
  if (!local.origin) await localGit(repo.folder).raw(['remote', 'add', 'origin', place.url]);
  if (local.pending.length === 0) return local.head ?? '';
  await localGit(repo.folder, { input }).raw(['add', '--force', '--verbose', ...list]);
  const message = local.head === undefined ? 'Initial commit' : `Update ${areas(local.pending)}`;
  return record(commit, repo.folder, [`--message=${message}`, '--only', ...list], input);
}

/** The top folders (or files) of `files`, for the subject of a commit. */
function areas(files: readonly string[]): string {
  const names = [...new Set(files.map((file) => file.split('/')[0] ?? file))];
  return names.length <= 4
    ? names.join(', ')
    : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}

async function record(
  commit: Commit,
  folder: string,
  args: readonly string[],
  input?: () => string,
): Promise<string> {
  const config = await identity(folder, commit.fallback);
  const run = (more: readonly string[]) =>
    localGit(folder, { config: [...config, ...more], ...(input ? { input } : {}) }).raw([
      'commit',
      '--no-verify',
      '--no-edit',
      '--cleanup=whitespace',
      ...args,
    ]);
  try {
    await explained(commit.repo, () => run([]));
  } catch (error) {
    if (!(error instanceof PublishError) || error.reason !== 'SIGNING') throw error;
    await run(['commit.gpgSign=false']);
    commit.warn(
      `${error.summary} The commit is not signed. ${error.hint} Then: git -C ${commit.repo.folder} commit --amend -S --no-edit`,
    );
  }
  return (await localGit(folder).raw(['rev-parse', 'HEAD'])).trim();
}

/** What of name and e-mail address git has to be told, since neither user nor environment did. */
async function identity(folder: string, fallback: Fallback): Promise<string[]> {
  // hooksPath is always set here: simple-git waits for 50 ms when a command prints nothing
  const wanted = '^((user|author)\\.(name|email)|core\\.hookspath)$';
  const settings = await localGit(folder).raw(['config', '--get-regexp', wanted]);
  const has = (key: 'name' | 'email') =>
    new RegExp(`^(user|author)\\.${key} \\S`, 'm').test(settings) ||
    Boolean(process.env[`GIT_AUTHOR_${key.toUpperCase()}`]);
  return (['name', 'email'] as const)
    .filter((key) => !has(key))
    .map((key) => `user.${key}=${fallback[key]}`);
}

/** Removes the locks that a killed run of ours left; waits for its git, which outlives it. */
async function removeLocks(folder: string): Promise<void> {
  await sleep(1_000);
  for (const lock of ['index.lock', 'HEAD.lock', 'config.lock']) {
    const path = join(folder, '.git', lock);
    const about = await stat(path).catch(() => undefined);
    if (about !== undefined && Date.now() - about.mtimeMs > 1_000) await rm(path, { force: true });
  }
}
