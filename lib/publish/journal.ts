import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PublishError } from './refusals.ts';

/** What this tool did, or was about to do, to one repository. */
export type Entry = {
  /** `https://HOST/OWNER`, in lower case. */
  readonly target: string;
  /** When its creation was about to be asked for, by GitHub's clock (ISO); one for each try. */
  readonly intents?: readonly string[];
  /** Its id on GitHub, once known. */
  readonly id?: number;
  /** Topics and default branch are set. */
  readonly dressed?: boolean;
  /** The process that is committing in the folder right now. */
  readonly committing?: number;
};

/** Proof of ownership, kept beside the repositories; what is done is read from the world instead. */
export type Journal = {
  readonly file: string;
  readonly get: (name: string) => Entry | undefined;
  /** Without `entry`, what is known about the repository is forgotten. */
  readonly set: (name: string, entry: Entry | undefined) => Promise<void>;
};

const NAME = '.flux-gitops-publish.json';

/** The journal of `workspace`. It holds no token; nothing is written until something is set. */
export function openJournal(workspace: string): Journal {
  const file = join(workspace, NAME);
  const entries = read(file);
  let written: Promise<void> = Promise.resolve();
  const set = async (name: string, entry: Entry | undefined) => {
    if (JSON.stringify(entries.get(name)) === JSON.stringify(entry)) return;
    if (entry === undefined) entries.delete(name);
    else entries.set(name, entry);
    // one after the other: all of them go through the same file
    written = written.then(() => write(file, entries));
    await written;
  };
  return { file, get: (name) => entries.get(name), set };
}

function read(file: string): Map<string, Entry> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map();
    throw refuse(file, error);
  }
  try {
    const { version, repos } = JSON.parse(text) as {
      version: number;
      repos: Record<string, Entry>;
    };
    if (version !== 1) throw new Error(`version ${version}`);
    return new Map(Object.entries(repos));
  } catch (error) {
    throw refuse(file, error);
  }
}

/** Written beside and renamed: a kill leaves the old journal or the new one, never half of one. */
async function write(file: string, entries: ReadonlyMap<string, Entry>): Promise<void> {
  if (entries.size === 0) return rm(file, { force: true });
  const beside = stagePath(dirname(file), 'journal');
  const repos = Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
  try {
    await writeFile(beside, `${JSON.stringify({ version: 1, repos }, null, 2)}\n`, {
      mode: 0o600,
    });
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw refuse(file, error);
  }
}

function refuse(file: string, error: unknown): PublishError {
  const said = error instanceof Error ? error.message : String(error);
  return new PublishError('JOURNAL', { file, said }, error);
}

/** What a run lays beside the repositories for a moment, with its process id in the name. */
const STAGE = /^\.flux-gitops-publish-(\d+)-\w+$/;

/** The path of something that `name` is being prepared as, in `workspace`. */
export function stagePath(workspace: string, name: string): string {
  return join(workspace, `.flux-gitops-publish-${process.pid}-${name}`);
}

/** A new folder beside the repositories. */
export function makeStage(workspace: string): Promise<string> {
  return mkdtemp(stagePath(workspace, ''));
}

/** Removes what runs that were killed have left in `workspace`. */
export async function removeStages(workspace: string): Promise<void> {
  for (const name of await readdir(workspace)) {
    const pid = STAGE.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    await rm(join(workspace, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Signal 0 only asks; EPERM is the answer of a process of someone else. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
