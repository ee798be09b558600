import { styleText } from 'node:util';
import type { Given } from '../core/arguments.ts';
import { Interrupted, UserError } from '../core/errors.ts';
import type { Plan } from '../core/plan.ts';
import type { PublishResult } from '../core/publication.ts';
import { layerRenderer } from '../core/render.ts';
import {
  nextSteps,
  notesOf,
  planText,
  type Report,
  type ReportedRepo,
  resultText,
} from '../core/report.ts';
import type { ComparedRepo } from './compare.ts';
import { templatesOf } from './templates.ts';
import { painter } from './terminal.ts';
import { WRITTEN } from './write.ts';

/** What a run will do (`dryRun`) or has done; `parser` adds the Kubernetes objects. */
export function reportOf(
  plan: Plan,
  repos: readonly ComparedRepo[],
  dryRun: boolean,
  parser?: typeof import('./objects.ts'),
  published?: readonly PublishResult[],
): Report {
  const folders = new Map(repos.map(({ repo, folder }) => [repo.name, shorten(folder)]));
  const kept = repos.flatMap(({ folder, files }) =>
    files.filter(({ state }) => state === 'keep').map(({ path }) => `${shorten(folder)}/${path}`),
  );
  const render = layerRenderer(templatesOf);
  const changed = repos.some(({ files }) => files.some(({ state }) => WRITTEN.has(state)));
  return {
    dryRun,
    changed,
    repositories: repos.map((compared) => reportedRepo(compared, parser)),
    elsewhere: plan.elsewhere.flatMap(({ repo, url, layer }) =>
      render(layer).map((file) => ({ repo, url, ...file })),
    ),
    ...(published && { published }),
    notes: notesOf(plan, kept),
    next: changed || published ? nextSteps(plan, folders, published !== undefined) : [],
  };
}

function reportedRepo(
  { repo: { name, role, url }, folder, files }: ComparedRepo,
  parser: typeof import('./objects.ts') | undefined,
): ReportedRepo {
  const reported = files.map(({ path, state, contents }) => ({
    path,
    state,
    ...(parser && { objects: parser.objectsOf(path, contents) }),
  }));
  return { name, role, url, folder, files: reported };
}

const shorten = (folder: string): string => {
  const cwd = `${process.cwd()}/`;
  return folder.startsWith(cwd) ? folder.slice(cwd.length) : folder;
};

/** Prints `report`: JSON and plans to stdout, results and progress to stderr. */
export function printReport(report: Report, given: Given, say: (text: string) => void): void {
  if (given.switches.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else if (report.dryRun) process.stdout.write(`${planText(report, painter(process.stdout))}\n`);
  else say(resultText(report, painter(process.stderr)));
}

/** Throws when a dry run found repositories that cannot be published; the report has been printed. */
export function refuseUnpublishable({ published = [] }: Report): void {
  const problems = published.flatMap(({ problem }) => problem ?? []);
  const texts = problems.map(({ message, hint }) => `${message}\n  ${hint}`);
  if (texts.length > 0) throw new UserError(texts.join('\n'), 1);
}

/**
 * Prints what `error` means for the user and returns the exit code; a defect keeps its stack. With
 * `json`, what stopped publishing is printed to stdout as well.
 */
export async function printError(error: unknown, json: boolean): Promise<number> {
  const known = error instanceof UserError || error instanceof Interrupted;
  const shown = known ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${styleText('red', 'error', { stream: process.stderr })} ${shown}\n`);
  if (json && error instanceof Error && 'reason' in error) {
    const { PublishError, publishProblem } = await import('../core/publication-errors.ts');
    if (error instanceof PublishError)
      process.stdout.write(`${JSON.stringify({ error: publishProblem(error) }, null, 2)}\n`);
  }
  return known ? error.code : 1;
}
