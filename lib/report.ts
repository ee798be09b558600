import { styleText } from 'node:util';
import type { ComparedRepo } from './disk/compare.ts';
import { templatesOf } from './disk/package-files.ts';
import { WRITTEN } from './disk/write.ts';
import { Interrupted, UserError } from './errors.ts';
import { namespaceOf } from './plan/estate.ts';
import type { Plan } from './plan/plan.ts';
import type { PublishResult } from './publish/state.ts';
import type { KubernetesObject } from './render/objects.ts';
import { layerRenderer } from './render/render.ts';
import type { Given } from './settings/arguments.ts';
import { DEMO_OWNER } from './settings/settings.ts';
import { painter } from './terminal.ts';

/** A file in a report; `state` says what a run does, or has done, to it. */
export type ReportedFile = {
  readonly path: string;
  readonly state: string;
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

/** Paints a word; with colours off it returns the word. */
export type Paint = (style: 'bold' | 'green' | 'yellow' | 'dim', text: string) => string;

const STATES: {
  readonly [state: string]: { readonly word: string; readonly style: 'green' | 'yellow' | 'dim' };
} = {
  create: { word: 'create', style: 'green' },
  change: { word: 'change', style: 'yellow' },
  overwrite: { word: 'overwrite', style: 'yellow' },
  conflict: { word: 'differs', style: 'yellow' },
  keep: { word: 'leave alone', style: 'dim' },
  identical: { word: 'identical', style: 'dim' },
};

/** `report` as a plan: every repository, file and object; at most `most` lines of files. */
export function planText(report: Report, paint: Paint, most = Number.POSITIVE_INFINITY): string {
  const lines = report.repositories.flatMap((repo) => [
    '',
    `${paint('bold', repo.name)}  ${repo.role} repo, ${repo.url}, in ${repo.folder}`,
    ...repo.files.map((file) => fileLine(file, paint)),
  ]);
  const cut =
    lines.length > most
      ? [...lines.slice(0, most), `  ... and ${lines.length - most} lines more`]
      : lines;
  return [...cut, '', ...noteLines(report)].join('\n').trimStart();
}

function fileLine({ path, state, objects = [] }: ReportedFile, paint: Paint): string {
  const { word, style } = STATES[state] ?? { word: state, style: 'dim' };
  const named = objects.map(({ kind, name }) => `${kind}/${name}`);
  return `  ${paint(style, word.padEnd(11))}  ${path}  ${paint('dim', named.join(' '))}`.trimEnd();
}

const noteLines = ({ notes, elsewhere }: Report): string[] => [
  ...notes.map((note) => `Note: ${note}`),
  ...elsewhere.map(({ repo, url, path }) => `Note: ${repo} (${url}) must get ${path}; see below.`),
];

/** `report` as the result of a run: counts, notes and the next steps. */
export function resultText(report: Report, paint: Paint): string {
  const repos = report.repositories.map(({ name, folder, files }) => {
    const counts = Object.entries(STATES).flatMap(([state, { word }]) => {
      const count = files.filter((file) => file.state === state).length;
      return count > 0 ? [`${count} ${PAST[state] ?? word}`] : [];
    });
    return `${paint('bold', name)}  ${counts.join(', ')}  ${paint('dim', folder)}`;
  });
  const { changed, published } = report;
  const idle = !changed && (published ?? []).every(({ created, pushed }) => !created && !pushed);
  const verdict = idle ? ['Nothing to do: every file is as it should be.'] : [];
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

const PAST: { readonly [state: string]: string } = {
  create: 'created',
  change: 'changed',
  overwrite: 'overwritten',
  keep: 'left alone',
  conflict: 'left alone',
};

/** The public demo repositories of DEMO_OWNER, and what they hold. */
const DEMO = new Map([
  ['dev', 'flux-dev'],
  ['stage', 'flux-stage-prod'],
  ['prod', 'flux-stage-prod'],
]);

/** What a reader of the plan should know and would not see; `kept` are files edited by hand. */
export function notesOf({ environments }: Plan, kept: readonly string[]): string[] {
  const demo = environments.filter(({ owner }) => owner === DEMO_OWNER);
  const missing = demo.filter(({ name, repo }) => DEMO.get(name) !== repo);
  const notes = kept.map(
    (path) => `${path} was edited by hand and is left alone; --force writes it anew.`,
  );
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

/** The commands that come after a run that wrote `plan`; `folders` says where each repo lies. */
export function nextSteps(
  plan: Plan,
  folders: ReadonlyMap<string, string>,
  published: boolean,
): string[] {
  const config = plan.repos.find(({ role }) => role === 'config');
  const first = plan.environments[0];
  if (!config || !first) return [...folders.values()].map((folder) => `read ${folder}/README.md`);
  const folder = folders.get(config.name) ?? '.';
  const followed = plan.repos.filter(({ role }) => role === 'scenario' || plan.syncConfig);
  const pushed = followed.map(({ name }) => name);
  const own = published || first.owner === DEMO_OWNER || pushed.length === 0;
  return [
    `read ${folder}/README.md: it installs the Flux Operator, and has every command for this estate`,
    ...(own ? [] : [`push ${pushed.slice(0, 5).join(', ')} to ${first.githubUrl}/${first.owner}`]),
    ...(plan.syncConfig ? [] : [`kubectl apply -f ${folder}/${first.name}/`]),
    `kubectl -n ${namespaceOf(first)} get gitrepositories,kustomizations`,
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
  const kept = repos.flatMap(({ folder, files }) =>
    files.filter(({ state }) => state === 'keep').map(({ path }) => `${shorten(folder)}/${path}`),
  );
  const render = layerRenderer(templatesOf);
  const changed = repos.some(({ files }) => files.some(({ state }) => WRITTEN.has(state)));
  return {
    dryRun,
    changed,
    repositories: repos.map((compared) => reportedRepo(compared, parser)),
    elsewhere: plan.elsewhere.flatMap(({ repo, url, layer }) =>
      render(layer).map((file) => ({ repo, url, ...file })),
    ),
    ...(published && { published }),
    notes: notesOf(plan, kept),
    next: changed || published ? nextSteps(plan, folders, published !== undefined) : [],
  };
}

function reportedRepo(
  { repo: { name, role, url }, folder, files }: ComparedRepo,
  parser: typeof import('./render/objects.ts') | undefined,
): ReportedRepo {
  const reported = files.map(({ path, state, contents }) => ({
    path,
    state,
    ...(parser && { objects: parser.objectsOf(path, contents) }),
  }));
  return { name, role, url, folder, files: reported };
}

const shorten = (folder: string): string => {
  const cwd = `${process.cwd()}/`;
  return folder.startsWith(cwd) ? folder.slice(cwd.length) : folder;
};

/** Prints `report`: JSON and plans to stdout, results and progress to stderr. */
export function printReport(report: Report, given: Given, say: (text: string) => void): void {
  if (given.switches.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else if (report.dryRun) process.stdout.write(`${planText(report, painter(process.stdout))}\n`);
  else say(resultText(report, painter(process.stderr)));
}

/** Throws when a dry run found repositories that cannot be published; the report has been printed. */
export function refuseUnpublishable({ published = [] }: Report): void {
  const problems = published.flatMap(({ problem }) => problem ?? []);
  const texts = problems.map(({ message, hint }) => `${message}\n  ${hint}`);
  if (texts.length > 0) throw new UserError(texts.join('\n'), 1);
}

/**
 * Prints what `error` means for the user and returns the exit code; a defect keeps its stack. With
 * `json`, what stopped publishing is printed to stdout as well.
 */
export async function printError(error: unknown, json: boolean): Promise<number> {
  const known = error instanceof UserError || error instanceof Interrupted;
  const shown = known ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${styleText('red', 'error', { stream: process.stderr })} ${shown}\n`);
  if (json && error instanceof Error && 'reason' in error) {
    const { PublishError, publishProblem } = await import('./publish/refusals.ts');
    if (error instanceof PublishError)
      process.stdout.write(`${JSON.stringify({ error: publishProblem(error) }, null, 2)}\n`);
  }
  return known ? error.code : 1;
}
