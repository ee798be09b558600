import type { Paint } from '../terminal.ts';
import { type Code, entryOf, type Severity } from './catalogue.ts';
import type { Finding } from './model.ts';
import { lineOf } from './read/lines.ts';

/** A finding as `--json` prints it. */
export type Result = {
  readonly code: Code;
  readonly severity: Severity;
  readonly repo: string;
  readonly file: string;
  readonly line: number;
  readonly object: string;
  readonly message: string;
  readonly hint: string;
};

/** What a run of `verify` found, and how much it looked at. */
export type Results = {
  readonly findings: readonly Result[];
  readonly checked: {
    readonly repositories: number;
    readonly environments: number;
    readonly files: number;
    readonly objects: number;
  };
};

/** `findings` with their severity, line and hint; errors first in each file, files in their order. */
export function resultsOf(findings: readonly Finding[], config: string): Result[] {
  const results = findings.map((finding): Result => {
    const { code, place, object, message } = finding;
    const { severity } = entryOf(code);
    const { repo, path: file } = place;
    return {
      code,
      severity,
      repo,
      file,
      line: lineOf(place),
      object,
      message,
      hint: hintOf(finding, config),
    };
  });
  const rank = ({ severity }: Result): number => (severity === 'error' ? 0 : 1);
  const text = ({ repo, file }: Result): string => `${repo === config ? '' : repo}/${file}`;
  return results.sort(
    (a, b) =>
      (text(a) < text(b) ? -1 : Number(text(a) > text(b))) || rank(a) - rank(b) || a.line - b.line,
  );
}

function hintOf(finding: Finding, config: string): string {
  const { code, environment, appRepo, place, object, hint } = finding;
  return (hint ?? entryOf(code).remedy)
    .replace(/\bKIND\b/g, object.split(' ')[0] || 'KIND')
    .replace(/\bENV\b/g, environment ?? 'ENV')
    .replace(/\bREPO\b/g, appRepo ?? 'REPO')
    .replace(/\bFOLDER\b/g, place.path.split('/').slice(0, -1).join('/') || '.')
    .replace(/\bCONFIG\b/g, config);
}

/** `results` for people: grouped by repository and file. */
export function resultsText({ findings, checked }: Results, paint: Paint): string {
  const groups = Map.groupBy(findings, ({ repo, file }) => `${repo}/${file}`);
  const lines = [...groups].flatMap(([file, results]) => [
    paint('bold', file),
    ...results.flatMap((one) => resultLines(one, paint)),
    '',
  ]);
  return [...lines, summary({ findings, checked }, paint)].join('\n');
}

function resultLines(
  { severity, line, code, object, message, hint }: Result,
  paint: Paint,
): string[] {
  const style = severity === 'error' ? 'red' : 'yellow';
  const head = `  ${String(line).padStart(4)}  ${paint(style, severity)}  ${[object, code].filter(Boolean).join('  ')}`;
  const indent = '        ';
  return [
    head,
    ...message.split('\n').map((one) => `${indent}${one}`),
    ...hint.split('\n').map((one) => `${indent}${paint('dim', `→ ${one}`)}`),
  ];
}

function summary({ findings, checked }: Results, paint: Paint): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors;
  const { repositories, environments, files, objects } = checked;
  const looked = `${count(repositories, 'repository', 'repositories')}, ${count(environments, 'environment')}, ${count(files, 'file')}, ${count(objects, 'object')} checked`;
  if (findings.length === 0) return `${paint('green', 'Nothing is wrong.')} ${looked}.`;
  return `${count(errors, 'error')}, ${count(warnings, 'warning')}. ${looked}.`;
}

const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** `results` as annotations of GitHub Actions. */
export function annotations({ findings }: Results, pathOf: (result: Result) => string): string {
  const escaped = (text: string): string =>
    text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const property = (text: string): string =>
    escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
  return findings
    .map((one) => {
      const title = property([one.code, one.object].filter(Boolean).join(': '));
      const place = `file=${property(pathOf(one))},line=${one.line},title=${title}`;
      return `::${one.severity} ${place}::${escaped(`${one.message}\n${one.hint}`)}`;
    })
    .join('\n');
}

/** `results` as a SARIF log, which GitHub's code scanning and editors read. */
export function sarif(
  { findings }: Results,
  pathOf: (result: Result) => string,
  version: string,
): string {
  const rules = [...new Set(findings.map(({ code }) => code))].sort().map((code) => {
    const { severity, cause, remedy } = entryOf(code);
    return {
      id: code,
      shortDescription: { text: cause },
      help: { text: remedy },
      defaultConfiguration: { level: severity },
    };
  });
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'flux-gitops verify', version, rules } },
        results: findings.map((one) => ({
          ruleId: one.code,
          level: one.severity,
          message: { text: [one.object, one.message, one.hint].filter(Boolean).join('\n') },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: pathOf(one) },
                region: { startLine: one.line },
              },
            },
          ],
        })),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}
