import type { Problem } from '../../errors.ts';
import type { Given } from '../../settings/arguments.ts';
import { DEMO_OWNER, SETTINGS, type SharedSettings } from '../../settings/settings.ts';
import {
  gitSecretOf,
  namespaceOf,
  ownerUrl,
  repositoryUrl,
  sourceUrl,
  sshOwnerUrl,
} from '../estate.ts';
import { isByHand } from '../hand-written/own-form.ts';
import type { Layer, Plan, Values } from '../plan.ts';
import { decrypts, hasPolicies, type RepoRecord, recipientsOf } from '../record.ts';
import { configKeySecretLines, configPullSecretLines } from './artifact-secrets.ts';
import {
  conditionsSparingControllers,
  conditionsSparingRequests,
  namespaceConditions,
  teamConditions,
  tenantConditions,
} from './match-conditions.ts';
import {
  configArtifactOf,
  configSourceValues,
  followsArtifact,
  gitCredentialsOf,
  isOci,
  registryOf,
} from './oci.ts';
import { flagsOf } from './secret-commands.ts';

/** The version of the charts flux-operator and flux-instance. They are released together. */
export const CHART_VERSION = '0.58.1';
/** A range, so that the operator installs patch releases automatically. */
export const FLUX_VERSION = '2.9.x';
/** The oldest Kubernetes that Flux of this range supports. */
export const KUBERNETES_VERSION = '1.34.1';

/** The maximum number of rows in a README. */
const SHOWN = 40;

/** The resources that create pods, by API group. */
const POD_MAKERS = [
  { groups: [''], kinds: ['replicationcontrollers'] },
  { groups: ['apps'], kinds: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'] },
  { groups: ['batch'], kinds: ['jobs', 'cronjobs'] },
];

/** The layers of a config repo that exist once for each cluster. */
export function operatorTier(record: RepoRecord): Layer[] {
  const layer = (from: string, values: Values): Layer => ({ from, into: from, values });
  const followed = record.estate.syncConfig === 'yes';
  return [
    layer('install', installValues(record)),
    layer('network', {}),
    ...(hasPolicies(record) ? [layer('policies', policyValues(record))] : []),
    ...(followed ? [{ from: 'config-sync', into: '.', values: configSyncValues(record) }] : []),
  ];
}

/** The parts of the config repo that the cluster applies. */
function configSyncValues(record: RepoRecord): Values {
  // What a user wrote by hand is in other files, and the user's own list has them.
  const environments = record.environments.filter((one) => !isByHand(one));
  const leaving = environments.filter((one) => one.leaving).map(namespaceOf);
  return { hasPolicies: hasPolicies(record), environments, leaving };
}

function installValues(record: RepoRecord): Values {
  return {
    clusterType: record.estate.clusterType ?? 'kubernetes',
    chartVersion: CHART_VERSION,
    fluxVersion: FLUX_VERSION,
    kubernetesVersion: KUBERNETES_VERSION,
    hasPolicies: hasPolicies(record),
    syncConfig: record.estate.syncConfig === 'yes',
    decrypts: decrypts(record),
    recipients: recipientsOf(record).join('`, `'),
    isOneRecipient: recipientsOf(record).length === 1,
    keyFile: `${record.name}.agekey`,
    configSecret: gitSecretOf(record.name),
    shared: record.shared,
    credentials: gitCredentialsOf(record.shared),
    configWords: [record.name, ...flagsOf({ settings: record.shared }, true)].join(' '),
    ...configSourceValues(record),
    pullLines: configPullSecretLines(record),
    keyLines: configKeySecretLines(record.name),
    ...(followsArtifact(record)
      ? {
          configUrl: configArtifactOf(record),
          configSource: configArtifactOf(record),
          configRef: 'latest',
        }
      : {
          configUrl: repositoryUrl(record.shared, record.name),
          configSource: sourceUrl(record.shared, record.name),
          configRef: `refs/heads/${record.shared.branch}`,
        }),
  };
}

function policyValues({ shared, environments, estate }: RepoRecord): Values {
  const { allowSource = [], allowPriorityClass = [] } = estate;
  const owner = ownerUrl(shared);
  const own = environments.filter(
    (one) =>
      one.profile === 'hardened' &&
      (ownerUrl(one) !== owner || one.tenantSource.length > 0 || isOci(one)),
  );
  return {
    // An address has only characters that JSON strings and CEL strings write in the same way.
    owners: JSON.stringify([owner]),
    added: JSON.stringify(allowSource),
    priorityClasses: JSON.stringify(allowPriorityClass),
    tenantConditions,
    namespaceConditions,
    conditionsSparingControllers,
    conditionsSparingRequests,
    teamConditions,
    podMakers: POD_MAKERS,
    kubernetesVersion: KUBERNETES_VERSION,
    allowedList: [...addressesOf(shared), ...allowSource].join('`, `'),
    owner,
    own: own.slice(0, SHOWN).map((one) => ({
      namespace: namespaceOf(one),
      sources: [
        ...addressesOf(one),
        ...(isOci(one) ? [registryOf(one)] : []),
        ...one.tenantSource,
      ].join('`, `'),
    })),
    notShown: Math.max(0, own.length - SHOWN),
  };
}

/** The addresses of an owner's repositories. Flux reads private ones over ssh if they have deploy keys. */
const addressesOf = (settings: SharedSettings): string[] =>
  gitCredentialsOf(settings) === 'deploy-key'
    ? [ownerUrl(settings), sshOwnerUrl(settings)]
    : [ownerUrl(settings)];

/** The values that version 0.1.0 computed differently: it allowed every owner for all tenants. */
export function earlierValues({ shared, environments, estate }: RepoRecord): Values {
  const owners = [...new Set([shared, ...environments].map(ownerUrl))];
  return {
    owners: JSON.stringify(owners),
    allowedList: [...new Set([...owners, ...(estate.allowSource ?? [])])].join('`, `'),
    isDemo: shared.owner === DEMO_OWNER,
  };
}

/** Refuses a cluster that follows the config repo of the public demo because the run has no `--owner`. */
export function checkFollowed(plan: Plan, { switches }: Given, problems: Problem[]): void {
  // With --publish, the owner is the user who is signed in.
  if (!plan.syncConfig || switches.publish) return;
  const demo = repositoryUrl(
    { githubUrl: SETTINGS.githubUrl.default, owner: DEMO_OWNER },
    '',
  ).toLowerCase();
  const config = plan.repos.find(({ role }) => role === 'config');
  if (!config?.url.toLowerCase().startsWith(demo)) return;
  problems.push({
    given: `--sync-config with the owner ${DEMO_OWNER}`,
    rule: 'the cluster must follow a config repo that you can push to, but the config repo of this owner is the public demo',
    example: '--sync-config --owner octo-org',
    flag: '--owner',
    settings: ['owner', 'syncConfig'],
  });
}
