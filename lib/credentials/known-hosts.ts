/** The host keys of a git server, in the format of known_hosts. */
import { createHmac } from 'node:crypto';

/** The host of an SSH `address` as known_hosts has it: with its port in brackets, unless the port is 22. */
export function hostOf(address: string): string {
  const { hostname, port } = new URL(address);
  const bare = hostname.replace(/^\[|\]$/g, '');
  return port === '' || port === '22' ? bare : `[${bare}]:${port}`;
}

/** known_hosts for `host` with `keys`: the type and the key of each, as the API of GitHub gives them. */
export function knownHosts(host: string, keys: readonly string[]): string {
  return keys.map((key) => `${host} ${key.trim()}\n`).join('');
}

/** The lines of a known_hosts file `text` that are about `host`, with its name in clear; '' if there is none. */
export function knownHostsFor(host: string, text: string): string {
  const keys = text.split('\n').flatMap((line) => {
    const [names = '', type = '', key = ''] = line.trim().split(/\s+/);
    const isKey = /^[\w@.-]+$/.test(type) && /^[A-Za-z0-9+/]+=*$/.test(key);
    return isKey && names.split(',').some((name) => isHost(name, host)) ? [`${type} ${key}`] : [];
  });
  return knownHosts(host, [...new Set(keys)]);
}

/** Whether `name` in a known_hosts file is `host`. A hashed name is |1|SALT|HASH. Patterns are left out on purpose. */
function isHost(name: string, host: string): boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|([^|]+)$/.exec(name) ?? [];
  if (salt === undefined) return name === host;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(host).digest('base64') === hash;
}
