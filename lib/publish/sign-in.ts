import { coversCreation, describeScopes } from './explain.ts';
import { type Github, locateGithub, openGithub, type Pace, readFailure } from './github.ts';
import { refuseAnswer } from './github-repos.ts';
import { type Facts, PublishError } from './refusals.ts';
import { hideToken } from './secrets.ts';
import { findToken } from './token.ts';

/** Who signed in. */
export type Account = {
  readonly login: string;
  readonly id: number;
  readonly name: string | undefined;
  /** Scopes of a classic token; undefined for other kinds, which do not tell. */
  readonly scopes: string | undefined;
};

/** A signed-in user and the owner that is published to, in GitHub's own spelling. */
export type Session = {
  readonly github: Github;
  readonly account: Account;
  readonly owner: string;
  readonly organization: boolean;
};

/** What signing in needs to know. */
export type SignIn = {
  readonly githubUrl: string;
  /** Without one it is the token's user. */
  readonly owner?: string | undefined;
  readonly visibility: 'public' | 'private';
  readonly tokenStdin?: string | undefined;
};

/**
 * Finds the token, and checks with GitHub who it belongs to and whether it can be used for the
 * owner. Only GET requests. To be called before rendering: addresses in the files depend on it.
 */
export async function signIn(request: SignIn, pace: Pace): Promise<Session> {
  const host = locateGithub(request.githubUrl);
  const token = await findToken(host, request.tokenStdin);
  hideToken(token.value);
  const github = openGithub(host, token, pace);
  const account = await whoAmI(github);
  pace.report({ kind: 'signed-in', login: account.login, source: token.source, host: host.name });
  const owner = await whoOwns(github, account, request, pace);
  return { github, account, ...owner };
}

async function whoAmI(github: Github): Promise<Account> {
  const facts = { what: 'sign in', request: 'GET /user', signingIn: 'yes', permissions: 'account' };
  const { data, headers } = await github.call(facts, () => github.rest.users.getAuthenticated());
  if (typeof data !== 'object' || typeof data.login !== 'string') refuseAnswer({ github }, facts);
  const { login, id, name } = data;
  return { login, id, name: name ?? undefined, scopes: headers['x-oauth-scopes'] };
}

type Owner = Pick<Session, 'owner' | 'organization'>;

/** The owner as GitHub spells it; logins are compared without case, as GitHub does. */
async function whoOwns(
  github: Github,
  { login }: Account,
  { owner = login, visibility }: SignIn,
  { report }: Pace,
): Promise<Owner> {
  if (owner.toLowerCase() === login.toLowerCase()) return { owner: login, organization: false };
  const facts = { ...github.facts, owner, login, permissions: 'metadata=read' };
  const user = await findUser(github, facts);
  if (user === undefined) throw new PublishError('OWNER_404', facts);
  if (user.type !== 'Organization')
    throw new PublishError('OTHER_USER', { ...facts, owner: user.login });
  const about = {
    ...facts,
    owner: user.login,
    what: `look up ${owner}`,
    request: `GET /orgs/${owner}`,
  };
  const { data } = await github.call(about, () => github.rest.orgs.get({ org: owner }));
  if (visibility === 'public' && data.members_can_create_public_repositories === false) {
    const text = `${data.login} lets only its owners create public repositories`;
    report({ kind: 'warning', text });
  }
  return { owner: data.login, organization: true };
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

/** Refuses a classic token that could create or push nothing, before anything is created. */
export function checkScopes(
  { account, github }: Session,
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
