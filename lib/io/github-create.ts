import type { Publication, PublicationRepo } from '../core/publication.ts';
import { saysNameExists } from '../core/publication-api-errors.ts';
import type { Facts } from '../core/publication-errors.ts';
import { readFailure } from './github-failures.ts';
import type { Session } from './github-owner.ts';
import { aboutRepo, type RemoteRepo, readRepo } from './github-repos.ts';

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
