/** The sync of the config repo itself, which the operator makes of the FluxInstance. */
import { at, isObject, type Manifest, textAt } from '../model.ts';
import type { SyncPair } from './syncs.ts';

/** The API version of what the operator makes. */
const VERSIONS = {
  GitRepository: 'source.toolkit.fluxcd.io/v1',
  OCIRepository: 'source.toolkit.fluxcd.io/v1',
  Kustomization: 'kustomize.toolkit.fluxcd.io/v1',
} as const;

/** The Kustomization and the source of `spec.sync` in `instance`, as the operator names them; undefined without a sync. */
export function configPair(instance: Manifest): SyncPair | undefined {
  const sync = at(instance.value, 'spec', 'sync');
  if (!isObject(sync)) return undefined;
  const name = textAt(sync, 'name') ?? instance.namespace ?? 'flux-system';
  const kind = textAt(sync, 'kind') === 'OCIRepository' ? 'OCIRepository' : 'GitRepository';
  const of = (one: keyof typeof VERSIONS, spec: object): Manifest => ({
    ...instance,
    ...{ kind: one, apiVersion: VERSIONS[one], name, value: { spec } },
  });
  // The operator has one field for branches, tags and commits: refs/heads/main.
  const branch = /^refs\/heads\/(.+)$/.exec(textAt(sync, 'ref') ?? '')?.[1];
  const { url, interval } = sync;
  const ref = branch === undefined ? {} : { ref: { branch } };
  return { sync: of('Kustomization', {}), source: of(kind, { url, interval, ...ref }) };
}
