/** A text of a file in the history of git, and the commit that has it. */
export type Version = { readonly commit: string; readonly text: string };

/** With more commits than this, the history is not searched further. */
const SEARCHED = 50;

/**
 * The texts of the file at `path` in the history of the repository in `folder`, the newest first. Reads each one when
 * it is needed. There are none without git, and if the file was never committed.
 */
export function* versionsOf(folder: string, path: string): Generator<Version> {
  // Loaded only here, because most runs start no other program, and loading takes time.
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  const git = (...words: string[]): string | undefined => {
    try {
      return execFileSync('git', ['-C', folder, ...words], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        maxBuffer: 2 ** 28,
      });
    } catch {
      return undefined;
    }
  };
  const log = git('log', `--max-count=${SEARCHED}`, '--format=%h', '--', path) ?? '';
  for (const commit of log.split('\n').filter(Boolean)) {
    const text = git('show', `${commit}:./${path}`);
    if (text !== undefined) yield { commit, text };
  }
}
