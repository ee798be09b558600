import { UserError } from '../errors.ts';
import { shellWord } from '../render/quoting.ts';
import type { PublishProblem } from './state.ts';

/**
 * Refusals because of the API, a token or a repository on GitHub. `{…}` is filled in from facts. `{$…}` is filled in as
 * one word of a shell, for a command that a user copies.
 */
export const GITHUB_REFUSALS = {
  NO_TOKEN: {
    message: 'There is no GitHub token for {host}{seen}.',
    hint: 'Run "gh auth login --hostname {$host}", set {variable}, or pipe a token into --token-stdin. To use another GitHub, give --github-url.',
  },
  BAD_TOKEN: {
    message: '{host} rejected the token from {source} (401).',
    hint: 'The token is mistyped, expired or revoked. Create a new token at {tokens}.',
  },
  MALFORMED_TOKEN: {
    message: 'The token from {source} contains characters that a GitHub token never has.',
    hint: 'Copy the token again, alone on one line. Set {variable} or use --token-stdin.',
  },
  SCOPE: {
    message:
      'The token is not allowed to create repositories or to push to them (scopes: {scopes}; needed: {needed}).',
    hint: 'Run "gh auth refresh --hostname {$host} --scopes {needed}", or give the token this scope at {tokens}.',
  },
  FINE_GRAINED: {
    message: 'The token lacks the permissions to {what}: {permissions}.',
    hint:
      'A fine-grained token needs read and write access to Administration and Contents, to Workflows if the estate has workflow files, and to Pull requests for --pull-request. ' +
      'Its resource owner must be {owner}, and it must cover all repositories. Some organizations must approve the token first.',
  },
  INSTALLATION_TOKEN: {
    message:
      'The token from {source} belongs to a workflow or an app (such as the GITHUB_TOKEN of GitHub Actions). Such a token cannot create repositories.',
    hint: 'Store a personal access token as a secret and pass it as {variable}.',
  },
  SSO: {
    message:
      'The organization {owner} uses SAML single sign-on, and this token is not authorized for it.',
    hint: 'Authorize the token (the link is valid for one hour): {url}',
  },
  OWNER_404: {
    message: '{host} has no user or organization {owner} that could own {repos}.',
    hint: 'Check --owner. The owner is the name in the address of a profile, not an e-mail address.',
  },
  OTHER_USER: {
    message:
      'The token belongs to {login}. It cannot create repositories for the user {owner}: {repos}.',
    hint: 'Use --owner {login}, one of your organizations, or a token of {owner}.',
  },
  DEMO_OWNER: {
    message: '{repo} is a repository of the public demo, and you cannot push to it.',
    hint: 'Write the estate for your own account first: flux-gitops --owner {$login} --into {$workspace}',
  },
  TWO_GITHUBS: {
    message:
      'The repositories are on several GitHubs ({hosts}), but --token-stdin takes only one token.',
    hint: 'Set a variable for each GitHub instead: GH_TOKEN for github.com, GH_ENTERPRISE_TOKEN for GitHub Enterprise Server.',
  },
  ORG_DENIED: {
    message: '{login} is not allowed to create {visibility} repositories in {owner}: {said}',
    hint: 'Ask an owner of {owner} for the right to create repositories, or use --owner {login}.',
  },
  VISIBILITY: {
    message: '{owner} does not allow {visibility} repositories: {said}',
    hint: 'Use --visibility {other}, or ask an owner of {owner}. Managed users of an enterprise cannot have public repositories.',
  },
  NAME_TAKEN: {
    message: '{repo} already exists and has commits that did not come from this folder.',
    hint: '{rename} If the repository is yours, clone it and run the command inside the clone.',
  },
  RENAMED: {
    message: '{repo} was renamed. Its old name redirects to {target}.',
    hint: '{rename} Then run with --publish again. A new repository with the old name would break the redirect.',
  },
  HIDDEN: {
    message: '{repo} already exists, but this token cannot see it.',
    hint: 'Use a token that has access to {repo} (scope repo), or start again in an empty folder with other names.',
  },
  REFUSED_NAME: {
    message: '{host} does not accept the repository {repo}: {said}',
    hint: 'Change the name or the setting that {host} objects to.',
  },
  EMPTY_NOT_OURS: {
    message: '{repo} already exists and is empty, but this tool did not create it.',
    hint: 'If you created it for this estate, add --adopt-empty. {rename}',
  },
  PUBLIC: {
    message: '{repo} exists and is public, but you asked for private repositories.',
    hint: 'Make it private in its settings (this tool never changes the visibility), or use --visibility public.',
  },
  PRIVATE: {
    message:
      '{repo} exists and is private, but this estate is public: Flux would read it without credentials.',
    hint: 'Make it public in its settings (this tool never changes the visibility), or use --visibility private. To keep a Secret of your own, add --credentials none.',
  },
  ARCHIVED: {
    message: '{repo} is archived. GitHub accepts no push to an archived repository.',
    hint: 'Unarchive the repository in its settings. {rename}',
  },
  TWO_BRANCHES: {
    message:
      'Flux follows more than one branch of {repo} ({branches}), but --publish pushes only one branch.',
    hint: 'Leave out --publish and push each branch by hand, or use one --branch for all of them.',
  },
  RATE_LIMIT: {
    message: 'The API quota of this token is used up. It resets at {reset}.',
    hint: 'Run the command again after that time.',
  },
  SECONDARY_LIMIT: {
    message: '{host} asks for fewer requests (secondary rate limit).',
    hint: 'Wait {seconds} seconds.',
  },
  NETWORK: {
    message: 'There is no connection to {host} ({said}).',
    hint: 'Check the network and the proxy. The API needs NODE_USE_ENV_PROXY=1 and HTTPS_PROXY. git needs http.proxy.',
  },
  DNS: {
    message: 'The host {host} cannot be found ({said}).',
    hint: 'Check --github-url, the DNS and the VPN.',
  },
  TLS: {
    message: 'This machine does not trust the certificate of {host} ({said}).',
    hint: 'Set NODE_EXTRA_CA_CERTS (for the API) and http.sslCAInfo (for git) to the certificate of your certificate authority.',
  },
  GITHUB_5XX: {
    message: '{host} has a fault ({said}). Several tries did not help.',
    hint: 'See githubstatus.com, or ask the administrator of {host}.',
  },
  NOT_GITHUB: {
    message: '{host} does not answer like GitHub ({said}).',
    hint: 'Check --github-url. It must be the web address. The API is expected at {api}.',
  },
  API_REFUSED: {
    message: '{host} refused to {what}: {said}',
    hint: 'The answer of GitHub above names the reason. The request was {request}.',
  },
} as const satisfies Record<string, { message: string; hint: string }>;

/** Refusals because of the credentials that Flux gets. `{…}` is filled in from facts. */
export const CREDENTIAL_REFUSALS = {
  KEYS_DISABLED: {
    message: '{owner} does not allow deploy keys for {repo}: {said}',
    hint: 'An owner of the organization can allow them (Settings, Member privileges, Deploy keys). Or give Flux a GitHub App or a token: flux-gitops --credentials github-app',
  },
  KEY_IN_USE: {
    message:
      'GitHub refuses the deploy key for {repo}, because another repository or a user has this key: {said}',
    hint: 'Each repository needs its own key. Remove the Secret with this key from the cluster, and run the command again. It makes a new key.',
  },
  KEY_REFUSED: {
    message: 'GitHub refuses the deploy key for {repo}: {said}',
    hint: 'GitHub wrote the reason above.',
  },
  NO_ADMIN: {
    message:
      'The token from {source} is not allowed to manage the deploy keys of {repo}, or {repo} does not exist.',
    hint: 'Publish the repository first. A classic token needs the scope repo, a fine-grained token needs Administration: write, and you must be an administrator of {repo}.',
  },
  NO_HOST_KEYS: {
    message: '{host} does not say the host keys of its git server. No key is trusted on first use.',
    hint: 'Ask the administrator of {host} for the keys, and give them with --known-hosts FILE.',
  },
  NO_KNOWN_HOST: {
    message: 'The file {file} has no key of {host}.',
    hint: 'Add a line that starts with {host}, with the key that the administrator of the server gives you. Patterns and certificates do not count.',
  },
  TOKEN_READS_NOT: {
    message: 'The token from {source} does not read {repo}.',
    hint: 'A fine-grained token needs the resource owner {owner}, the repository {repo}, and Contents: read-only. Some organizations must approve the token first.',
  },
  APP_KEY: {
    message: '{host} does not accept the key from {source} for the GitHub App {app} (401).',
    hint: 'Check --app-id, and create a new private key in the settings of the App. The clock of this machine must be right.',
  },
  APP_MALFORMED_KEY: {
    message: 'The text from {source} is not the private key of a GitHub App.',
    hint: 'Give the file with the ending .pem that GitHub created. It starts with -----BEGIN RSA PRIVATE KEY-----.',
  },
  APP_WITHOUT_ACCESS: {
    message: 'The GitHub App {app} has no access to {repo}.',
    hint: 'Install the App for {owner}, and select {repo} there.',
  },
  APP_OTHER_INSTALLATION: {
    message:
      'The GitHub App {app} reads {repo} with the installation {installation}, and not {given}.',
    hint: 'Leave out --installation-id, or give {installation}.',
  },
  APP_SUSPENDED: {
    message: 'The installation of the GitHub App {app} for {repo} is suspended.',
    hint: 'An owner of {owner} can end the suspension in the settings of the installation.',
  },
  APP_READS_NOT: {
    message: 'The GitHub App {app} may not read the contents of {repo}.',
    hint: 'Give the App the permission Contents: read-only, and accept the change in the settings of the installation.',
  },
} as const satisfies Record<string, { message: string; hint: string }>;

/** Refusals because of a push, git or a folder on this machine. `{…}` is filled in from facts. */
export const GIT_REFUSALS = {
  PUSH_401: {
    message: '{host} did not accept the token from {source} for the push to {repo}.',
    hint: 'Check that the token is still valid and has write access to contents.',
  },
  PUSH_403: {
    message: 'The token is not allowed to push to {repo}{said}.',
    hint: 'A classic token needs the scope repo. A fine-grained token needs Contents: write.',
  },
  PUSH_404: {
    message: '{repo} exists, but git cannot find it on {host} yet.',
    hint: 'GitHub needs a moment after it has created a repository.',
  },
  NON_FF: {
    message: '{repo} has commits that this folder does not have. Nothing was overwritten.',
    hint: 'Run: git -C {$folder} pull --rebase --autostash origin {$branch}',
  },
  PROTECTED: {
    message: 'The branch {branch} of {repo} is protected: {said}',
    hint: 'Push another branch and open a pull request, or remove the protection for this push.',
  },
  RULESET: {
    message: 'A repository rule rejects the push to {repo}: {said}',
    hint: 'Change the rule, or ask the owner of the rule for a bypass.',
  },
  PUSH_PROTECTION: {
    message: 'GitHub found a secret in the push to {repo}: {said}',
    hint: 'Remove the secret and commit with --amend. If it is not a secret, allow it: {url}',
  },
  TOO_LARGE: {
    message: 'A file of {repo} is larger than the limit of 100 MB: {said}',
    hint: 'Remove the file from the folder and from the commit (git commit --amend).',
  },
  WORKFLOW_SCOPE: {
    message:
      'The token is not allowed to push workflow files ({said}) to {repo}, because it has no workflow scope.',
    hint: 'Run "gh auth refresh --hostname {$host} --scopes workflow", or give the token the scope workflow.',
  },
  PRIVATE_EMAIL: {
    message:
      'The commit of {repo} contains an e-mail address that your GitHub account keeps private.',
    hint: 'Run: git config --global user.email {$noreply}; git -C {$folder} commit --amend --reset-author --no-edit',
  },
  PUSH_REFUSED: {
    message: 'The push to {repo} was rejected: {said}',
    hint: 'git or the server wrote the reason above.',
  },
  NO_GIT: {
    message: 'git is not installed, or PATH does not include it.',
    hint: 'Install git 2.28 or newer: https://git-scm.com/downloads',
  },
  OLD_GIT: {
    message: 'git {version} is too old.',
    hint: 'Install git 2.28 or newer: https://git-scm.com/downloads',
  },
  NO_IDENTITY: {
    message: 'git does not know who you are ({said}).',
    hint: 'Run: git config --global user.name "Your Name"; git config --global user.email you@example.com',
  },
  SIGNING: {
    message: 'git must sign commits here, but signing failed ({said}).',
    hint: 'Unlock the key (gpg-agent, ssh-agent).',
  },
  LOCKED: {
    message: 'Another git process uses {folder}, or a git process was killed there.',
    hint: 'If no git process is running, run: rm {$file}',
  },
  DUBIOUS: {
    message: '{folder} belongs to another user, so git does not work in it.',
    hint: 'Run: git config --global --add safe.directory {$folder}',
  },
  ORIGIN: {
    message: 'The remote "origin" of {folder} is {origin}. It must be {url}.',
    hint: 'Run: git -C {$folder} remote rename origin old',
  },
  DIRTY: {
    message: '{folder} is in the middle of {said}.',
    hint: 'Finish or abort it. Then commit or stash your changes.',
  },
  OTHER_BRANCH: {
    message: '{folder} is on {said}, not on the branch {branch}.',
    hint: 'Run: git -C {$folder} switch {$branch}.{or}',
  },
  NOT_PUBLISHED: {
    message:
      '{folder} is not published as {repo} yet, so there is no branch to propose changes to.',
    hint: 'Publish the estate first, or run the command in clones of its repositories. To publish it, run: flux-gitops --publish --into {$folder}',
  },
  UPDATE_BRANCH: {
    message: '{folder} already has a branch {branch}, with commits that {followed} does not have.',
    hint: 'To go on from that branch, run: git -C {$folder} switch {$branch}. If its pull request is merged or nobody needs it, run: git -C {$folder} branch -D {$branch}',
  },
  BRANCH_THERE: {
    message:
      '{repo} already has a branch {branch}, with commits that this folder does not have. Nothing was overwritten.',
    hint: 'To go on from that branch, run: git -C {$folder} fetch origin && git -C {$folder} switch {$branch}. If its pull request is merged or nobody needs it, delete the branch on GitHub.',
  },
  PULL_REFUSED: {
    message: '{host} opens no pull request for {repo}: {said}',
    hint: 'The branch {branch} is pushed. You can open the pull request by hand: {url}',
  },
  GIT_TIMEOUT: {
    message:
      'git reported no progress for {seconds} seconds while it talked to {host} about {repo}.',
    hint: 'The push may have succeeded. The next run checks that first.',
  },
  GIT_FAILED: {
    message: 'git failed in {folder}: {said}',
    hint: 'git wrote the reason above.',
  },
  ABORTED: {
    message: 'Cancelled while publishing. The files are written on this machine.',
    hint: 'GitHub may have done what the last request asked for. The next run checks that.',
  },
  OTHER_TARGET: {
    message: 'This folder was published to {target}, not to {repo}.',
    hint: 'Use the same --owner and --github-url, or generate into another folder. To start again, run: rm {$file}',
  },
  JOURNAL: {
    message: 'This tool cannot read or write its journal {file} ({said}).',
    hint: 'Check the permissions of the folder. If the file is damaged, remove it.',
  },
  UNREADABLE: {
    message: 'This tool cannot read a file of {repo}: {said}',
    hint: 'Run the command again without --publish. It writes the file again.',
  },
} as const satisfies Record<string, { message: string; hint: string }>;

/**
 * All reasons for which publishing or `credentials` stops, each with a message and a hint. explain.ts maps the texts of git and GitHub
 * to them.
 */
export const REFUSALS = { ...GITHUB_REFUSALS, ...CREDENTIAL_REFUSALS, ...GIT_REFUSALS };

/** The name of a refusal; `--json` shows it as `code`. */
export type Reason = keyof typeof REFUSALS;

/** The values for the placeholders of a message: `{owner}`, `{host}` … */
export type Facts = Readonly<Record<string, string | undefined>>;

/** What a run had done before it failed, by full name (OWNER/NAME). */
export type RunSoFar = {
  /** Whether files may have been written on this machine. */
  readonly written: boolean;
  readonly created: readonly string[];
  readonly pushed: readonly string[];
  readonly missing: readonly string[];
  readonly command: string;
};

/** Why publishing stopped: a refusal of GitHub, git or this tool. A user can read the message as it is. */
export class PublishError extends UserError {
  readonly reason: Reason;
  /** OWNER/NAME, when the refusal is about one repository. */
  readonly repo: string | undefined;
  readonly facts: Facts;
  readonly summary: string;
  readonly hint: string;
  readonly soFar: RunSoFar | undefined;

  constructor(reason: Reason, facts: Facts = {}, cause?: unknown, soFar?: RunSoFar) {
    const summary = fill(REFUSALS[reason].message, facts);
    const hint = fill(REFUSALS[reason].hint, facts);
    super(compose(summary, hint, facts, soFar, reason !== 'ABORTED'), 1, cause);
    this.reason = reason;
    this.repo = facts.repo;
    this.facts = facts;
    this.summary = summary;
    this.hint = hint;
    this.soFar = soFar;
  }

  /** The same refusal, with what the run had done before. */
  after(soFar: RunSoFar): PublishError {
    return new PublishError(this.reason, this.facts, this.cause, soFar);
  }
}

/** `error` as `--json` prints it. */
export function publishProblem(error: PublishError): PublishProblem {
  const { reason, summary, hint, repo, soFar } = error;
  const about = repo === undefined ? {} : { repo };
  if (soFar === undefined) return { code: reason, message: summary, hint, ...about };
  const { created, pushed } = soFar;
  return { code: reason, message: summary, hint, ...about, created, pushed };
}

/** Several refusals of one run as one error: for example, when several names are taken. */
export function combine(errors: readonly PublishError[], soFar?: RunSoFar): PublishError {
  const [first, ...others] = errors;
  if (first === undefined) throw new Error('combine needs at least one error');
  if (others.length === 0) return soFar === undefined ? first : first.after(soFar);
  const texts = others.map((error) => `${error.summary}\n  ${error.hint}`);
  const also = [...new Set(texts)]
    .filter((text) => !text.startsWith(`${first.summary}\n`))
    .join('\n');
  return new PublishError(first.reason, { ...first.facts, also }, first.cause, soFar);
}

function fill(template: string, facts: Facts): string {
  const value = (_: string, shell: string, key: string): string =>
    shell === '' ? (facts[key] ?? '?') : shellWord(facts[key] ?? '?');
  return template.replace(/\{(\$?)(\w+)\}/g, value).trim();
}

function compose(
  summary: string,
  hint: string,
  { repo, also }: Facts,
  soFar: RunSoFar | undefined,
  isCertain: boolean,
): string {
  const named = repo === undefined || summary.includes(repo) ? summary : `${repo}: ${summary}`;
  const others = also ? [also] : [];
  const end = soFar === undefined ? [] : describeSoFar(soFar, isCertain);
  return [named, `  ${hint}`, ...others, ...end].join('\n');
}

/** `isCertain` is false when the run ended before the answer to a request arrived. */
function describeSoFar(
  { written, created, pushed, missing, command }: RunSoFar,
  isCertain: boolean,
): string[] {
  const again = isCertain
    ? `  Then run the same command again. It continues where this run stopped: ${command}`
    : `  Run the same command again. It continues where this run stopped: ${command}`;
  if (!isCertain && created.length + pushed.length === 0) return [again];
  if (created.length + pushed.length === 0) {
    const here = written ? '' : 'No file was written. ';
    return [`  ${here}Nothing was created or changed on GitHub.`, again];
  }
  return [
    ...(created.length > 0 ? [`  Created by this run: ${created.join(', ')}.`] : []),
    ...(pushed.length > 0 ? [`  Pushed by this run: ${pushed.join(', ')}.`] : []),
    ...(missing.length > 0 ? [`  Not done yet: ${missing.join(', ')}.`] : []),
    again,
  ];
}
