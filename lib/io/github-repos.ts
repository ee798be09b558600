import { type Facts, PublishError } from '../core/publication-errors.ts';
import { readFailure } from './github-failures.ts';
import type { Session } from './github-owner.ts';

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
