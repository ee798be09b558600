import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import { RECORD_FILE } from '../plan/record.ts';
import { type ComparedFile, type ComparedRepo, WRITES } from './compare.ts';
import { isLink } from './folders.ts';
import { type Change, formerOf, hashOf, startLog } from './undo-log.ts';

const STAGE = '.flux-gitops-stage-';

/** A file changed after this run compared it: for example, an editor saved it. */
export class FileChanged extends Error {
  override readonly name = 'FileChanged';
  readonly path: string;

  constructor(path: string) {
    super(`${path} changed during the run`);
    this.path = path;
  }
}

/**
 * Carries out the actions of `repos`. First writes everything to a temporary folder beside the target, then moves it
 * into place. A new repository or folder is one move. So a killed run leaves no half-written file, and the next run
 * undoes its changes: a log in `parent`, the folder with the repositories, lists them. When a move fails, undoes the
 * earlier moves, the last one first. The caller must have the lock. Throws FileChanged when a file changed after it was
 * compared, and a UserError (exit code 1) when the disk refuses. In both cases nothing is changed.
 */
export function writeRepos(repos: readonly ComparedRepo[], parent?: string): void {
  const stages: Stages = new Map();
  const undo: (() => void)[] = [];
  let endLog = (): void => undefined;
  try {
    const hasLog = parent !== undefined && canHaveLog(parent, repos);
    for (const { folder, isNew } of repos) if (!isNew) removeStale(folder);
    if (hasLog) removeStale(parent);
    // The config repo activates the others, so it comes last.
    const staged = repos.toReversed().map((repo) => stageRepo(repo, stages, undo));
    const changes = staged.flatMap((one) => one.changes());
    // Without an estate from before, the next run completes what is there.
    const isFirst = repos.every(({ isNew }) => isNew);
    if (hasLog && !isFirst && changes.length > 0)
      endLog = startLog(parent, [...stages.values()], changes);
    for (const step of staged.flatMap(({ steps }) => steps)) undo.push(step());
  } catch (error) {
    const failures = undoAll(undo);
    if (failures.length > 0) throw undoError(error, failures, stages);
    endLog();
    removeStages(stages);
    if (error instanceof FileChanged) throw error;
    throw new UserError(
      `The files could not be written: ${messageOf(error)}.\n  Nothing was changed.`,
      1,
      error,
    );
  }
  endLog();
  removeStages(stages);
}

/** Whether all of `repos` are in `parent`, and a run can write there. */
function canHaveLog(parent: string, repos: readonly ComparedRepo[]): boolean {
  if (repos.some(({ folder }) => dirname(folder) !== parent)) return false;
  try {
    fs.accessSync(parent, fs.constants.R_OK | fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Undoes as many steps as the disk allows, the last one first. Returns the errors. */
function undoAll(undo: readonly (() => void)[]): unknown[] {
  return undo.toReversed().flatMap((step) => {
    try {
      step();
      return [];
    } catch (error) {
      return [error];
    }
  });
}

/** Keeps the stages, because they contain the files from before. */
function undoError(error: unknown, failures: readonly unknown[], stages: Stages): UserError {
  return new UserError(
    `The files could not be written: ${messageOf(error)}.\n` +
      `  Some changes could not be undone: ${failures.map(messageOf).join('; ')}.\n` +
      `  The files from before are in ${[...stages.values()].join(' and ')}.`,
    1,
    error,
  );
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

function removeStages(stages: Stages): void {
  for (const stage of stages.values()) fs.rmSync(stage, { recursive: true, force: true });
}

/** The temporary folders, by the folder that each is in. */
type Stages = Map<string, string>;
/** Does one step, and returns a function that undoes it. */
type Step = () => () => void;

/** The steps of one repository, and what they change, in their order. */
type Staged = { readonly steps: readonly Step[]; readonly changes: () => readonly Change[] };

function stageRepo(repo: ComparedRepo, stages: Stages, undo: (() => void)[]): Staged {
  const { folder, isNew, files, pending } = repo;
  const { name } = repo.repo;
  const changed = files.filter(({ action }) => WRITES.has(action));
  if (changed.length === 0) return { steps: [], changes: () => [] };
  const base = isNew ? dirname(folder) : folder;
  const made = fs.mkdirSync(base, { recursive: true });
  if (made !== undefined) undo.push(() => fs.rmSync(made, { recursive: true, force: true }));
  const stage = stageIn(base, stages);
  const [whole, trash, first] = [
    join(stage, name, 'whole'),
    join(stage, name, 'trash'),
    join(stage, name, 'first'),
  ];
  const written = changed.filter(({ action }) => action !== 'remove');
  stageFiles(whole, written);
  const move = (below: string, { path, contents }: ComparedFile): Change => ({
    path: join(folder, path),
    staged: join(below, path),
    hash: hashOf(contents),
  });
  if (isNew)
    return {
      steps: [() => moveNew(whole, folder)],
      changes: () => written.map((file) => move(whole, file)),
    };
  const unchanged = (): (() => void) => {
    for (const file of changed) checkUnchanged(folder, file);
    return () => undefined;
  };
  const byPath = new Map(changed.map((file) => [file.path, file]));
  const removals = changed.filter(({ action }) => action === 'remove');
  const units = new Set(written.map(({ path }) => unitOf(folder, path)));
  const place = (path: string) => () => {
    // This run itself has replaced the record.
    const file = path === RECORD_FILE ? undefined : byPath.get(path);
    if (file !== undefined) checkUnchanged(folder, file);
    return moveFile(join(whole, path), join(folder, path));
  };
  const steps = [
    ...[...units].filter((path) => path !== RECORD_FILE).map(place),
    // Removals come after: a folder whose only file is replaced by another one must not go.
    ...removals.map((file, n) => () => {
      checkUnchanged(folder, file);
      return moveAway(folder, file.path, join(trash, String(n)));
    }),
    // The record comes last, so that it never lists files that do not exist.
    ...[...units].filter((path) => path === RECORD_FILE).map(place),
  ];
  const [before, after] = [true, false].map((isRecord) =>
    written.filter(({ path }) => (path !== RECORD_FILE) === isRecord),
  );
  const changes = (): Change[] => [
    ...(pending ? [move(first, pending)] : []),
    ...(before ?? []).map((file) => move(whole, file)),
    ...removals.map(({ path }, n) => ({ path: join(folder, path), trash: join(trash, String(n)) })),
    ...(after ?? []).map((file) => move(whole, file)),
  ];
  if (pending === undefined) return { steps: [unchanged, ...steps], changes };
  stageFiles(first, [pending]);
  const begin = (): (() => void) => moveFile(join(first, RECORD_FILE), join(folder, RECORD_FILE));
  return { steps: [unchanged, begin, ...steps], changes };
}

function stageIn(base: string, stages: Stages): string {
  const there = stages.get(base);
  if (there !== undefined) return there;
  removeStale(base);
  const stage = fs.mkdtempSync(join(base, STAGE));
  stages.set(base, stage);
  return stage;
}

function stageFiles(stage: string, files: readonly ComparedFile[]): void {
  const made = new Set<string>();
  for (const { path, contents } of files) {
    // Thousands of files: joining and splitting the paths with node:path takes longer than this.
    const target = `${stage}/${path}`;
    const parent = target.slice(0, target.lastIndexOf('/'));
    if (!made.has(parent)) fs.mkdirSync(parent, { recursive: true });
    made.add(parent);
    fs.writeFileSync(target, contents);
  }
}

function checkUnchanged(folder: string, { path, found }: ComparedFile): void {
  const file = join(folder, path);
  const now = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
  if (now !== found) throw new FileChanged(file);
}

/** What to move into `folder` for `path`: the topmost folder that is new there, or the file. */
function unitOf(folder: string, path: string): string {
  const parts = path.split('/');
  const missing = parts.findIndex(
    (_, index) => !fs.existsSync(join(folder, ...parts.slice(0, index + 1))),
  );
  return missing < 0 ? path : parts.slice(0, missing + 1).join('/');
}

/** Moves a new file or folder. Fails when something was created at `to` meanwhile. */
function moveNew(from: string, to: string): () => void {
  if (fs.existsSync(to)) throw new FileChanged(to);
  fs.renameSync(from, to);
  return () => fs.rmSync(to, { recursive: true, force: true });
}

/** Moves a file into place. A link stays a link, and its target is written. */
function moveFile(from: string, to: string): () => void {
  const target = isLink(to) ? fs.realpathSync(to) : to;
  const old = fs.statSync(target, { throwIfNoEntry: false });
  if (!old) return moveNew(from, target);
  const kept = formerOf(from);
  fs.copyFileSync(target, kept);
  if (old.isFile()) fs.chmodSync(from, old.mode);
  fs.chmodSync(kept, old.mode);
  fs.renameSync(from, target);
  return () => fs.renameSync(kept, target);
}

/** Removes a file from `folder`, and the folders that are empty after that. */
function moveAway(folder: string, path: string, trash: string): () => void {
  fs.mkdirSync(dirname(trash), { recursive: true });
  const file = join(folder, path);
  fs.renameSync(file, trash);
  for (let parent = dirname(file); parent !== folder; parent = dirname(parent)) {
    // A folder with other files stays, and so does a link to a folder.
    if (isLink(parent) || fs.readdirSync(parent).length > 0) break;
    fs.rmdirSync(parent);
  }
  return () => {
    fs.mkdirSync(dirname(file), { recursive: true });
    fs.renameSync(trash, file);
  };
}

/** Removes the files of killed runs whose changes are undone or complete. This is safe, because only the run with the lock writes here. */
function removeStale(base: string): void {
  for (const name of fs.readdirSync(base))
    if (name.startsWith(STAGE) || /^\.flux-gitops-\d+$/.test(name))
      fs.rmSync(join(base, name), { recursive: true, force: true });
}
