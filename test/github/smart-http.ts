import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { plainGit } from './bare.ts';

/** Answers a request for `path` (`/OWNER/REPO.git/...`) below `root` with git's own smart HTTP server. */
export function serveGit(
  root: string,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const env = { ...plainGit, ...cgi(root, path, request) };
  const backend = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  backend.stdin.on('error', () => undefined);
  request.on('close', () => backend.stdin.end());
  request.pipe(backend.stdin);
  return new Promise((done) => {
    backend.on('error', () => response.destroy());
    backend.on('close', () => done());
    relay(backend.stdout, response);
  });
}

function cgi(root: string, path: string, request: IncomingMessage) {
  const url = new URL(request.url ?? '/', 'http://localhost');
  return {
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    REQUEST_METHOD: request.method ?? 'GET',
    REMOTE_USER: 'someone',
    REMOTE_ADDR: '127.0.0.1',
    PATH_INFO: path,
    QUERY_STRING: url.search.slice(1),
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    CONTENT_LENGTH: request.headers['content-length'] ?? '',
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
  };
}

/** A CGI answer (headers, an empty line, the body) becomes an HTTP one. */
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
    for (const line of head.subarray(0, end).toString('latin1').split('\r\n')) {
      const [name = '', value = ''] = line.split(/: (.*)/s);
      if (name.toLowerCase() === 'status') response.statusCode = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.write(head.subarray(end + 4));
    head = undefined;
  });
  from.on('end', () => response.end());
}
