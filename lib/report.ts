import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { styleText } from 'node:util';
import {
  type ComparedRepo,
  type FileAction,
  type FileState,
  isNeeded,
  WRITES,
} from './disk/compare.ts';
import { originOf } from './disk/git-stages.ts';
import { templatesOf } from './disk/package-files.ts';
import { Interrupted, UserError } from './errors.ts';
import { findingLines, PushRefused } from './findings-report.ts';
import { nextSteps, type Step } from './next-steps.ts';
import { type Environment, namespaceOf } from './plan/estate.ts';
import { GENERATOR } from './plan/generator.ts';
import { isByHand } from './plan/hand-written/own-form.ts';
import type { Departure, Move, Plan, Reading } from './plan/plan.ts';
import { RECORD_KEY } from './plan/record.ts';
import { hasDemo, isConfined } from './plan/values/values.ts';
import type { PublishResult } from './publish/state.ts';
import { adoptedSteps, readingText } from './reading-text.ts';
import type { KubernetesObject } from './render/objects.ts';
import type { PolicyChange } from './render/policy-changes.ts';
import { shellCommand } from './render/quoting.ts';
import { layerRenderer } from './render/render.ts';
import { listed, wrapWords } from './render/wrap.ts';
import type { Given } from './settings/arguments.ts';
import { DEMO_OWNER } from './settings/settings.ts';
import { type Look, lookOf, type Paint } from './terminal.ts';
import type { Result } from './verify/results.ts';

/** A file in a report: its state, and what the run does or has done with it. */
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

/** What a run will do or has done. `--json` prints it as it is. */
export type ReportedEnvironment = {
  readonly name: string;
  readonly namespace: string;
  readonly repo: string;
  /** The limits of the tenant, in a few words. */
  readonly guards: string;
};

export type Report = {
  readonly dryRun: boolean;
  readonly changed: boolean;
  /** The environments that the run is about. */
  readonly environments: readonly ReportedEnvironment[];
  readonly repositories: readonly ReportedRepo[];
  /** The environments that get another app repo. */
  readonly moves?: readonly Omit<Move, 'before' | 'after'>[];
  /** The environments that leave the estate. */
  readonly departures?: readonly Omit<Departure, 'kustomization' | 'isAdopted'>[];
  readonly elsewhere: readonly {
    readonly repo: string;
    readonly url: string;
    readonly path: string;
    readonly contents: string;
  }[];
  /** With `adopt`: what was taken from where, and what was not understood. */
  readonly reading?: Reading;
  /** With `update`: the policies that it adds or changes. */
  readonly policies?: readonly PolicyChange[];
  /** With `--publish`: the result for each repository on GitHub. */
  readonly published?: readonly PublishResult[];
  /** In a dry run and with `--publish`: what `verify` finds in the result. */
  readonly findings?: readonly Result[];
  readonly notes: readonly string[];
  /** The next steps, in order. */
  readonly next: readonly Step[];
  /** In a dry run: why the run itself would be refused. */
  readonly error?: { readonly message: string };
};

/** The words for each action, in a plan and in a result. */
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
  mark: { plan: 'mark', result: 'marked', style: 'yellow' },
  keep: { plan: 'leave', result: 'kept', style: 'dim' },
  none: { plan: 'unchanged', result: 'unchanged', style: 'dim' },
};

/** `report` as a plan, with every repository, file and object. */
export function planText(report: Report, { paint, width }: Look): string {
  const { policies = [] } = report;
  const lines = report.repositories.flatMap((repo) => [
    '',
    `${paint('bold', repo.name)}  ${repo.role === 'config' ? 'config' : 'app'} repo, ${repo.url}, in ${repo.folder}`,
    ...repo.files.flatMap((file) => fileLines(file, { paint, width })),
  ]);
  const { environments, reading } = report;
  const table = environments.length > 0 ? environmentLines(environments, { paint, width }) : [];
  const read = reading ? readingText(reading, { paint, width }) : [];
  return [
    ...table,
    ...moveLines(report),
    ...departureLines(report),
    ...lines,
    ...read,
    ...policyLines(policies, width),
    '',
    ...noteLines(report, width),
    ...findingLines(report.findings ?? [], { paint, width }),
  ]
    .join('\n')
    .trim();
}

/** The maximum number of environments in a summary. */
const LISTED = 20;

/**
 * A short summary of `report` before the run carries out `plan`: one line for each environment, the number of files in
 * each repository, and the run as one command. Lines are at most `width` characters wide.
 */
export function summaryText(
  plan: Plan,
  report: Report,
  words: readonly string[],
  { paint, width }: Look,
): string {
  const shown = report.environments.slice(0, LISTED);
  const more = report.environments.length - shown.length;
  const stay = plan.repos.find(({ role }) => role === 'config')?.untouched.length ?? 0;
  const repos = report.repositories.map(
    ({ name, url, files }) => `${paint('bold', name)}  ${changesOf(files)}\n  ${paint('dim', url)}`,
  );
  return [
    ...(shown.length > 0 ? environmentLines(shown, { paint, width }) : []),
    ...moveLines(report),
    ...departureLines(report),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...(stay > 0
      ? [`${stay} other ${stay === 1 ? 'environment stays' : 'environments stay'}.`]
      : []),
    '',
    ...repos,
    ...(report.reading ? readingText(report.reading, { paint, width }) : []),
    '',
    ...noteLines(report, width),
    ...spaced(findingLines(report.findings ?? [], { paint, width })),
    ...wrapWords('To see every file, add --dry-run. The whole run as one command:', width),
    `  ${shellCommand([...words, '--yes'])}`,
  ].join('\n');
}

/** `lines` with an empty line at the end, if there are any. */
const spaced = (lines: readonly string[]): readonly string[] =>
  lines.length > 0 ? [...lines, ''] : lines;

/** The limits of a tenant, in a few words. */
function guardsOf(environment: Environment): string {
  if (environment.profile === 'reference') return 'none (reference)';
  return isConfined(environment) ? 'hardened, no kustomize' : 'hardened';
}

const HEADINGS = ['environment', 'namespace', 'fed by', 'guards'] as const;

/** One line for each of `environments`, or two if the terminal is too narrow for the table. */
function environmentLines(
  environments: readonly ReportedEnvironment[],
  { paint, width }: Look,
): string[] {
  const rows = environments.map((one) => [one.name, one.namespace, one.repo, one.guards]);
  const [head = '', ...lines] = columns([HEADINGS, ...rows]);
  if (Math.max(...lines.map((line) => line.length)) <= width) return [paint('dim', head), ...lines];
  return environments.flatMap(({ name, namespace, repo, guards }) => [
    paint('bold', name),
    ...wrapWords(`${namespace}, fed by ${repo}, ${guards}`, width, '  '),
  ]);
}

/** The environments that get another app repo, in a plan. */
const moveLines = ({ moves = [] }: Report): string[] =>
  moves.map(({ name, from, to }) => `${name} moves from ${from} to ${to}`);

/** What becomes of an environment that leaves, in a plan. */
const DEPARTURES: { readonly [state in Departure['state']]: string } = {
  leaving: 'leaves: Flux removes its app, and may then remove the rest',
  gone: 'is taken out of the estate',
  unrecorded: 'is not in the files any more',
};

const departureLines = ({ departures = [] }: Report): string[] =>
  departures.map(({ name, namespace, state }) => `${name} (${namespace}) ${DEPARTURES[state]}`);

/** What `update --check` prints: each file that an update would change, and what the policies would refuse. */
export function checkText(report: Report, { paint, width }: Look): string {
  const { repositories, policies = [] } = report;
  const behind = repositories.filter(({ files }) => files.some(isBehind));
  if (behind.length === 0)
    return ['Nothing to update: every file is up to date.', ...noteLines(report, width)].join('\n');
  return [
    ...behind.flatMap(({ name, folder, files }) => [
      `${paint('bold', name)}  ${changesOf(files)}  ${paint('dim', folder)}`,
      ...files.filter(isBehind).flatMap((file) => fileLines(file, { paint, width })),
    ]),
    ...policyLines(policies, width),
    ...noteLines(report, width),
  ].join('\n');
}

/** Whether an update has something for this file. */
const isBehind = ({ action }: ReportedFile): boolean => WRITES.has(action) || action === 'ask';

/** The maximum number of checks of one policy in a text; the JSON document has all. */
const CHECKS = 4;

/** What the policies refuse now, and did not refuse before. */
function policyLines(policies: readonly PolicyChange[], width: number): string[] {
  if (policies.length === 0) return [];
  const sentences = policies.flatMap(({ file, isNew, refuses }) => {
    const title = `  ${file} (${isNew ? 'new' : 'changed'})`;
    if (refuses.length === 0) return [`${title}: other requests or conditions. Look at git diff.`];
    const shown = refuses.slice(0, CHECKS);
    const more = refuses.length - shown.length;
    return [
      `${title}:`,
      ...shown.flatMap((one) => {
        const [first = '', ...rest] = wrapWords(one, width, '      ');
        return [`    - ${first.trimStart()}`, ...rest];
      }),
      ...(more > 0 ? [`    - and ${more} more; --json lists all`] : []),
    ];
  });
  return ['', 'Refused from now on, by new policies and by new or changed checks:', ...sentences];
}

/** How many of `files` the run creates, changes and so on. */
function changesOf(files: readonly ReportedFile[]): string {
  const counts = countsOf(files);
  const changes = counts.filter(({ action }) => action !== 'none' && action !== 'keep');
  if (changes.length === 0) return 'nothing to change';
  const stay = files.length - changes.reduce((sum, { count }) => sum + count, 0);
  const texts = changes.map(({ action, count }) => `${count} to ${ACTIONS[action].plan}`);
  return `files: ${[...texts, ...(stay > 0 ? [`${stay} unchanged`] : [])].join(', ')}`;
}

/** `rows` as lines with aligned columns. */
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

/** An edited file without new contents is not identical to the planned file, but the run does not change it. */
const shownAction = ({ state, action }: ReportedFile): FileAction =>
  state === 'edited' && action === 'none' ? 'keep' : action;

/** The number of `files` for each action, in the order of ACTIONS, without zeros. */
function countsOf(files: readonly ReportedFile[]): { action: FileAction; count: number }[] {
  const actions = Object.keys(ACTIONS) as FileAction[];
  return actions
    .map((action) => ({
      action,
      count: files.filter((file) => shownAction(file) === action).length,
    }))
    .filter(({ count }) => count > 0);
}

/** A file with what happens to it, and its objects below it where they do not fit beside it. */
function fileLines(file: ReportedFile, { paint, width }: Look): string[] {
  const { path, objects = [] } = file;
  const { plan, style } = ACTIONS[shownAction(file)];
  const named = objects.map(({ kind, name }) => `${kind}/${name}`).join(' ');
  const line = `  ${paint(style, plan.padEnd(11))}  ${path}`;
  if (named === '') return [line];
  if (`  ${plan.padEnd(11)}  ${path}  ${named}`.length <= width)
    return [`${line}  ${paint('dim', named)}`];
  const indent = ' '.repeat(17);
  return [line, ...wrapWords(named, width, indent).map((one) => paint('dim', one))];
}

const noteLines = ({ notes, elsewhere }: Report, width: number): string[] =>
  [
    ...notes,
    ...elsewhere.map(
      ({ repo, url, path }) => `${repo} (${url}) must get ${path}, which is printed below.`,
    ),
  ].flatMap((note) => {
    const [first = '', ...more] = wrapWords(note, width, '      ');
    return [`Note: ${first.trimStart()}`, ...more];
  });

/** `report` as the result of a run: numbers, notes and the next steps. */
export function resultText(report: Report, { paint, width }: Look): string {
  const { changed, published, policies } = report;
  const repos = report.repositories.flatMap(({ name, folder, files }) => {
    const counts = countsOf(files).map(({ action, count }) => `${count} ${ACTIONS[action].result}`);
    // Only an update reports policies. Its files are not what the user asked for one by one, so it lists them.
    const listed = policies === undefined ? [] : files.filter(({ action }) => WRITES.has(action));
    return [
      `${paint('bold', name)}  ${counts.join(', ')}  ${paint('dim', folder)}`,
      ...listed.map(({ path, action }) => {
        const { result, style } = ACTIONS[action];
        return `  ${paint(style, result.padEnd(11))}  ${path}`;
      }),
    ];
  });
  const idle = !changed && (published ?? []).every(({ created, pushed }) => !created && !pushed);
  const kept = report.repositories.some(({ files }) =>
    files.some((file) => shownAction(file) === 'keep'),
  );
  const verdict = idle
    ? [kept ? 'Nothing was changed.' : 'Nothing to do: every file is up to date.']
    : [];
  const wanted = report.elsewhere.flatMap(({ url, path, contents }) => [
    '',
    `${url} must get ${paint('bold', path)} with these contents:`,
    '',
    contents.trimEnd(),
  ]);
  return [
    ...repos,
    ...(report.reading ? readingText(report.reading, { paint, width }) : []),
    ...verdict,
    ...policyLines(policies ?? [], width),
    ...noteLines({ ...report, elsewhere: [] }, width),
    ...findingLines(report.findings ?? [], { paint, width }),
    ...wanted,
    ...stepLines(report.next, paint),
  ].join('\n');
}

/** The next steps with numbers. Their commands are not wrapped, so that the user can copy them. */
function stepLines(next: readonly Step[], paint: Paint): string[] {
  if (next.length === 0) return [];
  const steps = next.flatMap(({ text, commands, or }, index) => [
    `${index + 1}. ${text}`,
    ...commandLines(commands, paint),
    ...(or ? [`   ${or.text}`, ...commandLines(or.commands, paint)] : []),
  ]);
  return ['', paint('bold', 'Next:'), ...steps];
}

const commandLines = (commands: readonly string[], paint: Paint): string[] =>
  commands.flatMap((command) => command.split('\n')).map((line) => `   ${paint('green', line)}`);

/** The public demo repositories of DEMO_OWNER, and what they hold. */
const DEMO = new Map([
  ['dev', 'flux-dev'],
  ['stage', 'flux-stage-prod'],
  ['prod', 'flux-stage-prod'],
]);

/** Notes about the plan that its lines do not show. */
export function notesOf(
  { environments, notHere = [], notes: more = [], reading }: Plan,
  repos: readonly ComparedRepo[],
): string[] {
  if (reading) return adoptedNotes(repos);
  const demo = environments.filter(({ owner }) => owner === DEMO_OWNER);
  const missing = demo.filter(({ name, repo }) => DEMO.get(name) !== repo);
  const notes = [...more, ...fileNotes(repos)];
  if (notHere.length > 0)
    notes.push(
      `These app repos are not beside the config repo: ${listed(notHere)}. Clone them there and run the same command again, or run flux-gitops update in a clone of each.`,
    );
  notes.push(...goneNotes(repos));
  if (missing.length < demo.length)
    notes.unshift(
      `Flux will follow the public demo repositories of ${DEMO_OWNER}, and you cannot push to them. ` +
        'To follow your own, give --owner YOU.',
    );
  const paths = missing.slice(0, 5).map(({ name, repo }) => `${repo}/${name}`);
  const withApp = demo.filter((one) => DEMO.get(one.name) === one.repo && !hasDemo(one));
  if (withApp.length > 0)
    notes.unshift(
      `--no-demo changes nothing for ${listed(withApp.map(({ name }) => name))}: the public demo repositories hold the demo app.`,
    );
  const byHand = environments.filter(isByHand).map(({ name }) => name);
  if (byHand.length > 0)
    notes.push(
      `No run changes the files of ${listed(byHand)}, which were written by hand. To replace them with files of this package: flux-gitops tenant ENV --take-over.`,
    );
  if (missing.length > 0)
    notes.unshift(`${DEMO_OWNER} has no ${paths.join(', ')}. Give --owner YOU, and push it there.`);
  return notes;
}

/** Environments whose folders a user deleted: the record, and the cluster, still have them. */
function goneNotes(repos: readonly ComparedRepo[]): string[] {
  const deleted = repos
    .filter(({ repo }) => repo.role === 'config')
    .flatMap(({ files }) =>
      files.filter(({ state, action }) => state === 'deleted' && action === 'keep'),
    );
  const paths = new Set(deleted.map(({ path }) => path));
  const names = [...paths].flatMap((path) => /^([^/]+)\/1_tenant\.yaml$/.exec(path)?.[1] ?? []);
  return names
    .filter((name) => paths.has(`${name}/2_sync.yaml`))
    .map(
      (name) =>
        `${name} has no files any more. To take it out of the estate and off the cluster: flux-gitops remove ${name}.`,
    );
}

/** What later runs do with the files that are not as this version writes them. */
function adoptedNotes(repos: readonly ComparedRepo[]): string[] {
  const edited = repos.flatMap(({ folder, files }) =>
    files.filter(({ state }) => state === 'edited').map(({ path }) => shorten(join(folder, path))),
  );
  const adopted = repos.flatMap(
    ({ folder, repo }) =>
      (repo.all[RECORD_KEY] as { adopted?: string[] }).adopted?.map((path) =>
        shorten(join(folder, path)),
      ) ?? [],
  );
  return [
    ...(edited.length > 0
      ? [
          `These files count as edited by you. Later runs merge into them, and ask where they cannot: ${listed(edited)}.`,
        ]
      : []),
    ...(adopted.length > 0
      ? [`No run writes these files and folders, because they are yours: ${listed(adopted)}.`]
      : []),
  ];
}

/** Notes about files that a user edited or deleted, and about files that are no longer planned. */
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
    [
      'You edited these files, and the new contents were merged into them',
      paths('edited', 'merge'),
    ],
    ['You and this version changed the same lines of these files', paths('edited', 'ask')],
    ['These files stay as you edited them. --force overwrites them', paths('edited', 'keep')],
    ['These files stay deleted. --force writes them again', paths('deleted', 'keep')],
    ['These files are no longer needed, and are removed', paths('leftover', 'remove')],
    [
      'You edited these files. They are removed with their environment, and git has them',
      paths('edited', 'remove'),
    ],
    [
      'These files are no longer needed, and stay because you edited them',
      paths('leftover', 'keep'),
    ],
  ];
  const others = repos.flatMap((one) =>
    (one.others ?? []).map((path) => shorten(join(one.folder, path))),
  );
  texts.push(['These files are not of this command, and stay', listed(others)]);
  return texts.filter(([, list]) => list !== '').map(([text, list]) => `${text}: ${list}.`);
}

/** What a run will do (`dryRun`) or has done. `parser` adds the Kubernetes objects. */
export function reportOf(
  plan: Plan,
  repos: readonly ComparedRepo[],
  dryRun: boolean,
  parser?: typeof import('./render/objects.ts'),
  published?: readonly PublishResult[],
  words: readonly string[] = ['flux-gitops'],
  live = false,
): Report {
  const circumstances = {
    shown: shorten,
    hasGit: (folder: string) => existsSync(join(folder, '.git')),
    originOf,
    published: published !== undefined,
    words,
    live,
  };
  const render = layerRenderer(templatesOf);
  const changed = repos.some(({ files }) => files.some(({ action }) => WRITES.has(action)));
  const stepsOf = (): readonly Step[] => {
    if (!changed && !published && !plan.departures) return [];
    const config = repos.find(({ repo }) => repo.role === 'config');
    if (plan.reading) return adoptedSteps(plan, shorten(config?.folder ?? '.'));
    return nextSteps(plan, repos, circumstances);
  };
  return {
    dryRun,
    changed,
    environments: plan.environments.map((one) => ({
      ...{ name: one.name, namespace: namespaceOf(one), repo: one.repo },
      guards: guardsOf(one),
    })),
    ...(plan.moves && { moves: plan.moves.map(({ before, after, ...move }) => move) }),
    ...(plan.departures && {
      departures: plan.departures.map(({ kustomization, isAdopted, ...departure }) => departure),
    }),
    repositories: repos.map((compared) => reportedRepo(compared, parser)),
    elsewhere: plan.elsewhere.flatMap(({ repo, url, layer }) =>
      render(layer).map((file) => ({ repo, url, ...file })),
    ),
    ...(plan.reading && { reading: plan.reading }),
    ...(published && { published }),
    notes: notesOf(plan, repos),
    next: stepsOf(),
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

/** `folder` as a user would type it: relative to the current folder, unless it is far away from it. */
function shorten(folder: string): string {
  const path = relative(process.cwd(), folder);
  if (path === '') return '.';
  return path.startsWith(join('..', '..')) ? folder : path;
}

/** Who reads a report: what the person gave, and whether questions were asked. */
export type Reader = {
  readonly given: Given;
  readonly asks: boolean;
  readonly say: (text: string) => void;
};

/**
 * Prints `report`: JSON and plans to stdout, results and progress to stderr. Throws a UserError (exit code 1) if the
 * report has a problem. With `--json`, the document also has the problem.
 */
export function printReport(report: Report, { given, asks, say }: Reader): void {
  const failure =
    unpublishable(report) ??
    refused(report) ??
    incomplete(report) ??
    marked(report) ??
    behind(report, given);
  const error = failure && { error: { message: failure.message } };
  if (given.switches.json)
    process.stdout.write(`${JSON.stringify({ ...report, ...error }, null, 2)}\n`);
  else if (given.switches.check)
    process.stdout.write(`${checkText(report, lookOf(process.stdout))}\n`);
  else if (report.dryRun) process.stdout.write(`${planText(report, lookOf(process.stdout))}\n`);
  else {
    // A user who confirmed the plan has already read the notes in it.
    const known = asks && report.changed ? { notes: [], findings: [] } : {};
    say(resultText({ ...report, ...known }, lookOf(process.stderr)));
  }
  if (failure) throw failure;
}

/** An error that `printReport` has already printed in its document. */
export class ReportedError extends UserError {}

/** In a dry run: the repositories that cannot be published. */
function unpublishable({ published = [] }: Report): ReportedError | undefined {
  const problems = published.flatMap(({ problem }) => problem ?? []);
  const texts = problems.map(({ message, hint }) => `${message}\n  ${hint}`);
  return texts.length > 0 ? new ReportedError(texts.join('\n'), 1) : undefined;
}

/** In a dry run: what the run itself would refuse. */
const refused = ({ error }: Report): ReportedError | undefined =>
  error && new ReportedError(error.message, 1);

/** The files into which the run wrote conflict markers. */
function marked({ repositories, dryRun }: Report): ReportedError | undefined {
  const paths = repositories.flatMap(({ folder, files }) =>
    files.filter(({ action }) => action === 'mark').map(({ path }) => join(folder, path)),
  );
  if (dryRun || paths.length === 0) return undefined;
  const list = paths.map((path) => `  ${path}`).join('\n');
  return new ReportedError(
    `You and this version changed the same lines, so these files now have conflict markers:\n${list}\n` +
      '  Between <<<<<<< and ======= is your text, and between ======= and >>>>>>> is the new text. Decide in each place, ' +
      'and commit the result.',
    1,
  );
}

/** With `--check`: an estate that is not up to date. */
function behind({ repositories }: Report, { switches }: Given): ReportedError | undefined {
  if (!switches.check || !repositories.some(({ files }) => files.some(isBehind))) return undefined;
  return new ReportedError(
    `This estate is not as version ${GENERATOR.version} of the generator writes it.\n  To update it, run: flux-gitops update`,
    1,
  );
}

/** An edited file that the run kept, although new tenants need its new contents. */
function incomplete({ repositories, dryRun }: Report): ReportedError | undefined {
  const lacking = repositories.flatMap(({ folder, files }) =>
    files
      .filter(({ state, action }) => state === 'edited' && action === 'keep')
      .filter(({ path }) => isNeeded(path))
      .map(({ path }) => join(folder, path)),
  );
  if (dryRun || lacking.length === 0) return undefined;
  return new ReportedError(
    `${listed(lacking)} stayed as you edited it, and lacks what the environments need. Flux or the policies of ` +
      'this estate will refuse the environments.\n  Run the same command without --keep on a terminal: it shows the ' +
      'difference and asks. --force overwrites the file.',
    1,
  );
}

/**
 * Prints the message of `error` for the user and returns the exit code. A defect is printed with its stack. With
 * `json`, also prints one JSON document to stdout.
 */
export async function printError(error: unknown, json: boolean): Promise<number> {
  const known = error instanceof UserError || error instanceof Interrupted;
  const shown = known ? error.message : error instanceof Error ? error.stack : String(error);
  const label = styleText('red', 'error', { stream: process.stderr });
  // An interruption is not an error.
  process.stderr.write(error instanceof Interrupted ? `${shown}\n` : `${label} ${shown}\n`);
  if (json && !(error instanceof ReportedError)) {
    const shape = await errorAsJson(error);
    process.stdout.write(`${JSON.stringify({ error: shape }, null, 2)}\n`);
  }
  return known ? error.code : 1;
}

/** `error` as `--json` prints it: a message, and each problem of the input. */
async function errorAsJson(error: unknown): Promise<object> {
  if (error instanceof Error && 'reason' in error) {
    const { PublishError, publishProblem } = await import('./publish/refusals.ts');
    if (error instanceof PublishError) return publishProblem(error);
  }
  const message = error instanceof Error ? error.message : String(error);
  const problems = error instanceof UserError ? error.problems : [];
  const found = error instanceof PushRefused ? { findings: error.findings } : {};
  return { message, ...(problems.length > 0 && { problems }), ...found };
}
