import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { readTree } from './sandbox.ts';

/** An edit of a user: its kind, and numbers that choose the file and the place. */
export type Edit = { readonly kind: string; readonly file: number; readonly at: number };

/** An edit that was made: the word is in every line that the user wrote. */
export type Made = { readonly kind: string; readonly path: string; readonly word: string };

type Lines = string[];
/** Changes `lines` in one place that `at` chooses. `word` is in every line that the user writes. Returns false for no place. */
type Change = (lines: Lines, at: number, word: string) => boolean;

/** One of the numbers of `places`; undefined if there are none. */
const one = (places: readonly number[], at: number): number | undefined =>
  places[at % Math.max(places.length, 1)];

const placesOf = (lines: Lines, fits: (line: string, index: number) => boolean): number[] =>
  lines.flatMap((line, index) => (fits(line, index) ? [index] : []));

/** Whether each line is outside of code: in a README, not between fences. */
function outsideCode(lines: Lines): boolean[] {
  let code = false;
  return lines.map((line) => {
    if (line.startsWith('```')) code = !code;
    return !code && !line.startsWith('```');
  });
}

/** An edit at one of the lines that fit. */
const atLine =
  (
    fits: (line: string, index: number, lines: Lines) => boolean,
    change: (line: string, word: string) => string[],
  ): Change =>
  (lines, at, word) => {
    const place = one(
      placesOf(lines, (line, index) => fits(line, index, lines)),
      at,
    );
    if (place === undefined) return false;
    lines.splice(place, 1, ...change(lines[place] ?? '', word));
    return true;
  };

/** Whether the line is a key with a plain value, outside of a text of several lines. */
const isPair = (line: string, index: number, lines: Lines): boolean =>
  /^ *(- )?[\w./-]+: ['"]?[\w./:@-]+['"]?$/.test(line) && !isInText(lines, index);

function isInText(lines: Lines, index: number): boolean {
  const depth = (line: string): number => line.search(/\S|$/);
  const own = depth(lines[index] ?? '');
  for (let at = index - 1; at >= 0; at--) {
    const line = lines[at] ?? '';
    if (line.trim() === '' || depth(line) >= own) continue;
    return /[>|][+-]?$/.test(line);
  }
  return false;
}

const indentOf = (line: string): string => /^ */.exec(line)?.[0] ?? '';
const isRow = (line: string): boolean => /^\| (?!---)/.test(line);
const ROW = (line: string): number => line.split(/(?<!\\)\|/).length - 2;

const object = (word: string): string[] => [
  '---',
  'apiVersion: v1',
  'kind: ConfigMap',
  'metadata:',
  `  name: ${word}`,
];

/** The kinds of edits, with the files that they fit. */
const KINDS: { readonly [kind: string]: readonly [RegExp, Change] } = {
  comment: [
    /\.(ya?ml|tf)$/,
    atLine(
      (line) => line.trim() !== '',
      (line, word) => [`${indentOf(line)}# ${word}`, line],
    ),
  ],
  'comment behind a value': [/\.ya?ml$/, atLine(isPair, (line, word) => [`${line} # ${word}`])],
  value: [/\.ya?ml$/, atLine(isPair, (line, word) => [line.replace(/: .*$/, `: ${word}`)])],
  label: [
    /\.ya?ml$/,
    atLine(
      (line) => /^ *labels:$/.test(line),
      (line, word) => [line, `${indentOf(line)}  ${word}: "yes"`],
    ),
  ],
  'object at the end': [
    /\d_\w+\.yaml$|app\.yaml$|policies\/.*yaml$/,
    (lines, _, word) => {
      lines.splice(lines.at(-1) === '' ? -1 : lines.length, 0, ...object(word));
      return true;
    },
  ],
  'object between others': [
    /\d_\w+\.yaml$|app\.yaml$|policies\/.*yaml$/,
    atLine(
      (line) => line === '---',
      (line, word) => [...object(word), line],
    ),
  ],
  'entry of a list': [
    /kustomization\.yaml$/,
    atLine(
      (line) => /^ *- [\w./-]+\.yaml$/.test(line) || line === 'resources:',
      (line, word) => [line, `${/^ *-/.test(line) ? indentOf(line) : '  '}- ${word}.yaml`],
    ),
  ],
  'deleted entry of a list': [
    /kustomization\.yaml$/,
    atLine(
      (line) => /^ *- [\w./-]+\.yaml$/.test(line),
      () => [],
    ),
  ],
  paragraph: [
    /README\.md$/,
    atLine(
      (line, index, lines) => line === '' && outsideCode(lines)[index] === true,
      (_, word) => ['', `Our team says ${word}.`, ''],
    ),
  ],
  'word of a sentence': [
    /README\.md$/,
    atLine(
      (line, index, lines) => /^[A-Z][\w ,.]+ \w+/.test(line) && outsideCode(lines)[index] === true,
      (line, word) => [line.replace(/ \w+/, ` ${word}`)],
    ),
  ],
  heading: [
    /README\.md$/,
    atLine(
      (line, index, lines) => /^#+ /.test(line) && outsideCode(lines)[index] === true,
      (line, word) => [`${line} ${word}`],
    ),
  ],
  row: [
    /README\.md$/,
    atLine(isRow, (line, word) => [line, `| ${`${word} | `.repeat(ROW(line)).trim()}`]),
  ],
  cell: [/README\.md$/, atLine(isRow, (line, word) => [line.replace(/ \|$/, ` ${word} |`)])],
  'deleted row': [/README\.md$/, atLine(isRow, () => [])],
  'deleted line': [
    /README\.md$|\.tf$/,
    atLine(
      (line) => line.length > 20,
      () => [],
    ),
  ],
  'line of code': [
    /README\.md$/,
    atLine(
      (line, index, lines) => outsideCode(lines)[index] === false && !line.startsWith('```'),
      (line, word) => [line, `echo ${word}`],
    ),
  ],
  // edit() writes the lines with the line ends of Windows.
  'windows lines': [/./, () => true],
  'no newline at the end': [
    /./,
    (lines) => {
      if (lines.at(-1) === '') lines.pop();
      return true;
    },
  ],
};

/** Files that a later version writes, and that a user may have had first. */
const LATER = ['.gitattributes', 'policies/team.yaml', 'policies/priority.yaml', 'NOTES.md'];

/** Edits of a whole file: they get the text, and return the new one; undefined removes the file. */
const WHOLE: {
  readonly [kind: string]: (at: number, word: string, text: string) => string | undefined;
} = {
  'deleted file': () => undefined,
  'added file': (_, word) => `# ${word}\n`,
  setting: (at, _, text) => changeRecord(text, at),
  'key of another program': (_, word, text) =>
    `${JSON.stringify({ ...JSON.parse(text), [word]: { kept: word } }, null, 2)}\n`,
};

const RECORD = '.yo-rc.json';

function changeRecord(text: string, at: number): string {
  const all = JSON.parse(text);
  const record = all['generator-flux-gitops'];
  const [name = ''] = Object.keys(record.environments);
  if (at % 3 === 0) record.settings.interval = '7m0s';
  else if (at % 3 === 1) record.environments[name].replicas = 5;
  else record.environments[name].content = 'Changed by hand';
  return `${JSON.stringify(all, null, 2)}\n`;
}

/** Any edit; without a bias to the first file and the first line. */
export const anyEdit: fc.Arbitrary<Edit> = fc.noBias(
  fc.record({
    kind: fc.constantFrom(...Object.keys(KINDS), ...Object.keys(WHOLE)),
    file: fc.nat(10_000),
    at: fc.nat(10_000),
  }),
);

/** Makes `edits` in the repositories of `folder`, one after the other. Returns those that found a place. */
export function makeEdits(
  folder: string,
  repos: readonly string[],
  edits: readonly Edit[],
): Made[] {
  const made: Made[] = [];
  for (const [index, { kind, file, at }] of edits.entries()) {
    const word = `edit${index}x${at}`;
    const path = choose(folder, repos, kind, file);
    if (path !== undefined && edit(join(folder, path), kind, at, word))
      made.push({ kind, path, word });
  }
  return made;
}

function choose(
  folder: string,
  repos: readonly string[],
  kind: string,
  file: number,
): string | undefined {
  if (kind === 'added file') {
    const repo = repos[file % repos.length] ?? '';
    return `${repo}/${LATER[Math.floor(file / repos.length) % LATER.length]}`;
  }
  const fits = KINDS[kind]?.[0];
  const paths = [...readTree(folder).keys()].filter((path) => {
    const isRecord = path.endsWith(RECORD);
    if (kind === 'deleted file') return !isRecord;
    return fits ? !isRecord && fits.test(path) : isRecord;
  });
  return paths[file % Math.max(paths.length, 1)];
}

function edit(path: string, kind: string, at: number, word: string): boolean {
  const whole = WHOLE[kind];
  if (whole) {
    if (kind === 'added file' && existsSync(path)) return false;
    const text = whole(at, word, existsSync(path) ? readFileSync(path, 'utf8') : '');
    if (text === undefined) rmSync(path);
    else {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    return true;
  }
  const text = readFileSync(path, 'utf8');
  const windows = text.includes('\r\n');
  const lines = text.split(/\r?\n/);
  const change = KINDS[kind]?.[1];
  if (change === undefined || !change(lines, at, word)) return false;
  writeFileSync(path, lines.join(windows || kind === 'windows lines' ? '\r\n' : '\n'));
  return true;
}
