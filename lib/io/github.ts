import * as http from 'node:http';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { Octokit } from '@octokit/rest';
import type { Facts } from '../core/publication-errors.ts';
import { explainFailure } from './github-failures.ts';
import type { GithubHost } from './github-hosts.ts';
import { limits, type Pace, waitOutLimit } from './github-limits.ts';
import { hostFacts, type Token } from './token.ts';

/** GitHub's API for one token. */
export type Github = {
  readonly host: GithubHost;
  readonly token: Token;
  /** What every message may need. */
  readonly facts: Facts;
  readonly rest: Octokit['rest'];
  /** Does `request`, and turns its failure into a refusal about `facts`. */
  readonly call: <T>(facts: Facts, request: () => Promise<T>) => Promise<T>;
  /** GitHub's clock, as its last answer showed it (milliseconds). */
  readonly now: () => number;
};

const ANSWER_TIMEOUT = 30_000;
const FINAL = [400, 401, 403, 404, 409, 410, 422, 429, 451];
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const Kit = Octokit.plugin(retry, throttling);

/** GitHub's API at `host`, with the waits that docs.github.com/rest/using-the-rest-api asks for. */
export function openGithub(host: GithubHost, token: Token, pace: Pace): Github {
  useProxy(host);
  const kit = openKit(host, token, pace);
  const now = followClock(kit);
  const known: Facts = { ...hostFacts(host), source: token.source };
  const call: Github['call'] = async (facts, request) => {
    try {
      return await request();
    } catch (error) {
      throw explainFailure(error, { ...known, ...facts });
    }
  };
  return { host, token, facts: known, rest: kit.rest, call, now };
}

type Kit = InstanceType<typeof Kit>;

function openKit(host: GithubHost, token: Token, pace: Pace): Kit {
  const kit = new Kit({
    baseUrl: host.api,
    auth: token.value,
    userAgent: 'generator-flux-gitops',
    log: silent,
    request: { log: silent, fetch: fetchWithin(pace) },
    retry: { doNotRetry: FINAL, retryAfterBaseValue: pace.second },
    throttle: limits(pace),
  });
  kit.hook.before('request', (options) => {
    if (host.cloud) options.headers['x-github-api-version'] = '2026-03-10';
  });
  kit.hook.wrap('request', (request, options) => waitOutLimit(() => request(options), pace));
  return kit;
}

/** What time it is on GitHub: this machine's clock may be wrong, and ownership depends on it. */
function followClock(kit: Kit): () => number {
  let clock = Date.now();
  const read = (date: string | undefined) => {
    const time = Date.parse(date ?? '');
    if (Number.isFinite(time)) clock = time;
  };
  kit.hook.after('request', (response) => read(response.headers.date));
  kit.hook.error('request', (error) => {
    if ('response' in error) read(error.response?.headers.date);
    throw error;
  });
  return () => clock;
}

/**
 * Octokit has no time limit of its own, and takes an answer that breaks off for an empty one. A
 * broken answer has to be an error: what was asked for may have happened.
 */
function fetchWithin({ signal }: Pace): typeof fetch {
  return async (input, init) => {
    const within = [AbortSignal.timeout(ANSWER_TIMEOUT), signal, init?.signal];
    const signals = within.filter((one): one is AbortSignal => one != null);
    const response = await fetch(input, { ...init, signal: AbortSignal.any(signals) });
    const body = await response.arrayBuffer();
    const { status, statusText, headers } = response;
    return new Response(body.byteLength === 0 ? null : body, { status, statusText, headers });
  };
}

/** Node 24 can follow HTTPS_PROXY at run time; Node 22 only when started with NODE_USE_ENV_PROXY=1. */
function useProxy({ loopback }: GithubHost): void {
  if (loopback) return;
  const { HTTPS_PROXY, https_proxy, HTTP_PROXY, http_proxy } = process.env;
  if (!(HTTPS_PROXY || https_proxy || HTTP_PROXY || http_proxy)) return;
  const set: unknown = Reflect.get(http, 'setGlobalProxyFromEnv');
  if (typeof set === 'function') set();
}
