import { GitPluginError, type SimpleGit, type SimpleGitOptions, simpleGit } from 'simple-git';
import { type RunControl, wait } from './control.ts';
import { explainPush, mayPassLater } from './explain.ts';
import { PublishError } from './refusals.ts';
import { ALLOWED, quietEnvironment, withoutTokens } from './secrets.ts';
import { type Home, noreplyAddress } from './sign-in.ts';
import type { Place, PublicationRepo } from './state.ts';
import type { Token } from './token.ts';

/** How long git may print nothing before this tool stops it. */
export const SILENCE_SECONDS = 120;

/** The helper gives git the token from a variable that only the pushing git has. */
const VARIABLE = 'FLUX_GITOPS_PUSH_TOKEN';
const HELPER = `!f() { test "$1" = get && printf 'username=x-access-token\\npassword=%s\\n' "$${VARIABLE}"; }; f`;

/**
 * Git for Windows also knows the name /dev/null (compat/mingw.c), so this works on all systems. The user's
 * configuration still applies (identity, proxy, certificates). Only settings that change the commit, or that run
 * other programs while git has a token, are overridden.
 */
const PLAIN = [
  'core.hooksPath=/dev/null',
  // like git in a checkout with CRLF: commit LF, and keep the files on disk
  'core.autocrlf=input',
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

/** git in `folder` that uses `token` for `url` only. */
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
 * The order matters: an empty helper or header removes those of the user's configuration, and ours follows it.
 * insteadOf with the whole address is the longest match, so no rewrite of the user sends the push elsewhere.
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

/** Waits (seconds), because GitHub's git servers may not know a new repository at once. */
const WAITS = [1, 2, 4, 8, 15, 30];

export type Push = {
  readonly repo: PublicationRepo;
  readonly place: Place;
  readonly commit: string;
  readonly home: Home;
  readonly control: RunControl;
};

/**
 * Pushes one commit to the branch, never with force. Tries again after a failure that may be temporary. After a
 * failure with an unknown effect, asks the server whether it has the commit.
 */
export async function pushCommit(push: Push): Promise<void> {
  for (const seconds of [...WAITS, undefined]) {
    const refusal = await tryPush(push);
    if (refusal === undefined) return;
    if (mayHaveLanded(refusal) && (await hasLanded(push))) return;
    if (seconds === undefined || !mayPassLater(refusal.reason)) throw refusal;
    await wait(seconds, refusal.summary, push.control);
  }
}

function mayHaveLanded({ reason }: PublishError): boolean {
  return ['GIT_TIMEOUT', 'NETWORK', 'GITHUB_5XX', 'NON_FF', 'PUSH_REFUSED'].includes(reason);
}

const NAME = 'flux-gitops-publish';

/** A remote for this one command, so that the user's remotes and rewrites do not change the address. */
function temporaryRemote({ url }: Place): string[] {
  return [`remote.${NAME}.url=${url}`, `remote.${NAME}.fetch=+refs/heads/*:refs/remotes/origin/*`];
}

/** Reports the progress of writing, in steps of at least 20 %. */
function showing({ fullName }: Place, { report }: RunControl) {
  let next = 20;
  return ({ stage, progress: percent }: { stage: string; progress: number }) => {
    if (stage !== 'writing' || percent < next || next > 100) return;
    next = percent === 100 ? 101 : Math.min(percent + 20, 100);
    report({ kind: 'pushing', repo: fullName, percent });
  };
}

async function tryPush(push: Push): Promise<PublishError | undefined> {
  const { repo, place, commit, home, control } = push;
  const progress = showing(place, control);
  const git = remoteGit(repo.folder, place.url, home.github.token, {
    progress,
    config: temporaryRemote(place),
    abort: control.abort.signal,
  });
  const ref = `${commit}:refs/heads/${place.branch}`;
  try {
    await git.raw([
      'push',
      '--porcelain',
      '--no-verify',
      '--no-signed',
      '--recurse-submodules=no',
      NAME,
      ref,
    ]);
    progress({ stage: 'writing', progress: 100 });
    return undefined;
  } catch (error) {
    return refusal(error, push);
  }
}

function refusal(error: unknown, { repo, place, home }: Push): PublishError {
  const { account, github, owner } = home;
  const facts = {
    ...github.facts,
    owner,
    repo: place.fullName,
    branch: place.branch,
    folder: repo.folder,
    url: place.url,
    noreply: noreplyAddress(home),
    login: account.login,
    seconds: String(SILENCE_SECONDS),
  };
  if (error instanceof GitPluginError && error.plugin === 'timeout') {
    return new PublishError('GIT_TIMEOUT', facts, error);
  }
  if (error instanceof GitPluginError && error.plugin === 'abort')
    return new PublishError('ABORTED', facts, error);
  const text = withoutTokens(error instanceof Error ? error.message : String(error));
  const [reason, found] = explainPush(text);
  return new PublishError(reason, { ...facts, ...found }, error);
}

async function hasLanded({ repo, place, commit, home }: Push): Promise<boolean> {
  const git = remoteGit(repo.folder, place.url, home.github.token, {
    config: temporaryRemote(place),
  });
  const ref = `refs/heads/${place.branch}`;
  const answer = await git.raw(['ls-remote', NAME, ref]).catch(() => '');
  return answer.split('\n').includes(`${commit}\t${ref}`);
}
