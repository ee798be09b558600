/** What a tenant does with charts, on the real helm-controller, with a chart repository on loopback. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { pathOf } from '../cache.ts';
import { type ChartServer, serveCharts } from '../chart-server.ts';
import { apply, freshEstate, theCluster } from '../check.ts';
import { fluxGitops } from '../command.ts';
import { appFile, configPath, type Estate, namespaceOf, publish, revert } from '../estate.ts';
import { applied, explain, reconcile, refused } from '../expect.ts';
import { get, type Kubernetes, kubectl, list } from '../kube.ts';
import { applyPolicies, applyTeamRoles, policiesApply, refusal } from '../policies.ts';
import { explained } from '../readme.ts';
import { until } from '../wait.ts';

const repo = 'flux-shop';
const envs = ['dev', 'prod'];
const versions = ['1.0.0', '1.1.0', '1.2.0'];

const repository = (url: string) => `
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: { name: charts }
spec: { interval: 5m, url: '${url}' }
`;

const release = (version: string) => `
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: shop }
spec:
  interval: 10m
  timeout: 20s
  chart:
    spec: { chart: shop, version: ${version}, sourceRef: { kind: HelmRepository, name: charts } }
  install: { remediation: { retries: 3 } }
  upgrade: { remediation: { retries: 0, remediateLastFailure: true } }
  values: { colour: grey }
`;

/** Values in the manifest, patched for this environment. The sync adds the service account. */
const development = (more = '') => `
resources: [../base, outlet.yaml]
patches:
  - target: { kind: HelmRelease, name: shop }
    patch: |
      apiVersion: helm.toolkit.fluxcd.io/v2
      kind: HelmRelease
      metadata: { name: shop }
      spec:
        values: { colour: green }
${more}`;

const placed = `  - target: { kind: HelmRelease, name: shop }
    patch: |
      - { op: replace, path: /spec/chart/spec/version, value: 1.2.0 }
      - { op: add, path: /spec/values/nodeSelector, value: { disk: none } }
`;

/** Values in a ConfigMap of this environment. */
const production = (namespace: string) => `
resources: [../base]
configMapGenerator:
  - name: shop-values
    files: [values.yaml]
    options: { disableNameSuffixHash: true, labels: { reconcile.fluxcd.io/watch: Enabled } }
patches:
  - target: { kind: HelmRelease, name: shop }
    patch: |
      - { op: add, path: /spec/serviceAccountName, value: ${namespace} }
      - { op: add, path: /spec/valuesFrom, value: [{ kind: ConfigMap, name: shop-values }] }
      - { op: remove, path: /spec/values }
`;

/** The same chart from a registry. */
const outlet = (url: string, namespace: string) => `
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: { name: outlet }
spec:
  interval: 5m
  insecure: true
  url: ${url}/shop
  layerSelector:
    mediaType: application/vnd.cncf.helm.chart.content.v1.tar+gzip
    operation: copy
  ref: { semver: 1.0.x }
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: outlet }
spec:
  interval: 10m
  chartRef: { kind: OCIRepository, name: outlet }
  serviceAccountName: ${namespace}
  values: { colour: red }
`;

/** What a release has made: image, colour and replicas of its Deployment. */
async function made(estate: Estate, env: string, name: string): Promise<string | undefined> {
  const found = await get(estate.cluster, 'Deployment', namespaceOf(estate, env), name);
  if (!found) return undefined;
  const read = (path: string) =>
    kubectl(estate.cluster, [
      ...['-n', namespaceOf(estate, env), 'get', `deployment/${name}`],
      ...['-o', `jsonpath={${path}}`],
    ]);
  const container = '.spec.template.spec.containers[0]';
  const parts = [`${container}.image`, `${container}.env[0].value`, '.status.readyReplicas'];
  return (await Promise.all(parts.map(read))).join(' ');
}

const people = 'octo-org:shop';

/** The version that Helm gave to the last release. */
const versionOf = (found: Kubernetes | undefined): number =>
  (found?.status as { history?: { version: number }[] } | undefined)?.history?.[0]?.version ?? 0;

/** `flux reconcile helmrelease shop` by a person of the team. */
async function fluxAs({ cluster }: Estate, namespace: string, ...flags: string[]) {
  const as = ['--as', 'mona', '--as-group', people, '--kubeconfig', cluster.kubeconfig];
  const what = ['reconcile', 'helmrelease', 'shop', '-n', namespace, '--timeout', '30s'];
  return promisify(execFile)(pathOf('flux'), [...as, ...what, ...flags]).then(
    ({ stdout }) => ({ code: 0, text: stdout }),
    (error: { code: number; stderr: string }) => ({ code: error.code, text: error.stderr }),
  );
}

async function chartsFor(t: TestContext, estate: Estate): Promise<ChartServer> {
  const folder = resolve(import.meta.dirname, '../charts/shop');
  const scratch = join(estate.dir, '..', `${estate.prefix}-charts`);
  const charts = await serveCharts(folder, 'shop', versions, scratch);
  t.after(() => charts.close());
  return charts;
}

test('a tenant installs, upgrades and uninstalls a chart, and a failed upgrade is rolled back (hardened)', async (t) => {
  if (theCluster().kind === 'foreign') return t.skip('Flux there cannot reach the charts here');
  const args = ['--scenario', `${repo}=${envs.join(',')}`, '--scenario', 'flux-other=other'];
  const repos = { dev: repo, prod: repo, other: 'flux-other' };
  const { estate } = await freshEstate(t, 'hardened', { args, repos });
  const charts = await chartsFor(t, estate);
  const sources = ['--allow-source', charts.http, '--allow-source', charts.oci, '--team', people];
  await fluxGitops(['tenant', ...envs, '--yes', ...sources, '--into', configPath(estate)]);
  await applyPolicies(t, estate);
  const [dev, prod] = [namespaceOf(estate, 'dev'), namespaceOf(estate, 'prod')];
  const write = (path: string, text: string) => {
    const file = join(estate.dir, repo, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  const arrives = async (commit: string, ...where: string[]) => {
    for (const env of where) await reconcile(estate, env, 'GitRepository');
    for (const env of where) await applied(estate, env, commit, 90_000);
  };

  for (const env of envs) rmSync(appFile(estate, env));
  write('base/kustomization.yaml', 'resources: [repository.yaml, release.yaml]\n');
  write('base/repository.yaml', repository(charts.http));
  write('base/release.yaml', release('1.0.0'));
  write('dev/kustomization.yaml', development());
  write('dev/outlet.yaml', outlet(charts.oci, dev));
  write('prod/kustomization.yaml', production(prod));
  write('prod/values.yaml', 'colour: blue\nreplicaCount: 3\n');
  const first = await publish(estate, repo);
  await apply(estate, ...envs, 'other');
  await arrives(first, ...envs);
  assert.equal(await made(estate, 'dev', 'shop'), 'example.invalid/shop:1.0.0 green 1');
  assert.equal(await made(estate, 'dev', 'outlet'), 'example.invalid/shop:1.0.0 red 1');
  assert.equal(await made(estate, 'prod', 'shop'), 'example.invalid/shop:1.0.0 blue 3');
  const other = namespaceOf(estate, 'other');
  await policiesApply(estate, other);
  const theirs = {
    ...{ apiVersion: 'source.toolkit.fluxcd.io/v1', kind: 'HelmRepository' },
    ...{ metadata: { name: 'charts', namespace: other }, spec: { url: charts.http } },
  };
  assert.match(await refusal(estate.cluster, other, theirs), /may not use the address/);

  await t.test('a person of the team forces a release with the flux command', async () => {
    await applyTeamRoles(t, estate);
    const before = await get(estate.cluster, 'HelmRelease', dev, 'shop');
    const version = versionOf(before);
    assert.ok(version > 0, JSON.stringify(before?.status));
    await until('the person may force it', 60_000, async () => {
      const { code, text } = await fluxAs(estate, dev, '--force', '--reset');
      return code === 0 ? { ok: true } : { seen: text };
    });
    const found = await get(estate.cluster, 'HelmRelease', dev, 'shop');
    const status = found?.status as { lastHandledForceAt?: string; lastHandledResetAt?: string };
    assert.ok(status.lastHandledForceAt, JSON.stringify(status));
    assert.ok(status.lastHandledResetAt, JSON.stringify(status));
    assert.equal(versionOf(found), version + 1);
  });

  await t.test('upgrade, with other values for one environment', async () => {
    write('base/release.yaml', release('1.1.0'));
    write('prod/values.yaml', 'colour: navy\nreplicaCount: 2\n');
    await arrives(await publish(estate, repo), ...envs);
    assert.equal(await made(estate, 'dev', 'shop'), 'example.invalid/shop:1.1.0 green 1');
    assert.equal(await made(estate, 'prod', 'shop'), 'example.invalid/shop:1.1.0 navy 2');
  });

  await t.test(
    'an upgrade that never becomes ready is rolled back, and the next one works',
    async () => {
      write('dev/kustomization.yaml', development(placed));
      const broken = await publish(estate, repo);
      await reconcile(estate, 'dev', 'GitRepository');
      const said = await refused(estate, 'dev', broken, 120_000);
      explained(estate, 'Kustomization', said);
      const found = await get(estate.cluster, 'HelmRelease', dev, 'shop');
      const remediated = found?.status?.conditions?.find(({ type }) => type === 'Remediated');
      assert.equal(remediated?.reason, 'RollbackSucceeded', JSON.stringify(found?.status));
      await until(
        'the version before is back',
        30_000,
        async () => {
          const seen = await made(estate, 'dev', 'shop');
          return seen === 'example.invalid/shop:1.1.0 green 1' ? { ok: true } : { seen: `${seen}` };
        },
        () => explain(estate, 'dev'),
      );
      await arrives(await revert(estate, repo), 'dev');
      assert.equal(await made(estate, 'dev', 'shop'), 'example.invalid/shop:1.1.0 green 1');
    },
  );

  await t.test('without its manifest the release is uninstalled', async () => {
    write('dev/kustomization.yaml', 'resources: [outlet.yaml]\n');
    await arrives(await publish(estate, repo), 'dev');
    await until('nothing of the release is left', 60_000, async () => {
      const secrets = await list(estate.cluster, 'Secret', dev);
      const left = secrets.filter(({ metadata }) => metadata.labels?.name === 'shop');
      const found = await get(estate.cluster, 'Deployment', dev, 'shop');
      const seen = `${found?.metadata.name}, ${left.length} Secrets of Helm`;
      return seen === 'undefined, 0 Secrets of Helm' ? { ok: true } : { seen };
    });
    assert.equal(await made(estate, 'dev', 'outlet'), 'example.invalid/shop:1.0.0 red 1');
  });
});
