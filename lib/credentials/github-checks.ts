/** What GitHub says about the host keys of its git server, about tokens and about Apps, before Flux gets any of them. */
import { createPrivateKey, sign } from 'node:crypto';
import type { RunControl } from '../publish/control.ts';
import { type Github, openGithub, readFailure } from '../publish/github.ts';
import { type GithubHost, locateGithub } from '../publish/github-host.ts';
import { PublishError } from '../publish/refusals.ts';
import { hidePrivateKey, hideToken } from '../publish/secrets.ts';
import type { Token } from '../publish/token.ts';
import type { Source } from './sources.ts';

/** Requests without a token: what everybody may ask. */
const NOBODY: Token = { value: '', source: 'nobody' };

/**
 * The host keys of the git server of the GitHub at `githubUrl`, from its own answer to GET /meta over https. Throws a
 * PublishError if GitHub does not say them: no key is trusted on first use.
 */
export async function hostKeysOf(githubUrl: string, control: RunControl): Promise<string[]> {
  const host = locateGithub(githubUrl);
  const github = openGithub(host, NOBODY, control);
  const facts = { what: 'say its ssh host keys', request: 'GET /meta' };
  const keys = await github.call(facts, async () => {
    try {
      return (await github.rest.meta.get()).data.ssh_keys ?? [];
    } catch (error) {
      // Some servers answer nobody who has not signed in.
      if ([401, 403, 404].includes(readFailure(error)?.status ?? 0)) return [];
      throw error;
    }
  });
  const known = keys.filter((key) => /^[\w@.-]+ [A-Za-z0-9+/]+=*$/.test(key));
  if (known.length === 0) throw new PublishError('NO_HOST_KEYS', github.facts);
  return known;
}

/** GitHub's API with the token that Flux gets. */
function withToken({ githubUrl }: Source, token: Token, control: RunControl): Github {
  hideToken(token.value);
  return openGithub(locateGithub(githubUrl), token, control);
}

/** What GitHub says about a token: a warning if it can read more than it must, and its end if it has one. */
export type CheckedToken = {
  readonly warning: string | undefined;
  readonly expires: string | undefined;
};

/** The header with which GitHub says when the token of a request ends, such as 2026-12-31 12:00:00 UTC. */
const EXPIRATION = 'github-authentication-token-expiration';

/** The time in `header` as Kubernetes writes times; undefined if the token does not end. */
function expiryIn(header: unknown): string | undefined {
  const time = typeof header === 'string' ? Date.parse(header) : Number.NaN;
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/**
 * Checks that `token` reads the contents of `source`. Throws a PublishError if it does not.
 */
export async function checkFluxToken(
  source: Source,
  token: Token,
  control: RunControl,
): Promise<CheckedToken> {
  const github = withToken(source, token, control);
  const { owner, repo } = source;
  const name = `${owner}/${repo}`;
  const facts = { repo: name, owner, what: `read ${name}`, request: `GET /repos/${name}/branches` };
  const about = { ...facts, permissions: 'contents=read' };
  const { fullName, expires } = await github.call(about, async () => {
    try {
      const { headers } = await github.rest.repos.listBranches({ owner, repo, per_page: 1 });
      const { data } = await github.rest.repos.get({ owner, repo });
      return { fullName: data.full_name, expires: expiryIn(headers[EXPIRATION]) };
    } catch (error) {
      const status = readFailure(error)?.status;
      if (status === 404 || status === 403)
        throw new PublishError('TOKEN_READS_NOT', { ...github.facts, ...facts });
      throw error;
    }
  });
  const asked = { what: 'list the repositories of the token', request: 'GET /user/repos' };
  const others = await github.call(asked, async () => {
    const { data } = await github.rest.repos.listForAuthenticatedUser({
      visibility: 'private',
      per_page: 100,
    });
    return data.map((one) => one.full_name).filter((one) => one !== fullName);
  });
  if (others.length === 0) return { warning: undefined, expires };
  const more =
    others.length > 3 ? ` and ${others.length >= 99 ? 'many' : others.length - 3} more` : '';
  const warning =
    `The token from ${token.source} also reads ${others.slice(0, 3).join(', ')}${more}. The tenant can read the Secret, and ` +
    `with it these repositories. Create a fine-grained token that reads only ${name}: ${github.host.web}/settings/personal-access-tokens/new`;
  return { warning, expires };
}

/** A GitHub App as a person names it. */
export type AppGiven = {
  readonly appId: string;
  readonly installationId: string | undefined;
  readonly privateKey: string;
  /** Where the key came from, for messages. */
  readonly source: string;
};

/** What Flux needs to know of an App, and a warning if the App can read more than it must. */
export type CheckedApp = { readonly installationId: string; readonly warning: string | undefined };

/**
 * Checks that the App is installed for `source` and may read its contents. Throws a PublishError if it is not, or if the
 * key does not belong to it.
 */
export async function checkApp(
  source: Source,
  app: AppGiven,
  control: RunControl,
): Promise<CheckedApp> {
  hidePrivateKey(app.privateKey);
  const host = locateGithub(source.githubUrl);
  const token = { value: jwtOf(app, host), source: app.source };
  const github = withToken(source, token, control);
  const { owner, repo } = source;
  const name = `${owner}/${repo}`;
  const about = { ...github.facts, repo: name, owner, app: app.appId, source: app.source };
  const facts = {
    ...about,
    what: `find the App for ${name}`,
    request: `GET /repos/${name}/installation`,
  };
  const found = await github.call(facts, async () => {
    try {
      return (await github.rest.apps.getRepoInstallation({ owner, repo })).data;
    } catch (error) {
      const status = readFailure(error)?.status;
      if (status === 401) throw new PublishError('APP_KEY', about);
      if (status === 404 || status === 403) throw new PublishError('APP_WITHOUT_ACCESS', about);
      throw error;
    }
  });
  const installationId = String(found.id);
  if (app.installationId !== undefined && app.installationId !== installationId)
    throw new PublishError('APP_OTHER_INSTALLATION', {
      ...about,
      installation: installationId,
      given: app.installationId,
    });
  if (found.suspended_at) throw new PublishError('APP_SUSPENDED', about);
  if (found.permissions.contents === undefined) throw new PublishError('APP_READS_NOT', about);
  const isAll = found.repository_selection === 'all';
  const warning = isAll
    ? `The GitHub App ${app.appId} reads all repositories of ${owner}. The tenant can read the Secret, and with it all of them. Select only ${name}: ${found.html_url}`
    : undefined;
  return { installationId, warning };
}

const MINUTE = 60;

/** The token with which an App signs in: docs.github.com, "Generating a JSON Web Token (JWT) for a GitHub App". */
function jwtOf({ appId, privateKey, source }: AppGiven, host: GithubHost): string {
  const now = Math.floor(Date.now() / 1000);
  const encode = (value: object): string =>
    Buffer.from(JSON.stringify(value)).toString('base64url');
  // GitHub takes no more than ten minutes, and its clock can be behind.
  const claims = { iat: now - MINUTE, exp: now + 9 * MINUTE, iss: appId };
  const text = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims)}`;
  try {
    const key = createPrivateKey(privateKey);
    if (key.asymmetricKeyType !== 'rsa') throw new Error('not an RSA key');
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
  } catch {
    throw new PublishError('APP_MALFORMED_KEY', { host: host.name, source });
  }
}

/** The fields of the Secret for a GitHub App. A GitHub Enterprise Server has its own address of the API. */
export function appFields(
  { appId, privateKey }: AppGiven,
  installationId: string,
  githubUrl: string,
): { [field: string]: string } {
  const { api, name } = locateGithub(githubUrl);
  return {
    githubAppID: appId,
    githubAppInstallationID: installationId,
    githubAppPrivateKey: privateKey,
    ...(name === 'github.com' ? {} : { githubAppBaseURL: api }),
  };
}
