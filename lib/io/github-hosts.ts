/** Where the parts of one GitHub are: the site itself, a Data Residency tenant or a server. */
export type GithubHost = {
  /** Web and git address, without a slash at its end. */
  readonly web: string;
  /** HOST or HOST:PORT. */
  readonly name: string;
  readonly api: string;
  /** github.com or TENANT.ghe.com: run by GitHub, on the newest version of the API. */
  readonly cloud: boolean;
  /** On this machine, where no proxy leads to. */
  readonly loopback: boolean;
};

/**
 * The parts of the GitHub at `githubUrl`. Enterprise Server: docs.github.com/en/enterprise-server/rest/
 * quickstart; Data Residency: docs.github.com/en/enterprise-cloud@latest/admin/data-residency.
 */
export function locateGithub(githubUrl: string): GithubHost {
  const { origin: web, host: name, hostname } = new URL(githubUrl);
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  const known = { web, name, loopback };
  if (name === 'github.com') return { ...known, api: 'https://api.github.com', cloud: true };
  if (name.endsWith('.ghe.com')) return { ...known, api: `https://api.${name}`, cloud: true };
  return { ...known, api: `${web}/api/v3`, cloud: false };
}
