/** The workflow that pushes and signs the artifacts of a repository, run here with the real flux and the real cosign. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Job, PUSH, runStep } from '../workflow.ts';
import { pathOf } from './cache.ts';
import type { Estate } from './estate.ts';
import { login } from './registry.ts';

/** The steps of the job that pushes, in their order. */
export const [SIGN_IN, SEND, SIGN, TAG] = [
  'Sign in to the registry',
  'Push the artifacts',
  'Sign the artifacts',
  'Tag the artifacts',
] as const;
/** All of them. */
export const STEPS = [SIGN_IN, SEND, SIGN, TAG];

const PASSWORD = 'of-the-key';

/** A folder of programs with the flux and the cosign of the tests. */
function programsIn(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const name of ['flux', 'cosign'])
    if (!existsSync(join(folder, name))) symlinkSync(pathOf(name), join(folder, name));
  return folder;
}

/** Makes a key pair in `folder`; the public half is cosign.pub. */
function makeKey(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const env = { ...process.env, COSIGN_PASSWORD: PASSWORD };
  execFileSync(pathOf('cosign'), ['generate-key-pair'], { cwd: folder, env, stdio: 'ignore' });
  return readFileSync(join(folder, 'cosign.key'), 'utf8');
}

/** The place outside of the repositories where a run of a workflow and its keys are. */
export type Bench = { scratch: string; programs: string; key: string };

/** A place to run workflows in, with a key that is made in `keys`. */
export function benchIn(scratch: string, keys: string): Bench {
  return { scratch, programs: programsIn(join(scratch, 'programs')), key: makeKey(keys) };
}

let runs = 0;

/** A run of the workflow of `repo` at its present commit. */
export function jobOf(estate: Estate, repo: string, { scratch, programs, key }: Bench): Job {
  const temp = join(scratch, `run-${runs++}`);
  const env = {
    GITHUB_REF_NAME: 'main',
    GITHUB_SERVER_URL: estate.cluster.git.push,
    GITHUB_REPOSITORY: `${estate.owner}/${repo}`,
    REGISTRY_USER: login.user,
    REGISTRY_PASSWORD: login.password,
    COSIGN_PRIVATE_KEY: key,
    COSIGN_PASSWORD: PASSWORD,
    // Where docker, flux and cosign keep what they sign in with.
    DOCKER_CONFIG: temp,
  };
  return { folder: join(estate.dir, repo), temp, workflow: PUSH, programs, env };
}

/** Runs steps, which succeed and show no secret. */
export function run(job: Job, ...steps: string[]): string {
  return steps
    .map((name) => {
      const { status, output } = runStep(name, job);
      assert.equal(status, 0, `${name}: ${output}`);
      assert.ok(!output.includes(login.password) && !output.includes(PASSWORD), output);
      return output;
    })
    .join('');
}
