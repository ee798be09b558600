/** The formats of names and values that many kinds share, and how a check refuses a value. */
import { isIP } from 'node:net';
import { isObject, listAt, objectAt, textAt } from '../../model.ts';

export type Path = readonly (string | number)[];
export type Refuse = (path: Path, message: string) => void;

export const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
export const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
/** The key of a label or annotation, or the name of a resource. */
export const KEY =
  /^(?:([a-z0-9]([-a-z0-9.]*[a-z0-9])?)\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
/** What a container can ask for. */
export const RESOURCES = /^(cpu|memory|ephemeral-storage|hugepages-.+|[^/]+\/[^/]+)$/;
/** The value of a label. */
export const VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** The protocols of a port. */
export const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

export const isLabel = (text: string): boolean => text.length <= 63 && LABEL.test(text);
export const isSubdomain = (text: string): boolean => text.length <= 253 && SUBDOMAIN.test(text);
export const isAddress = (text: string): boolean => isIP(text) !== 0;

export function isNetwork(text: string): boolean {
  const [address = '', bits = '', more] = text.split('/');
  const most = isIP(address) === 6 ? 128 : 32;
  return isAddress(address) && /^\d+$/.test(bits) && Number(bits) <= most && more === undefined;
}

/** The number of a port, or its name in a container. */
export function isPort(port: unknown): boolean {
  if (typeof port === 'number') return port >= 1 && port <= 65_535;
  return (
    /^(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$/.test(String(port)) && !/--/.test(String(port))
  );
}

/** Refuses a text that is none of `allowed`; the API server takes an empty one for the default. */
export function oneOf(
  path: Path,
  value: unknown,
  allowed: readonly string[],
  refuse: Refuse,
): void {
  if (typeof value !== 'string' || value === '' || allowed.includes(value)) return;
  const list = allowed.map((one) => `"${one}"`).join(', ');
  refuse(path, `Unsupported value: "${value}": supported values: ${list}`);
}

/** The words of the API server about names that are none. */
export const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'";
export const LABEL_RULE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'";
export const KEY_RULE = "name part must consist of alphanumeric characters, '-', '_' or '.'";

/** Whether `text` is the key of a label or annotation: its prefix is the name of a domain. */
export function isKey(text: string): boolean {
  const prefix = text.includes('/') ? text.slice(0, text.indexOf('/')) : undefined;
  return KEY.test(text) && (prefix === undefined || isSubdomain(prefix));
}

/** Refuses numbers below `least` in the fields `keys` of `value`. */
export function atLeast(
  least: number,
  path: Path,
  value: unknown,
  keys: readonly string[],
  refuse: Refuse,
): void {
  for (const key of keys) {
    const number = objectAt(value)[key];
    if (typeof number === 'number' && number < least)
      refuse([...path, key], `Invalid value: ${number}: must be greater than or equal to ${least}`);
  }
}

/** Refuses labels that no object can have, and expressions without a meaning. */
export function checkSelectorValues(path: Path, selector: unknown, refuse: Refuse): void {
  if (!isObject(selector)) return;
  checkLabelMap([...path, 'matchLabels'], selector.matchLabels, refuse);
  for (const [n, one] of listAt(selector, 'matchExpressions').entries()) {
    const field = [...path, 'matchExpressions', n];
    const operator = textAt(one, 'operator') ?? '';
    const values = listAt(one, 'values');
    if (/^(Not)?In$/.test(operator)) {
      if (values.length === 0)
        refuse(
          [...field, 'values'],
          'Required value: must be specified when `operator` is `In` or `NotIn`',
        );
    } else if (/^(Exists|DoesNotExist)$/.test(operator)) {
      if (values.length > 0)
        refuse(
          [...field, 'values'],
          'Forbidden: may not be specified when `operator` is `Exists` or `DoesNotExist`',
        );
    } else
      refuse([...field, 'operator'], `Invalid value: "${operator}": not a valid selector operator`);
    if (!KEY.test(textAt(one, 'key') ?? ''))
      refuse(
        [...field, 'key'],
        `Invalid value: "${textAt(one, 'key')}": must be a valid label key`,
      );
  }
}

/** Refuses keys and values that are no labels. */
export function checkLabelMap(path: Path, labels: unknown, refuse: Refuse): void {
  for (const [key, value] of Object.entries(objectAt(labels)))
    if (!KEY.test(key) || !VALUE.test(String(value ?? '')))
      refuse(
        [...path, key],
        `Invalid value: "${KEY.test(key) ? value : key}": must be a valid label`,
      );
}
