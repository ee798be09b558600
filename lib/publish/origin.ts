/** Compares remotes of git: one repository has many spellings. This file has no effects. */

/** Whether `origin` and `url` are the same repository, in any spelling that git and GitHub understand. */
export function isSameRepository(origin: string, url: string): boolean {
  const [one, other] = [readAddress(origin), readAddress(url)];
  if (one === undefined || other === undefined) return false;
  // the ports of ssh and git are unrelated to the port of the web server
  const samePort = one.web && other.web ? one.port === other.port : true;
  return one.host === other.host && one.path === other.path && samePort;
}

/**
 * Whether a push to `origin` certainly does not reach the repository at `url`. A host of ssh can be an alias of the user's
 * own, and a path on this machine can be a mirror, so they prove nothing.
 */
export function leadsElsewhere(origin: string, url: string): boolean {
  const [one, other] = [readAddress(origin), readAddress(url)];
  if (one === undefined || other === undefined || isSameRepository(origin, url)) return false;
  return one.path !== other.path || one.web;
}

/** The parts of an address; `web` is true for http and https. */
type Address = {
  readonly host: string;
  readonly port: string;
  readonly path: string;
  readonly ssh: boolean;
  readonly web: boolean;
};

const SCHEMES = /^(?<scheme>https?|ssh|git|git\+ssh|ssh\+git):\/\/(?<rest>.*)$/i;
const PARTS = /^(?:[^@/]*@)?(?<host>\[[^\]]+\]|[^:/@]+)(?::(?<port>\d*))?\/+(?<path>.+)$/;
/** The syntax of scp: no scheme, and a colon before the first slash. */
const SCP = /^(?:[^@/:]+@)?(?<host>\[[^\]]+\]|[^:/@]+):(?!\/\/)\/*(?<path>.+)$/;

/** The parts of an address of git; undefined for a path on this machine and for anything else. */
export function readAddress(text: string): Address | undefined {
  const { scheme = 'ssh', rest } = SCHEMES.exec(text)?.groups ?? {};
  const parts = rest === undefined ? SCP.exec(text) : PARTS.exec(rest);
  const { host, port = '', path } = parts?.groups ?? {};
  if (host === undefined || path === undefined || host.startsWith('-')) return undefined;
  const web = /^http/i.test(scheme);
  const usual = scheme.toLowerCase() === 'https' ? '443' : '80';
  return {
    host: sameHost(host.toLowerCase()),
    port: port === usual ? '' : port,
    path: path
      .replace(/\/+$/, '')
      .replace(/\.git$/i, '')
      .replace(/\/{2,}/g, '/')
      .toLowerCase(),
    ssh: /ssh/i.test(scheme),
    web,
  };
}

/** docs.github.com/en/authentication/troubleshooting-ssh/using-ssh-over-the-https-port */
function sameHost(host: string): string {
  return host === 'ssh.github.com' || host === 'www.github.com' ? 'github.com' : host;
}
