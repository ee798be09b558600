/** Where the parts of one GitHub are: the site itself, a Data Residency tenant or a server. */
export type GithubHost = {
  /** Web and git address, without a slash at its end. */
  readonly web: string;
  /** HOST or HOST:PORT. */
  readonly name: string;
  readonly api: string;
  /** github.com or TENANT.ghe.com: run by GitHub, on the newest version of the API. */
  readonly cloud: boolean;
};

/**
 * The parts of the GitHub at `githubUrl`. Enterprise Server: docs.github.com/en/enterprise-server/rest/
 * quickstart; Data Residency: docs.github.com/en/enterprise-cloud@latest/admin/data-residency.
 */
export function locateGithub(githubUrl: string): GithubHost {
  const { origin: web, host: name } = new URL(githubUrl);
  if (name === 'github.com') return { web, name, api: 'https://api.github.com', cloud: true };
  if (name.endsWith('.ghe.com')) return { web, name, api: `https://api.${name}`, cloud: true };
  return { web, name, api: `${web}/api/v3`, cloud: false };
}
