import { namespaceOf } from './estate.ts';
import type { Plan } from './plan.ts';
import type { PublishResult } from './publication.ts';
import { DEMO_OWNER } from './questions.ts';

/** A Kubernetes object of a file. */
export type KubernetesObject = {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
};

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
