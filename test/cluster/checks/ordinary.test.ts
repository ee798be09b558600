import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { apply, freshEstate, theCluster } from '../check.ts';
import { fluxGitops } from '../command.ts';
import { running } from '../demo.ts';
import { appFile, configPath, namespaceOf, publish } from '../estate.ts';
import { applied, reconcile } from '../expect.ts';
import { call, get, kubectl, list, tryKubectl } from '../kube.ts';
import { applyPolicies, applyTeamRoles, refusal as refusalOf } from '../policies.ts';
import { until } from '../wait.ts';
import { controllerRules, controllerSteps } from './controllers.ts';

const envs = ['dev', 'stage', 'prod'];

/** A page for the world, and an account. */
const pageOf = (namespace: string) => `
apiVersion: v1
kind: ServiceAccount
metadata: { name: reader }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: page }
spec:
  rules:
    - host: ${namespace}.example.invalid
      http:
        paths:
          - path: /
            pathType: Prefix
            backend: { service: { name: kcheck-service, port: { number: 80 } } }
---
`;

/** What a tenant deploys day by day, in one commit. */
const work = (namespace: string, volume: string, repository: string) => `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { key: value }
---
apiVersion: v1
kind: Secret
metadata: { name: settings }
stringData: { key: value }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader }
rules: [{ apiGroups: [''], resources: [configmaps], verbs: [get] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reader }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }
subjects: [{ kind: ServiceAccount, name: reader, namespace: ${namespace} }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: evictor }
rules: [{ apiGroups: [''], resources: [pods/eviction], verbs: [create] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: evictor }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: evictor }
subjects: [{ kind: ServiceAccount, name: evictor, namespace: ${namespace} }]
---
apiVersion: batch/v1
kind: Job
metadata: { name: once }
spec:
  template:
    spec:
      serviceAccountName: reader
      restartPolicy: Never
      containers: [{ name: once, image: example.invalid/once:1 }]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent }
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec:
      serviceAccountName: reader
      tolerations: [{ key: gpu, operator: Exists, effect: NoSchedule }]
      volumes:
        - { name: settings, configMap: { name: settings } }
        - { name: work, emptyDir: {} }
        - name: token
          projected: { sources: [{ serviceAccountToken: { path: token, expirationSeconds: 3600 } }] }
      containers: [{ name: agent, image: example.invalid/agent:1 }]
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: more }
spec:
  interval: 10m
  url: ${repository}
  ref: { branch: main }
  ignore: |
    /docs/
    kustomization.yaml
    kustomization.yml
    Kustomization
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: more }
spec:
  interval: 1h
  retryInterval: 30s
  prune: true
  path: ./more
  serviceAccountName: ${namespace}
  targetNamespace: ${namespace}
  sourceRef: { kind: GitRepository, name: more }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly }
spec:
  schedule: 0 3 * * *
  jobTemplate:
    spec:
      template:
        spec:
          serviceAccountName: reader
          restartPolicy: Never
          containers: [{ name: nightly, image: example.invalid/nightly:1 }]
---
${pageOf(namespace)}apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: only-from-web }
spec:
  podSelector: { matchLabels: { app: store } }
  ingress: [{ from: [{ podSelector: { matchLabels: { app: web } } }] }]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: ''
  volumeName: ${volume}
  resources: { requests: { storage: 1Gi } }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: kcheck }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: kcheck }
  minReplicas: 1
  maxReplicas: 3
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: kcheck }
spec:
  maxUnavailable: 1
  selector: { matchLabels: { app.kubernetes.io/name: kcheck } }
---
apiVersion: v1
kind: Service
metadata: { name: database }
spec: { type: ExternalName, externalName: db.example.com }
`;

/** What the tenant's own sync applies. */
const more = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: more }\n';

test('ordinary work is not hindered by any guard, and the demo is Ready (hardened)', async (t) => {
  const { estate } = await freshEstate(t, 'hardened');
  const cluster = theCluster();
  await applyPolicies(t, estate);
  const namespace = namespaceOf(estate, 'dev');
  const volume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: namespace },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      // Claims of other checks must not take it.
      claimRef: { namespace, name: 'data' },
      hostPath: { path: '/tmp' },
    },
  };
  await kubectl(cluster, ['apply', '-f', '-'], JSON.stringify(volume));
  t.after(() => kubectl(cluster, ['delete', 'pv', namespace, '--wait=false']));
  const usual = await usualClass(t, namespace);
  const folder = dirname(appFile(estate, 'dev'));
  const repository = `${cluster.git.url}/${estate.owner}/flux-dev`;
  writeFileSync(join(folder, 'work.yaml'), work(namespace, namespace, repository));
  mkdirSync(join(folder, '../more'));
  writeFileSync(join(folder, '../more/more.yaml'), more);
  const commits = {
    dev: await publish(estate, 'flux-dev'),
    stage: await publish(estate, 'flux-stage-prod'),
  };
  await apply(estate, ...envs);
  await applied(estate, 'dev', commits.dev);
  for (const env of ['stage', 'prod']) await applied(estate, env, commits.stage);
  for (const env of envs) await running(estate, env);
  await until('the own sync of the tenant applies its folder', 60_000, async () => {
    const found = await get(cluster, 'ConfigMap', namespace, 'more');
    return found ? { ok: true } : { seen: 'no ConfigMap more' };
  });
  const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs/once`;
  const { out } = await call(cluster, jobs);
  assert.equal((JSON.parse(out) as { status: { succeeded?: number } }).status.succeeded, 1);
  for (const { metadata, spec } of usual ? await list(cluster, 'Pod', namespace) : [])
    assert.equal(spec?.priorityClassName, usual, metadata.name);
  await evict(namespace);
});

/** A priority class that Kubernetes gives to every pod without one, until the check ends. */
async function usualClass(t: TestContext, name: string): Promise<string | undefined> {
  const cluster = theCluster();
  if (cluster.kind === 'foreign') return undefined;
  const kind = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass' };
  const usual = { ...kind, metadata: { name }, value: 10, globalDefault: true };
  await kubectl(cluster, ['apply', '-f', '-'], JSON.stringify(usual));
  t.after(() => kubectl(cluster, ['delete', 'priorityclass', name]));
  return name;
}

/** An account of the tenant that may do so evicts a pod, as a tool that drains or rebalances does. */
async function evict(namespace: string): Promise<void> {
  const cluster = theCluster();
  const pods = await list(cluster, 'Pod', namespace);
  const name = pods.find(({ metadata }) => metadata.labels?.app === 'agent')?.metadata.name ?? '';
  const as = ['--as', `system:serviceaccount:${namespace}:evictor`, '-n', namespace];
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
  const deleteOptions = { gracePeriodSeconds: 30 };
  const input = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name }, deleteOptions };
  await kubectl(cluster, [...as, 'create', '--raw', path, '-f', '-'], JSON.stringify(input));
  await until(`the pod ${name} is gone`, 30_000, async () => {
    const found = await get(cluster, 'Pod', namespace, name);
    return found ? { seen: JSON.stringify(found.metadata) } : { ok: true };
  });
}

test('a controller for all namespaces does its work in a tenant’s (hardened)', async (t) => {
  const { estate } = await freshEstate(t, 'hardened');
  const cluster = theCluster();
  await applyPolicies(t, estate);
  const namespace = namespaceOf(estate, 'dev');
  const own = `${estate.prefix}-controllers`;
  writeFileSync(join(dirname(appFile(estate, 'dev')), 'page.yaml'), pageOf(namespace));
  const commit = await publish(estate, 'flux-dev');
  await apply(estate, 'dev');
  await applied(estate, 'dev', commit);
  const rbac = 'rbac.authorization.k8s.io';
  const everywhere = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: own } },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      metadata: { name: own },
      rules: controllerRules,
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: own },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: own },
      subjects: [{ kind: 'ServiceAccount', name: 'controller', namespace: own }],
    },
  ];
  const items = { apiVersion: 'v1', kind: 'List', items: everywhere };
  await kubectl(cluster, ['apply', '-f', '-'], JSON.stringify(items));
  t.after(() => kubectl(cluster, ['delete', `clusterrole/${own}`, `clusterrolebinding/${own}`]));
  const as = ['--as', `system:serviceaccount:${own}:controller`, '-n', namespace];
  const refused: string[] = [];
  for (const { what, args, input } of controllerSteps(namespace)) {
    const { code, error } = await tryKubectl(
      cluster,
      [...as, ...args],
      input && JSON.stringify(input),
    );
    if (code !== 0) refused.push(`${what}: ${error.trim()}`);
  }
  assert.deepEqual(refused, []);
});

/** A kustomization.yaml that makes a ConfigMap and changes the demo app. */
const overlay = `
resources: [app.yaml]
configMapGenerator: [{ name: page, literals: [key=value] }]
replicas: [{ name: kcheck, count: 2 }]
`;

test('a kustomization.yaml counts by default, and is left out where it is not allowed (hardened)', async (t) => {
  const { estate } = await freshEstate(t, 'hardened');
  await fluxGitops([
    ...['tenant', 'stage', '--allow-kustomize=no', '--yes', '--force'],
    ...['--into', configPath(estate)],
  ]);
  await applyPolicies(t, estate);
  for (const env of ['dev', 'stage'])
    writeFileSync(join(dirname(appFile(estate, env)), 'kustomization.yaml'), overlay);
  const commits = {
    dev: await publish(estate, 'flux-dev'),
    stage: await publish(estate, 'flux-stage-prod'),
  };
  await apply(estate, 'dev', 'stage');
  for (const [env, count] of [
    ['dev', 1],
    ['stage', 0],
  ] as const) {
    await applied(estate, env, commits[env]);
    const maps = await list(theCluster(), 'ConfigMap', namespaceOf(estate, env));
    const made = maps.filter(({ metadata }) => metadata.name.startsWith('page-'));
    assert.equal(made.length, count, `generated ConfigMaps of ${env}`);
  }
});

const changes = `
patches:
  - target: { kind: Deployment, name: kcheck }
    patch: |
      - { op: replace, path: /spec/replicas, value: 3 }
images:
  - { name: ghcr.io/wolcn/kcheck, newName: example.invalid/kcheck, newTag: "2.0" }
commonMetadata:
  labels: { team: "yes" }
  annotations: { note: "a: b # c" }
`;

test('where a kustomization.yaml is left out, the sync patches replicas, image and labels (hardened)', async (t) => {
  const { estate, commits } = await freshEstate(t, 'hardened', {
    args: ['--visibility', 'private', '--credentials', 'none'],
  });
  const file = join(estate.dir, '..', `${estate.prefix}.yaml`);
  const tenant = (...flags: string[]) =>
    fluxGitops(['tenant', 'stage', 'prod', '--yes', ...flags, '--into', configPath(estate)]);
  writeFileSync(file, changes);
  await tenant('--sync-spec', `prod=${file}`);
  await apply(estate, 'stage', 'prod');
  const seen = async (env: string) => {
    await applied(estate, env, commits['flux-stage-prod'] ?? '');
    const path =
      '{.spec.replicas} {.spec.template.spec.containers[0].image} {.metadata.labels.team} {.metadata.annotations.note}';
    const read = ['get', 'deployment/kcheck', '-o', `jsonpath=${path}`];
    return kubectl(theCluster(), ['-n', namespaceOf(estate, env), ...read]);
  };
  const usual = '1 ghcr.io/wolcn/kcheck:1.0.2  ';
  assert.equal(await seen('prod'), '3 example.invalid/kcheck:2.0 yes a: b # c');
  assert.equal(await seen('stage'), usual);
  await tenant('--replicas', 'stage=1');
  await apply(estate, 'prod');
  assert.equal(await seen('prod'), '3 example.invalid/kcheck:2.0 yes a: b # c', 'it is recorded');
  await tenant('--sync-spec', 'none');
  await apply(estate, 'prod');
  await until('the changes are gone', 60_000, async () => {
    const now = await seen('prod');
    return now === usual ? { ok: true } : { seen: now };
  });
});

const kustomize = 'kustomize.toolkit.fluxcd.io/v1';
const source = 'source.toolkit.fluxcd.io/v1';

test('components name folders of the source only, whatever sign an address would have (hardened)', async (t) => {
  const { estate } = await freshEstate(t, 'hardened');
  await applyPolicies(t, estate);
  await apply(estate, 'dev');
  const namespace = namespaceOf(estate, 'dev');
  const sync = (component: string) => ({
    ...{ apiVersion: kustomize, kind: 'Kustomization', metadata: { name: 'mine', namespace } },
    spec: {
      ...{ interval: '20m0s', retryInterval: '1m', timeout: '1m', prune: true, path: './mine' },
      ...{ serviceAccountName: namespace, targetNamespace: namespace, components: [component] },
      sourceRef: { kind: 'GitRepository', name: 'flux-dev' },
    },
  });
  await holds(namespace, sync('git::base'), /tenant-syncs/);
  const names = ['../base', './base', 'base/v1.2', 'a_b-c'];
  for (const name of names) assert.equal(await refusal(namespace, sync(name)), '', name);
  // One sign at a time: a policy that lost one of them lets one of these through.
  const others = ['a:b', 'a@b', 'a?b', 'a//b', '/a', '-a', 'github.com/a/b'];
  for (const name of others)
    assert.match(await refusal(namespace, sync(name)), /tenant-syncs/, name);
});

/** The namespaces that public applications bring with them: one of their own, and one more. */
const namespaces = `
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { pod-security.kubernetes.io/enforce: privileged } }
---
apiVersion: v1
kind: Namespace
metadata: { name: monitoring }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: elsewhere, namespace: shop }
`;

test('a Namespace in the repository is left out, whatever its name (hardened)', async (t) => {
  const { estate } = await freshEstate(t, 'hardened');
  await applyPolicies(t, estate);
  const write = (env: string, name: string, text: string) =>
    writeFileSync(join(dirname(appFile(estate, env)), name), text);
  const own = `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${namespaceOf(estate, 'stage')} }\n`;
  write('dev', 'namespaces.yaml', namespaces);
  write('stage', 'namespace.yaml', own);
  write('prod', 'namespaces.yaml', namespaces);
  write('prod', 'kustomization.yaml', 'namespace: shop\nresources: [app.yaml, namespaces.yaml]\n');
  const commits = {
    dev: await publish(estate, 'flux-dev'),
    stage: await publish(estate, 'flux-stage-prod'),
  };
  await apply(estate, ...envs);
  await applied(estate, 'dev', commits.dev);
  for (const env of ['stage', 'prod']) await applied(estate, env, commits.stage);
  for (const env of envs) {
    await running(estate, env);
    const namespace = namespaceOf(estate, env);
    const found = await get(theCluster(), 'Namespace', undefined, namespace);
    assert.equal(found?.metadata.labels?.['pod-security.kubernetes.io/enforce'], 'baseline');
    const elsewhere = await get(theCluster(), 'ConfigMap', namespace, 'elsewhere');
    assert.equal(elsewhere !== undefined, env !== 'stage', env);
  }
  for (const name of ['shop', 'monitoring'])
    assert.equal(await get(theCluster(), 'Namespace', undefined, name), undefined, name);
});

/** One service of a demo of many: it starts a second pod during an update, and serves on `type`. */
const microservice = (name: string, version: number, type: string) => `---
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - name: main
          image: example.invalid/${name}:${version}
          resources: { requests: { cpu: 100m }, limits: { cpu: 500m, memory: 500Mi } }
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  type: ${type}
  selector: { app: ${name} }
  ports: [{ name: http, port: 80 }, { name: https, port: 443 }]
`;

test('a demo of 14 microservices runs and is updated in a tenant of the default size (hardened)', async (t) => {
  const { estate } = await freshEstate(t, 'hardened');
  const cluster = theCluster();
  await fluxGitops([
    ...['tenant', 'dev', '--yes', '--load-balancers', '1', '--node-ports', '2'],
    ...['--into', configPath(estate)],
  ]);
  await applyPolicies(t, estate);
  const namespace = namespaceOf(estate, 'dev');
  const names = Array.from({ length: 14 }, (_, n) => `service-${n}`);
  const types = ['LoadBalancer', 'NodePort'];
  const write = (version: number) => {
    const text = names.map((name, n) => microservice(name, version, types[n] ?? 'ClusterIP'));
    writeFileSync(join(dirname(appFile(estate, 'dev')), 'shop.yaml'), text.join(''));
    return publish(estate, 'flux-dev');
  };
  const first = await write(1);
  await apply(estate, 'dev');
  await applied(estate, 'dev', first);
  const second = await write(2);
  await reconcile(estate, 'dev', 'GitRepository');
  await applied(estate, 'dev', second);
  const pods = await list(cluster, 'Pod', namespace);
  assert.ok(pods.length >= 14);
  const sets = await list(cluster, 'ReplicaSet', namespace);
  const failed = sets.flatMap(({ status }) => status?.conditions ?? []);
  assert.deepEqual(failed, []);
});

test('an owner or a source of one tenant is none of the others (hardened)', async (t) => {
  const { estate } = await freshEstate(t, 'hardened');
  const cluster = theCluster();
  const other = ['--owner', 'other-org', '--repo', 'flux-qa'];
  other.push('--allow-source', 'https://charts.example.com/qa');
  await fluxGitops(['tenant', 'qa', '--yes', ...other, '--into', configPath(estate)]);
  await applyPolicies(t, estate);
  await apply(estate, 'dev');
  await kubectl(cluster, ['apply', '-f', configPath(estate, 'qa', '1_tenant.yaml')]);
  t.after(() => kubectl(cluster, ['delete', 'namespace', `${estate.prefix}-qa`, '--wait=false']));
  const push = cluster.git.push;
  const repository = (namespace: string, owner: string) => ({
    ...{ apiVersion: source, kind: 'GitRepository', metadata: { name: 'mine', namespace } },
    spec: {
      ...{ interval: '1m0s', timeout: '60s', ref: { branch: 'main' } },
      ...{
        url: `${push}/${owner}/flux-x`,
        ignore: 'kustomization.yaml\nkustomization.yml\nKustomization\n',
      },
    },
  });
  const said = /may not use the address/;
  const [dev, qa] = [namespaceOf(estate, 'dev'), `${estate.prefix}-qa`];
  await holds(dev, repository(dev, 'other-org'), said);
  assert.match(await refusal(qa, repository(qa, estate.owner)), said);
  assert.doesNotMatch(await refusal(dev, repository(dev, estate.owner)), said);
  assert.doesNotMatch(await refusal(qa, repository(qa, 'other-org')), said);
  const charts = (namespace: string, url: string) => ({
    ...{ apiVersion: source, kind: 'HelmRepository', metadata: { name: 'mine', namespace } },
    spec: { interval: '1h', url },
  });
  for (const url of ['https://charts.example.com/qa', 'https://charts.example.com/qa/stable']) {
    assert.match(await refusal(dev, charts(dev, url)), said);
    assert.equal(await refusal(qa, charts(qa, url)), '');
  }
  assert.match(await refusal(qa, charts(qa, 'https://charts.example.com/qa2')), said);
  // What was there before the policy: applying it again is refused, asking Flux to reconcile it is not.
  const old = charts(dev, 'https://old.example.com');
  await kubectl(cluster, ['create', '-f', '-'], JSON.stringify(old));
  const asTenant = ['--as', `system:serviceaccount:${dev}:${dev}`, '-n', dev];
  const again = ['apply', '--server-side', '--field-manager=kubectl-create', '-f', '-'];
  const { error } = await tryKubectl(cluster, [...asTenant, ...again], JSON.stringify(old));
  assert.match(error, said);
  const now = ['annotate', 'helmrepository/mine', 'reconcile.fluxcd.io/requestedAt=now'];
  assert.equal((await tryKubectl(cluster, [...asTenant, ...now])).error, '');
  // An owner is no source of charts, and the address of one tenant takes none of the owner's repositories away.
  assert.match(await refusal(qa, charts(qa, `${push}/other-org/charts`)), said);
});

/** What a person of a team may do in a namespace, as `kubectl auth can-i` has it; and what not. */
const rights = {
  yes: [
    ...[
      'get pods',
      'get pods/log',
      'list deployments.apps',
      'get events',
      'create pods/portforward',
    ],
    ...[
      'list gitrepositories.source.toolkit.fluxcd.io',
      'watch helmreleases.helm.toolkit.fluxcd.io',
    ],
    'patch kustomizations.kustomize.toolkit.fluxcd.io',
  ],
  no: [
    ...[
      'create pods/exec',
      'get pods/exec',
      'create pods/attach',
      'patch pods/ephemeralcontainers',
    ],
    ...[
      'get secrets',
      'list secrets',
      'impersonate serviceaccounts',
      'create serviceaccounts/token',
    ],
    ...['delete pods', 'patch deployments.apps', 'update configmaps', 'get pods/proxy'],
    ...['get services/proxy', 'create rolebindings.rbac.authorization.k8s.io'],
    ...['update', 'delete', 'create'].map(
      (verb) => `${verb} kustomizations.kustomize.toolkit.fluxcd.io`,
    ),
    'patch kustomizations.kustomize.toolkit.fluxcd.io/status',
  ],
};

test('a person of a team sees the tenant and asks Flux to reconcile, and may no longer when the group is gone (hardened)', async (t) => {
  const { estate } = await freshEstate(t, 'hardened');
  const cluster = theCluster();
  const group = 'octo-org:"payments", #1';
  const tenant = (...flags: string[]) =>
    fluxGitops(['tenant', 'dev', '--yes', ...flags, '--into', configPath(estate)]);
  await tenant('--team', group);
  await applyPolicies(t, estate);
  await applyTeamRoles(t, estate);
  const namespace = namespaceOf(estate, 'dev');
  const repository = `${cluster.git.url}/${estate.owner}/flux-dev`;
  const folder = dirname(appFile(estate, 'dev'));
  const [, own = ''] = /(apiVersion: source[\s\S]*?)apiVersion: batch/.exec(
    work(namespace, namespace, repository),
  ) ?? [''];
  writeFileSync(join(folder, 'own.yaml'), own);
  mkdirSync(join(folder, '../more'));
  writeFileSync(join(folder, '../more/more.yaml'), more);
  const commit = await publish(estate, 'flux-dev');
  await apply(estate, 'dev');
  await applied(estate, 'dev', commit);
  const as = ['--as', 'mona', '--as-group', group];
  const may = async (right: string, where: string): Promise<boolean> => {
    const [verb = '', resource = ''] = right.split(' ');
    const [name = '', subresource] = resource.split('/');
    const sub = subresource === undefined ? [] : ['--subresource', subresource];
    const args = ['auth', 'can-i', verb, name, ...sub, '-n', where, ...as];
    return (await tryKubectl(cluster, args)).code === 0;
  };
  await until('the role has all its rights', 30_000, async () =>
    (await may('get pods', namespace)) ? { ok: true } : { seen: 'it may not get pods' },
  );
  for (const right of rights.yes) assert.equal(await may(right, namespace), true, right);
  for (const right of rights.no) assert.equal(await may(right, namespace), false, right);
  for (const right of rights.yes)
    assert.equal(await may(right, namespaceOf(estate, 'stage')), false, right);
  const ask = async (object: string, ...changes: string[]): Promise<string> => {
    const args = [...as, '-n', namespace, 'annotate', '--overwrite', object, ...changes];
    const { code, error } = await tryKubectl(cluster, args);
    return code === 0 ? '' : error;
  };
  await until('the policies hold', 60_000, async () => {
    const seen = await ask('kustomization/more', 'other=yes');
    return seen.includes('tenant-team') ? { ok: true } : { seen };
  });
  for (const object of ['gitrepository/flux-dev', 'kustomization/flux-dev', 'kustomization/more']) {
    const at = new Date().toISOString();
    assert.equal(await ask(object, `reconcile.fluxcd.io/requestedAt=${at}`), '', object);
    const [kind = '', name = ''] = object.split('/');
    await until(`Flux has reconciled ${object} on request`, 60_000, async () => {
      const found = await get(
        cluster,
        kind === 'gitrepository' ? 'GitRepository' : 'Kustomization',
        namespace,
        name,
      );
      const seen = JSON.stringify(found?.status?.lastHandledReconcileAt);
      return seen === JSON.stringify(at) ? { ok: true } : { seen };
    });
    assert.match(await ask(object, 'reconcile.fluxcd.io/forceAt=now'), /denied request/, object);
    const forced = ['requestedAt', 'forceAt', 'resetAt'].map(
      (name) => `reconcile.fluxcd.io/${name}=`,
    );
    assert.equal(await ask(object, ...forced.map((name) => `${name}${at}-again`)), '', object);
    const long = forced.map((name, n) => (n === 0 ? `${name}next` : `${name}${'x'.repeat(65)}`));
    for (const changes of [long, [...forced.map((name) => `${name}next`), 'other=yes']])
      assert.match(await ask(object, ...changes), /denied request/, object);
  }
  await tenant('--team', 'none');
  await apply(estate, 'dev');
  await until('the group may see nothing', 30_000, async () =>
    (await may('get pods', namespace)) ? { seen: 'it may get pods' } : { ok: true },
  );
});

/** Waits until the policies hold: the API server takes a moment to read them. */
async function holds(namespace: string, object: object, says: RegExp): Promise<void> {
  await until('the policies hold', 60_000, async () => {
    const seen = await refusal(namespace, object);
    return says.test(seen) ? { ok: true } : { seen };
  });
}

/** What the API server says when the tenant's account asks for `object`; empty when it agrees. */
const refusal = (namespace: string, object: object): Promise<string> =>
  refusalOf(theCluster(), namespace, object);
