import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { KubernetesObject } from '../../lib/cluster/kubectl.ts';
import { CHART_VERSION } from '../../lib/plan/values/operator-tier.ts';
import { appliedFindings } from '../../lib/verify/live/applied.ts';
import { comparable, differences, differencesText } from '../../lib/verify/live/compare.ts';
import { controllerFindings } from '../../lib/verify/live/controllers.ts';
import { guardFindings, verdictFrom } from '../../lib/verify/live/guards.ts';
import { type Answer, objectsIn } from '../../lib/verify/live/objects.ts';
import { operatorFindings } from '../../lib/verify/live/operator.ts';
import { configPair, ownSecretFindings } from '../../lib/verify/live/own-sync.ts';
import { missingOf } from '../../lib/verify/live/patches.ts';
import { PROBES } from '../../lib/verify/live/probes.ts';
import { secretFindings } from '../../lib/verify/live/secrets.ts';
import { type Head, syncFindings } from '../../lib/verify/live/syncs.ts';
import { finalizerFindings, unmanagedFindings } from '../../lib/verify/live/unmanaged.ts';
import type { Finding, Json, Manifest, Tenant } from '../../lib/verify/model.ts';
import { lineOf } from '../../lib/verify/read/lines.ts';
import { parseFile } from '../../lib/verify/read/parse.ts';
import { goldenTree } from '../golden.ts';
import { folderAfter, readTree } from '../sandbox.ts';

const tree = goldenTree('default');
const REPO = 'flux-demo';

/** The manifests of a file of the golden estate. */
const manifestsIn = (path: string, files = tree): readonly Manifest[] =>
  parseFile(REPO, path, files.get(`${REPO}/${path}`) ?? '').manifests;

const TENANT = manifestsIn('dev/1_tenant.yaml');
const SYNC = manifestsIn('dev/2_sync.yaml');
const INSTANCE = manifestsIn('install/flux-instance.yaml')[0] as Manifest;

const named = (manifests: readonly Manifest[], kind: string, name?: string): Manifest => {
  const found = manifests.find((one) => one.kind === kind && (name ?? one.name) === one.name);
  assert.ok(found, `${kind} ${name}`);
  return found;
};

/** The object that the cluster has of `manifest`, with the fields that the cluster writes. */
function live({ value }: Manifest, change: Json = {}): KubernetesObject {
  const { metadata } = value as { metadata: object };
  const server = { uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: 'now' };
  return {
    ...value,
    ...change,
    metadata: { ...metadata, ...server },
  } as unknown as KubernetesObject;
}

const codes = (findings: readonly Finding[]): string[] => findings.map(({ code }) => code);

describe('an object of the cluster and its file', () => {
  const quota = named(TENANT, 'ResourceQuota', 'tenant');

  test('what only the cluster writes is no difference', () => {
    const object = live(quota, { status: { used: {} } });
    const text = JSON.stringify({ metadata: { annotations: { 'example.invalid/any': 'x' } } });
    const annotated = { ...object, metadata: { ...object.metadata, ...JSON.parse(text).metadata } };
    assert.deepEqual(
      differences(comparable(annotated as Json, quota.value), comparable(quota.value, quota.value)),
      [],
    );
  });

  test('a label that decides what a tenant may do is a difference, also if only the cluster has it', () => {
    const namespace = named(TENANT, 'Namespace');
    const object = live(namespace);
    const labels = {
      ...object.metadata.labels,
      'flux-gitops/any': 'yes',
      other: 'x',
    };
    const changed = { ...object, metadata: { ...object.metadata, labels } };
    const found = differences(
      comparable(changed as unknown as Json, namespace.value),
      comparable(namespace.value, namespace.value),
    );
    assert.deepEqual(
      found.map(({ path }) => path.join(' ')),
      ['metadata labels flux-gitops/any'],
    );
  });

  test('the values of a Secret are never shown', () => {
    const found = differences({ data: { password: 'old' } }, { data: { password: 'new' } });
    assert.equal(differencesText(found, 'Secret'), 'data.password differs');
    assert.match(differencesText(found, 'ConfigMap'), /"old".*"new"/);
  });

  test('a file that nobody may read, one that is missing and one that is refused', () => {
    const [role, binding] = [named(TENANT, 'Role'), named(TENANT, 'RoleBinding')];
    const said = `Error from server (Forbidden): roles "bind-own-roles" is forbidden: User "eve" cannot get resource "roles" in API group "rbac.authorization.k8s.io" in the namespace "fluxdemo-dev"`;
    const answers = new Map<Manifest, Answer>([
      [role, { said }],
      [quota, 'missing'],
      [binding, { object: live(binding) }],
    ]);
    const tried = new Map<Manifest, Answer>([[binding, { said: 'roleRef: cannot be changed' }]]);
    const found = appliedFindings([role, quota, binding], answers, tried);
    assert.deepEqual(codes(found), ['live-missing', 'live-refused', 'not-checked']);
    assert.match(
      found[2]?.message ?? '',
      /no right to get roles, so Role fluxdemo-dev\/bind-own-roles/,
    );
  });

  test('a namespace that is missing is one finding, and not one for each object in it', () => {
    const answers = new Map(TENANT.map((one) => [one, 'missing'] as const));
    assert.deepEqual(
      appliedFindings(TENANT, answers, new Map()).map(({ object }) => object),
      ['Namespace fluxdemo-dev'],
    );
  });

  test('the file for a service mesh may be missing', () => {
    const mesh = manifestsIn('network/allow-health-checks.yaml');
    assert.equal(mesh.length, 1);
    assert.deepEqual(
      appliedFindings(mesh, new Map(mesh.map((one) => [one, 'missing'])), new Map()),
      [],
    );
  });

  test('what kubectl prints is read: documents after each other, lists, nothing', () => {
    const one = JSON.stringify({ kind: 'A', metadata: { name: 'a' } }, null, 4);
    const list = JSON.stringify({ kind: 'List', items: [{ kind: 'B' }, { kind: 'C' }] }, null, 4);
    assert.deepEqual(
      objectsIn(`${one}\n${one}\n${list}\n`).map(({ kind }) => kind),
      ['A', 'A', 'B', 'C'],
    );
    assert.deepEqual(objectsIn(''), []);
  });
});

describe('policies', () => {
  test('each policy of templates/policies has a probe, and each probe a policy', () => {
    const files = readdirSync(new URL('../../templates/policies', import.meta.url))
      .filter((name) => name.endsWith('.yaml.ejs'))
      .map((name) => name.replace('.yaml.ejs', ''));
    assert.deepEqual(Object.keys(PROBES).sort(), files.sort());
  });

  test('a refusal counts only if this policy refused', () => {
    const said = (policy: string) =>
      `Error from server (Forbidden): configmaps "x" is forbidden: ValidatingAdmissionPolicy '${policy}' with binding 'b' denied request: no`;
    assert.equal(verdictFrom('tenant-pods', 1, said('tenant-pods')), 'refused');
    assert.deepEqual(verdictFrom('tenant-pods', 1, said('tenant-pods-2')), {
      said: said('tenant-pods-2'),
    });
    assert.equal(verdictFrom('tenant-pods', 0, ''), 'accepted');
  });

  test('without the right to impersonate there is one finding for all policies', () => {
    const trials = ['access', 'pods', 'sizes'].map((file) => ({
      policy: named(manifestsIn(`policies/${file}.yaml`), 'ValidatingAdmissionPolicy'),
      file,
      place: { namespace: 'fluxdemo-dev', own: undefined, team: undefined },
    }));
    const barred = guardFindings(trials, new Map(trials.map((one) => [one, 'barred' as const])));
    assert.deepEqual(codes(barred), ['not-checked']);
    assert.match(barred[0]?.message ?? '', /tenant-access, tenant-pods, tenant-sizes/);
    const open = guardFindings(trials, new Map(trials.map((one) => [one, 'accepted' as const])));
    assert.deepEqual(codes(open), Array(3).fill('policy-not-effective'));
    const other = guardFindings(trials, new Map(trials.map((one) => [one, { said: 'quota' }])));
    assert.deepEqual(codes(other), Array(3).fill('not-checked'));
  });
});

describe('sources and syncs', () => {
  const [source, sync] = [named(SYNC, 'GitRepository'), named(SYNC, 'Kustomization')];
  const ready = [{ type: 'Ready', status: 'True' }];
  const commit = 'a'.repeat(40);
  const revision = `main@sha1:${commit}`;
  const fetched = (artifact: string, conditions: object[] = ready) =>
    live(source, {
      status: { conditions, artifact: { revision: artifact }, observedGeneration: 1 },
    });
  const applied = (at: string, status: Json = {}) =>
    live(sync, {
      status: { conditions: ready, lastAppliedRevision: at, observedGeneration: 1, ...status },
    });
  const check = (objects: readonly KubernetesObject[], head: Head = { commit }): string[] =>
    codes(syncFindings([{ sync, source }], objects, () => head));

  for (const [what, objects, head, expected] of [
    ['all at the newest commit', [fetched(revision), applied(revision)], { commit }, []],
    [
      'a newer commit on the server',
      [fetched(revision), applied(revision)],
      { commit: 'b'.repeat(40) },
      ['source-behind'],
    ],
    ['a newer source', [fetched(revision), applied('main@sha1:0')], { commit }, ['sync-behind']],
    [
      'a server that does not answer',
      [fetched(revision), applied(revision)],
      { said: 'no' },
      ['not-checked'],
    ],
    [
      'a source that fails',
      [fetched(revision, [{ type: 'Ready', status: 'False', message: 'no' }]), applied(revision)],
      { commit },
      ['source-not-ready'],
    ],
    [
      'a sync that fails',
      [fetched(revision), applied(revision, { conditions: [{ type: 'Ready', status: 'False' }] })],
      { commit },
      ['sync-not-ready'],
    ],
    [
      'a sync that Flux has not looked at again',
      [fetched(revision), applied(revision, { observedGeneration: 0 })],
      { commit },
      ['sync-behind'],
    ],
    ['nothing on the cluster', [], { commit }, []],
  ] as const)
    test(what, () => assert.deepEqual(check(objects, head), expected));

  test('a sync that is suspended is not behind: the finding about the field says it', () => {
    const spec = { ...(sync.value.spec as object), suspend: true };
    const object = { ...applied('main@sha1:0'), spec };
    assert.deepEqual(check([fetched(revision), object]), []);
  });
});

describe('Flux itself', () => {
  const patches = (INSTANCE.value.spec as { kustomize: { patches: { patch: string }[] } }).kustomize
    .patches;
  const envPatch = patches[0]?.patch ?? '';
  const argPatch = patches[1]?.patch ?? '';
  const env = [
    { name: 'GIT_ALLOW_PROTOCOL', value: 'none' },
    { name: 'HTTP_PROXY', value: 'http://127.0.0.1:1' },
    { name: 'HTTPS_PROXY', value: 'http://127.0.0.1:1' },
    {
      name: 'NO_PROXY',
      value:
        '$(KUBERNETES_SERVICE_HOST),source-controller.flux-system.svc.cluster.local.,notification-controller.flux-system.svc.cluster.local.',
    },
    { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP', apiVersion: 'v1' } } },
    { name: 'OTHER', value: 'x' },
  ];
  const metrics = '--metrics-addr=[$(POD_IP)]:8080';
  const deployment = (args: readonly string[], variables: readonly object[] = env) => ({
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    metadata: { name: 'kustomize-controller' },
    spec: { template: { spec: { containers: [{ name: 'manager', args, env: variables }] } } },
  });

  test('a patch with fields, and one that adds an argument', () => {
    assert.deepEqual(missingOf(envPatch, deployment([metrics])), []);
    assert.deepEqual(missingOf(argPatch, deployment([metrics])), []);
    const [first] = missingOf(envPatch, deployment([metrics], env.slice(1)));
    assert.deepEqual(first?.path.at(-2), 'GIT_ALLOW_PROTOCOL');
    assert.equal(missingOf(argPatch, deployment([])).length, 1);
    assert.equal(missingOf(argPatch, deployment([metrics, '--metrics-addr=:8080'])).length, 1);
  });

  test('a missing instance, and an instance whose controllers are missing', () => {
    assert.deepEqual(codes(controllerFindings(INSTANCE, { instance: undefined, objects: [] })), [
      'live-missing',
    ]);
    const conditions = [{ type: 'Ready', status: 'True', observedGeneration: 1 }];
    const instance = live(INSTANCE, { status: { conditions } });
    const found = controllerFindings(INSTANCE, { instance, objects: [] });
    assert.deepEqual(codes(found), Array(4).fill('controller-differs'));
    const open = { ...instance, status: {}, spec: { ...(instance.spec as object), cluster: {} } };
    const both = controllerFindings(INSTANCE, { instance: open, objects: [] });
    assert.deepEqual(
      [...new Set(codes(both))],
      ['live-differs', 'instance-not-ready', 'controller-differs'],
    );
  });
});

describe('where the images of the controllers come from', () => {
  const component = 'source-controller';
  const conditions = [{ type: 'Ready', status: 'True', observedGeneration: 1 }];
  const check = (image: string, repository = `ghcr.io/fluxcd/${component}`): string[] => {
    const components = [{ name: component, repository, tag: 'v1.9.2' }];
    const instance = live(INSTANCE, { status: { conditions, components } });
    const args = ['--no-cross-namespace-refs=true'];
    const object = {
      ...{ kind: 'Deployment', apiVersion: 'apps/v1' },
      metadata: { name: component, namespace: 'flux-system' },
      spec: { template: { spec: { containers: [{ name: 'manager', args, image }] } } },
    } as unknown as KubernetesObject;
    const file = {
      ...INSTANCE,
      value: { spec: { distribution: { registry: 'ghcr.io/fluxcd/' }, components: [component] } },
    };
    return controllerFindings(file as unknown as Manifest, { instance, objects: [object] })
      .filter(({ code }) => code === 'controller-differs')
      .map(({ message }) => message);
  };

  test('the registry of the FluxInstance, and the version that the operator installed', () => {
    assert.deepEqual(check(`ghcr.io/fluxcd/${component}:v1.9.2`), []);
    assert.deepEqual(check(`ghcr.io/fluxcd/${component}:v1.9.2@sha256:0`).length, 1);
    assert.match(check(`ghcr.io/fluxcd/${component}:v1.9.1`)[0] ?? '', /and not ghcr\.io/);
    for (const image of [
      `ghcr.io/other/${component}:v1.9.2`,
      `ghcr.io/fluxcd/${component}-x:v1.9.2`,
    ])
      assert.deepEqual(check(image, image.split(':')[0]), [
        `the Deployment ${component} runs the image ${image}, and none of ghcr.io/fluxcd`,
      ]);
  });
});

describe('the operator', () => {
  const files = new Map(
    [...tree].map(([path, text]) => [path.replace(`${REPO}/`, ''), text] as const),
  );
  const config = { name: REPO, folder: '/', record: undefined, files };
  const deployment = (image: string, ...args: string[]): KubernetesObject =>
    ({
      ...{ kind: 'Deployment', apiVersion: 'apps/v1' },
      metadata: { name: 'flux-operator', namespace: 'flux-system' },
      spec: { template: { spec: { containers: [{ name: 'manager', args, image }] } } },
    }) as unknown as KubernetesObject;
  const check = (...objects: KubernetesObject[]): Finding[] =>
    operatorFindings(config, 'flux-system', objects);
  const LOCK = '--default-service-account=flux-operator';
  const image = (version: string): string =>
    `ghcr.io/controlplaneio-fluxcd/flux-operator:${version}`;

  test('its lock, and the version that install/README.md installs', () => {
    assert.deepEqual(codes(check(deployment(image(`v${CHART_VERSION}`), LOCK))), []);
    assert.deepEqual(codes(check(deployment(image('v99.0.0@sha256:0'), LOCK))), []);
    assert.deepEqual(codes(check(deployment('mirror.example.com/flux-operator:latest', LOCK))), []);
    const [older] = check(deployment(image('v0.57.9'), LOCK));
    assert.equal(older?.code, 'operator-outdated');
    assert.match(
      tree.get(`${REPO}/${older?.place.path}`)?.split('\n')[(older?.place.line ?? 0) - 1] ?? '',
      /--version/,
    );
    for (const args of [[], ['--default-service-account=']])
      assert.deepEqual(codes(check(deployment(image('v99.0.0'), ...args))), ['operator-open']);
    assert.deepEqual(codes(check()), ['not-checked']);
  });

  test('an estate whose values do not ask for the lock, and one without the values', () => {
    const [path, text] = ['install/flux-operator-values.yaml', 'multitenancy:\n  enabled: false\n'];
    const open = { ...config, files: new Map([...files, [path, text]]) };
    assert.deepEqual(operatorFindings(open, 'flux-system', [deployment(image('v99.0.0'))]), []);
    assert.deepEqual(operatorFindings({ ...config, files: new Map() }, 'flux-system', []), []);
  });
});

describe('what nobody manages', () => {
  const environment = { name: 'dev', repo: 'flux-dev' } as Tenant['environment'];
  const tenant: Tenant = { environment, namespace: 'fluxdemo-dev', manifests: TENANT, syncs: [] };
  const object = (
    kind: string,
    name: string,
    rest: object = {},
    metadata: object = {},
  ): KubernetesObject =>
    ({
      ...{ apiVersion: 'v1', kind, ...rest },
      metadata: { name, namespace: 'fluxdemo-dev', ...metadata },
    }) as KubernetesObject;
  const inventory = (...ids: string[]) => ({
    status: { inventory: { entries: ids.map((id) => ({ id, v: 'v1' })) } },
  });

  test('everything that is explained, and nothing else, is left out', () => {
    const objects = [
      ...TENANT.map((one) => live(one)),
      object(
        'Kustomization',
        'flux-dev',
        {
          ...{ apiVersion: 'kustomize.toolkit.fluxcd.io/v1' },
          ...inventory('fluxdemo-dev_kcheck_apps_Deployment', 'fluxdemo-dev_a__b_rbac_Role'),
        },
        { ownerReferences: [{}] },
      ),
      object('Deployment', 'kcheck'),
      object('Role', 'a:b'),
      object('ReplicaSet', 'kcheck-1', {}, { ownerReferences: [{ kind: 'Deployment' }] }),
      object('ConfigMap', 'kube-root-ca.crt'),
      object(
        'Secret',
        'git-flux-dev',
        {},
        { labels: { 'app.kubernetes.io/managed-by': 'flux-gitops' } },
      ),
      object(
        'StatefulSet',
        'db',
        { spec: { volumeClaimTemplates: [{ metadata: { name: 'data' } }] } },
        { ownerReferences: [{}] },
      ),
      object('PersistentVolumeClaim', 'data-db-0'),
      object('PersistentVolumeClaim', 'data-db-old'),
      object('Pod', 'by-hand'),
      object('Secret', 'mine'),
    ];
    const found = unmanagedFindings([tenant], { files: TENANT, objects, appliers: [] });
    assert.deepEqual(
      found.map(({ object: one }) => one),
      ['PersistentVolumeClaim', 'Pod', 'Secret'].map(
        (kind, n) => `${kind} fluxdemo-dev/${['data-db-old', 'by-hand', 'mine'][n]}`,
      ),
    );
    assert.ok(found.every(({ place }) => place.path === 'dev/1_tenant.yaml'));
  });

  test('a finalizer hangs after a minute', () => {
    const now = Date.parse('2026-01-01T00:10:00Z');
    const held = (deletionTimestamp: string) =>
      object('ConfigMap', 'held', {}, { deletionTimestamp, finalizers: ['example.invalid/x'] });
    const found = finalizerFindings(
      [tenant],
      [held('2026-01-01T00:08:00Z'), held('2026-01-01T00:09:30Z')],
      now,
    );
    assert.deepEqual(codes(found), ['finalizer-hangs']);
    assert.match(found[0]?.message ?? '', /example\.invalid\/x/);
  });
});

describe('Secrets', () => {
  const source = named(manifestsIn('dev/2_sync.yaml', goldenTree('private')), 'GitRepository');
  const name = (source.value.spec as { secretRef: { name: string } }).secretRef.name;
  const now = Date.parse('2026-01-01T00:00:00Z');
  const secret = (fields: readonly string[], annotations = {}): KubernetesObject =>
    ({
      ...{
        apiVersion: 'v1',
        kind: 'Secret',
        data: Object.fromEntries(fields.map((one) => [one, 'eA=='])),
      },
      metadata: { name, namespace: source.namespace, annotations },
    }) as unknown as KubernetesObject;
  const check = (...secrets: KubernetesObject[]): string[] =>
    codes(secretFindings([source], secrets, now));

  test('a Secret must exist and have what Flux reads', () => {
    assert.deepEqual(check(), ['secret-missing']);
    assert.deepEqual(check(secret(['identity'])), ['secret-incomplete']);
    assert.deepEqual(check(secret(['identity', 'known_hosts'])), []);
  });

  test('those of the config repo: what reads it, what verifies it, and what decrypts it', async () => {
    const key = [
      '--source',
      'oci',
      '--signature',
      'key',
      '--registry',
      'oci://registry.example.com/x',
    ];
    const priv = ['--owner', 'octo-org', '--visibility', 'private', '--sync-config'];
    const artifacts = readTree(await folderAfter([...priv, ...key]));
    for (const [estate, names] of [
      [tree, []],
      [goldenTree('sops'), ['git-flux-demo', 'sops-age']],
      [artifacts, ['registry-flux-demo', 'cosign-flux-demo']],
    ] as const) {
      const instance = manifestsIn('install/flux-instance.yaml', estate)[0] as Manifest;
      const pair = configPair(instance);
      const found = pair ? ownSecretFindings(REPO, instance, pair, [], now) : [];
      assert.deepEqual(
        found.map(({ code, message }) => [code, message.split('/')[1]]),
        names.map((one) => ['secret-missing', one]),
      );
      for (const { place, environment } of found) {
        assert.equal(environment, REPO);
        assert.match(
          instance.text.split('\n')[lineOf(place) - instance.start] ?? '',
          /pullSecret:|patches:/,
        );
      }
    }
  });

  test('a token that ends within two weeks', () => {
    const ends = (when: string) =>
      check(secret(['identity', 'known_hosts'], { 'flux-gitops/expires': when }));
    assert.deepEqual(ends('2026-01-10T00:00:00.000Z'), ['credential-ends']);
    assert.deepEqual(ends('2025-01-10T00:00:00.000Z'), ['credential-ends']);
    assert.deepEqual(ends('2026-02-10T00:00:00.000Z'), []);
  });
});
