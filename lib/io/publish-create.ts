import { setTimeout as sleep } from 'node:timers/promises';
import type { Publication } from '../core/publication.ts';
import { PublishError } from '../core/publication-errors.ts';
import { askForRepo } from './github-create.ts';
import { listBranches } from './github-history.ts';
import { countDown, type Pace } from './github-limits.ts';
import type { Session } from './github-owner.ts';
import { findRepo, type RemoteRepo } from './github-repos.ts';
import { provesOwnership } from './publish-compare.ts';
import type { Journal } from './publish-journal.ts';
import { type Target, targetName } from './publish-look.ts';

/** Waits between tries to create, and to see, a repository (seconds). */
const TRIES = [1, 2, 4];
const LOOKS = [0.5, 1, 2, 4, 5, 5, 5, 5];

export type Making = {
  readonly request: Publication;
  readonly session: Session;
  readonly journal: Journal;
  readonly pace: Pace;
};

/**
 * Creates one absent repository. The intent is in the journal before the request and the id after
 * the answer, so whatever gets lost in between, the repository is known as ours when it is seen.
 */
export async function createRepo(making: Making, target: Target): Promise<RemoteRepo> {
  for (const wait of [...TRIES, undefined]) {
    await noteIntent(making, target);
    const created = await askForRepo(making.session, target.repo, making.request);
    if (typeof created !== 'string') return note(making, target, created);
    const found = await findOurs(making, target, created === 'exists' ? LOOKS : [0]);
    if (found !== undefined) return note(making, target, found);
    if (created === 'exists') throw new PublishError('HIDDEN', { repo: target.place.fullName });
    if (wait === undefined) break;
    countDown(wait, `GitHub gave no answer about ${target.place.fullName}`, making.pace);
    await sleep(wait * making.pace.second, undefined, { signal: making.pace.signal });
  }
  const facts = { ...making.session.github.facts, repo: target.place.fullName };
  throw new PublishError('GITHUB_5XX', { ...facts, said: 'no answer to the request to create it' });
}

async function noteIntent({ session, journal }: Making, { repo }: Target): Promise<void> {
  const intents = journal.get(repo.name)?.intents ?? [];
  const now = new Date(session.github.now()).toISOString();
  await journal.set(repo.name, {
    target: targetName(session),
    intents: [...intents, now].slice(-20),
  });
}

async function note({ session, journal }: Making, { repo }: Target, remote: RemoteRepo) {
  await journal.set(repo.name, { target: targetName(session), id: remote.id });
  return remote;
}

/** The repository, when GitHub shows one that must be ours; GitHub may take a while to show it. */
async function findOurs(
  { session, journal, pace }: Making,
  { repo, place }: Target,
  waits: readonly number[],
) {
  for (const wait of waits) {
    await sleep(wait * pace.second, undefined, { signal: pace.signal });
    const remote = await findRepo(session, repo.name);
    if (remote === undefined) continue;
    const empty = (await listBranches(session, repo.name)).length === 0;
    const proven = provesOwnership(journal.get(repo.name), remote, repo);
    if (empty && proven) return remote;
    throw new PublishError(empty ? 'EMPTY_NOT_OURS' : 'NAME_TAKEN', { repo: place.fullName });
  }
  return undefined;
}
