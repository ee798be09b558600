import { celValue, compile } from '../cel.ts';
import {
  about,
  at,
  type Finding,
  isObject,
  listAt,
  type Manifest,
  objectAt,
  textAt,
} from '../model.ts';
import { containersOf, podsOf } from '../pods.ts';
import { amountOf } from '../quantity.ts';
import type { Node } from '../schema.ts';
import { dotted } from '../schema.ts';

type Path = readonly (string | number)[];
type Refuse = (path: Path, message: string) => void;

/** What the API server refuses about values that the schema of Kubernetes says nothing about. */
export function checkValues(manifest: Manifest): Finding[] {
  const findings: Finding[] = [];
  const refuse: Refuse = (path, message) => {
    const said = `${dotted(path).slice(1)}: ${message}`;
    findings.push(about('field-invalid', manifest, said, path));
  };
  if (
    !/^(v1|apps\/v1|batch\/v1|autoscaling\/v\d|networking\.k8s\.io\/v1|policy\/v1)$/.test(
      manifest.apiVersion,
    )
  )
    return findings;
  RULES[manifest.kind]?.(manifest, refuse);
  checkReplicas(manifest, refuse);
  checkPods(manifest, refuse);
  return findings;
}

const RULES: { readonly [kind: string]: (manifest: Manifest, refuse: Refuse) => void } = {
  Secret: checkSecretData,
  ConfigMap: checkSize,
  CronJob: checkSchedule,
  Ingress: checkIngress,
  HorizontalPodAutoscaler: checkScale,
  PersistentVolumeClaim: checkClaim,
  PodDisruptionBudget: checkBudget,
};

/** The largest sum of the values of a ConfigMap or Secret. */
const MOST = 2 ** 20;

function checkSize({ value }: Manifest, refuse: Refuse): void {
  const texts = [
    ...Object.values(objectAt(value, 'data')),
    ...Object.values(objectAt(value, 'binaryData')),
  ];
  const size = texts.reduce<number>((sum, one) => sum + Buffer.byteLength(String(one)), 0);
  if (size > MOST) refuse([], `Too long: may not be more than ${MOST} bytes`);
  for (const key of Object.keys(objectAt(value, 'data'))) checkKey(['data', key], key, refuse);
}

function checkKey(path: Path, key: string, refuse: Refuse): void {
  if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key))
    refuse(
      path,
      `Invalid value: "${key}": a valid config key must consist of alphanumeric characters, '-', '_' or '.'`,
    );
}

function checkSecretData(manifest: Manifest, refuse: Refuse): void {
  for (const [key, one] of Object.entries(objectAt(manifest.value, 'data'))) {
    checkKey(['data', key], key, refuse);
    const isBase64 = /^([A-Za-z0-9+/\s]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(
      String(one).replace(/\s/g, ''),
    );
    if (one !== null && !isBase64) refuse(['data', key], 'illegal base64 data');
  }
}

function checkReplicas({ value }: Manifest, refuse: Refuse): void {
  for (const key of ['replicas', 'parallelism', 'completions', 'minReadySeconds']) {
    const number = at(value, 'spec', key);
    if (typeof number === 'number' && number < 0)
      refuse(['spec', key], `Invalid value: ${number}: must be greater than or equal to 0`);
  }
}

function checkSchedule({ value }: Manifest, refuse: Refuse): void {
  const schedule = textAt(value, 'spec', 'schedule') ?? '';
  const field = /^[\dA-Za-z*?,/-]+$/;
  const fields = schedule.trim().split(/\s+/);
  const isMacro = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every \S+)$/.test(
    schedule,
  );
  if (isMacro || (fields.length === 5 && fields.every((one) => field.test(one)))) return;
  refuse(
    ['spec', 'schedule'],
    `Invalid value: "${schedule}": expected exactly 5 fields, found ${fields.length}`,
  );
}

function checkIngress({ value }: Manifest, refuse: Refuse): void {
  const rules = listAt(value, 'spec', 'rules');
  if (rules.length === 0 && at(value, 'spec', 'defaultBackend') === undefined)
    refuse(['spec'], 'Invalid value: []: either `defaultBackend` or `rules` must be specified');
  for (const [n, rule] of rules.entries())
    for (const [m, path] of listAt(rule, 'http', 'paths').entries()) {
      const field = ['spec', 'rules', n, 'http', 'paths', m];
      const type = textAt(path, 'pathType') ?? '';
      if (!/^(Exact|Prefix|ImplementationSpecific)$/.test(type))
        refuse(
          [...field, 'pathType'],
          `Unsupported value: "${type}": supported values: "Exact", "ImplementationSpecific", "Prefix"`,
        );
      else if (type !== 'ImplementationSpecific' && !/^\//.test(textAt(path, 'path') ?? ''))
        refuse(
          [...field, 'path'],
          `Invalid value: "${textAt(path, 'path')}": must be an absolute path`,
        );
      if (!isObject(at(path, 'backend', 'service')) && !isObject(at(path, 'backend', 'resource')))
        refuse(
          [...field, 'backend'],
          'Required value: either a service or a resource backend is required',
        );
    }
}

function checkScale({ value }: Manifest, refuse: Refuse): void {
  const least = Number(at(value, 'spec', 'minReplicas') ?? 1);
  const most = Number(at(value, 'spec', 'maxReplicas') ?? 0);
  if (most < 1) refuse(['spec', 'maxReplicas'], `Invalid value: ${most}: must be greater than 0`);
  else if (most < least)
    refuse(
      ['spec', 'maxReplicas'],
      `Invalid value: ${most}: must be greater than or equal to \`minReplicas\``,
    );
}

function checkClaim({ value }: Manifest, refuse: Refuse): void {
  if (listAt(value, 'spec', 'accessModes').length === 0)
    refuse(['spec', 'accessModes'], 'Required value: at least 1 access mode is required');
  const storage = at(value, 'spec', 'resources', 'requests', 'storage');
  if (storage === undefined) refuse(['spec', 'resources', 'requests'], 'Required value: storage');
  else if ((amountOf(storage) ?? 1) <= 0)
    refuse(
      ['spec', 'resources', 'requests', 'storage'],
      `Invalid value: "${storage}": must be greater than zero`,
    );
}

function checkBudget({ value }: Manifest, refuse: Refuse): void {
  const both = ['minAvailable', 'maxUnavailable'].every(
    (key) => at(value, 'spec', key) !== undefined,
  );
  if (both) refuse(['spec'], 'Invalid value: minAvailable and maxUnavailable cannot be both set');
}

const RESTARTS: { readonly [kind: string]: RegExp } = {
  Job: /^(OnFailure|Never)$/,
  CronJob: /^(OnFailure|Never)$/,
  Pod: /^(Always|OnFailure|Never)$/,
};

function checkPods(manifest: Manifest, refuse: Refuse): void {
  const pods = podsOf(manifest);
  if (pods === undefined) return;
  const { path, spec } = pods;
  const restart = textAt(spec, 'restartPolicy') ?? 'Always';
  if (!(RESTARTS[manifest.kind] ?? /^Always$/).test(restart))
    refuse([...path, 'restartPolicy'], `Unsupported value: "${restart}"`);
  for (const { path: place, value } of containersOf(spec)) {
    const field = [...path, ...place];
    const pull = textAt(value, 'imagePullPolicy');
    if (pull !== undefined && !/^(Always|IfNotPresent|Never)$/.test(pull))
      refuse(
        [...field, 'imagePullPolicy'],
        `Unsupported value: "${pull}": supported values: "Always", "IfNotPresent", "Never"`,
      );
    for (const [n, one] of listAt(value, 'env').entries())
      if (textAt(one, 'value') && at(one, 'valueFrom') !== undefined)
        refuse(
          [...field, 'env', n, 'valueFrom'],
          'Invalid value: "": may not be specified when `value` is not empty',
        );
    for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe'])
      checkProbe([...field, probe], value[probe], refuse);
    for (const kind of ['requests', 'limits'])
      for (const [name, amount] of Object.entries(objectAt(value, 'resources', kind)))
        if ((amountOf(amount) ?? 0) < 0)
          refuse(
            [...field, 'resources', kind, name],
            `Invalid value: "${amount}": must be greater than or equal to 0`,
          );
  }
  for (const [n, volume] of listAt(spec, 'volumes').entries()) {
    const sources = Object.keys(objectAt(volume)).filter((key) => key !== 'name');
    if (sources.length > 1)
      refuse([...path, 'volumes', n], 'Forbidden: may not specify more than 1 volume type');
  }
}

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc'];

function checkProbe(path: Path, probe: unknown, refuse: Refuse): void {
  if (!isObject(probe)) return;
  const handlers = HANDLERS.filter((one) => isObject(probe[one]));
  if (handlers.length === 0) refuse(path, 'Required value: must specify a handler type');
  if (handlers.length > 1) refuse(path, 'Forbidden: may not specify more than 1 handler type');
}

/** The rules in CEL that a custom resource has in its schema, such as that of Flux: one of two fields must be set. */
export function checkCustomRules(manifest: Manifest, schema: Node): Finding[] {
  const findings: Finding[] = [];
  walk(schema, manifest.value, [], (path, [rule, message], value) => {
    // A rule about a change says nothing about a new object.
    if (/\boldSelf\b/.test(rule)) return;
    try {
      if (compile(rule)({ self: celValue(value) }) === true) return;
    } catch {
      return;
    }
    const said = `${dotted(path).slice(1) || '<nil>'}: Invalid value: ${message}`;
    findings.push(about('field-invalid', manifest, said, path));
  });
  return findings;
}

type Visit = (path: Path, rule: readonly [string, string], value: unknown) => void;

function walk(node: Node, value: unknown, path: Path, visit: Visit): void {
  if (value === null || value === undefined || typeof node === 'string') return;
  if (Array.isArray(node)) {
    if (typeof value !== 'object') return;
    for (const [key, one] of Object.entries(value))
      walk(node[1] as Node, one, [...path, Array.isArray(value) ? Number(key) : key], visit);
    return;
  }
  if (!('f' in node)) return;
  for (const rule of node.v ?? []) visit(path, rule, value);
  for (const [name, below] of Object.entries(node.f))
    walk(below, at(value, name), [...path, name], visit);
}
