/** The applications that run in the cluster tests are not called broken. */
import assert from 'node:assert/strict';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { verifyEstate } from '../../lib/verify/verify-estate.ts';
import { runHere, temporaryFolder } from '../sandbox.ts';
import { locationIn } from './estate-tree.ts';

const SHAPES = fileURLToPath(new URL('../cluster/applications/', import.meta.url));

/** Kinds that an application brings and that its tenant leaves out, as in the cluster tests. */
const LEFT_OUT: { readonly [name: string]: readonly string[] } = {
  hotel: ['PersistentVolume', 'StorageClass'],
  telemetry: ['ClusterRole', 'ClusterRoleBinding', 'Component'],
};

describe('an application that runs in the cluster tests has no error', () => {
  for (const name of readdirSync(SHAPES))
    test(name, async () => {
      const folder = temporaryFolder();
      const environments = readdirSync(join(SHAPES, name)).filter((one) => one !== 'base');
      const repo = `flux-${name}`;
      const left = (LEFT_OUT[name] ?? []).flatMap((kind) => ['--leave-out', kind]);
      const flags = environments.flatMap((one) => [
        ...['--load-balancers', `${one}=1`, '--node-ports', `${one}=2`],
      ]);
      const argv = [
        '--owner',
        'octo-org',
        '--scenario',
        `${repo}=${environments.join(',')}`,
        ...flags,
        ...left,
      ];
      assert.equal((await runHere(argv, folder)).code, 0);
      for (const one of environments) rmSync(join(folder, repo, one, 'app.yaml'));
      cpSync(join(SHAPES, name), join(folder, repo), { recursive: true });
      const { findings, checked } = await verifyEstate(locationIn(folder, ['flux-demo', repo]));
      assert.deepEqual(
        findings.filter(({ severity }) => severity === 'error'),
        [],
      );
      assert.ok(checked.objects > 35);
      // Offline, nobody knows what operators the cluster has.
      const codes = new Set(findings.map(({ code }) => code));
      assert.equal(codes.has('kind-unknown'), name === 'operators');
      assert.ok(!codes.has('policy-not-checked'));
    });
});
