import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PublicationRepo } from '../core/publication.ts';
import { PublishError } from '../core/publication-errors.ts';
import { explainLocalGit, last } from '../core/publication-git-errors.ts';
import { localGit } from './git.ts';
import { checkOrigin } from './git-origin.ts';
import { type Blobs, readBlobs, treeId } from './git-tree.ts';
import { withoutTokens } from './token-hiding.ts';

/** A folder as it is before publishing touches it. */
export type LocalFolder = {
  /** It has a .git of its own. */
  readonly repository: boolean;
  /** Head of the branch. */
  readonly head: string | undefined;
  /** What was last known to be on GitHub. */
  readonly tracking: string | undefined;
  /** Files that differ from the head. */
  readonly pending: readonly string[];
  /** Id of the tree that holds exactly the files of this tool. */
  readonly tree: string;
  /** Remote origin is set. */
  readonly origin: boolean;
};

/** Where a repository has to be, in full name and address. */
export type Place = {
  /** OWNER/NAME. */
  readonly fullName: string;
  /** What git pushes to. */
  readonly url: string;
  /** What people open. */
  readonly page: string;
  readonly branch: string;
};

/** Looks at the folder of `repo`, changing nothing; refuses what publishing could not go on from. */
export async function inspectFolder(repo: PublicationRepo, place: Place): Promise<LocalFolder> {
  const blobs = await readFiles(repo, place);
  const fresh = { head: undefined, tracking: undefined, tree: treeId(blobs), pending: repo.files };
  if (!existsSync(join(repo.folder, '.git'))) return { ...fresh, repository: false, origin: false };
  return explained(repo, async () => {
    await checkUnderway(repo);
    const origin = await checkOrigin(repo, place);
    const { head, tracking } = await readHeads(repo, place.branch);
    const pending = await differing(repo, blobs, head);
    return { ...fresh, repository: true, origin, head, tracking, pending };
  });
}

/** Runs `work`, and explains a failure of git in the folder of `repo`. */
export async function explained<T>(repo: PublicationRepo, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PublishError) throw error;
    const text = withoutTokens(error instanceof Error ? error.message : String(error));
    const [reason, facts] = explainLocalGit(text) ?? ['GIT_FAILED', { said: last(text) }];
    throw new PublishError(reason, { folder: repo.folder, ...facts }, error);
  }
}

async function readFiles(repo: PublicationRepo, { fullName }: Place): Promise<Blobs> {
  try {
    return await readBlobs(repo);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new PublishError('UNREADABLE', { repo: fullName, said }, error);
  }
}

const UNDERWAY: readonly (readonly [file: string, name: string])[] = [
  ['MERGE_HEAD', 'a merge'],
  ['rebase-merge', 'a rebase'],
  ['rebase-apply', 'a rebase'],
  ['CHERRY_PICK_HEAD', 'a cherry-pick'],
  ['REVERT_HEAD', 'a revert'],
];

async function checkUnderway({ folder }: PublicationRepo): Promise<void> {
  const git = (await localGit(folder).raw(['rev-parse', '--absolute-git-dir'])).trim();
  const found = UNDERWAY.find(([file]) => existsSync(join(git, file)));
  if (found !== undefined) throw new PublishError('DIRTY', { folder, said: found[1] });
}

async function readHeads({ folder }: PublicationRepo, branch: string) {
  const git = localGit(folder);
  const [heads, current] = [
    `refs/heads/${branch}`,
    (await git.raw(['symbolic-ref', '-q', 'HEAD'])).trim(),
  ];
  const remotes = `refs/remotes/origin/${branch}`;
  const refs = await git.raw([
    'for-each-ref',
    '--format=%(refname) %(objectname)',
    heads,
    remotes,
    current || heads,
  ]);
  const found = new Map(refs.split('\n').map((line) => line.split(' ') as [string, string]));
  // a branch without a commit may still be renamed
  if (current !== heads && (current === '' || found.has(current))) {
    const said =
      current === '' ? 'a detached HEAD' : `the branch ${current.replace('refs/heads/', '')}`;
    throw new PublishError('OTHER_BRANCH', { folder, branch, said });
  }
  return { head: found.get(heads), tracking: found.get(remotes) };
}

async function differing({ folder }: PublicationRepo, blobs: Blobs, head: string | undefined) {
  if (head === undefined) return [...blobs.keys()];
  const listing = await localGit(folder).raw(['ls-tree', '-r', '-z', '--full-tree', head]);
  const held = new Map<string, string>();
  for (const line of listing.split('\0')) {
    const [about = '', path = ''] = line.split('\t');
    const [mode, , id] = about.split(' ');
    held.set(path, `${mode} ${id}`);
  }
  return [...blobs].filter(([path, blob]) => held.get(path) !== blob).map(([path]) => path);
}

/** Whether `ancestor` is known here and is in the history of `head`. */
export async function isAncestor(folder: string, ancestor: string, head: string): Promise<boolean> {
  const git = localGit(folder);
  try {
    const base = await git.raw(['merge-base', ancestor, head]);
    return base.trim() === ancestor;
  } catch {
    return false; // not a commit that this folder has
  }
}
