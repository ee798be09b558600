import * as http from 'node:http';
import { retry } from '@octokit/plugin-retry';
import { type ThrottlingOptions, throttling } from '@octokit/plugin-throttling';
import { Octokit } from '@octokit/rest';
import Bottleneck from 'bottleneck';
import { Interrupted } from '../errors.ts';
import { announceWait, type RunControl, wait } from './control.ts';
import { type ApiFailure, explainApiFailure } from './explain.ts';
import { type GithubHost, hostFacts } from './github-host.ts';
import { type Facts, PublishError } from './refusals.ts';
import type { Token } from './token.ts';

/** GitHub's API for one token. */
export type Github = {
  readonly host: GithubHost;
  readonly token: Token;
  /** Facts for every message. */
  readonly facts: Facts;
  readonly rest: Octokit['rest'];
  /** Sends `request`, and turns a failure into a refusal with `facts`. */
  readonly call: <T>(facts: Facts, request: () => Promise<T>) => Promise<T>;
  /** The refusal for an answer that is not GitHub's: for example, the page of a proxy. */
  readonly strangeAnswer: (facts: Facts) => PublishError;
  /** The time on GitHub, from its last answer (milliseconds). */
  readonly now: () => number;
};

const ANSWER_TIMEOUT = 30_000;
const FINAL = [400, 401, 403, 404, 409, 410, 422, 429, 451];
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const Kit = Octokit.plugin(retry, throttling);

/** GitHub's API at `host`, with the waits that docs.github.com/rest/using-the-rest-api asks for. */
export function openGithub(host: GithubHost, token: Token, control: RunControl): Github {
  useProxy(host);
  const kit = openKit(host, token, control);
  const now = followClock(kit);
  const known: Facts = { ...hostFacts(host), source: token.source };
  const call: Github['call'] = async (facts, request) => {
    try {
      return await request();
    } catch (error) {
      throw explainFailure(error, { ...known, ...facts });
    }
  };
  const said = 'the answer is not JSON of the GitHub API';
  const strangeAnswer = (facts: Facts) =>
    new PublishError('NOT_GITHUB', { ...known, ...facts, said });
  return { host, token, facts: known, rest: kit.rest, call, strangeAnswer, now };
}

type Kit = InstanceType<typeof Kit>;

function openKit(host: GithubHost, token: Token, control: RunControl): Kit {
  const kit = new Kit({
    baseUrl: host.api,
    auth: token.value,
    userAgent: 'generator-flux-gitops',
    log: silent,
    request: { log: silent, fetch: fetchWithin(control) },
    retry: { doNotRetry: FINAL, retryAfterBaseValue: control.second },
    throttle: limits(control),
  });
  kit.hook.before('request', (options) => {
    if (host.cloud) options.headers['x-github-api-version'] = '2026-03-10';
  });
  kit.hook.wrap('request', (request, options) => waitOutLimit(() => request(options), control));
  return kit;
}

/** This many writes of one run need no wait between them. */
const MANY = 20;
const LONGEST_WAIT = 120;
const SLOWER = 'GitHub asks for fewer requests (secondary rate limit)';

/**
 * Waits for limits of up to two minutes, at most twice. GitHub asks for one second between writes of "a large
 * number" (docs: best practices for using the REST API), and allows 80 writes a minute. The first MANY writes of a
 * run need no wait.
 */
function limits(control: RunControl): ThrottlingOptions {
  const waitFor =
    (longest: number, why: string) => (seconds: number, _: unknown, __: unknown, tries: number) => {
      if (seconds > longest || tries >= 2) return false;
      announceWait(seconds, why, control);
      return true;
    };
  return {
    write: spacedAfter(MANY, control.second),
    retryAfterBaseValue: control.second,
    onRateLimit: waitFor(60, 'the API quota is used up'),
    onSecondaryRateLimit: waitFor(LONGEST_WAIT, SLOWER),
  };
}

/** A limiter for the plugin: `many` jobs at once, then one in `second` milliseconds. */
function spacedAfter(many: number, second: number): Bottleneck.Group {
  const group = new Bottleneck.Group({ maxConcurrent: 1, reservoir: many });
  const slowDown = (limiter: Bottleneck) =>
    limiter.on('depleted', () => {
      limiter.updateSettings({ reservoir: null, minTime: second });
    });
  group.on('created', slowDown);
  return group;
}

/** The plugin recognizes limits by their texts and by the quota. A plain 429 has only `retry-after`, so this waits for it. */
async function waitOutLimit<T>(request: () => T | Promise<T>, control: RunControl): Promise<T> {
  try {
    return await request();
  } catch (error) {
    const failure = readFailure(error);
    const seconds = Number(failure?.headers['retry-after']);
    const known =
      /secondary rate/i.test(failure?.message ?? '') ||
      failure?.headers['x-ratelimit-remaining'] === '0';
    if (failure?.status !== 429 || known || !(seconds <= LONGEST_WAIT)) throw error;
    await wait(seconds, SLOWER, control);
    return request();
  }
}

/** The time on GitHub. Ownership depends on it, and the clock of this machine may be wrong. */
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
 * Octokit has no time limit, and it treats an incomplete answer as an empty one. An incomplete answer must be an
 * error, because GitHub may have done what the request asked for.
 */
function fetchWithin({ abort }: RunControl): typeof fetch {
  return async (input, init) => {
    const within = [AbortSignal.timeout(ANSWER_TIMEOUT), abort.signal, init?.signal];
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

/** The refusal for `error`, which octokit or fetch threw; `facts` describe the request. */
function explainFailure(error: unknown, facts: Facts): Error {
  if (error instanceof PublishError || error instanceof Interrupted) return error;
  const failure = readFailure(error);
  return failure === undefined ? wrap(error) : explainApiFailure(failure, facts, error);
}

/** The failure in a RequestError of octokit; undefined for any other `error`. */
export function readFailure(error: unknown): ApiFailure | undefined {
  if (!isRecord(error) || typeof error.status !== 'number') return undefined;
  const response = isRecord(error.response) ? error.response : undefined;
  const data = isRecord(response?.data) ? response.data : {};
  const headers = isRecord(response?.headers) ? response.headers : {};
  return {
    // octokit reports the status 500 for a request without an answer
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

/** The code of the first cause that has one (ECONNREFUSED …), or the message of the last cause. */
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
