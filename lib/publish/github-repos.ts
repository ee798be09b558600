import { saysNameExists } from './explain.ts';
import { readFailure } from './github.ts';
import type { Facts } from './refusals.ts';
import type { Home } from './sign-in.ts';
import type { PublicationRepo, PublishRequest } from './state.ts';

/** A repository as GitHub's API shows it. */
export type RemoteRepo = {
  readonly id: number;
  readonly fullName: string;
  readonly description: string;
  readonly createdAt: number;
  readonly archived: boolean;
  readonly private: boolean;
  readonly template: boolean;
  readonly defaultBranch: string;
  readonly topics: readonly string[];
};

type Answer = {
  id: number;
  full_name: string;
  description: string | null;
  created_at?: string | null;
  archived?: boolean;
  private?: boolean;
  is_template?: boolean;
  default_branch?: string;
  topics?: string[];
};

/** The facts for messages about one request for one repository. */
function aboutRepo(
  { owner }: Home,
  name: string,
  doing: string,
  request: string,
  permissions: string,
): Facts {
  const repo = `${owner}/${name}`;
  return { owner, repo, what: `${doing} ${repo}`, request, permissions };
}

/** The repository, or undefined when GitHub shows none of this name. Redirects are followed. */
export function findRepo(home: Home, name: string): Promise<RemoteRepo | undefined> {
  const { github, owner } = home;
  const facts = aboutRepo(home, name, 'look at', `GET /repos/${owner}/${name}`, 'metadata=read');
  return github.call(facts, async () => {
    try {
      const { data } = await github.rest.repos.get({ owner, repo: name });
      const found = readRepo(data);
      if (found === undefined) throw github.strangeAnswer(facts);
      return found;
    } catch (error) {
      if (readFailure(error)?.status === 404) return undefined;
      throw error;
    }
  });
}

/** The repository in an answer; undefined when there is none in it. */
function readRepo(data: unknown): RemoteRepo | undefined {
  if (!isAnswer(data)) return undefined;
  return {
    id: data.id,
    fullName: data.full_name,
    description: data.description ?? '',
    createdAt: Date.parse(data.created_at ?? ''),
    archived: data.archived === true,
    private: data.private === true,
    template: data.is_template === true,
    defaultBranch: data.default_branch ?? '',
    topics: data.topics ?? [],
  };
}

function isAnswer(data: unknown): data is Answer {
  return typeof data === 'object' && data !== null && 'id' in data && 'full_name' in data;
}

/** `exists`: the name is taken, perhaps by an earlier request of ours. `unknown`: GitHub may have created it or not. */
export type Created = RemoteRepo | 'exists' | 'unknown';

/**
 * Sends one request for a new, empty repository. A request that may have had an effect is not sent again here:
 * the caller looks at GitHub first.
 */
export function askForRepo(
  home: Home,
  repo: PublicationRepo,
  request: PublishRequest,
): Promise<Created> {
  const { github, owner, organization } = home;
  const body = newRepo(repo, request);
  const { createInOrg, createForAuthenticatedUser } = github.rest.repos;
  return github.call(creationFacts(home, repo, request), async () => {
    try {
      const create = () =>
        organization ? createInOrg({ org: owner, ...body }) : createForAuthenticatedUser(body);
      return readRepo((await create()).data) ?? 'unknown';
    } catch (error) {
      const failure = readFailure(error);
      if (failure === undefined) throw error;
      if (saysNameExists(failure)) return 'exists';
      if (isUncertain(failure.status, failure.network)) return 'unknown';
      throw error;
    }
  });
}

/** Both create requests know `private`; only the one for organizations knows `visibility`. */
function newRepo({ name, description }: PublicationRepo, { visibility, template }: PublishRequest) {
  return {
    name,
    description,
    private: visibility === 'private',
    auto_init: false,
    has_wiki: false,
    has_projects: false,
    ...(template ? { is_template: true } : {}),
    request: { retries: 0 },
  };
}

/** Whether a request that failed may have had an effect: it had none if there was no connection. */
export function isUncertain(status: number, network: string | undefined): boolean {
  const never = ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED'];
  return status >= 500 || (status === 0 && !never.includes(network ?? ''));
}

function creationFacts(home: Home, repo: PublicationRepo, request: PublishRequest): Facts {
  const { owner, account, organization } = home;
  const route = organization ? `POST /orgs/${owner}/repos` : 'POST /user/repos';
  return {
    ...aboutRepo(home, repo.name, 'create', route, 'administration=write'),
    login: account.login,
    visibility: request.visibility,
    other: request.visibility === 'public' ? 'private' : 'public',
    creating: 'yes',
  };
}

/** The head of a branch. */
export type Branch = { readonly name: string; readonly sha: string };

/** The branches. A repository without branches is empty; its size and pushed_at do not show that reliably. */
export function listBranches(home: Home, name: string): Promise<Branch[]> {
  const { github, owner } = home;
  const request = `GET /repos/${owner}/${name}/branches`;
  const facts = aboutRepo(home, name, 'list the branches of', request, 'contents=read');
  return github.call(facts, async () => {
    const { data } = await github.rest.repos.listBranches({ owner, repo: name, per_page: 100 });
    if (!Array.isArray(data)) throw github.strangeAnswer(facts);
    return data.map((branch) => ({ name: branch.name, sha: branch.commit.sha }));
  });
}

/** The tree of the commit `ref`. */
export async function findTree(home: Home, name: string, ref: string): Promise<string> {
  const { github, owner } = home;
  const request = `GET /repos/${owner}/${name}/commits/${ref}`;
  const facts = aboutRepo(home, name, 'read a commit of', request, 'contents=read');
  const read = () => github.rest.repos.getCommit({ owner, repo: name, ref });
  const { data } = await github.call(facts, read);
  return data.commit.tree.sha;
}

/** Whether `head` is `base` or a descendant of it; false when GitHub does not know `base`. */
export function grewFrom(home: Home, repo: string, base: string, head: string): Promise<boolean> {
  const { github, owner } = home;
  const basehead = `${base}...${head}`;
  const request = `GET /repos/${owner}/${repo}/compare/${basehead}`;
  const facts = aboutRepo(home, repo, 'compare commits of', request, 'contents=read');
  const where = { owner, repo, basehead, per_page: 1 };
  return github.call(facts, async () => {
    try {
      const { data } = await github.rest.repos.compareCommitsWithBasehead(where);
      return data.status === 'ahead' || data.status === 'identical';
    } catch (error) {
      if (readFailure(error)?.status === 404) return false;
      throw error;
    }
  });
}

/** Replaces the topics. */
export async function replaceTopics(home: Home, name: string, topics: string[]): Promise<void> {
  const { github, owner } = home;
  const request = `PUT /repos/${owner}/${name}/topics`;
  const facts = aboutRepo(home, name, 'set the topics of', request, 'administration=write');
  await github.call(facts, () =>
    github.rest.repos.replaceAllTopics({ owner, repo: name, names: topics }),
  );
}

/** Changes settings; messages name the change by `doing`. */
export async function changeSettings(
  home: Home,
  name: string,
  doing: string,
  settings: {
    readonly is_template?: boolean;
    readonly default_branch?: string;
    readonly archived?: boolean;
  },
): Promise<void> {
  const { github, owner } = home;
  const request = `PATCH /repos/${owner}/${name}`;
  const facts = aboutRepo(home, name, doing, request, 'administration=write');
  await github.call(facts, () => github.rest.repos.update({ owner, repo: name, ...settings }));
}
