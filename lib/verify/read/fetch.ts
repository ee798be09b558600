import { isThere } from '../../disk/workspace.ts';
import { UserError } from '../../errors.ts';
import { repositoryUrl } from '../../plan/estate.ts';
import { localGit } from '../../publish/git.ts';
import type { Say } from '../../terminal.ts';
import type { Location } from './read-estate.ts';

/**
 * Clones each app repo that is not there, next to the others. git uses the user's own credentials, and asks for none.
 * Throws a UserError when one cannot be cloned.
 */
export async function cloneMissing(
  { config, environments, folderOf }: Location,
  say: Say,
): Promise<void> {
  if (config === undefined) return;
  const missing = new Map(
    environments.filter(({ repo }) => !isThere(folderOf(repo))).map((one) => [one.repo, one]),
  );
  for (const [repo, environment] of missing) {
    const url = repositoryUrl(environment, repo);
    say(`Cloning ${url} ...`, 'progress');
    try {
      await localGit(folderOf(config.name)).clone(url, folderOf(repo), {
        '--branch': environment.branch,
      });
    } catch (error) {
      const said = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
      throw new UserError(
        `git cannot clone ${url}: ${said}\n  Clone it yourself to ${folderOf(repo)}, or run the command without --fetch.`,
        1,
        error,
      );
    }
  }
  say('', 'progress');
}
