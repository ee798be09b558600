import type { RepoState } from './publication.ts';

/** One step of publishing, for the person who waits. */
export type ProgressEvent =
  | { kind: 'signed-in'; login: string; source: string; host: string }
  | { kind: 'state'; repo: string; url: string; state: RepoState; ours: boolean }
  | { kind: 'created'; repo: string; url: string }
  | { kind: 'pushing'; repo: string; percent: number }
  | { kind: 'pushed'; repo: string; branch: string; commit: string }
  | { kind: 'up-to-date'; repo: string; state: RepoState }
  | { kind: 'waiting'; seconds: number; first: boolean; why: string }
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
