import { type Problem, quote } from '../errors.ts';
import type { EnvironmentSettings } from '../settings/resolve.ts';
import {
  environmentName,
  isReservedNamespace,
  LABEL_LENGTH,
  ruleAbout,
  SSH_OF_GITHUB,
} from '../settings/rules.ts';
import type { SettingKey, SharedSettings } from '../settings/settings.ts';
import { isByHand, type OwnForm, readOwnForm } from './hand-written/own-form.ts';

/** The full name of Flux's Kustomizations, as kubectl takes it: another API group has a kind of the same name. */
export const KUSTOMIZATIONS = 'kustomizations.kustomize.toolkit.fluxcd.io';

/** The full names of the kinds that a Kustomization can follow, as kubectl takes them. */
export const SOURCE_RESOURCES = {
  GitRepository: 'gitrepositories.source.toolkit.fluxcd.io',
  OCIRepository: 'ocirepositories.source.toolkit.fluxcd.io',
  Bucket: 'buckets.source.toolkit.fluxcd.io',
} as const;

/** The full name of the source kind `kind`; undefined for a kind that Flux does not have. */
export const sourceResource = (kind: string): string | undefined =>
  (SOURCE_RESOURCES as { readonly [kind: string]: string })[kind];

/** One environment: a tenant, its sync and its folder in an app repo. */
export type Environment = {
  readonly name: string;
  readonly repo: string;
  /**
   * Whether the environment is on its way out of a cluster that follows the config repo: its app is gone, and Flux may
   * delete the rest of it when its files go.
   */
  readonly leaving?: true;
} & EnvironmentSettings &
  OwnForm;

/** The namespace, service account and tenant label of `environment`. */
export function namespaceOf({
  namespace,
  prefix,
  name,
}: Pick<Environment, 'prefix' | 'name' | 'namespace'>): string {
  return namespace ?? `${prefix}-${name}`;
}

/** The web address of `repo`, which is also its clone URL. */
export function repositoryUrl(
  { githubUrl, owner }: Pick<SharedSettings, 'githubUrl' | 'owner'>,
  repo: string,
): string {
  return `${githubUrl}/${owner}/${repo}`;
}

/** The address from which Flux fetches `repo`: over ssh with a deploy key, otherwise its web address. */
export function sourceUrl(settings: SharedSettings, repo: string): string {
  return settings.credentials === 'deploy-key'
    ? `${sshOwnerUrl(settings)}/${repo}`
    : repositoryUrl(settings, repo);
}

/** The common ssh address of the repositories of an owner. */
export function sshOwnerUrl({
  sshUrl,
  githubUrl,
  owner,
}: Pick<SharedSettings, 'sshUrl' | 'githubUrl' | 'owner'>): string {
  return `${sshUrl === SSH_OF_GITHUB ? `ssh://git@${new URL(githubUrl).hostname}` : sshUrl}/${owner}`;
}

/**
 * The name of the Secret with which Flux reads the private repository `repo`. Only config repos have names with other
 * characters than those of a Kubernetes name.
 */
export function gitSecretOf(repo: string): string {
  return `git-${repo
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '-')
    .replace(/-+$/, '')}`;
}

/** The name of the Secret with which Flux reads the app repo of an environment. An adopted one can have another name. */
export const secretNameOf = ({
  repo,
  gitSecret = gitSecretOf(repo),
}: Pick<Environment, 'repo' | 'gitSecret'>): string => gitSecret;

/** The common web address of the repositories of an owner. */
export function ownerUrl({
  githubUrl,
  owner,
}: Pick<SharedSettings, 'githubUrl' | 'owner'>): string {
  return `${githubUrl}/${owner}`;
}

/** `environments` by their app repo. Both keep their order. */
export function byRepo(environments: readonly Environment[]): Map<string, Environment[]> {
  const repos = new Map<string, Environment[]>();
  for (const environment of environments) {
    const fed = repos.get(environment.repo);
    if (fed) fed.push(environment);
    else repos.set(environment.repo, [environment]);
  }
  return repos;
}

/** `recorded` with the environments of `changed`: each replaces one of the same name, or follows at the end. */
export function mergeEnvironments(
  recorded: readonly Environment[],
  changed: readonly Environment[],
): Environment[] {
  const merged = new Map(
    [...recorded, ...changed].map((environment) => [environment.name, environment]),
  );
  return [...merged.values()];
}

/**
 * `environment` as a run plans it: it keeps the names of `recorded`. One that a user wrote by hand stays as it is in
 * `recorded`.
 */
export function keepForm(environment: Environment, recorded: readonly Environment[]): Environment {
  const before = recorded.find(({ name }) => name === environment.name);
  if (before === undefined) return environment;
  if (isByHand(before)) return before;
  const { gitSecret, ...form } = readOwnForm(before);
  // Another app repo has another Secret.
  const secret = before.repo === environment.repo && gitSecret !== undefined ? { gitSecret } : {};
  return { ...environment, ...form, ...secret };
}

/** The source of names, for messages: the flag, an example, and the setting. */
export type NameSource = {
  readonly flag: string;
  readonly example: string;
  readonly settings: readonly (SettingKey | 'arguments')[];
};

/** The environments of a comma-separated list. Each name must follow its rule. */
export function readEnvironments(list: string, source: NameSource, problems: Problem[]): string[] {
  return list.split(',').filter((name) => checkEnvironment(name, source, problems));
}

/** Whether `name` is a valid environment. Adds a problem if it is not. */
export function checkEnvironment(name: string, source: NameSource, problems: Problem[]): boolean {
  const good = environmentName.read(name) !== undefined;
  if (!good) {
    const rule = ruleAbout(environmentName, name);
    problems.push({ given: `environment ${quote(name)} in ${source.flag}`, rule, ...source });
  }
  return good;
}

/** A problem for each environment of `changed` that would get another app repo. */
export function checkFeeders(
  recorded: readonly Environment[],
  changed: readonly { readonly name: string; readonly repo: string }[],
  setting: 'scenario' | 'repo',
): Problem[] {
  const feeders = new Map(recorded.map(({ name, repo }) => [name, repo]));
  return changed.flatMap(({ name, repo }) => {
    const feeder = feeders.get(name);
    if (feeder === undefined || feeder === repo) return [];
    const flag = `--${setting}`;
    return {
      given: `environment ${name} from ${repo}`,
      rule: `the app repo ${feeder} already feeds ${name}, and an environment has only one app repo${setting === 'repo' ? '. To move it to another one, add --move' : ''}`,
      example: `${flag} ${setting === 'scenario' ? `${feeder}=${name}` : feeder}`,
      flag,
      settings: [setting],
    };
  });
}

/** Checks names in the whole estate: composed names, and names that are used twice. */
export function checkEstate(
  configRepo: string | undefined,
  environments: readonly Environment[],
  problems: Problem[],
): void {
  const holders = new Map<string, string>();
  // Environments that a user wrote by hand can be in several clusters, each with the same namespace.
  for (const environment of environments.filter((one) => !isByHand(one))) {
    const namespace = namespaceOf(environment);
    checkNamespace(namespace, environment, problems);
    const other = holders.get(namespace);
    if (other !== undefined)
      problems.push({
        given: `environments ${other} and ${environment.name} share the namespace ${namespace}`,
        rule: 'each environment must have its own namespace',
        example: '--prefix fluxdemo',
        flag: '--prefix',
        settings: ['prefix'],
      });
    holders.set(namespace, environment.name);
  }
  for (const [repo, fed] of byRepo(environments.filter((one) => !isByHand(one)))) {
    const urls = [...new Set(fed.map((one) => repositoryUrl(one, repo)))];
    if (urls.length > 1)
      problems.push({
        given: `app repo ${quote(repo)} at ${urls.join(' and ')}`,
        rule: 'an app repo must have the same owner for all environments that it feeds',
        example: `--repo flux-${fed.at(-1)?.name ?? 'qa'}`,
        flag: '--owner or --repo',
        settings: ['owner', 'repo', 'githubUrl'],
      });
  }
  const clash = environments.find(
    (one) => one.repo.toLowerCase() === configRepo?.toLowerCase() && !isByHand(one),
  );
  if (clash)
    problems.push({
      given: `app repo ${quote(clash.repo)} and config repo ${quote(configRepo ?? '')}`,
      rule: 'the config repo cannot be an app repo, so their names must differ in more than upper and lower case',
      example: `--repo flux-${clash.name} with tenant, or --scenario flux-${clash.name}=${clash.name}`,
      flag: '--repo, --name or --scenario',
      settings: ['name', 'scenario', 'repo'],
    });
}

function checkNamespace(
  namespace: string,
  { name, prefix }: Environment,
  problems: Problem[],
): void {
  const about = {
    given: `--prefix ${quote(prefix)} and environment ${quote(name)} make the namespace ${quote(namespace)}`,
    flag: '--prefix, or the name of the environment',
    example: '--prefix fluxdemo',
    settings: ['prefix', 'arguments', 'scenario', 'env'],
  };
  if (namespace.length > LABEL_LENGTH) {
    const rule = `a namespace must have at most ${LABEL_LENGTH} characters, and this one has ${namespace.length}`;
    problems.push({ ...about, rule });
  }
  if (isReservedNamespace(namespace)) {
    const rule =
      'kube-*, default and flux-system belong to Kubernetes and Flux, so a tenant must have another namespace';
    problems.push({ ...about, rule });
  }
}

/**
 * Whether only environments that a user wrote by hand follow a repository, and it is a config repo: the app is on another
 * branch of it, for example. No run writes there.
 */
export const isAppInConfig = (fed: readonly Environment[], kind: string | undefined): boolean =>
  kind === 'config-repo' && fed.every(isByHand);
