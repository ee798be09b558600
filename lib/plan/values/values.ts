import { imageTag } from '../../settings/rules.ts';
import { DEMO_OWNER } from '../../settings/settings.ts';
import type { SyncSpec } from '../../settings/sync-spec.ts';
import {
  byRepo,
  type Environment,
  gitSecretOf,
  namespaceOf,
  ownerUrl,
  repositoryUrl,
  secretNameOf,
  sourceUrl,
  sshOwnerUrl,
} from '../estate.ts';
import { GENERATOR } from '../generator.ts';
import type { Values } from '../plan.ts';
import { decrypts, hasPolicies, type RepoRecord } from '../record.ts';
import { keySecretLines, pullSecretLines } from './artifact-secrets.ts';
import { appFolderOf } from './layout.ts';
import {
  configSourceValues,
  followsArtifact,
  gitCredentialsOf,
  isGithubRegistry,
  isKeySigned,
  isOci,
  registryHostOf,
  sourceValues,
  syncNamesOf,
} from './oci.ts';
import { flagsOf, hostKeysAt, type SecretCommand, secretCommands } from './secret-commands.ts';
import { earlierQuotaOf, quotaOf } from './sizes.ts';

const made = new WeakMap<Environment, Values>();

/** The values of `environment`: the same object for all of its layers. */
export function environmentValues(environment: Environment): Values {
  const values = made.get(environment) ?? makeValues(environment);
  made.set(environment, values);
  return values;
}

function makeValues(environment: Environment): Values {
  const namespace = namespaceOf(environment);
  const folder = appFolderOf(environment);
  const names = syncNamesOf(environment);
  const isPlain = environment.layout === 'plain';
  return {
    ...environment,
    namespace,
    gitRepository: names.source,
    kustomization: names.kustomization,
    reconciler: `${namespace}-reconciler`,
    legacyUser: `gotk:${namespace}:reconciler`,
    path: environment.path ?? `./${folder}`,
    folder,
    // The file in which a person changes the demo app.
    appFile: `${folder}/${isPlain ? 'app.yaml' : 'kustomization.yaml'}`,
    hasDemo: hasDemo(environment),
    // What the picture of the README shows.
    workload: hasDemo(environment) ? 'Deployment<br>kcheck' : 'your app',
    instance: `kcheck-${environment.name}`.slice(0, 63).replace(/-+$/, ''),
    url: repositoryUrl(environment, environment.repo),
    sourceUrl: sourceUrl(environment, environment.repo),
    gitSecret: secretNameOf(environment),
    credentials: gitCredentialsOf(environment),
    ...sourceValues(environment),
    ownerUrl: ownerUrl(environment),
    sshOwnerUrl: sshOwnerUrl(environment),
    // An address has no blanks.
    allowedSources: environment.tenantSource.join(' '),
    ...syncValues(environment.syncSpec),
    confined: isConfined(environment),
    versions: versionsOf(environment),
    quota: quotaOf(environment),
  };
}

/** The fields of a SyncSpec; `commonMetadata` is null if there is none. */
function syncValues({ patches = [], images = [], commonMetadata }: SyncSpec): Values {
  return { patches, images, commonMetadata: commonMetadata ?? null };
}

/** The values of `environment` that versions without sizes computed differently. */
export function earlierEnvironmentValues(environment: Environment): Values {
  return {
    loadBalancers: environment.serviceType === 'LoadBalancer' ? 1 : 0,
    quota: earlierQuotaOf(environment),
  };
}

/** Whether the app repo holds the demo app for `environment`. */
export function hasDemo({ noDemo }: Environment): boolean {
  return noDemo === 'no';
}

/** Whether Flux ignores kustomization.yaml in the sources of this tenant. */
export function isConfined({ profile, allowKustomize }: Environment): boolean {
  return profile === 'hardened' && allowKustomize === 'no';
}

/** Whether a hardened tenant may use kustomization.yaml. */
export function mayKustomize(environment: Environment): boolean {
  return environment.profile === 'hardened' && !isConfined(environment);
}

/** The version labels by image: most environments have the same one. */
const versions = new Map<string, string[]>();

/** The version label of the app; none if the tag of the image is not a valid label value. */
function versionsOf({ image }: Environment): string[] {
  const known = versions.get(image);
  if (known !== undefined) return known;
  const tag = imageTag(image);
  const isLabel = tag !== undefined && /^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/.test(tag);
  versions.set(image, isLabel ? [tag] : []);
  return versions.get(image) ?? [];
}

/** The maximum number of environments in the picture: Mermaid has limits, and the README must stay readable. */
const SHOWN = { rows: 40, picture: 12 };

const namesOf = (environments: readonly Environment[]): string =>
  environments
    .slice(0, SHOWN.rows)
    .map(({ name }) => `\`${name}\``)
    .join(', ');

/** The values for the README of the repository of `record`. */
export function readmeValues(record: RepoRecord): Values {
  const { name, shared, environments } = record;
  const repos = [...byRepo(environments)].map(([repo, fed]) => ({
    name: repo,
    owner: (fed[0] ?? shared).owner,
    branch: (fed[0] ?? shared).branch,
    url: repositoryUrl(fed[0] ?? shared, repo),
  }));
  const rows = environments.slice(0, SHOWN.rows).map(environmentValues);
  const demos = environments.filter(hasDemo);
  const { picture, pictureRepos } = pictureOf(environments.slice(0, SHOWN.picture));
  return {
    ...shared,
    credentials: gitCredentialsOf(shared),
    name,
    generator: GENERATOR,
    hasPolicies: hasPolicies(record),
    plainManifests: environments.some(isConfined),
    syncConfig: record.estate.syncConfig === 'yes',
    isPrivate: record.estate.visibility === 'private',
    ...artifactValues(record),
    isDemo: environments.every(({ owner }) => owner === DEMO_OWNER),
    // Flux reads this repository last, when the others are there.
    ownRepos: [
      ...repos,
      { name, owner: shared.owner, branch: shared.branch, url: repositoryUrl(shared, name) },
    ]
      .filter(({ owner }) => owner !== DEMO_OWNER)
      .slice(0, SHOWN.rows),
    kustomizeTenants: environments
      .filter(mayKustomize)
      .map((one) => one.name)
      .slice(0, SHOWN.rows)
      .join(', '),
    ...privateValues(record),
    repos: repos.slice(0, SHOWN.rows),
    rows,
    first: rows[0],
    demos: demos.length === 0 ? 'none' : demos.length < environments.length ? 'some' : 'all',
    demoNames: namesOf(demos),
    referenceNames: namesOf(environments.filter(({ profile }) => profile === 'reference')),
    firstDemo: demos.slice(0, 1).map(environmentValues)[0],
    picture,
    // Mermaid's older layout draws subgraphs from the last to the first. Its newer layout follows the arrows.
    pictureUpwards: picture.toReversed(),
    pictureRepos,
    notPictured: environments.length - picture.length,
    notShown: environments.length - rows.length,
  };
}

/** What a README says about the Secrets with which Flux reads private repositories. */
function privateValues({ kind, name, estate, shared, environments }: RepoRecord): Values {
  const needy = environments.filter((one) => gitCredentialsOf(one) !== 'none');
  const followed =
    kind === 'config-repo' && estate.syncConfig === 'yes' && !isOci(shared) ? [shared] : [];
  const all = [...needy, ...followed].map(({ credentials }) => credentials);
  const readers = needy.map((one) => ({ word: one.name, repo: one.repo, settings: one }));
  const lines = secretCommands(readers, true).map(lineOf);
  const scanned = [...needy, ...followed].flatMap((one) => hostKeysAt(one) ?? []);
  return {
    usesKeys: all.includes('deploy-key'),
    usesTokens: all.includes('token'),
    usesApps: all.includes('github-app'),
    hasSecrets: needy.length > 0,
    configCredentials: followed[0]?.credentials ?? 'none',
    configSecret: gitSecretOf(name),
    configLine: lineOf({ words: [name], flags: flagsOf({ settings: shared }, true) }),
    // With what a person gives Flux the Secret of an environment that gets the settings of the estate.
    newFlags: flagsOf({ settings: shared }, true)
      .map((flag) => ` ${flag}`)
      .join(''),
    // Environments whose Secrets the user makes.
    ownNames: namesOf(estate.visibility === 'private' ? environments.filter(isOwn) : []),
    readsGit: followed.length > 0 || environments.some((one) => !isOci(one)),
    hasHardened: environments.some(({ profile }) => profile === 'hardened'),
    secretLines: lines.slice(0, SHOWN.rows),
    secretLine: lines.join('` and `flux-gitops '),
    scanned: [...new Set(scanned)].join('`, `ssh-keyscan '),
    encrypts: decrypts({ estate }),
    firstSecret: needy.slice(0, 1).map(environmentValues)[0],
  };
}

/** Whether Flux reads the git repository of `one` with a Secret of the user's own, if it is private. */
const isOwn = (one: Environment): boolean => !isOci(one) && one.credentials === 'none';

const lineOf = ({ words, flags }: Pick<SecretCommand, 'words' | 'flags'>): string =>
  ['credentials', ...words, ...flags].join(' ');

/** What a README says of artifacts. `sources` are the kinds of the sources, as kubectl takes them. */
function artifactValues(record: RepoRecord): Values {
  const pushed = record.environments.filter(isOci);
  const isPrivate = record.estate.visibility === 'private';
  const { githubUrl, owner } = pushed[0] ?? record.shared;
  const { host } = new URL(githubUrl);
  const kinds = new Set(
    record.environments.map((one) => `${isOci(one) ? 'oci' : 'git'}repositories`),
  );
  return {
    sources: [...kinds].sort().join(','),
    artifacts: pushed.slice(0, SHOWN.rows).map(environmentValues),
    pullLines: isPrivate ? pullSecretLines(pushed.slice(0, SHOWN.rows)) : [],
    keyLines: keySecretLines(pushed.slice(0, SHOWN.rows).filter(isKeySigned)),
    artifactRepos: [
      ...new Set(pushed.slice(0, SHOWN.rows).map(({ repo }) => repo)),
      ...(followsArtifact(record) ? [record.name] : []),
    ].join(' '),
    // A repository as gh names it.
    ghOwner: host === 'github.com' ? owner : `${host}/${owner}`,
    gh: host === 'github.com' ? 'gh' : `GH_HOST=${host} gh`,
    firstArtifact: pushed.slice(0, 1).map(environmentValues)[0],
    config: configSourceValues(record),
    registryHost: registryHostOf(pushed[0] ?? record.shared),
    isGithubRegistry: isGithubRegistry(pushed[0] ?? record.shared),
  };
}

/**
 * The nodes of a Mermaid picture of `environments`. An app repo appears again if another app repo is between two of its
 * environments. Otherwise Mermaid would change the order of the environments, so that no arrows cross.
 */
function pictureOf(
  environments: readonly Environment[],
): Record<'picture' | 'pictureRepos', Values[]> {
  const picture: Values[] = [];
  const pictureRepos: Values[] = [];
  for (const [index, environment] of environments.entries()) {
    if (environment.repo !== environments[index - 1]?.repo)
      pictureRepos.push({ id: `repo${pictureRepos.length}`, name: environment.repo });
    picture.push({
      ...environmentValues(environment),
      id: `env${index}`,
      repoId: `repo${pictureRepos.length - 1}`,
    });
  }
  return { picture, pictureRepos };
}
