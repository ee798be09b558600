/**
 * What `verify` says offline about a changed estate, and what the cluster says when it is applied for real. An error means
 * that the cluster refuses, and no finding means that it applies everything.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Result } from '../../lib/verify/results.ts';
import { verifyEstate } from '../../lib/verify/verify-estate.ts';
import { readTree } from '../sandbox.ts';
import { locationIn } from '../verify/estate-tree.ts';
import type { Tree } from '../verify/mutations.ts';
import { clusterVariable, estatesIn, freshEstate, theCluster } from './check.ts';
import { configPath, type Estate, makeEstate, namespaceOf, publish, uniqueName } from './estate.ts';
import { get, kubectl, list, tryKubectl } from './kube.ts';
import { applyPolicies, policiesApply } from './policies.ts';
import { type Seen, until } from './wait.ts';

/** How many estates wait for Flux at the same time. */
export const AT_ONCE = 8;
/** All estates take minutes, so the default is a part of them. */
export const all = process.env.FLUX_GITOPS_MUTATIONS === 'all';

/** A change of the files of one environment, which start with the repository as in the case `default`. */
export type Changed = {
  readonly environment: string;
  readonly repo: string;
  readonly change: (tree: Tree) => void;
};

export type Prediction = {
  /** `warned`: `verify` has warnings only. */
  readonly predicted: 'refused' | 'warned' | 'applied';
  readonly findings: readonly Result[];
  readonly said: 'refused' | 'applied';
  /** The words of the cluster. */
  readonly why: string;
};

/** The prefix of an estate whose policies are in force, for everything below it. */
export async function policiesInForce(t: TestContext): Promise<string> {
  const { estate } = await freshEstate(t, 'hardened', {
    args: ['--scenario', 'flux-dev=dev'],
    repos: { dev: 'flux-dev' },
  });
  await applyPolicies(t, estate);
  await kubectl(estate.cluster, ['apply', '-f', configPath(estate, 'dev', '1_tenant.yaml')]);
  await policiesApply(estate, namespaceOf(estate, 'dev'));
  return estate.prefix;
}

/** Verifies and applies an estate of its own, changed by `changed`, below the prefix of the policies. */
export async function predict(
  t: TestContext,
  prefix: string,
  changed: Changed,
): Promise<Prediction> {
  const cluster = theCluster();
  const { environment, repo } = changed;
  const owner = uniqueName();
  const dir = join(estatesIn(process.env[clusterVariable] ?? ''), owner);
  const estate: Estate = {
    ...{ cluster, profile: 'hardened', dir, owner },
    prefix: `${prefix}-${owner}`,
    repos: { [environment]: repo },
  };
  mkdirSync(dir, { recursive: true });
  const names = repo === 'flux-dev' ? 'dev' : 'stage,prod';
  await makeEstate(estate, ['--scenario', `${repo}=${names}`]);
  const namespace = namespaceOf(estate, environment);
  t.after(() =>
    kubectl(cluster, ['delete', 'namespace', '--ignore-not-found', '--wait=false', namespace]),
  );
  change(estate, changed);
  const { findings } = await verifyEstate(locationIn(dir, ['flux-demo', repo]));
  const commit = await publish(estate, repo);
  const verdict = await verdictOf(estate, changed, commit);
  const isError = findings.some(({ severity }) => severity === 'error');
  const predicted = isError ? 'refused' : findings.length > 0 ? 'warned' : 'applied';
  t.diagnostic(`verify: ${predicted}; cluster: ${verdict.said}: ${verdict.why}`);
  return { predicted, findings, ...verdict };
}

/** Changes the files of `estate` as `changed` changes those of the case `default`. */
function change({ dir, prefix, owner, cluster }: Estate, changed: Changed): void {
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
  changed.change(tree);
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

type Verdict = Pick<Prediction, 'said' | 'why'>;

/** What becomes of the environment: its Kustomization is Ready with `commit`, or something of it is refused. */
async function verdictOf(
  estate: Estate,
  { environment, repo }: Changed,
  commit: string,
): Promise<Verdict> {
  const { cluster } = estate;
  const namespace = namespaceOf(estate, environment);
  const applied = await tryKubectl(cluster, ['apply', '-f', `${configPath(estate, environment)}/`]);
  if (applied.code !== 0) return { said: 'refused', why: applied.error };
  return until('a verdict of the cluster', 240_000, async (): Promise<Seen<Verdict>> => {
    const sync = await get(cluster, 'Kustomization', namespace, repo);
    if (sync === undefined) return { ok: { said: 'refused', why: 'there is no Kustomization' } };
    const ready = sync.status?.conditions?.find(({ type }) => type === 'Ready');
    const seen = `${ready?.status} ${ready?.reason}: ${ready?.message}`;
    const revision = JSON.stringify(sync.status ?? {});
    if (ready?.status === 'True' && revision.includes(commit))
      return { ok: { said: 'applied', why: seen } };
    const passing = /Source artifact not found|Source is not ready, artifact not found/.test(
      ready?.message ?? '',
    );
    if (ready?.status === 'False' && !passing) return { ok: { said: 'refused', why: seen } };
    const source = await get(cluster, 'GitRepository', namespace, repo);
    const fetched = source?.status?.conditions?.find(({ type }) => type === 'Ready');
    if (fetched?.status === 'False') return { ok: { said: 'refused', why: fetched.message ?? '' } };
    const sets = await list(cluster, 'ReplicaSet', namespace);
    const failed = sets
      .flatMap((one) => one.status?.conditions ?? [])
      .find(({ type }) => type === 'ReplicaFailure');
    if (failed) return { ok: { said: 'refused', why: failed.message ?? '' } };
    return { seen };
  });
}
