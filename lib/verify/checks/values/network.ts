/** What the API server refuses about the values of an Ingress and a NetworkPolicy. */
import { at, isObject, listAt, type Manifest, objectAt, textAt } from '../../model.ts';
import {
  checkSelectorValues,
  isAddress,
  isLabel,
  isNetwork,
  isPort,
  isSubdomain,
  oneOf,
  type Path,
  PROTOCOLS,
  type Refuse,
  SUBDOMAIN_RULE,
} from './formats.ts';

/** Refuses what is wrong with the values of an Ingress. */
export function checkIngress({ value }: Manifest, refuse: Refuse): void {
  const spec = objectAt(value, 'spec');
  const rules = listAt(spec, 'rules');
  if (rules.length === 0 && spec.defaultBackend === undefined)
    refuse(['spec'], 'Invalid value: []: either `defaultBackend` or `rules` must be specified');
  if (isObject(spec.defaultBackend))
    checkBackend(['spec', 'defaultBackend'], spec.defaultBackend, refuse);
  const name = textAt(spec, 'ingressClassName');
  if (name !== undefined && !isSubdomain(name))
    refuse(['spec', 'ingressClassName'], `Invalid value: "${name}": ${SUBDOMAIN_RULE}`);
  for (const [n, tls] of listAt(spec, 'tls').entries()) {
    const secret = textAt(tls, 'secretName') ?? '';
    if (secret !== '' && !isSubdomain(secret))
      refuse(['spec', 'tls', n, 'secretName'], `Invalid value: "${secret}": ${SUBDOMAIN_RULE}`);
    for (const [m, host] of listAt(tls, 'hosts').entries())
      checkHost(['spec', 'tls', n, 'hosts', m], String(host), refuse);
  }
  for (const [n, rule] of rules.entries()) {
    const host = textAt(rule, 'host') ?? '';
    checkHost(['spec', 'rules', n, 'host'], isAddress(host) ? `${host}:` : host, refuse);
    const field: Path = ['spec', 'rules', n, 'http', 'paths'];
    const paths = listAt(rule, 'http', 'paths');
    if (isObject(at(rule, 'http')) && paths.length === 0) refuse(field, 'Required value');
    for (const [m, path] of paths.entries()) checkPath([...field, m], path, refuse);
  }
}

function checkHost(path: Path, host: string, refuse: Refuse): void {
  if (host !== '' && !isSubdomain(host.replace(/^\*\./, '')))
    refuse(path, `Invalid value: "${host}": ${SUBDOMAIN_RULE}`);
}

/** What a path that is compared part by part may not contain. */
const PARTS = /\/\/|\/\.\.?(?=\/|$)|%2[fF]/;

function checkPath(field: Path, path: unknown, refuse: Refuse): void {
  const type = textAt(path, 'pathType') ?? '';
  const text = textAt(path, 'path') ?? '';
  if (!/^(Exact|Prefix|ImplementationSpecific)$/.test(type))
    refuse(
      [...field, 'pathType'],
      `Unsupported value: "${type}": supported values: "Exact", "ImplementationSpecific", "Prefix"`,
    );
  else if (!text.startsWith('/') && (text !== '' || type !== 'ImplementationSpecific'))
    refuse([...field, 'path'], `Invalid value: "${text}": must be an absolute path`);
  else if (type !== 'ImplementationSpecific') {
    const [part] = PARTS.exec(text) ?? [];
    if (part !== undefined)
      refuse(
        [...field, 'path'],
        `Invalid value: "${text}": must not contain '${/^\/\.\.?$/.test(part) ? `${part}/` : part}'`,
      );
  }
  checkBackend([...field, 'backend'], at(path, 'backend'), refuse);
}

function checkBackend(field: Path, backend: unknown, refuse: Refuse): void {
  const { service, resource } = objectAt(backend);
  if (!isObject(service) && !isObject(resource)) {
    refuse(field, 'Required value: either a service or a resource backend is required');
    return;
  }
  if (isObject(service) && isObject(resource))
    refuse(field, 'Invalid value: "": cannot set both resource and service backends');
  if (!isObject(service)) return;
  const of: Path = [...field, 'service'];
  const own = textAt(service, 'name') ?? '';
  if (!isLabel(own))
    refuse(
      [...of, 'name'],
      `Invalid value: "${own}": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'`,
    );
  const { number, name } = objectAt(service, 'port');
  if (!number && !name) refuse([...of, 'port'], 'Required value: port name or number is required');
  if (number && name) refuse(field, 'Invalid value: "": cannot set both port name & port number');
  else if (number && !isPort(number))
    refuse(
      [...of, 'port', 'number'],
      `Invalid value: ${number}: must be between 1 and 65535, inclusive`,
    );
  else if (name && !isPort(name))
    refuse(
      [...of, 'port', 'name'],
      `Invalid value: "${name}": must be no more than 15 characters, lower case letters, digits and '-'`,
    );
}

/** Refuses what is wrong with the values of a NetworkPolicy. */
export function checkNetwork({ value }: Manifest, refuse: Refuse): void {
  const spec = objectAt(value, 'spec');
  checkSelectorValues(['spec', 'podSelector'], spec.podSelector, refuse);
  const types = listAt(spec, 'policyTypes');
  if (types.length > 2)
    refuse(
      ['spec', 'policyTypes'],
      `Invalid value: ${JSON.stringify(types)}: may not specify more than two policyTypes`,
    );
  for (const [n, type] of types.entries())
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
        checkEnd([...field, 'endPort'], number, at(port, 'endPort'), refuse);
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
  else if (!hasNoHost(cidr))
    refuse(
      [...path, 'ipBlock', 'cidr'],
      `Invalid value: "${cidr}": must not have bits set beyond the prefix length`,
    );
  for (const [n, one] of listAt(ipBlock, 'except').entries()) {
    const field = [...path, 'ipBlock', 'except', n];
    if (!isNetwork(String(one)))
      refuse(field, `Invalid value: "${one}": must be a valid CIDR value`);
    else if (isNetwork(cidr) && !isWithin(String(one), cidr))
      refuse(field, `Invalid value: "${one}": must be a strict subset of \`cidr\``);
  }
}

/** Refuses an end of a range of ports that has no numbered beginning before it. */
function checkEnd(path: Path, start: unknown, end: unknown, refuse: Refuse): void {
  if (typeof end !== 'number') return;
  if (start === undefined || start === null)
    refuse(path, `Invalid value: ${end}: may not be specified when \`port\` is not specified`);
  else if (typeof start === 'string')
    refuse(path, `Invalid value: ${end}: may not be specified when \`port\` is non-numeric`);
  else if (end < Number(start))
    refuse(path, `Invalid value: ${end}: must be greater than or equal to \`port\``);
}

/** The address of a network as one number, its length, and how many bits an address has. */
function bitsOf(network: string): { address: bigint; length: number; all: number } {
  const [text = '', length] = network.split('/');
  if (!text.includes(':')) {
    const address = text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
    return { address, length: Number(length), all: 32 };
  }
  // The URL of an address has it in its short form, without IPv4 at the end.
  const [head = '', tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::');
  const [first, last] = [head, tail ?? ''].map((half) => (half === '' ? [] : half.split(':')));
  const zeros = Array.from({ length: 8 - (first?.length ?? 0) - (last?.length ?? 0) }, () => '0');
  const parts = [...(first ?? []), ...(tail === undefined ? [] : zeros), ...(last ?? [])];
  const address = parts.reduce((sum, part) => sum * 65_536n + BigInt(`0x${part}`), 0n);
  return { address, length: Number(length), all: 128 };
}

function hasNoHost(network: string): boolean {
  const { address, length, all } = bitsOf(network);
  return address % 2n ** BigInt(all - length) === 0n;
}

function isWithin(inner: string, outer: string): boolean {
  const [own, other] = [bitsOf(inner), bitsOf(outer)];
  if (own.all !== other.all || own.length <= other.length) return false;
  const size = 2n ** BigInt(other.all - other.length);
  return own.address / size === other.address / size;
}
