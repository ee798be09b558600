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
