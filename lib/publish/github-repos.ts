import { saysNameExists } from './explain.ts';
import { readFailure } from './github.ts';
import { type Facts, PublishError } from './refusals.ts';
import type { Session } from './sign-in.ts';
import type { Publication, PublicationRepo } from './state.ts';

/** A repository as GitHub's API shows it. */
export type RemoteRepo = {
  readonly id: number;
  readonly fullName: string;
  readonly description: string;
  readonly createdAt: number;
  readonly archived: boolean;
  readonly private: boolean;
  readonly defaultBranch: string;
  readonly topics: readonly string[];
};

/** The API, and whose repositories are meant. */
export type Owned = Pick<Session, 'github' | 'owner'>;

type Answer = {
  id: number;
  full_name: string;
  description: string | null;
  created_at?: string | null;
  archived?: boolean;
  private?: boolean;
  default_branch?: string;
  topics?: string[];
};

/** What messages about one request for one repository need. */
export function aboutRepo(
  { owner }: Owned,
  name: string,
  doing: string,
  request: string,
  permissions: string,
): Facts {
  const repo = `${owner}/${name}`;
  return { owner, repo, what: `${doing} ${repo}`, request, permissions };
}

/** The repository, or undefined when GitHub shows none of this name (redirects are followed). */
export function findRepo(owned: Owned, name: string): Promise<RemoteRepo | undefined> {
  const { github, owner } = owned;
  const facts = aboutRepo(owned, name, 'look at', `GET /repos/${owner}/${name}`, 'metadata=read');
  return github.call(facts, async () => {
    try {
      const { data } = await github.rest.repos.get({ owner, repo: name });
      return readRepo(data) ?? refuseAnswer(owned, facts);
    } catch (error) {
      if (readFailure(error)?.status === 404) return undefined;
      throw error;
    }
  });
}

/** The repository in an answer; undefined when there is none in it. */
export function readRepo(data: unknown): RemoteRepo | undefined {
  if (!isAnswer(data)) return undefined;
  return {
    id: data.id,
    fullName: data.full_name,
    description: data.description ?? '',
    createdAt: Date.parse(data.created_at ?? ''),
    archived: data.archived === true,
    private: data.private === true,
    defaultBranch: data.default_branch ?? '',
    topics: data.topics ?? [],
  };
}

function isAnswer(data: unknown): data is Answer {
  return typeof data === 'object' && data !== null && 'id' in data && 'full_name' in data;
}

/** What is answered is not GitHub's: a proxy's page, say. */
export function refuseAnswer({ github }: Pick<Owned, 'github'>, facts: Facts): never {
  const said = 'an answer that is not its JSON';
  throw new PublishError('NOT_GITHUB', { ...github.facts, ...facts, said });
}

/** `exists`: the name is taken, perhaps by our own lost request. `unknown`: no telling what happened. */
export type Created = RemoteRepo | 'exists' | 'unknown';

/**
 * Asks once for a new, empty repository. What may have had an effect is not asked for again here:
 * the caller looks first.
 */
export function askForRepo(
  session: Session,
  repo: PublicationRepo,
  request: Publication,
): Promise<Created> {
  const { github, owner, organization } = session;
  const body = newRepo(repo, request);
  const { createInOrg, createForAuthenticatedUser } = github.rest.repos;
  return github.call(creationFacts(session, repo, request), async () => {
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
function newRepo({ name, description }: PublicationRepo, { visibility, template }: Publication) {
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

/** A connection that was never made had no effect. */
function isUncertain(status: number, network: string | undefined): boolean {
  const never = ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED'];
  return status >= 500 || (status === 0 && !never.includes(network ?? ''));
}

function creationFacts(session: Session, repo: PublicationRepo, request: Publication): Facts {
  const { owner, account, organization } = session;
  const route = organization ? `POST /orgs/${owner}/repos` : 'POST /user/repos';
  return {
    ...aboutRepo(session, repo.name, 'create', route, 'administration=write'),
    login: account.login,
    visibility: request.visibility,
    other: request.visibility === 'public' ? 'private' : 'public',
    creating: 'yes',
  };
}

/** The head of a branch. */
export type Branch = { readonly name: string; readonly sha: string };

/** The branches; none means that the repository is empty: neither size nor pushed_at tells that. */
export function listBranches(owned: Owned, name: string): Promise<Branch[]> {
  const { github, owner } = owned;
  const request = `GET /repos/${owner}/${name}/branches`;
  const facts = aboutRepo(owned, name, 'list the branches of', request, 'contents=read');
  return github.call(facts, async () => {
    const { data } = await github.rest.repos.listBranches({ owner, repo: name, per_page: 100 });
    if (!Array.isArray(data)) refuseAnswer(owned, facts);
    return data.map((branch) => ({ name: branch.name, sha: branch.commit.sha }));
  });
}

/** The tree of the commit `ref`. */
export async function findTree(owned: Owned, name: string, ref: string): Promise<string> {
  const { github, owner } = owned;
  const request = `GET /repos/${owner}/${name}/commits/${ref}`;
  const facts = aboutRepo(owned, name, 'read a commit of', request, 'contents=read');
  const read = () => github.rest.repos.getCommit({ owner, repo: name, ref });
  const { data } = await github.call(facts, read);
  return data.commit.tree.sha;
}

/** Whether the commit `head` has grown from `base` (or is it), as far as GitHub knows `base`. */
export function grewFrom(owned: Owned, repo: string, base: string, head: string): Promise<boolean> {
  const { github, owner } = owned;
  const basehead = `${base}...${head}`;
  const request = `GET /repos/${owner}/${repo}/compare/${basehead}`;
  const facts = aboutRepo(owned, repo, 'compare commits of', request, 'contents=read');
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
