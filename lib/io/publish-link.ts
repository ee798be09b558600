import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { localGit, remoteGit } from './git.ts';
import { appendRemote } from './git-commit.ts';
import type { Making } from './publish-create.ts';
import type { Target } from './publish-look.ts';
import { makeStage } from './publish-stage.ts';

/**
 * Gives a folder that was generated again, and holds what GitHub holds, its .git back. Without it,
 * the next change there would look like somebody else's repository.
 */
export async function linkFolder({ session, pace }: Making, target: Target): Promise<void> {
  const { repo, place, local, state, head } = target;
  if (state !== 'same' || local.repository || head === undefined) return;
  const stage = await makeStage(dirname(repo.folder));
  try {
    await localGit(stage).raw([
      'init',
      '--template=',
      '--object-format=sha1',
      `--initial-branch=${place.branch}`,
    ]);
    await appendRemote(stage, place);
    await remoteGit(stage, place.url, session.github.token).raw([
      'fetch',
      '--no-tags',
      'origin',
      place.branch,
    ]);
    await localGit(stage).raw(['reset', '--mixed', head]);
    await rename(join(stage, '.git'), join(repo.folder, '.git'));
  } catch {
    const text = `${repo.folder} could not be linked to it; git clone ${place.url} gives you a folder that is`;
    pace.report({ kind: 'warning', repo: place.fullName, text });
  } finally {
    await rm(stage, { recursive: true, force: true, maxRetries: 5 });
  }
}
