import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkAnswer, checkRequest, type Operation, operations, type Tree } from './description.ts';
import { type Fault, inject } from './faults.ts';
import { type Caller, fail, NOT_FOUND, type Reply } from './replies.ts';
import { route } from './routes.ts';
import { isSignedBy } from './routes-keys.ts';
import type { World } from './world.ts';

/** Answers one REST request, and notes everything in it that GitHub's description does not know. */
export async function answerApi(
  standIn: World,
  request: IncomingMessage,
  response: ServerResponse,
  text: string,
  fault: Fault | undefined,
): Promise<void> {
  const url = new URL(request.url ?? '/', standIn.url);
  const path = url.pathname.slice('/api/v3'.length);
  const operation = operations.find((one) => one.method === request.method && one.path.test(path));
  const body = text === '' ? undefined : (JSON.parse(text) as Tree);
  if (operation === undefined) {
    standIn.violations.push(`unknown route ${request.method} ${path}`);
    return send(response, NOT_FOUND);
  }
  standIn.violations.push(...checkRequest(operation, body, url.searchParams));
  const values = (operation.path.exec(path) ?? []).slice(1).map(decodeURIComponent);
  const caller = callerOf(standIn, request);
  const call = { standIn, values, body: body ?? {}, query: url.searchParams };
  const reply =
    caller === undefined
      ? fail(401, 'Bad credentials', { status: '401' })
      : (refuseAccess(standIn, operation, caller) ?? route(operation, { ...call, caller }));
  const documented = reply.status !== 429 && !isUnwritten(operation.name, reply.status);
  if (documented && !isPermission(reply))
    standIn.violations.push(...checkAnswer(operation, reply.status, reply.body));
  await standIn.watch(`${request.method} ${url.pathname}`, 'after');
  if (fault !== undefined) return inject(fault, request, response);
  send(response, { ...reply, headers: { ...scopes(standIn), ...endOf(caller), ...reply.headers } });
}

/** Answers that GitHub gives, although its description of the operation does not have them. */
function isUnwritten(name: string, status: number): boolean {
  const gone = ['POST /orgs/{org}/repos', 'DELETE /repos/{owner}/{repo}/keys/{key_id}'];
  // Who may not see the keys of a repository, or the repository, is told that it does not exist.
  const hidden = ['/repos/{owner}/{repo}/keys', '/repos/{owner}/{repo}/branches'];
  return status === 404 && (gone.includes(name) || hidden.some((path) => name.endsWith(path)));
}

/** 401 and 403 are documented once for all operations, not with each. */
function isPermission({ status }: Reply): boolean {
  return status === 401 || status === 403;
}

function scopes({ access }: World): Record<string, string> {
  return access.kind === 'classic' ? { 'x-oauth-scopes': access.scopes } : {};
}

/** When the token of the caller ends, if it does. */
function endOf(caller: Caller | undefined): Record<string, string> {
  const expires = typeof caller === 'object' && 'expires' in caller ? caller.expires : undefined;
  return expires === undefined ? {} : { 'github-authentication-token-expiration': expires };
}

/** Who sent the request; undefined when nobody knows the token. */
function callerOf(standIn: World, request: IncomingMessage): Caller | undefined {
  const given = (request.headers.authorization ?? '').replace(/^(token|bearer) /i, '');
  if (given === '') return 'nobody';
  if (given === standIn.access.token) return 'user';
  return given.split('.').length === 3
    ? standIn.apps.find((app) => isSignedBy(given, app))
    : standIn.readingTokens.find(({ token }) => token === given);
}

/** What a caller may not ask at all. */
function refuseAccess({ access }: World, { name }: Operation, caller: Caller): Reply | undefined {
  if (caller === 'nobody')
    return name === 'GET /meta'
      ? undefined
      : fail(401, 'Requires authentication', { status: '401' });
  if (typeof caller === 'object' && 'installation' in caller && !name.endsWith('/installation'))
    return fail(401, 'A JSON web token could not be decoded', { status: '401' });
  if (caller === 'user' && name.endsWith('/installation'))
    return fail(401, 'A JSON web token could not be decoded', { status: '401' });
  if (access.kind === 'actions' && name === 'GET /user')
    return fail(403, 'Resource not accessible by integration');
  return undefined;
}

function send(response: ServerResponse, { status, body, headers }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(status === 204 ? undefined : JSON.stringify(body));
}

/** The whole body of a request. */
export async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}
