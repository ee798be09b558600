import type { CommandName } from '../settings/settings.ts';

/** What publishing is asked to do, what it finds on GitHub and what it says; no effects here. */

/** One repository of the estate, as it lies on this machine or will lie there. */
export type PublicationRepo = {
  readonly name: string;
  /** The web address of the GitHub it belongs on, without a slash at its end. */
  readonly githubUrl: string;
  readonly owner: string;
  /** The branches that Flux follows in it: one, or it cannot be published by one push. */
  readonly branches: readonly FollowedBranch[];
  /** Its folder on this machine. */
  readonly folder: string;
  /** The folder is made by this run, so the repository may still get another name. */
  readonly isNew: boolean;
  readonly description: string;
  /** Paths in the folder that this tool wrote, with `/`: nothing else is ever committed. */
  readonly files: readonly string[];
  /** Paths that this tool wrote earlier and has removed. */
  readonly removed?: readonly string[] | undefined;
  /** Texts of files that are not written yet, by path; they count in place of what is on disk. */
  readonly contents?: Readonly<Record<string, string>> | undefined;
  /** The config repo activates the others, so it is pushed last. */
  readonly role: 'scenario' | 'config';
};

/** A branch, and the environments that follow it; none for the config repo. */
export type FollowedBranch = { readonly name: string; readonly environments: readonly string[] };

/** What holds for all repositories of one run. */
export type PublishRequest = {
  /** The visibility of repositories that are created; those that exist keep theirs. */
  readonly visibility: 'public' | 'private';
  /** Make them GitHub template repositories. */
  readonly template: boolean;
  /** Topics that each of them gets; those it has stay. */
  readonly topics: readonly string[];
  /** Take over repositories that exist and are empty. */
  readonly adoptEmpty: boolean;
  /** Only look: nothing but GET requests, nothing written here. */
  readonly dryRun: boolean;
  /** The command line to print in "run again", ready for a shell. */
  readonly command: string;
  /** The command that runs: it decides which flags name a repository. */
  readonly commandName: CommandName;
  /** The folder that holds the repositories; the journal of ownership is kept here. */
  readonly workspace: string;
};

/** Where a repository has to be, in full name and address. */
export type Place = {
  /** OWNER/NAME, as GitHub spells the owner. */
  readonly fullName: string;
  readonly owner: string;
  /** What git pushes to. */
  readonly url: string;
  /** What people open. */
  readonly page: string;
  readonly branch: string;
};

/**
 * What GitHub holds, seen from this folder. `empty` without `ours` is somebody's empty repository;
 * `diverged` is ours, with commits on both sides.
 */
export type RepoState = 'absent' | 'empty' | 'same' | 'behind' | 'ahead' | 'diverged' | 'foreign';

/** What was found out about one repository on GitHub and about its folder. */
export type Evidence = {
  readonly exists: boolean;
  /** The journal holds its id, or an intent to create it that its birth and description fit. */
  readonly journalled: boolean;
  /** GitHub's answer names another repository: this one was renamed away. */
  readonly redirected: boolean;
  /** Head of the branch on GitHub; undefined when the repository has no commits. */
  readonly remote?: string | undefined;
  /** It has commits, on other branches only. */
  readonly otherBranches: boolean;
  /** Head of the branch here. */
  readonly local?: string | undefined;
  /** The files here differ from the local head. */
  readonly pending: boolean;
  /** The remote head holds exactly the files that are here. */
  readonly sameTree: boolean;
  /** The remote head is an ancestor of the local one. */
  readonly remoteIsAncestor: boolean;
  /** The local head is an ancestor of the remote one. */
  readonly localIsAncestor: boolean;
  /** Commits that were pushed from here earlier are in the remote branch. */
  readonly sharedHistory: boolean;
};

/** The state of a repository, and whether it is provably ours. */
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

/** What became of one repository. */
export type PublishResult = {
  readonly name: string;
  readonly url: string;
  readonly state: RepoState;
  /** Created by this run. */
  readonly created: boolean;
  /** The commit that this run pushed. */
  readonly pushed?: string | undefined;
  /** What keeps the repository from being published (only in a dry run; otherwise it is thrown). */
  readonly problem?: PublishProblem | undefined;
};

/** A refusal, as `--json` shows it. */
export type PublishProblem = {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly repo?: string | undefined;
  /** Full names of what this run created and pushed before it failed. */
  readonly created?: readonly string[];
  readonly pushed?: readonly string[];
};

/** One step of publishing, for the person who waits. */
export type ProgressEvent =
  | { kind: 'signed-in'; login: string; source: string; host: string }
  | { kind: 'state'; repo: string; url: string; state: RepoState; ours: boolean }
  | { kind: 'created'; repo: string; url: string }
  | { kind: 'pushing'; repo: string; percent: number }
  | { kind: 'pushed'; repo: string; branch: string; commit: string }
  | { kind: 'up-to-date'; repo: string; state: RepoState }
  | { kind: 'waiting'; seconds: number; why: string }
  | { kind: 'warning'; repo?: string; text: string };

const STATES: Record<RepoState, string> = {
  absent: 'absent: will be created',
  empty: 'empty',
  same: 'ours, the same: nothing to do',
  behind: 'ours, behind: will be pushed',
  ahead: 'ours, ahead of this folder: left alone',
  diverged: 'ours, but it has commits that this folder does not have',
  foreign: 'foreign: holds commits that did not come from this folder',
};

/** Whether `event` tells how far something has come, so that the next one replaces it. */
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
    case 'up-to-date':
      return `= ${event.repo} is ${event.state === 'ahead' ? 'ahead, left alone' : 'up to date'}`;
    case 'waiting':
      return `  waiting ${event.seconds} s: ${event.why}`;
    case 'warning':
      return `! ${event.repo === undefined ? '' : `${event.repo}: `}${event.text}`;
  }
}

function describeState(state: RepoState, ours: boolean): string {
  if (state !== 'empty') return STATES[state];
  return ours ? 'empty, ours: will be pushed' : 'empty, not made by this tool';
}
