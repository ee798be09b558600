import { setTimeout as sleep } from 'node:timers/promises';
import { GitPluginError } from 'simple-git';
import type { PublicationRepo } from '../core/publication.ts';
import { PublishError } from '../core/publication-errors.ts';
import { explainPush, mayPassLater } from '../core/publication-git-errors.ts';
import { remoteGit, SILENCE_SECONDS } from './git.ts';
import type { Place } from './git-inspect.ts';
import { countDown, type Pace } from './github-limits.ts';
import type { Session } from './github-owner.ts';
import { withoutTokens } from './token-hiding.ts';

/** GitHub's git side may not know a repository for a while that its API has just made (seconds). */
const WAITS = [1, 2, 4, 8, 15, 30];

export type Push = {
  readonly repo: PublicationRepo;
  readonly place: Place;
  readonly commit: string;
  readonly session: Session;
  readonly pace: Pace;
};

/**
 * Pushes one commit to the branch, never with force. What may pass is tried again; after a failure
 * whose effect is not known, the server is asked whether the commit is there.
 */
export async function pushCommit(push: Push): Promise<void> {
  for (const wait of [...WAITS, undefined]) {
    const refusal = await tryPush(push);
    if (refusal === undefined) return;
    if (mayHaveLanded(refusal) && (await isThere(push))) return;
    if (wait === undefined || !mayPassLater(refusal.reason)) throw refusal;
    countDown(wait, refusal.summary, push.pace);
    await sleep(wait * push.pace.second, undefined, { signal: push.pace.signal });
  }
}

function mayHaveLanded({ reason }: PublishError): boolean {
  return ['GIT_TIMEOUT', 'NETWORK', 'GITHUB_5XX', 'NON_FF', 'PUSH_REFUSED'].includes(reason);
}

const NAME = 'flux-gitops-publish';

/** A remote for this one command: the address is ours, whatever the user's remotes and rules say. */
function remote({ url }: Place): string[] {
  return [`remote.${NAME}.url=${url}`, `remote.${NAME}.fetch=+refs/heads/*:refs/remotes/origin/*`];
}

/** Reports how far the writing is, in steps of at least a fifth. */
function showing({ fullName }: Place, { report }: Pace) {
  let next = 20;
  return ({ stage, progress: percent }: { stage: string; progress: number }) => {
    if (stage !== 'writing' || percent < next || next > 100) return;
    next = percent === 100 ? 101 : Math.min(percent + 20, 100);
    report({ kind: 'pushing', repo: fullName, percent });
  };
}

async function tryPush(push: Push): Promise<PublishError | undefined> {
  const { repo, place, commit, session, pace } = push;
  const { signal } = pace;
  const progress = showing(place, pace);
  const git = remoteGit(repo.folder, place.url, session.github.token, {
    progress,
    config: remote(place),
    ...(signal ? { abort: signal } : {}),
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

function refusal(error: unknown, { repo, place, session }: Push): PublishError {
  const { account, github, owner } = session;
  const facts = {
    ...github.facts,
    owner,
    repo: place.fullName,
    branch: place.branch,
    folder: repo.folder,
    url: place.url,
    noreply: noreplyAddress(session),
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

async function isThere({ repo, place, commit, session }: Push): Promise<boolean> {
  const git = remoteGit(repo.folder, place.url, session.github.token, { config: remote(place) });
  const ref = `refs/heads/${place.branch}`;
  const answer = await git.raw(['ls-remote', NAME, ref]).catch(() => '');
  return answer.split('\n').includes(`${commit}\t${ref}`);
}

/** docs.github.com/en/account-and-profile/reference/email-addresses-reference#your-noreply-email-address */
export function noreplyAddress({ account, github }: Session): string {
  const host = github.host.name === 'github.com' ? 'github.com' : new URL(github.host.web).hostname;
  return `${account.id}+${account.login}@users.noreply.${host}`;
}
