/** Refusals of the API, of tokens and of what exists on GitHub. `{…}` is filled in from facts. */
export const GITHUB_REFUSALS = {
  NO_TOKEN: {
    message: 'No GitHub token for {host} was found{seen}.',
    hint: 'Run "gh auth login --hostname {host}", or set {variable}, or pipe a token into --token-stdin.',
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
    hint: 'Run "gh auth refresh --hostname {host} --scopes {needed}", or give the token this scope at {tokens}.',
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
    message: 'There is no user or organization named {owner} on {host}.',
    hint: 'Check --owner: it is the name in the address of a profile, not an e-mail address.',
  },
  OTHER_USER: {
    message: 'The token belongs to {login}; it cannot create repositories for the user {owner}.',
    hint: 'Use --owner {login}, an organization of yours, or a token of {owner}.',
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
    hint: 'Choose another name. If it is yours, clone it and run the command inside the clone.',
  },
  RENAMED: {
    message: '{repo} was renamed: it now redirects to {target}.',
    hint: 'Choose another name; a new repository would break the redirect.',
  },
  HIDDEN: {
    message: '{repo} already exists, but this token cannot see it.',
    hint: 'Choose another name, or use a token that has access to {repo} (scope repo).',
  },
  REFUSED_NAME: {
    message: '{host} does not accept the repository {repo}: {said}',
    hint: 'Change the name or the setting that it names.',
  },
  EMPTY_NOT_OURS: {
    message: '{repo} already exists and is empty; this tool did not create it.',
    hint: 'If it is meant for this estate, add --adopt-empty; otherwise choose another name.',
  },
  PUBLIC: {
    message: '{repo} exists and is public, but private was asked for.',
    hint: 'Change it in its settings (this tool never does), or use --visibility public.',
  },
  ARCHIVED: {
    message: '{repo} is archived, so nothing can be pushed to it.',
    hint: 'Unarchive it in its settings, or choose another name.',
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
