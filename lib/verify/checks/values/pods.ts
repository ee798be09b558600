/** What the API server refuses about the values of pods that the schema of Kubernetes says nothing about. */

import { containersOf, podsOf } from '../../admission/pods.ts';
import { at, listAt, type Manifest, objectAt, textAt } from '../../model.ts';
import { checkPlaces } from './affinity.ts';
import { checkContainer, checkProfiles } from './containers.ts';
import {
  atLeast,
  checkLabelMap,
  isAddress,
  isKey,
  isLabel,
  isSubdomain,
  KEY,
  KEY_RULE,
  oneOf,
  type Path,
  type Refuse,
  VALUE,
} from './formats.ts';
import { checkVolume } from './volumes.ts';

/** Refuses what is wrong with the pods of `manifest`, if it has any. */
export function checkPodValues(manifest: Manifest, refuse: Refuse): void {
  const pods = podsOf(manifest);
  if (pods === undefined) return;
  const { path, spec, metadata } = pods;
  const names = containersOf(spec).map(({ value }) => value.name);
  checkAppArmor(path, metadata, names, refuse);
  checkPod(manifest.kind, path, spec, refuse);
  const containers = containersOf(spec);
  for (const { path: place, value } of containers)
    checkContainer([...path, ...place], value, spec, refuse);
  for (const [n, { path: place, value }] of containers.entries())
    if (names.indexOf(value.name) < n)
      refuse([...path, ...place, 'name'], `Duplicate value: "${value.name}"`);
  for (const [n, volume] of listAt(spec, 'volumes').entries())
    checkVolume([...path, 'volumes', n], volume, refuse);
}

/** The annotations for AppArmor name containers. */
function checkAppArmor(
  path: Path,
  metadata: Fields,
  names: readonly unknown[],
  refuse: Refuse,
): void {
  for (const key of Object.keys(objectAt(metadata, 'annotations'))) {
    const [, name] = /^container\.apparmor\.security\.beta\.kubernetes\.io\/(.+)$/.exec(key) ?? [];
    if (name !== undefined && !names.includes(name))
      refuse(
        [...path.slice(0, -1), 'metadata', 'annotations', key],
        `Invalid value: "${name}": container not found`,
      );
  }
}

const RESTARTS: { readonly [kind: string]: readonly string[] } = {
  Job: ['OnFailure', 'Never'],
  CronJob: ['OnFailure', 'Never'],
  Pod: ['Always', 'OnFailure', 'Never'],
};

/** The kinds whose pods must run without an end. */
const ENDLESS: { readonly [kind: string]: string } = {
  ...{ Deployment: 'ReplicaSet', ReplicaSet: 'ReplicaSet', StatefulSet: 'StatefulSet' },
  ...{ DaemonSet: 'DaemonSet', ReplicationController: 'ReplicationController' },
};

type Fields = { readonly [key: string]: unknown };

function checkPod(kind: string, path: Path, spec: Fields, refuse: Refuse): void {
  const restarts = RESTARTS[kind] ?? ['Always'];
  oneOf([...path, 'restartPolicy'], spec.restartPolicy || 'Always', restarts, refuse);
  const policies = ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'];
  oneOf([...path, 'dnsPolicy'], spec.dnsPolicy, policies, refuse);
  if (spec.dnsPolicy === 'None' && listAt(spec, 'dnsConfig', 'nameservers').length === 0)
    refuse(
      [...path, 'dnsPolicy'],
      'Required value: must provide at least one DNS nameserver when `dnsPolicy` is None',
    );
  atLeast(0, path, spec, ['activeDeadlineSeconds'], refuse);
  if (kind !== 'Pod' && listAt(spec, 'ephemeralContainers').length > 0)
    refuse(
      [...path, 'ephemeralContainers'],
      'Forbidden: ephemeral containers not allowed in pod template',
    );
  const endless = ENDLESS[kind];
  if (endless !== undefined && typeof spec.activeDeadlineSeconds === 'number')
    refuse(
      [...path, 'activeDeadlineSeconds'],
      `Forbidden: activeDeadlineSeconds in ${endless} is not Supported`,
    );
  for (const key of ['serviceAccountName', 'priorityClassName', 'runtimeClassName', 'nodeName']) {
    const name = spec[key];
    if (typeof name === 'string' && name !== '' && !isSubdomain(name))
      refuse(
        [...path, key],
        `Invalid value: "${name}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'`,
      );
  }
  checkLabelMap([...path, 'nodeSelector'], spec.nodeSelector, refuse);
  for (const [n, one] of listAt(spec, 'tolerations').entries())
    checkToleration([...path, 'tolerations', n], one, refuse);
  checkPlaces(path, spec, refuse);
  checkNames(path, spec, refuse);
  checkWords(path, spec, refuse);
  checkProfiles([...path, 'securityContext'], objectAt(spec, 'securityContext'), refuse);
}

function checkToleration(path: Path, toleration: unknown, refuse: Refuse): void {
  const one = objectAt(toleration);
  const operator = one.operator || 'Equal';
  oneOf([...path, 'operator'], operator, ['Equal', 'Exists', 'Gt', 'Lt'], refuse);
  oneOf([...path, 'effect'], one.effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute'], refuse);
  if (typeof one.key === 'string' && one.key !== '' && !isKey(one.key))
    refuse([...path, 'key'], `Invalid value: "${one.key}": ${KEY_RULE}`);
  if (operator === 'Equal' && typeof one.value === 'string' && !VALUE.test(one.value))
    refuse(
      [...path, 'operator'],
      `Invalid value: "${one.value}": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.'`,
    );
  if (!one.key && operator !== 'Exists')
    refuse(
      [...path, 'operator'],
      `Invalid value: "${operator}": operator must be Exists when \`key\` is empty`,
    );
  if (operator === 'Exists' && one.value)
    refuse(
      [...path, 'operator'],
      `Invalid value: "${one.value}": value must be empty when \`operator\` is 'Exists'`,
    );
  if (one.tolerationSeconds !== undefined && one.effect !== 'NoExecute')
    refuse(
      [...path, 'effect'],
      "Invalid value: effect must be 'NoExecute' when `tolerationSeconds` is set",
    );
}

/** The names and addresses by which a pod is known, and by which it knows others. */
function checkNames(path: Path, spec: Fields, refuse: Refuse): void {
  for (const key of ['hostname', 'subdomain']) {
    const name = textAt(spec, key) ?? '';
    if (name !== '' && !isLabel(name))
      refuse(
        [...path, key],
        `Invalid value: "${name}": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'`,
      );
  }
  for (const [n, one] of listAt(spec, 'hostAliases').entries()) {
    const field = [...path, 'hostAliases', n];
    if (!isAddress(textAt(one, 'ip') ?? ''))
      refuse([...field, 'ip'], `Invalid value: "${textAt(one, 'ip')}": must be a valid IP address`);
    for (const [m, host] of listAt(one, 'hostnames').entries())
      if (!isSubdomain(String(host)))
        refuse(
          [...field, 'hostnames', m],
          `Invalid value: "${host}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'`,
        );
  }
}

/** The servers for names, and other words of a pod. */
function checkWords(path: Path, spec: Fields, refuse: Refuse): void {
  const servers = listAt(spec, 'dnsConfig', 'nameservers');
  const field = [...path, 'dnsConfig', 'nameservers'];
  if (servers.length > 3)
    refuse(
      field,
      `Invalid value: ${JSON.stringify(servers)}: must not have more than 3 nameservers`,
    );
  for (const [n, server] of servers.entries())
    if (!isAddress(String(server)))
      refuse([...field, n], `Invalid value: "${server}": must be a valid IP address`);
  for (const [n, domain] of listAt(spec, 'dnsConfig', 'searches').entries())
    if (!isSearched(String(domain)))
      refuse(
        [...path, 'dnsConfig', 'searches', n],
        `Invalid value: "${domain}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.'`,
      );
  for (const [n, option] of listAt(spec, 'dnsConfig', 'options').entries())
    if (!textAt(option, 'name'))
      refuse([...path, 'dnsConfig', 'options', n], 'Required value: must not be empty');
  const systems = ['linux', 'windows'];
  oneOf([...path, 'os'], at(spec, 'os', 'name'), systems, refuse);
  const policies = ['PreemptLowerPriority', 'Never'];
  oneOf([...path, 'preemptionPolicy'], spec.preemptionPolicy, policies, refuse);
  for (const [n, gate] of listAt(spec, 'readinessGates').entries()) {
    const type = textAt(gate, 'conditionType') ?? '';
    if (!KEY.test(type))
      refuse(
        [...path, 'readinessGates', n, 'conditionType'],
        `Invalid value: "${type}": name part must consist of alphanumeric characters, '-', '_' or '.'`,
      );
  }
}

/** A domain in which names are searched; it may have underscores. */
const isSearched = (domain: string): boolean =>
  domain === '.' || isSubdomain(domain.replace(/\.$/, '').replace(/(^|\.)_|_/g, '$1a'));
