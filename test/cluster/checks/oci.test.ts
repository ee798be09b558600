/** Artifacts that the workflow of an app repo pushes and signs, with a real registry, the real flux and the real cosign. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Job } from '../../workflow.ts';
import { pathOf } from '../cache.ts';
import { apply, type Fresh, freshEstate, theCluster } from '../check.ts';
import { running } from '../demo.ts';
import {
  appFile,
  configPath,
  type Estate,
  edit,
  namespaceOf,
  profiles,
  publish,
} from '../estate.ts';
import { appliedArtifact, reconcile, reported } from '../expect.ts';
import { kubectl, tryKubectl } from '../kube.ts';
import { applyPolicies, policiesApply, refusal } from '../policies.ts';
import {
  type Bench,
  benchIn,
  jobOf,
  run,
  SEND,
  SIGN,
  SIGN_IN,
  STEPS,
  TAG,
} from '../push-workflow.ts';
import { answered, explained, runInFolder, shellBlocks } from '../readme.ts';
import { login, startRegistry } from '../registry.ts';

/** The files of the artifact that `address` names. */
function contentOf(address: string, job: Job): string[] {
  const into = join(job.temp, 'pulled');
  mkdirSync(into);
  const env = { ...process.env, ...job.env };
  execFileSync(pathOf('flux'), ['pull', 'artifact', address, '--output', into], {
    env,
    stdio: 'ignore',
  });
  return readdirSync(into, { recursive: true, encoding: 'utf8' }).sort();
}

for (const profile of profiles)
  test(`Flux applies what the workflow signed, and nothing else (${profile})`, async (t) => {
    if (theCluster().kind === 'foreign') return t.skip('its Flux does not reach a registry here');
    await follow(t, profile);
  });

async function follow(t: TestContext, profile: (typeof profiles)[number]): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'flux-gitops-oci-'));
  t.after(() => rmSync(scratch, { recursive: true, force: true }));
  const host = await startRegistry(t, join(scratch, 'registry'), true);
  const registry = `oci://${host}/OWNER`;
  const args = ['--source', 'oci', '--signature', 'key', '--registry', registry];
  const fresh = await freshEstate(t, profile, { args: [...args, '--visibility', 'private'] });
  const { estate } = fresh;
  const keys = join(estate.dir, '.keys');
  const mine = benchIn(scratch, keys);
  const foreign = benchIn(scratch, join(scratch, 'foreign'));
  const artifact = (env: string) =>
    `oci://${host}/${estate.owner}/${estate.repos[env]}/${env}:latest`;

  const dev = new Watched(t, estate, 'dev');
  await apply(estate, 'dev', 'stage', 'prod');
  await dev.says(/registry-flux-dev" not found/);
  const pulls = blockOf(estate, 'give_pull_secret');
  const typed = (token: string) => Object.keys(estate.repos).flatMap(() => [login.user, token]);
  await runInFolder(estate, keys, answered(pulls, typed('wrong')));
  await dev.says(/UNAUTHORIZED/);
  await runInFolder(estate, keys, answered(pulls, typed(login.password)));
  await dev.says(/unknown tag=latest/);

  const unsigned = jobOf(estate, 'flux-dev', mine);
  run(unsigned, SIGN_IN, SEND, TAG);
  await dev.says(/cosign-flux-dev" not found/);
  await runInFolder(estate, keys, blockOf(estate, 'from-file cosign.pub'));
  await dev.says(/no matching signatures/);
  run(jobOf(estate, 'flux-dev', foreign), SIGN_IN, SEND, SIGN, TAG);
  await dev.says(/no matching signatures/);
  assert.ok(isSigned(artifact('dev'), join(scratch, 'foreign'), unsigned), 'by the other key');
  assert.ok(!isSigned(artifact('dev'), keys, unsigned), 'and not by this one');

  run(jobOf(estate, 'flux-dev', mine), ...STEPS);
  await reconcile(estate, 'dev', 'OCIRepository');
  await appliedArtifact(estate, 'dev', fresh.commits['flux-dev'] ?? '');
  await bothEnvironments(fresh, mine, artifact);

  // Somebody who may write to the registry, and has no key.
  writeFileSync(appFile(estate, 'dev'), 'kind: Tampered\n');
  const tampered = jobOf(estate, 'flux-dev', mine);
  await publish(estate, 'flux-dev');
  run(tampered, SIGN_IN, SEND, TAG);
  await dev.says(/no matching signatures/);
  await running(estate, 'dev');
  if (profile === 'hardened') await keptByPolicies(t, estate, registry);
}

test('without a key, Flux accepts the workflow on its branch and nobody else', async (t) => {
  if (theCluster().kind === 'foreign') return t.skip('its Flux does not reach a registry here');
  const scratch = mkdtempSync(join(tmpdir(), 'flux-gitops-oci-'));
  t.after(() => rmSync(scratch, { recursive: true, force: true }));
  const host = await startRegistry(t, join(scratch, 'registry'));
  const args = ['--source', 'oci', '--registry', `oci://${host}/OWNER`];
  const { estate, commits } = await freshEstate(t, 'hardened', { args });
  const job = jobOf(estate, 'flux-dev', benchIn(scratch, join(estate.dir, '.keys')));
  run(job, SIGN_IN, SEND);
  run(job, TAG);
  const dev = new Watched(t, estate, 'dev');
  // Sigstore's servers are not there. Everything else is as the command wrote it.
  edit(configPath(estate, 'dev', '2_sync.yaml'), 'OCIRepository', (document) =>
    document.setIn(['spec', 'verify', 'trustedRootSecretRef'], { name: 'sigstore' }),
  );
  const at = `${estate.cluster.git.push}/${estate.owner}`;
  const workflow = '.github/workflows/push.yaml@refs/heads/main';
  const trust = async (...subjects: string[]): Promise<void> => {
    const root = join(scratch, 'trusted_root.json');
    const pushed = readFileSync(join(job.temp, 'pushed'), 'utf8').trim();
    const pairs = subjects.flatMap((subject) => [subject, pushed]);
    execFileSync(pathOf('keyless'), [root, ...pairs], { env: { ...process.env, ...job.env } });
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'sigstore' } };
    const data = { 'trusted_root.json': readFileSync(root).toString('base64') };
    const where = ['-n', namespaceOf(estate, 'dev'), 'apply', '-f', '-'];
    await kubectl(estate.cluster, where, JSON.stringify({ ...secret, data }));
  };
  await apply(estate, 'dev');
  await trust(
    `${at}/flux-dev/.github/workflows/other.yaml@refs/heads/main`,
    `${at}/flux-dev/.github/workflows/push.yaml@refs/heads/other`,
    `${at}/flux-dev/.github/workflows/push.yaml@refs/heads/MAIN`,
    `${at}/flux-dev-too/${workflow}`,
    `${at}-too/flux-dev/${workflow}`,
  );
  await dev.says(/no matching CertificateIdentity found/);
  await trust(`${estate.cluster.git.push}/${`${estate.owner}/flux-dev`.toUpperCase()}/${workflow}`);
  await reconcile(estate, 'dev', 'OCIRepository');
  await appliedArtifact(estate, 'dev', commits['flux-dev'] ?? '');
  // As the command wrote it, Flux asks the servers on the internet, which these tests do not reach.
});

/** One app repo feeds two environments, each by an artifact with its own folder. */
async function bothEnvironments(
  { estate }: Fresh,
  bench: Bench,
  artifact: (env: string) => string,
): Promise<void> {
  const file = join(estate.dir, 'flux-stage-prod/stage/kustomization.yaml');
  if (estate.profile === 'hardened') writeFileSync(file, 'resources: [missing.yaml]\n');
  const commit = await publish(estate, 'flux-stage-prod');
  const job = jobOf(estate, 'flux-stage-prod', bench);
  run(job, ...STEPS);
  const again = readFileSync(join(job.temp, 'pushed'), 'utf8');
  for (const env of ['stage', 'prod']) {
    await reconcile(estate, env, 'OCIRepository');
    await appliedArtifact(estate, env, commit);
    await running(estate, env);
  }
  assert.deepEqual(contentOf(artifact('prod'), job), ['prod', 'prod/app.yaml']);
  const repeated = jobOf(estate, 'flux-stage-prod', bench);
  run(repeated, ...STEPS);
  assert.equal(readFileSync(join(repeated.temp, 'pushed'), 'utf8'), again, 'the same artifacts');
}

/** What a tenant may make of the registry, and of the platform's source. */
async function keptByPolicies(t: TestContext, estate: Estate, registry: string): Promise<void> {
  const namespace = namespaceOf(estate, 'dev');
  await applyPolicies(t, estate);
  await policiesApply(estate, namespace);
  const own = registry.replace('OWNER', estate.owner);
  const says = (url: string, more: object = {}) =>
    refusal(estate.cluster, namespace, {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'OCIRepository',
      metadata: { name: 'mine', namespace },
      spec: { interval: '1m', url, ...more },
    });
  assert.equal(await says(`${own}/charts/shop`), '');
  assert.equal(await says(`${own}/charts/shop`, { insecure: true }), '', 'on loopback');
  for (const url of [`${own}-too/shop`, registry.replace('OWNER', 'other'), `${own}/../other/shop`])
    assert.match(await says(url), /may not use the address/, url);
  const as = ['--as', `system:serviceaccount:${namespace}:${namespace}`];
  const patch = async (object: string, change: object) => {
    const how = ['--type=merge', '--dry-run=server', '-p', JSON.stringify(change)];
    const all = ['-n', namespace, ...as, 'patch', object, ...how];
    return (await tryKubectl(estate.cluster, all)).error;
  };
  assert.match(await patch('ocirepository/flux-dev', { spec: { verify: null } }), OF_THE_PLATFORM);
  const other = { data: { 'cosign.pub': 'bWluZQ==' } };
  assert.match(await patch('secret/cosign-flux-dev', other), OF_THE_PLATFORM);
}

const OF_THE_PLATFORM = /belongs to the platform team/;

/** The OCIRepository of an environment, whose messages the README explains. */
class Watched {
  readonly #t: TestContext;
  readonly #estate: Estate;
  readonly #env: string;

  constructor(t: TestContext, estate: Estate, env: string) {
    this.#t = t;
    this.#estate = estate;
    this.#env = env;
  }

  /** Has Flux look, and waits until the OCIRepository is not Ready and says what is `expected`. */
  async says(expected: RegExp): Promise<void> {
    await reconcile(this.#estate, this.#env, 'OCIRepository');
    const message = await reported(this.#estate, this.#env, 'OCIRepository');
    assert.match(message, expected);
    explained(this.#estate, 'OCIRepository', message);
    this.#t.diagnostic(message);
  }
}

/** Whether the key in `folder` has signed the artifact at `address`. */
function isSigned(address: string, folder: string, job: Job): boolean {
  const args = ['verify', '--key', join(folder, 'cosign.pub'), '--insecure-ignore-tlog=true'];
  const env = { ...process.env, ...job.env };
  const options = { env, encoding: 'utf8' } as const;
  return (
    spawnSync(pathOf('cosign'), [...args, address.replace('oci://', '')], options).status === 0
  );
}

/** The commands of the README that have `words` in them. */
function blockOf(estate: Estate, words: string): string {
  const readme = readFileSync(configPath(estate, 'README.md'), 'utf8');
  const blocks = shellBlocks(readme, '2. Apply the environments');
  return blocks.find((one) => one.includes(words)) ?? '';
}
