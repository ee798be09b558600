/** Estates for the checks: written by the project's own command, pushed to the git server. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Document, parseAllDocuments } from 'yaml';
import type { Cluster } from './cluster.ts';
import { fluxGitops } from './command.ts';
import { createRepository } from './git-server.ts';

const execute = promisify(execFile);

/** The two profiles that every check is run for. */
export const profiles = ['hardened', 'reference'] as const;

/** One of the profiles. */
export type Profile = (typeof profiles)[number];

/** A generated estate: one folder per repository. */
export type Estate = {
  cluster: Cluster;
  profile: Profile;
  /** The folder that the repositories' folders lie in. */
  dir: string;
  owner: string;
  prefix: string;
  /** Environment → the app repo that feeds it. */
  repos: Record<string, string>;
};

/** The scenarios that the command writes when none are asked for. */
export const defaultRepos = { dev: 'flux-dev', stage: 'flux-stage-prod', prod: 'flux-stage-prod' };

/** The namespace of an environment. */
export const namespaceOf = (estate: Estate, env: string): string => `${estate.prefix}-${env}`;

/** A file or folder of the config repository. */
export const configPath = (estate: Estate, ...parts: string[]): string =>
  join(estate.dir, 'flux-demo', ...parts);

/** A name that no other estate has, so that checks can share a cluster. */
export const uniqueName = (): string => `t-${randomBytes(3).toString('hex')}`;

/** Generates an estate, fills in the git server's address and pushes every repository. */
export async function makeEstate(
  estate: Estate,
  extra: readonly string[] = [],
): Promise<Record<string, string>> {
  const { dir, owner, prefix, profile, cluster } = estate;
  const identity = ['--github-url', cluster.git.push, '--owner', owner, '--prefix', prefix];
  await fluxGitops(['--yes', '--into', dir, ...identity, '--profile', profile, ...extra]);
  pointAtCluster(estate, join(dir, 'flux-demo'));
  const commits: Record<string, string> = {};
  for (const repo of readdirSync(dir)) commits[repo] = await publish(estate, repo);
  return commits;
}

/** A cluster elsewhere reaches the git server under another address than this machine does. */
export function pointAtCluster(estate: Estate, folder: string): void {
  const { push, url } = estate.cluster.git;
  if (push === url) return;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = join(folder, name);
    if (!/\.ya?ml$/.test(name) || !statSync(file).isFile()) continue;
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(push, url));
  }
}

async function git(cwd: string, ...args: string[]): Promise<string> {
  const identity = ['-c', 'user.name=Cluster tests', '-c', 'user.email=tests@example.invalid'];
  // The settings of the person who runs the tests (hooks, signing) have no part in them.
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  const env = { ...Object.fromEntries(kept), GIT_CONFIG_GLOBAL: '/dev/null' };
  const { stdout } = await execute('git', [...identity, ...args], { cwd, env });
  return stdout.trim();
}

/** Commits what is in a repository's folder and pushes it; returns the commit. */
export async function publish(estate: Estate, repo: string, branch = 'main'): Promise<string> {
  const folder = join(estate.dir, repo);
  if (!existsSync(join(folder, '.git'))) {
    createRepository(estate.cluster.git.root, estate.owner, repo);
    await git(folder, 'init', '--quiet', `--initial-branch=${branch}`);
    const url = `${estate.cluster.git.push}/${estate.owner}/${repo}`;
    await git(folder, 'remote', 'add', 'origin', url);
  }
  await git(folder, 'add', '--all');
  await git(folder, 'commit', '--quiet', '--allow-empty', '--message', 'As the check wants it');
  await git(folder, 'push', '--quiet', '--set-upstream', 'origin', `HEAD:${branch}`);
  return git(folder, 'rev-parse', 'HEAD');
}

/** Takes the last commit back with a new one and pushes it; returns the commit. */
export async function revert(estate: Estate, repo: string): Promise<string> {
  await git(join(estate.dir, repo), 'revert', '--no-edit', 'HEAD');
  return publish(estate, repo);
}

/** The manifest of the demo application of an environment. */
export function appFile(estate: Estate, env: string): string {
  return join(estate.dir, estate.repos[env] ?? '', env, 'app.yaml');
}

/** Every document of a YAML file as plain data. */
export function readManifests(file: string): Record<string, unknown>[] {
  return parseAllDocuments(readFileSync(file, 'utf8'))
    .map((document) => document.toJS() as Record<string, unknown> | null)
    .filter((data) => data !== null);
}

/** Changes the documents of one kind in a YAML file. */
export function edit(file: string, kind: string, change: (document: Document) => void): void {
  const documents = parseAllDocuments(readFileSync(file, 'utf8')) as Document[];
  const chosen = documents.filter((document) => document.get('kind') === kind);
  if (chosen.length === 0) throw new Error(`${file} holds no ${kind}`);
  for (const document of chosen) change(document);
  writeFileSync(file, documents.map((document) => document.toString()).join(''));
}
