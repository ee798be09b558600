/** Attacks by notifications, remote bases and the status of Flux's objects. */
import {
  type Attack,
  at,
  idle,
  kustomized,
  letIn,
  manifests,
  of,
  plainManifests,
  type See,
  type Tenant,
} from './attack.ts';

const source = 'source.toolkit.fluxcd.io/v1';
const notification = 'notification.toolkit.fluxcd.io';

const notificationAttack = (
  name: string,
  attempt: string,
  version: string,
  kind: string,
  plural: string,
  spec: (t: Tenant) => object,
  says = /may refer only to its own namespace/,
): Attack => ({
  name,
  attempt,
  commit: (t) =>
    manifests(
      of(`${notification}/${version}`, kind, { name: 'attack', namespace: t.namespace }, spec(t)),
    ),
  harm: letIn(`${notification}/${version}`, plural),
  reference: 'nobody',
  hardened: 'policy tenant-syncs',
  says,
});

export const notificationAttacks: Attack[] = [
  notificationAttack(
    'receiver',
    'create a Receiver that makes Flux reconcile objects of others',
    'v1',
    'Receiver',
    'receivers',
    (t) => ({
      type: 'generic',
      secretRef: { name: 'token' },
      resources: [{ kind: 'GitRepository', name: t.repo, namespace: t.victim }],
    }),
  ),
  notificationAttack(
    'receiver-expression',
    'create a Receiver with an expression that takes months to evaluate',
    'v1',
    'Receiver',
    'receivers',
    (t) => ({
      type: 'generic',
      secretRef: { name: 'token' },
      resources: [{ kind: 'GitRepository', name: t.repo }],
      resourceFilter: 'true',
    }),
    /Remove readyExpr/,
  ),
  notificationAttack(
    'provider-of-the-cluster',
    'create a Provider that signs in to a cloud with the identity of Flux',
    'v1beta3',
    'Provider',
    'providers',
    () => ({ type: 'googlepubsub', address: 'taken', channel: 'taken' }),
    /must not use a proxy or the identity of Flux/,
  ),
  notificationAttack(
    'alert',
    'create an Alert that receives events of others',
    'v1beta3',
    'Alert',
    'alerts',
    (t) => ({
      providerRef: { name: 'mine' },
      eventSources: [{ kind: 'GitRepository', name: '*', namespace: t.victim }],
    }),
  ),
];

/**
 * The artifact of another tenant's repository, as the tenant's own. It names nobody's folder: the
 * source-controller would collect what else is there as garbage, and other attacks need the victim's.
 */
const stolen = (t: Tenant) =>
  JSON.stringify({
    status: {
      artifact: {
        digest: `sha256:${'0'.repeat(64)}`,
        lastUpdateTime: '2020-01-01T00:00:00Z',
        path: `gitrepository/nobody/${t.repo}/stolen.tar.gz`,
        revision: 'main@sha1:stolen',
        url: `${t.elsewhere}/gitrepository/${t.victim}/stolen.tar.gz`,
      },
    },
  });

const patchStatus = (t: Tenant, name: string) => ({
  as: 'worker',
  args: ['patch', `gitrepository/${name}`, '--subresource=status', '--type=merge', '-p', stolen(t)],
});

/** What a kustomization.yaml read into a ConfigMap. */
const wasRead = async (t: Tenant, see: See): Promise<string> =>
  (await see(at.core(t.namespace, 'configmaps', 'read')))?.data?.list ?? '';

export const remoteAttacks: Attack[] = [
  {
    name: 'remote-base',
    attempt: 'use a kustomization.yaml with a base in another repository',
    commit: (t) =>
      kustomized(t.namespace, {}, { resources: [`${t.url}.git//inner/remote?ref=main`] }),
    harm: async (t, see) => (await see(at.core(t.namespace, 'configmaps', 'made'))) !== undefined,
    reference: 'FluxInstance patch',
    kustomize: 'FluxInstance patch',
    hardened: 'plain manifests',
  },
  {
    name: 'remote-file',
    attempt: 'use a kustomization.yaml with a file that the controller fetches from any address',
    commit: (t) => kustomized(t.namespace, { files: [`list=${t.outside}/remote.yaml`] }),
    harm: async (t, see) => (await see(`seen:/${t.field}/remote.yaml`)) !== undefined,
    reference: 'FluxInstance patch',
    kustomize: 'FluxInstance patch',
    hardened: 'plain manifests',
  },
  {
    name: 'remote-metrics',
    attempt: 'the same with the controller’s own metrics, which name the syncs of all tenants',
    commit: (t) => kustomized(t.namespace, { files: [`list=${t.metrics}/metrics`] }),
    harm: async (t, see) => (await wasRead(t, see)).includes('controller_runtime_'),
    reference: 'FluxInstance patch',
    kustomize: 'FluxInstance patch',
    hardened: 'plain manifests',
  },
  {
    name: 'remote-artifact',
    attempt: 'the same with the source-controller, which lists the commits of another tenant',
    commit: (t) =>
      kustomized(t.namespace, {
        files: [`list=${t.artifacts}/gitrepository/${t.victim}/${t.repo}/`],
      }),
    harm: async (t, see) => (await wasRead(t, see)).includes('.tar.gz'),
    reference: 'nobody',
    kustomize: 'nobody',
    hardened: 'plain manifests',
  },
  {
    name: 'status-of-sync',
    attempt: 'from a pod: point the status of the platform’s GitRepository to any artifact',
    commit: (t) => manifests(idle(t.namespace)),
    fromPod: (t) => patchStatus(t, t.repo),
    reference: 'nobody',
    hardened: 'policy tenant-platform-objects',
    or: 'policy tenant-status',
  },
  {
    name: 'status-of-own',
    attempt:
      'from a pod: point the status of the tenant’s GitRepository to the artifact of another tenant',
    commit: (t) =>
      manifests(
        of(
          source,
          'GitRepository',
          { name: 'mine', namespace: t.namespace },
          {
            interval: '1h',
            url: t.url,
            ref: { branch: 'main' },
            ignore: plainManifests,
          },
        ),
      ),
    fromPod: (t) => patchStatus(t, 'mine'),
    reference: 'nobody',
    hardened: 'policy tenant-status',
    says: /because only Flux may write it/,
  },
];
