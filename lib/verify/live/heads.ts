/** The newest commits of branches on the git server, as the user's own git sees them. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pMap from 'p-map';
import { quietEnvironment } from '../../publish/secrets.ts';
import { AT_ONCE } from './objects.ts';
import type { Head } from './syncs.ts';

/** How long git may wait for a server (milliseconds). */
const PATIENCE = 20_000;

/** A branch of a repository, and its addresses in the order in which they are tried. */
export type Branch = { readonly urls: readonly string[]; readonly branch: string };

const keyOf = ({ urls, branch }: Branch): string => [branch, ...urls].join(' ');

/** Asks for the heads of `branches`, each one once. The result knows the head of each of them. */
export async function askHeads(branches: readonly Branch[]): Promise<(branch: Branch) => Head> {
  const distinct = [...new Map(branches.map((one) => [keyOf(one), one])).values()];
  const heads = await pMap(distinct, askHead, { concurrency: AT_ONCE });
  const known = new Map(distinct.map((one, n) => [keyOf(one), heads[n]]));
  return (branch) => known.get(keyOf(branch));
}

async function askHead({ urls, branch }: Branch): Promise<Head> {
  let said = '';
  for (const url of urls) {
    const answer = await lsRemote(url, branch);
    if ('commit' in answer) return answer;
    said ||= answer.said;
  }
  return { said };
}

async function lsRemote(url: string, branch: string): Promise<Exclude<Head, undefined>> {
  try {
    const args = ['ls-remote', '--exit-code', '--', url, `refs/heads/${branch}`];
    const options = { env: quietEnvironment(), timeout: PATIENCE };
    const { stdout } = await promisify(execFile)('git', args, options);
    return { commit: stdout.split('\t')[0] ?? '' };
  } catch (error) {
    const { code, stderr = '' } = error as { code?: number | string; stderr?: string };
    // git says with this code that the server has no such branch.
    if (code === 2) return { said: `${url} has no branch ${branch}` };
    const line = stderr.trim().split('\n').at(-1) || 'it does not answer';
    return { said: `git cannot read ${url}, so the newest commit is not known: ${line}` };
  }
}
