/**
 * A stand-in for GitHub on loopback, in the layout of an Enterprise Server: REST at /api/v3, git at
 * /OWNER/REPO(.git), one port. Every request and every answer is held to GitHub's own description;
 * what is not in it is a violation, and a violation fails the test. Behind git's smart HTTP are real
 * bare repositories with real hooks.
 */
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerApi, readBody } from './api.ts';
import { type Fault, findFault, inject } from './faults.ts';
import { answerGit } from './git-side.ts';
import { World } from './world.ts';

/** One request that was answered. */
export type Seen = { line: string; status: number; agent: string };

/** The server; what it serves is its world. */
export class StandIn extends World {
  readonly seen: Seen[] = [];
  readonly faults: Fault[] = [];
  /** All bytes of the requests to the API: addresses, headers and bodies. */
  readonly received: string[] = [];
  #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => {
      if (!request.destroyed) this.violations.push(String(error));
      response.destroy();
    });
  });

  async open(): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
    rmSync(this.root, { recursive: true, force: true });
  }

  /** Requests as "METHOD path", without git's. */
  get apiCalls(): string[] {
    return this.seen.map(({ line }) => line).filter((line) => line.includes(' /api/v3'));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const line = `${request.method} ${url.pathname}`;
    const known = line.replace(/\.git\//, '/');
    const api = url.pathname.startsWith('/api/v3/');
    const text = api ? await readBody(request) : '';
    if (api) this.received.push(JSON.stringify([request.url, request.headers, text]));
    await this.watch(known, 'before');
    const fault = findFault(this.faults, known);
    response.on('close', () => {
      this.seen.push({
        line: known,
        status: response.statusCode,
        agent: request.headers['user-agent'] ?? '',
      });
    });
    if (fault?.when === 'before') return inject(fault, request, response);
    if (api) return answerApi(this, request, response, text, fault);
    if (request.destroyed) return; // the client is gone, and its body with it
    await answerGit(this, request, response, fault);
    await this.watch(known, 'after');
  }
}

/** Opens a stand-in that is closed when the test ends. */
export async function openStandIn(after: (close: () => Promise<void>) => void): Promise<StandIn> {
  const standIn = await new StandIn().open();
  after(() => standIn.close());
  return standIn;
}
