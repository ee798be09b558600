import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ownerName } from '../settings/rules.ts';
import { type GithubHost, locateGithub, tokenVariables } from './github-host.ts';
import { hideToken } from './secrets.ts';

/** A question must not wait longer than this for GitHub. */
const PATIENCE_MILLISECONDS = 1500;

/**
 * The login at the GitHub at `githubUrl`: the user of a token in the environment, or the user of `gh`. Returns
 * undefined when the answer would take long or there is none. Throws nothing.
 */
export async function signedInLogin(githubUrl: string): Promise<string | undefined> {
  const host = locateGithub(githubUrl);
  const token = tokenVariables(host).flatMap((name) => process.env[name]?.trim() || [])[0];
  return token === undefined ? loginOfGh(host) : loginOfToken(host, token);
}

async function loginOfToken({ api }: GithubHost, token: string): Promise<string | undefined> {
  hideToken(token);
  try {
    const answer = await fetch(`${api}/user`, {
      headers: { accept: 'application/vnd.github+json', authorization: `token ${token}` },
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
    });
    return answer.ok ? loginIn(await answer.json(), 'login') : undefined;
  } catch {
    return undefined;
  }
}

/** `gh help environment` and cli.github.com/manual/gh_config describe the file and its folder. */
function loginOfGh({ name }: GithubHost): string | undefined {
  const { GH_CONFIG_DIR, XDG_CONFIG_HOME } = process.env;
  const folder = GH_CONFIG_DIR || join(XDG_CONFIG_HOME || join(homedir(), '.config'), 'gh');
  try {
    const hosts: unknown = parse(readFileSync(join(folder, 'hosts.yml'), 'utf8'));
    return loginIn(hosts instanceof Object ? Reflect.get(hosts, name) : undefined, 'user');
  } catch {
    return undefined;
  }
}

function loginIn(answer: unknown, field: string): string | undefined {
  const login: unknown = answer instanceof Object ? Reflect.get(answer, field) : undefined;
  return typeof login === 'string' ? ownerName.read(login) : undefined;
}
