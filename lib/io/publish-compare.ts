import type { PublicationRepo, Sighting } from '../core/publication.ts';
import { isAncestor, type LocalFolder, type Place } from './git-inspect.ts';
import { findTree, grewFrom, listBranches } from './github-history.ts';
import type { Session } from './github-owner.ts';
import type { RemoteRepo } from './github-repos.ts';
import type { Entry } from './publish-journal.ts';

/** A repository that GitHub does not show. */
export const ABSENT: Sighting = {
  exists: false,
  journalled: false,
  redirected: false,
  otherBranches: false,
  pending: true,
  sameTree: false,
  remoteIsAncestor: false,
  localIsAncestor: false,
  sharedHistory: false,
};

type Found = {
  readonly place: Place;
  readonly local: LocalFolder;
  readonly remote: RemoteRepo;
  readonly entry: Entry | undefined;
};

/** Compares what GitHub has with what is here. */
export async function compare(
  session: Session,
  repo: PublicationRepo,
  { local, place, remote, entry }: Found,
): Promise<Sighting> {
  const redirected = remote.fullName.toLowerCase() !== place.fullName.toLowerCase();
  const journalled = provesOwnership(entry, remote, repo);
  const known = {
    ...ABSENT,
    exists: true,
    redirected,
    journalled,
    pending: local.pending.length > 0,
  };
  if (redirected) return known;
  const branches = await listBranches(session, repo.name);
  const head = branches.find(({ name }) => name === place.branch)?.sha;
  const seen = { ...known, remote: head, local: local.head, otherBranches: branches.length > 0 };
  if (head === undefined || head === local.head) return seen;
  return { ...seen, ...(await relate(session, repo, local, head)) };
}

async function relate(session: Session, repo: PublicationRepo, local: LocalFolder, head: string) {
  if (local.head !== undefined && (await isAncestor(repo.folder, head, local.head)))
    return { remoteIsAncestor: true };
  const tree = await findTree(session, repo.name, head);
  if (tree === local.tree) return { sameTree: true };
  if (local.head === undefined) return {};
  if (await grewFrom(session, repo.name, local.head, head)) return { localIsAncestor: true };
  const { tracking } = local;
  if (tracking === undefined || tracking === local.head) return {};
  return { sharedHistory: await grewFrom(session, repo.name, tracking, head) };
}

const TOLERANCE = 5_000;
const PATIENCE = 120_000;

/**
 * The journal's id is proof. So is an intent: GitHub showed no such repository, we were about to
 * create it, and one was born right then, with our description.
 */
export function provesOwnership(
  entry: Entry | undefined,
  remote: RemoteRepo,
  { description }: PublicationRepo,
): boolean {
  if (entry?.id !== undefined) return entry.id === remote.id;
  if (remote.description !== description) return false;
  return (entry?.intents ?? []).some((intent) => {
    const age = remote.createdAt - Date.parse(intent);
    return age >= -TOLERANCE && age <= PATIENCE;
  });
}
