/** The steps of a generated workflow, run here as GitHub runs them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parse } from 'yaml';

/** Where a repository has its workflow. */
export const WORKFLOW = '.github/workflows/validate.yaml';
/** Where a repository has the workflow that pushes its artifacts. */
export const PUSH = '.github/workflows/push.yaml';

export type Step = {
  readonly name?: string;
  readonly run?: string;
  readonly uses?: string;
  readonly with?: { readonly [key: string]: unknown };
};

export type Workflow = {
  readonly on: { readonly push: { readonly branches: string[] }; readonly pull_request: unknown };
  readonly permissions: unknown;
  readonly env: { readonly [name: string]: string };
  readonly jobs: { readonly validate: Work; readonly verify?: Work; readonly push?: Work };
};

type Work = {
  readonly permissions?: unknown;
  readonly defaults: { readonly run: { readonly shell: string } };
  readonly steps: readonly Step[];
};

/** The workflow in the file `path` of the repository in `folder`. */
export function workflowOf(folder: string, path = WORKFLOW): Workflow {
  return parse(readFileSync(join(folder, path), 'utf8')) as Workflow;
}

/** A run of the job of a workflow on this machine. */
export type Job = {
  /** The repository that is checked out. */
  readonly folder: string;
  /** The folder of the runner, which the steps of one run share. */
  readonly temp: string;
  /** What differs from GitHub. */
  readonly env?: { readonly [name: string]: string };
  /** The file of the workflow, if it is not the one that validates. */
  readonly workflow?: typeof PUSH;
  /** The job, if it is not the main one of the workflow. */
  readonly name?: 'verify';
  /** Programs that stand in front of those of the machine. */
  readonly programs?: string;
};

/** Runs the step `name`; a step that fails is no error here. */
export function runStep(name: string, job: Job): { status: number | null; output: string } {
  const { env, jobs } = workflowOf(job.folder, job.workflow);
  const { steps } = jobs[job.name ?? (job.workflow ? 'push' : 'validate')] ?? jobs.validate;
  const run = steps.find((step) => step.name === name)?.run;
  if (run === undefined) throw new Error(`the workflow has no step "${name}"`);
  mkdirSync(job.temp, { recursive: true });
  const added = join(job.temp, 'added-to-path');
  const path = [job.programs, ...lines(added), process.env.PATH];
  const { status, stdout, stderr } = spawnSync(
    'bash',
    // What `shell: bash` of a workflow means.
    ['--noprofile', '--norc', '-eo', 'pipefail', '-c', run],
    {
      cwd: job.folder,
      encoding: 'utf8',
      env: {
        ...process.env,
        ...env,
        ...job.env,
        RUNNER_TEMP: job.temp,
        GITHUB_PATH: added,
        PATH: path.filter(Boolean).join(delimiter),
      },
    },
  );
  return { status, output: `${stdout}${stderr}` };
}

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}
