import { type Problem, quote } from '../../errors.ts';
import type { Given } from '../../settings/arguments.ts';
import { isRegistryPart, OWNER_IN_ADDRESS } from '../../settings/rules.ts';
import { type Credentials, DEMO_OWNER, type SharedSettings } from '../../settings/settings.ts';
import { byRepo, type Environment } from '../estate.ts';
import type { SyncNames, Values } from '../plan.ts';
import type { RepoRecord } from '../record.ts';

/** OCI artifacts (`--source oci`): where they are, who signs them, and what the workflow of a repository pushes. */

type Registered = Pick<SharedSettings, 'registry' | 'owner'>;
type Signed = Pick<SharedSettings, 'signature' | 'githubUrl' | 'owner'>;

/** Whether Flux applies artifacts of `settings`, and not the repository itself. */
export const isOci = ({ source }: Pick<SharedSettings, 'source'>): boolean => source === 'oci';

/** Whether a key of the user signs the artifacts of `settings`, so that Flux needs its public half. */
export const isKeySigned = ({ source, signature }: Pick<SharedSettings, 'source' | 'signature'>) =>
  source === 'oci' && signature === 'key';

/** Whether the workflows of `one` and `other` need the same secrets of GitHub Actions. */
export const needsSameSecrets = (one: SharedSettings, other: SharedSettings): boolean =>
  one.owner === other.owner && one.registry === other.registry && one.signature === other.signature;

/** The address in the registry that all artifacts of an owner are below. */
export function registryOf({ registry, owner }: Registered): string {
  const parts = registry.split('/');
  return parts.map((part) => (part === OWNER_IN_ADDRESS ? owner.toLowerCase() : part)).join('/');
}

/** The artifact of `environment`: each environment has its own. */
export function artifactOf(environment: Registered & Pick<Environment, 'repo' | 'name'>): string {
  return `${registryOf(environment)}/${environment.repo}/${environment.name}`;
}

/** The artifact of the config repo. */
export function configArtifactOf({ shared, name }: Pick<RepoRecord, 'shared' | 'name'>): string {
  return `${registryOf(shared)}/${name.toLowerCase()}`;
}

/** The Secret with which Flux pulls artifacts of `repo`. A name of Kubernetes has no capital letters and no `_`. */
export const pullSecretOf = (repo: string): string =>
  `registry-${repo.toLowerCase().replaceAll('_', '-')}`;

/** The Secret with the public key for artifacts of `repo`. */
export const keySecretOf = (repo: string): string =>
  pullSecretOf(repo).replace('registry-', 'cosign-');

/** The host of a registry, without the path. */
export const registryHostOf = (settings: Registered): string =>
  registryOf(settings).split('/')[2] ?? '';

const GITHUB_REGISTRY = 'ghcr.io';

/** Whether the token of a workflow is enough to push to the registry. */
export const isGithubRegistry = (settings: Registered): boolean =>
  registryHostOf(settings) === GITHUB_REGISTRY;

/** Where GitHub signs the identity of a workflow. */
const ISSUER = 'https://token.actions.githubusercontent.com';

/** Where a repository has the workflow that pushes its artifacts. */
const WORKFLOW = '.github/workflows/push.yaml';

/** `text` as a regular expression of Go that matches this text only. */
const regexp = (text: string): string => text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');

/**
 * Who must have signed the artifacts of `repo`. GitHub knows an owner in every spelling, and Sigstore's certificate has
 * GitHub's own, so capital letters do not matter in the name. In a branch, they do.
 */
function signerOf(signed: Signed, repo: string, branch: string): Values {
  const { githubUrl, owner, signature } = signed;
  const name = `(?i:${regexp(`${owner}/${repo}`)})`;
  const file = regexp(`/${WORKFLOW}@refs/heads/${branch}`);
  return {
    isKeyless: signature === 'keyless',
    issuer: `^${regexp(ISSUER)}$`,
    subject: `^${regexp(`${githubUrl}/`)}${name}${file}$`,
    keySecret: keySecretOf(repo),
  };
}

/** The names of the Flux objects of `environment`. An adopted one keeps those that it had. */
export function syncNamesOf(environment: Environment): SyncNames {
  const { repo, gitRepository = repo, kustomization = repo } = environment;
  const sourceKind = isOci(environment) ? 'OCIRepository' : 'GitRepository';
  return { kustomization, sourceKind, source: gitRepository };
}

/** The values of an environment for the templates, with `--source oci` or without. */
export function sourceValues(environment: Environment): Values {
  const oci = isOci(environment);
  return {
    isOci: oci,
    sourceKind: syncNamesOf(environment).sourceKind,
    sourceObject: oci ? 'ocirepository' : 'gitrepository',
    sourceWord: oci ? 'oci' : 'git',
    // What Flux looks for.
    watched: oci ? 'artifacts' : 'commits',
    artifact: artifactOf(environment),
    ownRegistry: registryOf(environment),
    pullSecret: pullSecretOf(environment.repo),
    ...signerOf(environment, environment.repo, environment.branch),
  };
}

/** With which credentials Flux reads the git repositories of `one`. It reads no git repository where it pulls artifacts. */
export function gitCredentialsOf(one: Pick<Environment, 'source' | 'credentials'>): Credentials {
  return isOci(one) ? 'none' : one.credentials;
}

/** Whether the cluster follows the artifact of the config repo of `record`. */
export function followsArtifact({ kind, estate, shared }: RepoRecord): boolean {
  return kind === 'config-repo' && estate.syncConfig === 'yes' && isOci(shared);
}

/** The values of the config repo's own sync. */
export function configSourceValues(record: RepoRecord): Values {
  return {
    isOci: followsArtifact(record),
    sources: followsArtifact(record) ? 'ocirepositories' : 'gitrepositories',
    isPrivate: record.estate.visibility === 'private',
    registryHost: registryHostOf(record.shared),
    pullSecret: pullSecretOf(record.name),
    ...signerOf(record.shared, record.name, record.shared.branch),
  };
}

/** What the workflow of the repository of `record` pushes; undefined if it pushes nothing. */
export function pushValues(record: RepoRecord): Values | undefined {
  const { kind, shared, environments } = record;
  const pushed = environments.filter((one) => kind === 'scenario-repo' && isOci(one));
  const first = followsArtifact(record) ? shared : pushed[0];
  if (first === undefined) return undefined;
  const artifacts = followsArtifact(record)
    ? [{ branch: shared.branch, address: configArtifactOf(record), folders: '.' }]
    : pushed.map((one) => ({
        branch: one.branch,
        address: artifactOf(one),
        folders: one.layout === 'overlays' ? `base overlays/${one.name}` : one.name,
      }));
  return {
    artifacts,
    branches: [...new Set(artifacts.map(({ branch }) => branch))],
    registryHost: registryHostOf(first),
    isGithubRegistry: isGithubRegistry(first),
    isKeyless: first.signature === 'keyless',
  };
}

/** Adds a problem for everything that the artifacts of an estate with the environments `all` cannot have. */
export function checkArtifacts(
  all: readonly Environment[],
  { switches }: Given,
  problems: Problem[],
): void {
  const environments = all.filter(isOci);
  const demo = environments.find(({ owner }) => owner === DEMO_OWNER);
  // With --publish, the owner is the user who is signed in.
  if (demo !== undefined && !switches.publish)
    problems.push({
      given: `--source oci with the owner ${DEMO_OWNER}`,
      rule: 'a workflow of your repositories pushes the artifacts, but the repositories of this owner are the public demo, which has none',
      example: '--source oci --owner octo-org',
      flag: '--owner',
      settings: ['owner', 'source'],
    });
  for (const [repo, fed] of byRepo(environments)) checkRepository(repo, fed, problems);
}

function checkRepository(repo: string, fed: readonly Environment[], problems: Problem[]): void {
  const differ = (['registry', 'signature'] as const).filter(
    (key) => new Set(fed.map((one) => one[key])).size > 1,
  );
  for (const key of differ)
    problems.push({
      given: `app repo ${quote(repo)} with --${key} ${[...new Set(fed.map((one) => one[key]))].join(' and ')}`,
      rule: 'one workflow pushes and signs all artifacts of an app repo, so its environments have the same value',
      example: `flux-gitops tenant ${fed.map(({ name }) => name).join(' ')} --source oci --${key} ${fed[0]?.[key]}`,
      flag: `--${key}`,
      settings: [key],
    });
  const server = fed.find((one) => one.signature === 'keyless' && !mayBeKeyless(one));
  if (server !== undefined)
    problems.push({
      given: `--source oci with --github-url ${server.githubUrl}`,
      rule: 'Sigstore knows the identities of workflows on github.com only, so a GitHub Enterprise Server needs a key of your own',
      example: '--source oci --signature key --registry oci://registry.example.com/OWNER',
      flag: '--signature',
      settings: ['signature', 'source', 'githubUrl'],
    });
}

/** Rehearsals on loopback may write what github.com would. */
const mayBeKeyless = ({ githubUrl }: Environment): boolean =>
  githubUrl === 'https://github.com' || githubUrl.startsWith('http://');

/** A problem if the config repo of `record` cannot be an artifact, because of its name. */
export function checkConfigArtifact(record: RepoRecord, problems: Problem[]): void {
  if (!followsArtifact(record) || isRegistryPart(record.name.toLowerCase())) return;
  problems.push({
    given: `--name ${quote(record.name)} with --sync-config and --source oci`,
    rule: 'the config repo is an artifact of that name, so the name must start and end with a letter or digit, with single dots and one or two underscores between',
    example: '--name flux-demo',
    flag: '--name',
    settings: ['name', 'source', 'syncConfig'],
  });
}
