/** The page of `npm run cluster`: each environment as kcheck would show it, on loopback only. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An environment as the page shows it. */
export type Shown = {
  readonly name: string;
  readonly namespace: string;
  /** The revision that Flux has applied, or a dash. */
  readonly revision: string;
  /** The condition Ready of the Kustomization. */
  readonly ready: string;
  readonly message: string;
  /** What the Deployment of kcheck says; nothing if there is none. */
  readonly app?: {
    readonly colour: string;
    readonly content: string;
    readonly replicas: number;
    readonly ready: number;
    readonly generation: number;
  };
};

/** A page that is being served. */
export type Page = { readonly url: string; readonly close: () => Promise<void> };

/** However many windows are open, the cluster is asked only this often (milliseconds). */
const FRESH = 900;

const TYPES: { readonly [file: string]: string } = {
  'page.html': 'text/html; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'in-page.js': 'text/javascript; charset=utf-8',
};

/** Serves the page at a free port of 127.0.0.1. `read` gives what it shows. */
export async function servePage(read: () => Promise<readonly Shown[]>): Promise<Page> {
  const state = remembered(read);
  let own = '';
  const server = createServer((request, response) => {
    answer(request, response, own, state).catch((error: unknown) => {
      response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(error instanceof Error ? error.message : String(error));
    });
  });
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(0, '127.0.0.1', done);
  });
  own = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  return { url: `http://${own}/`, close };
}

function remembered<T>(read: () => Promise<T>): () => Promise<T> {
  let last: { at: number; state: Promise<T> } | undefined;
  return () => {
    if (last === undefined || Date.now() - last.at > FRESH)
      last = { at: Date.now(), state: read() };
    return last.state;
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  own: string,
  state: () => Promise<readonly Shown[]>,
): Promise<void> {
  // A page of the internet can lead a browser to this port under a name of its own.
  if (request.headers.host !== own) return refuse(response, 421, `This page is at http://${own}/.`);
  if (request.method !== 'GET') return refuse(response, 405, 'This page can only be read.');
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  if (path === '/state.json') {
    const body = JSON.stringify(await state());
    return send(response, 'application/json; charset=utf-8', body);
  }
  const file = path === '/' ? 'page.html' : path.slice(1);
  const type = Object.hasOwn(TYPES, file) ? TYPES[file] : undefined;
  if (type === undefined) return refuse(response, 404, 'There is no such file.');
  send(response, type, readFileSync(new URL(file, import.meta.url)));
}

function refuse(response: ServerResponse, code: number, reason: string): void {
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(reason);
}

function send(response: ServerResponse, type: string, body: string | Buffer): void {
  response.writeHead(200, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; frame-ancestors 'none'",
  });
  response.end(body);
}
