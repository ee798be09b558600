/** What the API server refuses about the values of single kinds, and the schema of Kubernetes says nothing about. */

import { amountOf } from '../../admission/quantity.ts';
import { at, isObject, listAt, type Manifest, objectAt, textAt } from '../../model.ts';
import { checkClaim } from './claims.ts';
import {
  atLeast,
  checkSelectorValues,
  isLabel,
  isSubdomain,
  KEY,
  LABEL_RULE,
  oneOf,
  type Path,
  RESOURCES,
  type Refuse,
} from './formats.ts';
import { checkIngress, checkNetwork } from './network.ts';
import { checkScale } from './scale.ts';
import { checkServiceValues } from './services.ts';

type Rule = (manifest: Manifest, refuse: Refuse) => void;

/** The rules of each kind. */
export const KIND_VALUES: { readonly [kind: string]: Rule } = {
  Service: checkServiceValues,
  NetworkPolicy: checkNetwork,
  PodDisruptionBudget: checkBudget,
  HorizontalPodAutoscaler: checkScale,
  Deployment: checkDeployment,
  StatefulSet: checkStateful,
  DaemonSet: checkDaemons,
  Job: checkLoneJob,
  CronJob: checkCron,
  LimitRange: checkLimits,
  ResourceQuota: checkHard,
  Role: checkRules,
  RoleBinding: checkBinding,
  Ingress: checkIngress,
  ReplicationController: checkController,
};

function checkBudget({ value }: Manifest, refuse: Refuse): void {
  const spec = objectAt(value, 'spec');
  for (const key of ['minAvailable', 'maxUnavailable']) {
    const amount = spec[key];
    const field = ['spec', key];
    if (typeof amount === 'number' && amount < 0)
      refuse(field, `Invalid value: ${amount}: must be greater than or equal to 0`);
    if (typeof amount === 'string' && !isPercent(amount))
      refuse(field, `Invalid value: "${amount}": must not be greater than 100%`);
  }
  const policies = ['AlwaysAllow', 'IfHealthyBudget'];
  const field = ['spec', 'unhealthyPodEvictionPolicy'];
  oneOf(field, spec.unhealthyPodEvictionPolicy, policies, refuse);
  checkSelectorValues(['spec', 'selector'], spec.selector, refuse);
}

/** A percentage that is at most 100 %. */
const isPercent = (text: string): boolean => /^(\d{1,2}|100)%$/.test(text);

const isZero = (amount: unknown): boolean => amount === 0 || amount === '0%';

function checkStrategy(
  path: Path,
  strategy: unknown,
  types: readonly string[],
  refuse: Refuse,
): void {
  const { type, rollingUpdate } = objectAt(strategy);
  oneOf([...path, 'type'], type, types, refuse);
  if (type === 'Recreate' && isObject(rollingUpdate))
    refuse(
      [...path, 'rollingUpdate'],
      "Forbidden: may not be specified when strategy `type` is 'Recreate'",
    );
  for (const key of ['maxSurge', 'maxUnavailable']) {
    const amount = at(rollingUpdate, key);
    if (typeof amount === 'number' && amount < 0)
      refuse(
        [...path, 'rollingUpdate', key],
        `Invalid value: ${amount}: must be greater than or equal to 0`,
      );
    if (key === 'maxUnavailable' && /^\d{3,}%$/.test(String(amount)) && amount !== '100%')
      refuse(
        [...path, 'rollingUpdate', key],
        `Invalid value: "${amount}": must not be greater than 100%`,
      );
    if (typeof amount === 'string' && !/^\d+%$/.test(amount))
      refuse(
        [...path, 'rollingUpdate', key],
        `Invalid value: "${amount}": a valid percent string must be a numeric string followed by an ending '%'`,
      );
  }
  if (isZero(at(rollingUpdate, 'maxSurge')) && isZero(at(rollingUpdate, 'maxUnavailable')))
    refuse(
      [...path, 'rollingUpdate', 'maxUnavailable'],
      'Invalid value: 0: may not be 0 when `maxSurge` is 0',
    );
}

function checkDeployment({ value }: Manifest, refuse: Refuse): void {
  const spec = objectAt(value, 'spec');
  checkStrategy(['spec', 'strategy'], spec.strategy, ['Recreate', 'RollingUpdate'], refuse);
  atLeast(0, ['spec'], spec, ['revisionHistoryLimit'], refuse);
  checkSelectorValues(['spec', 'selector'], spec.selector, refuse);
  const [deadline, ready] = [spec.progressDeadlineSeconds ?? 600, spec.minReadySeconds ?? 0];
  if (Number(deadline) <= Number(ready))
    refuse(
      ['spec', 'progressDeadlineSeconds'],
      `Invalid value: ${deadline}: must be greater than minReadySeconds`,
    );
}

function checkStateful({ value }: Manifest, refuse: Refuse): void {
  const spec = objectAt(value, 'spec');
  oneOf(
    ['spec', 'updateStrategy', 'type'],
    at(spec, 'updateStrategy', 'type'),
    ['OnDelete', 'RollingUpdate'],
    refuse,
  );
  oneOf(
    ['spec', 'podManagementPolicy'],
    spec.podManagementPolicy,
    ['OrderedReady', 'Parallel'],
    refuse,
  );
  checkSelectorValues(['spec', 'selector'], spec.selector, refuse);
  checkClaims(spec, refuse);
  const strategy = objectAt(spec, 'updateStrategy');
  if (strategy.type === 'OnDelete' && isObject(strategy.rollingUpdate))
    refuse(
      ['spec', 'updateStrategy', 'rollingUpdate'],
      `Invalid value: ${JSON.stringify(strategy.rollingUpdate)}: only allowed for updateStrategy 'RollingUpdate'`,
    );
  const service = textAt(spec, 'serviceName') ?? '';
  if (service !== '' && !isLabel(service))
    refuse(
      ['spec', 'serviceName'],
      `Invalid value: "${service}": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'`,
    );
  atLeast(0, ['spec'], spec, ['revisionHistoryLimit'], refuse);
  atLeast(0, ['spec', 'ordinals'], spec.ordinals, ['start'], refuse);
  const rolling = ['spec', 'updateStrategy', 'rollingUpdate'];
  atLeast(0, rolling, at(spec, 'updateStrategy', 'rollingUpdate'), ['partition'], refuse);
}

/** The claims that each pod of a StatefulSet gets. */
function checkClaims(spec: { readonly [key: string]: unknown }, refuse: Refuse): void {
  for (const [n, claim] of listAt(spec, 'volumeClaimTemplates').entries())
    checkClaimOf(n, claim, refuse);
  for (const key of ['whenDeleted', 'whenScaled']) {
    const policy = at(spec, 'persistentVolumeClaimRetentionPolicy', key);
    const field = ['spec', 'persistentVolumeClaimRetentionPolicy', key];
    oneOf(field, policy, ['Retain', 'Delete'], refuse);
  }
}

/** Each claim of a StatefulSet is a volume of the pods as well. */
function checkClaimOf(n: number, claim: unknown, refuse: Refuse): void {
  checkClaim(['spec', 'volumeClaimTemplates', n, 'spec'], at(claim, 'spec'), refuse);
  const name = textAt(claim, 'metadata', 'name') ?? '';
  const said = `Invalid value: "${name}": ${LABEL_RULE}`;
  if (!isLabel(name))
    refuse(
      ['spec', 'template', 'spec', 'volumes', n, 'name'],
      name === '' ? 'Required value' : said,
    );
}

function checkDaemons({ value }: Manifest, refuse: Refuse): void {
  const spec = objectAt(value, 'spec');
  checkStrategy(
    ['spec', 'updateStrategy'],
    spec.updateStrategy,
    ['OnDelete', 'RollingUpdate'],
    refuse,
  );
  checkSelectorValues(['spec', 'selector'], spec.selector, refuse);
  const { maxSurge = 0, maxUnavailable = 1 } = objectAt(spec, 'updateStrategy', 'rollingUpdate');
  if (isZero(maxSurge) && isZero(maxUnavailable))
    refuse(
      ['spec', 'updateStrategy', 'rollingUpdate', 'maxUnavailable'],
      'Required value: cannot be 0 when maxSurge is 0',
    );
  if (!isZero(maxSurge) && !isZero(maxUnavailable))
    refuse(
      ['spec', 'updateStrategy', 'rollingUpdate', 'maxSurge'],
      `Invalid value: ${JSON.stringify(maxSurge)}: may not be set when maxUnavailable is non-zero`,
    );
}

function checkController({ value }: Manifest, refuse: Refuse): void {
  const labels = objectAt(value, 'spec', 'template', 'metadata', 'labels');
  const wanted = objectAt(value, 'spec', 'selector');
  if (Object.entries(wanted).some(([key, one]) => labels[key] !== one))
    refuse(
      ['spec', 'template', 'metadata', 'labels'],
      `Invalid value: ${JSON.stringify(labels)}: \`selector\` does not match template \`labels\``,
    );
}

function checkJob(path: Path, spec: { readonly [key: string]: unknown }, refuse: Refuse): void {
  const numbers = [
    'completions',
    'parallelism',
    'backoffLimit',
    'activeDeadlineSeconds',
    'ttlSecondsAfterFinished',
  ];
  atLeast(0, path, spec, numbers, refuse);
  oneOf([...path, 'completionMode'], spec.completionMode, ['Indexed', 'NonIndexed'], refuse);
  // Without both numbers, a Job has one completion.
  if (
    spec.completionMode === 'Indexed' &&
    typeof spec.completions !== 'number' &&
    typeof spec.parallelism === 'number'
  )
    refuse([...path, 'completions'], 'Required value: when completion mode is Indexed');
  if (spec.completionMode !== 'Indexed' && typeof spec.backoffLimitPerIndex === 'number')
    refuse(
      [...path, 'backoffLimitPerIndex'],
      `Invalid value: ${spec.backoffLimitPerIndex}: requires indexed completion mode`,
    );
  for (const key of ['successPolicy', 'maxFailedIndexes'])
    if (spec.completionMode !== 'Indexed' && (isObject(spec[key]) || typeof spec[key] === 'number'))
      refuse(
        [...path, key],
        `Invalid value: ${JSON.stringify(spec[key])}: requires indexed completion mode`,
      );
  oneOf(
    [...path, 'podReplacementPolicy'],
    spec.podReplacementPolicy,
    ['Failed', 'TerminatingOrFailed'],
    refuse,
  );
  checkFailures([...path, 'podFailurePolicy', 'rules'], spec, refuse);
  const restarts = at(spec, 'template', 'spec', 'restartPolicy');
  if (isObject(spec.podFailurePolicy) && restarts !== 'Never')
    refuse(
      [...path, 'template', 'spec', 'restartPolicy'],
      `Invalid value: "${restarts}": only "Never" is supported when podFailurePolicy is specified`,
    );
}

/** What a Job makes of pods that fail. */
function checkFailures(path: Path, spec: unknown, refuse: Refuse): void {
  for (const [n, rule] of listAt(spec, 'podFailurePolicy', 'rules').entries()) {
    const field = [...path, n];
    const codes = at(rule, 'onExitCodes');
    const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
    oneOf([...field, 'action'], at(rule, 'action') || 'none', actions, refuse);
    if (!isObject(codes) && listAt(rule, 'onPodConditions').length === 0)
      refuse(field, 'Invalid value: specifying one of OnExitCodes and OnPodConditions is required');
    if (!isObject(codes)) continue;
    const place = [...field, 'onExitCodes'];
    oneOf([...place, 'operator'], codes.operator || 'none', ['In', 'NotIn'], refuse);
    for (const [m, code] of listAt(codes, 'values').entries())
      if (code === 0 && codes.operator === 'In')
        refuse([...place, 'values', m], 'Invalid value: 0: must not be 0 for the In operator');
  }
}

/** Kubernetes itself makes the selector of a Job, and gives its pods the name of the Job as a label. */
function checkLoneJob({ name, value }: Manifest, refuse: Refuse): void {
  const spec = objectAt(value, 'spec');
  checkJob(['spec'], spec, refuse);
  if (spec.manualSelector === true) return;
  if (isObject(spec.selector))
    refuse(
      ['spec', 'selector'],
      `Invalid value: ${JSON.stringify(spec.selector)}: \`selector\` not auto-generated`,
    );
  if (name.length > 63)
    refuse(
      ['spec', 'template', 'labels'],
      `Invalid value: "${name}": must be no more than 63 bytes`,
    );
}

function checkCron({ value }: Manifest, refuse: Refuse): void {
  const spec = objectAt(value, 'spec');
  const policies = ['Allow', 'Forbid', 'Replace'];
  oneOf(['spec', 'concurrencyPolicy'], spec.concurrencyPolicy, policies, refuse);
  atLeast(
    0,
    ['spec'],
    spec,
    ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'],
    refuse,
  );
  const jobs = objectAt(spec, 'jobTemplate', 'spec');
  checkJob(['spec', 'jobTemplate', 'spec'], jobs, refuse);
  if (jobs.manualSelector === true)
    refuse(
      ['spec', 'jobTemplate', 'spec', 'manualSelector'],
      'Unsupported value: true: supported values: "nil", "false"',
    );
}

/** In the order in which a value may not be larger than the next one. */
const BOUNDS = ['min', 'defaultRequest', 'default', 'max'];

function checkLimits({ value }: Manifest, refuse: Refuse): void {
  for (const [n, limit] of listAt(value, 'spec', 'limits').entries()) {
    const given = BOUNDS.filter((key) => isObject(at(limit, key)));
    const counted = textAt(limit, 'type') === 'PersistentVolumeClaim' ? /^storage$/ : RESOURCES;
    for (const key of given)
      for (const name of Object.keys(objectAt(limit, key)))
        if (!counted.test(name))
          refuse(
            ['spec', 'limits', n, key, name],
            `Invalid value: "${name}": must be a standard limit for this type`,
          );
    for (const [k, low] of given.entries())
      for (const high of given.slice(k + 1))
        for (const [name, amount] of Object.entries(objectAt(limit, low))) {
          const [less, more] = [amountOf(amount), amountOf(at(limit, high, name))];
          if (less !== undefined && more !== undefined && less > more)
            refuse(
              ['spec', 'limits', n, low, name],
              `Invalid value: "${amount}": ${low} value ${amount} is greater than ${high} value ${at(limit, high, name)}`,
            );
        }
  }
}

/** What a quota counts, if the name has no `/`. */
const COUNTED =
  /^((requests|limits)\.(cpu|memory|ephemeral-storage)|cpu|memory|ephemeral-storage|requests\.(storage|hugepages-.+)|hugepages-.+|pods|services(\.(nodeports|loadbalancers))?|replicationcontrollers|secrets|configmaps|persistentvolumeclaims|resourcequotas)$/;
/** What has no fractions. */
const WHOLE =
  /^(pods|services|services\..+|replicationcontrollers|secrets|configmaps|persistentvolumeclaims|resourcequotas|count\/.+)$/;

function checkHard({ value }: Manifest, refuse: Refuse): void {
  for (const [name, given] of Object.entries(objectAt(value, 'spec', 'hard'))) {
    const field = ['spec', 'hard', name];
    const amount = amountOf(given);
    if (!name.includes('/') ? !COUNTED.test(name) : !KEY.test(name))
      refuse(field, `Invalid value: "${name}": must be a standard resource for quota`);
    if (amount === undefined) continue;
    if (amount < 0) refuse(field, `Invalid value: "${given}": must be greater than or equal to 0`);
    if (WHOLE.test(name) && !Number.isInteger(amount))
      refuse(field, `Invalid value: "${given}": must be an integer`);
  }
}

function checkRules({ value }: Manifest, refuse: Refuse): void {
  for (const [n, rule] of listAt(value, 'rules').entries()) {
    const field = ['rules', n];
    if (listAt(rule, 'verbs').length === 0)
      refuse([...field, 'verbs'], 'Required value: verbs must contain at least one value');
    if (listAt(rule, 'nonResourceURLs').length > 0)
      refuse(
        [...field, 'nonResourceURLs'],
        'Invalid value: namespaced rules cannot apply to non-resource URLs',
      );
    else if (listAt(rule, 'apiGroups').length === 0)
      refuse(
        [...field, 'apiGroups'],
        'Required value: resource rules must supply at least one api group',
      );
    else if (listAt(rule, 'resources').length === 0)
      refuse(
        [...field, 'resources'],
        'Required value: resource rules must supply at least one resource',
      );
  }
}

function checkBinding({ value }: Manifest, refuse: Refuse): void {
  const role = objectAt(value, 'roleRef');
  oneOf(['roleRef', 'kind'], role.kind || 'none', ['Role', 'ClusterRole'], refuse);
  const group = 'rbac.authorization.k8s.io';
  oneOf(['roleRef', 'apiGroup'], role.apiGroup, [group], refuse);
  if (!role.name) refuse(['roleRef', 'name'], 'Required value');
  for (const [n, subject] of listAt(value, 'subjects').entries()) {
    const field = ['subjects', n];
    const { kind, name, namespace, apiGroup } = objectAt(subject);
    oneOf([...field, 'kind'], kind || 'none', ['ServiceAccount', 'User', 'Group'], refuse);
    if (!name) refuse([...field, 'name'], 'Required value');
    if (kind !== 'ServiceAccount') oneOf([...field, 'apiGroup'], apiGroup, [group], refuse);
    else {
      if (!namespace) refuse([...field, 'namespace'], 'Required value');
      if (apiGroup)
        refuse([...field, 'apiGroup'], `Unsupported value: "${apiGroup}": supported values: ""`);
      if (typeof name === 'string' && name !== '' && !isSubdomain(name))
        refuse(
          [...field, 'name'],
          `Invalid value: "${name}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'`,
        );
    }
  }
}
