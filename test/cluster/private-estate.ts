/** Estates with private repositories, and the Secrets with which Flux reads them. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { clusterVariable, estatesIn, theCluster } from './check.ts';
import { fluxGitops } from './command.ts';
import { type Estate, namespaceOf, type Profile, publish, uniqueName } from './estate.ts';
import { kubectl } from './kube.ts';
import { type Key, type PrivateGit, servePrivateGit } from './private-git.ts';

/** A private estate that was generated and pushed, the servers that keep it, and the commit of each repository. */
export type PrivateEstate = {
  readonly estate: Estate;
  readonly git: PrivateGit;
  readonly commits: Readonly<Record<string, string>>;
};

type Wishes = {
  readonly profile: Profile;
  readonly credentials: 'deploy-key' | 'token' | 'github-app';
  /** Environment → the app repo that feeds it. */
  readonly repos: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** The GitHub of the estate, if its API is also needed. */
  readonly githubUrl?: string;
};

/** Writes a private estate whose repositories are on servers on loopback, and pushes it. */
export async function privateEstate(t: TestContext, wishes: Wishes): Promise<PrivateEstate> {
  const { profile, credentials, args = [] } = wishes;
  const repos = { ...wishes.repos };
  const cluster = theCluster();
  const git = await servePrivateGit(cluster.git.root);
  t.after(() => git.close());
  const name = uniqueName();
  const dir = join(estatesIn(process.env[clusterVariable] ?? ''), name);
  mkdirSync(dir, { recursive: true });
  const estate: Estate = { cluster, profile, dir, owner: name, prefix: name, repos };
  const names = ['--owner', name, '--prefix', name, '--profile', profile];
  const scenarios = [...Map.groupBy(Object.entries(repos), ([, repo]) => repo)].flatMap(
    ([repo, fed]) => ['--scenario', `${repo}=${fed.map(([env]) => env).join(',')}`],
  );
  const how = ['--visibility', 'private', '--credentials', credentials];
  how.push('--github-url', wishes.githubUrl ?? git.url);
  if (credentials === 'deploy-key') how.push('--ssh-url', git.sshUrl);
  await fluxGitops(['--yes', '--into', dir, ...names, ...scenarios, ...how, ...args]);
  const commits: Record<string, string> = {};
  for (const repo of ['flux-demo', ...new Set(Object.values(repos))])
    commits[repo] = await publish(estate, repo);
  return { estate, git, commits };
}

/** The fields of a Secret for a deploy key. */
export const keyFields = ({ identity, identityPub }: Key, knownHosts: string) => ({
  identity,
  'identity.pub': identityPub,
  known_hosts: knownHosts,
});

/** The fields of a Secret for a token. */
export const tokenFields = (password: string) => ({ username: 'git', password });

/** Applies the Secret with which Flux reads the repository of an environment. */
export async function give(estate: Estate, env: string, stringData: object): Promise<void> {
  const namespace = namespaceOf(estate, env);
  const labels = { 'toolkit.fluxcd.io/tenant': namespace };
  const metadata = { name: `git-${estate.repos[env]}`, namespace, labels };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData };
  await kubectl(estate.cluster, ['apply', '-f', '-'], JSON.stringify(secret));
}
