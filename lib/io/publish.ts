import { Interrupted } from '../core/errors.ts';
import type { Publication, PublicationRepo, PublishResult } from '../core/publication.ts';
import {
  combine,
  PublishError,
  publishProblem,
  type Standing,
} from '../core/publication-errors.ts';
import type { Pace } from './github-limits.ts';
import { type Session, signIn } from './github-owner.ts';
import { carryOut, type Progress } from './publish-carry-out.ts';
import { checkGit, confirmPublic, lookAtAll } from './publish-check.ts';
import { openJournal } from './publish-journal.ts';
import type { Target } from './publish-look.ts';

/** What the caller may bring along. */
export type Attended = {
  /** From `signIn`; without it, publishing signs in itself. */
  readonly session?: Session | undefined;
  /** Asked before public repositories are created, with their full names; false ends the run. */
  readonly confirm?: ((repos: readonly string[]) => Promise<boolean>) | undefined;
};

/**
 * Publishes an estate: all checks, then all commits, then all repositories are created, then all
 * are pushed, the config repo last. What is done is read from the world each time, so the same call
 * resumes after any failure or kill, and does nothing when all is done. Nothing is ever forced.
 */
export async function publish(
  request: Publication,
  pace: Pace,
  attended: Attended = {},
): Promise<PublishResult[]> {
  const progress: Progress = { created: [], pushed: new Map(), settled: new Set() };
  const repos = inOrder(request.repos);
  let owner = request.owner;
  try {
    const session = attended.session ?? (await signIn(request, pace));
    owner = session.owner;
    const making = { request, session, journal: openJournal(request.workspace), pace };
    const [targets] = await Promise.all([lookAtAll(making, repos), checkGit()]);
    if (!request.dryRun) {
      await confirmPublic(request, targets, attended.confirm);
      await carryOut(making, targets, progress);
    }
    return targets.map((target) => describe(target, progress));
  } catch (error) {
    const names = repos.map(({ name }) => `${owner}/${name}`);
    throw told(error, standing(request, progress, names), pace.signal);
  }
}

/** Repositories that others refer to come first: the config repo makes Flux read the rest. */
function inOrder(repos: readonly PublicationRepo[]): PublicationRepo[] {
  return [
    ...repos.filter(({ role }) => role !== 'config'),
    ...repos.filter(({ role }) => role === 'config'),
  ];
}

function standing(
  { command }: Publication,
  { created, pushed, settled }: Progress,
  names: readonly string[],
): Standing {
  const missing = names.filter((name) => !settled.has(name));
  return { created, pushed: [...pushed.keys()], missing, command };
}

function told(error: unknown, standing: Standing, signal: AbortSignal | undefined): unknown {
  const aborted =
    signal?.aborted === true || (error instanceof PublishError && error.reason === 'ABORTED');
  if (aborted)
    return new Interrupted(new PublishError('ABORTED', {}, error, standing).message, {
      cause: error,
    });
  return error instanceof PublishError ? combine([error], standing) : error;
}

function describe(
  { repo, place, state, problem }: Target,
  { created, pushed }: Progress,
): PublishResult {
  const commit = pushed.get(place.fullName);
  return {
    name: repo.name,
    url: place.page,
    state: commit === undefined ? state : 'same',
    created: created.includes(place.fullName),
    ...(commit === undefined ? {} : { pushed: commit }),
    ...(problem === undefined ? {} : { problem: publishProblem(problem) }),
  };
}
