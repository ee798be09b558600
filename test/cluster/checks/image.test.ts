/** Image automation: the kinds of two controllers that a platform team may add, as the policies see them. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { pathOf } from '../cache.ts';
import { apply, freshEstate, theCluster } from '../check.ts';
import { fluxGitops } from '../command.ts';
import { configPath, namespaceOf } from '../estate.ts';
import { kubectl, tryKubectl } from '../kube.ts';
import { applyPolicies, policiesApply, refusal } from '../policies.ts';
import { until } from '../wait.ts';

/** The kinds as the newest Flux has them that the operator knows. */
async function installKinds(t: TestContext): Promise<void> {
  const data = join(dirname(pathOf('flux-operator')), 'config/data/flux');
  const newest = globSync('v2.*', { cwd: data })
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
  const files = globSync(join(data, newest ?? '', 'image-*-controller.yaml'));
  const items = files.flatMap((file) =>
    parseAllDocuments(readFileSync(file, 'utf8'))
      .map((document) => document.toJS() as { kind?: string; metadata: { name: string } } | null)
      .filter((one) => one?.kind === 'CustomResourceDefinition'),
  );
  assert.equal(items.length, 3);
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await kubectl(theCluster(), ['apply', '--server-side', '-f', '-'], list);
  const names = items.map((one) => `crd/${one?.metadata.name}`);
  t.after(() => kubectl(theCluster(), ['delete', '--wait=false', ...names]));
  await kubectl(theCluster(), ['wait', '--for=condition=Established', '--timeout=60s', ...names]);
}

const of = (namespace: string, kind: string, spec: object) => ({
  ...{ apiVersion: 'image.toolkit.fluxcd.io/v1', kind },
  ...{ metadata: { name: 'shop', namespace }, spec },
});

const automation = {
  ...{ interval: '5m', sourceRef: { kind: 'GitRepository', name: 'flux-dev' } },
  git: {
    commit: { author: { email: 'flux@example.invalid' } },
    push: { branch: 'updates' },
  },
  update: { path: './dev', strategy: 'Setters' },
};

test('image automation of a tenant asks allowed registries only, and writes to its own repository (hardened)', async (t) => {
  if (theCluster().kind === 'foreign') return t.skip('the cluster may have other versions');
  await installKinds(t);
  const { estate } = await freshEstate(t, 'hardened');
  await applyPolicies(t, estate);
  await apply(estate, 'dev');
  const namespace = namespaceOf(estate, 'dev');
  await policiesApply(estate, namespace);
  const says = (kind: string, spec: object) =>
    refusal(theCluster(), namespace, of(namespace, kind, spec));
  const repository = { image: 'ghcr.io/octo-org/shop', interval: '5m' };
  await until('the policies know the kind', 30_000, async () => {
    const seen = await says('ImageRepository', repository);
    return seen.includes('oci://ghcr.io/octo-org/shop') ? { ok: true } : { seen };
  });
  assert.match(await says('ImageRepository', repository), /--allow-source URL/);

  const source = ['--allow-source', 'oci://ghcr.io/octo-org'];
  await fluxGitops(['tenant', 'dev', '--yes', ...source, '--into', configPath(estate)]);
  await apply(estate, 'dev');
  await until('the way out works', 30_000, async () => {
    const seen = await says('ImageRepository', repository);
    return seen === '' ? { ok: true } : { seen };
  });
  const refused = async (kind: string, spec: object, why: RegExp) =>
    assert.match(await says(kind, spec), why, JSON.stringify(spec));
  for (const image of ['10.0.0.1:8080/octo-org/shop', 'ghcr.io/other/shop', 'shop'])
    await refused('ImageRepository', { ...repository, image }, /may not use the address oci:\/\//);
  await refused('ImageRepository', { ...repository, provider: 'aws' }, /spec.provider must not be/);
  const proxied = { ...repository, proxySecretRef: { name: 'any' } };
  await refused('ImageRepository', proxied, /proxySecretRef/);
  await refused('ImageRepository', { ...repository, interval: '1s' }, /at least 30s/);

  const policy = { imageRepositoryRef: { name: 'shop' }, policy: { semver: { range: '1.x' } } };
  assert.equal(await says('ImagePolicy', policy), '');
  const foreign = { ...policy, imageRepositoryRef: { name: 'shop', namespace: 'flux-system' } };
  await refused('ImagePolicy', foreign, /only to its own namespace/);

  assert.equal(await says('ImageUpdateAutomation', automation), '');
  const elsewhere = { ...automation.sourceRef, namespace: 'flux-system' };
  await refused(
    'ImageUpdateAutomation',
    { ...automation, sourceRef: elsewhere },
    /only to its own namespace/,
  );
  await refused('ImageUpdateAutomation', { ...automation, interval: '1s' }, /shorter than 30s/);
  const upwards = { ...automation, update: { ...automation.update, path: '/etc' } };
  await refused('ImageUpdateAutomation', upwards, /spec.update.path must name/);
  const as = ['--as', `system:serviceaccount:${namespace}:${namespace}`, '-n', namespace];
  const may = await tryKubectl(theCluster(), [
    'auth',
    'can-i',
    'create',
    'imagerepositories',
    ...as,
  ]);
  assert.equal(may.code, 0, 'the role of a tenant covers the kinds');
});
