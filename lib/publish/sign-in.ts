import type { RunControl } from './control.ts';
import { coversCreation, describeScopes } from './explain.ts';
import { type Github, openGithub, readFailure } from './github.ts';
import { locateGithub } from './github-host.ts';
import { combine, type Facts, PublishError } from './refusals.ts';
import { hideToken } from './secrets.ts';
import { findToken } from './token.ts';

/** What signing in needs to know. */
export type SignInRequest = {
  /** The repositories and their owners; the default owner is the user of the token. */
  readonly repos: readonly {
    readonly name: string;
    readonly githubUrl: string;
    readonly owner?: string | undefined;
  }[];
  readonly visibility: 'public' | 'private';
  /** The token, if it came on standard input. */
  readonly tokenStdin?: string | undefined;
};

/** The account of the token. */
export type Account = {
  readonly login: string;
  readonly id: number;
  readonly name: string | undefined;
  /** The scopes of a classic token; undefined for other tokens, because GitHub does not report theirs. */
  readonly scopes: string | undefined;
};

/** An owner on one GitHub, as GitHub spells it, and the account that signed in there. */
export type Home = {
  readonly github: Github;
  readonly account: Account;
  readonly owner: string;
  readonly organization: boolean;
};

/** All owners that this run can publish to, by `homeKey`. */
export type Session = { readonly homes: ReadonlyMap<string, Home> };

type Whereabouts = { readonly githubUrl: string; readonly owner?: string | undefined };

/** The home for `owner`, or for the user of the token when there is no `owner`; undefined when the run did not sign in for it. */
export function homeOf({ homes }: Session, whereabouts: Whereabouts): Home | undefined {
  return homes.get(homeKey(whereabouts));
}

/** Logins are compared without case, as GitHub does. */
function homeKey({ githubUrl, owner = '' }: Whereabouts): string {
  return `${githubUrl}/${owner}`.toLowerCase();
}

/**
 * Finds the token for each GitHub. Checks which user it belongs to, and whether it works for the owners of all
 * repositories. Sends only GET requests. Throws one PublishError with all problems.
 */
export async function openSession(request: SignInRequest, control: RunControl): Promise<Session> {
  const urls = [...new Set(request.repos.map(({ githubUrl }) => githubUrl))];
  if (request.tokenStdin !== undefined && urls.length > 1)
    throw new PublishError('TWO_GITHUBS', { hosts: urls.join(', ') });
  const homes = new Map<string, Home>();
  const refusals: PublishError[] = [];
  for (const githubUrl of urls) {
    const own = await signInAt(githubUrl, request.tokenStdin, control);
    homes.set(homeKey({ githubUrl }), own).set(homeKey({ githubUrl, owner: own.owner }), own);
    for (const [owner, repos] of reposByOwner(request, githubUrl)) {
      const key = homeKey({ githubUrl, owner });
      if (homes.has(key)) continue;
      try {
        homes.set(key, await findHome(own, owner, repos, request.visibility, control));
      } catch (error) {
        if (!(error instanceof PublishError)) throw error;
        refusals.push(error);
      }
    }
  }
  if (refusals.length > 0) throw combine(refusals);
  return { homes };
}

function reposByOwner({ repos }: SignInRequest, githubUrl: string): Map<string, string[]> {
  const owners = new Map<string, string[]>();
  for (const { name, owner, githubUrl: url } of repos)
    if (url === githubUrl && owner !== undefined)
      owners.set(owner, [...(owners.get(owner) ?? []), name]);
  return owners;
}

async function signInAt(
  githubUrl: string,
  tokenStdin: string | undefined,
  control: RunControl,
): Promise<Home> {
  const host = locateGithub(githubUrl);
  const token = await findToken(host, tokenStdin);
  hideToken(token.value);
  const github = openGithub(host, token, control);
  const account = await whoAmI(github);
  const { login } = account;
  control.report({ kind: 'signed-in', login, source: token.source, host: host.name });
  return { github, account, owner: login, organization: false };
}

async function whoAmI(github: Github): Promise<Account> {
  const facts = { what: 'sign in', request: 'GET /user', signingIn: 'yes', permissions: 'account' };
  const { data, headers } = await github.call(facts, () => github.rest.users.getAuthenticated());
  if (typeof data !== 'object' || typeof data.login !== 'string') throw github.strangeAnswer(facts);
  const { login, id, name } = data;
  return { login, id, name: name ?? undefined, scopes: headers['x-oauth-scopes'] };
}

/** The home of `repos` whose owner is not the user of the token. The owner must be an organization. */
async function findHome(
  { github, account }: Home,
  owner: string,
  repos: readonly string[],
  visibility: 'public' | 'private',
  { report }: RunControl,
): Promise<Home> {
  const { login } = account;
  const facts = { ...github.facts, owner, login, repos: repos.join(', ') };
  const user = await findUser(github, facts);
  if (user === undefined) throw new PublishError('OWNER_404', facts);
  if (user.type !== 'Organization')
    throw new PublishError('OTHER_USER', { ...facts, owner: user.login });
  const about = {
    ...facts,
    owner: user.login,
    what: `look up ${owner}`,
    request: `GET /orgs/${owner}`,
    permissions: 'metadata=read',
  };
  const { data } = await github.call(about, () => github.rest.orgs.get({ org: owner }));
  if (visibility === 'public' && data.members_can_create_public_repositories === false) {
    const text = `Only owners of ${data.login} can create public repositories.`;
    report({ kind: 'warning', text });
  }
  return { github, account, owner: data.login, organization: true };
}

async function findUser(github: Github, facts: Facts & { owner: string }) {
  const { owner: username } = facts;
  const about = { ...facts, what: `look up ${username}`, request: `GET /users/${username}` };
  return github.call(about, async () => {
    try {
      return (await github.rest.users.getByUsername({ username })).data;
    } catch (error) {
      if (readFailure(error)?.status === 404) return undefined;
      throw error;
    }
  });
}

/** Refuses a classic token without the scopes to create and push, before the run creates anything. */
export function checkScopes(
  { account, github }: Home,
  visibility: 'public' | 'private',
  workflows: readonly { repo: string; file: string }[],
): void {
  const { scopes } = account;
  if (scopes === undefined) return;
  const { facts } = github;
  if (!coversCreation(scopes, visibility)) {
    throw new PublishError('SCOPE', { ...facts, ...describeScopes(scopes, visibility) });
  }
  const [workflow] = workflows;
  if (workflow !== undefined && !scopes.split(',').some((scope) => scope.trim() === 'workflow')) {
    throw new PublishError('WORKFLOW_SCOPE', {
      ...facts,
      repo: workflow.repo,
      said: workflow.file,
    });
  }
}

/** docs.github.com/en/account-and-profile/reference/email-addresses-reference#your-noreply-email-address */
export function noreplyAddress({ account, github }: Home): string {
  const host = github.host.name === 'github.com' ? 'github.com' : new URL(github.host.web).hostname;
  return `${account.id}+${account.login}@users.noreply.${host}`;
}
