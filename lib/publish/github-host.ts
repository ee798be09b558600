/** The addresses of one GitHub, and the facts about it for messages. */

/** One GitHub: the site itself, a Data Residency tenant or an Enterprise Server. */
export type GithubHost = {
  /** Web and git address, without a slash at its end. */
  readonly web: string;
  /** HOST or HOST:PORT. */
  readonly name: string;
  readonly api: string;
  /** github.com or TENANT.ghe.com: run by GitHub, on the newest version of the API. */
  readonly cloud: boolean;
  /** On this machine: a proxy is not used for it. */
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

export const CLOUD_VARIABLES = ['GH_TOKEN', 'GITHUB_TOKEN'] as const;
export const SERVER_VARIABLES = ['GH_ENTERPRISE_TOKEN', 'GITHUB_ENTERPRISE_TOKEN'] as const;

/** The environment variables for tokens of a GitHub, as in `gh help environment`. */
export function tokenVariables({ cloud }: GithubHost): readonly string[] {
  return cloud ? CLOUD_VARIABLES : SERVER_VARIABLES;
}

/** The facts for messages about a GitHub and its tokens. */
export function hostFacts(host: GithubHost) {
  const tokens = `${host.web}/settings/tokens`;
  return { host: host.name, api: host.api, tokens, variable: tokenVariables(host)[0] };
}
