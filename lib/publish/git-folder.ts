import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, lstat, readFile, readlink, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { shellCommand } from '../render/quoting.ts';
import { explainLocalGit, last } from './explain.ts';
import { localGit, remoteGit } from './git.ts';
import { makeStage } from './journal.ts';
import { isSameRepository, readAddress } from './origin.ts';
import { PublishError } from './refusals.ts';
import { quietEnvironment, withoutTokens } from './secrets.ts';
import type { Place, PublicationRepo } from './state.ts';
import { askProgram, type Token } from './token.ts';

/** A folder before publishing changes it. */
export type LocalFolder = {
  /** It has its own .git. */
  readonly repository: boolean;
  /** The current branch. */
  readonly branch?: string | undefined;
  /** Head of the current branch. */
  readonly head: string | undefined;
  /** The last known head of the branch on GitHub. */
  readonly tracking: string | undefined;
  /** Files that differ from the head. */
  readonly pending: readonly string[];
  /** The id of a tree with exactly the files of this tool. */
  readonly tree: string;
  /** The remote origin is set. */
  readonly origin: boolean;
};

/** Looks at the folder of `repo` and changes nothing. Refuses a folder that cannot be published as it is. */
export async function inspectFolder(repo: PublicationRepo, place: Place): Promise<LocalFolder> {
  const blobs = await readFiles(repo, place);
  const fresh = { head: undefined, tracking: undefined, tree: treeId(blobs), pending: repo.files };
  if (!existsSync(join(repo.folder, '.git'))) return { ...fresh, repository: false, origin: false };
  return explained(repo, async () => {
    await checkUnderway(repo);
    const origin = await checkOrigin(repo, place);
    const heads = await readHeads(repo, place);
    const pending = await findPending(repo, blobs, heads.head);
    return { ...fresh, repository: true, origin, ...heads, pending };
  });
}

/** Runs `work`, and turns a failure of git in the folder of `repo` into a refusal. */
async function explained<T>(repo: PublicationRepo, work: () => Promise<T>): Promise<T> {
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

async function readHeads({ folder }: PublicationRepo, place: Place) {
  const git = localGit(folder);
  const { followed } = place;
  const branch = followed ?? place.branch;
  const [heads, current] = [
    `refs/heads/${branch}`,
    (await git.raw(['symbolic-ref', '-q', 'HEAD'])).trim(),
  ];
  const remotes = `refs/remotes/origin/${branch}`;
  if (followed !== undefined && current === `refs/heads/${place.branch}`) {
    const [head, tracking] = await Promise.all([headOf(folder, current), headOf(folder, remotes)]);
    return { branch: place.branch, head, tracking };
  }
  const refs = await git.raw([
    'for-each-ref',
    '--format=%(refname) %(objectname)',
    heads,
    remotes,
    current || heads,
  ]);
  const found = new Map(refs.split('\n').map((line) => line.split(' ') as [string, string]));
  // a branch without a commit can still get another name
  if (current !== heads && (current === '' || found.has(current))) {
    const said =
      current === '' ? 'a detached HEAD' : `the branch ${current.replace('refs/heads/', '')}`;
    const or = followed === undefined ? ' Or give --branch.' : '';
    throw new PublishError('OTHER_BRANCH', { folder, branch, said, or });
  }
  const [head, tracking] = [found.get(heads), found.get(remotes)];
  const proposed =
    followed === undefined ? undefined : await headOf(folder, `refs/heads/${place.branch}`);
  if (proposed !== undefined && !(await isAncestor(folder, proposed, head ?? '')))
    throw new PublishError('UPDATE_BRANCH', { folder, branch: place.branch, followed });
  return { branch, head, tracking };
}

/** The commit that `ref` names in `folder`; undefined when there is no such ref. */
async function headOf(folder: string, ref: string): Promise<string | undefined> {
  const line = await localGit(folder).raw(['for-each-ref', '--format=%(objectname)', ref]);
  return line.trim() === '' ? undefined : line.trim();
}

/** The files for the next commit: all that differ from `head` in more than line ends. */
async function findPending(
  { folder, removed = [] }: PublicationRepo,
  blobs: Blobs,
  head: string | undefined,
): Promise<string[]> {
  if (head === undefined) return [...blobs.keys()];
  const listing = await localGit(folder).raw(['ls-tree', '-r', '-z', '--full-tree', head]);
  const held = new Map<string, string>();
  for (const line of listing.split('\0')) {
    const [about = '', path = ''] = line.split('\t');
    const [mode, , id] = about.split(' ');
    held.set(path, `${mode} ${id}`);
  }
  const differing = [...blobs].filter(([path, { raw, lf }]) => {
    const there = held.get(path);
    return there !== raw && there !== lf;
  });
  return [...differing.map(([path]) => path), ...removed.filter((path) => held.has(path))];
}

/** Whether this folder has the commit `ancestor`, and it is in the history of `head`. */
export async function isAncestor(folder: string, ancestor: string, head: string): Promise<boolean> {
  const git = localGit(folder);
  try {
    const base = await git.raw(['merge-base', ancestor, head]);
    return base.trim() === ancestor;
  } catch {
    return false; // this folder does not have the commit
  }
}

/** Whether the folder has a remote origin. Refuses an origin that is another repository. */
async function checkOrigin({ folder }: PublicationRepo, { url }: Place): Promise<boolean> {
  const wanted = '^remote\\.origin\\.(url|pushurl)$';
  const lines = await localGit(folder).raw(['config', '--local', '--get-regexp', wanted]);
  const origins = lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^\S+ /, ''));
  for (const origin of origins)
    if (!(await leadsTo(folder, origin, url)))
      throw new PublishError('ORIGIN', { folder, origin: withoutPassword(origin), url });
  return origins.length > 0;
}

/**
 * Whether git reaches the repository at `url` through `origin`: as it is written, after the user's rewrites
 * (insteadOf), or through a Host in the user's ssh configuration.
 */
async function leadsTo(folder: string, origin: string, url: string): Promise<boolean> {
  if (isSameRepository(origin, url)) return true;
  const resolved = (await localGit(folder).raw(['ls-remote', '--get-url', origin])).trim();
  if (isSameRepository(resolved, url)) return true;
  const address = readAddress(resolved);
  if (address === undefined || !address.ssh || address.path !== readAddress(url)?.path)
    return false;
  // -G prints the settings of a connection and does not connect; without ssh there is no alias
  const settings = await askProgram('ssh', ['-G', '--', address.host], '', quietEnvironment());
  const host = /^hostname (\S+)$/m.exec(settings)?.[1];
  return host !== undefined && isSameRepository(`ssh://${host}/${address.path}`, url);
}

function withoutPassword(url: string): string {
  return url.replace(/^([\w+]+:\/\/)[^@/]*@/, '$1***@');
}

/** A file as git stores it, `mode sha`: unchanged (`raw`), and with LF line ends (`lf`). */
export type Blob = { readonly raw: string; readonly lf: string };

/** The files of a folder, by path. */
export type Blobs = ReadonlyMap<string, Blob>;

/** The files of a folder; files in `contents` count as written. */
export type Files = {
  readonly folder: string;
  readonly files: readonly string[];
  readonly contents?: Readonly<Record<string, string>> | undefined;
};

/** The blobs that git would make of the files. This does not run git, so that a dry run writes nothing. */
export async function readBlobs({ folder, files, contents = {} }: Files): Promise<Blobs> {
  const blobs = new Map<string, Blob>();
  for (const file of files) {
    const text = contents[file];
    const blob = text === undefined ? readBlob(join(folder, file)) : plain(Buffer.from(text));
    blobs.set(file, await blob);
  }
  return blobs;
}

async function readBlob(path: string): Promise<Blob> {
  const about = await lstat(path);
  if (about.isSymbolicLink()) {
    const link = `120000 ${hash('blob', Buffer.from(await readlink(path)))}`;
    return { raw: link, lf: link };
  }
  const contents = await readFile(path);
  const runs = (about.mode & 0o100) !== 0 && process.platform !== 'win32';
  return plain(contents, runs ? '100755' : '100644');
}

function plain(contents: Buffer, mode = '100644'): Blob {
  const raw = `${mode} ${hash('blob', contents)}`;
  if (!contents.includes('\r\n') || contents.includes(0)) return { raw, lf: raw };
  const lf = Buffer.from(contents.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
  return { raw, lf: `${mode} ${hash('blob', lf)}` };
}

/** The id of the tree of `blobs`; git-scm.com/book/en/v2/Git-Internals-Git-Objects. */
export function treeId(blobs: Blobs, under = ''): string {
  const entries = new Map<string, { mode: string; id: string; order: string }>();
  for (const [path, blob] of blobs) {
    if (!path.startsWith(under)) continue;
    const [name = '', ...below] = path.slice(under.length).split('/');
    if (entries.has(name)) continue;
    const [mode = '', id = ''] = blob.raw.split(' ');
    if (below.length === 0) entries.set(name, { mode, id, order: name });
    else
      entries.set(name, {
        mode: '40000',
        id: treeId(blobs, `${under}${name}/`),
        order: `${name}/`,
      });
  }
  // git sorts by bytes, and sorts a folder as if its name ended with a slash
  const sorted = [...entries].sort(([, a], [, b]) =>
    Buffer.compare(Buffer.from(a.order), Buffer.from(b.order)),
  );
  const parts = sorted.flatMap(([name, { mode, id }]) => [
    Buffer.from(`${mode} ${name}\0`),
    Buffer.from(id, 'hex'),
  ]);
  return hash('tree', Buffer.concat(parts));
}

function hash(kind: string, contents: Buffer): string {
  return createHash('sha1').update(`${kind} ${contents.length}\0`).update(contents).digest('hex');
}

/** The committer when git has no identity. The address is GitHub's noreply address of the user. */
export type Fallback = { readonly name: string; readonly email: string };

export type Commit = {
  readonly repo: PublicationRepo;
  readonly place: Place;
  readonly fallback: Fallback;
  readonly warn: (text: string) => void;
  /** The subject; by default it names what changed. */
  readonly message?: string | undefined;
  /** An earlier run was killed while it committed here, so its locks can be removed. */
  readonly ownLocks: boolean;
};

/** Commits only the files that this tool wrote. Returns the new head of the branch. */
export async function commitFiles(commit: Commit, local: LocalFolder): Promise<string> {
  const { repo } = commit;
  if (!local.repository) return explained(repo, () => commitFirst(commit));
  if (commit.ownLocks) await removeLocks(repo.folder);
  return explained(repo, () => commitMore(commit, local));
}

/**
 * Makes the first commit in a folder beside `repo` and moves .git into place in one step. After a kill, the
 * folder has a complete .git or none.
 */
async function commitFirst(commit: Commit): Promise<string> {
  const { repo, place } = commit;
  const stage = await makeStage(dirname(repo.folder));
  try {
    for (const file of repo.files)
      await cp(join(repo.folder, file), join(stage, file), { preserveTimestamps: true });
    await startRepository(stage, place);
    await localGit(stage).raw(['add', '--force', '--verbose', '--', '.']);
    const head = await record(commit, stage, ['--message=Initial commit']);
    await rename(join(stage, '.git'), join(repo.folder, '.git'));
    return head;
  } finally {
    await rm(stage, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** An empty repository with a branch that tracks the branch of origin. */
async function startRepository(folder: string, { url, branch }: Place): Promise<void> {
  const init = ['init', '--template=', '--object-format=sha1', `--initial-branch=${branch}`];
  await localGit(folder).raw(init);
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

/** `pending` includes the `removed` files: git add stages their removal. */
async function commitMore(commit: Commit, local: LocalFolder): Promise<string> {
  const { repo, place } = commit;
  const input = () => local.pending.join('\0');
  const list = ['--pathspec-from-file=-', '--pathspec-file-nul'];
  if (local.head === undefined) {
    await localGit(repo.folder).raw(['symbolic-ref', 'HEAD', `refs/heads/${place.branch}`]);
  }
  if (!local.origin) await localGit(repo.folder).raw(['remote', 'add', 'origin', place.url]);
  if (local.pending.length === 0) return local.head ?? '';
  if (place.followed !== undefined && local.branch === place.followed) {
    // The new branch starts at the same commit, so no file on disk changes.
    const head = `refs/heads/${place.branch}`;
    await localGit(repo.folder).raw(['update-ref', head, local.head ?? '']);
    await localGit(repo.folder).raw(['symbolic-ref', 'HEAD', head]);
  }
  await localGit(repo.folder, { input }).raw(['add', '--force', '--verbose', ...list]);
  const usual = local.head === undefined ? 'Initial commit' : `Update ${areas(local.pending)}`;
  const message = commit.message ?? usual;
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
    const { folder: place } = commit.repo;
    const sign = shellCommand(['git', '-C', place, 'commit', '--amend', '-S', '--no-edit']);
    commit.warn(`${error.summary} The commit is not signed. ${error.hint} Then run: ${sign}`);
  }
  return (await localGit(folder).raw(['rev-parse', 'HEAD'])).trim();
}

/** The name and the e-mail address for git, where neither the configuration nor the environment has them. */
async function identity(folder: string, fallback: Fallback): Promise<string[]> {
  // core.hooksPath is always set here, so the command prints something: otherwise simple-git waits for 50 ms
  const wanted = '^((user|author)\\.(name|email)|core\\.hookspath)$';
  const settings = await localGit(folder).raw(['config', '--get-regexp', wanted]);
  const has = (key: 'name' | 'email') =>
    new RegExp(`^(user|author)\\.${key} \\S`, 'm').test(settings) ||
    Boolean(process.env[`GIT_AUTHOR_${key.toUpperCase()}`]);
  return (['name', 'email'] as const)
    .filter((key) => !has(key))
    .map((key) => `user.${key}=${fallback[key]}`);
}

/** Removes the locks of a run that was killed. Waits first, because git lives a little longer than that run. */
async function removeLocks(folder: string): Promise<void> {
  await sleep(1_000);
  for (const lock of ['index.lock', 'HEAD.lock', 'config.lock']) {
    const path = join(folder, '.git', lock);
    const about = await stat(path).catch(() => undefined);
    if (about !== undefined && Date.now() - about.mtimeMs > 1_000) await rm(path, { force: true });
  }
}

/**
 * Fetches .git for a folder that was generated again and has the files of the commit `head` on GitHub. Without
 * .git, the next run would take the repository for someone else's. Returns a warning when it fails.
 */
export async function linkFolder(
  { folder }: PublicationRepo,
  place: Place,
  head: string,
  token: Token,
): Promise<string | undefined> {
  const stage = await makeStage(dirname(folder));
  try {
    await startRepository(stage, place);
    const git = remoteGit(stage, place.url, token);
    await git.raw(['fetch', '--no-tags', 'origin', place.branch]);
    await localGit(stage).raw(['reset', '--mixed', head]);
    await rename(join(stage, '.git'), join(folder, '.git'));
    return undefined;
  } catch {
    const clone = shellCommand(['git', 'clone', place.url]);
    return `${folder} could not be connected to the repository. To get a folder that is connected, run: ${clone}`;
  } finally {
    await rm(stage, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The text of the blob `id` in the repository at `folder`; undefined when it has no such blob. */
export async function readBlobById(folder: string, id: string): Promise<string | undefined> {
  try {
    return await localGit(folder).raw(['cat-file', 'blob', id]);
  } catch {
    return undefined;
  }
}
