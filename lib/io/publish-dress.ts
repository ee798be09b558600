import { PublishError } from '../core/publication-errors.ts';
import { aboutRepo, findRepo, type RemoteRepo } from './github-repos.ts';
import type { Making } from './publish-create.ts';
import { type Target, targetName } from './publish-look.ts';

/**
 * Topics and default branch of a repository that this tool made. Never fatal: it is published, and
 * a failure is one line.
 */
export async function dressRepo(making: Making, target: Target, remote: RemoteRepo): Promise<void> {
  const { session, journal, pace } = making;
  const entry = journal.get(target.repo.name);
  if (entry?.id !== remote.id || entry.dressed === true) return;
  try {
    await setTopics(making, target, remote);
    await setDefaultBranch(making, target, remote);
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    pace.report({
      kind: 'warning',
      repo: target.place.fullName,
      text: `${error.summary} ${error.hint}`,
    });
    return;
  }
  await journal.set(target.repo.name, {
    target: targetName(session),
    id: remote.id,
    dressed: true,
  });
}

async function setTopics(
  { request, session }: Making,
  { repo, place }: Target,
  remote: RemoteRepo,
): Promise<void> {
  const names = [
    ...new Set([...remote.topics, ...request.topics.map((topic) => topic.toLowerCase())]),
  ];
  if (names.length === remote.topics.length) return;
  const { github, owner } = session;
  const route = `PUT /repos/${place.fullName}/topics`;
  const facts = aboutRepo(session, repo.name, 'set the topics of', route, 'administration=write');
  await github.call(facts, () =>
    github.rest.repos.replaceAllTopics({ owner, repo: repo.name, names }),
  );
}

/** GitHub makes the first branch that is pushed the default one; some servers keep their own. */
async function setDefaultBranch(
  { session }: Making,
  { repo, place }: Target,
  remote: RemoteRepo,
): Promise<void> {
  if (remote.defaultBranch === place.branch) return;
  const { github, owner } = session;
  const now = await findRepo(session, repo.name);
  if (now === undefined || now.defaultBranch === place.branch) return;
  const route = `PATCH /repos/${place.fullName}`;
  const doing = `make ${place.branch} the default branch of`;
  const facts = aboutRepo(session, repo.name, doing, route, 'administration=write');
  await github.call(facts, () =>
    github.rest.repos.update({ owner, repo: repo.name, default_branch: place.branch }),
  );
}
