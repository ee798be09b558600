import { repositoryUrl } from './estate.ts';
import { hasPolicies } from './operator-tier.ts';
import { DEMO_OWNER } from './questions.ts';
import { byRepo, type RepoRecord } from './record.ts';
import { environmentValues, isConfined, type Values } from './values.ts';

/** Pages of the README stay readable, and Mermaid has limits of its own. */
const SHOWN = { rows: 40, picture: 12 };

/** What the README of the repository that `record` describes says. */
export function readmeValues(record: RepoRecord): Values {
  const { name, defaults, environments } = record;
  const repos = [...byRepo(environments)].map(([repo, fed], index) => ({
    id: `repo${index}`,
    name: repo,
    url: repositoryUrl(fed[0] ?? defaults, repo),
  }));
  const ids = new Map(repos.map((repo) => [repo.name, repo.id]));
  const rows = environments.slice(0, SHOWN.rows).map(
    (environment, index): Values => ({
      ...environmentValues(environment),
      id: `env${index}`,
      repoId: ids.get(environment.repo),
    }),
  );
  const picture = rows.slice(0, SHOWN.picture);
  const pictured = new Set(picture.map(({ repoId }) => repoId));
  return {
    ...defaults,
    name,
    hasPolicies: hasPolicies(record),
    plainManifests: environments.some(isConfined),
    syncConfig: record.syncConfig === 'yes',
    isDemo: defaults.owner === DEMO_OWNER,
    repos: repos.slice(0, SHOWN.rows),
    rows,
    first: rows[0],
    picture,
    pictureRepos: repos.filter(({ id }) => pictured.has(id)),
    notPictured: environments.length - picture.length,
    notShown: environments.length - rows.length,
  };
}
