import type { Rule } from './rules.ts';
import * as names from './rules.ts';

export type CommandName = 'app' | 'tenant' | 'scenario-repo';

export const YES_NO = ['yes', 'no'] as const;
export type YesNo = (typeof YES_NO)[number];

/** A setting in one row: flag, question, check and default. Its key in kebab-case is the flag. */
export type Setting<T> = {
  readonly value: string;
  /** Empty: it is a flag only. */
  readonly ask: string;
  readonly help: string;
  readonly rule: Rule<T>;
  readonly of: readonly CommandName[];
  /** The default; without one, another setting decides (see `estate.ts`). */
  readonly otherwise?: string;
  readonly choices?: readonly string[];
  /** What the flag means without a value; one that it is given follows after =. */
  readonly alone?: string;
  /** `list`: given more than once. `each`: once for all environments, or ENV=VALUE for one. */
  readonly many?: 'list' | 'each';
};

export const PROFILES = ['hardened', 'reference'] as const;
export const CLUSTER_TYPES = ['kubernetes', 'openshift', 'aws', 'azure', 'gcp'] as const;
export const SERVICE_TYPES = ['ClusterIP', 'LoadBalancer'] as const;
export const VISIBILITIES = ['public', 'private'] as const;

export type Visibility = (typeof VISIBILITIES)[number];
export type Profile = (typeof PROFILES)[number];
export type ClusterType = (typeof CLUSTER_TYPES)[number];
export type ServiceType = (typeof SERVICE_TYPES)[number];

/** The owner of the public demo repositories, and so the default of `--owner`. */
export const DEMO_OWNER = 'wolcn';

const ALL = ['app', 'tenant', 'scenario-repo'] as const;
const setting = <T>(row: Setting<T>): Setting<T> => row;
const text = (rule: Rule<string>, key: string): Rule<string> => ({
  ...rule,
  example: `${key}${rule.example}`,
});

/** Every setting, in the order a person thinks: what, where, how. */
export const SETTINGS = {
  name: setting({
    value: 'NAME',
    ask: 'Config repo: which name',
    help: 'the config repo',
    rule: names.configRepoName,
    of: ['app'],
    otherwise: 'flux-demo',
  }),
  scenario: setting({
    value: 'REPO=ENV[,ENV...]',
    ask: 'Scenario repos and the environments each one feeds',
    help: 'a scenario repo and the environments it feeds; repeatable',
    rule: text(
      { rule: 'a scenario is REPO=ENV[,ENV...]', example: 'flux-dev=dev', read: (given) => given },
      '',
    ),
    of: ['app'],
    many: 'list',
  }),
  repo: setting({
    value: 'REPO',
    ask: 'Scenario repo that feeds the new tenant',
    help: 'the scenario repo that feeds the new tenant (default: the one that does already, else flux-ENV)',
    rule: names.scenarioRepoName,
    of: ['tenant'],
  }),
  env: setting({
    value: 'ENV[,ENV...]',
    ask: 'Environments it feeds',
    help: 'its environments (default: the name after flux-, split at -)',
    rule: { rule: 'environments are ENV[,ENV...]', example: 'stage,prod', read: (given) => given },
    of: ['scenario-repo'],
    many: 'list',
  }),
  prefix: setting({
    value: 'P',
    ask: 'Namespaces are called PREFIX-ENV: which prefix',
    help: 'the namespace is P-ENV',
    rule: names.namespacePrefix,
    of: ALL,
    otherwise: 'fluxdemo',
  }),
  owner: setting({
    value: 'O',
    ask: `GitHub user or organization that owns the repositories (${DEMO_OWNER} has the public demo)`,
    help: 'GitHub user or organization',
    rule: names.ownerName,
    of: ALL,
    otherwise: DEMO_OWNER,
  }),
  githubUrl: setting({
    value: 'URL',
    ask: 'Web address of GitHub, or of your GitHub Enterprise Server',
    help: 'GitHub, or a GitHub Enterprise Server; repositories are at URL/OWNER/REPO',
    rule: names.githubUrl,
    of: ALL,
    otherwise: 'https://github.com',
  }),
  branch: setting({
    value: 'B',
    ask: 'Branch that Flux follows',
    help: 'the branch that Flux follows',
    rule: names.branchName,
    of: ALL,
    otherwise: 'main',
  }),
  interval: setting({
    value: 'D',
    ask: 'How often Flux polls the repository (Go duration)',
    help: 'how often Flux polls the repository (Go duration)',
    rule: names.pollInterval,
    of: ALL,
    otherwise: '1m',
  }),
  profile: setting<Profile>({
    value: 'P',
    ask: 'Profile: hardened, or reference (what the flux CLI writes)',
    help: 'hardened, or reference: what the flux CLI and the original demo write',
    rule: names.oneOf(PROFILES),
    of: ALL,
    otherwise: 'hardened',
    choices: PROFILES,
  }),
  clusterType: setting<ClusterType>({
    value: 'T',
    ask: 'Type of the cluster',
    help: CLUSTER_TYPES.join(', '),
    rule: names.oneOf(CLUSTER_TYPES),
    of: ['app'],
    otherwise: 'kubernetes',
    choices: CLUSTER_TYPES,
  }),
  allowSource: setting({
    value: 'URL',
    ask: '',
    help: 'an address that hardened tenants may sync from besides repositories of the owner; repeatable',
    rule: names.sourceAddress,
    of: ['app'],
    many: 'list',
  }),
  allowPriorityClass: setting({
    value: 'NAME',
    ask: '',
    help: 'a PriorityClass of the cluster that pods of hardened tenants may name; repeatable',
    rule: names.priorityClass,
    of: ['app'],
    many: 'list',
  }),
  allowKustomize: setting<YesNo>({
    value: '[=no]',
    ask: '',
    help: 'hardened tenants may use kustomization.yaml, by which they can read what Flux holds of others',
    rule: names.oneOf(YES_NO),
    of: ALL,
    otherwise: 'no',
    alone: 'yes',
  }),
  syncConfig: setting<YesNo>({
    value: '[=no]',
    ask: '',
    help: 'the cluster follows the config repo itself: a new tenant is a pull request',
    rule: names.oneOf(YES_NO),
    of: ['app'],
    alone: 'yes',
  }),
  image: setting({
    value: 'I',
    ask: 'Image of the demo app',
    help: 'image of the demo app',
    rule: names.imageReference,
    of: ALL,
    otherwise: 'ghcr.io/wolcn/kcheck:1.0.2',
  }),
  serviceType: setting<ServiceType>({
    value: 'T',
    ask: 'Service of the demo app',
    help: SERVICE_TYPES.join(' or '),
    rule: names.oneOf(SERVICE_TYPES),
    of: ALL,
    otherwise: 'ClusterIP',
    choices: SERVICE_TYPES,
  }),
  replicas: setting({
    value: '[ENV=]N',
    ask: 'Replicas of the demo app',
    help: 'replicas of the demo app, for all environments of the run or for one',
    rule: names.replicaCount,
    of: ALL,
    otherwise: '1',
    many: 'each',
  }),
  colour: setting({
    value: '[ENV=]C',
    ask: 'Background colour of the page (empty: each environment its own)',
    help: 'background colour of the page (default: each environment its own)',
    rule: names.colour,
    of: ALL,
    many: 'each',
  }),
  content: setting({
    value: '[ENV=]T',
    ask: 'Text on the page (empty: each environment its own)',
    help: 'text on the page (default: each environment its own)',
    rule: names.content,
    of: ALL,
    many: 'each',
  }),
  visibility: setting<Visibility>({
    value: 'V',
    ask: '',
    help: 'with --publish: public or private repositories (default: public)',
    rule: names.oneOf(VISIBILITIES),
    of: ALL,
  }),
  topic: setting({
    value: 'T',
    ask: '',
    help: 'with --publish: a topic of the repositories; repeatable',
    rule: names.topic,
    of: ALL,
    many: 'list',
  }),
  into: setting({
    value: 'DIR',
    ask: '',
    help: 'the folder to write into (default: the current one)',
    rule: names.folder,
    of: ALL,
  }),
} as const;

export type SettingKey = keyof typeof SETTINGS;

/** The flag of a setting or switch: `githubUrl` is `--github-url`. */
export function flagOf(key: SettingKey | SwitchKey): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The settings that `command` takes. */
export function settingsOf(command: CommandName): SettingKey[] {
  const keys = Object.keys(SETTINGS) as SettingKey[];
  return keys.filter((key) => (SETTINGS[key].of as readonly CommandName[]).includes(command));
}

/** Flags without a value. */
export const SWITCHES = {
  yes: 'take the default for everything not given; implied without a terminal',
  dryRun: 'print the plan and write nothing',
  json: 'print the plan or the result as one JSON document on stdout',
  publish: 'create the repositories on GitHub and push all of it; a second run resumes',
  template: 'with --publish: make them template repositories',
  adoptEmpty: 'with --publish: take over repositories that exist and are empty',
  tokenStdin: 'with --publish: read the GitHub token from standard input',
  force: 'overwrite files that differ without asking',
  help: 'print this help',
  version: 'print the version',
} as const;

export type SwitchKey = keyof typeof SWITCHES;

/** What says nothing without `--publish`. */
export const PUBLISH_ONLY = [
  'visibility',
  'topic',
  'template',
  'adoptEmpty',
  'tokenStdin',
] as const;
