/**
 * The same for changes at places and with values that a seed chooses, so that nobody knows the verdict before. A run takes
 * a few; with FLUX_GITOPS_MUTATIONS=all it takes hundreds. FLUX_GITOPS_SEED chooses other ones, and
 * FLUX_GITOPS_PREDICTIONS names a file that gets the results, which `npm run predict` writes into docs/verify.md.
 */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { type Seeded, seeded } from '../../verify/seeded.ts';
import { AT_ONCE, all, type Prediction, policiesInForce, predict } from '../prediction.ts';

const seed = process.env.FLUX_GITOPS_SEED ?? 'cluster';
const everyFifth = ({ name }: Seeded): boolean =>
  Number.parseInt(hash('sha1', name).slice(0, 8), 16) % 5 === 0;
const perKind = Number(process.env.FLUX_GITOPS_PER_KIND ?? 5);
const chosen = all ? seeded(seed, perKind) : seeded(seed, 1).filter(everyFifth);

describe('verify predicts what the cluster says', () => {
  test(`at ${chosen.length} places that the seed "${seed}" chooses`, {
    concurrency: AT_ONCE,
  }, async (t) => {
    const prefix = await policiesInForce(t);
    const results: (Prediction & { readonly kind: string; readonly name: string })[] = [];
    await Promise.all(
      chosen.map(({ kind, name, place, change }) =>
        t.test(name, async (own) => {
          results.push({ kind, name, ...(await predict(own, prefix, { ...place, change })) });
        }),
      ),
    );
    const file = process.env.FLUX_GITOPS_PREDICTIONS;
    if (file !== undefined) writeFileSync(file, JSON.stringify({ seed, results }, null, 2));
    assert.equal(results.length, chosen.length);
    const wrong = results.filter(
      ({ predicted, said }) => (predicted === 'refused') !== (said === 'refused'),
    );
    const told = wrong.map(({ name, predicted, said, why, findings }) =>
      [
        `${name}`,
        `verify: ${predicted} ${findings.map(({ code }) => code)}`,
        `cluster: ${said}: ${why}`,
      ].join('\n  '),
    );
    for (const text of told) t.diagnostic(text);
    assert.ok(
      !wrong.some(({ predicted }) => predicted === 'applied'),
      `clean, and refused:\n${told.join('\n')}`,
    );
    assert.ok(wrong.length <= results.length * 0.02, told.join('\n'));
  });
});
