import * as http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { Octokit } from '@octokit/rest';
import type { ProgressEvent } from '../core/publication.ts';
import type { Facts } from '../core/publication-errors.ts';
import { explainFailure, readFailure } from './github-failures.ts';
import type { GithubHost } from './github-hosts.ts';
import { hostFacts, type Token } from './token.ts';

/** How publishing waits; tests make its second shorter. */
export type Pace = {
  /** The length of a second, in milliseconds. */
  readonly second: number;
  readonly report: (event: ProgressEvent) => void;
  readonly signal?: AbortSignal | undefined;
};

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
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const Kit = Octokit.plugin(retry, throttling);

/** GitHub's API at `host`, with the waits that docs.github.com/rest/using-the-rest-api asks for. */
export function openGithub(host: GithubHost, token: Token, pace: Pace): Github {
  useProxy();
  const kit = new Kit({
    baseUrl: host.api,
    auth: token.value,
    userAgent: 'generator-flux-gitops',
    log: silent,
    request: { log: silent, fetch: fetchWithin(pace) },
    retry: {
      doNotRetry: [400, 401, 403, 404, 409, 410, 422, 429, 451],
      retryAfterBaseValue: pace.second,
    },
    throttle: limits(pace),
  });
  let clock = Date.now();
  const read = (date: string | undefined) => {
    const time = Date.parse(date ?? '');
    if (Number.isFinite(time)) clock = time;
  };
  kit.hook.before('request', (options) => {
    if (host.cloud) options.headers['x-github-api-version'] = '2026-03-10';
  });
  kit.hook.after('request', (response) => read(response.headers.date));
  kit.hook.error('request', (error) => {
    if ('response' in error) read(error.response?.headers.date);
    throw error;
  });
  kit.hook.wrap('request', (request, options) => waitOutLimit(() => request(options), pace));
  const known: Facts = { ...hostFacts(host), source: token.source };
  const call: Github['call'] = async (facts, request) => {
    try {
      return await request();
    } catch (error) {
      throw explainFailure(error, { ...known, ...facts });
    }
  };
  return { host, token, facts: known, rest: kit.rest, call, now: () => clock };
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
function useProxy(): void {
  const { HTTPS_PROXY, https_proxy, HTTP_PROXY, http_proxy } = process.env;
  if (!(HTTPS_PROXY || https_proxy || HTTP_PROXY || http_proxy)) return;
  const set: unknown = Reflect.get(http, 'setGlobalProxyFromEnv');
  if (typeof set === 'function') set();
}

type Limits = NonNullable<NonNullable<ConstructorParameters<typeof Kit>[0]>['throttle']>;
type Groups = NonNullable<Extract<Limits, { write?: unknown }>['write']>;

/**
 * Waits out limits of up to two minutes, twice. GitHub asks for a second between writes of "a large
 * number" (docs: best practices for using the REST API), and allows 80 a minute: an estate of up to
 * MANY writes goes without.
 */
function limits(pace: Pace): Limits {
  const wait =
    (longest: number, why: string) => (seconds: number, _: unknown, __: unknown, tries: number) => {
      if (seconds > longest || tries >= 2) return false;
      countDown(seconds, why, pace);
      return true;
    };
  return {
    write: unhurried(pace) as unknown as Groups,
    retryAfterBaseValue: pace.second,
    onRateLimit: wait(60, 'the API quota is used up'),
    onSecondaryRateLimit: wait(LONGEST, SLOWER),
  };
}

const MANY = 20;
const LONGEST = 120;
const SLOWER = 'GitHub asks to slow down (secondary rate limit)';

/** The plugin knows limits by their words and by the quota; a bare 429 tells only when to come back. */
async function waitOutLimit<T>(request: () => T | Promise<T>, pace: Pace): Promise<T> {
  try {
    return await request();
  } catch (error) {
    const failure = readFailure(error);
    const seconds = Number(failure?.headers['retry-after']);
    const known =
      /secondary rate/i.test(failure?.message ?? '') ||
      failure?.headers['x-ratelimit-remaining'] === '0';
    if (failure?.status !== 429 || known || !(seconds <= LONGEST)) throw error;
    countDown(seconds, SLOWER, pace);
    await sleep(seconds * pace.second, undefined, { signal: pace.signal });
    return request();
  }
}

/** In place of the plugin's group, which spaces every write by a second. */
function unhurried({ second }: Pace) {
  let writes = 0;
  const schedule = async (_: unknown, job: () => Promise<unknown>) => {
    writes += 1;
    if (writes > MANY) await new Promise((done) => setTimeout(done, second));
    return job();
  };
  return { key: () => ({ schedule }) };
}

/** Reports the seconds that are left, each second, while the plugin waits. */
export function countDown(seconds: number, why: string, { report, second }: Pace): void {
  report({ kind: 'waiting', seconds, first: true, why });
  let left = seconds;
  const timer = setInterval(() => {
    left -= 1;
    if (left <= 0) clearInterval(timer);
    else report({ kind: 'waiting', seconds: left, first: false, why });
  }, second);
  timer.unref();
}
