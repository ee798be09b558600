import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { quietEnvironment } from '../publish/secrets.ts';

/** The texts of a file during a merge of git; a side without the file is undefined. */
export type Stages = {
  readonly base: string | undefined;
  readonly ours: string | undefined;
  readonly theirs: string | undefined;
};

/**
 * The three texts of the file at `path` in `folder` while git merges it: the base and the two sides. The file with
 * conflict markers does not have them, because git has merged parts of it. All are undefined without git, and when
 * there is no merge.
 */
export function mergeStages(folder: string, path: string): Stages {
  const stage = (number: number): string | undefined => textAt(folder, `:${number}:./${path}`);
  return { base: stage(1), ours: stage(2), theirs: stage(3) };
}

/** The text of `path` in `folder` in the commit `revision`; undefined without git, such a commit or such a file. */
export function textIn(folder: string, revision: string, path: string): string | undefined {
  return textAt(folder, `${revision}:./${path}`);
}

/** A text of a file in the history of git, and the commit that has it. */
export type Version = { readonly commit: string; readonly text: string };

/** How many earlier versions of a file count. */
const VERSIONS = 50;

/**
 * The texts of `path` in the last commits that changed it, the newest first. Reads each one when it is needed. There are
 * none without git, and if the file was never committed.
 */
export function* formerVersions(folder: string, path: string): Generator<Version> {
  const format = ['log', `--max-count=${VERSIONS}`, '--format=%h', 'HEAD', '--', path];
  const commits = git(folder, format)?.split('\n').filter(Boolean) ?? [];
  for (const commit of commits) {
    const text = textIn(folder, commit, path);
    if (text !== undefined) yield { commit, text };
  }
}

/** The texts of `path` in the last commits that changed it, the newest first. */
export function* formerTexts(folder: string, path: string): Generator<string> {
  for (const { text } of formerVersions(folder, path)) yield text;
}

/** Whether a remote of the clone in `folder` has everything that is there, as the last fetch or push saw it. */
export function isPushed(folder: string): boolean {
  if (git(folder, ['status', '--porcelain']) !== '') return false;
  return (git(folder, ['branch', '--remotes', '--contains', 'HEAD']) ?? '') !== '';
}

/** Where `git push` goes from `folder`; an empty text without a remote, undefined if git's file cannot be read. */
export function originOf(folder: string): string | undefined {
  try {
    const config = readFileSync(join(folder, '.git/config'), 'utf8');
    const remote = /^\s*\[remote "origin"\]\s*$([^[]*)/m.exec(config)?.[1] ?? '';
    return /^\s*url\s*=\s*(\S+)\s*$/m.exec(remote)?.[1] ?? '';
  } catch {
    return undefined;
  }
}

const textAt = (folder: string, object: string): string | undefined =>
  git(folder, ['show', object]);

/** What git prints for `args` in `folder`; undefined when it fails. */
function git(folder: string, args: readonly string[]): string | undefined {
  // Loaded only here, because most runs start no other program, and loading takes time.
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  try {
    return execFileSync('git', ['-C', folder, ...args], {
      encoding: 'utf8',
      env: quietEnvironment(),
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 2 ** 28,
    });
  } catch {
    return undefined;
  }
}
