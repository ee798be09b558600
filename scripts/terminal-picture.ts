// Writes docs/terminal.svg: a picture of a real run in a terminal.
import { writeFileSync } from 'node:fs';
import { COLUMNS, type Look, type Run, runInTerminal } from './terminal-run.ts';

/** The maximum number of lines, so that the picture fits on the first screen of the README. */
const MOST_LINES = 46;
const SIZE = { font: 14, character: 8.4, line: 19, margin: 18, bar: 34 };
/** The 16 colours of a terminal; each has a contrast of at least 4.5:1 to the window. */
const COLOURS =
  '#9da7b3 #ff7b72 #3fb950 #d29922 #58a6ff #bc8cff #39c5cf #e6edf3 #9da7b3 #ffa198 #56d364 #e3b341 #79c0ff #d2a8ff #56d4dd #ffffff'.split(
    ' ',
  );
const [TEXT, DIM] = ['#e6edf3', '#9da7b3'];

/** The picture of a run that answers every question with Enter. */
export async function terminalPicture(): Promise<string> {
  return svgOf(await runInTerminal());
}

function svgOf(all: readonly (readonly Run[])[]): string {
  const rest: Run = { column: 0, text: '…', colour: undefined, bold: false, dim: true };
  const lines = all.length > MOST_LINES ? [...all.slice(0, MOST_LINES - 1), [rest]] : all;
  const { font, character, line, margin, bar } = SIZE;
  const width = Math.ceil(COLUMNS * character + 2 * margin);
  const height = bar + lines.length * line + margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">`,
    '  <title id="title">A run of flux-gitops in a terminal</title>',
    '  <desc id="desc">Every question is answered with Enter. The run shows its plan, writes the repositories, and says what to do next.</desc>',
    '  <!-- Written by npm run picture from a real run. -->',
    `  <style>text { font: ${font}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: ${TEXT} } .bold { font-weight: 600 }</style>`,
    `  <rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="#0d1117" stroke="#6e7681"/>`,
    ...['#ff5f57', '#febc2e', '#28c840'].map(
      (fill, index) => `  <circle cx="${margin + 4 + index * 18}" cy="18" r="5.5" fill="${fill}"/>`,
    ),
    ...lines.flatMap((runs, row) =>
      runs.map((run) => textOf(run, Math.round(bar + row * line + font))),
    ),
    '</svg>',
    '',
  ].join('\n');
}

function textOf(run: Run, y: number): string {
  const x = (SIZE.margin + run.column * SIZE.character).toFixed(1);
  const length = ([...run.text].length * SIZE.character).toFixed(1);
  const fill = colourOf(run);
  const marks = `${run.bold ? ' class="bold"' : ''}${fill === TEXT ? '' : ` style="fill:${fill}"`}`;
  // textLength keeps the columns aligned if the font of the reader is wider or narrower.
  return `  <text x="${x}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs"${marks}>${escaped(run.text)}</text>`;
}

function colourOf({ colour, dim }: Look): string {
  if (colour === undefined) return dim ? DIM : TEXT;
  const found = COLOURS[colour];
  if (found === undefined) throw new Error(`The picture has no colour ${colour}.`);
  return found;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

if (import.meta.main) {
  const file = new URL('../docs/terminal.svg', import.meta.url);
  writeFileSync(file, await terminalPicture());
  console.log('written docs/terminal.svg');
}
