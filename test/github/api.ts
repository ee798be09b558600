import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkAnswer, checkRequest, type Operation, operations, type Tree } from './description.ts';
import { type Fault, inject } from './faults.ts';
import { fail, NOT_FOUND, type Reply } from './replies.ts';
import { route } from './routes.ts';
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
  const reply =
    refuseAccess(standIn, operation, request) ??
    route(operation, { standIn, values, body: body ?? {}, query: url.searchParams });
  const documented =
    reply.status !== 429 && !(operation.name === 'POST /orgs/{org}/repos' && reply.status === 404);
  if (documented && !isPermission(reply))
    standIn.violations.push(...checkAnswer(operation, reply.status, reply.body));
  await standIn.watch(`${request.method} ${url.pathname}`, 'after');
  if (fault !== undefined) return inject(fault, request, response);
  send(response, { ...reply, headers: { ...scopes(standIn), ...reply.headers } });
}

/** 401 and 403 are documented once for all operations, not with each. */
function isPermission({ status }: Reply): boolean {
  return status === 401 || status === 403;
}

function scopes({ access }: World): Record<string, string> {
  return access.kind === 'classic' ? { 'x-oauth-scopes': access.scopes } : {};
}

function refuseAccess(
  { access }: World,
  { name }: Operation,
  request: IncomingMessage,
): Reply | undefined {
  const given = (request.headers.authorization ?? '').replace(/^(token|bearer) /i, '');
  if (given !== access.token) return fail(401, 'Bad credentials', { status: '401' });
  if (access.kind === 'actions' && name === 'GET /user')
    return fail(403, 'Resource not accessible by integration');
  return undefined;
}

function send(response: ServerResponse, { status, body, headers }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(body));
}

/** The whole body of a request. */
export async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}
