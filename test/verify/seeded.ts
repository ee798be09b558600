/**
 * Ways to change an estate, each at a place and with a value that a seed chooses. The same seed gives the same estates. The
 * cluster tests apply them for real, and compare what the cluster says with what `verify` said before.
 */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { parseAllDocuments, stringify } from 'yaml';
import type { Tree } from './mutations.ts';

/** An environment of the case `default`, and its files. */
export type Place = {
  readonly environment: string;
  readonly repo: string;
  readonly app: string;
  readonly folder: string;
  readonly tenant: string;
  readonly sync: string;
  readonly namespace: string;
};

/** A change of an estate; `verdict` is what the cluster must say, where the change alone decides it. */
type Change = {
  readonly what: string;
  readonly change: (tree: Tree) => void;
  readonly verdict?: 'refused' | 'applied';
};

export type Seeded = Change & {
  readonly kind: string;
  readonly name: string;
  readonly place: Place;
};

/** Random choices that depend on a text only. */
export class Dice {
  private state: number;

  constructor(seed: string) {
    this.state = Number.parseInt(hash('sha1', seed).slice(0, 8), 16);
  }

  /** A whole number from 0 to `end`, without `end`. */
  below(end: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * end);
  }

  /** A whole number from `first` to `last`. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  pick<T>(list: readonly T[]): T {
    const one = list[this.below(list.length)];
    assert.ok(one !== undefined);
    return one;
  }
}

type Json = { [key: string]: unknown };
type Path = readonly (string | number)[];

const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((found, key) => (found as Json | undefined)?.[key], value);

/** Every path below `value`, to maps and lists as well. */
function pathsIn(value: unknown, before: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [before];
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
  const below = [...keys].flatMap((key) => pathsIn(at(value, [key]), [...before, key]));
  return before.length === 0 ? below : [before, ...below];
}

function set(value: unknown, path: Path, to: unknown): void {
  const parent = at(value, path.slice(0, -1)) as Json;
  const last = path.at(-1) ?? '';
  if (to !== undefined) parent[last] = to;
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
}

/** Changes the documents of the file at `path` as data. */
const edit =
  (path: string, work: (documents: Json[]) => void) =>
  (tree: Tree): void => {
    const documents = parseAllDocuments(tree.get(path) ?? '').map((one) => one.toJS() as Json);
    assert.ok(documents.length > 0, path);
    work(documents);
    tree.set(
      path,
      documents.map((one) => stringify(one, { lineWidth: 0, version: '1.1' })).join('---\n'),
    );
  };

/** Changes the pod of the demo app. */
const inPod = ({ app }: Place, work: (pod: Json, container: Json) => void) =>
  edit(app, ([deployment]) => {
    const pod = at(deployment, ['spec', 'template', 'spec']) as Json;
    work(pod, at(pod, ['containers', 0]) as Json);
  });

/** Adds objects in a file of their own to the app. */
const add =
  ({ folder }: Place, ...objects: object[]) =>
  (tree: Tree): void => {
    const name = tree.has(`${folder}/more.yaml`) ? 'another.yaml' : 'more.yaml';
    tree.set(`${folder}/${name}`, objects.map((one) => stringify(one)).join('---\n'));
  };

const object = (apiVersion: string, kind: string, rest: object = {}, name = 'more'): Json => ({
  ...{ apiVersion, kind, metadata: { name } },
  ...rest,
});

const IMAGE = 'example.invalid/more:1';
const podOf = (container: object = {}, spec: object = {}): Json => ({
  metadata: { labels: { app: 'more' } },
  spec: { ...spec, containers: [{ name: 'more', image: IMAGE, ...container }] },
});

/** A name with a letter too many, too few or another one. */
function misspelt(dice: Dice, word: string): string {
  const n = dice.between(1, Math.max(1, word.length - 1));
  const [start, end] = [word.slice(0, n), word.slice(n)];
  return dice.pick([`${start}${word[n - 1]}${end}`, `${start}${end.slice(1)}x`, `${word}s`]);
}

/** A path of one of the documents of a file, except those that name the object or its namespace. */
function somewhere(dice: Dice, tree: Tree, path: string, isWanted: (value: unknown) => boolean) {
  const documents = parseAllDocuments(tree.get(path) ?? '').map((one) => one.toJS() as Json);
  const all = documents.flatMap((document, n) =>
    pathsIn(document)
      .filter((one) => !/^(metadata,(name|namespace)|kind|apiVersion)$/.test(one.join()))
      .filter((one) => isWanted(at(document, one)))
      .map((one) => [n, ...one]),
  );
  return dice.pick(all);
}

/** A change at a place that the files decide: the dice are thrown when the files are known. */
function lazily(
  path: string,
  dice: Dice,
  isWanted: (value: unknown) => boolean,
  work: (documents: Json[], place: Path, dice: Dice) => void,
): (tree: Tree) => void {
  const seed = String(dice.below(2 ** 31));
  return (tree) => {
    const own = new Dice(seed);
    const place = somewhere(own, tree, path, isWanted);
    edit(path, (documents) => work(documents, place, own))(tree);
  };
}

const anything = (): boolean => true;
const isScalar = (value: unknown): boolean => typeof value !== 'object';
const isText = (value: unknown): boolean => typeof value === 'string';

const renameKey = (path: string, dice: Dice) =>
  lazily(path, dice, anything, (documents, place, own) => {
    const last = place.at(-1);
    const value = at(documents, place);
    set(documents, place, undefined);
    if (typeof last === 'string')
      (at(documents, place.slice(0, -1)) as Json)[misspelt(own, last)] = value;
  });

const deleteKey = (path: string, dice: Dice) =>
  lazily(path, dice, anything, (documents, place) => set(documents, place, undefined));

const OTHER_TYPES = ['text', '7', 7, -1, 1.5, true, [], ['text'], {}, { key: 'text' }];
const retype = (path: string, dice: Dice) =>
  lazily(path, dice, isScalar, (documents, place, own) => {
    const before = typeof at(documents, place);
    set(documents, place, own.pick(OTHER_TYPES.filter((one) => typeof one !== before)));
  });

const ODD_TEXTS = ['', 'A b', 'a_b', '-a', 'ä', 'x'.repeat(64), 'x'.repeat(254), 'a/b/c', '0'];
const oddText = (path: string, dice: Dice) =>
  lazily(path, dice, isText, (documents, place, own) => set(documents, place, own.pick(ODD_TEXTS)));

type Maker = (dice: Dice, place: Place) => Change;

const FUZZED: { readonly [kind: string]: Maker } = {
  'a key of the app is misspelt': (dice, place) => ({
    what: place.app,
    change: renameKey(place.app, dice),
  }),
  'a field of the app is missing': (dice, place) => ({
    what: place.app,
    change: deleteKey(place.app, dice),
  }),
  'a value of the app has another type': (dice, place) => ({
    what: place.app,
    change: retype(place.app, dice),
  }),
  'a text of the app is odd': (dice, place) => ({
    what: place.app,
    change: oddText(place.app, dice),
  }),
  'a key of the tenant is misspelt': (dice, place) => {
    const path = dice.pick([place.tenant, place.sync]);
    return { what: path, change: renameKey(path, dice) };
  },
  'a field of the tenant is missing': (dice, place) => {
    const path = dice.pick([place.tenant, place.sync]);
    return { what: path, change: deleteKey(path, dice) };
  },
  'a value of the tenant has another type': (dice, place) => {
    const path = dice.pick([place.tenant, place.sync]);
    return { what: path, change: retype(path, dice) };
  },
  'an object of the tenant is missing': (dice, place) => {
    const path = dice.pick([place.tenant, place.sync]);
    return {
      what: path,
      change: edit(path, (documents) => void documents.splice(dice.below(documents.length), 1)),
    };
  },
};

const BROKEN_LINES = [
  'kind: [unclosed',
  '\tkind: tab',
  '<<<<<<< HEAD',
  'a: b: c',
  '"unclosed',
  '- item among keys',
  '{{ .Values.replicas }}',
];

const BROKEN: { readonly [kind: string]: Maker } = {
  'a line that is not YAML': (dice, { app, tenant, sync }) => {
    const path = dice.pick([app, tenant, sync]);
    const line = dice.pick(BROKEN_LINES);
    return {
      what: `${line.trim()} in ${path}`,
      change: (tree) => {
        const lines = (tree.get(path) ?? '').split('\n');
        const keys = [...lines.keys()].filter((n) => /^\w+:/.test(lines[n] ?? ''));
        lines.splice(dice.pick(keys), 0, line);
        tree.set(path, lines.join('\n'));
      },
      verdict: 'refused',
    };
  },
  'a file that is no manifest': (dice, { folder }) => {
    const text = dice.pick(['replicaCount: 2\n', '- a\n- b\n', 'text\n', 'kind: Text\n']);
    const name = dice.pick(['values.yaml', 'more.yml', 'below/values.yaml']);
    return {
      what: `${name}: ${text.trim()}`,
      change: (tree) => void tree.set(`${folder}/${name}`, text),
      verdict: 'refused',
    };
  },
  'a file that Flux does not read': (dice, { folder }) => {
    const name = dice.pick(['NOTES.md', 'values.json', 'more.yaml.tpl', 'run.sh']);
    return {
      what: name,
      change: (tree) => void tree.set(`${folder}/${name}`, 'kind: [unclosed\n'),
      verdict: 'applied',
    };
  },
  'a kustomization.yaml': (dice, { folder }) => {
    const [what, rest] = dice.pick([
      ['a prefix', { namePrefix: 'a-' }],
      ['a suffix in upper case', { nameSuffix: '-A' }],
      ['a label', { labels: [{ pairs: { team: 'a' } }] }],
      ['a label with a space', { labels: [{ pairs: { team: 'a b' } }] }],
      ['a resource that is missing', { resources: ['app.yaml', 'other.yaml'] }],
      ['an unknown field', { resourcez: ['app.yaml'] }],
      ['a base on the internet', { resources: ['app.yaml', 'https://127.0.0.1:1/a.yaml'] }],
      ['many replicas', { replicas: [{ name: 'kcheck', count: dice.between(2, 120) }] }],
      ['a generator', { configMapGenerator: [{ name: 'a', literals: ['a=b'] }] }],
      ['a generator of a missing file', { configMapGenerator: [{ name: 'a', files: ['no'] }] }],
      ['an image', { images: [{ name: 'ghcr.io/wolcn/kcheck', newTag: '2.0.0' }] }],
      [
        'a patch for nothing',
        {
          patches: [
            { target: { kind: 'Job' }, patch: '- { op: add, path: /metadata/labels/a, value: b }' },
          ],
        },
      ],
    ] as const);
    return {
      what,
      change: (tree) =>
        void tree.set(
          `${folder}/kustomization.yaml`,
          stringify({
            ...{ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization' },
            ...{ resources: ['app.yaml'], ...rest },
          }),
        ),
    };
  },
};

const OLD_KINDS = [
  ['extensions/v1beta1', 'Ingress'],
  ['apps/v1beta2', 'StatefulSet'],
  ['policy/v1beta1', 'PodDisruptionBudget'],
  ['batch/v1beta1', 'CronJob'],
  ['autoscaling/v2beta2', 'HorizontalPodAutoscaler'],
  ['policy/v1beta1', 'PodSecurityPolicy'],
  ['rbac.authorization.k8s.io/v1beta1', 'Role'],
  ['networking.k8s.io/v1beta1', 'Ingress'],
  ['source.toolkit.fluxcd.io/v1beta1', 'HelmRepository'],
  ['kustomize.toolkit.fluxcd.io/v1beta1', 'Kustomization'],
  ['helm.toolkit.fluxcd.io/v2beta1', 'HelmRelease'],
] as const;

/** Kinds that are not in a namespace, or that the account of a tenant may not write. */
const FORBIDDEN = [
  object('v1', 'Node'),
  object('v1', 'PersistentVolume', {
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/' } },
  }),
  object('storage.k8s.io/v1', 'StorageClass', { provisioner: 'example.com/none' }),
  object('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
  }),
  object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', { webhooks: [] }),
  object('v1', 'LimitRange', { spec: { limits: [] } }),
  object('v1', 'ResourceQuota', { spec: { hard: { pods: '100' } } }),
  object('networking.k8s.io/v1', 'IngressClass', { spec: { controller: 'example.com/none' } }),
  object('scheduling.k8s.io/v1', 'PriorityClass', { value: 7 }),
  object('fluxcd.controlplane.io/v1', 'FluxInstance', { spec: {} }),
];

const VOLUMES: { readonly [name: string]: readonly [object, 'refused' | 'applied'] } = {
  'an empty folder': [{ emptyDir: {} }, 'applied'],
  'an empty folder with a size': [{ emptyDir: { sizeLimit: '1Gi' } }, 'applied'],
  'a ConfigMap': [{ configMap: { name: 'a', optional: true } }, 'applied'],
  'a Secret': [{ secret: { secretName: 'a', optional: true } }, 'applied'],
  'the downward API': [
    { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
    'applied',
  ],
  'a folder of the node': [{ hostPath: { path: '/tmp' } }, 'refused'],
  NFS: [{ nfs: { server: 'nfs.example.com', path: '/' } }, 'refused'],
  iSCSI: [{ iscsi: { targetPortal: '192.0.2.1', iqn: 'iqn.2001-04.com.a:b', lun: 0 } }, 'refused'],
  'two kinds at once': [{ emptyDir: {}, hostPath: { path: '/tmp' } }, 'refused'],
  'a mode beyond the maximum': [
    { configMap: { name: 'a', optional: true, defaultMode: 9999 } },
    'refused',
  ],
};

const PODS: { readonly [kind: string]: Maker } = {
  'a volume': (dice, place) => {
    const what = dice.pick(Object.keys(VOLUMES));
    const [volume, verdict] = VOLUMES[what] ?? [{}, 'applied'];
    return {
      what,
      change: inPod(place, (pod, container) => {
        pod.volumes = [{ name: 'more', ...volume }];
        container.volumeMounts = [{ name: 'more', mountPath: '/more' }];
      }),
      verdict,
    };
  },
  'something of the node': (dice, place) => {
    const key = dice.pick(['hostNetwork', 'hostPID', 'hostIPC', 'hostPort', 'nodeName']);
    return {
      what: key,
      change: inPod(place, (pod, container) => {
        if (key === 'hostPort') container.ports = [{ containerPort: 8080, hostPort: 8080 }];
        else pod[key] = key === 'nodeName' ? 'node-1' : true;
      }),
      verdict: 'refused',
    };
  },
  'a capability': (dice, place) => {
    const allowed = ['CHOWN', 'NET_BIND_SERVICE', 'KILL', 'SETUID'];
    const name = dice.pick([...allowed, 'NET_ADMIN', 'SYS_ADMIN', 'SYS_PTRACE', 'NET_RAW', 'ALL']);
    return {
      what: name,
      change: inPod(place, (_, container) => {
        (container.securityContext as Json).capabilities = { drop: ['ALL'], add: [name] };
      }),
      ...(!allowed.includes(name) && { verdict: 'refused' as const }),
    };
  },
  'a security context': (dice, place) => {
    const [what, own] = dice.pick<readonly [string, object]>([
      ['privileged', { privileged: true, allowPrivilegeEscalation: true }],
      ['privileged without escalation', { privileged: true, allowPrivilegeEscalation: false }],
      ['an unmasked /proc', { procMount: 'Unmasked' }],
      ['no seccomp', { seccompProfile: { type: 'Unconfined' } }],
      ['seccomp of a file', { seccompProfile: { type: 'Localhost' } }],
      ['no AppArmor', { appArmorProfile: { type: 'Unconfined' } }],
      ['a user', { runAsUser: 1000, runAsGroup: 1000, runAsNonRoot: true }],
      ['a negative user', { runAsUser: -1 }],
      ['a file system that is read-only', { readOnlyRootFilesystem: true }],
      ['a role of SELinux', { seLinuxOptions: { role: 'sysadm_r' } }],
      ['a type of SELinux', { seLinuxOptions: { type: 'container_t' } }],
    ]);
    return {
      what,
      change: inPod(place, (_, container) => {
        container.securityContext = { ...(container.securityContext as Json), ...own };
      }),
    };
  },
  replicas: (dice, { app }) => {
    const replicas = dice.pick([0, 2, 10, 39, 40, 41, 49, 50, 51, 60, 1000, -1]);
    return {
      what: String(replicas),
      change: edit(app, ([deployment]) => set(deployment, ['spec', 'replicas'], replicas)),
    };
  },
  'requests and limits': (dice, place) => {
    const key = dice.pick(['cpu', 'memory', 'ephemeral-storage']);
    const amounts = {
      cpu: ['1m', '0.5', '8', '15', '16', '17', '1e2', '-1', 'one'],
      memory: ['1', '64Mi', '65Mi', '1Gi', '16Gi', '17Gi', '33Gi', '1GB', '100m'],
      'ephemeral-storage': ['1Mi', '1Gi', '2Gi', '99Gi', '101Gi'],
    }[key] ?? ['1'];
    const where = dice.pick(['requests', 'limits', 'both']);
    const amount = dice.pick(amounts);
    return {
      what: `${where} ${key} ${amount}`,
      change: inPod(place, (_, container) => {
        const resources = container.resources as { requests: Json; limits: Json };
        if (where !== 'limits') resources.requests[key] = amount;
        if (where !== 'requests') resources.limits[key] = amount;
      }),
    };
  },
  'a probe': (dice, place) => {
    const probe = dice.pick<object>([
      { exec: { command: ['true'] } },
      { tcpSocket: { port: 8080 } },
      { tcpSocket: { port: 'http' } },
      { tcpSocket: { port: 0 } },
      { grpc: { port: 8080 } },
      { httpGet: { port: 8080, scheme: 'HTTPS' } },
      { httpGet: { port: 8080, host: '192.0.2.1' } },
      { httpGet: { port: 8080 }, tcpSocket: { port: 8080 } },
      { periodSeconds: 5 },
      { exec: { command: ['true'] }, periodSeconds: -1 },
      { exec: { command: ['true'] }, successThreshold: 3 },
      { exec: { command: ['true'] }, timeoutSeconds: 5, failureThreshold: 30 },
    ]);
    const key = dice.pick(['readinessProbe', 'livenessProbe', 'startupProbe']);
    return {
      what: `${key} ${JSON.stringify(probe)}`,
      change: inPod(place, (_, container) => {
        container[key] = probe;
      }),
    };
  },
  'where pods run': (dice, place) => {
    const own = dice.pick<object>([
      { nodeSelector: { 'a b': 'c' } },
      { tolerations: [{ key: 'own', operator: 'Exists' }] },
      { tolerations: [{ operator: 'Exists' }] },
      { tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' }] },
      { tolerations: [{ key: 'own', operator: 'Like', value: 'a' }] },
      { priorityClassName: 'system-cluster-critical' },
      { terminationGracePeriodSeconds: dice.pick([0, 600, 3600, 3601, -1]) },
      {
        topologySpreadConstraints: [
          { maxSkew: 0, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule' },
        ],
      },
      { dnsPolicy: 'None' },
      { dnsPolicy: 'Default' },
      { restartPolicy: 'Never' },
      { hostAliases: [{ ip: 'not-an-ip', hostnames: ['a'] }] },
      { shareProcessNamespace: true },
      { enableServiceLinks: false },
    ]);
    return {
      what: JSON.stringify(own),
      change: inPod(place, (pod) => void Object.assign(pod, own)),
    };
  },
  'an account of a pod': (dice, place) => {
    const own = dice.pick<object>([
      { serviceAccountName: 'default' },
      { serviceAccountName: place.namespace },
      { automountServiceAccountToken: true },
      { serviceAccountName: 'Not valid' },
    ]);
    return {
      what: JSON.stringify(own),
      change: inPod(place, (pod) => void Object.assign(pod, own)),
    };
  },
  'a variable': (dice, place) => {
    const variable = dice.pick<object>([
      { name: 'A', value: 'b' },
      { name: 'a.b-c', value: 'b' },
      { name: '1A', value: 'b' },
      { name: 'A=B', value: 'b' },
      { name: '', value: 'b' },
      { name: 'A', value: 7 },
      { name: 'COLOUR', value: 'Twice' },
      { name: 'A', valueFrom: {} },
      { name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.nowhere' } } },
      { name: 'A', valueFrom: { configMapKeyRef: { name: 'a', key: 'b', optional: true } } },
      { name: 'A', valueFrom: { secretKeyRef: { name: 'a' } } },
    ]);
    return {
      what: JSON.stringify(variable),
      change: inPod(place, (_, container) => void (container.env as object[]).push(variable)),
    };
  },
};

const OBJECTS: { readonly [kind: string]: Maker } = {
  'an API version that is gone': (dice, place) => {
    const [apiVersion, kind] = dice.pick(OLD_KINDS);
    return {
      what: `${kind} ${apiVersion}`,
      change: add(place, object(apiVersion, kind, { spec: {} })),
      verdict: 'refused',
    };
  },
  'a kind that a tenant may not have': (dice, place) => {
    const one = dice.pick(FORBIDDEN);
    return { what: String(one.kind), change: add(place, structuredClone(one)), verdict: 'refused' };
  },
  'a Role': (dice, place) => {
    const [group, resource] = dice.pick([
      ['', 'pods'],
      ['', 'secrets'],
      ['', 'nodes'],
      ['', 'namespaces'],
      ['', 'serviceaccounts/token'],
      ['apps', 'deployments'],
      ['batch', 'jobs'],
      ['*', '*'],
      ['rbac.authorization.k8s.io', 'roles'],
      ['networking.k8s.io', 'ingresses'],
      ['source.toolkit.fluxcd.io', 'gitrepositories'],
      ['example.com', 'widgets'],
    ] as const);
    const verbs = dice.pick([['get'], ['get', 'list', 'watch'], ['create', 'delete'], ['*']]);
    return {
      what: `${verbs} ${resource} of ${group || 'core'}`,
      change: add(
        place,
        object('rbac.authorization.k8s.io/v1', 'Role', {
          rules: [{ apiGroups: [group], resources: [resource], verbs }],
        }),
      ),
    };
  },
  'a RoleBinding': (dice, place) => {
    const [kind, name] = dice.pick([
      ['ClusterRole', 'view'],
      ['ClusterRole', 'edit'],
      ['ClusterRole', 'admin'],
      ['ClusterRole', 'cluster-admin'],
      ['ClusterRole', 'does-not-exist'],
      ['Role', 'bind-own-roles'],
      ['Role', 'does-not-exist'],
    ] as const);
    const account = dice.pick(['default', place.namespace]);
    return {
      what: `${kind} ${name} for ${account}`,
      change: add(
        place,
        object('rbac.authorization.k8s.io/v1', 'RoleBinding', {
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
          subjects: [{ kind: 'ServiceAccount', name: account, namespace: place.namespace }],
        }),
      ),
    };
  },
  'many objects': (dice, place) => {
    const [kind, usual] = dice.pick([
      ['ConfigMap', 200],
      ['Secret', 200],
      ['Service', 50],
      ['PersistentVolumeClaim', 20],
      ['ServiceAccount', 50],
    ] as const);
    // Claims stay Pending without a provisioner, and Flux would wait for them.
    const fewer = kind === 'PersistentVolumeClaim' ? usual + 2 : usual - 5;
    const count = dice.pick([fewer, usual + 1, usual + 10]);
    const rest = {
      ConfigMap: { data: { a: 'b' } },
      Secret: { type: 'Opaque' },
      Service: { spec: { ports: [{ port: 80 }] } },
      PersistentVolumeClaim: {
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
      },
      ServiceAccount: {},
    }[kind];
    return {
      what: `${count} ${kind}s`,
      change: add(
        place,
        ...Array.from({ length: count }, (_, n) => object('v1', kind, rest, `more-${n}`)),
      ),
      ...(count > usual && { verdict: 'refused' as const }),
    };
  },
  'a Service': (dice, place) => {
    const spec = dice.pick<object>([
      { ports: [{ port: 80 }] },
      { ports: [{ port: 0 }] },
      { ports: [{ port: 80, targetPort: 'a name that is too long' }] },
      {
        ports: [
          { name: 'a', port: 80 },
          { name: 'a', port: 81 },
        ],
      },
      {
        ports: [
          { name: 'a', port: 80 },
          { name: 'b', port: 80 },
        ],
      },
      {
        ports: [
          { name: 'a', port: 80 },
          { name: 'b', port: 80, protocol: 'UDP' },
        ],
      },
      { ports: [{ name: 'A', port: 80 }] },
      { ports: [{ port: 80, protocol: 'HTTP' }] },
      { ports: [] },
      { ports: [{ port: 80 }], type: 'NodePort' },
      { ports: [{ port: 80 }], type: 'LoadBalancer' },
      { ports: [{ port: 80 }], type: 'ExternalName' },
      { type: 'ExternalName', externalName: 'example.com' },
      { ports: [{ port: 80 }], type: 'Internal' },
      { ports: [{ port: 80 }], clusterIP: 'None' },
      { ports: [{ port: 80 }], clusterIP: 'none' },
      { ports: [{ port: 80 }], externalIPs: ['192.0.2.1'] },
      { ports: [{ port: 80 }], sessionAffinity: 'Client' },
      { ports: [{ port: 80, nodePort: 30080 }] },
    ]);
    return { what: JSON.stringify(spec), change: add(place, object('v1', 'Service', { spec })) };
  },
  'a NetworkPolicy': (dice, place) => {
    const spec = dice.pick<object>([
      { podSelector: {} },
      { podSelector: {}, policyTypes: ['Egress'], egress: [{}] },
      { podSelector: {}, ingress: [{}] },
      { podSelector: {}, ingress: [{ from: [{ podSelector: { matchLabels: { a: 'b' } } }] }] },
      { podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }] }] },
      { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] },
      { podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: '300.0.0.0/8' } }] }] },
      { podSelector: {}, policyTypes: ['Inside'] },
      { ingress: [] },
    ]);
    return {
      what: JSON.stringify(spec),
      change: add(place, object('networking.k8s.io/v1', 'NetworkPolicy', { spec })),
    };
  },
  'a Secret or a ConfigMap': (dice, place) => {
    const one = dice.pick<Json>([
      object('v1', 'Secret', { data: { a: 'YWJj' } }),
      object('v1', 'Secret', { data: { a: 'YWJ' } }),
      object('v1', 'Secret', { type: 'kubernetes.io/tls', data: { 'tls.crt': 'YWJj' } }),
      object('v1', 'Secret', { type: 'kubernetes.io/basic-auth', data: {} }),
      object('v1', 'Secret', { type: 'kubernetes.io/ssh-auth', data: {} }),
      object('v1', 'Secret', { type: 'kubernetes.io/dockerconfigjson', data: { a: 'YWJj' } }),
      object('v1', 'Secret', {
        type: 'kubernetes.io/dockerconfigjson',
        data: { '.dockerconfigjson': 'YWJj' },
      }),
      object('v1', 'Secret', { type: 'kubernetes.io/service-account-token' }),
      object('v1', 'ConfigMap', { data: { a: 'b' }, binaryData: { a: 'YWJj' } }),
      object('v1', 'ConfigMap', { binaryData: { a: '!' } }),
      object('v1', 'ConfigMap', { data: { '..': 'b' } }),
      object('v1', 'ConfigMap', { data: { a: null } }),
      object('v1', 'ConfigMap', { data: { a: 'b' }, immutable: true }),
      object('v1', 'ConfigMap', { data: { a: 1.5 } }),
    ]);
    return { what: JSON.stringify(one), change: add(place, one) };
  },
  'a CronJob': (dice, place) => {
    const template = podOf({}, { restartPolicy: dice.pick(['Never', 'OnFailure', 'Always']) });
    const job = dice.pick<object>([
      {},
      { completions: -1 },
      { backoffLimit: 3, ttlSecondsAfterFinished: 60 },
      { completionMode: 'Indexed', completions: 2 },
      { completionMode: 'Indexed' },
    ]);
    const schedule = dice.pick(['*/5 * * * *', '@daily', '61 * * * *', 'daily', '* * * *']);
    const one = object('batch/v1', 'CronJob', {
      spec: { schedule, suspend: true, jobTemplate: { spec: { ...job, template } } },
    });
    return { what: JSON.stringify(one.spec), change: add(place, one) };
  },
  'a HorizontalPodAutoscaler': (dice, place) => {
    const spec = dice.pick<object>([
      { maxReplicas: 3 },
      { maxReplicas: 0 },
      { minReplicas: 2, maxReplicas: 3 },
      { minReplicas: 4, maxReplicas: 3 },
      { minReplicas: 0, maxReplicas: 3 },
      { maxReplicas: 3, metrics: [{ type: 'Resource' }] },
      {
        maxReplicas: 3,
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
          },
        ],
      },
      { maxReplicas: '3' },
    ]);
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'kcheck' };
    return {
      what: JSON.stringify(spec),
      change: add(
        place,
        object('autoscaling/v2', 'HorizontalPodAutoscaler', { spec: { scaleTargetRef, ...spec } }),
      ),
    };
  },
  'a PodDisruptionBudget': (dice, place) => {
    const spec = dice.pick<object>([
      { minAvailable: 1, selector: { matchLabels: { a: 'b' } } },
      { maxUnavailable: '50%', selector: {} },
      { maxUnavailable: '500%', selector: {} },
      { minAvailable: -1, selector: {} },
      { minAvailable: 1, maxUnavailable: 1, selector: {} },
      { selector: { matchExpressions: [{ key: 'a', operator: 'In' }] } },
      { selector: { matchLabels: { a: 'b c' } } },
    ]);
    return {
      what: JSON.stringify(spec),
      change: add(place, object('policy/v1', 'PodDisruptionBudget', { spec })),
    };
  },
  'an Ingress': (dice, place) => {
    const backend = { service: { name: 'kcheck-service', port: { number: 80 } } };
    const spec = dice.pick<object>([
      { defaultBackend: backend },
      {
        rules: [
          { host: 'a.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } },
        ],
      },
      { rules: [{ host: 'A_b', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
      { rules: [{ http: { paths: [{ path: '/', backend }] } }] },
      { rules: [{ http: { paths: [{ path: 'a', pathType: 'Exact', backend }] } }] },
      { rules: [{ http: { paths: [{ path: '/', pathType: 'Regex', backend }] } }] },
      {
        rules: [
          {
            http: {
              paths: [
                { path: '/', pathType: 'Prefix', backend: { serviceName: 'a', servicePort: 80 } },
              ],
            },
          },
        ],
      },
      {},
    ]);
    return {
      what: JSON.stringify(spec),
      change: add(place, object('networking.k8s.io/v1', 'Ingress', { spec })),
    };
  },
  'a workload': (dice, place) => {
    const selector = { matchLabels: { app: 'more' } };
    const template = podOf();
    const [kind, spec] = dice.pick<readonly [string, object]>([
      ['Deployment', { replicas: 0, selector, template }],
      ['Deployment', { replicas: 0, selector: { matchLabels: { app: 'other' } }, template }],
      ['Deployment', { replicas: 0, selector: {}, template }],
      ['Deployment', { replicas: 0, selector, template, strategy: { type: 'Recreate' } }],
      ['Deployment', { replicas: 0, selector, template, strategy: { type: 'Now' } }],
      [
        'Deployment',
        {
          replicas: 0,
          selector,
          template,
          strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } },
        },
      ],
      ['StatefulSet', { replicas: 0, serviceName: 'more', selector, template }],
      ['StatefulSet', { replicas: 0, selector, template: podOf({ image: '' }) }],
      ['StatefulSet', { replicas: 0, selector, template: podOf({ name: 'A' }) }],
      ['DaemonSet', { selector, template, updateStrategy: { type: 'Rolling' } }],
      ['DaemonSet', { selector, template: podOf({}, { hostNetwork: true }) }],
      ['ReplicaSet', { replicas: 0, selector, template }],
    ]);
    return {
      what: `${kind} ${JSON.stringify(spec)}`,
      change: add(place, object('apps/v1', kind, { spec })),
    };
  },
  'an object of Flux': (dice, place) => {
    const [group, kind, spec] = dice.pick<readonly [string, string, Json]>([
      ['source', 'GitRepository', { url: 'https://github.com/other/more' }],
      ['source', 'GitRepository', { url: 'ftp://github.com/wolcn/more' }],
      ['source', 'GitRepository', { url: 'https://github.com/wolcn/more', interval: '1 hour' }],
      [
        'source',
        'GitRepository',
        { url: 'https://github.com/wolcn/more', recurseSubmodules: true },
      ],
      ['source', 'HelmRepository', { url: 'https://charts.example.com' }],
      ['source', 'OCIRepository', { url: 'oci://ghcr.io/other/more' }],
      ['source', 'OCIRepository', { url: 'https://ghcr.io/wolcn/more' }],
      ['source', 'Bucket', { endpoint: 'minio.example.com', bucketName: 'a' }],
      ['kustomize', 'Kustomization', { prune: true }],
      [
        'kustomize',
        'Kustomization',
        { prune: true, sourceRef: { kind: 'GitRepository', name: place.repo } },
      ],
      [
        'kustomize',
        'Kustomization',
        { prune: 'yes', sourceRef: { kind: 'GitRepository', name: place.repo } },
      ],
      ['kustomize', 'Kustomization', { prune: true, sourceRef: { kind: 'Git', name: place.repo } }],
      ['helm', 'HelmRelease', { chart: {} }],
      [
        'helm',
        'HelmRelease',
        { interval: '1 hour', chartRef: { kind: 'OCIRepository', name: 'a' } },
      ],
      ['notification', 'Receiver', { type: 'github', resources: [] }],
      ['notification', 'Alert', { providerRef: { name: 'a' }, eventSources: [] }],
    ]);
    const version =
      { helm: 'v2', notification: kind === 'Receiver' ? 'v1' : 'v1beta3' }[group] ?? 'v1';
    const own = group === 'notification' ? spec : { interval: '1h', ...spec };
    return {
      what: `${kind} ${JSON.stringify(spec)}`,
      change: add(place, object(`${group}.toolkit.fluxcd.io/${version}`, kind, { spec: own })),
    };
  },
  'metadata of an object': (dice, place) => {
    const metadata = dice.pick<object>([
      { name: 'more.a-b' },
      { name: 'More' },
      { name: 'more', labels: { a: 'b' } },
      { name: 'more', labels: { 'a/b/c': 'd' } },
      { name: 'more', labels: { a: 'x'.repeat(64) } },
      { name: 'more', labels: { a: true } },
      { name: 'more', labels: { 'toolkit.fluxcd.io/tenant': 'a' } },
      { name: 'more', annotations: { 'a b': 'c' } },
      { name: 'more', annotations: { a: 'x y z' } },
      { name: 'more', annotations: { a: 'x'.repeat(300_000) } },
      { name: 'more', finalizers: ['example.com/a'] },
      { name: 'more', finalizers: ['orphan'] },
      { name: 'more', namespace: 'other' },
      { generateName: 'more-' },
      { name: 'more', ownerReferences: [{ apiVersion: 'v1', kind: 'A', name: 'a' }] },
      { name: 'x'.repeat(254) },
    ]);
    return {
      what: JSON.stringify(metadata).slice(0, 80),
      change: add(place, { ...object('v1', 'ConfigMap', { data: { a: 'b' } }), metadata }),
    };
  },
};

/** Places for a variable: a number, a text, and a text that must not be a number. */
const VARIABLE: readonly Path[] = [
  ['spec', 'replicas'],
  ['spec', 'template', 'spec', 'containers', 0, 'env', 0, 'value'],
  ['metadata', 'labels', 'team'],
];

const TENANTS: { readonly [kind: string]: Maker } = {
  'a field of the sync': (dice, { sync, repo }) => {
    const [path, value] = dice.pick<readonly [Path, unknown]>([
      [[1, 'spec', 'interval'], '5m'],
      [[1, 'spec', 'interval'], '5'],
      [[1, 'spec', 'interval'], '1d'],
      [[1, 'spec', 'timeout'], '90s'],
      [[1, 'spec', 'path'], `./${repo}`],
      [[1, 'spec', 'path'], '.'],
      [[1, 'spec', 'path'], './'],
      [[1, 'spec', 'sourceRef', 'name'], 'other'],
      [[1, 'spec', 'sourceRef', 'kind'], 'Repository'],
      [[1, 'spec', 'serviceAccountName'], 'other'],
      [[1, 'spec', 'targetNamespace'], 'kube-system'],
      [[1, 'spec', 'namePrefix'], 'a-'],
      [[1, 'spec', 'commonMetadata'], { labels: { team: 'a' } }],
      [[1, 'spec', 'postBuild'], { substitute: { a: 'b' } }],
      [[1, 'spec', 'images'], [{ name: 'ghcr.io/wolcn/kcheck', newTag: '2.0.0' }]],
      [[1, 'spec', 'deletionPolicy'], 'Never'],
      [[1, 'spec', 'force'], true],
      [[0, 'spec', 'ref'], { branch: 'other' }],
      [[0, 'spec', 'ref'], { tag: 'v9' }],
      [[0, 'spec', 'interval'], '10'],
      [[0, 'spec', 'ignore'], '*.md\n'],
      [[0, 'spec', 'ignore'], '*.yaml\n'],
    ]);
    return {
      what: `${path.join('.')} = ${JSON.stringify(value)}`,
      change: edit(sync, (documents) => set(documents, path, value)),
    };
  },
  'a number of the quota': (dice, { tenant }) => {
    const key = dice.pick(['pods', 'requests.cpu', 'requests.memory', 'limits.memory', 'services']);
    const value = dice.pick(['0', '1', '2', '5m', '100Mi', '1Ti', 'many', '-1']);
    return {
      what: `${key} ${value}`,
      change: edit(tenant, (documents) => {
        const quota = documents.find(({ kind }) => kind === 'ResourceQuota');
        set(quota, ['spec', 'hard', key], value);
      }),
    };
  },
  'a limit of the LimitRange': (dice, { tenant }) => {
    const where = dice.pick(['max', 'min', 'default', 'defaultRequest']);
    const value = dice.pick(['8Mi', '32Mi', '128Mi', '100Gi', 'much']);
    return {
      what: `${where} memory ${value}`,
      change: edit(tenant, (documents) => {
        const range = documents.find(({ kind }) => kind === 'LimitRange');
        const limit = at(range, ['spec', 'limits', 0]) as Json;
        limit[where] = { ...(limit[where] as Json | undefined), memory: value };
      }),
    };
  },
  'a label of the Namespace': (dice, { tenant }) => {
    const level = 'pod-security.kubernetes.io/enforce';
    const [key, value] = dice.pick([
      [level, 'privileged'],
      [level, 'restricted'],
      [level, 'baseline '],
      [level, 'strict'],
      ['team', 'a'],
      ['team', 'a b'],
      ['toolkit.fluxcd.io/role', undefined],
      ['flux-gitops/allow-kustomize', undefined],
    ] as const);
    return {
      what: `${key} ${value}`,
      change: edit(tenant, (documents) => {
        const namespace = documents.find(({ kind }) => kind === 'Namespace');
        set(namespace, ['metadata', 'labels', key], value);
      }),
    };
  },
  'variables of the sync': (dice, { app, tenant, sync, namespace }) => {
    const text = dice
      .pick(['@{count}', '@{count:=3}', '@{other:=3}', '@{other}', '@@{count}', '@{count:-9}x'])
      .replaceAll('@', '$');
    const value = dice.pick(['2', '60', 'two', '', 'yes', '4\n']);
    const source = dice.pick(['ConfigMap', 'Secret', 'substitute', 'missing', 'optional']);
    const place = dice.pick(VARIABLE);
    return {
      what: `${text} is ${JSON.stringify(value)} of ${source}`,
      change: (tree) => {
        const stringData = source === 'Secret' ? 'stringData' : 'data';
        const kind = source === 'Secret' ? 'Secret' : 'ConfigMap';
        const values = object('v1', kind, { [stringData]: { count: value } }, 'values');
        const isThere = source === 'ConfigMap' || source === 'Secret';
        edit(tenant, (documents) => {
          const metadata = { name: 'values', namespace };
          if (isThere) documents.push({ ...values, metadata });
        })(tree);
        const reference = { kind, name: 'values', optional: source === 'optional' };
        edit(sync, (documents) =>
          set(
            documents,
            [1, 'spec', 'postBuild'],
            source === 'substitute'
              ? { substitute: { count: value } }
              : { substitute: { more: 'a' }, substituteFrom: [reference] },
          ),
        )(tree);
        edit(app, ([deployment]) => set(deployment, place, text))(tree);
      },
    };
  },
  'the role of the account': (dice, { tenant }) => {
    const name = dice.pick(['view', 'edit', 'cluster-admin', 'does-not-exist']);
    return {
      what: name,
      change: edit(tenant, (documents) => {
        const binding = documents.find(
          (one) => one.kind === 'RoleBinding' && at(one, ['roleRef', 'name']) === 'admin',
        );
        set(binding, ['roleRef', 'name'], name);
      }),
    };
  },
};

/** Changes that people make every day. */
const LEGAL: { readonly [kind: string]: Maker } = {
  'an ordinary change': (dice, place) => {
    const [what, change] = dice.pick<readonly [string, (tree: Tree) => void]>([
      [
        'more replicas',
        edit(place.app, ([one]) => set(one, ['spec', 'replicas'], dice.between(2, 8))),
      ],
      ['a label', edit(place.app, ([one]) => set(one, ['metadata', 'labels', 'team'], 'a'))],
      [
        'an annotation',
        edit(place.app, ([, one]) => set(one, ['metadata', 'annotations'], { a: 'b, c' })),
      ],
      [
        'another text',
        inPod(place, (_, one) => set(one, ['env', 1, 'value'], 'A text: with "signs"')),
      ],
      [
        'more memory',
        inPod(place, (_, one) => set(one, ['resources', 'limits', 'memory'], '256Mi')),
      ],
      ['a ConfigMap', add(place, object('v1', 'ConfigMap', { data: { a: 'b' } }))],
      ['a Service', add(place, object('v1', 'Service', { spec: { ports: [{ port: 8080 }] } }))],
      ['an account', add(place, object('v1', 'ServiceAccount'))],
      [
        'a budget',
        add(
          place,
          object('policy/v1', 'PodDisruptionBudget', {
            spec: {
              minAvailable: 1,
              selector: { matchLabels: { 'app.kubernetes.io/name': 'kcheck' } },
            },
          }),
        ),
      ],
      [
        'an autoscaler',
        add(
          place,
          object('autoscaling/v2', 'HorizontalPodAutoscaler', {
            spec: {
              maxReplicas: dice.between(2, 6),
              scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'kcheck' },
            },
          }),
        ),
      ],
      [
        'a way out',
        add(
          place,
          object('networking.k8s.io/v1', 'NetworkPolicy', {
            spec: { podSelector: {}, policyTypes: ['Egress'], egress: [{}] },
          }),
        ),
      ],
      ['a longer interval', edit(place.sync, (all) => set(all, [1, 'spec', 'interval'], '30m'))],
      ['comments', (tree) => void tree.set(place.app, `# A note.\n${tree.get(place.app)}`)],
      ['no Service', edit(place.app, (all) => void all.splice(1, 1))],
    ]);
    return { what, change, verdict: 'applied' };
  },
};

const SINGLE: { readonly [kind: string]: Maker } = {
  ...BROKEN,
  ...FUZZED,
  ...PODS,
  ...OBJECTS,
  ...TENANTS,
};

/** Two changes at once, which can hide each other. */
const two: Maker = (dice, place) => {
  const choose = (makers: { readonly [kind: string]: Maker }): Change => {
    const [kind, make] = dice.pick(Object.entries(makers));
    const made = make(dice, place);
    return { ...made, what: `${kind} (${made.what})` };
  };
  // A file that is broken cannot be changed as data, so this comes last.
  const [first, second] = [
    choose({ ...PODS, ...OBJECTS }),
    choose({ ...FUZZED, ...OBJECTS, ...TENANTS, ...BROKEN }),
  ];
  return {
    what: `${first.what}; ${second.what}`,
    change: (tree) => {
      first.change(tree);
      second.change(tree);
    },
  };
};

const KINDS: { readonly [kind: string]: Maker } = {
  ...SINGLE,
  ...LEGAL,
  'two changes at once': two,
};

const placeOf = (environment: string, repo: string): Place => ({
  ...{ environment, repo, folder: `${repo}/${environment}` },
  app: `${repo}/${environment}/app.yaml`,
  tenant: `flux-demo/${environment}/1_tenant.yaml`,
  sync: `flux-demo/${environment}/2_sync.yaml`,
  namespace: `fluxdemo-${environment}`,
});

/** The environments of the case `default`. */
const PLACES = [
  placeOf('dev', 'flux-dev'),
  placeOf('stage', 'flux-stage-prod'),
  placeOf('prod', 'flux-stage-prod'),
];

/** `perKind` changed estates of each kind; twice as many for ordinary changes and for two at once. */
export function seeded(seed: string, perKind: number): Seeded[] {
  return Object.entries(KINDS).flatMap(([kind, make]) => {
    const more = kind in LEGAL || make === two ? 2 : 1;
    return Array.from({ length: perKind * more }, (_, n): Seeded => {
      const dice = new Dice(`${seed} ${kind} ${n}`);
      const place = dice.pick(PLACES);
      const made = make(dice, place);
      const name = `${kind}, ${seed}-${n}, ${place.environment}: ${made.what}`.slice(0, 200);
      return { ...made, kind, name, place };
    });
  });
}
