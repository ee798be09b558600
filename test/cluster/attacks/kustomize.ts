/** Attacks by a kustomization.yaml where the platform wants plain manifests. */
import {
  type Attack,
  at,
  type Commit,
  core,
  kustomized,
  letIn,
  type Manifest,
  manifests,
  of,
  plainManifests,
  type Tenant,
} from './attack.ts';

const source = 'source.toolkit.fluxcd.io/v1';
const kustomize = 'kustomize.toolkit.fluxcd.io/v1';
const envOf = ({ namespace, field }: Tenant) => namespace.slice(field.length + 1);

/** The tenant's own source of its own repository. */
const mine = (t: Tenant, spec: object): Manifest =>
  of(
    source,
    'GitRepository',
    { name: 'mine', namespace: t.namespace },
    { interval: '1h', url: t.url, ref: { branch: 'main' }, ...spec },
  );

/** The tenant's own sync of that source. */
const synced = (t: Tenant, kind: string, path: string): Manifest =>
  of(
    kustomize,
    'Kustomization',
    { name: 'mine', namespace: t.namespace },
    {
      interval: '1h',
      retryInterval: '30s',
      timeout: '1m',
      prune: true,
      path,
      serviceAccountName: t.namespace,
      targetNamespace: t.namespace,
      sourceRef: { kind, name: 'mine' },
    },
  );

const generated: Attack['harm'] = async (t, see) =>
  (await see(at.core(t.namespace, 'configmaps', 'read'))) !== undefined;

const literals = { literals: ['key=value'] };

/** The text of a kustomization.yaml under a name that is none of its own. */
const hidden = (t: Tenant): Commit => {
  const { 'kustomization.yaml': text = '', ...rest } = kustomized(t.namespace, literals);
  return { 'plain.txt': text, ...rest };
};

const sourceAttack = (
  name: string,
  attempt: string,
  commit: (t: Tenant) => Commit,
  plural: string,
): Attack => ({
  name,
  attempt,
  commit,
  harm: letIn(groupOf(plural), plural, 'mine'),
  reference: 'nobody',
  kustomize: 'nobody',
  hardened: 'policy tenant-kustomize',
  says: /flux-gitops tenant ENV --allow-kustomize/,
});

const groupOf = (plural: string) => (plural === 'kustomizations' ? kustomize : source);

export const kustomizeAttacks: Attack[] = [
  {
    name: 'ignore-undone',
    attempt:
      'use a kustomization.yaml, and a .sourceignore that reverts the platform’s spec.ignore',
    commit: (t) => ({
      ...kustomized(t.namespace, literals),
      '.sourceignore': '!kustomization.yaml\n!*\n',
    }),
    harm: generated,
    reference: 'nobody',
    kustomize: 'nobody',
    hardened: 'plain manifests',
  },
  sourceAttack(
    'ignore-missing',
    'create a source that does not ignore kustomization.yaml',
    (t) => manifests(mine(t, {})),
    'gitrepositories',
  ),
  sourceAttack(
    'ignore-last',
    'create a source whose last pattern reverts the others',
    (t) => manifests(mine(t, { ignore: `${plainManifests}!kustomization.yaml\n` })),
    'gitrepositories',
  ),
  sourceAttack(
    'ignore-overlong',
    'create a source with a line so long that Flux reads no pattern after it',
    (t) => manifests(mine(t, { ignore: `#${'x'.repeat(70_000)}\n${plainManifests}` })),
    'gitrepositories',
  ),
  {
    name: 'ignore-renamed',
    attempt: 'create a source that includes another file as kustomization.yaml',
    commit: (t) => ({
      ...hidden(t),
      'attack.yaml': [
        mine(t, {
          ...(t.field === 'hardened' && { ignore: plainManifests }),
          include: [
            {
              repository: { name: t.repo },
              fromPath: `${envOf(t)}/plain.txt`,
              toPath: 'renamed/kustomization.yaml',
            },
            {
              repository: { name: t.repo },
              fromPath: `${envOf(t)}/other.yaml`,
              toPath: 'renamed/other.yaml',
            },
          ],
        }),
        synced(t, 'GitRepository', './renamed'),
      ],
    }),
    harm: generated,
    reference: 'nobody',
    kustomize: 'nobody',
    hardened: 'plain manifests',
  },
  sourceAttack(
    'sync-archive',
    'create a sync from an OCIRepository, which can pass on an archive unchanged',
    (t) =>
      manifests(
        synced(t, 'OCIRepository', './'),
        core('ConfigMap', { name: 'x', namespace: t.namespace }),
      ),
    'kustomizations',
  ),
];
