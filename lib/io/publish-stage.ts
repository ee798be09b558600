import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What a run lays beside the repositories for a moment, with its process id in the name. */
const NAME = /^\.flux-gitops-publish-(\d+)-\w+$/;

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
    const pid = NAME.exec(name)?.[1];
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
