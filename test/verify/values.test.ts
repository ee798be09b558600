import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { goldenTree } from '../golden.ts';
import { onDisk } from './estate-tree.ts';
import { ACCEPTED, REFUSED } from './values.ts';

const clean = goldenTree('default');
const verifyTree = onDisk(clean);

/** The messages of the errors about `manifest` in the app of dev. */
async function errorsOf(manifest: string): Promise<string[]> {
  const { findings } = await verifyTree(new Map(clean).set('flux-dev/dev/more.yaml', manifest));
  // The tenant here has no load balancers and node ports.
  return findings.flatMap(({ code, severity, message }) =>
    severity === 'error' && code !== 'service-quota-exceeded' ? message : [],
  );
}

describe('verify refuses a value in the words of the API server', () => {
  for (const [said, manifest] of REFUSED)
    test(said, async () => {
      const errors = await errorsOf(manifest);
      assert.ok(
        errors.some((message) => message.includes(said)),
        JSON.stringify(errors),
      );
    });
});

describe('verify accepts an odd value that the API server accepts', () => {
  for (const [what, manifest] of ACCEPTED)
    test(what, async () => assert.deepEqual(await errorsOf(manifest), []));
});
