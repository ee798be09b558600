import { saysNameExists } from '../core/publication-api-errors.ts';
import { type Facts, PublishError } from '../core/publication-errors.ts';
import type { PublicationRepo } from '../core/publication.ts';
import type { Github } from './github.ts';
import { readFailure } from './github-failures.ts';

/** A repository as GitHub's API shows it. */
export type RemoteRepo = {
  readonly id: number;
  readonly fullName: string;
  readonly description: string;
  readonly createdAt: number;
  readonly archived: boolean;
  readonly defaultBranch: string;
  readonly topics: readonly string[];
};

/** The head of a branch. */
export type Branch = { readonly name: string; readonly sha: string };

type Answer = {
  id: number;
  full_name: string;
  description: string | null;
  created_at?: string | null;
  archived?: boolean;
  default_branch?: string;
  topics?: string[];
};

/** The repository, or undefined when GitHub shows none of this name (redirects are followed). */
export async function findRepo(github: Github, owner: string, name: string): Promise<RemoteRepo | undefined> {
  const fullName = `${owner}/${name}`;
  const facts: Facts = { owner, repo: fullName, what: `look at ${fullName}`, request: `GET /repos/${fullName}` };
  return github.call({ ...facts, permissions: 'metadata=read' }, async () => {
    try {
      const { data } = await github.rest.repos.get({ owner, repo: name });
      return readRepo(data) ?? refuseAnswer(github, facts);
    } catch (error) {
      if (readFailure(error)?.status === 404) return undefined;
      throw error;
    }
  });
}

/** The branches; none means that the repository is empty: neither size nor pushed_at tells that. */
export async function listBranches(github: Github, owner: string, name: string): Promise<Branch[]> {
  const fullName = `${owner}/${name}`;
  const request = `GET /repos/${fullName}/branches`;
  const facts: Facts = { owner, repo: fullName, what: `list the branches of ${fullName}`, request, permissions: 'contents=read' };
  return github.call(facts, async () => {
    const { data } = await github.rest.repos.listBranches({ owner, repo: name, per_page: 100 });
    if (!Array.isArray(data)) refuseAnswer(github, facts);
    return data.map((branch) => ({ name: branch.name, sha: branch.commit.sha }));
  });
}

/** The tree of the commit `sha`. */
export async function findTree(github: Github, owner: string, name: string, sha: string): Promise<string> {
  const fullName = `${owner}/${name}`;
  const request = `GET /repos/${fullName}/commits/${sha}`;
  const facts: Facts = { owner, repo: fullName, what: `read a commit of ${fullName}`, request, permissions: 'contents=read' };
  const { data } = await github.call(facts, () => github.rest.repos.getCommit({ owner, repo: name, ref: sha }));
  return data.commit.tree.sha;
}

/** Whether `base` is a commit of the repository from which `head` has grown (or is it). */
export async function grewFrom(github: Github, owner: string, name: string, base: string, head: string): Promise<boolean> {
  const fullName = `${owner}/${name}`;
  const basehead = `${base}...${head}`;
  const facts: Facts = { owner, repo: fullName, what: `compare commits of ${fullName}`, request: `GET /repos/${fullName}/compare/${basehead}` };
  return github.call({ ...facts, permissions: 'contents=read' }, async () => {
    try {
      const { data } = await github.rest.repos.compareCommitsWithBasehead({ owner, repo: name, basehead, per_page: 1 });
      return data.status === 'ahead' || data.status === 'identical';
    } catch (error) {
      if (readFailure(error)?.status === 404) return false; // GitHub does not have the base
      throw error;
    }
  });
}

/** What a new repository is made with. */
export type Creation = {
  readonly owner: string;
  readonly organization: boolean;
  readonly visibility: 'public' | 'private';
  readonly template: boolean;
  readonly login: string;
};

/** `exists`: the name is taken, perhaps by our own lost request. `unknown`: no telling what happened. */
export type Created = RemoteRepo | 'exists' | 'unknown';

/** Asks once for a new, empty repository; a lost answer is not asked for again, but told. */
export async function askForRepo(github: Github, repo: PublicationRepo, creation: Creation): Promise<Created> {
  const { owner, organization, visibility } = creation;
  const body = {
    name: repo.name,
    description: repo.description,
    private: visibility === 'private',
    auto_init: false,
    has_wiki: false,
    has_projects: false,
    ...(creation.template ? { is_template: true } : {}),
    request: { retries: 0 },
  };
  return github.call(creationFacts(repo, creation), async () => {
    try {
      const { data } = organization
        ? await github.rest.repos.createInOrg({ org: owner, ...body })
        : await github.rest.repos.createForAuthenticatedUser(body);
      return readRepo(data) ?? 'unknown';
    } catch (error) {
      const failure = readFailure(error);
      if (failure === undefined) throw error;
      if (saysNameExists(failure)) return 'exists';
      if (isUncertain(failure.status, failure.network)) return 'unknown';
      throw error;
    }
  });
}

/** A connection that was never made had no effect. */
function isUncertain(status: number, network: string | undefined): boolean {
  const never = ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED'];
  return status >= 500 || (status === 0 && !never.includes(network ?? ''));
}

function creationFacts(repo: PublicationRepo, creation: Creation): Facts {
  const { owner, visibility, login, organization } = creation;
  const fullName = `${owner}/${repo.name}`;
  return {
    owner,
    login,
    visibility,
    repo: fullName,
    other: visibility === 'public' ? 'private' : 'public',
    what: `create ${fullName}`,
    creating: 'yes',
    permissions: 'administration=write',
    request: organization ? `POST /orgs/${owner}/repos` : 'POST /user/repos',
  };
}

function readRepo(data: unknown): RemoteRepo | undefined {
  if (typeof data !== 'object' || data === null || !('id' in data) || !('full_name' in data)) return undefined;
  const answer = data as Answer;
  return {
    id: answer.id,
    fullName: answer.full_name,
    description: answer.description ?? '',
    createdAt: Date.parse(answer.created_at ?? ''),
    archived: answer.archived === true,
    defaultBranch: answer.default_branch ?? '',
    topics: answer.topics ?? [],
  };
}

function refuseAnswer(github: Github, facts: Facts): never {
  throw new PublishError('NOT_GITHUB', { ...facts, host: github.host.name, api: github.host.api, said: 'an answer without JSON' });
}
