import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import type { ComparedFile, ComparedRepo, FileState } from './compare.ts';

/** The states of files that a run writes. */
export const WRITTEN: ReadonlySet<FileState> = new Set(['create', 'change', 'overwrite']);

const STAGE = /^\.flux-gitops-(\d+)$/;

/**
 * Writes the files of `repos` whose state is one of WRITTEN. Everything is written to a
 * folder beside its place first and then moved there, a new repository or folder in one step, so
 * that a run that is killed leaves no half-written tree; when a move fails, those before it are
 * undone. Throws a UserError (exit code 1) when the disk refuses.
 */
export function writeRepos(repos: readonly ComparedRepo[]): void {
  const stages = new Set<string>();
  const undo: (() => void)[] = [];
  try {
    // The config repo activates the others, so it comes last.
    const moves = repos.toReversed().flatMap((repo, index) => stageRepo(repo, index, stages, undo));
    for (const move of moves) undo.push(makeMove(move));
  } catch (error) {
    for (const step of undo.reverse()) step();
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(
      `The files could not be written: ${reason}.\n  Nothing was changed.`,
      1,
      error,
    );
  } finally {
    for (const stage of stages) fs.rmSync(stage, { recursive: true, force: true });
  }
}

type Move = { readonly from: string; readonly to: string };

function stageRepo(
  { folder, isNew, files }: ComparedRepo,
  index: number,
  stages: Set<string>,
  undo: (() => void)[],
): Move[] {
  const pending = files.filter(({ state }) => WRITTEN.has(state));
  if (pending.length === 0) return [];
  const base = isNew ? dirname(folder) : folder;
  const made = fs.mkdirSync(base, { recursive: true });
  if (made !== undefined) undo.push(() => fs.rmSync(made, { recursive: true, force: true }));
  removeStale(base);
  const stage = join(base, `.flux-gitops-${process.pid}`, String(index));
  stages.add(dirname(stage));
  stageFiles(stage, pending);
  if (isNew) return [{ from: stage, to: folder }];
  return [...new Set(pending.map(({ path }) => unitOf(folder, path)))].map((path) => ({
    from: join(stage, path),
    to: join(folder, path),
  }));
}

function stageFiles(stage: string, files: readonly ComparedFile[]): void {
  const made = new Set<string>();
  for (const { path, contents } of files) {
    const target = join(stage, path);
    const parent = dirname(target);
    if (!made.has(parent)) fs.mkdirSync(parent, { recursive: true });
    made.add(parent);
    fs.writeFileSync(target, contents);
  }
}

/** What is moved into `folder` for `path`: its topmost folder that is new there, or the file. */
function unitOf(folder: string, path: string): string {
  const parts = path.split('/');
  const missing = parts.findIndex(
    (_, index) => !fs.existsSync(join(folder, ...parts.slice(0, index + 1))),
  );
  return missing < 0 ? path : parts.slice(0, missing + 1).join('/');
}

function makeMove({ from, to }: Move): () => void {
  const old = fs.lstatSync(to, { throwIfNoEntry: false });
  if (!old) {
    fs.renameSync(from, to);
    return () => fs.rmSync(to, { recursive: true, force: true });
  }
  const kept = `${from}.old`;
  fs.copyFileSync(to, kept);
  if (old.isFile()) fs.chmodSync(from, old.mode);
  fs.renameSync(from, to);
  return () => fs.renameSync(kept, to);
}

// What a killed run left behind; the folder of a process that lives is its own business.
function removeStale(base: string): void {
  for (const name of fs.readdirSync(base)) {
    const pid = STAGE.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      fs.rmSync(join(base, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
