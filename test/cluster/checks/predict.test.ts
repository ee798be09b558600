/**
 * What `verify` says offline, against what the cluster says: each mutation of `test/verify/mutations.ts` is applied for
 * real. An error means that the cluster refuses, and no finding means that it applies everything. A run takes a fixed third
 * of the mutations, and all of them with FLUX_GITOPS_MUTATIONS=all.
 */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { verifyEstate } from '../../../lib/verify/verify-estate.ts';
import { readTree } from '../../sandbox.ts';
import { locationIn } from '../../verify/estate-tree.ts';
import { MUTATIONS, type Mutation, type Tree } from '../../verify/mutations.ts';
import { clusterVariable, estatesIn, freshEstate, theCluster } from '../check.ts';
import {
  configPath,
  type Estate,
  makeEstate,
  namespaceOf,
  publish,
  uniqueName,
} from '../estate.ts';
import { get, kubectl, list, tryKubectl } from '../kube.ts';
import { applyPolicies, policiesApply } from '../policies.ts';
import { type Seen, until } from '../wait.ts';

/** How many mutations wait for Flux at the same time. */
const AT_ONCE = 8;
/** All mutations take minutes, so the default is a third of them. The name decides, so that it is always the same third. */
const all = process.env.FLUX_GITOPS_MUTATIONS === 'all';
const isChosen = ({ name, cluster }: Mutation): boolean =>
  cluster !== undefined && (all || Number.parseInt(hash('sha1', name).slice(0, 8), 16) % 3 === 0);
const chosen = MUTATIONS.filter(isChosen);

describe('verify predicts what the cluster says', () => {
  test(all ? 'for every mutation' : 'for a third of the mutations', {
    concurrency: AT_ONCE,
  }, async (t) => {
    const { estate } = await freshEstate(t, 'hardened', {
      args: ['--scenario', 'flux-dev=dev'],
      repos: { dev: 'flux-dev' },
    });
    await applyPolicies(t, estate);
    await kubectl(estate.cluster, ['apply', '-f', configPath(estate, 'dev', '1_tenant.yaml')]);
    await policiesApply(estate, namespaceOf(estate, 'dev'));
    await Promise.all(
      chosen.map((mutation, n) =>
        t.test(mutation.name, (own) => compare(own, estate.prefix, mutation, n)),
      ),
    );
  });
});

/** Its own estate below the prefix of the policies, so that they apply to it. */
async function compare(
  t: TestContext,
  prefix: string,
  mutation: Mutation,
  n: number,
): Promise<void> {
  const cluster = theCluster();
  const owner = uniqueName();
  const dir = join(estatesIn(process.env[clusterVariable] ?? ''), owner);
  const repos = { dev: 'flux-dev' };
  const estate: Estate = {
    cluster,
    profile: 'hardened',
    dir,
    owner,
    prefix: `${prefix}-m${n}`,
    repos,
  };
  mkdirSync(dir, { recursive: true });
  await makeEstate(estate, ['--scenario', 'flux-dev=dev']);
  t.after(() =>
    kubectl(cluster, [
      'delete',
      'namespace',
      '--ignore-not-found',
      '--wait=false',
      namespaceOf(estate, 'dev'),
    ]),
  );
  change(estate, mutation);
  const { findings } = await verifyEstate(locationIn(dir, ['flux-demo', 'flux-dev']));
  const errors = findings.filter(({ severity }) => severity === 'error');
  const commit = await publish(estate, 'flux-dev');
  const said = await verdict(estate, commit);
  const predicted = errors.length > 0 ? 'refused' : findings.length > 0 ? 'warned' : 'applied';
  t.diagnostic(`verify: ${predicted}; cluster: ${said.verdict}: ${said.why}`);
  assert.equal(said.verdict, mutation.cluster, said.why);
  if (predicted !== 'warned')
    assert.equal(predicted, said.verdict, `${JSON.stringify(errors)}\n${said.why}`);
}

/** Changes the files of `estate` as the mutation changes those of the case `default`. */
function change({ dir, prefix, owner, cluster }: Estate, mutation: Mutation): void {
  const own = [prefix, `${cluster.git.url}/${owner}`, `${cluster.git.push}/${owner}`] as const;
  const usual = ['fluxdemo', 'https://github.com/wolcn', 'https://github.com/wolcn'] as const;
  const isMapped = (path: string): boolean => !path.includes('/.git/') && !path.endsWith('.json');
  const before: Tree = new Map();
  for (const [path, text] of readTree(dir))
    if (isMapped(path))
      before.set(
        path,
        own.reduce((all, word, k) => all.replaceAll(word, usual[k] ?? ''), text),
      );
  const tree: Tree = new Map(before);
  mutation.change(tree);
  for (const path of before.keys()) if (!tree.has(path)) rmSync(join(dir, path));
  for (const [path, text] of tree) {
    if (before.get(path) === text) continue;
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    const back = text
      .replaceAll('fluxdemo', prefix)
      .replaceAll('https://github.com/wolcn', `${cluster.git.url}/${owner}`);
    writeFileSync(join(dir, path), back);
  }
}

type Verdict = { verdict: 'refused' | 'applied'; why: string };

/** What becomes of the environment: its Kustomization is Ready with `commit`, or something of it is refused. */
async function verdict(estate: Estate, commit: string): Promise<Verdict> {
  const { cluster } = estate;
  const namespace = namespaceOf(estate, 'dev');
  const applied = await tryKubectl(cluster, ['apply', '-f', `${configPath(estate, 'dev')}/`]);
  if (applied.code !== 0) return { verdict: 'refused', why: applied.error };
  return until('a verdict of the cluster', 240_000, async (): Promise<Seen<Verdict>> => {
    const sync = await get(cluster, 'Kustomization', namespace, 'flux-dev');
    if (sync === undefined) return { ok: { verdict: 'refused', why: 'there is no Kustomization' } };
    const ready = sync.status?.conditions?.find(({ type }) => type === 'Ready');
    const seen = `${ready?.status} ${ready?.reason}: ${ready?.message}`;
    const revision = JSON.stringify(sync.status ?? {});
    if (ready?.status === 'True' && revision.includes(commit))
      return { ok: { verdict: 'applied', why: seen } };
    const passing = /Source artifact not found|Source is not ready, artifact not found/.test(
      ready?.message ?? '',
    );
    if (ready?.status === 'False' && !passing) return { ok: { verdict: 'refused', why: seen } };
    const source = await get(cluster, 'GitRepository', namespace, 'flux-dev');
    const fetched = source?.status?.conditions?.find(({ type }) => type === 'Ready');
    if (fetched?.status === 'False')
      return { ok: { verdict: 'refused', why: fetched.message ?? '' } };
    const sets = await list(cluster, 'ReplicaSet', namespace);
    const failed = sets
      .flatMap((one) => one.status?.conditions ?? [])
      .find(({ type }) => type === 'ReplicaFailure');
    if (failed) return { ok: { verdict: 'refused', why: failed.message ?? '' } };
    return { seen };
  });
}
