/** What the API server refuses about the values of a container. */

import { amountOf } from '../../admission/quantity.ts';
import { at, isObject, listAt, objectAt, textAt } from '../../model.ts';
import {
  atLeast,
  isPort,
  KEY,
  oneOf,
  type Path,
  PROTOCOLS,
  RESOURCES,
  type Refuse,
} from './formats.ts';
import { checkVariables } from './variables.ts';
import { checkMounts } from './volumes.ts';

type Fields = { readonly [key: string]: unknown };

/** The profiles of seccomp and AppArmor, and the users, of a pod or container. */
export function checkProfiles(path: Path, context: Fields, refuse: Refuse): void {
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
  for (const key of ['runAsUser', 'runAsGroup', 'fsGroup'])
    checkId([...path, key], context[key], refuse);
  const groupPolicies = ['Merge', 'Strict'];
  oneOf(
    [...path, 'supplementalGroupsPolicy'],
    context.supplementalGroupsPolicy,
    groupPolicies,
    refuse,
  );
  const policies = ['Always', 'OnRootMismatch'];
  oneOf([...path, 'fsGroupChangePolicy'], context.fsGroupChangePolicy, policies, refuse);
  for (const [n, group] of listAt(context, 'supplementalGroups').entries())
    checkId([...path, 'supplementalGroups', n], group, refuse);
}

/** Refuses a number that no user or group can have. */
function checkId(path: Path, id: unknown, refuse: Refuse): void {
  if (typeof id === 'number' && (id < 0 || id >= 2 ** 31))
    refuse(path, `Invalid value: ${id}: must be between 0 and 2147483647, inclusive`);
}

/** Refuses what is wrong with one container of the pod `pod`. */
export function checkContainer(path: Path, container: Fields, pod: Fields, refuse: Refuse): void {
  const { image, imagePullPolicy, terminationMessagePolicy } = container;
  if (typeof image === 'string' && image.trim() !== image)
    refuse([...path, 'image'], 'Invalid value: must not have leading or trailing whitespace');
  const pulls = ['Always', 'IfNotPresent', 'Never'];
  oneOf([...path, 'imagePullPolicy'], imagePullPolicy, pulls, refuse);
  const messages = ['FallbackToLogsOnError', 'File'];
  oneOf([...path, 'terminationMessagePolicy'], terminationMessagePolicy, messages, refuse);
  checkVariables(path, container, refuse);
  for (const one of listAt(container, 'resizePolicy'))
    oneOf(
      [...path, 'resizePolicy'],
      at(one, 'restartPolicy'),
      ['NotRequired', 'RestartContainer'],
      refuse,
    );
  for (const kind of PROBES) checkProbe([...path, kind], container[kind], kind, refuse);
  checkLifecycle([...path, 'lifecycle'], container.lifecycle, pod, refuse);
  checkStart(path, container, refuse);
  checkPorts([...path, 'ports'], listAt(container, 'ports'), refuse);
  checkMounts([...path, 'volumeMounts'], listAt(container, 'volumeMounts'), refuse);
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

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'];

/** An init container runs to its end, unless it always starts again. */
function checkStart(path: Path, container: Fields, refuse: Refuse): void {
  const { restartPolicy } = container;
  const policies = ['Always', 'Never', 'OnFailure'];
  oneOf([...path, 'restartPolicy'], restartPolicy, policies, refuse);
  if (path.at(-2) !== 'initContainers' || restartPolicy === 'Always') return;
  for (const key of ['lifecycle', ...PROBES])
    if (isObject(container[key]))
      refuse(
        [...path, key],
        'Forbidden: may not be set for init containers without restartPolicy=Always',
      );
}

/** What runs after the start and before the end of a container. */
function checkLifecycle(path: Path, lifecycle: unknown, pod: Fields, refuse: Refuse): void {
  for (const key of ['postStart', 'preStop']) {
    const hook = at(lifecycle, key);
    if (!isObject(hook)) continue;
    const field = [...path, key];
    const handlers = HOOKS.filter((one) => isObject(hook[one]));
    if (handlers.length === 0) refuse(field, 'Required value: must specify a handler type');
    if (handlers.length > 1) refuse(field, 'Forbidden: may not specify more than 1 handler type');
    const grace = Number(pod.terminationGracePeriodSeconds ?? 30);
    const seconds = at(hook, 'sleep', 'seconds');
    if (typeof seconds === 'number' && (seconds < 0 || seconds > grace))
      refuse(
        [...field, 'sleep'],
        `Invalid value: ${seconds}: must be non-negative and less than terminationGracePeriodSeconds (${grace})`,
      );
    checkHandlers(field, hook, refuse);
  }
}

const HOOKS = ['exec', 'httpGet', 'tcpSocket', 'sleep'];
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
  if (kind === 'readinessProbe' && typeof probe.terminationGracePeriodSeconds === 'number')
    refuse(
      [...path, 'terminationGracePeriodSeconds'],
      `Invalid value: ${probe.terminationGracePeriodSeconds}: must not be set for readinessProbes`,
    );
  checkHandlers(path, probe, refuse);
}

/** The fields of the handlers that probes and hooks share. */
function checkHandlers(path: Path, probe: Fields, refuse: Refuse): void {
  for (const handler of ['httpGet', 'tcpSocket', 'grpc']) {
    const port = at(probe, handler, 'port');
    if (port !== undefined && !isPort(port))
      refuse(
        [...path, handler, 'port'],
        `Invalid value: ${JSON.stringify(port)}: must be between 1 and 65535, inclusive, or the name of a port`,
      );
  }
  oneOf([...path, 'httpGet', 'scheme'], at(probe, 'httpGet', 'scheme'), ['HTTP', 'HTTPS'], refuse);
  for (const header of listAt(probe, 'httpGet', 'httpHeaders')) {
    const name = textAt(header, 'name') ?? '';
    if (!/^[-A-Za-z0-9]+$/.test(name))
      refuse(
        [...path, 'httpGet', 'httpHeaders'],
        `Invalid value: "${name}": a valid HTTP header must consist of alphanumeric characters or '-'`,
      );
  }
  if (isObject(probe.exec) && listAt(probe, 'exec', 'command').length === 0)
    refuse([...path, 'exec', 'command'], 'Required value');
}

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
    if (name && /^[\d-]+$/.test(name))
      refuse(
        [...path, n, 'name'],
        `Invalid value: "${name}": must contain at least one letter (a-z)`,
      );
    else if (name?.includes('--'))
      refuse(
        [...path, n, 'name'],
        `Invalid value: "${name}": must not contain consecutive hyphens`,
      );
    if (name && ports.findIndex((one) => textAt(one, 'name') === name) < n)
      refuse([...path, n, 'name'], `Duplicate value: "${name}"`);
  }
}

function checkResources(path: Path, resources: unknown, refuse: Refuse): void {
  const { requests, limits } = objectAt(resources);
  for (const kind of ['requests', 'limits'])
    for (const [name, amount] of Object.entries(objectAt(resources, kind))) {
      const field = [...path, kind, name];
      if (!RESOURCES.test(name) || !KEY.test(name))
        refuse(field, `Invalid value: "${name}": must be a standard resource for containers`);
      const number = amountOf(amount) ?? 0;
      if (number < 0)
        refuse(field, `Invalid value: "${amount}": must be greater than or equal to 0`);
      if (name.includes('/') && !Number.isInteger(number))
        refuse(field, `Invalid value: "${amount}": must be an integer`);
    }
  const names = [requests, limits].flatMap((one) => Object.keys(objectAt(one)));
  const isHuge = (name: string): boolean => name.startsWith('hugepages-');
  if (names.some(isHuge) && !names.some((name) => name === 'cpu' || name === 'memory'))
    refuse(path, 'Forbidden: HugePages require cpu or memory');
  // What a node has in whole pieces cannot be promised twice.
  for (const [name, amount] of Object.entries(objectAt(requests))) {
    if (!name.includes('/') && !isHuge(name)) continue;
    const limit = at(limits, name);
    if (limit === undefined)
      refuse(
        [...path, 'limits'],
        'Required value: Limit must be set for non overcommitable resources',
      );
    else if (amountOf(limit) !== amountOf(amount))
      refuse(
        [...path, 'requests'],
        `Invalid value: "${amount}": must be equal to ${name} limit of ${limit}`,
      );
  }
}
