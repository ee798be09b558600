/** What `verify` finds in the result of a run: in its plan, and when it refuses to push errors. */
import { UserError } from './errors.ts';
import type { CommandName } from './settings/settings.ts';
import type { Look } from './terminal.ts';
import type { Result } from './verify/results.ts';

/** The maximum number of findings in a text. */
const SHOWN = 4;

/** What a plan does not repeat: it says nothing about the result, only that a part of it was not checked. */
const isNotChecked = ({ code }: Result): boolean =>
  code.endsWith('-not-checked') || code === 'app-repo-missing';

/** A few of `findings`, errors first; nothing if nothing is wrong. */
export function findingLines(findings: readonly Result[], { paint, width }: Look): string[] {
  const all = findings.filter((one) => !isNotChecked(one));
  if (all.length === 0) return [];
  const errors = all.filter(({ severity }) => severity === 'error');
  const warnings = all.filter(({ severity }) => severity === 'warning');
  const counts = [
    ...(errors.length > 0 ? [counted(errors.length, 'error')] : []),
    ...(warnings.length > 0 ? [counted(warnings.length, 'warning')] : []),
  ].join(' and ');
  return [
    '',
    paint('bold', `verify finds ${counts} in the result of this run:`),
    ...shown([...errors, ...warnings], width, ({ severity }) =>
      paint(severity === 'error' ? 'red' : 'yellow', severity.padEnd(7)),
    ),
  ];
}

const counted = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

function shown(
  results: readonly Result[],
  width: number,
  label: (result: Result) => string,
): string[] {
  const more = results.length - SHOWN;
  return [
    ...results.slice(0, SHOWN).flatMap((one) => {
      const { repo, file, line, object, code, message } = one;
      const place = [`${repo}/${file}:${line}`, object, code].filter(Boolean).join('  ');
      const [first = ''] = message.split('\n');
      return [`  ${label(one)}  ${place}`, `    ${cut(first, width - 4)}`];
    }),
    ...(more > 0 ? [`  and ${more} more; --dry-run --json lists all`] : []),
  ];
}

const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 4))} ...`;

/** A run that would have pushed errors. */
export class PushRefused extends UserError {
  readonly findings: readonly Result[];

  constructor(message: string, findings: readonly Result[]) {
    super(message, 1);
    this.findings = findings;
  }
}

/** The refusal to push `errors`, with what to do. */
export function pushRefused(errors: readonly Result[], command: CommandName): PushRefused {
  // `adopt` overwrites no file.
  const also = command === 'adopt' ? '' : ' It also overwrites the files that you edited.';
  const text = [
    `--publish would push ${counted(errors.length, 'error')}. Nothing was written, created or pushed:`,
    ...shown(errors, Number.POSITIVE_INFINITY, () => 'error'),
    `Correct ${errors.length === 1 ? 'it' : 'them'}, or run the same command with --force to push nevertheless.${also}`,
    'flux-gitops verify says what to do about an error in files that exist.',
  ].join('\n');
  return new PushRefused(text, errors);
}
