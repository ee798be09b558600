import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import {
  CLOUD_VARIABLES,
  type GithubHost,
  hostFacts,
  SERVER_VARIABLES,
  tokenVariables,
} from './github-host.ts';
import { PublishError } from './refusals.ts';
import { quietEnvironment } from './secrets.ts';

/** A token and its source. Messages show only the source. */
export type Token = { readonly value: string; readonly source: string };

/**
 * The token for `host`, from the first source that has one: `tokenStdin`, the environment, `gh auth token`, git's
 * credential helpers. There is no flag for it, because every user of the machine can see arguments. Throws a
 * PublishError when there is no token, or when it cannot work here.
 */
export async function findToken(host: GithubHost, tokenStdin?: string): Promise<Token> {
  const found = fromInput(tokenStdin) ?? fromEnvironment(host) ?? (await fromPrograms(host));
  if (found === undefined)
    throw new PublishError('NO_TOKEN', { ...hostFacts(host), seen: seen(host) });
  const token = { value: found.value.trim(), source: found.source };
  const about = { ...hostFacts(host), source: token.source };
  if (!/^[\x21-\x7e]{1,1024}$/.test(token.value)) throw new PublishError('MALFORMED_TOKEN', about);
  // ghs_ is the prefix of installation tokens: github.blog/2021-04-05-behind-githubs-new-authentication-token-formats
  if (token.value.startsWith('ghs_')) throw new PublishError('INSTALLATION_TOKEN', about);
  return token;
}

function fromInput(text: string | undefined): Token | undefined {
  return text === undefined ? undefined : { value: text, source: '--token-stdin' };
}

function fromEnvironment(host: GithubHost): Token | undefined {
  for (const source of tokenVariables(host)) {
    const value = process.env[source]?.trim();
    if (value) return { value, source };
  }
  return undefined;
}

async function fromPrograms(host: GithubHost): Promise<Token | undefined> {
  const env = quietEnvironment();
  const gh = await askProgram('gh', ['auth', 'token', '--hostname', host.name], '', env);
  if (gh) return { value: gh, source: 'gh auth token' };
  const { protocol } = new URL(host.web);
  const question = `protocol=${protocol.slice(0, -1)}\nhost=${host.name}\n\n`;
  const filled = await askProgram(
    'git',
    ['-c', 'core.askPass=', 'credential', 'fill'],
    question,
    env,
  );
  const value = /^password=(.+)$/m.exec(filled)?.[1];
  return value === undefined ? undefined : { value, source: "git's credential helper" };
}

/** A note about a token for another host. This tool never sends it to `host`. */
function seen(host: GithubHost): string {
  const other = (host.cloud ? SERVER_VARIABLES : CLOUD_VARIABLES).filter(
    (name) => process.env[name],
  );
  return other.length === 0 ? '' : ` (${other.join(' and ')} is set, but it is for another host)`;
}

const PATIENCE = 10_000;

/**
 * The output of `program`, or '' when it is missing, fails or takes longer than ten seconds. It does not use
 * simple-git, because the DEBUG output of simple-git would show the token before this tool could hide it.
 */
export function askProgram(
  program: string,
  args: readonly string[],
  input: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  return new Promise((done) => {
    const child = spawn(program, args, {
      env,
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
    });
    // the timeout of spawn would delay the end of the process when the program is missing
    const timer = setTimeout(() => child.kill(), PATIENCE).unref();
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', () => done(''));
    child.stdin.on('error', () => undefined).end(input);
    child.on('close', (code) => {
      clearTimeout(timer);
      done(code === 0 ? output.trim() : '');
    });
  });
}

let input: string | undefined;

/** All of standard input, without the newline at the end. Later calls return the same text. */
export function standardInput(): string {
  input ??= readFileSync(process.stdin.fd, 'utf8').trim();
  return input;
}
