import {
  decideState,
  type Publication,
  type PublicationRepo,
  type RepoState,
} from '../core/publication.ts';
import { type Facts, PublishError } from '../core/publication-errors.ts';
import { inspectFolder, type LocalFolder, type Place } from './git-inspect.ts';
import type { Session } from './github-owner.ts';
import { findRepo, type RemoteRepo } from './github-repos.ts';
import { ABSENT, compare } from './publish-compare.ts';
import type { Journal } from './publish-journal.ts';

/** All that is known about one repository before anything is changed. */
export type Target = {
  readonly repo: PublicationRepo;
  readonly place: Place;
  readonly local: LocalFolder;
  readonly remote: RemoteRepo | undefined;
  readonly state: RepoState;
  readonly ours: boolean;
  /** Head of the branch on GitHub. */
  readonly head: string | undefined;
  readonly problem: PublishError | undefined;
};

/** Looks at one repository, here and on GitHub; nothing but GET requests, and no change here. */
export async function look(
  request: Publication,
  session: Session,
  journal: Journal,
  repo: PublicationRepo,
): Promise<Target> {
  const place = placeOf(request, session, repo);
  checkTarget(session, journal, repo, place);
  const local = await inspectFolder(repo, place);
  const remote = await findRepo(session, repo.name);
  const entry = journal.get(repo.name);
  const seen =
    remote === undefined ? ABSENT : await compare(session, repo, { place, local, remote, entry });
  const { state, ours } = decideState(seen);
  const problem = findProblem(request, repo, place, { remote, state, ours });
  return { repo, place, local, remote, state, ours, head: seen.remote, problem };
}

/** The full name and the address of a repository. */
export function placeOf(
  { branch }: Publication,
  { github, owner }: Session,
  { name }: PublicationRepo,
): Place {
  const fullName = `${owner}/${name}`;
  const page = `${github.host.web}/${fullName}`;
  return { fullName, url: `${page}.git`, page, branch };
}

/** How the journal names a target. */
export function targetName({ github, owner }: Session): string {
  return `${github.host.web}/${owner}`.toLowerCase();
}

function checkTarget(
  session: Session,
  journal: Journal,
  { name }: PublicationRepo,
  { fullName }: Place,
): void {
  const target = journal.get(name)?.target;
  if (target === undefined || target === targetName(session)) return;
  throw new PublishError('OTHER_TARGET', {
    repo: fullName,
    target: `${target}/${name}`,
    file: journal.file,
  });
}

type Found = Pick<Target, 'remote' | 'state' | 'ours'>;

/** Why a repository in this state cannot be published to. */
export function findProblem(
  request: Publication,
  repo: PublicationRepo,
  place: Place,
  found: Found,
): PublishError | undefined {
  const { remote, state, ours } = found;
  const facts: Facts = {
    repo: place.fullName,
    folder: repo.folder,
    branch: place.branch,
    target: remote?.fullName,
  };
  if (state === 'foreign') {
    const moved =
      remote !== undefined && remote.fullName.toLowerCase() !== place.fullName.toLowerCase();
    return new PublishError(moved ? 'RENAMED' : 'NAME_TAKEN', facts);
  }
  if (state === 'diverged') return new PublishError('NON_FF', facts);
  if (state === 'empty' && !ours && !request.adoptEmpty)
    return new PublishError('EMPTY_NOT_OURS', facts);
  const writes = state === 'behind' || state === 'empty';
  if (!writes || remote === undefined) return undefined;
  if (remote.archived) return new PublishError('ARCHIVED', facts);
  return request.visibility === 'private' && !remote.private
    ? new PublishError('PUBLIC', facts)
    : undefined;
}
