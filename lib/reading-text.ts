import type { Step } from './next-steps.ts';
import { isByHand } from './plan/hand-written/own-form.ts';
import { BY_DEFAULT, BY_MOST, type Taken } from './plan/hand-written/reading.ts';
import type { Plan, Reading } from './plan/plan.ts';
import { shellCommand } from './render/quoting.ts';
import { listed, wrapWords } from './render/wrap.ts';
import type { Look } from './terminal.ts';

/** What a reading took, with the place of each value, and what it did not understand. */
export function readingText({ taken, notUnderstood }: Reading, { paint, width }: Look): string[] {
  const of = (source: string): Taken[] => taken.filter(({ from }) => from === source);
  const found = taken.filter(({ from }) => from !== BY_DEFAULT && from !== BY_MOST);
  const rows = found.map(({ repo, environment, what, value, from }) => [
    environment ?? 'estate',
    what,
    shortened(value),
    environment === undefined ? from : `${repo}: ${from}`,
  ]);
  const others = notUnderstood.flatMap(({ repo, where, reason }) => [
    `  ${repo}: ${where}`,
    ...wrapWords(reason, width, '      '),
  ]);
  return [
    ...(rows.length > 0 ? ['', paint('bold', 'Taken, and from where:'), ...table(rows)] : []),
    ...listOf('New environments get what most environments have:', of(BY_MOST), paint),
    ...listOf('No file has these settings, so they have their defaults:', of(BY_DEFAULT), paint),
    ...(others.length > 0
      ? ['', paint('bold', 'Not understood, and not touched by any command:'), ...others]
      : []),
  ];
}

/** `taken` in as few lines as fit, below a title. */
function listOf(title: string, taken: readonly Taken[], paint: Look['paint']): string[] {
  if (taken.length === 0) return [];
  const values = taken.map(({ what, value }) => `${what}=${shortened(value)}`).join(', ');
  return ['', paint('bold', title), ...wrapWords(values, LINE, '  ')];
}

const LINE = 100;

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}...` : text);

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = [0, 1, 2].map((at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd(),
  );
}

/** What a person does after `adopt`. `folder` is the config repo as a user would type it. */
export function adoptedSteps({ environments, repos, reading }: Plan, folder: string): Step[] {
  const byHand = reading?.replaceable ?? [];
  const reference = environments.filter(
    (one) => one.profile === 'reference' && (!isByHand(one) || byHand.includes(one.name)),
  );
  const add = (...words: string[]): string =>
    shellCommand([
      'flux-gitops',
      'tenant',
      ...words,
      ...(folder === '.' ? [] : ['--into', folder]),
    ]);
  return [
    {
      text: `Read the list above, then commit .yo-rc.json${repos.length > 1 ? ' in each repository' : ''}.`,
      commands: [],
    },
    {
      text: 'Add an environment. It gets a folder of its own, which you apply, or list where your cluster looks:',
      commands: [add('qa')],
    },
    ...(byHand.length > 0
      ? [
          {
            text: `No run changes the files of ${listed(byHand)}. To replace them with files of this package, which later runs keep up to date:`,
            commands: [add(...byHand.slice(0, 8), '--take-over', '--dry-run')],
          },
        ]
      : []),
    ...(reference.length > 0
      ? [
          {
            text: 'Give a tenant the limits of the profile hardened:',
            commands: reference
              .slice(0, 1)
              .map((one) =>
                add(one.name, '--profile', 'hardened', ...(isByHand(one) ? ['--take-over'] : [])),
              ),
          },
        ]
      : []),
  ];
}
