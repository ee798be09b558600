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
    hint: 'git -C {folder} pull --rebase --autostash origin {branch}',
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
    hint: 'Run "gh auth refresh --hostname {host} --scopes workflow", or give the token the scope workflow.',
  },
  PRIVATE_EMAIL: {
    message: 'The commit of {repo} holds an e-mail address that your GitHub account keeps private.',
    hint: 'git config --global user.email {noreply}; then git -C {folder} commit --amend --reset-author --no-edit',
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
    hint: 'When none is running: rm {file}',
  },
  DUBIOUS: {
    message: '{folder} belongs to another user, so git does not work in it.',
    hint: 'git config --global --add safe.directory {folder}',
  },
  ORIGIN: {
    message: '{folder} already has a remote "origin": {origin}; it would have to be {url}.',
    hint: 'git -C {folder} remote rename origin old',
  },
  DIRTY: {
    message: '{folder} is in the middle of {said}.',
    hint: 'Finish or abort it, and commit or stash what you have changed.',
  },
  OTHER_BRANCH: {
    message: '{folder} is on {said}, not on the branch {branch}.',
    hint: 'git -C {folder} switch {branch}, or give --branch.',
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
  DECLINED: {
    message: 'Publishing was not confirmed.',
    hint: 'Answer y, or use --visibility private, or --yes.',
  },
  ABORTED: {
    message: 'Publishing was interrupted.',
    hint: 'What was begun is found again by the next run.',
  },
  OTHER_TARGET: {
    message: '{repo} is not where this folder was published to: that was {target}.',
    hint: 'Use the same --owner and --github-url, or generate into another folder; to start over: rm {file}',
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
