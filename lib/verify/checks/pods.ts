import { containersOf, podsOf } from '../admission/pods.ts';
import {
  about,
  at,
  type Finding,
  isObject,
  type Json,
  listAt,
  type Manifest,
  objectAt,
  textAt,
} from '../model.ts';

type Violation = { readonly what: string; readonly path: readonly (string | number)[] };

/** What Pod Security refuses at `level`. The message is that of the API server. */
export function checkPodSecurity(manifest: Manifest, level: string | undefined): Finding[] {
  if (level !== 'baseline' && level !== 'restricted') return [];
  const pods = podsOf(manifest);
  if (pods === undefined) return [];
  const violations = [
    ...baseline(pods.spec, pods.metadata),
    ...(level === 'restricted' ? restricted(pods.spec) : []),
  ];
  const [first] = violations;
  if (first === undefined) return [];
  const message = `violates PodSecurity "${level}:latest": ${violations.map(({ what }) => what).join(', ')}`;
  return [about('pod-security', manifest, message, [...pods.path, ...first.path])];
}

const CAPABILITIES = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
);
const SYSCTLS = new Set([
  ...['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies'],
  ...['net.ipv4.ping_group_range', 'net.ipv4.ip_unprivileged_port_start'],
  ...[
    'net.ipv4.ip_local_reserved_ports',
    'net.ipv4.tcp_keepalive_time',
    'net.ipv4.tcp_fin_timeout',
  ],
  ...['net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes', 'net.ipv4.tcp_rmem'],
  'net.ipv4.tcp_wmem',
]);
const SELINUX_TYPES = [
  '',
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
];

function baseline(spec: Json, metadata: Json): Violation[] {
  const found: Violation[] = [];
  const refuse = (what: string, ...path: (string | number)[]): void => {
    found.push({ what, path });
  };
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC'])
    if (spec[field] === true) refuse(`host namespaces (${field}=true)`, field);
  for (const [n, volume] of listAt(spec, 'volumes').entries())
    if (at(volume, 'hostPath') !== undefined)
      refuse(`hostPath volumes (volume "${textAt(volume, 'name')}")`, 'volumes', n, 'hostPath');
  for (const [n, one] of listAt(spec, 'securityContext', 'sysctls').entries()) {
    const name = textAt(one, 'name') ?? '';
    if (!SYSCTLS.has(name.replaceAll('/', '.')))
      refuse(`forbidden sysctls (${name})`, 'securityContext', 'sysctls', n);
  }
  checkContext(spec.securityContext, 'pod', ['securityContext'], refuse);
  for (const [name, value] of Object.entries(objectAt(metadata, 'annotations')))
    if (
      name.startsWith('container.apparmor.security.beta.kubernetes.io/') &&
      value === 'unconfined'
    )
      refuse(`forbidden AppArmor profile (annotation ${name}="unconfined")`);
  for (const { path, value } of containersOf(spec)) {
    const named = `container "${textAt(value, 'name')}"`;
    checkContext(value.securityContext, named, [...path, 'securityContext'], refuse);
    checkContainer(value, named, path, refuse);
  }
  return found;
}

type Refuse = (what: string, ...path: (string | number)[]) => void;

/** The fields that pods and containers have in common. */
function checkContext(
  context: unknown,
  named: string,
  path: readonly (string | number)[],
  refuse: Refuse,
): void {
  if (!isObject(context)) return;
  if (textAt(context, 'seccompProfile', 'type') === 'Unconfined')
    refuse(
      `seccompProfile (${named} must not set securityContext.seccompProfile.type to "Unconfined")`,
      ...path,
    );
  if (textAt(context, 'appArmorProfile', 'type') === 'Unconfined')
    refuse(
      `forbidden AppArmor profile (${named} must not set AppArmor profile type to "Unconfined")`,
      ...path,
    );
  if (at(context, 'windowsOptions', 'hostProcess') === true)
    refuse(
      `hostProcess (${named} must not set securityContext.windowsOptions.hostProcess=true)`,
      ...path,
    );
  const selinux = objectAt(context, 'seLinuxOptions');
  if (!SELINUX_TYPES.includes(textAt(selinux, 'type') ?? '') || selinux.user || selinux.role)
    refuse(`seLinuxOptions (${named} set forbidden securityContext.seLinuxOptions)`, ...path);
}

function checkContainer(
  value: Json,
  named: string,
  path: readonly (string | number)[],
  refuse: Refuse,
): void {
  const context = objectAt(value, 'securityContext');
  const inContext = [...path, 'securityContext'];
  if (context.privileged === true)
    refuse(
      `privileged (${named} must not set securityContext.privileged=true)`,
      ...inContext,
      'privileged',
    );
  const added = listAt(context, 'capabilities', 'add').map(String);
  const forbidden = added.filter((one) => !CAPABILITIES.has(one));
  if (forbidden.length > 0)
    refuse(
      `non-default capabilities (${named} must not include ${forbidden.map((one) => `"${one}"`).join(', ')} in securityContext.capabilities.add)`,
      ...inContext,
      'capabilities',
      'add',
    );
  const mount = textAt(context, 'procMount');
  if (mount !== undefined && mount !== 'Default')
    refuse(
      `procMount (${named} must not set securityContext.procMount to "${mount}")`,
      ...inContext,
      'procMount',
    );
  for (const [n, port] of listAt(value, 'ports').entries())
    if (Number(at(port, 'hostPort') ?? 0) !== 0)
      refuse(
        `hostPort (${named} uses hostPort ${at(port, 'hostPort')})`,
        ...path,
        'ports',
        n,
        'hostPort',
      );
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe'])
    for (const way of ['httpGet', 'tcpSocket'])
      if (textAt(value, probe, way, 'host'))
        refuse(
          `probe or lifecycle host (${named} uses probe or lifecycle host)`,
          ...path,
          probe,
          way,
          'host',
        );
}

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

function restricted(spec: Json): Violation[] {
  const found: Violation[] = [];
  for (const [n, volume] of listAt(spec, 'volumes').entries()) {
    const type = Object.keys(objectAt(volume)).find((key) => key !== 'name' && key !== 'hostPath');
    if (type !== undefined && !VOLUMES.includes(type))
      found.push({
        what: `restricted volume types (volume "${textAt(volume, 'name')}" uses restricted volume type "${type}")`,
        path: ['volumes', n],
      });
  }
  const ofPod = objectAt(spec, 'securityContext');
  for (const { path, value } of containersOf(spec)) {
    const named = `container "${textAt(value, 'name')}"`;
    const context = objectAt(value, 'securityContext');
    const inContext = [...path, 'securityContext'];
    const refuse = (what: string): void => {
      found.push({ what, path: inContext });
    };
    if (context.allowPrivilegeEscalation !== false)
      refuse(
        `allowPrivilegeEscalation != false (${named} must set securityContext.allowPrivilegeEscalation=false)`,
      );
    const capabilities = objectAt(context, 'capabilities');
    const isBare =
      listAt(capabilities, 'drop').includes('ALL') &&
      listAt(capabilities, 'add').every((one) => one === 'NET_BIND_SERVICE');
    if (!isBare)
      refuse(
        `unrestricted capabilities (${named} must set securityContext.capabilities.drop=["ALL"])`,
      );
    if ((context.runAsNonRoot ?? ofPod.runAsNonRoot) !== true)
      refuse(`runAsNonRoot != true (pod or ${named} must set securityContext.runAsNonRoot=true)`);
    if ((context.runAsUser ?? ofPod.runAsUser) === 0)
      refuse(`runAsUser=0 (${named} must not set runAsUser=0)`);
    const profile =
      textAt(context, 'seccompProfile', 'type') ?? textAt(ofPod, 'seccompProfile', 'type');
    if (!/^(RuntimeDefault|Localhost)$/.test(profile ?? ''))
      refuse(
        `seccompProfile (pod or ${named} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`,
      );
  }
  return found;
}
