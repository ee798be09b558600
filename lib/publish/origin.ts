/** In how many ways one repository can be written as a remote of git; no effects here. */

/** Whether `origin` is the repository at `url`, in any spelling that git and GitHub understand. */
export function isSameRepository(origin: string, url: string): boolean {
  const [one, other] = [readAddress(origin), readAddress(url)];
  if (one === undefined || other === undefined) return false;
  // ssh and git have ports of their own, which say nothing about the one of the web
  const samePort = one.web && other.web ? one.port === other.port : true;
  return one.host === other.host && one.path === other.path && samePort;
}

/** An address, taken apart; `web` is http or https. */
type Address = {
  readonly host: string;
  readonly port: string;
  readonly path: string;
  readonly ssh: boolean;
  readonly web: boolean;
};

const SCHEMES = /^(?<scheme>https?|ssh|git|git\+ssh|ssh\+git):\/\/(?<rest>.*)$/i;
const PARTS = /^(?:[^@/]*@)?(?<host>\[[^\]]+\]|[^:/@]+)(?::(?<port>\d*))?\/+(?<path>.+)$/;
/** What scp understands: no scheme, and a colon before the first slash. */
const SCP = /^(?:[^@/:]+@)?(?<host>\[[^\]]+\]|[^:/@]+):(?!\/\/)\/*(?<path>.+)$/;

/** The parts of an address of git; undefined for a path on this machine, and what is none. */
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
