import { readFileSync } from 'node:fs';
import { completionText } from '../lib/completion.ts';
import { usageOf } from '../lib/disk/package-files.ts';
import { sizeRows } from '../lib/plan/values/sizes.ts';
import { COMMANDS } from '../lib/settings/command-words.ts';
import { flagRows } from '../lib/settings/help.ts';
import { type CommandName, SIZES } from '../lib/settings/settings.ts';
import { catalogueText } from '../lib/verify/catalogue.ts';
import { MUTATIONS } from '../test/verify/mutations.ts';

/** The text of docs/reference/command-line.md, from the table of settings and the USAGE texts. */
export function commandLinePage(): string {
  const commands = Object.keys(COMMANDS) as CommandName[];
  return [
    '# The command line',
    '',
    'Written by `npm run goldens` from `lib/settings/settings.ts`. `yo flux-gitops` and `yo flux-gitops:COMMAND` take the',
    'same arguments and write the same bytes. A flag that changes nothing for an environment says so in a note, and the record',
    'keeps its value for later.',
    ...commands.flatMap(commandSection),
    ...sizesSection(),
    '',
    '## `flux-gitops completion`',
    '',
    '```text',
    completionText(['--help']).trimEnd(),
    '```',
    '',
    'How to install it: [Complete commands with the Tab key](../how-to/shell-completion.md).',
    '',
  ].join('\n');
}

/** The text of docs/verify.md, with the codes of the catalogue. */
export function verifyPage(): string {
  const page = readFileSync(new URL('../docs/verify.md', import.meta.url), 'utf8');
  return section(section(page, 'tried', triedTable()), 'codes', catalogueText());
}

/** `page` with `text` between the comments `name` and `end of name`. */
export function section(page: string, name: string, text: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const from = page.indexOf(start) + start.length;
  return `${page.slice(0, from)}\n\n${text}\n${page.slice(page.indexOf(end))}`;
}

/** The broken estates that the cluster tests apply, as a table. */
function triedTable(): string {
  const rows = MUTATIONS.filter(({ cluster }) => cluster !== undefined).map(
    ({ name, codes, cluster }) =>
      `| ${name} | ${codes.map((code) => `\`${code}\``).join(', ') || 'nothing'} | ${cluster} |`,
  );
  return ['| estate | `verify` reports | the cluster |', '| --- | --- | --- |', ...rows, ''].join(
    '\n',
  );
}

/** The section about the sizes of a tenant. */
function sizesSection(): string[] {
  return [
    '',
    '## Sizes of tenants',
    '',
    '`--size` sets the ResourceQuota `tenant` and the LimitRange `tenant` of a hardened tenant. The quota is larger where the',
    'demo app needs more for its `--replicas`. `medium` is the default. To change the size later, run',
    '`flux-gitops tenant ENV --size large` in the config repo and apply the folder of the environment again.',
    '',
    `| at most | ${SIZES.map((size) => `\`${size}\``).join(' | ')} |`,
    `| --- |${' --- |'.repeat(SIZES.length)}`,
    ...sizeRows(SIZES).map((row) => `| ${row.join(' | ')} |`),
  ];
}

function commandSection(command: CommandName): string[] {
  const title = command === 'app' ? 'flux-gitops' : `flux-gitops ${command}`;
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
  return [
    '',
    `## \`${title}\``,
    '',
    '```text',
    usageOf(command).trimEnd(),
    '```',
    '',
    '| flag | meaning |',
    '| --- | --- |',
    ...flagRows(command).map(([flag, meaning]) => `| \`${flag}\` | ${cell(meaning)} |`),
  ];
}
