import { execFileSync } from 'node:child_process';

/** The branches of a bare repository. */
export function branches(folder: string): { name: string; sha: string }[] {
  const lines = git(
    folder,
    'for-each-ref',
    '--format=%(refname:strip=2) %(objectname)',
    'refs/heads',
  );
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', sha = ''] = line.split(' ');
      return { name, sha };
    });
}

/** Whether the repository has the commit. */
export function has(folder: string, sha: string): boolean {
  try {
    git(folder, 'cat-file', '-e', `${sha}^{commit}`);
    return true;
  } catch {
    return false;
  }
}

/** Runs git in a repository of the stand-in, without the configuration of whoever runs the tests. */
export function git(folder: string, ...args: string[]): string {
  return execFileSync('git', ['-C', folder, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: plainGit,
  });
}

/** git without any configuration but its own. */
export const plainGit = {
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  LC_ALL: 'C',
};
