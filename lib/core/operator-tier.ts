import type { Given } from './arguments.ts';
import type { Problem } from './errors.ts';
import { type Defaults, type Environment, repositoryUrl } from './estate.ts';
import {
  conditionsSparingControllers,
  namespaceConditions,
  tenantConditions,
} from './match-conditions.ts';
import type { Layer, Plan } from './plan.ts';
import { DEMO_OWNER, SETTINGS } from './questions.ts';
import type { RepoRecord } from './record.ts';
import type { Values } from './values.ts';

/** The charts flux-operator and flux-instance, which are released together. */
const CHART_VERSION = '0.58.1';
/** A range, so that the operator brings patch releases by itself. */
export const FLUX_VERSION = '2.9.x';

/** The layers of a config repo that are there once per cluster; `before` is what wrote them last time. */
export function operatorTier(record: RepoRecord, before: RepoRecord | undefined): Layer[] {
  const layer = (name: string, valuesOf: (of: RepoRecord) => Values): Layer => ({
    from: name,
    into: name,
    values: valuesOf(record),
    ...(before && { before: valuesOf(before) }),
  });
  const layers = [layer('install', installValues), layer('network', () => ({}))];
  if (hasPolicies(record)) layers.push(layer('policies', policyValues));
  return record.syncConfig === 'yes' ? [...layers, configSync(record, before)] : layers;
}

/** What the cluster applies of the config repo; a new environment joins what a user added. */
function configSync(record: RepoRecord, before: RepoRecord | undefined): Layer {
  const valuesOf = (of: RepoRecord): Values => ({
    hasPolicies: hasPolicies(of),
    environments: of.environments,
  });
  return {
    from: 'config-sync',
    into: '.',
    values: valuesOf(record),
    ...(before?.syncConfig === 'yes' && { before: valuesOf(before) }),
    ifEdited: 'extend',
  };
}

/** Whether any tenant of `record` is one that the policies hold. */
export function hasPolicies({ defaults, environments }: RepoRecord): boolean {
  return [defaults, ...environments].some(({ profile }) => profile === 'hardened');
}

function installValues(record: RepoRecord): Values {
  return {
    clusterType: record.clusterType ?? 'kubernetes',
    chartVersion: CHART_VERSION,
    fluxVersion: FLUX_VERSION,
    hasPolicies: hasPolicies(record),
    syncConfig: record.syncConfig === 'yes',
    configUrl: repositoryUrl(record.defaults, record.name),
    configRef: `refs/heads/${record.defaults.branch}`,
  };
}

/** What Kubernetes makes pods from, by API group. */
const POD_MAKERS = [
  { groups: [''], kinds: ['replicationcontrollers'] },
  { groups: ['apps'], kinds: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'] },
  { groups: ['batch'], kinds: ['jobs', 'cronjobs'] },
];

function policyValues(record: RepoRecord): Values {
  const { defaults, environments, allowSource = [], allowPriorityClass = [] } = record;
  const owners = [...new Set([defaults, ...environments].map(ownerUrl))];
  return {
    // The characters of an address mean the same in a string of JSON and of CEL.
    owners: JSON.stringify(owners),
    added: JSON.stringify(allowSource),
    priorityClasses: JSON.stringify(allowPriorityClass),
    tenantConditions,
    namespaceConditions,
    conditionsSparingControllers,
    podMakers: POD_MAKERS,
    allowedList: [...new Set([...owners, ...allowSource])].join('`, `'),
  };
}

/** The address below which the repositories of an owner lie. */
const ownerUrl = (one: Defaults | Environment): string => repositoryUrl(one, '').slice(0, -1);

/** Checks that nobody's cluster follows the public demo, because `given` names no other owner. */
export function checkFollowed(plan: Plan, { switches }: Given, problems: Problem[]): void {
  // What is published belongs to the user who is signed in.
  if (!plan.syncConfig || switches.publish) return;
  const demo = repositoryUrl(
    { githubUrl: SETTINGS.githubUrl.otherwise ?? '', owner: DEMO_OWNER },
    '',
  ).toLowerCase();
  const config = plan.repos.find(({ role }) => role === 'config');
  if (!config?.url.toLowerCase().startsWith(demo)) return;
  problems.push({
    given: `--sync-config with the owner ${DEMO_OWNER}`,
    rule: 'the cluster follows a config repo that you can push to, and this owner has the public demo',
    example: '--sync-config --owner octo-org',
    flag: '--owner',
  });
}
