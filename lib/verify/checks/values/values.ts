import { celValue, compile } from '../../admission/cel.ts';
import type { Node } from '../../admission/schema.ts';
import { dotted } from '../../admission/schema.ts';
import { about, at, type Finding, type Manifest, objectAt, textAt } from '../../model.ts';
import { checkClaim } from './claims.ts';
import type { Path, Refuse } from './formats.ts';
import { KIND_VALUES } from './kinds.ts';
import { checkPodValues } from './pods.ts';
import { checkSchedule } from './schedule.ts';

/** What the API server refuses about values that the schema of Kubernetes says nothing about. */
export function checkValues(manifest: Manifest): Finding[] {
  const findings: Finding[] = [];
  const refuse: Refuse = (path, message) => {
    const said = path.length === 0 ? message : `${dotted(path).slice(1)}: ${message}`;
    findings.push(about('field-invalid', manifest, said, path));
  };
  if (
    !/^(v1|apps\/v1|batch\/v1|autoscaling\/v\d|(networking|rbac\.authorization)\.k8s\.io\/v1|policy\/v1)$/.test(
      manifest.apiVersion,
    )
  )
    return findings;
  RULES[manifest.kind]?.(manifest, refuse);
  KIND_VALUES[manifest.kind]?.(manifest, refuse);
  checkReplicas(manifest, refuse);
  checkPodValues(manifest, refuse);
  return findings;
}

const RULES: { readonly [kind: string]: (manifest: Manifest, refuse: Refuse) => void } = {
  Secret: checkSecretData,
  ConfigMap: checkSize,
  CronJob: checkSchedule,
  PersistentVolumeClaim: ({ value }, refuse) => checkClaim(['spec'], at(value, 'spec'), refuse),
  PodDisruptionBudget: checkBudget,
};

/** The largest sum of the values of a ConfigMap or Secret. */
const MOST = 2 ** 20;

function checkSize({ value }: Manifest, refuse: Refuse): void {
  const data = objectAt(value, 'data');
  const binary = objectAt(value, 'binaryData');
  const texts = [...Object.values(data), ...Object.values(binary)];
  const size = texts.reduce<number>((sum, one) => sum + Buffer.byteLength(String(one)), 0);
  if (size > MOST) refuse([], `Too long: may not be more than ${MOST} bytes`);
  for (const key of Object.keys(data)) checkKey(['data', key], key, refuse);
  for (const [key, one] of Object.entries(binary)) {
    checkKey(['binaryData', key], key, refuse);
    if (!isBase64(one)) refuse(['binaryData', key], 'illegal base64 data');
    if (key in data)
      refuse(['data', key], `Invalid value: "${key}": duplicate of key present in binaryData`);
  }
}

function checkKey(path: Path, key: string, refuse: Refuse): void {
  if (!/^(?!\.$|\.\.)[-._a-zA-Z0-9]{1,253}$/.test(key))
    refuse(
      path,
      `Invalid value: "${key}": a valid config key must consist of alphanumeric characters, '-', '_' or '.'`,
    );
}

function checkSecretData(manifest: Manifest, refuse: Refuse): void {
  for (const [key, one] of Object.entries(objectAt(manifest.value, 'data'))) {
    checkKey(['data', key], key, refuse);
    if (one !== null && !isBase64(one)) refuse(['data', key], 'illegal base64 data');
  }
  const texts = objectAt(manifest.value, 'stringData');
  for (const key of Object.keys(texts)) checkKey(['data', key], key, refuse);
  const sizes = [
    ...Object.values(texts).map((one) => Buffer.byteLength(String(one))),
    ...Object.entries(objectAt(manifest.value, 'data')).map(([key, one]) =>
      key in texts ? 0 : Buffer.from(String(one ?? ''), 'base64').length,
    ),
  ];
  if (sizes.reduce((sum, one) => sum + one, 0) > MOST)
    refuse(['data'], `Too long: may not be more than ${MOST} bytes`);
  checkType(manifest, refuse);
}

const isBase64 = (text: unknown): boolean =>
  /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(
    String(text).replace(/[\r\n]/g, ''),
  );

/** The keys that a Secret of this type must have. */
const KEYS: { readonly [type: string]: readonly string[] } = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
};

function checkType({ value }: Manifest, refuse: Refuse): void {
  // The values of an encrypted Secret are not known here, but its keys are.
  const [data, texts] = [objectAt(value, 'data'), objectAt(value, 'stringData')];
  const type = textAt(value, 'type') ?? '';
  for (const key of KEYS[type] ?? []) {
    if (!(key in data) && !(key in texts)) refuse(['data', key], 'Required value');
    else if (/^\.docker/.test(key) && value.sops === undefined && !isJson(data[key], texts[key]))
      refuse(['data', key], 'Invalid value: "<secret contents redacted>": not valid JSON');
  }
  const basic = ['username', 'password'];
  if (type === 'kubernetes.io/basic-auth' && !basic.some((key) => key in data || key in texts))
    refuse(['data', 'username'], 'Required value');
}

/** Whether the text of a Secret, or else its value in base64, is JSON. */
function isJson(encoded: unknown, text: unknown): boolean {
  try {
    JSON.parse(
      text === undefined ? Buffer.from(String(encoded), 'base64').toString() : String(text),
    );
    return true;
  } catch {
    return false;
  }
}

function checkReplicas({ value }: Manifest, refuse: Refuse): void {
  for (const key of ['replicas', 'parallelism', 'completions', 'minReadySeconds']) {
    const number = at(value, 'spec', key);
    if (typeof number === 'number' && number < 0)
      refuse(['spec', key], `Invalid value: ${number}: must be greater than or equal to 0`);
  }
}

function checkBudget({ value }: Manifest, refuse: Refuse): void {
  const both = ['minAvailable', 'maxUnavailable'].every(
    (key) => at(value, 'spec', key) !== undefined,
  );
  if (both) refuse(['spec'], 'Invalid value: minAvailable and maxUnavailable cannot be both set');
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
