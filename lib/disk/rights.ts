import { statSync } from 'node:fs';

/**
 * The user of this process, if root started it and it gave up root's rights; undefined otherwise. `yo` gives them up:
 * it becomes the user that ran `sudo`, or the first ordinary user of the system.
 */
export function userInsteadOfRoot(): number | undefined {
  const user = process.getuid?.();
  if (user === undefined || user === 0) return undefined;
  // The process keeps the groups of root, because only the user changes.
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

const NO_ACCESS =
  /read-only|EACCES|EPERM|permission denied|dubious ownership|^There is no GitHub token/im;

/** Adds to an `error` about missing access that yo gave up root's rights. */
export function explainRights(error: unknown): void {
  if (!(error instanceof Error) || !NO_ACCESS.test(error.message)) return;
  const user = userInsteadOfRoot();
  if (user === undefined) return;
  error.message +=
    `\n\nyo gave up root's rights and runs as user ${user}. That user cannot write root's folders and cannot read` +
    " root's token.\n  Run flux-gitops instead of yo flux-gitops, or run yo as an ordinary user.";
}
