/** Which private repositories an estate has, and where Flux needs a Secret for each. */
import {
  type Environment,
  gitSecretOf,
  namespaceOf,
  repositoryUrl,
  secretNameOf,
  sshOwnerUrl,
} from '../plan/estate.ts';
import type { RepoRecord } from '../plan/record.ts';
import { gitCredentialsOf, syncNamesOf } from '../plan/values/oci.ts';
import { type Credentials, DEMO_OWNER, type SharedSettings } from '../settings/settings.ts';
import { hostOf } from './known-hosts.ts';

/** One namespace in which Flux reads a repository. */
export type Place = {
  /** Undefined for the config repo itself. */
  readonly environment: string | undefined;
  readonly namespace: string;
  /** The name of the Secret. */
  readonly secret: string;
  /** The name of the GitRepository. */
  readonly source: string;
};

/** One private repository. All its places have the same key. */
export type Source = {
  readonly repo: string;
  readonly owner: string;
  readonly githubUrl: string;
  /** The web address of the repository. */
  readonly web: string;
  readonly branch: string;
  readonly kind: Exclude<Credentials, 'none'>;
  /** The git server for ssh, as known_hosts has it. */
  readonly sshHost: string;
  readonly places: readonly Place[];
};

const FLUX = 'flux-system';

/**
 * The private repositories of the estate `record` for which Flux needs credentials. The config repo is one of them if
 * Flux follows it.
 */
export function sourcesOf(record: RepoRecord): Source[] {
  const { name, estate, shared, environments } = record;
  const sources = new Map<string, Source>();
  const add = (repo: string, settings: SharedSettings, place: Place): void => {
    const kind = gitCredentialsOf(settings);
    if (kind === 'none') return;
    const key = `${repo} ${kind}`;
    const places = [...(sources.get(key)?.places ?? []), place];
    sources.set(key, { ...sourceAt(repo, settings), kind, places });
  };
  for (const environment of environments) add(environment.repo, environment, placeOf(environment));
  if (estate.syncConfig === 'yes') add(name, shared, configPlace(name));
  return [...sources.values()];
}

function sourceAt(repo: string, settings: SharedSettings): Omit<Source, 'kind' | 'places'> {
  const { owner, githubUrl, branch } = settings;
  const web = repositoryUrl(settings, repo);
  return { repo, owner, githubUrl, web, branch, sshHost: hostOf(sshOwnerUrl(settings)) };
}

/** A repository that may have deploy keys, and who needs them: environments, or the config repo. */
export type KeyedSource = Source & { readonly neededBy: readonly string[] };

/**
 * All repositories of the estate `record` that may have deploy keys. A key stays on GitHub when Flux begins to read in
 * another way, so it does not matter how Flux reads now. The public demo has none.
 */
export function keyedSourcesOf(record: RepoRecord): KeyedSource[] {
  const { name, estate, shared, environments } = record;
  const sources = new Map<string, KeyedSource>();
  const add = (repo: string, settings: SharedSettings, place: Place, isRead: boolean): void => {
    if (settings.owner === DEMO_OWNER) return;
    const { places = [], neededBy = [] } = sources.get(repo) ?? {};
    const needs = isRead && gitCredentialsOf(settings) === 'deploy-key';
    sources.set(repo, {
      ...{ ...sourceAt(repo, settings), kind: 'deploy-key', places: [...places, place] },
      neededBy: needs ? [...neededBy, place.environment ?? repo] : neededBy,
    });
  };
  for (const one of environments) add(one.repo, one, placeOf(one), true);
  add(name, shared, configPlace(name), estate.syncConfig === 'yes');
  return [...sources.values()];
}

const placeOf = (environment: Environment): Place => ({
  environment: environment.name,
  namespace: namespaceOf(environment),
  secret: secretNameOf(environment),
  source: syncNamesOf(environment).source,
});

/** The Flux Operator names the source of the config repo after its namespace. */
const configPlace = (name: string): Place => ({
  environment: undefined,
  namespace: FLUX,
  secret: gitSecretOf(name),
  source: FLUX,
});

/** Those of `sources` that `words` name by an environment or, for the config repo, by the repository; all without words. */
export function chosenSources<One extends Source>(
  sources: readonly One[],
  words: readonly string[],
): One[] {
  if (words.length === 0) return [...sources];
  return sources.filter(({ repo, places }) =>
    places.some(({ environment }) => words.includes(environment ?? repo)),
  );
}

/** The title of the deploy keys of the estate `record` on GitHub. */
export function titleOf({ name }: Pick<RepoRecord, 'name'>): string {
  return `flux-gitops ${name}`;
}
