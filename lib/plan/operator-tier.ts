import type { Problem } from '../errors.ts';
import type { Given } from '../settings/arguments.ts';
import { DEMO_OWNER, SETTINGS } from '../settings/settings.ts';
import { namespaceOf, ownerUrl, repositoryUrl } from './estate.ts';
import {
  conditionsSparingControllers,
  namespaceConditions,
  tenantConditions,
} from './match-conditions.ts';
import type { Layer, Plan, Values } from './plan.ts';
import { hasPolicies, type RepoRecord } from './record.ts';

/** The charts flux-operator and flux-instance, which are released together. */
export const CHART_VERSION = '0.58.1';
/** A range, so that the operator brings patch releases by itself. */
export const FLUX_VERSION = '2.9.x';
/** The oldest Kubernetes that Flux of that range runs on. */
export const KUBERNETES_VERSION = '1.34.1';

/** What Kubernetes makes pods from, by API group. */
const POD_MAKERS = [
  { groups: [''], kinds: ['replicationcontrollers'] },
  { groups: ['apps'], kinds: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'] },
  { groups: ['batch'], kinds: ['jobs', 'cronjobs'] },
];

/** The layers of a config repo that are there once per cluster. */
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

/** What the cluster applies of the config repo. */
function configSyncValues(record: RepoRecord): Values {
  return { hasPolicies: hasPolicies(record), environments: record.environments };
}

function installValues(record: RepoRecord): Values {
  return {
    clusterType: record.estate.clusterType ?? 'kubernetes',
    chartVersion: CHART_VERSION,
    fluxVersion: FLUX_VERSION,
    kubernetesVersion: KUBERNETES_VERSION,
    hasPolicies: hasPolicies(record),
    syncConfig: record.estate.syncConfig === 'yes',
    configUrl: repositoryUrl(record.shared, record.name),
    configRef: `refs/heads/${record.shared.branch}`,
  };
}

function policyValues({ shared, environments, estate }: RepoRecord): Values {
  const { allowSource = [], allowPriorityClass = [] } = estate;
  const owner = ownerUrl(shared);
  const own = environments.filter((environment) => ownerUrl(environment) !== owner);
  return {
    // The characters of an address mean the same in a string of JSON and of CEL.
    owners: JSON.stringify([owner]),
    ownOwners: JSON.stringify(
      Object.fromEntries(own.map((one) => [namespaceOf(one), [ownerUrl(one)]])),
    ),
    added: JSON.stringify(allowSource),
    priorityClasses: JSON.stringify(allowPriorityClass),
    tenantConditions,
    namespaceConditions,
    conditionsSparingControllers,
    podMakers: POD_MAKERS,
    kubernetesVersion: KUBERNETES_VERSION,
    allowedList: [owner, ...allowSource].join('`, `'),
    owner,
    own: own.map((one) => ({ namespace: namespaceOf(one), url: ownerUrl(one) })),
  };
}

/** The values that version 0.1.0 computed in another way: every owner was one of all tenants. */
export function earlierValues({ shared, environments, estate }: RepoRecord): Values {
  const owners = [...new Set([shared, ...environments].map(ownerUrl))];
  return {
    owners: JSON.stringify(owners),
    allowedList: [...new Set([...owners, ...(estate.allowSource ?? [])])].join('`, `'),
    isDemo: shared.owner === DEMO_OWNER,
  };
}

/** Checks that nobody's cluster follows the public demo, because `given` names no other owner. */
export function checkFollowed(plan: Plan, { switches }: Given, problems: Problem[]): void {
  // What is published belongs to the user who is signed in.
  if (!plan.syncConfig || switches.publish) return;
  const demo = repositoryUrl(
    { githubUrl: SETTINGS.githubUrl.default, owner: DEMO_OWNER },
    '',
  ).toLowerCase();
  const config = plan.repos.find(({ role }) => role === 'config');
  if (!config?.url.toLowerCase().startsWith(demo)) return;
  problems.push({
    given: `--sync-config with the owner ${DEMO_OWNER}`,
    rule: 'the cluster must follow a config repo that you can push to, and you cannot push to the public demo of this owner',
    example: '--sync-config --owner octo-org',
    flag: '--owner',
    settings: ['owner', 'syncConfig'],
  });
}
