/** Artifacts that the workflow of an app repo pushes and signs, with a real registry, the real flux and the real cosign. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Job, PUSH, runStep } from '../../workflow.ts';
import { pathOf } from '../cache.ts';
import { apply, freshEstate, theCluster } from '../check.ts';
import { configPath, type Estate, namespaceOf, profiles, publish } from '../estate.ts';
import { appliedArtifact, reconcile, reported } from '../expect.ts';
import { runInFolder, shellBlocks } from '../readme.ts';
import { login, startRegistry } from '../registry.ts';

const [SIGN_IN, SEND, SIGN, TAG] = [
  'Sign in to the registry',
  'Push the artifacts',
  'Sign the artifacts',
  'Tag the artifacts',
] as const;

const PASSWORD = 'of-the-key';

/** A folder of programs with the flux and the cosign of the tests. */
function programsIn(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const name of ['flux', 'cosign']) symlinkSync(pathOf(name), join(folder, name));
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
type Bench = { scratch: string; programs: string; key: string };

let runs = 0;

/** A run of the workflow of `repo` at its present commit. */
function jobOf(estate: Estate, repo: string, { scratch, programs, key }: Bench): Job {
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

function run(job: Job, ...steps: string[]): string {
  return steps
    .map((name) => {
      const { status, output } = runStep(name, job);
      assert.equal(status, 0, `${name}: ${output}`);
      assert.ok(!output.includes(login.password) && !output.includes(PASSWORD), output);
      return output;
    })
    .join('');
}

/** The files of the artifact that `address` names. */
function contentOf(address: string, job: Job): string[] {
  const into = join(job.temp, 'pulled');
  mkdirSync(into);
  const env = { ...process.env, ...job.env };
  execFileSync(pathOf('flux'), ['pull', 'artifact', address, '--output', into], { env });
  return readdirSync(into, { recursive: true, encoding: 'utf8' }).sort();
}

for (const profile of profiles)
  test(`Flux applies what the workflow signed, and nothing else (${profile})`, async (t) => {
    if (theCluster().kind === 'foreign') return t.skip('its Flux does not reach a registry here');
    await follow(t, profile);
  });

async function follow(t: TestContext, profile: (typeof profiles)[number]): Promise<void> {
  const scratch = join(process.env.TMPDIR ?? '/tmp', `flux-gitops-oci-${process.pid}-${profile}`);
  const host = await startRegistry(t, join(scratch, 'registry'), true);
  const registry = `oci://${host}/OWNER`;
  const args = ['--source', 'oci', '--signature', 'key', '--registry', registry];
  const fresh = await freshEstate(t, profile, { args: [...args, '--visibility', 'private'] });
  const { estate } = fresh;
  const bench = { scratch, programs: programsIn(join(scratch, 'programs')) };
  const mine = { ...bench, key: makeKey(configPath(estate, '..', '.keys')) };
  const foreign = { ...bench, key: makeKey(join(scratch, 'foreign')) };
  const artifact = (env: string) =>
    `oci://${host}/${estate.owner}/${estate.repos[env]}/${env}:latest`;

  await apply(estate, 'dev', 'stage', 'prod');
  const say = async (env: string) => {
    const message = await reported(estate, env, 'OCIRepository');
    t.diagnostic(message);
    return message;
  };
  await say('dev');
  for (const block of secretsOf(estate))
    await runInFolder(estate, join(estate.dir, '.keys'), block);
  await reconcile(estate, 'dev', 'OCIRepository');
  await say('dev');

  const unsigned = jobOf(estate, 'flux-dev', mine);
  run(unsigned, SIGN_IN, SEND, TAG);
  await reconcile(estate, 'dev', 'OCIRepository');
  await say('dev');
  run({ ...jobOf(estate, 'flux-dev', foreign) }, SIGN_IN, SEND, SIGN, TAG);
  await reconcile(estate, 'dev', 'OCIRepository');
  await say('dev');

  run(jobOf(estate, 'flux-dev', mine), SIGN_IN, SEND, SIGN, TAG);
  await reconcile(estate, 'dev', 'OCIRepository');
  await appliedArtifact(estate, 'dev', fresh.commits['flux-dev'] ?? '');

  const both = jobOf(estate, 'flux-stage-prod', mine);
  run(both, SIGN_IN, SEND, SIGN, TAG);
  for (const env of ['stage', 'prod']) {
    await reconcile(estate, env, 'OCIRepository');
    await appliedArtifact(estate, env, fresh.commits['flux-stage-prod'] ?? '');
  }
  assert.deepEqual(contentOf(artifact('stage'), both), ['stage', 'stage/app.yaml']);
  void publish;
  void namespaceOf;
}

/** The commands of the README that give the tenants what they need, with what a reader fills in. */
function secretsOf(estate: Estate): string[] {
  const readme = readFileSync(configPath(estate, 'README.md'), 'utf8');
  return shellBlocks(readme, 'The artifacts')
    .filter((block) => block.includes('kubectl'))
    .map((block) => `TOKEN=${login.password}\n${block.replaceAll('USER', login.user)}`);
}
