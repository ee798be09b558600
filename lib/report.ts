import { join, sep } from 'node:path';
import { styleText } from 'node:util';
import {
  type ComparedRepo,
  type FileAction,
  type FileState,
  isNeeded,
  WRITES,
} from './disk/compare.ts';
import { templatesOf } from './disk/package-files.ts';
import { Interrupted, UserError } from './errors.ts';
import { namespaceOf } from './plan/estate.ts';
import type { Plan } from './plan/plan.ts';
import { mayKustomize } from './plan/values.ts';
import type { PublishResult } from './publish/state.ts';
import type { KubernetesObject } from './render/objects.ts';
import { shellCommand, shellWord } from './render/quoting.ts';
import { layerRenderer } from './render/render.ts';
import type { Given } from './settings/arguments.ts';
import { DEMO_OWNER } from './settings/settings.ts';
import { type Paint, painter } from './terminal.ts';

/** A file in a report: whose it is, and what a run does, or has done, to it. */
export type ReportedFile = {
  readonly path: string;
  readonly state: FileState;
  readonly action: FileAction;
  readonly objects?: readonly KubernetesObject[];
};

export type ReportedRepo = {
  readonly name: string;
  readonly role: 'config' | 'scenario';
  readonly url: string;
  readonly folder: string;
  readonly files: readonly ReportedFile[];
};

/** What a run will do or has done; with `--json` it is printed as it is. */
export type Report = {
  readonly dryRun: boolean;
  readonly changed: boolean;
  readonly repositories: readonly ReportedRepo[];
  readonly elsewhere: readonly {
    readonly repo: string;
    readonly url: string;
    readonly path: string;
    readonly contents: string;
  }[];
  /** What became of each repository on GitHub, with `--publish`. */
  readonly published?: readonly PublishResult[];
  readonly notes: readonly string[];
  readonly next: readonly string[];
};

/** What a run does to a file, as a plan says it and as a result says it. */
const ACTIONS: {
  readonly [action in FileAction]: {
    readonly plan: string;
    readonly result: string;
    readonly style: 'green' | 'yellow' | 'dim';
  };
} = {
  create: { plan: 'create', result: 'created', style: 'green' },
  replace: { plan: 'change', result: 'changed', style: 'yellow' },
  merge: { plan: 'merge', result: 'merged', style: 'yellow' },
  overwrite: { plan: 'overwrite', result: 'overwritten', style: 'yellow' },
  remove: { plan: 'remove', result: 'removed', style: 'yellow' },
  ask: { plan: 'ask', result: 'asked about', style: 'yellow' },
  keep: { plan: 'leave alone', result: 'left alone', style: 'dim' },
  none: { plan: 'identical', result: 'identical', style: 'dim' },
};

/** `report` as a plan: every repository, file and object. */
export function planText(report: Report, paint: Paint): string {
  const lines = report.repositories.flatMap((repo) => [
    '',
    `${paint('bold', repo.name)}  ${repo.role} repo, ${repo.url}, in ${repo.folder}`,
    ...repo.files.map((file) => fileLine(file, paint)),
  ]);
  return [...lines, '', ...noteLines(report)].join('\n').trimStart();
}

/** Environments that a summary lists. */
const LISTED = 20;

/**
 * `report` of `plan` in few lines, before it is carried out: an environment a line, the files of a repository
 * counted, and the run as one command.
 */
export function summaryText(
  plan: Plan,
  report: Report,
  words: readonly string[],
  paint: Paint,
): string {
  const rows = plan.environments.slice(0, LISTED).map((one) => {
    const guards = mayKustomize(one) ? 'hardened, kustomization.yaml allowed' : one.profile;
    return [one.name, namespaceOf(one), one.repo, guards];
  });
  const table = columns([['environment', 'namespace', 'fed by', 'profile'], ...rows]);
  const more = plan.environments.length - rows.length;
  const repos = report.repositories.map(({ name, url, files }) => {
    const counts = countsOf(files)
      .filter(({ action }) => action !== 'none')
      .map(({ action, count }) => `${count} to ${ACTIONS[action].plan}`);
    const counted = counts.length === 0 ? 'nothing to change' : `files: ${counts.join(', ')}`;
    return `${paint('bold', name)}  ${counted}\n  ${paint('dim', url)}`;
  });
  return [
    ...table.map((line, index) => (index === 0 ? paint('dim', line) : line)),
    ...(more > 0 ? [`and ${more} more`] : []),
    '',
    ...repos,
    '',
    ...noteLines(report),
    `Every file: the same command with --dry-run. Without questions: ${shellCommand([...words, '--yes'])}`,
  ].join('\n');
}

/** `rows` as lines whose cells stand below each other. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, index) =>
    Math.max(...rows.map((row) => row[index]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** A file that a user edited and to which nothing is to be brought is left alone, not identical. */
const shownAction = ({ state, action }: ReportedFile): FileAction =>
  state === 'edited' && action === 'none' ? 'keep' : action;

/** How many of `files` each action is for, in the order of ACTIONS; none that is for none of them. */
function countsOf(files: readonly ReportedFile[]): { action: FileAction; count: number }[] {
  const actions = Object.keys(ACTIONS) as FileAction[];
  return actions
    .map((action) => ({
      action,
      count: files.filter((file) => shownAction(file) === action).length,
    }))
    .filter(({ count }) => count > 0);
}

function fileLine(file: ReportedFile, paint: Paint): string {
  const { path, objects = [] } = file;
  const { plan, style } = ACTIONS[shownAction(file)];
  const named = objects.map(({ kind, name }) => `${kind}/${name}`);
  return `  ${paint(style, plan.padEnd(11))}  ${path}  ${paint('dim', named.join(' '))}`.trimEnd();
}

const noteLines = ({ notes, elsewhere }: Report): string[] => [
  ...notes.map((note) => `Note: ${note}`),
  ...elsewhere.map(({ repo, url, path }) => `Note: ${repo} (${url}) must get ${path}; see below.`),
];

/** `report` as the result of a run: counts, notes and the next steps. */
export function resultText(report: Report, paint: Paint): string {
  const repos = report.repositories.map(({ name, folder, files }) => {
    const counts = countsOf(files).map(({ action, count }) => `${count} ${ACTIONS[action].result}`);
    return `${paint('bold', name)}  ${counts.join(', ')}  ${paint('dim', folder)}`;
  });
  const { changed, published } = report;
  const idle = !changed && (published ?? []).every(({ created, pushed }) => !created && !pushed);
  const kept = report.repositories.some(({ files }) =>
    files.some((file) => shownAction(file) === 'keep'),
  );
  const verdict = idle
    ? [kept ? 'Nothing was changed.' : 'Nothing to do: every file is as it should be.']
    : [];
  const next =
    report.next.length > 0 ? ['', 'Next:', ...report.next.map((step) => `  ${step}`)] : [];
  const wanted = report.elsewhere.flatMap(({ url, path, contents }) => [
    '',
    `${url} must get ${paint('bold', path)} with these contents:`,
    '',
    contents.trimEnd(),
  ]);
  return [
    ...repos,
    ...verdict,
    ...report.notes.map((note) => `Note: ${note}`),
    ...wanted,
    ...next,
  ].join('\n');
}

/** The public demo repositories of DEMO_OWNER, and what they hold. */
const DEMO = new Map([
  ['dev', 'flux-dev'],
  ['stage', 'flux-stage-prod'],
  ['prod', 'flux-stage-prod'],
]);

/** What a reader of the plan should know and would not see. */
export function notesOf({ environments }: Plan, repos: readonly ComparedRepo[]): string[] {
  const demo = environments.filter(({ owner }) => owner === DEMO_OWNER);
  const missing = demo.filter(({ name, repo }) => DEMO.get(name) !== repo);
  const notes = fileNotes(repos);
  if (missing.length < demo.length)
    notes.unshift(
      `the syncs follow the public demo repositories of ${DEMO_OWNER}, which you cannot push to. ` +
        'Give --owner YOU to follow your own.',
    );
  const paths = missing.slice(0, 5).map(({ name, repo }) => `${repo}/${name}`);
  if (missing.length > 0)
    notes.unshift(`${DEMO_OWNER} has no ${paths.join(', ')}: give --owner YOU, and push it there.`);
  return notes;
}

/** What became of files that a user edited or deleted, and of files that are no longer written. */
function fileNotes(repos: readonly ComparedRepo[]): string[] {
  const paths = (state: FileState, action: FileAction): string =>
    listed(
      repos
        .flatMap(({ folder, files }) =>
          files
            .filter((file) => file.state === state && file.action === action)
            .map(({ path }) => shorten(join(folder, path))),
        )
        .sort(),
    );
  const texts: [string, string][] = [
    [paths('edited', 'merge'), 'edited by you: what is new was merged into it'],
    [
      paths('edited', 'ask'),
      'edited by you in the same lines: without a terminal such a run is refused',
    ],
    [paths('edited', 'keep'), 'edited by you, and left alone; --force writes it anew'],
    [paths('deleted', 'keep'), 'deleted by you, and stays so; --force brings it back'],
    [paths('leftover', 'remove'), 'no longer needed, and removed'],
    [paths('leftover', 'keep'), 'no longer needed, and left alone because you edited it'],
  ];
  return texts.filter(([list]) => list !== '').map(([list, text]) => `${list}: ${text}.`);
}

const listed = (words: readonly string[]): string =>
  words.length <= 6
    ? words.join(', ')
    : `${words.slice(0, 5).join(', ')} and ${words.length - 5} more`;

/** The commands that come after a run that wrote `plan`; `folders` says where each repo lies. */
export function nextSteps(
  plan: Plan,
  folders: ReadonlyMap<string, string>,
  published: boolean,
): string[] {
  const config = plan.repos.find(({ role }) => role === 'config');
  const first = plan.environments[0];
  if (!config || !first)
    return [...folders.values()].map((folder) => `read ${shellWord(join(folder, 'README.md'))}`);
  const folder = folders.get(config.name) ?? '.';
  const apply = (below: string): string =>
    shellCommand(['kubectl', 'apply', '-f', `${folder}/${below}/`]);
  const hasPolicies = config.layers.some(({ from }) => from === 'policies');
  const applied = plan.environments.slice(0, 5).map(({ name }) => apply(name));
  const more = plan.environments.length - applied.length;
  const install = shellWord(join(folder, 'install/README.md'));
  const kind = shellCommand([
    'kind',
    'create',
    'cluster',
    '--config',
    join(folder, 'install/kind.yaml'),
  ]);
  return [
    ...(published ? [] : pushes(plan, folders)),
    `a cluster, if you have none: ${kind}`,
    `the Flux Operator, once per cluster, and again after a change of install/: ${install}`,
    ...(plan.syncConfig ? [] : [...(hasPolicies ? [apply('policies')] : []), ...applied]),
    ...(plan.syncConfig || more === 0 ? [] : [`and ${more} more environments, in the same way`]),
    `kubectl -n ${namespaceOf(first)} get gitrepositories,kustomizations`,
    `see the page: kubectl -n ${namespaceOf(first)} port-forward service/kcheck-service 8080:80`,
    `every command for this estate: ${shellWord(join(folder, 'README.md'))}`,
  ];
}

/** What a person pushes, by owner; nobody pushes to the public demo. */
function pushes(plan: Plan, folders: ReadonlyMap<string, string>): string[] {
  const followed = plan.repos.filter(
    ({ role, owner }) => (role === 'scenario' || plan.syncConfig) && owner !== DEMO_OWNER,
  );
  if (followed.length === 0) return [];
  const commands = followed.slice(0, 5).map(({ name, url }) => {
    const folder = folders.get(name) ?? name;
    return `  ${shellWord(folder)} to ${url}`;
  });
  const more = followed.length - commands.length;
  return [
    'push to GitHub: the same command with --publish, or by hand as the README says:',
    ...commands,
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

/** What a run will do (`dryRun`) or has done; `parser` adds the Kubernetes objects. */
export function reportOf(
  plan: Plan,
  repos: readonly ComparedRepo[],
  dryRun: boolean,
  parser?: typeof import('./render/objects.ts'),
  published?: readonly PublishResult[],
): Report {
  const folders = new Map(repos.map(({ repo, folder }) => [repo.name, shorten(folder)]));
  const render = layerRenderer(templatesOf);
  const changed = repos.some(({ files }) => files.some(({ action }) => WRITES.has(action)));
  return {
    dryRun,
    changed,
    repositories: repos.map((compared) => reportedRepo(compared, parser)),
    elsewhere: plan.elsewhere.flatMap(({ repo, url, layer }) =>
      render(layer).map((file) => ({ repo, url, ...file })),
    ),
    ...(published && { published }),
    notes: notesOf(plan, repos),
    next: changed || published ? nextSteps(plan, folders, published !== undefined) : [],
  };
}

function reportedRepo(
  { repo: { name, role, url }, folder, files }: ComparedRepo,
  parser: typeof import('./render/objects.ts') | undefined,
): ReportedRepo {
  const reported = files.map(({ path, state, action, contents }) => ({
    path,
    state,
    action,
    ...(parser && { objects: parser.objectsOf(path, contents) }),
  }));
  return { name, role, url, folder, files: reported };
}

const shorten = (folder: string): string => {
  const cwd = `${process.cwd()}${sep}`;
  return folder.startsWith(cwd) ? folder.slice(cwd.length) : folder;
};

/**
 * Prints `report`: JSON and plans to stdout, results and progress to stderr. Throws a UserError (exit code 1)
 * when it tells of something that is not as it should be; with `--json` that is in the document as well.
 */
export function printReport(report: Report, given: Given, say: (text: string) => void): void {
  const failure = unpublishable(report) ?? incomplete(report);
  const error = failure && { error: { message: failure.message } };
  if (given.switches.json)
    process.stdout.write(`${JSON.stringify({ ...report, ...error }, null, 2)}\n`);
  else if (report.dryRun) process.stdout.write(`${planText(report, painter(process.stdout))}\n`);
  else say(resultText(report, painter(process.stderr)));
  if (failure) throw failure;
}

/** An error that `printReport` has printed already, as a part of its document. */
export class ReportedError extends UserError {}

/** In a dry run: which repositories cannot be published. */
function unpublishable({ published = [] }: Report): ReportedError | undefined {
  const problems = published.flatMap(({ problem }) => problem ?? []);
  const texts = problems.map(({ message, hint }) => `${message}\n  ${hint}`);
  return texts.length > 0 ? new ReportedError(texts.join('\n'), 1) : undefined;
}

/** A file that new tenants depend on and that was kept as a user edited it: it lacks what this run brought. */
function incomplete({ repositories, dryRun }: Report): ReportedError | undefined {
  const lacking = repositories.flatMap(({ folder, files }) =>
    files
      .filter(({ state, action }) => state === 'edited' && action === 'keep')
      .filter(({ path }) => isNeeded(path))
      .map(({ path }) => join(folder, path)),
  );
  if (dryRun || lacking.length === 0) return undefined;
  return new ReportedError(
    `${listed(lacking)} was kept, and lacks what the environments need: Flux or the estate's own policies ` +
      'will refuse them.\n  Run the same command without --keep on a terminal: it shows the difference and asks. ' +
      '--force writes the file anew.',
    1,
  );
}

/**
 * Prints what `error` means for the user and returns the exit code; a defect keeps its stack. With
 * `json` it is printed to stdout as well, as one JSON document.
 */
export async function printError(error: unknown, json: boolean): Promise<number> {
  const known = error instanceof UserError || error instanceof Interrupted;
  const shown = known ? error.message : error instanceof Error ? error.stack : String(error);
  const label = styleText('red', 'error', { stream: process.stderr });
  // Whoever interrupts a run knows of no error.
  process.stderr.write(error instanceof Interrupted ? `${shown}\n` : `${label} ${shown}\n`);
  if (json && !(error instanceof ReportedError)) {
    const shape = await errorAsJson(error);
    process.stdout.write(`${JSON.stringify({ error: shape }, null, 2)}\n`);
  }
  return known ? error.code : 1;
}

/** `error` as `--json` shows it: a message, and each problem of the input. */
async function errorAsJson(error: unknown): Promise<object> {
  if (error instanceof Error && 'reason' in error) {
    const { PublishError, publishProblem } = await import('./publish/refusals.ts');
    if (error instanceof PublishError) return publishProblem(error);
  }
  const message = error instanceof Error ? error.message : String(error);
  const problems = error instanceof UserError ? error.problems : [];
  return { message, ...(problems.length > 0 && { problems }) };
}
