/**
 * A git server on one address: node's http in front of `git http-backend`, that is git's own smart
 * HTTP. Repositories are bare ones below a folder, served as /OWNER/REPO and /OWNER/REPO.git, open
 * to everyone who can reach the address: for loopback and tests only.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** A running git server. */
export type GitServer = { port: number; root: string; close: () => Promise<void> };

const address =
  /^\/([\w.-]+)\/([\w.-]+?)(?:\.git)?(\/(?:info\/refs|git-upload-pack|git-receive-pack))$/;

/** Whether a request may have `repository`, as `OWNER/REPO`; answers it if not. */
export type Doorkeeper = (
  request: IncomingMessage,
  response: ServerResponse,
  repository: string,
) => boolean;

/** Starts the server; repositories are kept below `root`. Without `letsIn`, everybody may have them. */
export async function serveGit(
  root: string,
  host = '127.0.0.1',
  port = 0,
  letsIn: Doorkeeper = () => true,
): Promise<GitServer> {
  const server = createServer((request, response) => answer(root, request, response, letsIn));
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(port, host, done);
  });
  const close = async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  return { port: (server.address() as AddressInfo).port, root, close };
}

/** Makes an empty bare repository that can be pushed to; leaves an existing one alone. */
export function createRepository(root: string, owner: string, repo: string): string {
  const path = join(root, owner, `${repo}.git`);
  mkdirSync(path, { recursive: true });
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', path]);
  execFileSync('git', ['-C', path, 'config', 'http.receivepack', 'true']);
  return path;
}

function answer(
  root: string,
  request: IncomingMessage,
  response: ServerResponse,
  letsIn: Doorkeeper,
): void {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const match = address.exec(url.pathname);
  if (!match) {
    response.writeHead(404).end('not a git repository\n');
    return;
  }
  const [, owner, repo, service] = match;
  if (!letsIn(request, response, `${owner}/${repo}`)) return;
  const path = `/${owner}/${repo}.git${service}`;
  const env = { ...process.env, ...cgi(root, path, url.search.slice(1), request) };
  const backend = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  backend.on('error', () => response.destroy());
  backend.stdin.on('error', () => undefined);
  request.pipe(backend.stdin);
  relay(backend.stdout, response);
}

function cgi(root: string, path: string, query: string, request: IncomingMessage) {
  return {
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    REQUEST_METHOD: request.method ?? 'GET',
    PATH_INFO: path,
    QUERY_STRING: query,
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    CONTENT_LENGTH: request.headers['content-length'] ?? '',
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
    REMOTE_ADDR: request.socket.remoteAddress ?? '',
  };
}

/** Turns a CGI answer (headers, an empty line, the body) into an HTTP one. */
function relay(from: NodeJS.ReadableStream, response: ServerResponse): void {
  let head: Buffer | undefined = Buffer.alloc(0);
  from.on('data', (chunk: Buffer) => {
    if (head === undefined) {
      response.write(chunk);
      return;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    writeHead(head.subarray(0, end).toString('latin1'), response);
    response.write(head.subarray(end + 4));
    head = undefined;
  });
  from.on('end', () => {
    if (head !== undefined) response.writeHead(502);
    response.end();
  });
}

function writeHead(text: string, response: ServerResponse): void {
  for (const line of text.split('\r\n')) {
    const [name = '', value = ''] = line.split(/: (.*)/s);
    if (name.toLowerCase() === 'status') response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
}
