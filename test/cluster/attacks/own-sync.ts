/** Attacks on the tenant's own sync. */
import {
  type Attack,
  at,
  core,
  idle,
  type Manifest,
  manifests,
  of,
  type See,
  type Tenant,
} from './attack.ts';

const source = 'source.toolkit.fluxcd.io/v1';
const kustomize = 'kustomize.toolkit.fluxcd.io/v1';

/** The tenant's own GitRepository as the platform wrote it, with changes. */
const ownSource = (t: Tenant, spec: object = {}, annotations: object = {}): Manifest =>
  of(
    source,
    'GitRepository',
    { name: t.repo, namespace: t.namespace, annotations },
    {
      interval: '1m0s',
      url: t.url,
      ref: { branch: 'main' },
      ...spec,
    },
  );

const seeSource = (t: Tenant, see: See) =>
  see(at.group(source, t.namespace, 'gitrepositories', t.repo));
const seeSync = (t: Tenant, see: See) =>
  see(at.group(kustomize, t.namespace, 'kustomizations', t.repo));
export const ownSyncAttacks: Attack[] = [
  {
    name: 'source-repointed',
    attempt: 'point the tenant’s own GitRepository to another repository of an allowed owner',
    commit: (t) => manifests(ownSource(t, { url: `${t.url}/taken` })),
    harm: async (t, see) => (await seeSource(t, see))?.spec.url.endsWith('/taken') === true,
    reference: 'nobody',
    hardened: 'policy tenant-platform-objects',
  },
  {
    name: 'source-pruned',
    attempt:
      'add the tenant’s own GitRepository in one commit, and remove it in the next, so that Flux prunes it',
    commit: (t) => manifests(ownSource(t)),
    after: (t) => manifests(core('ConfigMap', { name: 'left', namespace: t.namespace })),
    harm: async (t, see) => (await seeSource(t, see)) === undefined,
    reference: 'nobody',
    hardened: 'policy tenant-platform-objects',
  },
  {
    name: 'reconcile-off',
    attempt:
      'from a pod: annotate the tenant’s own GitRepository so that it gets no more changes from the platform',
    commit: ({ namespace }) => manifests(idle(namespace)),
    fromPod: (t) => ({
      as: 'worker',
      args: [
        ...[
          'annotate',
          `gitrepository/${t.repo}`,
          'kustomize.toolkit.fluxcd.io/reconcile=disabled',
        ],
      ],
    }),
    reference: 'nobody',
    hardened: 'policy tenant-platform-objects',
  },
  {
    name: 'sync-rewritten',
    attempt: 'change the path of the tenant’s own Kustomization and switch off pruning',
    commit: (t) =>
      manifests(
        of(
          kustomize,
          'Kustomization',
          { name: t.repo, namespace: t.namespace },
          {
            interval: '20m0s',
            prune: false,
            path: `./${t.namespace.slice(t.namespace.indexOf('-') + 1)}`,
            serviceAccountName: t.namespace,
            sourceRef: { kind: 'GitRepository', name: t.repo },
          },
        ),
      ),
    harm: async (t, see) => (await seeSync(t, see))?.spec.prune === false,
    reference: 'nobody',
    hardened: 'policy tenant-platform-objects',
  },
];
