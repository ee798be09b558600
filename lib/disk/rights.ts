import { statSync } from 'node:fs';

/**
 * The user that this process runs as, if the process was started by root and gave up root's rights; undefined
 * otherwise. `yo` does that: it becomes the user behind `sudo`, or the first ordinary user of the system.
 */
export function userInsteadOfRoot(): number | undefined {
  const user = process.getuid?.();
  if (user === undefined || user === 0) return undefined;
  // The groups of root stay, since only the user is changed.
  if (!process.getgroups?.().includes(0) && process.getgid?.() !== 0) return undefined;
  return process.platform !== 'linux' || wasRoot() ? user : undefined;
}

/** Some containers start ordinary users in the group of root. Linux hides the files of a process that changed its user. */
function wasRoot(): boolean {
  try {
    return statSync('/proc/self/environ').uid === 0;
  } catch {
    return false;
  }
}

const NO_ACCESS = /read-only|EACCES|EPERM|permission denied|dubious ownership|^No GitHub token/im;

/** Says in `error`, where it tells of missing access, that root's rights were given up. */
export function explainRights(error: unknown): void {
  if (!(error instanceof Error) || !NO_ACCESS.test(error.message)) return;
  const user = userInsteadOfRoot();
  if (user === undefined) return;
  error.message +=
    `\n\nyo gave up root's rights and runs as user ${user}. That user cannot write root's folders and cannot read` +
    " root's token.\n  Run flux-gitops instead of yo flux-gitops, or run yo as an ordinary user.";
}
