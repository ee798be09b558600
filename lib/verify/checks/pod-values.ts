/** What the API server refuses about the values of pods that the schema of Kubernetes says nothing about. */

import { containersOf, podsOf } from '../admission/pods.ts';
import { amountOf } from '../admission/quantity.ts';
import { at, isObject, listAt, type Manifest, objectAt, textAt } from '../model.ts';
import {
  atLeast,
  checkLabelMap,
  checkSelectorValues,
  isAddress,
  isLabel,
  isPort,
  isSubdomain,
  KEY,
  oneOf,
  type Path,
  RESOURCES,
  type Refuse,
} from './formats.ts';

/** Refuses what is wrong with the pods of `manifest`, if it has any. */
export function checkPodValues(manifest: Manifest, refuse: Refuse): void {
  const pods = podsOf(manifest);
  if (pods === undefined) return;
  const { path, spec } = pods;
  checkPod(manifest.kind, path, spec, refuse);
  for (const { path: place, value } of containersOf(spec))
    checkContainer([...path, ...place], value, refuse);
  for (const [n, volume] of listAt(spec, 'volumes').entries())
    checkVolume([...path, 'volumes', n], volume, refuse);
}

const RESTARTS: { readonly [kind: string]: readonly string[] } = {
  Job: ['OnFailure', 'Never'],
  CronJob: ['OnFailure', 'Never'],
  Pod: ['Always', 'OnFailure', 'Never'],
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
  atLeast(0, path, spec, ['terminationGracePeriodSeconds', 'activeDeadlineSeconds'], refuse);
  for (const key of ['serviceAccountName', 'priorityClassName', 'runtimeClassName', 'nodeName']) {
    const name = spec[key];
    if (typeof name === 'string' && name !== '' && !isSubdomain(name))
      refuse(
        [...path, key],
        `Invalid value: "${name}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'`,
      );
  }
  checkLabelMap([...path, 'nodeSelector'], spec.nodeSelector, refuse);
  for (const [n, one] of listAt(spec, 'hostAliases').entries())
    if (!isAddress(textAt(one, 'ip') ?? ''))
      refuse(
        [...path, 'hostAliases', n, 'ip'],
        `Invalid value: "${textAt(one, 'ip')}": must be a valid IP address`,
      );
  for (const [n, one] of listAt(spec, 'tolerations').entries())
    checkToleration([...path, 'tolerations', n], one, refuse);
  for (const [n, one] of listAt(spec, 'topologySpreadConstraints').entries()) {
    const field = [...path, 'topologySpreadConstraints', n];
    atLeast(1, field, one, ['maxSkew'], refuse);
    const actions = ['DoNotSchedule', 'ScheduleAnyway'];
    oneOf([...field, 'whenUnsatisfiable'], at(one, 'whenUnsatisfiable'), actions, refuse);
    checkSelectorValues([...field, 'labelSelector'], at(one, 'labelSelector'), refuse);
  }
  checkProfiles([...path, 'securityContext'], objectAt(spec, 'securityContext'), refuse);
}

function checkToleration(path: Path, toleration: unknown, refuse: Refuse): void {
  const one = objectAt(toleration);
  const operator = one.operator || 'Equal';
  oneOf([...path, 'operator'], operator, ['Equal', 'Exists', 'Gt', 'Lt'], refuse);
  oneOf([...path, 'effect'], one.effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute'], refuse);
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

/** The profiles of seccomp and AppArmor, and the users, of a pod or container. */
function checkProfiles(path: Path, context: Fields, refuse: Refuse): void {
  for (const key of ['seccompProfile', 'appArmorProfile']) {
    const profile = context[key];
    if (!isObject(profile)) continue;
    const types = ['Localhost', 'RuntimeDefault', 'Unconfined'];
    if (!profile.type) refuse([...path, key, 'type'], 'Required value: type is required');
    oneOf([...path, key, 'type'], profile.type, types, refuse);
    const isLocal = profile.type === 'Localhost';
    if (isLocal && !profile.localhostProfile)
      refuse(
        [...path, key, 'localhostProfile'],
        'Required value: must be set when type is "Localhost"',
      );
    if (!isLocal && profile.localhostProfile !== undefined)
      refuse(
        [...path, key, 'localhostProfile'],
        'Invalid value: can only be set when type is "Localhost"',
      );
  }
  atLeast(0, path, context, ['runAsUser', 'runAsGroup', 'fsGroup'], refuse);
}

const FIELDS =
  /^(metadata\.(name|namespace|uid)|metadata\.(labels|annotations)\['.+'\]|spec\.(nodeName|serviceAccountName)|status\.(host|pod)IPs?)$/;

function checkContainer(path: Path, container: Fields, refuse: Refuse): void {
  const { image, imagePullPolicy, terminationMessagePolicy } = container;
  if (typeof image === 'string' && image.trim() !== image)
    refuse([...path, 'image'], 'Invalid value: must not have leading or trailing whitespace');
  const pulls = ['Always', 'IfNotPresent', 'Never'];
  oneOf([...path, 'imagePullPolicy'], imagePullPolicy, pulls, refuse);
  const messages = ['FallbackToLogsOnError', 'File'];
  oneOf([...path, 'terminationMessagePolicy'], terminationMessagePolicy, messages, refuse);
  for (const [n, one] of listAt(container, 'env').entries())
    checkVariable([...path, 'env', n], one, refuse);
  for (const kind of ['livenessProbe', 'readinessProbe', 'startupProbe'])
    checkProbe([...path, kind], container[kind], kind, refuse);
  checkPorts([...path, 'ports'], listAt(container, 'ports'), refuse);
  const mounts = listAt(container, 'volumeMounts');
  for (const [n, mount] of mounts.entries()) {
    const target = textAt(mount, 'mountPath') ?? '';
    const isTwice = mounts.findIndex((one) => textAt(one, 'mountPath') === target) < n;
    const field = [...path, 'volumeMounts', n, 'mountPath'];
    if (target === '') refuse(field, 'Required value');
    else if (isTwice) refuse(field, `Invalid value: "${target}": must be unique`);
  }
  checkResources([...path, 'resources'], container.resources, refuse);
  const context = objectAt(container, 'securityContext');
  const field = [...path, 'securityContext'];
  checkProfiles(field, context, refuse);
  oneOf([...field, 'procMount'], context.procMount, ['Default', 'Unmasked'], refuse);
  if (context.allowPrivilegeEscalation === false && context.privileged === true)
    refuse(
      field,
      'Invalid value: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
    );
  const added = listAt(context, 'capabilities', 'add');
  if (
    context.allowPrivilegeEscalation === false &&
    added.some((one) => /^(CAP_)?SYS_ADMIN$/.test(String(one)))
  )
    refuse(
      field,
      'Invalid value: cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
    );
}

function checkVariable(path: Path, variable: unknown, refuse: Refuse): void {
  const name = textAt(variable, 'name') ?? '';
  if (name === '') refuse([...path, 'name'], 'Required value');
  else if (!/^[ -<>-~]+$/.test(name))
    refuse(
      [...path, 'name'],
      `Invalid value: "${name}": a valid environment variable name must consist only of printable ASCII characters other than '='`,
    );
  const from = at(variable, 'valueFrom');
  if (!isObject(from)) return;
  const field = [...path, 'valueFrom'];
  const sources = Object.keys(from).filter((key) => isObject(from[key]));
  if (textAt(variable, 'value'))
    refuse(field, 'Invalid value: "": may not be specified when `value` is not empty');
  if (sources.length === 0)
    refuse(
      field,
      'Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
    );
  if (sources.length > 1)
    refuse(field, 'Invalid value: "": may not have more than one field specified at a time');
  const place = textAt(from, 'fieldRef', 'fieldPath');
  if (place !== undefined && !FIELDS.test(place))
    refuse(
      [...field, 'fieldRef', 'fieldPath'],
      `Invalid value: "${place}": error converting fieldPath: field label not supported`,
    );
  for (const key of ['configMapKeyRef', 'secretKeyRef']) {
    const reference = from[key];
    if (!isObject(reference)) continue;
    if (!reference.name) refuse([...field, key, 'name'], 'Required value');
    if (!reference.key) refuse([...field, key, 'key'], 'Required value');
  }
}

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc'];
const NUMBERS = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
];

function checkProbe(path: Path, probe: unknown, kind: string, refuse: Refuse): void {
  if (!isObject(probe)) return;
  const handlers = HANDLERS.filter((one) => isObject(probe[one]));
  if (handlers.length === 0) refuse(path, 'Required value: must specify a handler type');
  if (handlers.length > 1) refuse(path, 'Forbidden: may not specify more than 1 handler type');
  atLeast(0, path, probe, NUMBERS, refuse);
  atLeast(1, path, probe, ['terminationGracePeriodSeconds'], refuse);
  const successes = probe.successThreshold;
  if (kind !== 'readinessProbe' && typeof successes === 'number' && successes > 1)
    refuse([...path, 'successThreshold'], `Invalid value: ${successes}: must be 1`);
  for (const handler of ['httpGet', 'tcpSocket', 'grpc']) {
    const port = at(probe, handler, 'port');
    if (port !== undefined && !isPort(port))
      refuse(
        [...path, handler, 'port'],
        `Invalid value: ${JSON.stringify(port)}: must be between 1 and 65535, inclusive, or the name of a port`,
      );
  }
  oneOf([...path, 'httpGet', 'scheme'], at(probe, 'httpGet', 'scheme'), ['HTTP', 'HTTPS'], refuse);
  if (isObject(probe.exec) && listAt(probe, 'exec', 'command').length === 0)
    refuse([...path, 'exec', 'command'], 'Required value');
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

function checkPorts(path: Path, ports: readonly unknown[], refuse: Refuse): void {
  for (const [n, port] of ports.entries()) {
    oneOf([...path, n, 'protocol'], at(port, 'protocol'), PROTOCOLS, refuse);
    const host = at(port, 'hostPort');
    if (typeof host === 'number' && host !== 0 && !isPort(host))
      refuse(
        [...path, n, 'hostPort'],
        `Invalid value: ${host}: must be between 1 and 65535, inclusive`,
      );
    const name = textAt(port, 'name');
    if (name && ports.findIndex((one) => textAt(one, 'name') === name) < n)
      refuse([...path, n, 'name'], `Duplicate value: "${name}"`);
  }
}

function checkResources(path: Path, resources: unknown, refuse: Refuse): void {
  for (const kind of ['requests', 'limits'])
    for (const [name, amount] of Object.entries(objectAt(resources, kind))) {
      const field = [...path, kind, name];
      if (!RESOURCES.test(name) || !KEY.test(name))
        refuse(field, `Invalid value: "${name}": must be a standard resource for containers`);
      if ((amountOf(amount) ?? 0) < 0)
        refuse(field, `Invalid value: "${amount}": must be greater than or equal to 0`);
    }
}

function checkVolume(path: Path, volume: unknown, refuse: Refuse): void {
  const { name, ...rest } = objectAt(volume);
  if (typeof name === 'string' && !isLabel(name))
    refuse(
      [...path, 'name'],
      `Invalid value: "${name}": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'`,
    );
  const sources = Object.keys(rest).filter((key) => rest[key] !== null);
  if (sources.length > 1) refuse(path, 'Forbidden: may not specify more than 1 volume type');
  for (const [kind, key] of [
    ['configMap', 'defaultMode'],
    ['secret', 'defaultMode'],
    ['projected', 'defaultMode'],
    ['downwardAPI', 'defaultMode'],
  ] as const) {
    const mode = at(rest, kind, key);
    if (typeof mode === 'number' && (mode < 0 || mode > 0o777))
      refuse(
        [...path, kind, key],
        `Invalid value: ${mode}: must be between 0 and 0777 (octal), both inclusive`,
      );
  }
}
