/**
 * Applications in the shape of public ones, each deployed as it is to a tenant of a hardened estate. The
 * folders of an application below `applications/` are its environments, except `base`.
 */
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { apply, type Fresh, freshEstate, theCluster } from '../check.ts';
import { appFile, namespaceOf, publish } from '../estate.ts';
import { applied, reconcile, refused } from '../expect.ts';
import { get, kubectl, tryKubectl } from '../kube.ts';
import { applyPolicies } from '../policies.ts';
import { explained, manifestOf } from '../readme.ts';
import { until } from '../wait.ts';

const shapes = resolve(import.meta.dirname, '../applications');
const operators = resolve(import.meta.dirname, '../operators');

/** What an application needs: flags for its environment, claims that find a volume, objects to see. */
type Application = {
  name: string;
  flags?: readonly string[];
  claims?: readonly string[];
  /** Environment → objects that must be there, as kubectl names them, with a jsonpath and its value. */
  sees: Record<string, readonly (readonly [object: string, path: string, value: string])[]>;
};

const applications: Application[] = [
  {
    name: 'guestbook',
    flags: ['--load-balancers', 'guestbook=1'],
    sees: {
      guestbook: [
        ['deployment/frontend', '.status.readyReplicas', '3'],
        ['service/frontend', '.spec.type', 'LoadBalancer'],
      ],
    },
  },
  {
    name: 'podinfo',
    sees: {
      'podinfo-dev': [
        [
          'deployment/podinfo',
          '.spec.template.spec.containers[0].image',
          'example.invalid/podinfo:6.7.0',
        ],
        ['horizontalpodautoscaler/podinfo', '.spec.maxReplicas', '4'],
      ],
      'podinfo-prod': [
        [
          'deployment/prod-podinfo',
          '.spec.template.spec.containers[0].resources.limits.memory',
          '256Mi',
        ],
        [
          'deployment/prod-podinfo',
          '.spec.template.spec.containers[0].image',
          'example.invalid/mirror/podinfo:6.6.1',
        ],
        ['horizontalpodautoscaler/prod-podinfo', '.spec.scaleTargetRef.name', 'prod-podinfo'],
        ['horizontalpodautoscaler/prod-podinfo', '.spec.minReplicas', '3'],
        [
          'ingress/prod-podinfo',
          '.spec.rules[0].http.paths[0].backend.service.name',
          'prod-podinfo',
        ],
      ],
    },
  },
  {
    name: 'voting',
    flags: ['--node-ports', 'voting=2'],
    sees: {
      voting: [
        ['service/vote', '.spec.ports[0].nodePort', '30080'],
        ['deployment/worker', '.status.readyReplicas', '1'],
      ],
    },
  },
  {
    name: 'cassandra',
    claims: ['data-cassandra-0', 'data-cassandra-1', 'data-cassandra-2'],
    sees: { cassandra: [['statefulset/cassandra', '.status.readyReplicas', '3']] },
  },
  {
    name: 'wordpress',
    flags: ['--load-balancers', 'wordpress=1'],
    claims: ['mysql-pv-claim', 'wp-pv-claim'],
    sees: { wordpress: [['deployment/wordpress', '.status.readyReplicas', '1']] },
  },
  {
    name: 'jobs',
    sees: {
      jobs: [
        ['replicationcontroller/guestbook', '.status.readyReplicas', '3'],
        ['daemonset/fluentd', '.status.numberReady', '3'],
        ['job/pi', '.status.succeeded', '4'],
        ['cronjob/hello', '.spec.concurrencyPolicy', 'Forbid'],
      ],
    },
  },
  {
    name: 'hotel',
    flags: ['PersistentVolume', 'StorageClass'].flatMap((kind) => ['--leave-out', `hotel=${kind}`]),
    claims: ['rate-pvc'],
    sees: {
      hotel: [
        ['deployment/mongodb-rate', '.status.readyReplicas', '1'],
        ['deployment/rate', '.status.readyReplicas', '3'],
        ['persistentvolumeclaim/rate-pvc', '.status.phase', 'Bound'],
      ],
    },
  },
  {
    name: 'telemetry',
    flags: ['ClusterRole', 'ClusterRoleBinding', 'Component'].flatMap((kind) => [
      ...['--leave-out', `telemetry=${kind}`],
    ]),
    sees: { telemetry: [['deployment/collector', '.status.readyReplicas', '1']] },
  },
  {
    name: 'operators',
    sees: {
      operators: [
        ['certificate/shop', '.spec.secretName', 'shop-tls'],
        ['externalsecret/database', '.spec.target.name', 'database'],
        ['servicemonitor/shop', '.spec.endpoints[0].port', 'metrics'],
      ],
    },
  },
];

const repoOf = (name: string): string => `flux-${name}`;

describe('applications in the shape of public ones run as they are (hardened)', () => {
  test('all of them', { concurrency: true }, async (t) => {
    const chosen = applications.filter(
      ({ name }) => name !== 'operators' || theCluster().kind !== 'foreign',
    );
    const fresh = await estateOf(t, chosen);
    await applyPolicies(t, fresh.estate);
    await Promise.all(
      chosen.map((application) =>
        t.test(application.name, (own) => deploy(own, fresh, application)),
      ),
    );
  });
});

/** One estate in which each application has an app repo of its own. */
async function estateOf(t: TestContext, chosen: readonly Application[]): Promise<Fresh> {
  const args: string[] = [];
  const repos: Record<string, string> = {};
  for (const { name, flags = [], sees } of chosen) {
    args.push('--scenario', `${repoOf(name)}=${Object.keys(sees).join(',')}`, ...flags);
    for (const env of Object.keys(sees)) repos[env] = repoOf(name);
  }
  return freshEstate(t, 'hardened', { args, repos });
}

/** Replaces the demo app as the README of the app repo says, and waits until all is ready. */
async function deploy(t: TestContext, { estate }: Fresh, { name, claims = [], sees }: Application) {
  const envs = Object.keys(sees);
  for (const env of envs) rmSync(appFile(estate, env));
  cpSync(join(shapes, name), join(estate.dir, repoOf(name)), { recursive: true });
  const folders = readdirSync(join(shapes, name)).filter((folder) => folder !== 'base');
  assert.deepEqual(folders.sort(), envs.sort());
  const commit = await publish(estate, repoOf(name));
  for (const env of envs) await volumes(t, namespaceOf(estate, env), claims);
  if (name === 'operators') await installOperators(t);
  await apply(estate, ...envs);
  if (name === 'operators') await grant(t, { estate, commits: { [repoOf(name)]: commit } });
  for (const env of envs) await applied(estate, env, commit, 120_000);
  for (const [env, objects] of Object.entries(sees)) {
    const namespace = namespaceOf(estate, env);
    for (const [object, path, value] of objects) {
      const read = ['-n', namespace, 'get', object, '-o', `jsonpath={${path}}`];
      assert.equal(await kubectl(theCluster(), read), value, `${object} ${path}`);
    }
    assert.equal(await get(theCluster(), 'Deployment', namespace, 'kcheck'), undefined);
  }
}

/** A volume for each claim: the tests' cluster has nothing that makes volumes. */
async function volumes(t: TestContext, namespace: string, claims: readonly string[]) {
  const cluster = theCluster();
  if (cluster.kind === 'foreign' || claims.length === 0) return;
  const items = claims.map((name) => ({
    ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: `${namespace}-${name}` } },
    spec: {
      ...{ accessModes: ['ReadWriteOnce'], capacity: { storage: '20Gi' } },
      ...{ hostPath: { path: '/tmp' }, claimRef: { namespace, name } },
    },
  }));
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  await kubectl(cluster, ['apply', '-f', '-'], list);
  const names = items.map(({ metadata }) => metadata.name);
  t.after(() => kubectl(cluster, ['delete', 'pv', ...names, '--wait=false']));
}

/** The kinds of operators, and the roles for tenants that those operators bring. */
async function installOperators(t: TestContext): Promise<void> {
  const cluster = theCluster();
  await kubectl(cluster, ['apply', '-f', operators]);
  t.after(() => kubectl(cluster, ['delete', '-f', operators, '--wait=false']));
  const names = readdirSync(operators).flatMap((file) =>
    [...readFileSync(join(operators, file), 'utf8').matchAll(/name: (\w+\.[\w.-]+) \}/g)].map(
      ([, name]) => `crd/${name}`,
    ),
  );
  await kubectl(cluster, ['wait', '--for=condition=Established', '--timeout=60s', ...names]);
}

/** One operator brings no role for tenants: its kinds are refused until the role of the README is there. */
async function grant(t: TestContext, { estate, commits }: Fresh): Promise<void> {
  const cluster = theCluster();
  const said = await refused(estate, 'operators', commits[repoOf('operators')] ?? '');
  assert.match(said, /monitoring\.coreos\.com.* is forbidden: User .* cannot/);
  explained(estate, 'Kustomization', said);
  const role = manifestOf(estate, 'monitoring.coreos.com');
  await kubectl(cluster, ['apply', '-f', '-'], role);
  t.after(() => kubectl(cluster, ['delete', '-f', '-'], role));
  const namespace = namespaceOf(estate, 'operators');
  const as = ['--as', `system:serviceaccount:${namespace}:${namespace}`, '-n', namespace];
  await until('the role admin has the new rights', 30_000, async () => {
    const asked = ['auth', 'can-i', 'patch', 'servicemonitors.monitoring.coreos.com'];
    const { code, out } = await tryKubectl(cluster, [...asked, ...as]);
    return code === 0 ? { ok: true } : { seen: out };
  });
  await reconcile(estate, 'operators', 'Kustomization');
}
