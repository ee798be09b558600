import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fluxVersion } from '../binaries.ts';
import { theCluster } from '../check.ts';
import { get, kubectl } from '../kube.ts';
import { until } from '../wait.ts';

type Scraping = { ingress: { from: object[] }[] };
type Container = { args: string[]; env?: { name: string; value?: string }[] };
type Template = { template: { spec: { containers: Container[] } } };

const system = 'flux-system';

/** The container of a controller's Deployment, as the operator wrote it. */
async function containerOf(name: string): Promise<Container | undefined> {
  const found = await get(theCluster(), 'Deployment', system, name);
  return (found?.spec as Template | undefined)?.template.spec.containers[0];
}

test('the FluxInstance is Ready and its controllers are locked down for tenants', async () => {
  const cluster = theCluster();
  const revision = await until('the FluxInstance is Ready', 120_000, async () => {
    const found = await get(cluster, 'FluxInstance', system, 'flux');
    const ready = found?.status?.conditions?.find((one) => one.type === 'Ready');
    const applied = String(found?.status?.lastAppliedRevision);
    return ready?.status === 'True' ? { ok: applied } : { seen: JSON.stringify(found?.status) };
  });
  if (cluster.kind !== 'foreign') assert.ok(revision.startsWith(`v${fluxVersion.slice(0, -1)}`));
  isLockedDown(await containerOf('kustomize-controller'));
  const scraping = await get(cluster, 'NetworkPolicy', system, 'allow-scraping');
  assert.deepEqual((scraping?.spec as Scraping | undefined)?.ingress[0]?.from, [
    {
      namespaceSelector: {
        matchExpressions: [{ key: 'toolkit.fluxcd.io/tenant', operator: 'DoesNotExist' }],
      },
    },
  ]);
});

test('the controllers of a shard are locked down like the others', async (t) => {
  const cluster = theCluster();
  if (cluster.kind === 'foreign') return t.skip('its FluxInstance belongs to somebody else');
  const shard = async (shards: readonly string[] | null) => {
    const sharding = shards && { key: 'sharding.fluxcd.io/key', shards };
    const patch = JSON.stringify({ spec: { sharding } });
    const where = ['-n', system, 'patch', 'fluxinstance/flux', '--type=merge'];
    await kubectl(cluster, [...where, '-p', patch]);
  };
  t.after(() => shard(null));
  await shard(['one']);
  const found = await until('the operator has written the shard', 150_000, async () => {
    const kustomize = await containerOf('kustomize-controller-one');
    const source = await containerOf('source-controller-one');
    return kustomize && source ? { ok: { kustomize, source } } : { seen: 'no such Deployment' };
  });
  isLockedDown(found.kustomize);
  const selector = '--watch-label-selector=sharding.fluxcd.io/key=one';
  for (const { args } of Object.values(found)) assert.ok(args.includes(selector), `${args}`);
  assert.ok(found.source.args.includes('--concurrent=10'), `${found.source.args}`);
});

/** What keeps a kustomize-controller from acting for one tenant on another. */
function isLockedDown({ args = [], env = [] }: Partial<Container> = {}): void {
  const lockdown = ['--no-cross-namespace-refs=true', '--no-remote-bases=true'];
  const metrics = '--metrics-addr=[$(POD_IP)]:8080';
  for (const wanted of [...lockdown, '--default-service-account=default', metrics]) {
    assert.ok(args.includes(wanted), `kustomize-controller runs without ${wanted}: ${args}`);
  }
  const variable = (name: string) => env.find((one) => one.name === name)?.value;
  assert.equal(variable('GIT_ALLOW_PROTOCOL'), 'none', 'git may fetch');
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY'])
    assert.equal(variable(name), 'http://127.0.0.1:1', name);
}
