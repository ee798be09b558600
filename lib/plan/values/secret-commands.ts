import type { Credentials, SharedSettings } from '../../settings/settings.ts';
import { sshOwnerUrl } from '../estate.ts';
import { gitCredentialsOf } from './oci.ts';

/** Which words of `flux-gitops credentials` give Flux what it needs, for READMEs and for the next steps. */

/** A repository that Flux reads with a Secret, and the word for it: an environment, or the config repo itself. */
export type Reader = {
  readonly word: string;
  readonly repo: string;
  readonly settings: SharedSettings;
};

/** The words and the flags of one command, and the kind of what it gives. */
export type SecretCommand = {
  readonly kind: Credentials;
  readonly words: readonly string[];
  readonly flags: readonly string[];
};

/** A command names at most this many environments. Without a name, it is for all. */
const NAMED = 20;

/**
 * The commands for `readers`: one for all deploy keys, one for all tokens, and one for each app repo with a GitHub App,
 * because each tenant has an App of its own. `registers` says whether deploy keys go to GitHub at once.
 */
export function secretCommands(readers: readonly Reader[], registers: boolean): SecretCommand[] {
  const groups = [
    ...Map.groupBy(readers, ({ repo, settings }) => {
      const kind = gitCredentialsOf(settings);
      return [kind, kind === 'github-app' ? repo : hostKeysAt(settings) !== undefined].join(' ');
    }).values(),
  ];
  const commands = groups.flatMap((group) => {
    const [first] = group;
    if (first === undefined || gitCredentialsOf(first.settings) === 'none') return [];
    const words = [...new Set(group.map(({ word }) => word))];
    return { kind: gitCredentialsOf(first.settings), words, flags: flagsOf(first, registers) };
  });
  const [first, ...others] = commands;
  if (first !== undefined && others.length === 0 && first.kind !== 'github-app')
    return [{ ...first, words: first.words.length > NAMED ? [] : first.words }];
  const apps = commands.filter(({ kind }) => kind === 'github-app');
  if (apps.length <= NAMED || apps[0] === undefined) return commands;
  // More app repos than a page holds: the same command for each.
  return [
    ...commands.filter(({ kind }) => kind !== 'github-app'),
    { ...apps[0], words: ['ENVIRONMENT'] },
  ];
}

/** The flags without which the command for `settings` cannot work, and what it prints without `--publish`. */
export function flagsOf({ settings }: Pick<Reader, 'settings'>, registers: boolean): string[] {
  const kind = gitCredentialsOf(settings);
  if (kind === 'github-app') return ['--app-id', 'ID', '--private-key', 'FILE'];
  if (kind !== 'deploy-key') return [];
  return [
    ...(registers ? ['--publish'] : []),
    ...(hostKeysAt(settings) === undefined ? [] : ['--known-hosts', 'FILE']),
  ];
}

/**
 * The words of ssh-keyscan for the git server of `settings`, if a person must get its host keys: only GitHub itself
 * says them in its API.
 */
export function hostKeysAt(settings: SharedSettings): string | undefined {
  if (gitCredentialsOf(settings) !== 'deploy-key') return undefined;
  const { host } = new URL(settings.githubUrl);
  if (host === 'github.com' || host.endsWith('.ghe.com')) return undefined;
  const { hostname, port } = new URL(sshOwnerUrl(settings));
  return port === '' ? hostname : `-p ${port} ${hostname}`;
}

/** The page on which people see the fine-grained tokens that they made; `url` is the address of a repository. */
export const tokenPage = (url: string): string =>
  `${new URL(url).origin}/settings/personal-access-tokens`;

/** The page with the GitHub Apps that are installed for the repository at `url`. */
export const appPage = (url: string): string => `${url}/settings/installations`;

/** The page with the Apps of a user, and their private keys; `url` is the address of a repository. */
export const appKeyPage = (url: string): string => `${new URL(url).origin}/settings/apps`;
