import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../properties.ts';
import { readTree, runHere, temporaryFolder } from '../sandbox.ts';

const one = (...values: string[]) => fc.constantFrom(...values);
const maybe = (flag: string, values: fc.Arbitrary<string>) =>
  fc.option(
    values.map((value) => `${flag}=${value}`),
    { nil: '' },
  );

/** Flags that a tenant can have of its own. */
const own = fc
  .tuple(
    maybe('--branch', one('main', 'release/1.10', 'c++')),
    maybe('--interval', one('30s', '1m', '1h5m')),
    maybe('--prefix', one('fluxdemo', 'acme', 'team-a')),
    maybe('--profile', one('hardened', 'reference')),
    maybe('--image', one('ghcr.io/octo-org/shop:2.1.0', 'nginx', 'localhost:5000/a/b:1_0')),
    maybe('--service-type', one('ClusterIP', 'LoadBalancer')),
    maybe('--replicas', one('0', '1', '3', '40')),
    maybe('--colour', one('Khaki', '#fff')),
    maybe('--content', one('no', '007', "it's: a # test", 'two\nlines')),
    maybe('--size', one('small', 'medium', 'large')),
    maybe('--load-balancers', one('0', '1', '7')),
    maybe('--node-ports', one('0', '3')),
    maybe('--leave-out', one('StorageClass', 'ClusterRole')),
    maybe('--team', one('octo-org:payments', 'yes')),
    maybe('--allow-kustomize', one('yes', 'no')),
    maybe('--no-demo', one('yes', 'no')),
  )
  .map((flags) => flags.filter(Boolean))
  // A reference tenant has no quota, so nothing but the README says its size.
  .map((flags) =>
    flags.includes('--profile=reference') ? flags.filter((one) => !SIZE.test(one)) : flags,
  );
const SIZE = /^--(size|load-balancers|node-ports)=/;

/** How Flux reads the repositories. */
const access = one(
  '',
  '--visibility=public',
  '--visibility=private',
  '--visibility=private --credentials=token',
  '--visibility=private --credentials=github-app',
  '--visibility=private --ssh-url=ssh://git@ssh.github.com:443',
  '--source=oci',
  '--source=oci --signature=key',
  '--source=oci --registry=oci://registry.example.com/a/OWNER',
  '--source=oci --visibility=private',
).map((flags) => flags.split(' ').filter(Boolean));

const shared = fc
  .tuple(
    maybe('--cluster-type', one('aws', 'openshift')),
    maybe('--allow-source', one('oci://ghcr.io/shared', 'https://charts.example.com')),
    maybe('--allow-priority-class', one('batch-low')),
    maybe('--sync-config', one('yes', 'no')),
    maybe('--ci', one('github')),
    maybe('--codeowners', one('@octo-org/platform')),
    maybe('--github-url', one('https://github.example.com')),
  )
  .map((flags) => flags.filter(Boolean));

const estates = fc.record({
  scenarios: one(
    'flux-dev=dev flux-stage-prod=stage,prod',
    'web=b2,a1,c3',
    'shop=shop-prod shop2=uat,install2 x1=zz,aa',
  ),
  overlays: fc.boolean(),
  shared,
  access,
  own,
  tenant: fc.option(fc.record({ own, owner: one('octo-org', 'other-org'), spec: fc.boolean() }), {
    nil: undefined,
  }),
});

type Estate = typeof estates extends fc.Arbitrary<infer T> ? T : never;

/** Writes `estate`; undefined if its settings do not go together. */
async function write({ scenarios, overlays, shared, access, own, tenant }: Estate) {
  const folder = temporaryFolder();
  const flags = [
    ...scenarios.split(' ').map((text) => `--scenario=${text}`),
    ...shared,
    ...access,
    ...own,
  ];
  const layout = overlays ? ['--layout=overlays'] : [];
  const name = ['--name=config', '--owner=octo-org'];
  if ((await runHere(['--yes', ...name, ...flags, ...layout], folder)).code !== 0) return undefined;
  if (tenant) {
    writeFileSync(join(folder, 'sync.yaml'), SYNC_SPEC);
    const argv = [
      'tenant',
      'qa',
      ...(tenant.spec ? ['--sync-spec=sync.yaml'] : []),
      '--yes',
      '--into=config',
      `--owner=${tenant.owner}`,
      ...tenant.own,
    ];
    await runHere(argv, folder);
  }
  return folder;
}

const SYNC_SPEC = `patches:
  - patch: |
      - op: remove
        path: /spec/replicas
    target:
      kind: Deployment
images:
  - name: nginx
    newTag: "1.27"
commonMetadata:
  labels:
    team: payments
`;

type Own = { readonly files: object };

/** The hashes of all files in the text of a record. */
function hashesIn(text = ''): unknown {
  const { files, environments } = JSON.parse(text)['generator-flux-gitops'];
  const own = Object.entries(environments as { [name: string]: Own });
  return [files, ...own.map(([name, { files: below }]) => [name, below])];
}

test('random estates that lost every record get one with which the next run changes nothing', async () => {
  let written = 0;
  await fc.assert(
    fc.asyncProperty(estates, async (estate) => {
      const folder = await write(estate);
      if (folder === undefined) return;
      written += 1;
      // Nothing to bring, before anything is lost.
      assert.equal((await runHere(['--yes', '--into=config'], folder)).code, 0);
      const before = readTree(folder);
      const records = [...before.keys()].filter((path) => path.endsWith('.yo-rc.json'));
      for (const path of records) rmSync(join(folder, path));
      const repaired = await runHere(['adopt', '--repair', '--into=config'], folder);
      assert.equal(repaired.code, 0, repaired.stderr);
      const files = (tree: ReadonlyMap<string, string>) =>
        new Map([...tree].filter(([path]) => !records.includes(path)));
      const after = readTree(folder);
      assert.deepEqual(files(after), files(before));
      // A file with the wrong settings would count as edited, with another hash.
      for (const path of records)
        assert.deepEqual(hashesIn(after.get(path)), hashesIn(before.get(path)), path);
      const again = await runHere(['--yes', '--into=config'], folder);
      assert.equal(again.code, 0, again.stderr);
      assert.deepEqual(files(readTree(folder)), files(before));
      assert.doesNotMatch(again.stderr, /stay as you edited|stay deleted|merged into/);
      rmSync(folder, { recursive: true });
    }),
    runs(300),
  );
  assert.ok(written > 10, `${written} estates`);
});
