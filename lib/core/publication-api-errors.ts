import { type Facts, PublishError } from './publication-errors.ts';
import type { Reason } from './publication-refusals.ts';

/** An answer of GitHub's API that is not a success, or no answer at all (status 0). */
export type ApiFailure = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly message: string;
  /** `errors` of a 422. */
  readonly errors: readonly { field?: string; message?: string; code?: string }[];
  /** The code of the network error below it: ECONNREFUSED … */
  readonly network?: string | undefined;
};

/** The refusal that `failure` means, for a request that was about `facts`. */
export function explainApiFailure(
  failure: ApiFailure,
  facts: Facts,
  cause?: unknown,
): PublishError {
  const [reason, found] = classify(failure, facts);
  return new PublishError(reason, { ...facts, ...found }, cause);
}

type Explained = readonly [Reason, Facts];

function classify(failure: ApiFailure, facts: Facts): Explained {
  if (failure.status === 0) return explainNetwork(failure);
  if (failure.status >= 500) return ['GITHUB_5XX', { said: `HTTP ${failure.status}` }];
  const limit = explainLimit(failure);
  if (limit !== undefined) return limit;
  switch (failure.status) {
    case 401:
      return ['BAD_TOKEN', {}];
    case 403:
      return explainForbidden(failure, facts);
    case 404:
      return explainNotFound(failure, facts);
    case 422:
      return explainInvalid(failure);
    default:
      return ['API_REFUSED', { said: said(failure) }];
  }
}

const TLS = /CERT|SELF_SIGNED|TLS|SSL|UNABLE_TO_VERIFY|LEAF_SIGNATURE/;

function explainNetwork({ network = 'no answer' }: ApiFailure): Explained {
  if (network === 'ENOTFOUND' || network === 'EAI_AGAIN') return ['DNS', { said: network }];
  return [TLS.test(network) ? 'TLS' : 'NETWORK', { said: network }];
}

/** docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
function explainLimit({ status, headers, message }: ApiFailure): Explained | undefined {
  if (status !== 403 && status !== 429) return undefined;
  if (headers['x-ratelimit-remaining'] === '0' && !/secondary rate/i.test(message)) {
    const reset = Number(headers['x-ratelimit-reset']);
    const at = Number.isFinite(reset) ? new Date(reset * 1000).toISOString() : 'an unknown time';
    return ['RATE_LIMIT', { reset: at }];
  }
  if (status === 429 || /secondary rate|abuse/i.test(message)) {
    return ['SECONDARY_LIMIT', { seconds: headers['retry-after'] ?? '60' }];
  }
  return undefined;
}

function explainForbidden(failure: ApiFailure, facts: Facts): Explained {
  const { headers, message } = failure;
  const sso = /url=(\S+)/.exec(headers['x-github-sso'] ?? '')?.[1];
  if (sso !== undefined || /SAML/i.test(message)) {
    return ['SSO', { url: sso ?? `https://${facts.host}/orgs/${facts.owner}/sso` }];
  }
  if (/not accessible by integration/i.test(message)) return ['INSTALLATION_TOKEN', {}];
  if (/not accessible by personal access token/i.test(message)) {
    const permissions = headers['x-accepted-github-permissions'] ?? 'administration=write';
    return ['FINE_GRAINED', { permissions }];
  }
  if (/visibility/i.test(message)) return ['VISIBILITY', { said: said(failure) }];
  if (facts.creating !== undefined) return ['ORG_DENIED', { said: said(failure) }];
  return ['API_REFUSED', { said: said(failure) }];
}

/** GitHub answers 404 where a classic token has no scope: it will not say what exists. */
function explainNotFound(failure: ApiFailure, facts: Facts): Explained {
  const scopes = failure.headers['x-oauth-scopes'];
  if (
    facts.creating !== undefined &&
    scopes !== undefined &&
    !coversCreation(scopes, facts.visibility)
  ) {
    return ['SCOPE', describeScopes(scopes, facts.visibility)];
  }
  if (facts.signingIn !== undefined) return ['NOT_GITHUB', { said: 'HTTP 404' }];
  return ['API_REFUSED', { said: `${said(failure)} (404)` }];
}

function explainInvalid(failure: ApiFailure): Explained {
  const text = said(failure);
  const field = failure.errors.some((error) => error.field === 'visibility');
  if (field || /visibility|private repositor|public repositor/i.test(text)) {
    return ['VISIBILITY', { said: text }];
  }
  return ['REFUSED_NAME', { said: text }];
}

function said({ message, errors }: ApiFailure): string {
  const details = errors
    .map((error) => error.message ?? error.code)
    .filter((text) => text !== undefined);
  return [...new Set([message.replace(/ - https:\/\/docs\.github\.com\S*/g, ''), ...details])].join(
    ' - ',
  );
}

/** Whether `failure` says that a repository of this name exists. */
export function saysNameExists({ status, errors, message }: ApiFailure): boolean {
  const texts = [message, ...errors.map((error) => error.message ?? '')];
  return status === 422 && texts.some((text) => /already exists/i.test(text));
}

/** Whether classic `scopes` (of `x-oauth-scopes`) allow creating repositories. */
export function coversCreation(scopes: string, visibility: string | undefined): boolean {
  const held = scopes.split(',').map((scope) => scope.trim());
  return held.includes('repo') || (visibility === 'public' && held.includes('public_repo'));
}

/** What the SCOPE refusal says about `scopes`. */
export function describeScopes(scopes: string, visibility: string | undefined): Facts {
  return {
    scopes: scopes.trim() === '' ? 'none' : scopes,
    needed: visibility === 'public' ? 'public_repo' : 'repo',
  };
}
