import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainGit } from './bare.ts';
import type { Owner, Repo } from './bodies.ts';

/** What the token of the tests may do. */
export type Access = {
  token: string;
  login: string;
  kind: 'classic' | 'fine-grained' | 'actions';
  scopes: string;
};

/** A pull request of the stand-in. */
export type Pull = {
  readonly repo: Repo;
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly head: string;
  readonly base: string;
  state: 'open' | 'closed';
};

/** How the organization of the tests is set up. */
export type Policy = {
  sso: boolean;
  create: 'all' | 'private' | 'none';
  visibility: boolean;
  deployKeys: boolean;
};

/** A deploy key of a repository. */
export type DeployKey = {
  id: number;
  repo: Repo;
  title: string;
  key: string;
  readOnly: boolean;
  createdAt: Date;
  lastUsed: Date | undefined;
};

/** A token that reads only some repositories. */
export type ReadingToken = {
  token: string;
  repos: readonly string[];
  /** When it ends, as GitHub writes it into its answers. */
  expires?: string;
};

/** A GitHub App with one installation. */
export type App = {
  id: number;
  /** PEM. */
  publicKey: string;
  installation: number;
  owner: string;
  repos: readonly string[] | 'all';
  suspended: boolean;
  reads: boolean;
};

/** Called before and after the effect of each request; a test may wait, or kill the client, here. */
export type Watch = (line: string, moment: 'before' | 'after') => void | Promise<void>;

/** What there is on the stand-in: owners, repositories, and rules; and what went wrong there. */
export class World {
  /** Where it can be reached, once it is open. */
  url = '';
  readonly violations: string[] = [];
  watch: Watch = () => undefined;
  readonly root = mkdtempSync(join(tmpdir(), 'github-'));
  readonly owners: Owner[] = [
    { login: 'octo', id: 583231, name: 'Octo Cat', type: 'User' },
    { login: 'other', id: 583232, name: null, type: 'User' },
    { login: 'octo-org', id: 583233, name: 'Octo Org', type: 'Organization' },
  ];
  readonly repos: Repo[] = [];
  readonly renamed = new Map<string, Repo>();
  readonly pulls: Pull[] = [];
  /** Whether a fine-grained token may open pull requests. */
  mayPull = true;
  access: Access = {
    token: 'ghp_0123456789abcdefghijABCDEFGHIJ012345',
    login: 'octo',
    kind: 'classic',
    scopes: 'repo, workflow',
  };
  policy: Policy = { sso: false, create: 'all', visibility: true, deployKeys: true };
  /** What GET /meta says; undefined on a server that does not say it. */
  sshKeys: string[] | undefined = [
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl',
    'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg=',
  ];
  deployKeys: DeployKey[] = [];
  readonly readingTokens: ReadingToken[] = [];
  readonly apps: App[] = [];
  /** Requests for which a new repository does not show yet, in the API and in git. */
  apiLag = 0;
  gitLag = 0;
  /** The first branch that is pushed does not become the default one. */
  keepsDefaultBranch = false;
  /** Run in every new repository before a push is taken. */
  preReceive: string | undefined;
  #deployKeyIds = 0;
  /** How many repositories were made by request. */
  creations = 0;

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
    const repo: Repo = { ...this.#newRepo(), owner, name, folder, ...more };
    this.repos.push(repo);
    this.hook(repo, this.preReceive);
    return repo;
  }

  addDeployKey(repo: Repo, title: string, key: string, more: Partial<DeployKey> = {}): DeployKey {
    const id = 9000 + this.#deployKeyIds++;
    const added = {
      id,
      repo,
      title,
      key,
      readOnly: true,
      createdAt: new Date(),
      lastUsed: undefined,
    };
    const full: DeployKey = { ...added, ...more };
    this.deployKeys.push(full);
    return full;
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

  #newRepo() {
    return {
      id: 700_000 + this.repos.length,
      description: null,
      private: false,
      template: false,
      topics: [],
      archived: false,
      createdAt: new Date(),
      defaultBranch: this.keepsDefaultBranch ? 'main' : undefined,
    };
  }
}
