/** The texts of a file during a merge of git; a side without the file is undefined. */
export type Stages = {
  readonly base: string | undefined;
  readonly ours: string | undefined;
  readonly theirs: string | undefined;
};

/**
 * The three texts of the file at `path` in `folder` while git merges it: the base and the two sides. The file with
 * conflict markers does not have them, because git has merged parts of it. All are undefined without git, and when
 * there is no merge.
 */
export function mergeStages(folder: string, path: string): Stages {
  // Loaded only here, because most runs start no other program, and loading takes time.
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
