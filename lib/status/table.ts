/** The table of `status` as lines of text. */
import { wrapWords } from '../render/wrap.ts';
import type { Look, Paint } from '../terminal.ts';
import { type Row, revisionsOf, shortRevision, type WorkloadStatus } from './model.ts';

export const COLUMNS = [
  'ENVIRONMENT',
  'SOURCE',
  'REVISION',
  'APPLIED',
  'READY',
  'WORKLOAD',
  'GENERATION',
  'REPLICAS',
  'AGE',
  'MESSAGE',
] as const;
export type Column = (typeof COLUMNS)[number];

/** The texts of one line of the table. `key` names the line among all lines. */
export type Line = {
  readonly key: string;
  readonly row: Row;
  readonly cells: { readonly [column in Column]: string };
};

/** Every line of the table for `rows`: one for each workload, and at least one. `now` is in milliseconds. */
export function linesOf(rows: readonly Row[], now: number): Line[] {
  return rows.flatMap((row) => {
    const [first, ...more] = row.workloads;
    const keyOf = ({ kind, name }: WorkloadStatus): string => `${row.name} ${kind} ${name}`;
    const { fetched, applied } = revisionsOf(row);
    const head: Line = {
      key: row.name,
      row,
      cells: {
        ...workloadCells(first),
        ENVIRONMENT: row.name,
        SOURCE: row.source?.name ?? '-',
        REVISION: fetched === undefined ? '-' : plain(shortRevision(fetched)),
        APPLIED: applied === undefined ? '-' : plain(shortRevision(applied)),
        READY: row.ready,
        AGE: row.since === undefined ? '-' : age(now - Date.parse(row.since)),
        MESSAGE: plain(row.message),
      },
    };
    return [head, ...more.map((one): Line => ({ key: keyOf(one), row, cells: moreCells(one) }))];
  });
}

const workloadCells = (
  workload: WorkloadStatus | undefined,
): { WORKLOAD: string; GENERATION: string; REPLICAS: string } => ({
  WORKLOAD: workload?.name ?? '-',
  GENERATION: workload === undefined ? '-' : String(workload.generation),
  REPLICAS: workload === undefined ? '-' : `${workload.replicas.ready}/${workload.replicas.wanted}`,
});

const moreCells = (workload: WorkloadStatus): Line['cells'] => ({
  ENVIRONMENT: '',
  SOURCE: '',
  REVISION: '',
  APPLIED: '',
  READY: '',
  AGE: '',
  MESSAGE: '',
  ...workloadCells(workload),
});

/** `text` in one line, without the characters that have an effect on a terminal: the cluster may contain any text. */
export function plain(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\ufeff]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
}

/** A span of time as kubectl writes it: 45s, 3m12s, 25m, 5h10m, 13h, 8d. */
export function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [minutes, hours, days] = [60, 3600, 86_400].map((unit) => Math.floor(seconds / unit)) as [
    number,
    number,
    number,
  ];
  const withRest = (whole: string, rest: number, unit: string): string =>
    rest === 0 ? whole : `${whole}${rest}${unit}`;
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return withRest(`${minutes}m`, seconds % 60, 's');
  if (hours < 3) return `${minutes}m`;
  if (hours < 8) return withRest(`${hours}h`, minutes % 60, 'm');
  return hours < 48 ? `${hours}h` : `${days}d`;
}

/** How a table is drawn. */
export type Drawing = Look & {
  readonly now: number;
  /** For each line that changed a moment ago, by its key: the columns that changed. A table that is watched has it. */
  readonly changed?: ReadonlyMap<string, ReadonlySet<Column>>;
};

/**
 * The table of `rows`. Without a limit of the width, each row has its message in its line. Otherwise the messages of rows
 * that are not Ready follow below their rows, and columns go until the others fit.
 */
export function statusTable(rows: readonly Row[], drawing: Drawing): string[] {
  const { width, changed, paint } = drawing;
  const lines = linesOf(rows, drawing.now);
  const gutter = changed ? 2 : 0;
  const shape = shapeFor(lines, width - gutter);
  const mark = (line?: Line): string => {
    if (gutter === 0) return '';
    return line && changed?.has(line.key) ? paint('bold', '* ') : '  ';
  };
  const titles = shape.columns.map(({ title, width: wide }) => title.padEnd(wide));
  const header = fit(titles.join(GAP).trimEnd(), width - gutter);
  const last = new Map(lines.map((line) => [line.row, line]));
  return [
    `${mark()}${paint('bold', header)}`,
    ...lines.flatMap((line) => [
      `${mark(line)}${lineText(line, shape, drawing)}`,
      ...(last.get(line.row) === line ? messageLines(line.row, drawing, gutter) : []),
    ]),
  ];
}

const GAP = '  ';

type Shape = {
  readonly columns: readonly { name: Column; title: string; width: number }[];
  readonly cellOf: (line: Line, column: Column) => string;
  readonly total: number;
};

/** What a narrow terminal leaves out, one after the other. */
const STEPS: readonly { readonly drop: readonly Column[]; readonly isShort: boolean }[] = [
  { drop: [], isShort: false },
  { drop: [], isShort: true },
  { drop: ['SOURCE'], isShort: false },
  { drop: ['SOURCE'], isShort: true },
  { drop: ['SOURCE', 'WORKLOAD'], isShort: true },
  { drop: ['SOURCE', 'WORKLOAD', 'AGE'], isShort: true },
  { drop: ['SOURCE', 'WORKLOAD', 'AGE', 'GENERATION'], isShort: true },
];

/** The widest shape of the table that fits into `width`; the narrowest one if none fits. */
function shapeFor(lines: readonly Line[], width: number): Shape {
  if (width === Number.POSITIVE_INFINITY) return shapeOf(lines, COLUMNS, false);
  const shapes = STEPS.map(({ drop, isShort }) => {
    const kept = COLUMNS.filter((name) => name !== 'MESSAGE' && !drop.includes(name));
    return shapeOf(lines, kept, isShort);
  });
  return shapes.find(({ total }) => total <= width) ?? (shapes.at(-1) as Shape);
}

/** `isShort`: revisions without the name of their branch. */
function shapeOf(lines: readonly Line[], kept: readonly Column[], isShort: boolean): Shape {
  const cellOf = ({ cells }: Line, name: Column): string =>
    isShort && (name === 'REVISION' || name === 'APPLIED')
      ? (cells[name].split('@').at(-1) ?? '')
      : cells[name];
  const columns = kept.map((name) => ({
    name,
    title: name,
    width: Math.max(name.length, ...lines.map((line) => cellOf(line, name).length)),
  }));
  const total = columns.reduce((sum, one) => sum + one.width + GAP.length, -GAP.length);
  return { columns, cellOf, total };
}

function lineText(line: Line, { columns, cellOf, total }: Shape, drawing: Drawing): string {
  const { paint, width, changed } = drawing;
  const marked = changed?.get(line.key);
  const room = width - (changed ? 2 : 0);
  const texts = columns.map(({ name, width: wide }) => {
    const text = cellOf(line, name);
    return { name, text, blanks: ' '.repeat(wide - text.length) };
  });
  // The colours of a line that is cut would not end.
  if (total > room)
    return fit(
      texts
        .map(({ text, blanks }) => text + blanks)
        .join(GAP)
        .trimEnd(),
      room,
    );
  return texts
    .map(({ name, text, blanks }) => {
      const coloured = name === 'READY' ? paintReady(text, paint) : text;
      return (marked?.has(name) ? paint('bold', coloured) : coloured) + blanks;
    })
    .join(GAP)
    .trimEnd();
}

function paintReady(text: string, paint: Paint): string {
  if (text === 'True') return paint('green', text);
  if (text === 'False') return paint('red', text);
  return text === 'Unknown' ? paint('yellow', text) : text;
}

/** `text` in at most `width` characters. */
function fit(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** How many lines a message may take on a terminal. */
const MESSAGE_LINES = 8;

/** The message of `row` below it, if it says more than the table. */
function messageLines(row: Row, { paint, width }: Drawing, gutter: number): string[] {
  const message = plain(row.message);
  if (width === Number.POSITIVE_INFINITY || row.state === 'ready' || message === '') return [];
  const indent = ' '.repeat(gutter + 2);
  const wrapped = wrapWords(message, width - indent.length);
  const shown = wrapped.slice(0, MESSAGE_LINES);
  if (wrapped.length > MESSAGE_LINES) shown[MESSAGE_LINES - 1] += ' …';
  return shown.map((one) => indent + paint('dim', fit(one, width - indent.length)));
}
