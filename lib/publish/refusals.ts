import { UserError } from '../errors.ts';
import { shellWord } from '../render/quoting.ts';
import type { PublishProblem } from './state.ts';

/**
 * Refusals of the API, of tokens and of what exists on GitHub. `{…}` is filled in from facts, `{$…}`
 * as one word of a shell: it stands in a command that is made to be copied.
 */
export const GITHUB_REFUSALS = {
  NO_TOKEN: {
    message: 'No GitHub token for {host} was found{seen}.',
    hint: 'Run "gh auth login --hostname {$host}", or set {variable}, or pipe a token into --token-stdin. Another GitHub is named with --github-url.',
  },
  BAD_TOKEN: {
    message: '{host} rejected the token from {source} (401).',
    hint: 'It is mistyped, expired or revoked: make a new one at {tokens}.',
  },
  MALFORMED_TOKEN: {
    message: 'The token from {source} holds characters that no GitHub token has.',
    hint: 'Copy it again, alone on one line; set {variable} or use --token-stdin.',
  },
  SCOPE: {
    message: 'The token may not create or push repositories (scopes: {scopes}; needed: {needed}).',
    hint: 'Run "gh auth refresh --hostname {$host} --scopes {needed}", or give the token this scope at {tokens}.',
  },
  FINE_GRAINED: {
    message: 'The token lacks permissions for {what}: {permissions}.',
    hint:
      'A fine-grained token needs Administration and Contents (and Workflows, for workflow files) read and ' +
      'write, for all repositories, with {owner} as its resource owner, and approval where the organization asks for it.',
  },
  INSTALLATION_TOKEN: {
    message:
      "The token from {source} belongs to a workflow or an app (GitHub Actions' GITHUB_TOKEN); it cannot create repositories.",
    hint: 'Store a personal access token as a secret and pass it as {variable}.',
  },
  SSO: {
    message:
      'The organization {owner} uses SAML single sign-on and this token is not authorized for it.',
    hint: 'Authorize it (the link is valid for one hour): {url}',
  },
  OWNER_404: {
    message: 'There is no user or organization named {owner} on {host}, to own {repos}.',
    hint: 'Check --owner: it is the name in the address of a profile, not an e-mail address.',
  },
  OTHER_USER: {
    message:
      'The token belongs to {login}; it cannot create repositories for the user {owner}: {repos}.',
    hint: 'Use --owner {login}, an organization of yours, or a token of {owner}.',
  },
  DEMO_OWNER: {
    message: '{repo} is the repository of the public demo, and you cannot push to it.',
    hint: 'Make the estate yours first: flux-gitops --owner {$login} --into {$workspace}',
  },
  TWO_GITHUBS: {
    message: 'The repositories are on several GitHubs ({hosts}), and --token-stdin is one token.',
    hint: 'Set a variable for each instead: GH_TOKEN for github.com, GH_ENTERPRISE_TOKEN for a server.',
  },
  ORG_DENIED: {
    message: 'You ({login}) may not create {visibility} repositories in {owner}: {said}',
    hint: 'Ask an owner of {owner} for the right to create repositories, or use --owner {login}.',
  },
  VISIBILITY: {
    message: '{owner} does not allow {visibility} repositories: {said}',
    hint: 'Use --visibility {other}, or ask an owner of {owner} (managed users of an enterprise have no public repositories).',
  },
  NAME_TAKEN: {
    message: '{repo} already exists and holds commits that did not come from this folder.',
    hint: '{rename} If it is yours, clone it and run the command inside the clone.',
  },
  RENAMED: {
    message: '{repo} was renamed: it now redirects to {target}.',
    hint: '{rename} A new repository of this name would break the redirect.',
  },
  HIDDEN: {
    message: '{repo} already exists, but this token cannot see it.',
    hint: 'Use a token that has access to {repo} (scope repo), or start over in an empty folder with other names.',
  },
  REFUSED_NAME: {
    message: '{host} does not accept the repository {repo}: {said}',
    hint: 'Change the name or the setting that it names.',
  },
  EMPTY_NOT_OURS: {
    message: '{repo} already exists and is empty; this tool did not create it.',
    hint: 'If it is meant for this estate, add --adopt-empty. {rename}',
  },
  PUBLIC: {
    message: '{repo} exists and is public, but private was asked for.',
    hint: 'Change it in its settings (this tool never does), or use --visibility public.',
  },
  ARCHIVED: {
    message: '{repo} is archived, so nothing can be pushed to it.',
    hint: 'Unarchive it in its settings. {rename}',
  },
  TWO_BRANCHES: {
    message: '{repo} is followed on more than one branch ({branches}), and one push reaches one.',
    hint: 'Push it by hand, a branch at a time, and leave out --publish; or give all of them one --branch.',
  },
  RATE_LIMIT: {
    message: 'The API quota of this token is used up; it resets at {reset}.',
    hint: 'Wait until then.',
  },
  SECONDARY_LIMIT: {
    message: '{host} asks to slow down (secondary rate limit).',
    hint: 'Wait {seconds} seconds.',
  },
  NETWORK: {
    message: 'No connection to {host} ({said}).',
    hint: 'Check the network and the proxy: NODE_USE_ENV_PROXY=1 with HTTPS_PROXY for the API, http.proxy for git.',
  },
  DNS: {
    message: 'The host {host} cannot be found ({said}).',
    hint: 'Check --github-url, DNS and VPN.',
  },
  TLS: {
    message: 'The certificate of {host} is not trusted ({said}).',
    hint: 'Set NODE_EXTRA_CA_CERTS for the API and http.sslCAInfo for git to the certificate of your authority.',
  },
  GITHUB_5XX: {
    message: '{host} has a problem of its own ({said}), also after several tries.',
    hint: 'See githubstatus.com, or ask the administrator of {host}.',
  },
  NOT_GITHUB: {
    message: '{host} does not answer like GitHub ({said}).',
    hint: 'Check --github-url: it is the web address; the API is expected at {api}.',
  },
  API_REFUSED: {
    message: '{host} refused to {what}: {said}',
    hint: 'The answer of GitHub names the reason; the request was {request}.',
  },
} as const satisfies Record<string, { message: string; hint: string }>;

/** Refusals of a push, of git and of folders on this machine. `{…}` is filled in from facts. */
export const GIT_REFUSALS = {
  PUSH_401: {
    message: '{host} did not accept the token from {source} for the push to {repo}.',
    hint: 'Check that it is still valid and may write contents.',
  },
  PUSH_403: {
    message: 'The token may not push to {repo}{said}.',
    hint: 'It needs the scope repo (classic) or Contents: write (fine-grained).',
  },
  PUSH_404: {
    message: '{host} does not show {repo} to git yet (not found), although it exists.',
    hint: 'GitHub needs a moment after a repository is created.',
  },
  NON_FF: {
    message: '{repo} has commits that this folder does not have. Nothing was overwritten.',
    hint: 'git -C {$folder} pull --rebase --autostash origin {$branch}',
  },
  PROTECTED: {
    message: 'The branch {branch} of {repo} is protected: {said}',
    hint: 'Push a branch and open a pull request, or lift the protection for this push.',
  },
  RULESET: {
    message: 'A repository rule refuses the push to {repo}: {said}',
    hint: 'Change the rule, or ask its owner for a bypass.',
  },
  PUSH_PROTECTION: {
    message: 'GitHub found a secret in the push to {repo}: {said}',
    hint: 'Remove it, commit with --amend; or allow it: {url}',
  },
  TOO_LARGE: {
    message: 'A file of {repo} is over the limit of 100 MB: {said}',
    hint: 'Remove it from the folder and from the commit (git commit --amend).',
  },
  WORKFLOW_SCOPE: {
    message: 'The token may not push workflow files ({said}) to {repo}: it has no workflow scope.',
    hint: 'Run "gh auth refresh --hostname {$host} --scopes workflow", or give the token the scope workflow.',
  },
  PRIVATE_EMAIL: {
    message: 'The commit of {repo} holds an e-mail address that your GitHub account keeps private.',
    hint: 'git config --global user.email {$noreply}; then git -C {$folder} commit --amend --reset-author --no-edit',
  },
  PUSH_REFUSED: {
    message: 'The push to {repo} was refused: {said}',
    hint: 'The text above comes from git or from the server.',
  },
  NO_GIT: {
    message: 'git is not installed, or not on PATH.',
    hint: 'Install git 2.28 or newer: https://git-scm.com/downloads',
  },
  OLD_GIT: {
    message: 'git {version} is too old.',
    hint: 'Install git 2.28 or newer: https://git-scm.com/downloads',
  },
  NO_IDENTITY: {
    message: 'git does not know who you are ({said}).',
    hint: 'git config --global user.name "Your Name"; git config --global user.email you@example.com',
  },
  SIGNING: {
    message: 'git is set to sign commits and signing failed ({said}).',
    hint: 'Unlock the key (gpg-agent, ssh-agent).',
  },
  LOCKED: {
    message: 'Another git process uses {folder}, or one was killed there.',
    hint: 'When none is running: rm {$file}',
  },
  DUBIOUS: {
    message: '{folder} belongs to another user, so git does not work in it.',
    hint: 'git config --global --add safe.directory {$folder}',
  },
  ORIGIN: {
    message: '{folder} already has a remote "origin": {origin}; it would have to be {url}.',
    hint: 'git -C {$folder} remote rename origin old',
  },
  DIRTY: {
    message: '{folder} is in the middle of {said}.',
    hint: 'Finish or abort it, and commit or stash what you have changed.',
  },
  OTHER_BRANCH: {
    message: '{folder} is on {said}, not on the branch {branch}.',
    hint: 'git -C {$folder} switch {$branch}, or give --branch.',
  },
  GIT_TIMEOUT: {
    message:
      'git gave no sign of life for {seconds} seconds while it talked to {host} about {repo}.',
    hint: 'The push may still have landed; the next run looks first.',
  },
  GIT_FAILED: {
    message: 'git failed in {folder}: {said}',
    hint: 'The text above comes from git.',
  },
  ABORTED: {
    message: 'Cancelled while publishing. The files are written on this machine.',
    hint: 'GitHub may have carried out the last request. The next run finds out.',
  },
  OTHER_TARGET: {
    message: '{repo} is not where this folder was published to: that was {target}.',
    hint: 'Use the same --owner and --github-url, or generate into another folder; to start over: rm {$file}',
  },
  JOURNAL: {
    message: 'The journal {file} cannot be read or written ({said}).',
    hint: 'Check the rights of the folder, or remove the file if it is damaged.',
  },
  UNREADABLE: {
    message: 'A file of {repo} cannot be read: {said}',
    hint: 'Run the command again without --publish to write it anew.',
  },
} as const satisfies Record<string, { message: string; hint: string }>;

/**
 * Every refusal of publishing: what it says and how to go on. The texts of git and GitHub that lead
 * here are in explain.ts.
 */
export const REFUSALS = { ...GITHUB_REFUSALS, ...GIT_REFUSALS };

/** The name of a refusal; `--json` shows it as `code`. */
export type Reason = keyof typeof REFUSALS;

/** What a message is filled with: `{owner}`, `{host}` … */
export type Facts = Readonly<Record<string, string | undefined>>;

/** How far a run came before it failed, by full name (OWNER/NAME). */
export type RunSoFar = {
  /** Whether files may have been written on this machine. */
  readonly written: boolean;
  readonly created: readonly string[];
  readonly pushed: readonly string[];
  readonly missing: readonly string[];
  readonly command: string;
};

/** A refusal of GitHub, git or this tool while publishing; its message is ready to be shown. */
export class PublishError extends UserError {
  readonly reason: Reason;
  /** OWNER/NAME, when one repository is meant. */
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

  /** The same refusal, told with how far the run came. */
  after(soFar: RunSoFar): PublishError {
    return new PublishError(this.reason, this.facts, this.cause, soFar);
  }
}

/** `error` as `--json` shows it. */
export function publishProblem(error: PublishError): PublishProblem {
  const { reason, summary, hint, repo, soFar } = error;
  const about = repo === undefined ? {} : { repo };
  if (soFar === undefined) return { code: reason, message: summary, hint, ...about };
  const { created, pushed } = soFar;
  return { code: reason, message: summary, hint, ...about, created, pushed };
}

/** Several refusals of one run (several repositories that are taken, say) as one error. */
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

/** `isCertain` is false when a request was under way whose answer nobody knows. */
function describeSoFar(
  { written, created, pushed, missing, command }: RunSoFar,
  isCertain: boolean,
): string[] {
  const again = isCertain
    ? `  When that is done, run the same command again; it resumes: ${command}`
    : `  Run the same command again; it resumes: ${command}`;
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
