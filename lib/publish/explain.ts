import { type Facts, PublishError, type Reason } from './refusals.ts';

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

/** The refusal for `failure`; `facts` describe the request. */
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
      return facts.deployKey === undefined ? explainInvalid(failure) : explainKey(failure);
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
    const permissions =
      headers['x-accepted-github-permissions'] ?? facts.permissions ?? 'administration=write';
    return ['FINE_GRAINED', { permissions }];
  }
  if (/visibility/i.test(message)) return ['VISIBILITY', { said: said(failure) }];
  if (facts.creating !== undefined) return ['ORG_DENIED', { said: said(failure) }];
  if (facts.deployKey !== undefined && /deploy key/i.test(message))
    return ['KEYS_DISABLED', { said: said(failure) }];
  return ['API_REFUSED', { said: said(failure) }];
}

/** GitHub answers 404 when a classic token lacks a scope, because the answer must not reveal what exists. */
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
  if (facts.keys !== undefined) return ['NO_ADMIN', {}];
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

/** GitHub tells the reasons for which it refuses a key apart by words only. */
function explainKey(failure: ApiFailure): Explained {
  const text = said(failure);
  if (/already in use/i.test(text)) return ['KEY_IN_USE', { said: text }];
  return [/deploy keys? .*disabled/i.test(text) ? 'KEYS_DISABLED' : 'KEY_REFUSED', { said: text }];
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

/** The facts of the SCOPE refusal for `scopes`. */
export function describeScopes(scopes: string, visibility: string | undefined): Facts {
  return {
    scopes: scopes.trim() === '' ? 'none' : scopes,
    needed: visibility === 'public' ? 'public_repo' : 'repo',
  };
}

/** A text of git or of GitHub's git server, and the refusal for it; the first row that matches wins. */
type Row = readonly [pattern: RegExp, reason: Reason, find?: (output: string) => Facts];

const SERVER: readonly Row[] = [
  [/GH013[\s\S]*(push protection|secret)/i, 'PUSH_PROTECTION', secret],
  [/GH013|Repository rule violations/i, 'RULESET', (output) => ({ said: firstRule(output) })],
  [/GH006|protected branch/i, 'PROTECTED', (output) => ({ said: reasonAfter(output, /GH006/) })],
  [
    /GH001|exceeds GitHub's file size limit/i,
    'TOO_LARGE',
    (output) => ({ said: largeFile(output) }),
  ],
  [/GH007/, 'PRIVATE_EMAIL'],
  [/without `?workflows?`? (scope|permission)/i, 'WORKFLOW_SCOPE', workflow],
  [/SAML|SSO authorization/i, 'SSO', (output) => ({ url: /https?:\/\/\S+/.exec(output)?.[0] })],
  [/was archived so it is read-only/i, 'ARCHIVED'],
  [/\[rejected\][^\n]*\((fetch first|non-fast-forward|stale info)/i, 'NON_FF'],
  [/cannot lock ref [^\n]*(already exists|but expected)/i, 'NON_FF'],
  [/secondary rate limit|error: 429/i, 'SECONDARY_LIMIT', () => ({ seconds: '60' })],
  [
    /error: 5\d\d/,
    'GITHUB_5XX',
    (output) => ({ said: `HTTP ${/error: (5\d\d)/.exec(output)?.[1]}` }),
  ],
  [
    /Authentication failed|could not read (Username|Password)|prompts disabled|error: 401/i,
    'PUSH_401',
  ],
  [/Permission .*denied|error: 403|Write access .*not granted/i, 'PUSH_403', denied],
  [/Repository not found|repository '[^']*' not found|error: 404/i, 'PUSH_404'],
];

const CONNECTION: readonly Row[] = [
  [
    /Could not resolve host|Could not resolve proxy/i,
    'DNS',
    () => ({ said: 'git could not resolve the host' }),
  ],
  [/certificate|SSL|TLS/i, 'TLS', (output) => ({ said: last(output) })],
  [
    /Failed to connect|Connection (refused|reset|timed out)|Recv failure|Empty reply|hung up|broken pipe|Operation too slow|early EOF|disconnect/i,
    'NETWORK',
    (output) => ({ said: last(output) }),
  ],
];

const LOCAL: readonly Row[] = [
  [/spawn \S*git\S* ENOENT|ENOENT.*spawn/i, 'NO_GIT'],
  [/dubious ownership/i, 'DUBIOUS'],
  [/Unable to create '[^']+\.lock'|could not lock config file/i, 'LOCKED', lock],
  [
    /Author identity unknown|Please tell me who you are|empty ident name|no email was given/i,
    'NO_IDENTITY',
    (output) => ({ said: last(output) }),
  ],
  [
    /gpg failed to sign|failed to (write commit object|sign)|signing failed/i,
    'SIGNING',
    (output) => ({ said: last(output) }),
  ],
  [/partial commit during a/i, 'DIRTY', () => ({ said: 'a merge, a cherry-pick or a rebase' })],
];

/** The refusal for the output of a local git command; undefined for an unknown output. */
export function explainLocalGit(output: string): readonly [Reason, Facts] | undefined {
  return explain(output, LOCAL);
}

/** The refusal for the output of a push. */
export function explainPush(output: string): readonly [Reason, Facts] {
  const known = explain(output, LOCAL.slice(0, 3)) ?? explain(output, [...SERVER, ...CONNECTION]);
  return known ?? ['PUSH_REFUSED', { said: last(output) }];
}

/** Whether the same push may succeed a moment later, because GitHub's git servers lag behind its API. */
export function mayPassLater(reason: Reason): boolean {
  return ['PUSH_404', 'GITHUB_5XX', 'NETWORK', 'SECONDARY_LIMIT'].includes(reason);
}

function explain(output: string, rows: readonly Row[]): readonly [Reason, Facts] | undefined {
  for (const [pattern, reason, find] of rows) {
    if (pattern.test(output)) return [reason, find?.(output) ?? {}];
  }
  return undefined;
}

/** The lines that the server sent. */
function remoteLines(output: string): string[] {
  return output
    .split(/[\r\n]+/)
    .filter((line) => line.startsWith('remote:'))
    .map((line) => line.slice(7).replace(/^[\s-]+|\s+$/g, ''))
    .filter((line) => line !== '');
}

/** The most useful line: git's own error, or the last line. */
export function last(output: string): string {
  const lines = output.split(/[\r\n]+/).map((line) => line.trim());
  const telling = lines.filter((line) => /^(fatal|error|remote: error|! )/.test(line));
  const line = telling[0] ?? lines.findLast((text) => text !== '') ?? 'no output';
  return line.replace(/^(remote: )?(fatal|error): /, '');
}

function firstRule(output: string): string {
  const lines = remoteLines(output);
  const rule = lines.find((line) => !/GH013|Review all repository rules|^https?:/.test(line));
  return rule ?? 'see the settings of the repository';
}

function reasonAfter(output: string, code: RegExp): string {
  const lines = remoteLines(output);
  const at = lines.findIndex((line) => code.test(line));
  return lines[at + 1] ?? lines[at]?.replace(/^error: /, '') ?? 'GH006';
}

function largeFile(output: string): string {
  return /File (.+? is [\d.]+ [KMG]B)/.exec(output)?.[1] ?? last(output);
}

function workflow(output: string): Facts {
  return { said: /workflow `([^`]+)`/.exec(output)?.[1] ?? '.github/workflows' };
}

function secret(output: string): Facts {
  const lines = remoteLines(output);
  const at = lines.findIndex(
    (line) => /(—|--|-) .+ (—|--|-)|Secret/i.test(line) && !/cannot contain/i.test(line),
  );
  const url = /https?:\/\/\S*unblock-secret\S*/.exec(output)?.[0];
  return {
    said: lines[at]?.replace(/[—-]/g, '').trim() ?? 'see the output of git push',
    url: url ?? 'on the page of the repository, under Security',
  };
}

function denied(output: string): Facts {
  const who = /denied to (\S+?)\.?\s/.exec(`${output} `)?.[1];
  return { said: who === undefined ? '' : ` (denied to ${who})` };
}

function lock(output: string): Facts {
  const file =
    /'([^']+\.lock)'/.exec(output)?.[1] ?? /lock config file ([^:\s]+)/.exec(output)?.[1];
  return { file: file?.endsWith('.lock') === false ? `${file}.lock` : file };
}
