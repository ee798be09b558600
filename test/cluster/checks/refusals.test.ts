/**
 * The way out of each refusal that a developer may meet: a commit is refused, the message or the
 * README says what to do, the test does that, and the same tenant is Ready.
 */
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { stringify } from 'yaml';
import { apply, freshEstate, theCluster } from '../check.ts';
import { fluxGitops } from '../command.ts';
import { appFile, configPath, type Estate, edit, namespaceOf, publish } from '../estate.ts';
import { applied, podsRefused, reconcile, refused } from '../expect.ts';
import { get, kubectl, tryKubectl } from '../kube.ts';
import { applyPolicies, policiesApply, updatePolicies } from '../policies.ts';
import { explained, manifestOf } from '../readme.ts';

/** What a manifest may need to know about the place that it is for. */
type Place = { estate: Estate; env: string; namespace: string; url: string };

type Files = Record<string, object | object[]>;

type Refusal = {
  what: string;
  commit: (place: Place) => Files;
  /** The object that has the message; a Kustomization unless said otherwise. */
  on?: 'ReplicaSet';
  says: RegExp;
  /** What the message, or the README about the message, tells the reader to do. */
  advice: RegExp;
  /** Doing it: a flag of `flux-gitops tenant ENV` or of `flux-gitops`, other files, or something else. */
  flag?: (place: Place) => [scope: 'tenant' | 'estate', flag: string, value: string];
  instead?: (place: Place, advice: RegExpMatchArray) => Files;
  act?: (place: Place) => unknown;
  /** What must be true at the end, besides that all is Ready. */
  sees?: (place: Place) => Promise<unknown>;
};

const object = (apiVersion: string, kind: string, name: string, rest: object = {}) => ({
  ...{ apiVersion, kind, metadata: { name } },
  ...rest,
});
const service = (name: string, rest: object = {}) =>
  object('v1', 'Service', name, {
    spec: { selector: { app: name }, ports: [{ port: 80 }], ...rest },
  });
const deployment = (pod: object = {}, container: object = {}) =>
  object('apps/v1', 'Deployment', 'app', {
    spec: {
      selector: { matchLabels: { app: 'app' } },
      template: {
        metadata: { labels: { app: 'app' } },
        spec: {
          containers: [{ name: 'app', image: 'example.invalid/app:1', ...container }],
          ...pod,
        },
      },
    },
  });
const account = (name: string) => object('v1', 'ServiceAccount', name);
const settings = object('v1', 'ConfigMap', 'settings', { data: { key: 'value' } });
const rbac = 'rbac.authorization.k8s.io';
const source = 'source.toolkit.fluxcd.io/v1';
const binding = (kind: string, name: string, namespace: string) =>
  object(`${rbac}/v1`, 'RoleBinding', 'reader', {
    roleRef: { apiGroup: rbac, kind, name },
    subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace }],
  });
const role = (...verbs: string[]) =>
  object(`${rbac}/v1`, 'Role', 'reader', {
    rules: [{ apiGroups: [''], resources: ['configmaps', 'serviceaccounts'], verbs }],
  });
const sync = ({ estate, env, namespace }: Place, rest: object) =>
  object('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', 'own', {
    spec: {
      ...{ interval: '10m', prune: true, path: './own', targetNamespace: namespace },
      ...{ sourceRef: { kind: 'GitRepository', name: estate.repos[env] } },
      ...rest,
    },
  });
const gitRepositories = ({ url }: Place, count: number) =>
  Array.from({ length: count }, (_, n) =>
    object(source, 'GitRepository', `more-${n}`, {
      spec: { interval: '10m', url, ref: { branch: 'main' } },
    }),
  );
const charts = object(source, 'HelmRepository', 'charts', {
  spec: { type: 'oci', url: 'oci://charts.example.com/stable' },
});
const onlyFromController = object('networking.k8s.io/v1', 'NetworkPolicy', 'from-controller', {
  spec: {
    podSelector: {},
    ingress: [
      {
        from: [
          {
            namespaceSelector: {
              matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' },
            },
          },
        ],
      },
    ],
  },
});
const priority = (estate: Estate) => `${estate.prefix}-urgent`;

const refusals: Refusal[] = [
  {
    what: 'a NodePort',
    commit: () => ({ service: service('app', { type: 'NodePort' }) }),
    says: /exceeded quota: tenant.*services\.nodeports/,
    advice: /`--node-ports N` for `services\.nodeports`/,
    flag: () => ['tenant', '--node-ports', '1'],
  },
  {
    what: 'a LoadBalancer',
    commit: () => ({ service: service('app', { type: 'LoadBalancer' }) }),
    says: /exceeded quota: tenant.*services\.loadbalancers/,
    advice: /`--load-balancers N` for `services\.loadbalancers`/,
    flag: () => ['tenant', '--load-balancers', '1'],
  },
  {
    what: 'more than the size of the tenant',
    commit: () => ({ services: Array.from({ length: 51 }, (_, n) => service(`app-${n}`)) }),
    says: /exceeded quota: tenant/,
    advice: /`--size large`/,
    flag: () => ['tenant', '--size', 'large'],
  },
  {
    what: 'charts from an address',
    commit: () => ({ charts }),
    says: /may not use the address oci:\/\/charts\.example\.com\/stable/,
    advice: /allow it with flux-gitops tenant ENV --allow-source URL/,
    flag: () => ['estate', '--allow-source', 'oci://charts.example.com/stable'],
  },
  {
    what: 'charts from an address, allowed for one tenant',
    commit: () => ({
      charts: { ...charts, spec: { type: 'oci', url: 'oci://charts.example.com/one' } },
    }),
    says: /may not use the address oci:\/\/charts\.example\.com\/one/,
    advice: /allow it with flux-gitops/,
    flag: () => ['tenant', '--allow-source', 'oci://charts.example.com/one'],
  },
  {
    what: 'a priority class',
    commit: ({ estate }) => ({ app: deployment({ priorityClassName: priority(estate) }) }),
    says: /priorityClassName must not be/,
    advice: /flux-gitops --allow-priority-class /,
    flag: ({ estate }) => ['estate', '--allow-priority-class', priority(estate)],
  },
  {
    what: 'a Kustomization without a service account',
    commit: (place) => ({ sync: sync(place, {}), '../own/settings': settings }),
    says: /must act as the service account of the tenant/,
    advice: /Set spec\.serviceAccountName to ([\w-]+)\./,
    instead: (place, [, name]) => ({ sync: sync(place, { serviceAccountName: name }) }),
  },
  {
    what: 'a Kustomization that Flux would apply all the time',
    commit: (place) => ({
      sync: sync(place, { serviceAccountName: place.namespace, interval: '5s' }),
      '../own/settings': settings,
    }),
    says: /tenant-syncs/,
    advice: /Set every interval and retryInterval to (\d+s) or more/,
    instead: (place, [, interval]) => ({
      sync: sync(place, { serviceAccountName: place.namespace, interval }),
    }),
  },
  {
    what: 'more sources than a tenant may have',
    commit: (place) => ({ sources: gitRepositories(place, 5) }),
    says: /exceeded quota: syncs/,
    advice: /raise the ResourceQuota `syncs` in `2_sync\.yaml`/,
    act: ({ estate, env }) =>
      edit(configPath(estate, env, '2_sync.yaml'), 'ResourceQuota', (quota) =>
        quota.setIn(['spec', 'hard', `count/gitrepositories.${source.split('/')[0]}`], '10'),
      ),
  },
  {
    what: 'a request above the default limit',
    commit: () => ({ app: deployment({}, { resources: { requests: { memory: '600Mi' } } }) }),
    on: 'ReplicaSet',
    says: /must be less than or equal to memory limit/,
    advice: /must set its own limit/,
    instead: () => ({
      app: deployment(
        {},
        { resources: { requests: { memory: '600Mi' }, limits: { memory: '600Mi' } } },
      ),
    }),
  },
  {
    what: 'a privileged container',
    commit: () => ({ app: deployment({}, { securityContext: { privileged: true } }) }),
    says: /would not meet the Pod Security standard baseline/,
    advice: /Remove (privileged)/,
    instead: () => ({ app: deployment({}, { securityContext: { privileged: false } }) }),
  },
  {
    what: 'a port and a disk of the node, and a capability',
    commit: () => ({
      app: deployment(
        { volumes: [{ name: 'disk', hostPath: { path: '/data' } }] },
        {
          ports: [{ containerPort: 80, hostPort: 80 }],
          securityContext: { capabilities: { add: ['NET_BIND_SERVICE', 'IPC_LOCK'] } },
        },
      ),
    }),
    says: /would not meet the Pod Security standard baseline/,
    advice:
      /Use a Service in place of a hostPort, and a\s+persistentVolumeClaim in place of a hostPath/,
    instead: () => ({
      app: deployment(
        { volumes: [{ name: 'disk', emptyDir: {} }] },
        {
          ports: [{ containerPort: 80 }],
          securityContext: { capabilities: { add: ['NET_BIND_SERVICE'] } },
        },
      ),
      service: service('app'),
    }),
  },
  {
    what: 'a container without a seccomp profile',
    commit: () => ({
      app: deployment({}, { securityContext: { seccompProfile: { type: 'Unconfined' } } }),
    }),
    on: 'ReplicaSet',
    says: /violates PodSecurity "baseline:latest": (seccompProfile)/,
    advice: /violates PodSecurity/,
    instead: () => ({ app: deployment() }),
  },
  {
    what: 'a NetworkPolicy for an Ingress controller',
    commit: () => ({ network: onlyFromController, app: service('app') }),
    says: /ingress of a NetworkPolicy may allow traffic only from pods of its own namespace/,
    advice: /ask your platform team to add a NetworkPolicy to (1_tenant\.yaml)/,
    act: ({ estate, env, namespace }) => {
      const shown = manifestOf(estate, 'allow-ingress-controller');
      const first = namespaceOf(estate, Object.keys(estate.repos)[0] ?? '');
      assert.ok(shown.includes(first), shown);
      const text = shown.replaceAll(first, namespace);
      appendFileSync(configPath(estate, env, '1_tenant.yaml'), text);
    },
    instead: () => ({ network: [] }),
    sees: async ({ namespace }) =>
      assert.ok(await get(theCluster(), 'NetworkPolicy', namespace, 'allow-ingress-controller')),
  },
  {
    what: 'external addresses of a Service',
    commit: () => ({ service: service('app', { externalIPs: ['192.0.2.1'] }) }),
    says: /spec\.externalIPs is not allowed/,
    advice: /Use the type (LoadBalancer) instead.*--load-balancers 1/s,
    flag: () => ['tenant', '--load-balancers', '1'],
    instead: (_, [, type]) => ({ service: service('app', { type }) }),
  },
  {
    what: 'pods that run as Flux’s service account',
    commit: ({ namespace }) => ({ app: deployment({ serviceAccountName: namespace }) }),
    says: /serviceAccountName must not be/,
    advice: /Create another service account, bind it to a Role .*, and set serviceAccountName/s,
    instead: ({ namespace }) => ({
      app: deployment({ serviceAccountName: 'reader' }),
      reader: [account('reader'), role('get'), binding('Role', 'reader', namespace)],
    }),
  },
  {
    what: 'a binding to the role edit',
    commit: ({ namespace }) => ({
      reader: [account('reader'), binding('ClusterRole', 'edit', namespace)],
    }),
    says: /roleRef must not name the ClusterRole edit/,
    advice: /Create a Role that lists what the account needs, and bind that Role/,
    instead: ({ namespace }) => ({
      reader: [account('reader'), role('get'), binding('Role', 'reader', namespace)],
    }),
  },
  {
    what: 'a toleration of every taint',
    commit: () => ({ app: deployment({ tolerations: [{ operator: 'Exists' }] }) }),
    says: /tolerations must not match every taint/,
    advice: /Set key in each of at most 64 tolerations to a taint of nodes/,
    instead: () => ({ app: deployment({ tolerations: [{ key: 'gpu', operator: 'Exists' }] }) }),
  },
  {
    what: 'a pod on a node by its name',
    commit: () => ({ app: deployment({ nodeName: 'node-1' }) }),
    says: /nodeName is not allowed/,
    advice: /choose nodes with (nodeSelector)/,
    instead: () => ({ app: deployment({ nodeSelector: { 'kubernetes.io/os': 'linux' } }) }),
  },
  {
    what: 'a finalizer',
    commit: () => ({
      settings: { ...settings, metadata: { name: 'settings', finalizers: ['example.com/mine'] } },
    }),
    says: /tenant-finalizers/,
    advice: /Remove /,
    instead: () => ({ settings }),
  },
  {
    what: 'an object of the whole cluster',
    commit: () => ({
      class: object('storage.k8s.io/v1', 'StorageClass', 'fast', {
        provisioner: 'example.com/disk',
      }),
      settings,
    }),
    says: /cannot patch resource "storageclasses" .* at the cluster scope/,
    advice: /leave it out with `--leave-out KIND`/,
    flag: () => ['tenant', '--leave-out', 'StorageClass'],
    sees: async ({ namespace }) => {
      assert.ok(await get(theCluster(), 'ConfigMap', namespace, 'settings'));
      assert.equal((await tryKubectl(theCluster(), ['get', 'storageclass', 'fast'])).code, 1);
    },
  },
  {
    what: 'a kind of an operator that the cluster does not have',
    commit: () => ({
      route: object('routes.example.com/v1', 'ShopRoute', 'shop', { spec: { to: 'app' } }),
      settings,
    }),
    says: /no matches for kind "ShopRoute"/,
    advice: /leave the kind out with `--leave-out KIND`/,
    flag: () => ['tenant', '--leave-out', 'ShopRoute'],
  },
  {
    what: 'a Role that allows everything',
    commit: () => ({
      all: object(`${rbac}/v1`, 'Role', 'all', {
        rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
      }),
    }),
    says: /attempting to grant RBAC permissions not currently held/,
    advice: /List only what the app needs/,
    instead: () => ({ all: role('get') }),
  },
  {
    what: 'two files with the same object',
    commit: () => ({ settings, again: settings }),
    says: /may not add resource with an already registered id/,
    advice: /list the files to use in a `(kustomization\.yaml)`/,
    instead: () => ({ kustomization: { resources: ['settings.yaml'] } }),
  },
  {
    what: 'a file that is no manifest',
    commit: () => ({ settings, values: { replicas: 2 } }),
    says: /failed to decode Kubernetes YAML/,
    advice: /Move it out of the folder/,
    instead: () => ({ values: [] }),
  },
  {
    what: 'a file at an address',
    commit: () => ({ kustomization: { resources: ['https://example.com/base/settings.yaml'] } }),
    says: /not allowed|connection refused/,
    advice: /Copy (?:its files|the file) into the app repo/,
    instead: () => ({ kustomization: { resources: ['settings.yaml'] }, settings }),
  },
];

const envOf = (index: number): string => `way${index}`;
const repoOf = (index: number): string => `flux-way${index}`;

describe('the way out that a refusal names works (hardened)', () => {
  test('all of them', { concurrency: 4 }, async (t) => {
    const repos = Object.fromEntries(refusals.map((_, n) => [envOf(n), repoOf(n)]));
    const args = refusals.flatMap((_, n) => ['--scenario', `${repoOf(n)}=${envOf(n)}`]);
    const { estate } = await freshEstate(t, 'hardened', { args, repos });
    await applyPolicies(t, estate);
    await priorityClass(t, priority(estate));
    const tenants = refusals.flatMap((_, n) => [
      '-f',
      configPath(estate, envOf(n), '1_tenant.yaml'),
    ]);
    await kubectl(theCluster(), ['apply', ...tenants]);
    await policiesApply(estate, namespaceOf(estate, envOf(0)));
    await Promise.all(
      refusals.map((refusal, n) => t.test(refusal.what, () => findWayOut(estate, refusal, n))),
    );
  });
});

async function priorityClass(t: TestContext, name: string): Promise<void> {
  const kind = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass' };
  const urgent = JSON.stringify({ ...kind, metadata: { name }, value: 1000 });
  await kubectl(theCluster(), ['apply', '-f', '-'], urgent);
  t.after(() => kubectl(theCluster(), ['delete', 'priorityclass', name]));
}

async function findWayOut(estate: Estate, refusal: Refusal, index: number): Promise<void> {
  const [env, repo] = [envOf(index), repoOf(index)];
  const url = `${estate.cluster.git.url}/${estate.owner}/${repo}`;
  const place = { estate, env, namespace: namespaceOf(estate, env), url };
  const folder = dirname(appFile(estate, env));
  rmSync(appFile(estate, env));
  write(folder, refusal.commit(place));
  let commit = await publish(estate, repo);
  // Flux waits for pods that cannot start until this timeout, and takes the next commit after it.
  if (refusal.on)
    edit(configPath(estate, env, '2_sync.yaml'), 'Kustomization', (object) =>
      object.setIn(['spec', 'timeout'], '10s'),
    );
  await apply(estate, env);
  const message = refusal.on
    ? await podsRefused(estate, env)
    : await refused(estate, env, commit, 90_000);
  assert.match(message, refusal.says);
  const text = `${message}\n${explained(estate, refusal.on ?? 'Kustomization', message)}`;
  const advice = refusal.advice.exec(text);
  assert.ok(advice, `neither the message nor the README says what to do:\n${text}`);

  if (refusal.flag) {
    const [scope, flag, value] = refusal.flag(place);
    assert.ok(text.includes(flag), `the text does not name ${flag}:\n${text}`);
    const command = scope === 'tenant' ? ['tenant', env] : [];
    await fluxGitops([...command, '--yes', flag, value, '--into', configPath(estate)]);
    if (scope === 'estate') await updatePolicies(estate);
  }
  await refusal.act?.(place);
  await apply(estate, env);
  if (refusal.instead) {
    write(folder, refusal.instead(place, advice));
    commit = await publish(estate, repo);
    await reconcile(estate, env, 'GitRepository');
  } else {
    // The API server takes a moment to read a policy, and the quota controller to read a quota.
    await untilAccepted(estate, env, commit);
  }
  await applied(estate, env, commit, 90_000);
  await refusal.sees?.(place);
}

/** Asks Flux to apply the same commit again until it is Ready. */
async function untilAccepted(estate: Estate, env: string, commit: string): Promise<void> {
  for (let tries = 0; tries < 5; tries++) {
    await reconcile(estate, env, 'Kustomization');
    if (
      await applied(estate, env, commit, 10_000).then(
        () => true,
        () => false,
      )
    )
      return;
  }
}

/** Writes each entry as a YAML file; an empty list removes the file. */
function write(folder: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    const objects = Array.isArray(content) ? content : [content];
    const file = join(folder, `${name}.yaml`);
    mkdirSync(dirname(file), { recursive: true });
    if (objects.length === 0) rmSync(file);
    else writeFileSync(file, objects.map((one) => stringify(one)).join('---\n'));
  }
}

test('a large ConfigMap of a person is refused, and Flux applies it from the app repo (hardened)', async (t) => {
  const { estate } = await freshEstate(t, 'hardened');
  const cluster = theCluster();
  await applyPolicies(t, estate);
  await apply(estate, 'dev');
  const namespace = namespaceOf(estate, 'dev');
  await policiesApply(estate, namespace);
  const bound = {
    ...binding('ClusterRole', 'edit', namespace),
    metadata: { name: 'mona', namespace },
  };
  const subjects = [{ apiGroup: rbac, kind: 'User', name: 'mona' }];
  await kubectl(cluster, ['apply', '-f', '-'], JSON.stringify({ ...bound, subjects }));
  const large = { ...settings, data: { text: 'x'.repeat(100_000) } };
  const as = ['--as', 'mona', '-n', namespace, 'create', '-f', '-'];
  const { error } = await tryKubectl(cluster, as, JSON.stringify(large));
  assert.match(error, /larger than 64 KiB.* Commit it to your\s+repository/s);
  write(dirname(appFile(estate, 'dev')), { large });
  const commit = await publish(estate, 'flux-dev');
  await reconcile(estate, 'dev', 'GitRepository');
  await applied(estate, 'dev', commit);
  assert.ok(await get(cluster, 'ConfigMap', namespace, 'settings'));
});
