import { type SimpleGit, type SimpleGitOptions, simpleGit } from 'simple-git';
import { ALLOWED, quietEnvironment } from './git-environment.ts';
import type { Token } from './token.ts';

/** How long git may be silent before it is given up. */
export const SILENCE_SECONDS = 120;

/** The helper hands git the token from a variable that only the pushing git has. */
const VARIABLE = 'FLUX_GITOPS_PUSH_TOKEN';
const HELPER = `!f() { test "$1" = get && printf 'username=x-access-token\\npassword=%s\\n' "$${VARIABLE}"; }; f`;

/**
 * The user's configuration stays in force (identity, proxy, certificates), but for what changes
 * what is committed or runs programs of others while a token is near.
 */
const PLAIN = [
  'core.hooksPath=/dev/null',
  'core.autocrlf=false',
  'core.safecrlf=false',
  'core.attributesFile=/dev/null',
  'core.fsmonitor=false',
  'core.askPass=',
  'color.ui=false',
  'gc.auto=0',
  'maintenance.auto=false',
];

const UNSAFE: NonNullable<SimpleGitOptions['unsafe']> = {
  allowUnsafeAskPass: true,
  allowUnsafeConfigPaths: true,
  allowUnsafeFsMonitor: true,
  allowUnsafeHooksPath: true,
  allowUnsafeTemplateDir: true,
};

type More = Pick<Partial<SimpleGitOptions>, 'progress' | 'abort' | 'input'> & {
  readonly config?: readonly string[];
};

/** git in `folder`, without any token. */
export function localGit(folder: string, { config = [], ...more }: More = {}): SimpleGit {
  return simpleGit({
    baseDir: folder,
    config: [...PLAIN, ...config],
    unsafe: UNSAFE,
    allowEnvironment: [...ALLOWED],
    ...more,
  }).env(quietEnvironment());
}

/** git in `folder` that can reach `url`, and nothing else, with `token`. */
export function remoteGit(folder: string, url: string, token: Token, more: More = {}): SimpleGit {
  return simpleGit({
    baseDir: folder,
    maxConcurrentProcesses: 1,
    config: [...PLAIN, ...credentials(url), ...(more.config ?? [])],
    unsafe: { ...UNSAFE, allowUnsafeCredentialHelper: true, allowUnsafeUrlRewrite: true },
    allowEnvironment: [...ALLOWED],
    timeout: { block: SILENCE_SECONDS * 1000 },
    ...(more.progress ? { progress: more.progress } : {}),
    ...(more.abort ? { abort: more.abort } : {}),
  }).env({ ...quietEnvironment(), [VARIABLE]: token.value });
}

/**
 * The order matters: an empty helper or header drops what the user's configuration has, also for a
 * longer part of the address, and ours comes after it. insteadOf with the whole address is the
 * longest match, so no rule of the user sends the push elsewhere.
 */
function credentials(url: string): string[] {
  const { origin, hostname } = new URL(url);
  const direct = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
    ? [`http.${url}.proxy=`]
    : [];
  return [
    'credential.helper=',
    `credential.${origin}.helper=${HELPER}`,
    `http.${url}.extraHeader=`,
    ...direct,
    'http.followRedirects=initial',
    `url.${url}.insteadOf=${url}`,
    `url.${url}.pushInsteadOf=${url}`,
    'push.pushOption=',
    'push.followTags=false',
    'push.gpgSign=false',
  ];
}
