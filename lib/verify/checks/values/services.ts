/** What the API server refuses about the values of a Service. */
import { at, listAt, type Manifest, objectAt, textAt } from '../../model.ts';
import {
  checkLabelMap,
  isAddress,
  isKey,
  isLabel,
  isNetwork,
  isPort,
  isSubdomain,
  KEY,
  KEY_RULE,
  oneOf,
  type Path,
  PROTOCOLS,
  type Refuse,
} from './formats.ts';

type Spec = { readonly [key: string]: unknown };

/** Refuses what is wrong with the values of a Service. */
export function checkServiceValues({ value }: Manifest, refuse: Refuse): void {
  const spec = objectAt(value, 'spec');
  checkPorts(spec, refuse);
  for (const [key, allowed] of Object.entries(WORDS))
    oneOf(['spec', key], spec[key], allowed, refuse);
  const address = spec.clusterIP;
  if (typeof address === 'string' && address !== '' && address !== 'None' && !isAddress(address))
    refuse(['spec', 'clusterIPs', 0], `Invalid value: "${address}": must be a valid IP address`);
  checkType(spec, refuse);
  checkLabelMap(['spec', 'selector'], spec.selector, refuse);
}

/** The fields with one of a few words. */
const WORDS: { readonly [key: string]: readonly string[] } = {
  sessionAffinity: ['ClientIP', 'None'],
  externalTrafficPolicy: ['Cluster', 'Local'],
  internalTrafficPolicy: ['Cluster', 'Local'],
  ipFamilyPolicy: ['PreferDualStack', 'RequireDualStack', 'SingleStack'],
  trafficDistribution: ['PreferClose', 'PreferSameZone', 'PreferSameNode'],
};

function checkPorts(spec: Spec, refuse: Refuse): void {
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
    const use = textAt(port, 'appProtocol');
    if (use && !KEY.test(use))
      refuse(
        [...field, 'appProtocol'],
        `Invalid value: "${use}": name part must consist of alphanumeric characters, '-', '_' or '.'`,
      );
    const node = at(port, 'nodePort');
    if (
      node &&
      ports.findIndex(
        (one) => at(one, 'nodePort') === node && (at(one, 'protocol') || 'TCP') === protocol,
      ) < n
    )
      refuse([...field, 'nodePort'], `Invalid value: ${node}: provided port is already allocated`);
    if ((spec.type ?? 'ClusterIP') === 'ClusterIP' && node)
      refuse([...field, 'nodePort'], "Forbidden: may not be used when `type` is 'ClusterIP'");
  }
}

/** The fields that only some types may have. */
function checkType(spec: Spec, refuse: Refuse): void {
  const type = spec.type ?? 'ClusterIP';
  const isLoadBalancer = type === 'LoadBalancer';
  const isExternal = isLoadBalancer || type === 'NodePort';
  if (spec.clusterIP === 'None' && isExternal)
    refuse(
      ['spec', 'clusterIPs', 0],
      `Invalid value: "None": may not be set to 'None' for ${type} services`,
    );
  if (spec.externalTrafficPolicy && !isExternal && listAt(spec, 'externalIPs').length === 0)
    refuse(
      ['spec', 'externalTrafficPolicy'],
      `Invalid value: "${spec.externalTrafficPolicy}": may only be set for externally-accessible services`,
    );
  checkBalancer(spec, isLoadBalancer, refuse);
  const seconds = at(spec, 'sessionAffinityConfig', 'clientIP', 'timeoutSeconds');
  if (
    spec.sessionAffinity === 'ClientIP' &&
    typeof seconds === 'number' &&
    !(seconds > 0 && seconds <= 86_400)
  )
    refuse(
      ['spec', 'sessionAffinityConfig', 'clientIP', 'timeoutSeconds'],
      `Invalid value: ${seconds}: must be greater than 0 and less than 86400`,
    );
  checkFamilies(spec, refuse);
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isLoadBalancer)
    refuse(
      ['spec', 'allocateLoadBalancerNodePorts'],
      "Forbidden: may only be used when `type` is 'LoadBalancer'",
    );
  if (type === 'ExternalName' && spec.clusterIP)
    refuse(['spec', 'clusterIPs'], 'Forbidden: may not be set for ExternalName services');
  const host = String(spec.externalName ?? '').replace(/\.$/, '');
  if (type === 'ExternalName' && !isSubdomain(host))
    refuse(
      ['spec', 'externalName'],
      `Invalid value: "${spec.externalName ?? ''}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'`,
    );
}

/** The fields of a load balancer. */
function checkBalancer(spec: Spec, isLoadBalancer: boolean, refuse: Refuse): void {
  const ranges = listAt(spec, 'loadBalancerSourceRanges');
  for (const key of ['loadBalancerSourceRanges', 'loadBalancerClass'])
    if (!isLoadBalancer && (key === 'loadBalancerClass' ? spec[key] : ranges.length > 0))
      refuse(['spec', key], "Forbidden: may only be used when `type` is 'LoadBalancer'");
  if (isLoadBalancer)
    for (const [n, range] of ranges.entries())
      if (!isNetwork(String(range).trim()))
        refuse(
          ['spec', 'loadBalancerSourceRanges', n],
          `Invalid value: "${range}": must be a valid CIDR value`,
        );
  const balancer = textAt(spec, 'loadBalancerClass');
  if (isLoadBalancer && balancer && !isKey(balancer))
    refuse(['spec', 'loadBalancerClass'], `Invalid value: "${balancer}": ${KEY_RULE}`);
  const health = spec.healthCheckNodePort;
  if (typeof health === 'number' && health !== 0 && !isPort(health))
    refuse(
      ['spec', 'healthCheckNodePort'],
      `Invalid value: ${health}: must be between 1 and 65535, inclusive`,
    );
  if (spec.healthCheckNodePort && !(isLoadBalancer && spec.externalTrafficPolicy === 'Local'))
    refuse(
      ['spec', 'healthCheckNodePort'],
      `Invalid value: ${spec.healthCheckNodePort}: may only be set when \`type\` is 'LoadBalancer' and \`externalTrafficPolicy\` is 'Local'`,
    );
}

/** The addresses of a Service, and the families that they are of. */
function checkFamilies(spec: Spec, refuse: Refuse): void {
  const families = listAt(spec, 'ipFamilies');
  for (const [n, family] of families.entries()) {
    oneOf(['spec', 'ipFamilies', n], family, ['IPv4', 'IPv6'], refuse);
    if (families.indexOf(family) < n)
      refuse(['spec', 'ipFamilies', n], `Duplicate value: "${family}"`);
  }
  const addresses = listAt(spec, 'clusterIPs');
  if (addresses.length > 0 && spec.clusterIP !== undefined && addresses[0] !== spec.clusterIP)
    refuse(
      ['spec', 'clusterIPs'],
      `Invalid value: ${JSON.stringify(addresses)}: first value must match \`clusterIP\``,
    );
}
