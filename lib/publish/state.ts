import type { CommandName } from '../settings/settings.ts';

/** The request to publish, the states of repositories and the progress lines. This file has no effects. */

/** One repository of the estate, as it is on this machine or as this run will write it. */
export type PublicationRepo = {
  readonly name: string;
  /** The web address of its GitHub, without a slash at the end. */
  readonly githubUrl: string;
  readonly owner: string;
  /** The branches of it that Flux follows. It must be one branch, because publishing is one push. */
  readonly branches: readonly FollowedBranch[];
  /** Its folder on this machine. */
  readonly folder: string;
  /** This run creates the folder, so the repository can still get another name. */
  readonly isNew: boolean;
  readonly description: string;
  /** The files in the folder that this tool wrote, with `/`. It commits only these files. */
  readonly files: readonly string[];
  /** Paths that this tool wrote earlier and has removed. */
  readonly removed?: readonly string[] | undefined;
  /** The texts of files that are not written yet, by path. They replace the texts on disk. */
  readonly contents?: Readonly<Record<string, string>> | undefined;
  /** The environments that an app repo feeds. */
  readonly feeds?: readonly string[];
  /** Markdown about the changes, for a pull request. */
  readonly details?: string | undefined;
  /** The config repo activates the others, so it is pushed last. */
  readonly role: 'scenario' | 'config';
  /** Flux does not read it, so a public estate can have it private: a config repo that the cluster does not follow. */
  readonly notRead?: boolean;
};

/** Whether `repo` is an app repo that feeds no environment any more. */
export function isUnfed({ role, feeds }: PublicationRepo): boolean {
  return role === 'scenario' && feeds?.length === 0;
}

/** A branch, and the environments that follow it; none for the config repo. */
export type FollowedBranch = { readonly name: string; readonly environments: readonly string[] };

/** The settings for all repositories of one run. */
export type PublishRequest = {
  /** The visibility of new repositories; existing repositories keep theirs. */
  readonly visibility: 'public' | 'private';
  /** Make them GitHub template repositories. */
  readonly template: boolean;
  /** Topics for each repository; existing topics stay. */
  readonly topics: readonly string[];
  /** Archive the app repos that feed no environment any more. */
  readonly archive?: boolean;
  /** Use repositories that exist and are empty. */
  readonly adoptEmpty: boolean;
  /** Only look: send only GET requests and write nothing on this machine. */
  readonly dryRun: boolean;
  /** The command line to print in "Run the same command again", quoted for a shell. */
  readonly command: string;
  /** The command of this run; it decides which flags give a repository its name. */
  readonly commandName: CommandName;
  /** The folder with the repositories and with the journal of ownership. */
  readonly workspace: string;
  /** Set if the run pushes its changes as a branch, for a person to merge. */
  readonly proposal?: Proposal | undefined;
};

/** A branch beside the branch that Flux follows. */
export type Proposal = {
  readonly branch: string;
  /** The subject of the commit, and the title of the pull request. */
  readonly title: string;
  /** Whether to open a pull request. */
  readonly pullRequest: boolean;
};

/** The full name and the address that a repository must have. */
export type Place = {
  /** OWNER/NAME, as GitHub spells the owner. */
  readonly fullName: string;
  readonly owner: string;
  /** The address that git pushes to. */
  readonly url: string;
  /** The address that people open in a browser. */
  readonly page: string;
  /** The branch that the run pushes. */
  readonly branch: string;
  /** The branch that Flux follows, if the run pushes another one. */
  readonly followed?: string | undefined;
};

/**
 * The repository on GitHub, compared with this folder. `empty` without `ours`: someone else may have created it.
 * `diverged`: ours, with different commits on both sides.
 */
export type RepoState = 'absent' | 'empty' | 'same' | 'behind' | 'ahead' | 'diverged' | 'foreign';

/** The facts about one repository on GitHub and about its folder. */
export type Evidence = {
  readonly exists: boolean;
  /** The journal has its id, or an intent to create it that matches its creation time and description. */
  readonly journalled: boolean;
  /** GitHub's answer names another repository, because this one was renamed. */
  readonly redirected: boolean;
  /** Head of the branch on GitHub; undefined when the repository has no commits. */
  readonly remote?: string | undefined;
  /** It has commits, but only on other branches. */
  readonly otherBranches: boolean;
  /** Head of the branch on this machine. */
  readonly local?: string | undefined;
  /** The files here differ from the local head. */
  readonly pending: boolean;
  /** The remote head has exactly the files of this folder. */
  readonly sameTree: boolean;
  /** The remote head is an ancestor of the local one. */
  readonly remoteIsAncestor: boolean;
  /** The local head is an ancestor of the remote one. */
  readonly localIsAncestor: boolean;
  /** The remote branch has commits that this folder pushed earlier. */
  readonly sharedHistory: boolean;
};

/** The state of a repository, and whether there is proof that it is ours. */
export function decideState(seen: Evidence): { state: RepoState; ours: boolean } {
  if (!seen.exists) return { state: 'absent', ours: true };
  if (seen.redirected) return { state: 'foreign', ours: false };
  if (seen.remote === undefined) {
    if (!seen.otherBranches) return { state: 'empty', ours: seen.journalled };
    return { state: 'foreign', ours: false };
  }
  return decideByCommits(seen);
}

function decideByCommits(seen: Evidence): { state: RepoState; ours: boolean } {
  const { local, remote, pending } = seen;
  if (local === remote) return { state: pending ? 'behind' : 'same', ours: true };
  if (seen.remoteIsAncestor) return { state: 'behind', ours: true };
  if (seen.sameTree) return { state: 'same', ours: true };
  if (seen.localIsAncestor) return { state: pending ? 'diverged' : 'ahead', ours: true };
  if (seen.sharedHistory) return { state: 'diverged', ours: true };
  if (local === undefined && seen.journalled) return { state: 'ahead', ours: true };
  return { state: 'foreign', ours: false };
}

/** The result for one repository. */
export type PublishResult = {
  readonly name: string;
  readonly url: string;
  readonly state: RepoState;
  /** Created by this run. */
  readonly created: boolean;
  /** The commit that this run pushed. */
  readonly pushed?: string | undefined;
  /** The branch for a person to merge, and its pull request. */
  readonly branch?: string | undefined;
  readonly pullRequest?: string | undefined;
  /** Why the repository cannot be published. Only a dry run has it; any other run throws it. */
  readonly problem?: PublishProblem | undefined;
};

/** A refusal, as `--json` shows it. */
export type PublishProblem = {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly repo?: string | undefined;
  /** The full names of the repositories that this run created and pushed before it failed. */
  readonly created?: readonly string[];
  readonly pushed?: readonly string[];
};

/** One step of publishing, as the user sees it. */
export type ProgressEvent =
  | { kind: 'signed-in'; login: string; source: string; host: string }
  | { kind: 'state'; repo: string; url: string; state: RepoState; ours: boolean }
  | { kind: 'created'; repo: string; url: string }
  | { kind: 'pushing'; repo: string; percent: number }
  | { kind: 'pushed'; repo: string; branch: string; commit: string }
  | { kind: 'pull-request'; repo: string; url: string; isNew: boolean }
  | { kind: 'key-removed'; repo: string; fingerprint: string }
  | { kind: 'up-to-date'; repo: string; state: RepoState }
  | { kind: 'waiting'; seconds: number; why: string }
  | { kind: 'warning'; repo?: string; text: string };

const STATES: Record<RepoState, string> = {
  absent: 'not on GitHub yet, will be created',
  empty: 'empty',
  same: 'up to date',
  behind: 'has changes on this machine, will be pushed',
  ahead: 'has newer commits on GitHub, nothing to push',
  diverged: 'has commits on GitHub that this folder does not have',
  foreign: 'has commits on GitHub that did not come from this folder',
};

/** Whether `event` is about the progress of a step, so that the next event replaces its line. */
export function isPassing({ kind }: ProgressEvent): boolean {
  return kind === 'pushing' || kind === 'waiting';
}

/** `event` as one plain line. */
export function describeProgress(event: ProgressEvent): string {
  switch (event.kind) {
    case 'signed-in':
      return `signed in to ${event.host} as ${event.login} (token from ${event.source})`;
    case 'state':
      return `${event.repo}: ${describeState(event.state, event.ours)}`;
    case 'created':
      return `+ created ${event.url}`;
    case 'pushing':
      return `  ${event.repo}: ${event.percent}%`;
    case 'pushed':
      return `> pushed ${event.repo}@${event.branch} ${event.commit.slice(0, 7)}`;
    case 'pull-request':
      return `${event.isNew ? '+ opened' : '='} ${event.url}`;
    case 'key-removed':
      return `- removed the deploy key ${event.fingerprint} from ${event.repo}`;
    case 'up-to-date':
      return `= ${event.repo} ${event.state === 'ahead' ? STATES.ahead : 'is up to date'}`;
    case 'waiting':
      return `  waiting ${event.seconds} s: ${event.why}`;
    case 'warning':
      return `! ${event.repo === undefined ? '' : `${event.repo}: `}${event.text}`;
  }
}

function describeState(state: RepoState, ours: boolean): string {
  if (state !== 'empty') return STATES[state];
  return ours ? 'empty, will be pushed' : 'empty, and this tool did not create it';
}
