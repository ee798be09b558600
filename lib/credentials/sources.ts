/** Which private repositories an estate has, and where Flux needs a Secret for each. */
import {
  type Environment,
  gitSecretOf,
  namespaceOf,
  secretNameOf,
  sshOwnerUrl,
} from '../plan/estate.ts';
import { gitCredentialsOf, syncNamesOf } from '../plan/oci.ts';
import type { RepoRecord } from '../plan/record.ts';
import type { Credentials, SharedSettings } from '../settings/settings.ts';
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
    const { owner, githubUrl, branch } = settings;
    const kind = gitCredentialsOf(settings);
    if (kind === 'none') return;
    const key = `${repo} ${kind}`;
    const places = [...(sources.get(key)?.places ?? []), place];
    const web = `${githubUrl}/${owner}/${repo}`;
    const sshHost = hostOf(sshOwnerUrl(settings));
    sources.set(key, { repo, owner, githubUrl, web, branch, kind, sshHost, places });
  };
  for (const environment of environments) add(environment.repo, environment, placeOf(environment));
  if (estate.syncConfig === 'yes') add(name, shared, configPlace(name));
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
export function chosenSources(sources: readonly Source[], words: readonly string[]): Source[] {
  if (words.length === 0) return [...sources];
  return sources.filter(({ repo, places }) =>
    places.some(({ environment }) => words.includes(environment ?? repo)),
  );
}

/** The title of the deploy keys of the estate `record` on GitHub. */
export function titleOf({ name }: Pick<RepoRecord, 'name'>): string {
  return `flux-gitops ${name}`;
}
