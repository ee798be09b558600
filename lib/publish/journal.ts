/** The files that publishing keeps beside the repositories: the journal of ownership, and temporary folders. */
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from '../disk/lock.ts';
import type { RemoteRepo } from './github-repos.ts';
import { PublishError } from './refusals.ts';
import type { PublicationRepo } from './state.ts';

/** What this tool did, or started to do, with one repository. */
export type Entry = {
  /** `https://HOST/OWNER`, in lower case. */
  readonly target: string;
  /** The times of the requests to create it, by GitHub's clock (ISO); one for each try. */
  readonly intents?: readonly string[];
  /** Its id on GitHub, as soon as it is known. */
  readonly id?: number;
  /** This tool has checked the default branch after it created the repository. It never changes the branch again. */
  readonly branchChecked?: boolean;
  /** The process that commits in the folder now. */
  readonly committing?: number;
};

/** Proof of ownership. It does not record progress: each run reads that from GitHub and from git. */
export type Journal = {
  readonly file: string;
  readonly get: (name: string) => Entry | undefined;
  /** Removes the entry when `entry` is undefined. */
  readonly set: (name: string, entry: Entry | undefined) => Promise<void>;
};

const JOURNAL = '.flux-gitops-publish.json';

/**
 * The journal of `workspace`. It contains no token. The first `set` writes the file. Throws a PublishError when
 * the file is damaged.
 */
export function openJournal(workspace: string): Journal {
  const file = join(workspace, JOURNAL);
  readEntries(file);
  let written: Promise<void> = Promise.resolve();
  const get = (name: string) => readEntries(file).get(name);
  const set = async (name: string, entry: Entry | undefined) => {
    // one after the other, because each call reads and writes the same file
    written = written.then(() => setEntry(file, name, entry));
    await written;
  };
  return { file, get, set };
}

async function setEntry(file: string, name: string, entry: Entry | undefined): Promise<void> {
  const entries = readEntries(file);
  if (JSON.stringify(entries.get(name)) === JSON.stringify(entry)) return;
  if (entry === undefined) entries.delete(name);
  else entries.set(name, entry);
  await writeEntries(file, entries);
}

function readEntries(file: string): Map<string, Entry> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return new Map();
    throw journalError(file, error);
  }
  try {
    const { version, repos } = JSON.parse(text) as {
      version: number;
      repos: Record<string, Entry & { dressed?: boolean }>;
    };
    if (version !== 1) throw new Error(`version ${version}`);
    return new Map(Object.entries(repos).map(([name, entry]) => [name, renamed(entry)]));
  } catch (error) {
    throw journalError(file, error);
  }
}

/** Version 0.1.0 called `branchChecked` `dressed`. */
function renamed({ dressed, ...entry }: Entry & { dressed?: boolean }): Entry {
  return dressed === undefined ? entry : { ...entry, branchChecked: dressed };
}

/** Writes a second file and renames it, so that a kill leaves the old journal or the new one, never half of it. */
async function writeEntries(file: string, entries: ReadonlyMap<string, Entry>): Promise<void> {
  if (entries.size === 0) return rm(file, { force: true });
  const beside = stagePath(join(file, '..'), 'journal');
  const repos = Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
  try {
    await writeFile(beside, `${JSON.stringify({ version: 1, repos }, null, 2)}\n`, {
      mode: 0o600,
    });
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw journalError(file, error);
  }
}

function journalError(file: string, error: unknown): PublishError {
  const said = error instanceof Error ? error.message : String(error);
  return new PublishError('JOURNAL', { file, said }, error);
}

const TOLERANCE = 5_000;
const PATIENCE = 120_000;

/**
 * Whether `entry` proves that `remote` is `repo`. The id in the journal is proof. An intent is also proof: GitHub
 * had no such repository, this tool asked for it, and at that time one with our description was created.
 */
export function provesOwnership(
  entry: Entry | undefined,
  remote: RemoteRepo,
  { description }: Pick<PublicationRepo, 'description'>,
): boolean {
  if (entry?.id !== undefined) return entry.id === remote.id;
  if (remote.description !== description) return false;
  return (entry?.intents ?? []).some((intent) => {
    const age = remote.createdAt - Date.parse(intent);
    return age >= -TOLERANCE && age <= PATIENCE;
  });
}

/** The name of a temporary file or folder beside the repositories; it includes the process id. */
const STAGE = /^\.flux-gitops-publish-(\d+)-\w+$/;

/** A new temporary folder in `workspace`, beside the repositories. */
export function makeStage(workspace: string): Promise<string> {
  return mkdtemp(stagePath(workspace, ''));
}

function stagePath(workspace: string, name: string): string {
  return join(workspace, `.flux-gitops-publish-${process.pid}-${name}`);
}

/**
 * Removes the temporary files of killed runs from `workspace`. Call it before this run creates one: until then, a
 * file with this process id is from an earlier process.
 */
export async function removeStages(workspace: string): Promise<void> {
  for (const name of await readdir(workspace)) {
    const pid = Number(STAGE.exec(name)?.[1]);
    if (Number.isNaN(pid) || (pid !== process.pid && isAlive(pid))) continue;
    await rm(join(workspace, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
