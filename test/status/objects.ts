/** Objects of a cluster as kubectl prints them, without the fields that `status` does not read. */
import type { KubernetesObject } from '../../lib/cluster/kubectl.ts';
import type { Environment } from '../../lib/plan/estate.ts';
import { type FoundRecord, readRecord } from '../../lib/plan/record.ts';
import type { Reading } from '../../lib/status/rows.ts';
import { goldenTree } from '../golden.ts';

export const FIRST = 'main@sha1:cd2ebc8a30f51c2d5c8e1ab4e3a5ff17b02d0f3a';
export const SECOND = 'main@sha1:7f1d90aab4dd6b2b0c4a8fd8f9de38ab4ac5bd01';
/** The time at which all objects of this file are a minute old. */
export const NOW = Date.parse('2026-11-26T20:01:00Z');
const THEN = '2026-11-26T20:00:00Z';

/** The record of the config repo of the golden tree `name`. */
export function recordOf(name: string): FoundRecord {
  const text = goldenTree(name).get('flux-demo/.yo-rc.json') ?? '';
  const { record } = readRecord(text, '.yo-rc.json', []);
  if (record === undefined) throw new Error(`${name} has no record`);
  return record;
}

/** Changes to the fields of an object. A field that is an object is merged. */
export type Changes = { readonly [field: string]: unknown };

function changed(one: Changes, changes: Changes): Changes {
  const entries = Object.entries(changes).map(([key, value]) => {
    const before = one[key];
    const isDeep = [before, value].every((part) => part?.constructor === Object);
    return [key, isDeep ? changed(before as Changes, value as Changes) : value];
  });
  return { ...one, ...Object.fromEntries(entries) };
}

const object = (
  apiVersion: string,
  kind: string,
  metadata: Changes,
  rest: Changes,
  changes: Changes,
): KubernetesObject =>
  changed(
    {
      apiVersion,
      kind,
      metadata: { generation: 1, creationTimestamp: THEN, ...metadata },
      ...rest,
    },
    changes,
  ) as KubernetesObject;

/** The condition Ready, or another one. */
export const condition = (status: string, message: string, type = 'Ready', reason = 'Any') => ({
  lastTransitionTime: THEN,
  message,
  observedGeneration: 1,
  reason,
  status,
  type,
});

export const namespace = (name: string, changes: Changes = {}): KubernetesObject =>
  object('v1', 'Namespace', { name }, { status: { phase: 'Active' } }, changes);

export const source = (home: string, name: string, changes: Changes = {}): KubernetesObject =>
  object(
    'source.toolkit.fluxcd.io/v1',
    'GitRepository',
    { name, namespace: home },
    {
      spec: { interval: '1m0s', ref: { branch: 'main' }, url: `http://git.example.com/${name}` },
      status: {
        artifact: { digest: 'sha256:0', lastUpdateTime: THEN, revision: FIRST },
        conditions: [condition('True', `stored artifact for revision '${FIRST}'`)],
        observedGeneration: 1,
      },
    },
    changes,
  );

export const sync = (home: string, name: string, changes: Changes = {}): KubernetesObject =>
  object(
    'kustomize.toolkit.fluxcd.io/v1',
    'Kustomization',
    { name, namespace: home },
    {
      spec: {
        interval: '20m0s',
        sourceRef: { kind: 'GitRepository', name },
        targetNamespace: home,
      },
      status: {
        conditions: [condition('True', `Applied revision: ${FIRST}`)],
        history: [
          {
            digest: 'sha256:1',
            firstReconciled: '2026-11-26T19:00:00Z',
            lastReconciled: THEN,
            lastReconciledStatus: 'ReconciliationSucceeded',
            metadata: { revision: FIRST },
          },
        ],
        inventory: { entries: [{ id: `${home}_kcheck_apps_Deployment`, v: 'v1' }] },
        lastAppliedRevision: FIRST,
        lastAttemptedRevision: FIRST,
        observedGeneration: 1,
      },
    },
    changes,
  );

export const workload = (
  home: string,
  name: string,
  changes: Changes = {},
  kind = 'Deployment',
): KubernetesObject =>
  object(
    'apps/v1',
    kind,
    { name, namespace: home, generation: 3 },
    {
      spec: { replicas: 2 },
      status: { observedGeneration: 3, replicas: 2, readyReplicas: 2, updatedReplicas: 2 },
    },
    changes,
  );

/** All objects of the environments `of`, all of them Ready. */
export function living(of: readonly Pick<Environment, 'name' | 'repo'>[]): KubernetesObject[] {
  return of.flatMap(({ name, repo }) => {
    const home = `fluxdemo-${name}`;
    return [namespace(home), source(home, repo), sync(home, repo), workload(home, 'kcheck')];
  });
}

/** What a user who may see everything reads. */
export const reading = (
  objects: readonly KubernetesObject[],
  more: Partial<Reading> = {},
): Reading => ({ objects, hasNamespaces: true, unknownKinds: [], refusals: new Map(), ...more });

/** `objects` with `changes` to those of `kind` in `home`. */
export const withChanges = (
  objects: readonly KubernetesObject[],
  kind: string,
  home: string,
  changes: Changes,
): KubernetesObject[] =>
  objects.map((one) =>
    one.kind === kind && (one.metadata.namespace ?? one.metadata.name) === home
      ? (changed(one, changes) as KubernetesObject)
      : one,
  );
