import * as http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { retry } from '@octokit/plugin-retry';
import { type ThrottlingOptions, throttling } from '@octokit/plugin-throttling';
import { Octokit } from '@octokit/rest';
import { Interrupted } from '../errors.ts';
import { type ApiFailure, explainApiFailure } from './explain.ts';
import { type Facts, PublishError } from './refusals.ts';
import type { ProgressEvent } from './state.ts';
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

/** Where the parts of one GitHub are: the site itself, a Data Residency tenant or a server. */
export type GithubHost = {
  /** Web and git address, without a slash at its end. */
  readonly web: string;
  /** HOST or HOST:PORT. */
  readonly name: string;
  readonly api: string;
  /** github.com or TENANT.ghe.com: run by GitHub, on the newest version of the API. */
  readonly cloud: boolean;
  /** On this machine, where no proxy leads to. */
  readonly loopback: boolean;
};

/**
 * The parts of the GitHub at `githubUrl`. Enterprise Server: docs.github.com/en/enterprise-server/rest/
 * quickstart; Data Residency: docs.github.com/en/enterprise-cloud@latest/admin/data-residency.
 */
export function locateGithub(githubUrl: string): GithubHost {
  const { origin: web, host: name, hostname } = new URL(githubUrl);
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  const known = { web, name, loopback };
  if (name === 'github.com') return { ...known, api: 'https://api.github.com', cloud: true };
  if (name.endsWith('.ghe.com')) return { ...known, api: `https://api.${name}`, cloud: true };
  return { ...known, api: `${web}/api/v3`, cloud: false };
}

/** How publishing waits; tests make its second shorter. */
export type Pace = {
  /** The length of a second, in milliseconds. */
  readonly second: number;
  readonly report: (event: ProgressEvent) => void;
  readonly signal?: AbortSignal | undefined;
};

type Groups = NonNullable<ThrottlingOptions['write']>;

/**
 * Waits out limits of up to two minutes, twice. GitHub asks for a second between writes of "a large
 * number" (docs: best practices for using the REST API), and allows 80 a minute: an estate of up to
 * MANY writes goes without.
 */
export function limits(pace: Pace): ThrottlingOptions {
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
export async function waitOutLimit<T>(request: () => T | Promise<T>, pace: Pace): Promise<T> {
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

/** The refusal that `error`, thrown by octokit or fetch, means for a request about `facts`. */
export function explainFailure(error: unknown, facts: Facts): Error {
  if (error instanceof PublishError || error instanceof Interrupted) return error;
  const failure = readFailure(error);
  return failure === undefined ? wrap(error) : explainApiFailure(failure, facts, error);
}

/** What octokit's RequestError says, or undefined when `error` is something else. */
export function readFailure(error: unknown): ApiFailure | undefined {
  if (!isRecord(error) || typeof error.status !== 'number') return undefined;
  const response = isRecord(error.response) ? error.response : undefined;
  const data = isRecord(response?.data) ? response.data : {};
  const headers = isRecord(response?.headers) ? response.headers : {};
  return {
    // octokit gives a request without an answer the status 500
    status: response === undefined ? 0 : error.status,
    headers: headers as Record<string, string>,
    message: typeof data.message === 'string' ? data.message : String(error.message),
    errors: Array.isArray(data.errors) ? data.errors.map(readDetail) : [],
    ...(response === undefined ? { network: networkCode(error) } : {}),
  };
}

function readDetail(detail: unknown): { field?: string; message?: string; code?: string } {
  if (typeof detail === 'string') return { message: detail };
  return isRecord(detail) ? (detail as { field?: string; message?: string; code?: string }) : {};
}

/** The code of the first cause that has one (ECONNREFUSED ...), else what the last one says. */
function networkCode(error: unknown): string {
  let said = 'no answer';
  for (let at: unknown = error; isRecord(at); at = at.cause ?? firstOf(at.errors)) {
    if (typeof at.code === 'string') return at.code;
    if (at.name === 'TimeoutError') return 'no answer in time';
    if (typeof at.message === 'string' && at.message !== '') said = at.message;
  }
  return said;
}

function firstOf(errors: unknown): unknown {
  return Array.isArray(errors) ? errors[0] : undefined;
}

/** An error of Node with a string `code` would crash `yo`, which passes it to process.exit. */
function wrap(error: unknown): Error {
  if (error instanceof Error && !('code' in error)) return error;
  return new Error(error instanceof Error ? error.message : String(error), { cause: error });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
