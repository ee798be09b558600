/** The words of a real API server about the values of `test/verify/values.ts`, as the tenant's account and as a dry run. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ACCEPTED, FLAGS, REFUSED } from '../../verify/values.ts';
import { apply, freshEstate } from '../check.ts';
import { namespaceOf } from '../estate.ts';
import { tryKubectl } from '../kube.ts';
import { applyPolicies } from '../policies.ts';
import { until } from '../wait.ts';

describe('the API server says about values what verify says', () => {
  test('hardened', async (t) => {
    const { estate } = await freshEstate(t, 'hardened', { args: FLAGS });
    await applyPolicies(t, estate);
    await apply(estate, 'dev');
    const namespace = namespaceOf(estate, 'dev');
    const as = ['--as', `system:serviceaccount:${namespace}:${namespace}`, '-n', namespace];
    const dryRun = ['apply', '--server-side', '--dry-run=server', '--validate=false', '-f', '-'];
    const answer = (manifest: string) =>
      tryKubectl(
        estate.cluster,
        [...dryRun, ...as],
        manifest.replaceAll('fluxdemo', estate.prefix),
      );
    // Kubernetes refuses Services until it has counted those that there are.
    await until('the quota has counted Services', 60_000, async () => {
      const { code, error } = await answer(ACCEPTED_SERVICE);
      return code === 0 ? { ok: true } : { seen: error };
    });
    await t.test('what it refuses', { concurrency: 4 }, async (all) => {
      await Promise.all(
        REFUSED.map(([said, manifest]) =>
          all.test(said, async () => {
            const { code, error } = await answer(manifest);
            assert.notEqual(code, 0);
            assert.ok(error.includes(said), error);
          }),
        ),
      );
    });
    await t.test('what it accepts', { concurrency: 4 }, async (all) => {
      await Promise.all(
        ACCEPTED.map(([what, manifest]) =>
          all.test(what, async () => {
            const { code, error } = await answer(manifest);
            assert.equal(code, 0, error);
          }),
        ),
      );
    });
  });
});

const ACCEPTED_SERVICE =
  'apiVersion: v1\nkind: Service\nmetadata: { name: more }\nspec: { ports: [{ port: 80 }] }\n';
