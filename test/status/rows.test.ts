import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../lib/cluster/kubectl.ts';
import type { Row } from '../../lib/status/model.ts';
import { placesOf, type Reading, rowsOf } from '../../lib/status/rows.ts';
import {
  type Changes,
  condition,
  FIRST,
  living,
  namespace,
  reading,
  recordOf,
  SECOND,
  source,
  sync,
  withChanges,
  workload,
} from './objects.ts';

const DEV = { name: 'dev', repo: 'flux-dev' };
const HOME = 'fluxdemo-dev';

function rowOf(read: Reading, name = 'dev', estate = 'default'): Row {
  const places = placesOf({ record: recordOf(estate), chosen: [name] });
  const [row, ...more] = rowsOf(places, read);
  assert.ok(row);
  assert.equal(more.length, 0);
  return row;
}

const verdictOf = (objects: readonly KubernetesObject[]) => {
  const { state, ready, message } = rowOf(reading(objects));
  return { state, ready, message };
};

const of = (kind: string, changes: Changes) => withChanges(living([DEV]), kind, HOME, changes);

test('an environment that is Ready: source, sync, workloads, and since when it is so', () => {
  assert.deepEqual(rowOf(reading(living([DEV]))), {
    name: 'dev',
    namespace: HOME,
    state: 'ready',
    ready: 'True',
    message: `Applied revision: ${FIRST}`,
    since: '2026-11-26T19:00:00Z',
    source: { kind: 'GitRepository', name: 'flux-dev', revision: FIRST, suspended: false },
    sync: { name: 'flux-dev', applied: FIRST, attempted: FIRST, suspended: false },
    workloads: [
      {
        kind: 'Deployment',
        name: 'kcheck',
        generation: 3,
        replicas: { wanted: 2, ready: 2, updated: 2 },
      },
    ],
  });
});

test('the rows are the environments of the record, in their order, and none of other namespaces', () => {
  const objects = [...living([{ name: 'else', repo: 'flux-dev' }]), ...living([DEV])];
  const rows = rowsOf(placesOf({ record: recordOf('default'), chosen: [] }), reading(objects));
  assert.deepEqual(
    rows.map(({ name, state }) => [name, state]),
    [
      ['dev', 'ready'],
      ['stage', 'absent'],
      ['prod', 'absent'],
    ],
  );
});

test('what is not on the cluster says what brings it there', () => {
  assert.equal(
    verdictOf([]).message,
    'The namespace fluxdemo-dev is not on the cluster. In the config repo: kubectl apply -f dev/',
  );
  assert.deepEqual(verdictOf([namespace(HOME)]), {
    state: 'absent',
    ready: 'False',
    message: 'Its sync is not on the cluster. In the config repo: kubectl apply -f dev/',
  });
  assert.equal(
    verdictOf([namespace(HOME), source(HOME, 'flux-dev')]).message,
    'Its Kustomization flux-dev is not on the cluster. In the config repo: kubectl apply -f dev/',
  );
  assert.match(
    rowOf(reading([]), 'dev', 'sync-config').message,
    /is not on the cluster\. Flux applies it when the commit with it has arrived\.$/,
  );
  assert.match(
    rowOf(reading([], { unknownKinds: ['kustomizations.kustomize.toolkit.fluxcd.io'] })).message,
    /^The cluster does not have Flux/,
  );
});

test('a source that is not Ready is told, although what was applied before is Ready', () => {
  const conditions = [condition('False', 'authentication required')];
  assert.deepEqual(verdictOf(of('GitRepository', { status: { conditions } })), {
    state: 'failed',
    ready: 'False',
    message: 'GitRepository flux-dev: authentication required',
  });
});

test('a sync that failed, stalled or works has the message of Flux', () => {
  const status = (...conditions: object[]) => of('Kustomization', { status: { conditions } });
  assert.deepEqual(verdictOf(status(condition('False', 'no such kind'))), {
    state: 'failed',
    ready: 'False',
    message: 'no such kind',
  });
  assert.equal(
    verdictOf(status(condition('True', 'x', 'Stalled'), condition('False', 'bad path'))).state,
    'stalled',
  );
  assert.deepEqual(verdictOf(status(condition('Unknown', 'Running health checks'))), {
    state: 'progressing',
    ready: 'Unknown',
    message: 'Running health checks',
  });
  assert.equal(verdictOf(status()).message, 'Flux has not looked at it yet.');
  assert.equal(
    verdictOf(of('Kustomization', { metadata: { generation: 2 } })).state,
    'progressing',
  );
});

test('while Flux works, what it works on, which commit waits, and why a Deployment has too few pods', () => {
  const busy = (reason: string, ...conditions: object[]) =>
    withChanges(
      withChanges(
        of('GitRepository', { status: { artifact: { revision: SECOND } } }),
        'Kustomization',
        HOME,
        { status: { conditions } },
      ),
      'Deployment',
      HOME,
      { status: { conditions: [condition('True', reason, 'ReplicaFailure')] } },
    );
  const quota = 'pods "web-1" is forbidden: exceeded quota: tenant';
  const waits = condition('Unknown', 'Reconciliation in progress');
  const checks = condition('True', 'Running health checks', 'Reconciling');
  assert.deepEqual(verdictOf(busy(quota, waits, checks)), {
    state: 'progressing',
    ready: 'Unknown',
    message: `Running health checks. main@7f1d90a comes next. Deployment kcheck: ${quota}`,
  });
  const failed = condition('False', 'health check failed', 'Ready', 'HealthCheckFailed');
  assert.equal(
    verdictOf(busy(quota, failed)).message,
    `health check failed. Deployment kcheck: ${quota}`,
  );
  assert.equal(verdictOf(busy(quota, condition('False', 'no such kind'))).message, 'no such kind');
  const late = condition('False', 'ReplicaSet "web" has timed out progressing.', 'Progressing');
  const slow = withChanges(
    withChanges(living([DEV]), 'Kustomization', HOME, { status: { conditions: [waits] } }),
    'Deployment',
    HOME,
    { status: { conditions: [late] } },
  );
  assert.equal(
    verdictOf(slow).message,
    'Reconciliation in progress. Deployment kcheck: ReplicaSet "web" has timed out progressing.',
  );
});

test('a commit that is fetched and not applied yet is on its way', () => {
  assert.deepEqual(verdictOf(of('GitRepository', { status: { artifact: { revision: SECOND } } })), {
    state: 'progressing',
    ready: 'Unknown',
    message: 'main@7f1d90a is fetched, and not applied yet.',
  });
});

test('what is suspended says so, Ready or not', () => {
  assert.deepEqual(verdictOf(of('Kustomization', { spec: { suspend: true } })), {
    state: 'suspended',
    ready: 'True',
    message: 'Kustomization flux-dev is suspended, so no push arrives.',
  });
  const conditions = [condition('False', 'no such kind')];
  const both = withChanges(
    of('GitRepository', { spec: { suspend: true } }),
    'Kustomization',
    HOME,
    { spec: { suspend: true }, status: { conditions } },
  );
  assert.deepEqual(verdictOf(both), {
    state: 'suspended',
    ready: 'False',
    message:
      'Kustomization flux-dev and GitRepository flux-dev are suspended, so no push arrives. no such kind',
  });
});

test('a deletion in progress is told', () => {
  const metadata = { deletionTimestamp: '2026-11-26T20:00:30Z' };
  assert.deepEqual(verdictOf(of('Namespace', { metadata })), {
    state: 'deleting',
    ready: 'False',
    message: 'Kubernetes deletes the namespace fluxdemo-dev.',
  });
  assert.equal(
    verdictOf(of('Kustomization', { metadata })).message,
    'Flux removes what Kustomization flux-dev has applied.',
  );
});

test('an environment that leaves says which of its two steps has arrived', () => {
  const { environments } = recordOf('leaving');
  const leaving = environments.find((one) => one.leaving);
  assert.ok(leaving);
  const home = `fluxdemo-${leaving.name}`;
  const message = (changes: Changes) => {
    const objects = withChanges(living([leaving]), 'Kustomization', home, changes);
    const row = rowOf(reading(objects), leaving.name, 'leaving');
    assert.equal(row.state, 'leaving');
    return row.message;
  };
  const metadata = { annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'enabled' } };
  assert.equal(message({}), 'Leaving: the commit has not arrived yet.');
  assert.equal(message({ metadata }), 'Leaving: Flux removes the app.');
  assert.equal(
    message({ metadata, status: { inventory: { entries: [] } } }),
    `Leaving: the app is gone. Next: flux-gitops remove ${leaving.name}`,
  );
  const gone = rowOf(reading([]), leaving.name, 'leaving');
  assert.match(gone.message, /It has left\. Next: flux-gitops remove/);
});

test('the sync of the config repo is a row of its own, and its objects come from flux-system', () => {
  const record = recordOf('sync-config');
  const places = placesOf({ record, chosen: [] });
  const system = [source('flux-system', 'flux-system'), sync('flux-system', 'flux-system')];
  const objects = [
    ...[namespace('flux-system'), ...system, workload('flux-system', 'source-controller')],
    ...living(record.environments),
  ];
  const [config, ...others] = rowsOf(places, reading(objects));
  assert.deepEqual(
    [config?.name, config?.state, config?.source?.name, config?.workloads],
    ['flux-demo', 'ready', 'flux-system', []],
  );
  assert.equal(others.length, record.environments.length);
  assert.ok(others.every(({ state }) => state === 'ready'));
});

test('an environment that a user wrote by hand may have its sync in another namespace', () => {
  const elsewhere = sync('flux-system', 'apps-dev', {
    spec: { sourceRef: { kind: 'GitRepository', name: 'apps' }, targetNamespace: HOME },
  });
  const objects = [namespace(HOME), source('flux-system', 'apps'), elsewhere];
  const place = { name: 'dev', namespace: HOME, sync: 'flux-dev', source: 'flux-dev' };
  const [own] = rowsOf([{ ...place, role: 'by hand' }], reading(objects));
  assert.deepEqual([own?.state, own?.source?.name, own?.sync?.name], ['ready', 'apps', 'apps-dev']);
  const [usual] = rowsOf([{ ...place, role: 'tenant' }], reading(objects));
  assert.equal(usual?.state, 'absent');
});

test('an artifact is compared by its digest, and its commit is known', () => {
  const [artifact, commit] = [`latest@sha256:${'a1'.repeat(32)}`, FIRST];
  const followed = source(HOME, 'flux-dev', {
    kind: 'OCIRepository',
    status: {
      artifact: {
        revision: artifact,
        metadata: { 'org.opencontainers.image.revision': commit },
      },
    },
  });
  const applied = sync(HOME, 'flux-dev', {
    spec: { sourceRef: { kind: 'OCIRepository' } },
    status: { lastAppliedRevision: artifact, lastAppliedOriginRevision: commit },
  });
  const row = rowOf(reading([namespace(HOME), followed, applied]));
  assert.equal(row.state, 'ready');
  assert.equal(row.source?.originRevision, commit);
  assert.equal(row.sync?.appliedOrigin, commit);
});

test('a HelmRelease of the app that failed is told, where the sync does not wait for it', () => {
  const release = {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name: 'shop', namespace: HOME },
    status: { conditions: [condition('False', 'install retries exhausted')] },
  };
  assert.deepEqual(verdictOf([...living([DEV]), release]), {
    state: 'failed',
    ready: 'False',
    message: 'HelmRelease shop: install retries exhausted',
  });
});

test('workloads of every kind are counted', () => {
  const daemons = workload(
    HOME,
    'agent',
    { status: { desiredNumberScheduled: 3, numberReady: 2, updatedNumberScheduled: 1 } },
    'DaemonSet',
  );
  const fresh = workload(
    HOME,
    'db',
    { spec: { replicas: undefined }, status: undefined },
    'StatefulSet',
  );
  const { workloads } = rowOf(reading([...living([DEV]), daemons, fresh]));
  assert.deepEqual(
    workloads.map(({ kind, name, replicas }) => [kind, name, ...Object.values(replicas)]),
    [
      ['Deployment', 'kcheck', 2, 2, 2],
      ['DaemonSet', 'agent', 3, 2, 1],
      ['StatefulSet', 'db', 1, 0, 0],
    ],
  );
});

test('what the user may not see is unknown, and what the user may see is shown', () => {
  const refusal = 'kubectl: Error from server (Forbidden): kustomizations is forbidden';
  const refusals = new Map([[HOME, refusal]]);
  assert.deepEqual(rowOf(reading([], { hasNamespaces: false, refusals })).message, refusal);
  assert.equal(rowOf(reading([], { hasNamespaces: false, refusals })).ready, 'Unknown');
  const partly = living([DEV]).filter(({ kind }) => kind !== 'Namespace');
  assert.equal(rowOf(reading(partly, { hasNamespaces: false, refusals })).state, 'ready');
});
