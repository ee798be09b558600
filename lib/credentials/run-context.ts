/** What the parts of one run of `credentials` share. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { cancelWith } from '../cancel.ts';
import { UserError } from '../errors.ts';
import type { RepoRecord } from '../plan/record.ts';
import type { Prepared } from '../prepared.ts';
import { openControl, type RunControl } from '../publish/control.ts';
import { PublishError } from '../publish/refusals.ts';
import { type Home, homeOf, openSession, type Session } from '../publish/sign-in.ts';
import { describeProgress, isPassing } from '../publish/state.ts';
import { standardInput } from '../publish/token.ts';
import { hostKeysOf } from './github-checks.ts';
import { knownHosts, knownHostsFor } from './known-hosts.ts';
import { type Source, titleOf } from './sources.ts';

export type RunContext = {
  readonly prepared: Prepared;
  readonly record: RepoRecord;
  /** The clone of the config repo. */
  readonly folder: string;
  readonly control: RunControl;
  readonly say: (text: string) => void;
  /** The title of the deploy keys on GitHub. */
  readonly title: string;
  /** GitHub for `source`. Signs in at the first call. */
  readonly home: (source: Source) => Promise<Home>;
  /** known_hosts for the git server of `source`. */
  readonly hosts: (source: Source) => Promise<string>;
};

/** The context of the run `prepared` for the estate `record` in `folder`. `sources` are the repositories of the run. */
export function openContext(
  prepared: Prepared,
  record: RepoRecord,
  folder: string,
  sources: readonly Source[],
): RunContext {
  const { given, terminal } = prepared;
  const { switches, texts } = given;
  const control = openControl((event) =>
    terminal.say(describeProgress(event), isPassing(event) ? 'progress' : undefined),
  );
  let session: Promise<Session> | undefined;
  const home = async (source: Source): Promise<Home> => {
    const repos = sources.map(({ repo: name, githubUrl, owner }) => ({ name, githubUrl, owner }));
    const tokenStdin = switches.apiTokenStdin ? standardInput() : undefined;
    session ??= openSession({ repos, visibility: 'private', tokenStdin }, control);
    const found = homeOf(await session, source);
    if (found === undefined) throw new Error(`no session for ${source.owner}`);
    return found;
  };
  const known = new Map<string, Promise<string[]>>();
  const [file] = texts.knownHosts ?? [];
  const hosts = async ({ githubUrl, sshHost }: Source): Promise<string> => {
    if (file !== undefined) return hostsInFile(sshHost, file);
    const keys = known.get(githubUrl) ?? hostKeysOf(githubUrl, control);
    known.set(githubUrl, keys);
    return knownHosts(sshHost, await keys);
  };
  const say = (text: string): void => terminal.say(text);
  return { prepared, record, folder, control, say, title: titleOf(record), home, hosts };
}

function hostsInFile(host: string, file: string): string {
  const lines = knownHostsFor(host, readGiven(file, '--known-hosts'));
  if (lines !== '') return lines;
  throw new PublishError('NO_KNOWN_HOST', { file, host });
}

/** The text of the file that the user gave with `flag`. Throws a UserError if it cannot be read. */
export function readGiven(file: string, flag: string): string {
  try {
    return readFileSync(expand(file), 'utf8');
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    throw new UserError(
      `${flag} ${file}: this file cannot be read (${code}). Nothing was changed.\n  Give the path of a file that you can read.`,
      2,
    );
  }
}

/** `path` with the home folder in place of ~, as a shell has it after a blank but not after =. */
export const expand = (path: string): string => path.replace(/^~(?=\/|$)/, homedir());

/** From now on, an interruption says that the same command continues. */
export function changesBegin(): void {
  cancelWith('Interrupted. Run the same command again: it continues where it stopped.');
}
