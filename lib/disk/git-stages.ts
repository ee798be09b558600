/** What git holds of a file in the middle of a merge; a side is undefined where it has no such file. */
export type Stages = {
  readonly base: string | undefined;
  readonly ours: string | undefined;
  readonly theirs: string | undefined;
};

/**
 * The three texts of the file at `path` in `folder` while git merges it: what both sides come from, and the
 * two sides. A file with conflict markers does not tell, because git has merged parts of it. All undefined
 * when git is not there or is in no merge.
 */
export function mergeStages(folder: string, path: string): Stages {
  // Loaded only here: most runs start no other program, and it takes its time.
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  const stage = (number: number): string | undefined => {
    try {
      return execFileSync('git', ['-C', folder, 'show', `:${number}:./${path}`], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        maxBuffer: 2 ** 28,
      });
    } catch {
      return undefined;
    }
  };
  return { base: stage(1), ours: stage(2), theirs: stage(3) };
}
