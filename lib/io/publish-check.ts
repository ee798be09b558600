import type { Publication, PublicationRepo } from '../core/publication.ts';
import { combine, PublishError, type Standing } from '../core/publication-errors.ts';
import { localGit } from './git.ts';
import type { Making } from './publish-create.ts';
import { look, type Target } from './publish-look.ts';

const OLDEST_GIT = [2, 28] as const;

/** Refuses a machine without git, or with one that cannot name the first branch. */
export async function checkGit(): Promise<void> {
  const { installed, major, minor, patch } = await localGit(process.cwd()).version();
  if (!installed) throw new PublishError('NO_GIT');
  const [oldest, least] = OLDEST_GIT;
  if (major > oldest || (major === oldest && minor >= least)) return;
  throw new PublishError('OLD_GIT', { version: `${major}.${minor}.${patch}` });
}

/** Looks at all repositories; whatever is wrong with any of them is told at once. */
export async function lookAtAll(
  making: Making,
  repos: readonly PublicationRepo[],
): Promise<Target[]> {
  const { request, session, journal, pace } = making;
  const targets: Target[] = [];
  const refusals: PublishError[] = [];
  const keep = (target: Target) => targets.push(target);
  const refuse = (error: unknown) => refusals.push(asRefusal(error));
  await Promise.all(repos.map((repo) => look(request, session, journal, repo).then(keep, refuse)));
  if (refusals.length > 0) throw combine(refusals, unstarted(request));
  const ordered = repos.flatMap((repo) => targets.find((target) => target.repo === repo) ?? []);
  for (const { place, state, ours } of ordered) {
    pace.report({ kind: 'state', repo: place.fullName, url: place.page, state, ours });
  }
  const problems = ordered.flatMap(({ problem }) => problem ?? []);
  if (problems.length > 0 && !request.dryRun) throw combine(problems, unstarted(request));
  return ordered;
}

function asRefusal(error: unknown): PublishError {
  if (error instanceof PublishError) return error;
  throw error;
}

function unstarted({ command }: Publication): Standing {
  return { created: [], pushed: [], missing: [], command };
}

/** Asks, when the caller can, before anything becomes public. */
export async function confirmPublic(
  { visibility }: Publication,
  targets: readonly Target[],
  confirm: ((repos: readonly string[]) => Promise<boolean>) | undefined,
): Promise<void> {
  const created = targets
    .filter(({ state }) => state === 'absent')
    .map(({ place }) => place.fullName);
  if (confirm === undefined || visibility !== 'public' || created.length === 0) return;
  if (!(await confirm(created))) throw new PublishError('DECLINED');
}
