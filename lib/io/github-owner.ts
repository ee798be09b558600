import { coversCreation, describeScopes } from '../core/publication-api-errors.ts';
import { type Facts, PublishError } from '../core/publication-errors.ts';
import type { ProgressEvent } from '../core/publication.ts';
import { type Github, openGithub, type Pace } from './github.ts';
import { locateGithub } from './github-hosts.ts';
import { findToken } from './token.ts';
import { hideToken } from './token-hiding.ts';

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
  readonly owner: string;
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
  const owner = await whoOwns(github, account, request, pace.report);
  return { github, account, ...owner };
}

async function whoAmI(github: Github): Promise<Account> {
  const facts = { what: 'sign in', request: 'GET /user', signingIn: 'yes', tokens: `${github.host.web}/settings/tokens` };
  const { data, headers } = await github.call({ ...facts, permissions: 'account access' }, () =>
    github.rest.users.getAuthenticated(),
  );
  if (typeof data !== 'object' || typeof data.login !== 'string') {
    throw new PublishError('NOT_GITHUB', { host: github.host.name, said: 'no JSON', api: github.host.api });
  }
  return { login: data.login, id: data.id, name: data.name ?? undefined, scopes: headers['x-oauth-scopes'] };
}

/** The owner as GitHub spells it; logins are compared without case, as GitHub does. */
export async function whoOwns(
  github: Github,
  account: Account,
  { owner, visibility }: Pick<SignIn, 'owner' | 'visibility'>,
  report: (event: ProgressEvent) => void,
): Promise<{ owner: string; organization: boolean }> {
  if (owner.toLowerCase() === account.login.toLowerCase()) {
    return { owner: account.login, organization: false };
  }
  const facts: Facts = { owner, login: account.login, what: `look up ${owner}` };
  const user = await github
    .call({ ...facts, request: `GET /users/${owner}` }, () => github.rest.users.getByUsername({ username: owner }))
    .catch((error: unknown) => { throw missing(error, 'OWNER_404', { ...facts, host: github.host.name }); });
  if (user.data.type !== 'Organization') throw new PublishError('OTHER_USER', { ...facts, owner: user.data.login });
  const about = { ...facts, owner: user.data.login, request: `GET /orgs/${owner}`, permissions: 'access to the organization' };
  const org = await github.call(about, () => github.rest.orgs.get({ org: owner }));
  if (visibility === 'public' && org.data.members_can_create_public_repositories === false) {
    report({ kind: 'warning', text: `${org.data.login} lets only its owners create public repositories` });
  }
  return { owner: org.data.login, organization: true };
}

function missing(error: unknown, reason: 'OWNER_404', facts: Facts): unknown {
  const cause = error instanceof PublishError ? error.cause : undefined;
  const status = cause instanceof Error && 'status' in cause ? cause.status : undefined;
  return status === 404 ? new PublishError(reason, facts, cause) : error;
}

/** Refuses a classic token that could create or push nothing, before anything is created. */
export function checkScopes({ account, github }: Session, visibility: 'public' | 'private', workflows: readonly string[]): void {
  const { scopes } = account;
  if (scopes === undefined) return;
  const facts = { host: github.host.name, tokens: `${github.host.web}/settings/tokens` };
  if (!coversCreation(scopes, visibility)) {
    throw new PublishError('SCOPE', { ...facts, ...describeScopes(scopes, visibility) });
  }
  const [workflow] = workflows;
  if (workflow !== undefined && !scopes.split(',').some((scope) => scope.trim() === 'workflow')) {
    const [repo, ...path] = workflow.split(' ');
    throw new PublishError('WORKFLOW_SCOPE', { ...facts, repo, said: path.join(' ') });
  }
}
