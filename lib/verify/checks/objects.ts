import { containersOf, podsOf } from '../admission/pods.ts';
import { selects } from '../admission/policies.ts';
import {
  type Fault,
  faultsOf,
  type Kind,
  kindOf,
  type Schemas,
  versionsOf,
} from '../admission/schema.ts';
import {
  about,
  at,
  type Finding,
  groupOf,
  isObject,
  listAt,
  type Manifest,
  objectAt,
  textAt,
} from '../model.ts';
import { isKey, LABEL, SUBDOMAIN, VALUE } from './values/formats.ts';
import { checkCustomRules, checkValues } from './values/values.ts';

/** API versions that Kubernetes and Flux no longer serve, for kinds that are gone as a whole. */
const GONE: { readonly [key: string]: string } = {
  PodSecurityPolicy: 'the labels pod-security.kubernetes.io/enforce of the Namespace',
};

/** Kinds that moved to another group. */
const MOVED: { readonly [key: string]: string } = {
  'extensions/Deployment': 'apps/v1',
  'extensions/DaemonSet': 'apps/v1',
  'extensions/ReplicaSet': 'apps/v1',
  'extensions/Ingress': 'networking.k8s.io/v1',
  'extensions/NetworkPolicy': 'networking.k8s.io/v1',
};

/** Whether the cluster knows the kind of `manifest`; otherwise what is wrong with it. */
export function checkKind(manifest: Manifest, schemas: Schemas): Finding | undefined {
  const { apiVersion, kind } = manifest;
  if (kindOf(schemas, apiVersion, kind) !== undefined) return undefined;
  const group = groupOf(apiVersion);
  const served = versionsOf(schemas, group, kind);
  const [newest] = served.toSorted((a, b) => a.length - b.length || (a < b ? 1 : -1));
  const instead =
    newest === undefined ? MOVED[`${group}/${kind}`] : [group, newest].filter(Boolean).join('/');
  const said = `no matches for kind "${kind}" in version "${apiVersion}"`;
  if (instead !== undefined)
    return about('api-removed', manifest, `${said}. Use ${instead}`, ['apiVersion']);
  if (GONE[kind] !== undefined)
    return about('api-removed', manifest, `${said}. Use ${GONE[kind]}`, ['apiVersion']);
  return about('kind-unknown', manifest, said, ['kind']);
}

/** Who applies a manifest: Flux drops unknown fields of most kinds, and kubectl refuses them. */
export type Applier = 'flux' | 'kubectl';

/** What the API server refuses about the fields of `manifest`, which `applier` applies. */
export function checkObject(
  manifest: Manifest,
  known: Kind,
  schemas: Schemas,
  applier: Applier,
): Finding[] {
  const faults = faultsOf(schemas, known.schema, manifest.value);
  const drops = applier === 'flux' && isRewritten(manifest, known, faults);
  const findings = faults.map(({ code, path, message }) => {
    if (code === 'field-type')
      return { ...about(code, manifest, message, path), ...typeHint(message) };
    if (code !== 'field-unknown' || drops) return about(code, manifest, message, path);
    const field = message.slice(1, message.indexOf(':'));
    const said =
      applier === 'kubectl' ? `strict decoding error: unknown field "${field}"` : message;
    return about('field-refused', manifest, said, path);
  });
  // More checks would only repeat what is wrong.
  if (findings.some(({ code }) => code !== 'field-unknown')) return findings;
  return [
    ...findings,
    ...checkName(manifest),
    ...checkExported(manifest, applier),
    ...checkLabels(manifest),
    ...checkAnnotations(manifest),
    ...checkSelector(manifest),
    ...checkPodParts(manifest),
    ...checkService(manifest),
    ...checkValues(manifest),
    ...checkCustomRules(manifest, known.schema),
  ];
}

/** What to do about a value whose type only its quotes decide. */
function typeHint(message: string): { readonly hint?: string } {
  if (/expected string, got (-?\d|true|false)/.test(message))
    return { hint: 'Put the value in quotes.' };
  return /got "(-?[\d.]+|true|false)"$/.test(message) ? { hint: 'Remove the quotes.' } : {};
}

/**
 * Whether the kustomize-controller writes the object again before it applies it, which loses unknown fields: it does so with
 * the kinds of Kubernetes itself, but not with roles, and not with objects that it cannot read.
 */
const isRewritten = ({ kind }: Manifest, { schema }: Kind, faults: readonly Fault[]): boolean =>
  typeof schema === 'string' &&
  schema.startsWith('@') &&
  !/^(Cluster)?Role$/.test(kind) &&
  !faults.some(({ code }) => code === 'field-type');

function checkName(manifest: Manifest): Finding[] {
  const { kind, name, apiVersion } = manifest;
  // Names of roles may have any character that a path may have.
  if (groupOf(apiVersion) === 'rbac.authorization.k8s.io') {
    if (name !== '.' && name !== '..' && !/[/%]/.test(name)) return [];
    return [
      about(
        'name-invalid',
        manifest,
        `metadata.name: Invalid value: "${name}": may not contain '/' or '%'`,
        ['metadata', 'name'],
      ),
    ];
  }
  const isLabel =
    kind === 'Namespace' || kind === 'StatefulSet' || (kind === 'Service' && apiVersion === 'v1');
  const most = isLabel ? 63 : kind === 'CronJob' ? 52 : 253;
  if (name.length <= most && (isLabel ? LABEL : SUBDOMAIN).test(name)) return [];
  const what = `a lowercase RFC 1123 ${isLabel ? 'label' : 'subdomain'} must consist of lower case alphanumeric characters, '-'${isLabel ? '' : " or '.'"}, and must start and end with an alphanumeric character`;
  const isDotted = kind === 'StatefulSet' && name.includes('.');
  const rule = isDotted ? 'must not contain dots' : what;
  const message = `metadata.name: Invalid value: "${name}": ${name.length > most ? `must be no more than ${most} characters` : rule}`;
  return [about('name-invalid', manifest, message, ['metadata', 'name'])];
}

/** What an object has that somebody read from a cluster, and that the API server takes from no one. */
function checkExported(manifest: Manifest, applier: Applier): Finding[] {
  const { uid, managedFields } = objectAt(manifest.value, 'metadata');
  if (typeof uid === 'string' && uid !== '') {
    const message = `metadata.uid: uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    return [about('field-invalid', manifest, message, ['metadata', 'uid'])];
  }
  if (applier === 'kubectl' || listAt(managedFields).length === 0) return [];
  const field = ['metadata', 'managedFields'];
  return [about('field-invalid', manifest, 'metadata.managedFields must be nil', field)];
}

/** The largest sum of the annotations of an object. */
const MOST = 2 ** 18;

function checkAnnotations(manifest: Manifest): Finding[] {
  const all = Object.entries(objectAt(manifest.value, 'metadata', 'annotations'));
  const size = all.reduce(
    (sum, [key, one]) => sum + key.length + Buffer.byteLength(String(one)),
    0,
  );
  if (size <= MOST) return [];
  const message = `metadata.annotations: Too long: may not be more than ${MOST} bytes`;
  return [about('field-invalid', manifest, message, ['metadata', 'annotations'])];
}

function checkLabels(manifest: Manifest): Finding[] {
  const pods = podsOf(manifest);
  const places = [['metadata'], ...(pods ? [[...pods.path.slice(0, -1), 'metadata']] : [])];
  return places.flatMap((path) =>
    ['labels', 'annotations'].flatMap((field) =>
      Object.entries(objectAt(manifest.value, ...path, field)).flatMap(([key, value]) => {
        // The API server reads the keys of annotations in lower case.
        const isGood = isKey(field === 'annotations' ? key.toLowerCase() : key);
        if (isGood && (field === 'annotations' || VALUE.test(String(value ?? '')))) return [];
        const shown = isGood ? String(value) : key;
        const message = `${[...path, field].join('.')}: Invalid value: "${shown}": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character, at most 63`;
        return [about('label-invalid', manifest, message, [...path, field, key])];
      }),
    ),
  );
}

const SELECTING = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet']);

function checkSelector(manifest: Manifest): Finding[] {
  const { kind, value } = manifest;
  if (!SELECTING.has(kind)) return [];
  const labels = objectAt(value, 'spec', 'template', 'metadata', 'labels');
  const wanted = Object.entries(objectAt(value, 'spec', 'selector', 'matchLabels'));
  const selectsNothing =
    wanted.length === 0 && listAt(value, 'spec', 'selector', 'matchExpressions').length === 0;
  const isSelected =
    wanted.every(([key, one]) => labels[key] === one) &&
    selects(objectAt(value, 'spec', 'selector'), labels);
  if (!selectsNothing && isSelected) return [];
  const message = selectsNothing
    ? 'spec.selector: Invalid value: {}: empty selector is invalid for deployment'
    : `spec.template.metadata.labels: Invalid value: ${JSON.stringify(labels)}: \`selector\` does not match template \`labels\``;
  return [about('selector-mismatch', manifest, message, ['spec', 'selector'])];
}

/** Names inside a pod: ports, volumes and their mounts, environment variables. */
function checkPodParts(manifest: Manifest): Finding[] {
  const pods = podsOf(manifest);
  if (pods === undefined) return [];
  const { path, spec } = pods;
  const findings: Finding[] = [];
  const claims = listAt(manifest.value, 'spec', 'volumeClaimTemplates').map((one) =>
    textAt(one, 'metadata', 'name'),
  );
  const volumes = new Set([
    ...listAt(spec, 'volumes').map((one) => textAt(one, 'name')),
    ...claims,
  ]);
  if (listAt(spec, 'containers').length === 0)
    findings.push(
      about('field-missing', manifest, `${path.join('.')}.containers: Required value`, path),
    );
  for (const { path: place, value } of containersOf(spec)) {
    const field = [...path, ...place];
    const shown = `${path.join('.')}.${place[0]}[${place[1]}]`;
    if (!LABEL.test(textAt(value, 'name') ?? '') || (textAt(value, 'name') ?? '').length > 63)
      findings.push(
        about(
          'name-invalid',
          manifest,
          `${shown}.name: Invalid value: ${JSON.stringify(value.name)}: a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'`,
          [...field, 'name'],
        ),
      );
    if (!textAt(value, 'image') && manifest.kind !== 'Pod')
      findings.push(about('field-missing', manifest, `${shown}.image: Required value`, field));
    for (const [n, mount] of listAt(value, 'volumeMounts').entries())
      if (!volumes.has(textAt(mount, 'name')))
        findings.push(
          about(
            'reference-missing',
            manifest,
            `${shown}.volumeMounts[${n}].name: Not found: "${textAt(mount, 'name')}"`,
            [...field, 'volumeMounts', n, 'name'],
          ),
        );
    for (const [n, port] of listAt(value, 'ports').entries())
      findings.push(...checkPort(manifest, [...field, 'ports', n], port));
  }
  return findings;
}

function checkPort(
  manifest: Manifest,
  field: readonly (string | number)[],
  port: unknown,
): Finding[] {
  const number = at(port, 'containerPort');
  const name = textAt(port, 'name');
  if (typeof number === 'number' && (number < 1 || number > 65_535))
    return [
      about(
        'field-invalid',
        manifest,
        `containerPort: Invalid value: ${number}: must be between 1 and 65535, inclusive`,
        [...field, 'containerPort'],
      ),
    ];
  if (name !== undefined && (name.length > 15 || !LABEL.test(name)))
    return [
      about(
        'field-invalid',
        manifest,
        `ports.name: Invalid value: "${name}": must be no more than 15 characters, lower case letters, digits and '-'`,
        [...field, 'name'],
      ),
    ];
  return [];
}

function checkService(manifest: Manifest): Finding[] {
  const { kind, apiVersion, value } = manifest;
  if (kind !== 'Service' || apiVersion !== 'v1') return [];
  const ports = listAt(value, 'spec', 'ports');
  const type = textAt(value, 'spec', 'type') ?? 'ClusterIP';
  const headless = at(value, 'spec', 'clusterIP') === 'None';
  if (ports.length === 0 && type !== 'ExternalName' && !headless)
    return [about('field-missing', manifest, 'spec.ports: Required value', ['spec'])];
  if (!['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'].includes(type))
    return [
      about(
        'field-invalid',
        manifest,
        `spec.type: Unsupported value: "${type}": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"`,
        ['spec', 'type'],
      ),
    ];
  return ports.flatMap((port, n) => {
    if (!isObject(port)) return [];
    const field = ['spec', 'ports', n];
    const number = Number(port.port);
    if (number < 1 || number > 65_535)
      return [
        about(
          'field-invalid',
          manifest,
          `spec.ports[${n}].port: Invalid value: ${number}: must be between 1 and 65535, inclusive`,
          [...field, 'port'],
        ),
      ];
    if (ports.length > 1 && !port.name)
      return [about('field-missing', manifest, `spec.ports[${n}].name: Required value`, field)];
    const node = port.nodePort;
    if (typeof node === 'number' && node !== 0 && (node < 30_000 || node > 32_767))
      return [
        about(
          'field-invalid',
          manifest,
          `spec.ports[${n}].nodePort: Invalid value: ${node}: provided port is not in the valid range. The range of valid ports is 30000-32767`,
          [...field, 'nodePort'],
        ),
      ];
    return [];
  });
}
