import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { Document } from 'yaml';
import { apply, check, type Fresh, freshEstate } from '../check.ts';
import { appFile, configPath, type Estate, edit, namespaceOf, publish } from '../estate.ts';
import { type FluxKind, podsRefused, reported } from '../expect.ts';
import { explained } from '../readme.ts';

/** One fault, the object that reports it and what it has to say besides what the README quotes. */
function reports(what: string, kind: FluxKind, pattern: RegExp, fault: (fresh: Fresh) => unknown) {
  check(`${what} is reported on the ${kind} in the words of the README`, async (fresh) => {
    await fault(fresh);
    await apply(fresh.estate, 'dev');
    const message = await reported(fresh.estate, 'dev', kind);
    assert.match(message, pattern);
    explained(fresh.estate, kind, message);
  });
}

function sync(estate: Estate, kind: FluxKind, change: (object: Document) => void): void {
  edit(configPath(estate, 'dev', '2_sync.yaml'), kind, change);
}

function addManifest(estate: Estate, text: string): Promise<string> {
  writeFileSync(join(dirname(appFile(estate, 'dev')), 'more.yaml'), text);
  return publish(estate, 'flux-dev');
}

reports('a branch that does not exist', 'GitRepository', /refs\/heads\/nowhere/, ({ estate }) => {
  sync(estate, 'GitRepository', (object) => object.setIn(['spec', 'ref', 'branch'], 'nowhere'));
});

reports('a repository that does not exist', 'GitRepository', /nowhere/, ({ estate }) => {
  const url = `${estate.cluster.git.url}/${estate.owner}/nowhere`;
  sync(estate, 'GitRepository', (object) => object.setIn(['spec', 'url'], url));
});

reports('a path that does not exist', 'Kustomization', /nowhere/, ({ estate }) => {
  sync(estate, 'Kustomization', (object) => object.setIn(['spec', 'path'], './nowhere'));
});

reports('a sync without a service account', 'Kustomization', /:default"/, ({ estate }) => {
  sync(estate, 'Kustomization', (object) => object.deleteIn(['spec', 'serviceAccountName']));
});

reports('a source in another namespace', 'Kustomization', /blocked/, ({ estate }) => {
  const other = namespaceOf(estate, 'prod');
  sync(estate, 'Kustomization', (object) => {
    object.setIn(['spec', 'sourceRef', 'namespace'], other);
  });
});

reports('a cluster-wide object in the repo', 'Kustomization', /clusterroles/, ({ estate }) =>
  addManifest(
    estate,
    'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: too-much}\n',
  ),
);

reports('an API that the cluster does not have', 'Kustomization', /Gadget/, ({ estate }) =>
  addManifest(estate, 'apiVersion: example.invalid/v1\nkind: Gadget\nmetadata: {name: one}\n'),
);

const refusals: [string, RegExp, (app: Document) => void][] = [
  [
    'a pod on the host network',
    /violates PodSecurity/,
    (app) => app.setIn(['spec', 'template', 'spec', 'hostNetwork'], true),
  ],
  [
    'more pods than the quota has room for',
    /exceeded quota/,
    (app) => app.setIn(['spec', 'replicas'], 200),
  ],
];

for (const [what, pattern, change] of refusals) {
  test(`${what}: the ReplicaSet says why, as the README says (hardened)`, async (t) => {
    const { estate } = await freshEstate(t, 'hardened');
    edit(appFile(estate, 'dev'), 'Deployment', change);
    await publish(estate, 'flux-dev');
    await apply(estate, 'dev');
    const message = await podsRefused(estate, 'dev');
    assert.match(message, pattern);
    explained(estate, 'ReplicaSet', message);
  });
}
