import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { apply, check, commitOf } from '../check.ts';
import { fluxGitops } from '../command.ts';
import { appIn, deploymentIn, running } from '../demo.ts';
import { configPath, type Estate, pointAtCluster, publish, readManifests } from '../estate.ts';
import { applied, reconcile } from '../expect.ts';
import { kubectl } from '../kube.ts';

const ENVIRONMENTS = ['dev', 'stage', 'prod'];
/** Texts that YAML could take for something else. */
const TEXTS = ['dev=a: "b" # c', 'stage=007', 'prod=- | > \\ %\t🚀\n\u2028é'];
const LOOKS = [
  ...TEXTS.flatMap((text) => ['--content', text]),
  ...['--replicas', 'stage=3', '--service-type', 'LoadBalancer', '--colour', 'prod=#12e456'],
];

type Object = { kind: string };
const byKind = (objects: readonly Object[]): Object[] =>
  [...objects].sort((one, other) => (one.kind < other.kind ? -1 : 1));

/** What kustomize, as it is built into kubectl, makes of a folder. */
async function built(estate: Estate, folder: string): Promise<Object[]> {
  const text = await kubectl(estate.cluster, ['kustomize', folder]);
  return byKind(parseAllDocuments(text).map((one) => one.toJS() as Object));
}

check(
  'overlays are the same objects as plain folders, and Flux applies each of them alone',
  async (fresh, t) => {
    const { estate } = fresh;
    const plain = mkdtempSync(join(tmpdir(), 'flux-gitops-plain-'));
    t.after(() => rmSync(plain, { recursive: true, force: true }));
    const identity = ['--owner', estate.owner, '--prefix', estate.prefix];
    await fluxGitops(['--into', plain, ...identity, '--profile', estate.profile, ...LOOKS]);
    for (const env of ENVIRONMENTS) {
      const repo = estate.repos[env] ?? '';
      const wanted = readManifests(join(plain, repo, env, 'app.yaml')) as Object[];
      const overlay = join(estate.dir, repo, 'overlays', env);
      assert.deepEqual(await built(estate, overlay), byKind(wanted), env);
    }
    await apply(estate, ...ENVIRONMENTS);
    for (const env of ENVIRONMENTS) await applied(estate, env, commitOf(fresh, env));
    for (const env of ENVIRONMENTS) await running(estate, env);
    for (const text of TEXTS) {
      const [env = '', content = ''] = text.split('=');
      assert.equal((await appIn(estate, env)).content, content);
    }
    const before = await deploymentIn(estate, 'prod');
    estate.repos.qa = 'flux-stage-prod';
    const into = ['--into', configPath(estate)];
    await fluxGitops(['tenant', 'qa', ...into, '--repo', 'flux-stage-prod', '--replicas', '2']);
    pointAtCluster(estate, configPath(estate, 'qa'));
    const commit = await publish(estate, 'flux-stage-prod');
    await apply(estate, 'qa');
    for (const env of ['prod', 'qa']) {
      await reconcile(estate, env, 'GitRepository');
      await applied(estate, env, commit);
    }
    assert.equal((await appIn(estate, 'qa')).replicas, 2);
    const after = await deploymentIn(estate, 'prod');
    assert.equal(after.metadata.generation, before.metadata.generation);
  },
  { args: ['--layout', 'overlays', ...LOOKS] },
);

check(
  'overlays without the demo app are Ready',
  async (fresh) => {
    const { estate } = fresh;
    await apply(estate, 'dev');
    await applied(estate, 'dev', commitOf(fresh, 'dev'));
  },
  { args: ['--layout', 'overlays', '--no-demo'] },
);
