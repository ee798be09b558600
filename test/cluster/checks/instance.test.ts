import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fluxVersion } from '../binaries.ts';
import { theCluster } from '../check.ts';
import { get } from '../kube.ts';
import { until } from '../wait.ts';

type Scraping = { ingress: { from: object[] }[] };
type Container = { args: string[]; env?: { name: string; value?: string }[] };
type Template = { template: { spec: { containers: Container[] } } };

test('the FluxInstance is Ready and its controllers are locked down for tenants', async () => {
  const cluster = theCluster();
  const revision = await until('the FluxInstance is Ready', 120_000, async () => {
    const found = await get(cluster, 'FluxInstance', 'flux-system', 'flux');
    const ready = found?.status?.conditions?.find((one) => one.type === 'Ready');
    const applied = String(found?.status?.lastAppliedRevision);
    return ready?.status === 'True' ? { ok: applied } : { seen: JSON.stringify(found?.status) };
  });
  if (cluster.kind !== 'foreign') assert.ok(revision.startsWith(`v${fluxVersion.slice(0, -1)}`));
  const found = await get(cluster, 'Deployment', 'flux-system', 'kustomize-controller');
  const container = (found?.spec as Template | undefined)?.template.spec.containers[0];
  const { args = [], env = [] } = container ?? {};
  const lockdown = ['--no-cross-namespace-refs=true', '--no-remote-bases=true'];
  const metrics = '--metrics-addr=[$(POD_IP)]:8080';
  for (const wanted of [...lockdown, '--default-service-account=default', metrics]) {
    assert.ok(args.includes(wanted), `kustomize-controller runs without ${wanted}: ${args}`);
  }
  const variable = (name: string) => env.find((one) => one.name === name)?.value;
  assert.equal(variable('GIT_ALLOW_PROTOCOL'), 'none', 'git may fetch');
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY'])
    assert.equal(variable(name), 'http://127.0.0.1:1', name);
  const scraping = await get(cluster, 'NetworkPolicy', 'flux-system', 'allow-scraping');
  assert.deepEqual((scraping?.spec as Scraping | undefined)?.ingress[0]?.from, [
    {
      namespaceSelector: {
        matchExpressions: [{ key: 'toolkit.fluxcd.io/tenant', operator: 'DoesNotExist' }],
      },
    },
  ]);
});
