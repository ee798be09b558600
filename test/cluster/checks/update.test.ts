/** Estates of earlier states of the templates, with edits of a user: updated, they go on where they were. */
import assert from 'node:assert/strict';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { EARLIER_STATES, treeFor } from '../../earlier-states.ts';
import { anyEdit, type Edit, makeEdits } from '../../edits.ts';
import { runHere, temporaryFolder, writeTree } from '../../sandbox.ts';
import { apply, emptyEstate } from '../check.ts';
import { deploymentIn } from '../demo.ts';
import { type Estate, publish } from '../estate.ts';
import { applied, reconcile } from '../expect.ts';

/** An environment of each state, and the app repo that feeds it. */
const PLACES: { readonly [state: string]: { readonly env: string; readonly repo: string } } = {
  '0.1.0': { env: 'dev', repo: 'flux-web' },
  'the first hashes': { env: 'dev', repo: 'flux-dev' },
  'the first overlays': { env: 'qa', repo: 'flux-qa' },
};

/** Edits after which the manifests are still good ones. */
const HARMLESS =
  /comment|label|paragraph|word|heading|row|cell|line of code|windows|newline|added file|program/;

/** Updates a copy of `original` with the first edits of a sample that cause no conflict. Returns its folder. */
async function updatedCopy(original: string, repos: readonly string[], seed: number) {
  const edits = fc.array(
    anyEdit.filter(({ kind }) => HARMLESS.test(kind)),
    { minLength: 4, maxLength: 8 },
  );
  for (const some of fc.sample<Edit[]>(edits, { seed, numRuns: 20 })) {
    const folder = temporaryFolder();
    cpSync(original, folder, { recursive: true });
    const made = makeEdits(folder, repos, some);
    const { code } = await runHere(['update', '--into', folder], folder);
    if (code === 0 && made.length > 3) return { folder, made };
  }
  throw new Error('all samples conflict');
}

async function push(estate: Estate): Promise<Record<string, string>> {
  const commits: Record<string, string> = {};
  for (const repo of readdirSync(estate.dir)) commits[repo] = await publish(estate, repo);
  return commits;
}

describe('an updated estate reconciles, and its app goes on', { concurrency: 3 }, () => {
  for (const [state, { env, repo }] of Object.entries(PLACES))
    for (const seed of [1, 2])
      test(`${state}, with edits of the seed ${seed}`, async (t) => {
        const estate = emptyEstate(t, 'hardened', { [env]: repo });
        const { owner, prefix, cluster, dir } = estate;
        const place = { githubUrl: cluster.git.url, owner, prefix };
        writeTree(dir, treeFor(EARLIER_STATES[state]?.() ?? [], place));
        const before = await push(estate);
        await apply(estate, env);
        await applied(estate, env, before[repo] ?? '');
        const old = await deploymentIn(estate, env);
        const { folder, made } = await updatedCopy(dir, readdirSync(dir), seed);
        t.diagnostic(made.map(({ kind, path }) => `${kind} in ${path}`).join(', '));
        for (const name of readdirSync(dir)) {
          rmSync(join(dir, name), { recursive: true });
          cpSync(join(folder, name), join(dir, name), { recursive: true });
        }
        const after = await push(estate);
        await apply(estate, env);
        await reconcile(estate, env, 'GitRepository');
        await applied(estate, env, after[repo] ?? '');
        const now = await deploymentIn(estate, env);
        assert.equal(now.metadata.uid, old.metadata.uid, 'the same Deployment');
      });
});
