/**
 * A stand-in for GitHub on loopback, in the layout of an Enterprise Server: REST at /api/v3, git at
 * /OWNER/REPO(.git), one port. Every request and every answer is held to GitHub's own description;
 * what is not in it is a violation, and a violation fails the test. Behind git's smart HTTP are real
 * bare repositories with real hooks.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answerApi, readBody } from './api.ts';
import { type Owner, plainGit, type Repo } from './bodies.ts';
import { type Fault, findFault, inject } from './faults.ts';
import { serveGit } from './smart-http.ts';

/** What the token of the tests may do. */
export type Access = {
  token: string;
  login: string;
  kind: 'classic' | 'fine-grained' | 'actions';
  scopes: string;
};

/** How the organization of the tests is set up. */
export type Policy = { sso: boolean; create: 'all' | 'private' | 'none'; visibility: boolean };

/** One request that was answered. */
export type Seen = { line: string; status: number; agent: string };

/** Called before and after the effect of each request; a test may wait, or kill the client, here. */
export type Watch = (line: string, moment: 'before' | 'after') => void | Promise<void>;

export class StandIn {
  readonly root = mkdtempSync(join(tmpdir(), 'github-'));
  readonly owners: Owner[] = [
    { login: 'octo', id: 583231, name: 'Octo Cat', type: 'User' },
    { login: 'other', id: 583232, name: null, type: 'User' },
    { login: 'octo-org', id: 583233, name: 'Octo Org', type: 'Organization' },
  ];
  readonly repos: Repo[] = [];
  readonly renamed = new Map<string, Repo>();
  readonly seen: Seen[] = [];
  readonly violations: string[] = [];
  readonly faults: Fault[] = [];
  access: Access = {
    token: 'ghp_0123456789abcdefghijABCDEFGHIJ012345',
    login: 'octo',
    kind: 'classic',
    scopes: 'repo, workflow',
  };
  policy: Policy = { sso: false, create: 'all', visibility: true };
  /** Requests for which a new repository does not show yet, in the API and in git. */
  apiLag = 0;
  gitLag = 0;
  /** The first branch that is pushed does not become the default one. */
  keepsDefaultBranch = false;
  /** Run in every new repository before a push is taken. */
  preReceive: string | undefined;
  watch: Watch = () => undefined;
  #server = createServer((request, response) => void this.#answer(request, response));

  async open(): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
    rmSync(this.root, { recursive: true, force: true });
  }

  findRepo(owner: string, name: string): Repo | undefined {
    const full = `${owner}/${name}`.toLowerCase();
    return this.repos.find((repo) => `${repo.owner.login}/${repo.name}`.toLowerCase() === full);
  }

  findOwner(login: string): Owner | undefined {
    return this.owners.find((owner) => owner.login.toLowerCase() === login.toLowerCase());
  }

  addRepo(owner: Owner, name: string, more: Partial<Repo> = {}): Repo {
    const folder = join(this.root, owner.login, `${name}.git`);
    mkdirSync(folder, { recursive: true });
    execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', folder], {
      env: plainGit,
    });
    execFileSync('git', ['-C', folder, 'config', 'http.receivepack', 'true'], { env: plainGit });
    const id = 700_000 + this.repos.length;
    const fixed = {
      description: null,
      private: false,
      template: false,
      topics: [],
      archived: false,
    };
    const defaultBranch = this.keepsDefaultBranch ? 'main' : undefined;
    const repo: Repo = {
      id,
      owner,
      name,
      ...fixed,
      createdAt: new Date(),
      folder,
      defaultBranch,
      ...more,
    };
    this.repos.push(repo);
    this.hook(repo, this.preReceive);
    return repo;
  }

  hook(repo: Repo, script: string | undefined): void {
    const file = join(repo.folder, 'hooks', 'pre-receive');
    rmSync(file, { force: true });
    if (script === undefined) return;
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }

  rename(repo: Repo, name: string): void {
    this.renamed.set(`${repo.owner.login}/${repo.name}`.toLowerCase(), repo);
    const folder = join(this.root, repo.owner.login, `${name}.git`);
    renameSync(repo.folder, folder);
    Object.assign(repo, { name, folder });
  }

  /** Requests as "METHOD path", without git's. */
  get apiCalls(): string[] {
    return this.seen.map(({ line }) => line).filter((line) => line.includes(' /api/v3'));
  }

  /** How many requests had the effect of making a repository. */
  get creations(): number {
    return this.seen.filter(({ line, status }) => /^POST \S+\/repos$/.test(line) && status === 201)
      .length;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const line = `${request.method} ${url.pathname}`;
    const known = line.replace(/\.git\//, '/');
    const api = url.pathname.startsWith('/api/v3/');
    const text = api ? await readBody(request) : '';
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
    await this.#answerGit(url.pathname, request, response, fault);
    await this.watch(known, 'after');
  }

  async #answerGit(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    fault: Fault | undefined,
  ): Promise<void> {
    const [, owner = '', name = '', service = ''] =
      /^\/([^/]+)\/([^/]+?)(?:\.git)?(\/.*)$/.exec(path) ?? [];
    const repo = this.findRepo(owner, name) ?? this.renamed.get(`${owner}/${name}`.toLowerCase());
    const given = Buffer.from(
      (request.headers.authorization ?? '').replace(/^basic /i, ''),
      'base64',
    ).toString();
    const signedIn = given === `x-access-token:${this.access.token}`;
    if (request.headers.authorization !== undefined && !signedIn)
      return void this.#demand(response);
    const writing =
      service.includes('receive-pack') ||
      request.url?.includes('service=git-receive-pack') === true;
    if (!signedIn && (writing || repo?.private === true)) return void this.#demand(response);
    if (repo === undefined || this.gitLag > 0) {
      if (repo !== undefined) this.gitLag -= 1;
      return void response.writeHead(404).end('Repository not found.');
    }
    if (fault !== undefined) response.end = () => response.destroy() as typeof response;
    await serveGit(this.root, `/${repo.owner.login}/${repo.name}.git${service}`, request, response);
  }

  #demand(response: ServerResponse): void {
    response
      .writeHead(401, { 'www-authenticate': 'Basic realm="GitHub"' })
      .end('Invalid username or token.');
  }
}

/** Opens a stand-in that is closed when the test ends. */
export async function openStandIn(after: (close: () => Promise<void>) => void): Promise<StandIn> {
  const standIn = await new StandIn().open();
  after(() => standIn.close());
  return standIn;
}
