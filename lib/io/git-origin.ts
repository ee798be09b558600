import type { PublicationRepo } from '../core/publication.ts';
import { PublishError } from '../core/publication-errors.ts';
import { localGit } from './git.ts';
import type { Place } from './git-inspect.ts';

/** Whether the folder has a remote origin; refuses one that is another repository. */
export async function checkOrigin({ folder }: PublicationRepo, { url }: Place): Promise<boolean> {
  const git = localGit(folder);
  const lines = await git.raw([
    'config',
    '--local',
    '--get-regexp',
    '^remote\\.origin\\.(url|pushurl)$',
  ]);
  const urls = lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^\S+ /, ''));
  const elsewhere = urls.find((origin) => !isSameRepository(origin, url));
  if (elsewhere === undefined) return urls.length > 0;
  // "gh:octo/fleet": the user's own shorthand, which insteadOf spells out
  const resolved = (await git.raw(['ls-remote', '--get-url', 'origin'])).trim();
  if (isSameRepository(resolved, url)) return true;
  throw new PublishError('ORIGIN', { folder, origin: withoutPassword(elsewhere), url });
}

/** Whether `origin` (https or ssh, with .git or not) is the repository at `url`. */
export function isSameRepository(origin: string, url: string): boolean {
  const part = (text: string) => {
    const found =
      /^(?:https?|ssh):\/\/(?:[^@/]+@)?([^/]+)\/(.+)$/.exec(text) ??
      /^(?:[^@/]+@)?([^:/]+):(?!\/\/)(.+)$/.exec(text);
    const path = found?.[2]?.replace(/\/+$/, '').replace(/\.git$/, '');
    return `${found?.[1]} ${path}`.toLowerCase();
  };
  return part(origin) === part(url);
}

function withoutPassword(url: string): string {
  return url.replace(/^(\w+:\/\/)[^@/]*@/, '$1***@');
}
