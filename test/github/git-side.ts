import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fault } from './faults.ts';
import { serveGit } from './smart-http.ts';
import type { World } from './world.ts';

const PATH = /^\/([^/]+)\/([^/]+?)(?:\.git)?(\/.*)$/;

/** Answers git, as GitHub does: reading is free, writing and private repositories need the token. */
export async function answerGit(
  standIn: World,
  request: IncomingMessage,
  response: ServerResponse,
  fault: Fault | undefined,
): Promise<void> {
  const url = new URL(request.url ?? '/', standIn.url);
  const [, owner = '', name = '', service = ''] = PATH.exec(url.pathname) ?? [];
  const repo =
    standIn.findRepo(owner, name) ?? standIn.renamed.get(`${owner}/${name}`.toLowerCase());
  const signedIn = isSignedIn(standIn, request);
  const writing = `${service}${url.search}`.includes('git-receive-pack');
  const free = request.headers.authorization === undefined && !writing && repo?.private !== true;
  if (!signedIn && !free) return demand(response);
  if (repo === undefined || standIn.gitLag > 0) {
    standIn.gitLag -= repo === undefined ? 0 : 1;
    response.writeHead(404).end('Repository not found.');
    return;
  }
  // the effect takes place, its answer does not arrive
  if (fault !== undefined) response.end = () => response.destroy() as typeof response;
  const path = `/${repo.owner.login}/${repo.name}.git${service}`;
  await serveGit(standIn.root, path, request, response);
}

function isSignedIn({ access }: World, request: IncomingMessage): boolean {
  const given = (request.headers.authorization ?? '').replace(/^basic /i, '');
  return Buffer.from(given, 'base64').toString() === `x-access-token:${access.token}`;
}

function demand(response: ServerResponse): void {
  const headers = { 'www-authenticate': 'Basic realm="GitHub"' };
  response.writeHead(401, headers).end('Invalid username or token.');
}
