import * as rules from './rules.ts';
import { syncSpec } from './sync-spec.ts';

/** The commands that plan files. */
export type PlanningCommand =
  | 'app'
  | 'tenant'
  | 'scenario-repo'
  | 'update'
  | 'remove'
  | 'rename'
  | 'adopt';

const ACTION_COMMANDS = ['credentials', 'verify', 'status'] as const;
/** The commands whose result is a text or a change outside of the estate, and not files of the estate. */
export type ActionCommand = (typeof ACTION_COMMANDS)[number];

export type CommandName = PlanningCommand | ActionCommand;

/** Whether `command` plans no files. */
export function isAction(command: CommandName): command is ActionCommand {
  return (ACTION_COMMANDS as readonly CommandName[]).includes(command);
}

const YES_NO = ['yes', 'no'] as const;
export type YesNo = (typeof YES_NO)[number];

/**
 * Where a setting applies and where it is recorded. `estate`: one value for the estate. `environment`: one value for
 * all environments, and an environment can have a different one. `each`: every environment has its own value.
 * `names`: names of repositories and environments. `run`: only for one run, not recorded.
 */
export type Scope = 'estate' | 'environment' | 'each' | 'names' | 'run';

/** The headings of the help, in their order. */
export const GROUPS = [
  'repositories',
  'isolation',
  'cluster',
  'demo app',
  'publishing',
  'credentials',
  'this run',
] as const;
export type Group = (typeof GROUPS)[number];

/** A setting: its flag, question, rule and default. */
export type Setting = {
  /** The flag, if it is not the key in kebab-case. */
  readonly flag?: string;
  /** Its heading in the help. */
  readonly group: Group;
  readonly scope: Scope;
  readonly commands: readonly CommandName[];
  /** The placeholder for the value in the help; a switch has none. */
  readonly value?: string;
  readonly help: string;
  /** The question. A setting without a question has only a flag. */
  readonly ask?: string;
  /** Its place among the questions of every run. Other questions come only when the user wants to change more. */
  readonly first?: number;
  readonly rule: rules.Rule<unknown>;
  readonly choices?: readonly string[];
  /** The meaning of each choice, for the question. */
  readonly meanings?: { readonly [choice: string]: string };
  /** The default as text, which may depend on the environment. */
  readonly default?: string | ((environment: string) => string);
  /** The default if the repositories are private; otherwise `default` applies. */
  readonly privateDefault?: string;
  /** Whether it is about private repositories only: what public repositories recorded does not count. */
  readonly privateOnly?: true;
  /** Whether the flag can be given more than once, so that the values are a list. */
  readonly list?: true;
  /** Whether the value is the name of a file, whose contents the rule reads. */
  readonly isFile?: true;
  /** Whether the flag alone means yes. Any value must follow after `=`. */
  readonly isYesNo?: true;
  readonly short?: string;
  /** Whether the record leaves the default out. Estates that never had another value keep their bytes. */
  readonly unrecordedDefault?: true;
  /** Whether the flag is about publishing, so that it needs `--publish`. */
  readonly publishing?: true;
};

export const PROFILES = ['hardened', 'reference'] as const;
export const CLUSTER_TYPES = ['kubernetes', 'openshift', 'aws', 'azure', 'gcp'] as const;
export const SERVICE_TYPES = ['ClusterIP', 'LoadBalancer'] as const;
export const SIZES = ['small', 'medium', 'large'] as const;
export const VISIBILITIES = ['public', 'private'] as const;
export const LAYOUTS = ['plain', 'overlays'] as const;
export const CI_SYSTEMS = ['none', 'github'] as const;
export const CREDENTIALS = ['deploy-key', 'token', 'github-app', 'none'] as const;
export const SOURCES = ['git', 'oci'] as const;
export const SIGNATURES = ['keyless', 'key'] as const;

export type Size = (typeof SIZES)[number];
export type Layout = (typeof LAYOUTS)[number];
export type Credentials = (typeof CREDENTIALS)[number];
export type Visibility = (typeof VISIBILITIES)[number];
export type Profile = (typeof PROFILES)[number];
export type ClusterType = (typeof CLUSTER_TYPES)[number];
export type ServiceType = (typeof SERVICE_TYPES)[number];

/** The owner of the public demo repositories, and the default of `--owner`. */
export const DEMO_OWNER = 'wolcn';

const ALL = ['app', 'tenant', 'scenario-repo'] as const;
/** Commands that compare files with what they would write: they have the flags about edited files. */
const MERGING = [...ALL, 'update', 'remove', 'rename'] as const;
/** Commands that write files of an estate: they have the flags about the run. */
const WRITING = [...MERGING, 'adopt'] as const;
const EVERY = [...WRITING, ...ACTION_COMMANDS] as const;
const UPDATE = ['update'] as const;
const APP = ['app'] as const;
const TENANTS = ['app', 'tenant'] as const;
const CREDENTIAL_COMMANDS = ['credentials'] as const;
const LIVE = ['tenant', 'remove', 'rename', 'credentials', 'verify'] as const;
const VERIFY = ['verify'] as const;

/** A flag that means yes or no. */
const yesNo = <const S extends Pick<Setting, 'group' | 'scope' | 'commands' | 'help'>>(
  setting: S,
) => ({
  ...setting,
  rule: rules.oneOf(YES_NO),
  isYesNo: true as const,
  default: 'no',
});

const onlyText = (rule: string, example: string): rules.Rule<string> => ({
  rule,
  example,
  read: (text) => text,
});

/** The pages of the original demo, by environment. */
const DEMO_PAGES = new Map([
  ['dev', { colour: 'Cornsilk', content: 'Test message' }],
  ['stage', { colour: 'Wheat', content: 'This is the staging environment' }],
  ['prod', { colour: 'LightSteelBlue', content: 'This is the production environment' }],
]);
const COLOURS = [
  'Bisque',
  'DarkSeaGreen',
  'Khaki',
  'Moccasin',
  'NavajoWhite',
  'SeaGreen',
  'Silver',
];

/** The default colour of an environment: always the same for the same name. */
function ownColour(environment: string): string {
  const sum = [...environment].reduce((total, letter) => total + (letter.codePointAt(0) ?? 0), 0);
  return DEMO_PAGES.get(environment)?.colour ?? COLOURS[sum % COLOURS.length] ?? '';
}

const ownContent = (environment: string): string =>
  DEMO_PAGES.get(environment)?.content ?? `This is the ${environment} environment`;

/** Every setting, in the order a person thinks: what, where, how. */
export const SETTINGS = {
  name: {
    group: 'repositories',
    scope: 'names',
    commands: ['app', 'adopt'],
    value: 'NAME',
    first: 1,
    ask: 'What is the name of the config repo?',
    help: 'name of the config repo',
    rule: rules.configRepoName,
    default: 'flux-demo',
  },
  scenario: {
    group: 'repositories',
    scope: 'names',
    commands: APP,
    value: 'REPO=ENV[,ENV...]',
    first: 3,
    ask: 'Which app repos do you have? (shop, web or shop=dev,prod)',
    help: 'an app repo and the environments that it feeds; repeatable',
    rule: onlyText('a scenario must be REPO=ENV[,ENV...]', 'flux-dev=dev'),
    list: true,
  },
  repo: {
    group: 'repositories',
    scope: 'names',
    commands: ['tenant'],
    value: 'REPO',
    first: 3,
    ask: 'Which app repo feeds the new environment?',
    help: 'app repo that feeds the new environments (default: the app repo that already feeds them, or flux-ENV)',
    rule: rules.appRepoName,
  },
  move: yesNo({
    group: 'repositories',
    scope: 'run',
    commands: ['tenant'],
    help: 'feed an environment from another app repo than before; needs --repo',
  }),
  env: {
    group: 'repositories',
    scope: 'names',
    commands: ['scenario-repo'],
    value: 'ENV[,ENV...]',
    first: 4,
    ask: 'Which environments does the app repo feed?',
    help: 'environments of the app repo (default: the parts of its name after flux-)',
    rule: onlyText('environments must be ENV[,ENV...]', 'stage,prod'),
    list: true,
  },
  prefix: {
    group: 'isolation',
    scope: 'environment',
    commands: ALL,
    value: 'P',
    ask: 'Which prefix do the namespaces have, as in fluxdemo-dev?',
    help: 'first part of every namespace: the namespace of ENV is P-ENV',
    rule: rules.namespacePrefix,
    default: 'fluxdemo',
  },
  formerPrefix: {
    flag: '--prefix',
    group: 'isolation',
    scope: 'run',
    commands: ['remove'],
    value: 'P',
    help: 'first part of the namespace of an environment that the files do not have any more (default: what git remembers, or the prefix of the estate)',
    rule: rules.namespacePrefix,
  },
  owner: {
    group: 'repositories',
    scope: 'environment',
    commands: ALL,
    value: 'O',
    first: 2,
    ask: `Who owns the repositories on GitHub, where ${DEMO_OWNER} is the demo?`,
    help: 'GitHub user or organization that owns the repositories',
    rule: rules.ownerName,
    default: DEMO_OWNER,
  },
  githubUrl: {
    group: 'repositories',
    scope: 'environment',
    commands: ALL,
    value: 'URL',
    ask: 'What is the web address of your GitHub?',
    help: 'web address of GitHub or of your GitHub Enterprise Server',
    rule: rules.githubUrl,
    default: 'https://github.com',
  },
  branch: {
    group: 'repositories',
    scope: 'environment',
    commands: ALL,
    value: 'B',
    ask: 'Which branch does Flux follow?',
    help: 'branch that Flux follows',
    rule: rules.branchName,
    default: 'main',
  },
  interval: {
    group: 'repositories',
    scope: 'environment',
    commands: ALL,
    value: 'D',
    ask: 'How often does Flux look for commits? (30s, 1m, 1h)',
    help: 'how often Flux looks for new commits, such as 30s, 1m or 1h',
    rule: rules.pollInterval,
    default: '1m',
  },
  profile: {
    group: 'isolation',
    scope: 'environment',
    commands: ALL,
    value: 'P',
    ask: 'Which profile do the tenants have?',
    help: 'hardened limits each tenant; reference makes each tenant cluster-admin in its own namespace',
    rule: rules.oneOf(PROFILES),
    default: 'hardened',
    choices: PROFILES,
    meanings: {
      hardened: 'a tenant can change only what is its own',
      reference: 'each tenant is cluster-admin in its namespace, with no policies',
    },
  },
  clusterType: {
    group: 'cluster',
    scope: 'estate',
    commands: APP,
    value: 'T',
    ask: 'What type of cluster is it?',
    help: `type of the cluster: ${CLUSTER_TYPES.join(', ')}`,
    rule: rules.oneOf(CLUSTER_TYPES),
    default: 'kubernetes',
    choices: CLUSTER_TYPES,
  },
  allowSource: {
    group: 'isolation',
    scope: 'estate',
    commands: APP,
    value: 'URL',
    help: 'an address that all hardened tenants may sync from as well; repeatable; the values replace the recorded ones, and the value none empties the list',
    rule: rules.sourceAddress,
    list: true,
  },
  tenantSource: {
    flag: '--allow-source',
    group: 'isolation',
    scope: 'each',
    commands: ['tenant'],
    value: '[ENV=]URL',
    help: 'an address that only these hardened tenants may sync from as well; repeatable; the values replace the recorded ones, and the value none empties the list',
    rule: rules.sourceAddress,
    list: true,
  },
  allowPriorityClass: {
    group: 'isolation',
    scope: 'estate',
    commands: APP,
    value: 'NAME',
    help: 'a PriorityClass that pods of hardened tenants may use; repeatable; the values replace the recorded ones, and the value none empties the list',
    rule: rules.priorityClass,
    list: true,
  },
  allowKustomize: {
    group: 'isolation',
    scope: 'environment',
    commands: ALL,
    value: '[=no]',
    help:
      'let hardened tenants use a kustomization.yaml; they can then read the sources of all tenants (default: yes if the ' +
      'repositories are public, no if they are private)',
    rule: rules.oneOf(YES_NO),
    isYesNo: true,
    default: 'yes',
    privateDefault: 'no',
  },
  syncConfig: yesNo({
    group: 'cluster',
    scope: 'estate',
    commands: APP,
    value: '[=no]',
    first: 5,
    ask: 'Should the cluster follow the config repo itself?',
    choices: YES_NO,
    meanings: {
      no: 'you apply it',
      yes: 'a new environment is a pull request',
    },
    help: 'let Flux apply the config repo as well, so that you add a tenant with a pull request',
  }),
  sopsAge: {
    group: 'cluster',
    scope: 'estate',
    commands: APP,
    value: 'RECIPIENT',
    help:
      'let Flux decrypt the config repo with SOPS and the age key of this recipient, so that `flux-gitops credentials --sops` ' +
      'can keep Secrets there; repeatable; the values replace the recorded ones, and the value none empties the list; needs --sync-config',
    rule: rules.ageRecipient,
    list: true,
  },
  live: yesNo({
    group: 'cluster',
    scope: 'run',
    commands: LIVE,
    help: 'use the cluster as well, with your own kubectl: do the steps there and wait for each (the same command resumes); verify compares and changes nothing',
  }),
  context: {
    group: 'cluster',
    scope: 'run',
    commands: [...LIVE, 'status'],
    value: 'NAME',
    help: 'the context of kubectl to use on the cluster (default: the current one)',
    rule: rules.contextName,
  },
  size: {
    group: 'isolation',
    scope: 'each',
    commands: TENANTS,
    value: '[ENV=]S',
    ask: 'Which size do the tenants have?',
    help: 'the quota of a hardened tenant: small, medium or large',
    rule: rules.oneOf(SIZES),
    default: 'medium',
    choices: SIZES,
    meanings: {
      small: 'a quota for a single app',
      medium: 'a quota for an app of many services',
      large: 'a quota for several such apps',
    },
  },
  loadBalancers: {
    group: 'isolation',
    scope: 'each',
    commands: TENANTS,
    value: '[ENV=]N',
    help: 'how many Services of type LoadBalancer a hardened tenant may have, with five node ports for each; at least 1 with --service-type LoadBalancer',
    rule: rules.serviceCount,
    default: '0',
  },
  nodePorts: {
    group: 'isolation',
    scope: 'each',
    commands: TENANTS,
    value: '[ENV=]N',
    help: 'how many more node ports a hardened tenant may have; a Service of type NodePort needs one for each of its ports',
    rule: rules.serviceCount,
    default: '0',
  },
  leaveOut: {
    group: 'isolation',
    scope: 'each',
    commands: TENANTS,
    value: '[ENV=]KIND',
    help: 'a kind of object that Flux leaves out of the manifests of a hardened tenant, because the platform team brings it or the app does not need it: ClusterRole, StorageClass; repeatable; the values replace the recorded ones, and the value none empties the list',
    rule: rules.kindName,
    list: true,
  },
  syncSpec: {
    group: 'isolation',
    scope: 'each',
    commands: ['tenant'],
    value: '[ENV=]FILE',
    help: 'a YAML file with patches, images or commonMetadata, which Flux applies to the manifests of a hardened tenant: fields of spec of a Kustomization of Flux; the value none removes them',
    rule: syncSpec,
    isFile: true,
    default: 'none',
  },
  team: {
    group: 'isolation',
    scope: 'each',
    commands: TENANTS,
    value: '[ENV=]GROUP',
    help: 'a group of people who may see a hardened tenant, read its logs, forward ports and ask Flux to reconcile; repeatable; the values replace the recorded ones, and the value none empties the list',
    rule: rules.groupName,
    list: true,
  },
  visibility: {
    group: 'repositories',
    scope: 'estate',
    commands: ALL,
    value: 'V',
    ask: 'Are the repositories public or private?',
    choices: VISIBILITIES,
    help: 'visibility of the repositories that --publish creates: public or private',
    rule: rules.oneOf(VISIBILITIES),
    default: 'public',
  },
  credentials: {
    group: 'repositories',
    scope: 'environment',
    commands: TENANTS,
    value: 'C',
    ask: 'How does Flux read the private repositories?',
    help: `how Flux reads private repositories: ${CREDENTIALS.join(', ')} (default: deploy-key if the repositories are private, none if they are public)`,
    rule: rules.oneOf(CREDENTIALS),
    default: 'none',
    privateDefault: 'deploy-key',
    privateOnly: true,
    choices: CREDENTIALS,
    meanings: {
      'deploy-key': 'over ssh, with a read-only key for each repository',
      token: 'over https, with a token that reads one repository',
      'github-app': 'over https, as a GitHub App',
      none: 'you give Flux the credentials yourself',
    },
    unrecordedDefault: true,
  },
  sshUrl: {
    group: 'repositories',
    scope: 'environment',
    commands: TENANTS,
    value: 'URL',
    help: 'ssh address of GitHub, for --credentials deploy-key (default: ssh://git@ and the host of --github-url)',
    rule: rules.sshUrl,
    default: rules.SSH_OF_GITHUB,
    unrecordedDefault: true,
  },
  ci: {
    group: 'repositories',
    scope: 'estate',
    commands: ['app', 'scenario-repo'],
    value: 'C',
    ask: 'Should GitHub check the manifests in each pull request?',
    help: 'github: each repository gets a workflow that validates its manifests in pull requests; or none',
    rule: rules.oneOf(CI_SYSTEMS),
    default: 'none',
    choices: CI_SYSTEMS,
    meanings: { none: 'no', github: 'yes, with a workflow in each repository' },
  },
  codeowners: {
    group: 'repositories',
    scope: 'estate',
    commands: APP,
    value: 'OWNER',
    help: 'who GitHub asks to review changes of the config repo: @user, @org/team or an email address; repeatable; the values replace the recorded ones, and the value none empties the list',
    rule: rules.codeOwner,
    list: true,
  },
  layout: {
    group: 'repositories',
    scope: 'environment',
    commands: ALL,
    value: 'L',
    help:
      'plain: a folder of manifests for each environment; overlays: base/ and overlays/ENV/ for kustomize (an app repo has one ' +
      'layout)',
    rule: rules.oneOf(LAYOUTS),
    default: 'plain',
    choices: LAYOUTS,
    unrecordedDefault: true,
  },
  source: {
    group: 'repositories',
    scope: 'environment',
    commands: TENANTS,
    value: 'S',
    help:
      'git: Flux reads the app repo; oci: Flux applies signed artifacts that a workflow of the app repo pushes to a ' +
      'registry',
    rule: rules.oneOf(SOURCES),
    default: 'git',
    choices: SOURCES,
    meanings: {
      git: 'the app repo itself',
      oci: 'signed artifacts that a workflow of the app repo pushes to a registry',
    },
    unrecordedDefault: true,
  },
  registry: {
    group: 'repositories',
    scope: 'environment',
    commands: TENANTS,
    value: 'URL',
    help: 'where the artifacts of --source oci are; OWNER in it stands for the owner in lower case',
    rule: rules.registryUrl,
    default: 'oci://ghcr.io/OWNER',
    unrecordedDefault: true,
  },
  signature: {
    group: 'repositories',
    scope: 'environment',
    commands: TENANTS,
    value: 'S',
    help:
      'how the artifacts of --source oci are signed: keyless with the identity of the workflow, in the public log of ' +
      'Sigstore; or with a key of your own',
    rule: rules.oneOf(SIGNATURES),
    default: 'keyless',
    choices: SIGNATURES,
    meanings: {
      keyless: 'with the identity of the workflow, in the public log of Sigstore',
      key: 'with a key of your own',
    },
    unrecordedDefault: true,
  },
  noDemo: {
    ...yesNo({
      group: 'demo app',
      scope: 'environment',
      commands: ALL,
      value: '[=no]',
      help: 'app repos without the demo app: each folder is a place for your own manifests; =no brings the demo app back',
    }),
    unrecordedDefault: true,
  },
  image: {
    group: 'demo app',
    scope: 'environment',
    commands: ALL,
    value: 'I',
    ask: 'Which image does the demo app have?',
    help: 'image of the demo app',
    rule: rules.imageReference,
    default: 'ghcr.io/wolcn/kcheck:1.0.2',
  },
  serviceType: {
    group: 'demo app',
    scope: 'environment',
    commands: ALL,
    value: 'T',
    ask: 'Which type of Service does the demo app have?',
    help: `type of the Service of the demo app: ${SERVICE_TYPES.join(' or ')}`,
    rule: rules.oneOf(SERVICE_TYPES),
    default: 'ClusterIP',
    choices: SERVICE_TYPES,
    meanings: {
      ClusterIP: 'only inside the cluster; kubectl port-forward can reach it',
      LoadBalancer: 'an address outside the cluster',
    },
  },
  replicas: {
    group: 'demo app',
    scope: 'each',
    commands: ALL,
    value: '[ENV=]N',
    ask: 'How many replicas does the demo app have?',
    help: 'replicas of the demo app; ENV=N sets them for one environment',
    rule: rules.replicaCount,
    default: '1',
  },
  colour: {
    group: 'demo app',
    scope: 'each',
    commands: ALL,
    value: '[ENV=]C',
    ask: 'Which colour does the page have? (empty: a different one for each environment)',
    help: 'background colour of the page; ENV=C sets it for one environment (default: each environment has its own)',
    rule: rules.colour,
    default: ownColour,
  },
  content: {
    group: 'demo app',
    scope: 'each',
    commands: ALL,
    value: '[ENV=]T',
    ask: 'Which text is on the page? (empty: a different one for each environment)',
    help: 'text on the page; ENV=T sets it for one environment (default: each environment has its own)',
    rule: rules.content,
    default: ownContent,
  },
  into: {
    group: 'this run',
    scope: 'run',
    commands: EVERY,
    value: 'DIR',
    help: 'folder to work in (default: the current folder)',
    rule: rules.folder,
    default: '.',
  },
  publish: yesNo({
    group: 'publishing',
    scope: 'run',
    commands: WRITING,
    help: 'create the repositories on GitHub and push to them; if that fails, the same command resumes',
  }),
  topic: {
    group: 'publishing',
    scope: 'run',
    commands: [...ALL, 'adopt'],
    value: 'T',
    help: 'add a topic to the repositories on GitHub; repeatable; needs --publish',
    rule: rules.topic,
    list: true,
    publishing: true,
  },
  template: yesNo({
    group: 'publishing',
    scope: 'run',
    commands: [...ALL, 'adopt'],
    help: 'make the repositories on GitHub template repositories; needs --publish',
    publishing: true,
  }),
  adoptEmpty: yesNo({
    group: 'publishing',
    scope: 'run',
    commands: [...ALL, 'adopt'],
    help: 'use repositories on GitHub that exist and are empty; needs --publish',
    publishing: true,
  }),
  tokenStdin: yesNo({
    group: 'publishing',
    scope: 'run',
    commands: WRITING,
    help: 'read the GitHub token from standard input; needs --publish',
    publishing: true,
  }),
  pullRequest: yesNo({
    group: 'publishing',
    scope: 'run',
    commands: UPDATE,
    help: 'open a pull request for the pushed branch in each repository; needs --publish',
    publishing: true,
  }),
  archive: yesNo({
    group: 'publishing',
    scope: 'run',
    commands: ['remove'],
    help: 'archive the app repos on GitHub that feed no environment any more; needs --publish',
    publishing: true,
  }),
  registerKeys: yesNo({
    flag: '--publish',
    group: 'credentials',
    scope: 'run',
    commands: CREDENTIAL_COMMANDS,
    help: 'register the public half of each deploy key on GitHub, read-only',
  }),
  secretFile: {
    flag: '--file',
    group: 'credentials',
    scope: 'run',
    commands: CREDENTIAL_COMMANDS,
    value: 'FILE',
    help: 'write the Secrets to a new file that only you can read, outside of every repository; --force overwrites it',
    rule: rules.file,
  },
  sops: yesNo({
    group: 'credentials',
    scope: 'run',
    commands: CREDENTIAL_COMMANDS,
    help: 'write the Secrets into the config repo, encrypted by your own sops for the recipients of --sops-age',
  }),
  rotate: yesNo({
    group: 'credentials',
    scope: 'run',
    commands: CREDENTIAL_COMMANDS,
    help: 'replace the deploy keys: register new ones, wait until Flux has read with them, remove the old ones; needs --live',
  }),
  listKeys: yesNo({
    flag: '--list',
    group: 'credentials',
    scope: 'run',
    commands: CREDENTIAL_COMMANDS,
    help: 'list the deploy keys of this estate on GitHub; with --live also which Secret has which key',
  }),
  revoke: yesNo({
    group: 'credentials',
    scope: 'run',
    commands: CREDENTIAL_COMMANDS,
    help: 'remove the deploy keys of these environments from GitHub, unless another environment needs them',
  }),
  prune: yesNo({
    group: 'credentials',
    scope: 'run',
    commands: CREDENTIAL_COMMANDS,
    help: 'remove the deploy keys of this estate that no Secret of the cluster has; needs --live',
  }),
  knownHosts: {
    group: 'credentials',
    scope: 'run',
    commands: CREDENTIAL_COMMANDS,
    value: 'FILE',
    help: 'the ssh host keys of your GitHub Enterprise Server, as in known_hosts (default: what the API of GitHub says)',
    rule: rules.file,
  },
  secretStdin: yesNo({
    group: 'credentials',
    scope: 'run',
    commands: CREDENTIAL_COMMANDS,
    help: 'read what Flux gets from standard input: the token, or the private key of the GitHub App',
  }),
  appId: {
    group: 'credentials',
    scope: 'run',
    commands: CREDENTIAL_COMMANDS,
    value: 'ID',
    help: 'the ID of the GitHub App',
    rule: rules.appId,
  },
  installationId: {
    group: 'credentials',
    scope: 'run',
    commands: CREDENTIAL_COMMANDS,
    value: 'ID',
    help: 'the ID of the installation of the GitHub App (default: the installation that GitHub names)',
    rule: rules.appId,
  },
  privateKey: {
    group: 'credentials',
    scope: 'run',
    commands: CREDENTIAL_COMMANDS,
    value: 'FILE',
    help: 'the file with the private key of the GitHub App',
    rule: rules.file,
  },
  apiTokenStdin: yesNo({
    flag: '--token-stdin',
    group: 'credentials',
    scope: 'run',
    commands: CREDENTIAL_COMMANDS,
    help: 'read the GitHub token that manages deploy keys from standard input; Flux does not get it',
  }),
  overwrite: yesNo({
    flag: '--force',
    group: 'credentials',
    scope: 'run',
    commands: CREDENTIAL_COMMANDS,
    help: 'let --file overwrite an existing file',
  }),
  fetch: yesNo({
    group: 'this run',
    scope: 'run',
    commands: VERIFY,
    help: 'first clone the app repos that are not beside the config repo',
  }),
  sarif: {
    group: 'this run',
    scope: 'run',
    commands: VERIFY,
    value: 'FILE',
    help: 'also write the findings to this file, in the format of code scanning on GitHub',
    rule: rules.sarifFile,
  },
  watch: yesNo({
    group: 'this run',
    scope: 'run',
    commands: ['status'],
    help: 'show it again every two seconds and mark what changed, until Ctrl-C; without a terminal, print a line for each change',
  }),
  yes: yesNo({
    group: 'this run',
    scope: 'run',
    commands: EVERY,
    help: 'ask no questions about settings and use the defaults; without a terminal, every run does this',
    short: 'y',
  }),
  dryRun: yesNo({
    group: 'this run',
    scope: 'run',
    commands: WRITING,
    help: 'show the plan and write nothing',
  }),
  json: yesNo({
    group: 'this run',
    scope: 'run',
    commands: EVERY,
    help: 'print the result, or with --dry-run the plan, as one JSON document; ask nothing',
  }),
  check: yesNo({
    group: 'this run',
    scope: 'run',
    commands: UPDATE,
    help: 'write nothing, say what there is to update, and exit with 1 if there is something',
  }),
  conflictMarkers: yesNo({
    group: 'this run',
    scope: 'run',
    commands: UPDATE,
    help: 'write conflict markers into the files where you and this version changed the same lines, and exit with 1',
  }),
  force: yesNo({
    group: 'this run',
    scope: 'run',
    commands: MERGING,
    help: 'overwrite files that you edited and restore files that you deleted, without a question; with --publish, also push although verify finds errors',
  }),
  pushErrors: yesNo({
    flag: '--force',
    group: 'this run',
    scope: 'run',
    commands: ['adopt'],
    // Yeoman's test runner sets this flag for every generator, so it stands alone as well.
    help: 'with --publish, push although verify finds errors',
  }),
  keep: yesNo({
    group: 'this run',
    scope: 'run',
    commands: MERGING,
    help: 'keep all files that you edited, without a question',
  }),
  takeOver: yesNo({
    group: 'this run',
    scope: 'run',
    commands: ['tenant'],
    help: 'write the files of this version for these environments, which a user wrote by hand before the estate was adopted; their objects in the cluster keep their names',
  }),
  repair: yesNo({
    group: 'this run',
    scope: 'run',
    commands: ['adopt'],
    help: 'write .yo-rc.json again, if it is damaged, empty, lost or wrong: from the manifests, from what can still be read of it, and from the history of git',
  }),
  help: yesNo({
    group: 'this run',
    scope: 'run',
    commands: EVERY,
    help: 'show this help',
    short: 'h',
  }),
  version: yesNo({
    group: 'this run',
    scope: 'run',
    commands: EVERY,
    help: 'show the version',
    short: 'v',
  }),
} as const satisfies { readonly [key: string]: Setting };

type Settings = typeof SETTINGS;
export type SettingKey = keyof Settings;

/** The keys of the settings with the scope `S`. */
export type KeysOf<S extends Scope> = {
  [K in SettingKey]: Settings[K] extends { readonly scope: S } ? K : never;
}[SettingKey];

/** The value of the setting `K`; a list if the flag can be given more than once. */
export type ValueOf<K extends SettingKey> =
  Settings[K]['rule'] extends rules.Rule<infer T>
    ? Settings[K] extends { readonly list: true }
      ? readonly T[]
      : T
    : never;

/** The settings that an estate records once. */
export type EstateSettings = { readonly [K in KeysOf<'estate'>]: ValueOf<K> };
/** The settings of all environments that have no different value. */
export type SharedSettings = { readonly [K in KeysOf<'environment'>]: ValueOf<K> };
/** The settings of a single environment. */
export type PageSettings = { readonly [K in KeysOf<'each'>]: ValueOf<K> };

const ROWS: { readonly [K in SettingKey]: Setting } = SETTINGS;

/** The row of `key`, with the fields that only some rows have. */
export function settingOf(key: SettingKey): Setting {
  return ROWS[key];
}

/** The keys of all settings with `scope`, in the order of the table. */
export function keysOf<S extends Scope>(scope: S): readonly KeysOf<S>[] {
  return KEYS_OF_SCOPE[scope] as unknown as readonly KeysOf<S>[];
}

const keysWithScope = (scope: Scope): readonly SettingKey[] =>
  (Object.keys(SETTINGS) as SettingKey[]).filter((key) => ROWS[key].scope === scope);

const KEYS_OF_SCOPE: { readonly [S in Scope]: readonly SettingKey[] } = {
  estate: keysWithScope('estate'),
  environment: keysWithScope('environment'),
  each: keysWithScope('each'),
  names: keysWithScope('names'),
  run: keysWithScope('run'),
};

/** The settings that `command` takes. */
export function settingsOf(command: CommandName): SettingKey[] {
  const keys = Object.keys(SETTINGS) as SettingKey[];
  return keys.filter((key) => ROWS[key].commands.includes(command));
}

/** Whether `key` is a switch: a flag that means yes and has no value in the help. */
export function isSwitch(key: SettingKey): boolean {
  return ROWS[key].isYesNo === true && ROWS[key].value === undefined;
}

/** The flag of a setting: `githubUrl` is `--github-url`. */
export function flagOf(key: SettingKey): string {
  const kebab = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return ROWS[key].flag ?? `--${kebab}`;
}

/** The default of `key` as text; it can depend on `environment`. Undefined for a list. */
export function defaultText(key: SettingKey, environment = ''): string | undefined {
  const text = ROWS[key].default;
  return typeof text === 'function' ? text(environment) : text;
}
