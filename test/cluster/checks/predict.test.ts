/**
 * What `verify` says offline, against what the cluster says: each mutation of `test/verify/mutations.ts` is applied for
 * real. A run takes a fixed third of the mutations, and all of them with FLUX_GITOPS_MUTATIONS=all.
 */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import { MUTATIONS, type Mutation } from '../../verify/mutations.ts';
import { AT_ONCE, all, policiesInForce, predict } from '../prediction.ts';

/** The name decides, so that it is always the same third. */
const isChosen = ({ name, cluster }: Mutation): boolean =>
  cluster !== undefined && (all || Number.parseInt(hash('sha1', name).slice(0, 8), 16) % 3 === 0);
const chosen = MUTATIONS.filter(isChosen);

describe('verify predicts what the cluster says', () => {
  test(all ? 'for every mutation' : 'for a third of the mutations', {
    concurrency: AT_ONCE,
  }, async (t) => {
    const prefix = await policiesInForce(t);
    await Promise.all(
      chosen.map((mutation) => t.test(mutation.name, (own) => compare(own, prefix, mutation))),
    );
  });
});

async function compare(t: TestContext, prefix: string, mutation: Mutation): Promise<void> {
  const { change, cluster } = mutation;
  const place = { environment: 'dev', repo: 'flux-dev' };
  const { predicted, findings, said, why } = await predict(t, prefix, { ...place, change });
  assert.equal(said, cluster, why);
  if (predicted !== 'warned') assert.equal(predicted, said, `${JSON.stringify(findings)}\n${why}`);
}
