/** What the API server refuses about the values of single kinds, and the schema of Kubernetes says nothing about. */

import { amountOf } from '../admission/quantity.ts';
import { at, isObject, listAt, type Manifest, objectAt, textAt } from '../model.ts';
import {
  atLeast,
  checkLabelMap,
  checkSelectorValues,
  isAddress,
  isLabel,
  isNetwork,
  isPort,
  isSubdomain,
  KEY,
  oneOf,
  type Path,
  RESOURCES,
  type Refuse,
} from './formats.ts';

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
  Job: (manifest, refuse) => checkJob(['spec'], objectAt(manifest.value, 'spec'), refuse),
  CronJob: checkCron,
  LimitRange: checkLimits,
  ResourceQuota: checkHard,
  Role: checkRules,
  RoleBinding: checkBinding,
  Ingress: checkHosts,
};

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

function checkServiceValues({ value }: Manifest, refuse: Refuse): void {
  const spec = objectAt(value, 'spec');
  const ports = listAt(spec, 'ports');
  for (const [n, port] of ports.entries()) {
    const field: Path = ['spec', 'ports', n];
    const name = textAt(port, 'name') ?? '';
    const protocol = at(port, 'protocol') || 'TCP';
    const same = (one: unknown): boolean =>
      at(one, 'port') === at(port, 'port') && (at(one, 'protocol') || 'TCP') === protocol;
    oneOf([...field, 'protocol'], protocol, PROTOCOLS, refuse);
    if (name !== '' && !isLabel(name))
      refuse(
        [...field, 'name'],
        `Invalid value: "${name}": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'`,
      );
    if (name !== '' && ports.findIndex((one) => textAt(one, 'name') === name) < n)
      refuse([...field, 'name'], `Duplicate value: "${name}"`);
    if (ports.findIndex(same) < n) refuse(field, 'Duplicate value');
    const target = at(port, 'targetPort');
    if (target !== undefined && target !== null && target !== '' && target !== 0 && !isPort(target))
      refuse(
        [...field, 'targetPort'],
        `Invalid value: ${JSON.stringify(target)}: must be between 1 and 65535, inclusive, or the name of a port`,
      );
  }
  oneOf(['spec', 'sessionAffinity'], spec.sessionAffinity, ['ClientIP', 'None'], refuse);
  oneOf(
    ['spec', 'externalTrafficPolicy'],
    spec.externalTrafficPolicy,
    ['Cluster', 'Local'],
    refuse,
  );
  oneOf(
    ['spec', 'internalTrafficPolicy'],
    spec.internalTrafficPolicy,
    ['Cluster', 'Local'],
    refuse,
  );
  const address = spec.clusterIP;
  if (typeof address === 'string' && address !== '' && address !== 'None' && !isAddress(address))
    refuse(['spec', 'clusterIPs', 0], `Invalid value: "${address}": must be a valid IP address`);
  if (
    spec.type === 'ExternalName' &&
    !isSubdomain(String(spec.externalName ?? '').replace(/\.$/, ''))
  )
    refuse(
      ['spec', 'externalName'],
      `Invalid value: "${spec.externalName ?? ''}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'`,
    );
  checkLabelMap(['spec', 'selector'], spec.selector, refuse);
}

function checkNetwork({ value }: Manifest, refuse: Refuse): void {
  const spec = objectAt(value, 'spec');
  checkSelectorValues(['spec', 'podSelector'], spec.podSelector, refuse);
  for (const [n, type] of listAt(spec, 'policyTypes').entries())
    oneOf(['spec', 'policyTypes', n], type || 'none', ['Egress', 'Ingress'], refuse);
  for (const [direction, peers] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const)
    for (const [n, rule] of listAt(spec, direction).entries()) {
      for (const [m, peer] of listAt(rule, peers).entries())
        checkPeer(['spec', direction, n, peers, m], peer, refuse);
      for (const [m, port] of listAt(rule, 'ports').entries()) {
        const field = ['spec', direction, n, 'ports', m];
        oneOf([...field, 'protocol'], at(port, 'protocol'), PROTOCOLS, refuse);
        const number = at(port, 'port');
        if (number !== undefined && !isPort(number))
          refuse(
            [...field, 'port'],
            `Invalid value: ${JSON.stringify(number)}: must be between 1 and 65535, inclusive, or the name of a port`,
          );
      }
    }
}

function checkPeer(path: Path, peer: unknown, refuse: Refuse): void {
  const { ipBlock, podSelector, namespaceSelector } = objectAt(peer);
  const isSelected = isObject(podSelector) || isObject(namespaceSelector);
  checkSelectorValues([...path, 'podSelector'], podSelector, refuse);
  checkSelectorValues([...path, 'namespaceSelector'], namespaceSelector, refuse);
  if (!isObject(ipBlock)) {
    if (!isSelected) refuse(path, 'Required value: must specify a peer');
    return;
  }
  if (isSelected) refuse(path, 'Forbidden: may not specify both ipBlock and another peer');
  const cidr = textAt(ipBlock, 'cidr') ?? '';
  if (!isNetwork(cidr))
    refuse([...path, 'ipBlock', 'cidr'], `Invalid value: "${cidr}": must be a valid CIDR value`);
}

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
  checkSelectorValues(['spec', 'selector'], spec.selector, refuse);
}

/** A percentage that is at most 100 %. */
const isPercent = (text: string): boolean => /^(\d{1,2}|100)%$/.test(text);

const METRICS: { readonly [type: string]: string } = {
  ...{ Resource: 'resource', Pods: 'pods', Object: 'object', External: 'external' },
  ContainerResource: 'containerResource',
};

function checkScale({ value }: Manifest, refuse: Refuse): void {
  const least = at(value, 'spec', 'minReplicas');
  if (typeof least === 'number' && least < 1)
    refuse(['spec', 'minReplicas'], `Invalid value: ${least}: must be greater than or equal to 1`);
  for (const [n, metric] of listAt(value, 'spec', 'metrics').entries()) {
    const field = ['spec', 'metrics', n];
    const type = textAt(metric, 'type') ?? '';
    const key = METRICS[type];
    if (key === undefined) oneOf([...field, 'type'], type || 'none', Object.keys(METRICS), refuse);
    else if (!isObject(at(metric, key)))
      refuse(
        [...field, key],
        `Required value: must populate information for the given metric source`,
      );
  }
}

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
    if (typeof amount === 'string' && !/^\d+%$/.test(amount))
      refuse(
        [...path, 'rollingUpdate', key],
        `Invalid value: "${amount}": a valid percent string must be a numeric string followed by an ending '%'`,
      );
  }
  const isZero = (amount: unknown): boolean => amount === 0 || amount === '0%';
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
  if (spec.completionMode === 'Indexed' && typeof spec.completions !== 'number')
    refuse([...path, 'completions'], 'Required value: when completion mode is Indexed');
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
  checkJob(['spec', 'jobTemplate', 'spec'], objectAt(spec, 'jobTemplate', 'spec'), refuse);
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

function checkHosts({ value }: Manifest, refuse: Refuse): void {
  for (const [n, rule] of listAt(value, 'spec', 'rules').entries()) {
    const host = textAt(rule, 'host') ?? '';
    const isGood = isSubdomain(host.replace(/^\*\./, '')) && !isAddress(host);
    if (host !== '' && !isGood)
      refuse(
        ['spec', 'rules', n, 'host'],
        `Invalid value: "${host}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'`,
      );
    for (const [m, path] of listAt(rule, 'http', 'paths').entries()) {
      const service = at(path, 'backend', 'service');
      if (!isObject(service)) continue;
      const field = ['spec', 'rules', n, 'http', 'paths', m, 'backend', 'service'];
      const { number, name } = objectAt(service, 'port');
      if (!number && !name)
        refuse([...field, 'port'], 'Required value: port name or number is required');
    }
  }
}
