/** `status --watch`: looks again and again until the user presses Ctrl-C. */
import { setTimeout as pause } from 'node:timers/promises';
import { cancelWith } from '../cancel.ts';
import { UserError } from '../errors.ts';
import { painter } from '../terminal.ts';
import { type Change, changeLines, changesBetween } from './changes.ts';
import type { Row } from './model.ts';
import { type Column, plain, statusTable } from './table.ts';

/** The time between two looks, and how long a change stays marked (milliseconds). */
const PAUSE = 2000;
const MARKED = 10_000;

/** What a watch shows. */
export type Watched = {
  readonly look: () => Promise<readonly Row[]>;
  /** `rows` as one JSON document in one line. */
  readonly json: (rows: readonly Row[]) => string;
  /** The end of the last line on a terminal. */
  readonly place: string;
};

/** Draws on `stream`, or writes lines if it is not a terminal, until the process ends. Throws only for the first look. */
export async function watch(
  watched: Watched,
  { isJson, stream }: { readonly isJson: boolean; readonly stream: NodeJS.WriteStream },
): Promise<never> {
  cancelWith('The watch has ended.');
  const show = isJson
    ? jsonLines(watched, stream)
    : stream.isTTY
      ? screen(watched, stream)
      : plainLines(stream);
  show(await watched.look());
  for (;;) {
    await pause(PAUSE);
    try {
      show(await watched.look());
    } catch (error) {
      // The API server can be away for a moment.
      if (!(error instanceof UserError)) throw error;
      show(undefined, error.message);
    }
  }
}

/** Shows rows, or why there are none this time. */
type Show = (rows: readonly Row[] | undefined, trouble?: string) => void;

/** A line for each document that differs from the one before. */
function jsonLines({ json }: Watched, stream: NodeJS.WriteStream): Show {
  let before: string | undefined;
  return (rows) => {
    const text = rows && json(rows);
    if (text === undefined || text === before) return;
    before = text;
    stream.write(`${text}\n`);
  };
}

/** The table once, then a line for each environment that changed. */
function plainLines(stream: NodeJS.WriteStream): Show {
  let before: readonly Row[] | undefined;
  let troubleBefore: string | undefined;
  const say = (line: string): void => {
    stream.write(`${new Date().toISOString().replace(/\.\d+/, '')} ${line}\n`);
  };
  return (rows, trouble) => {
    if (trouble !== undefined && trouble !== troubleBefore) say(plain(trouble));
    troubleBefore = trouble;
    if (rows === undefined) return;
    if (before === undefined) {
      const look = { paint: painter(stream), width: Number.POSITIVE_INFINITY, now: Date.now() };
      stream.write(`${statusTable(rows, look).join('\n')}\n`);
    } else for (const line of changeLines(changesBetween(before, rows))) say(line);
    before = rows;
  };
}

type Mark = { readonly change: Change; readonly until: number };

/** Draws the table over the one before. What changed in the last seconds is marked. */
function screen({ place }: Watched, stream: NodeJS.WriteStream): Show {
  let rows: readonly Row[] | undefined;
  let marks: readonly Mark[] = [];
  let drawn = { lines: 0, size: '' };
  return (found, trouble) => {
    const now = Date.now();
    if (rows && found) {
      const fresh = changesBetween(rows, found).map((change) => ({ change, until: now + MARKED }));
      marks = [...marks.filter(({ until }) => until > now), ...fresh];
    }
    rows = found ?? rows ?? [];
    // Node.js reads the size again when the terminal signals that the window has another one.
    const [width, height] = stream.getWindowSize();
    const look = { paint: painter(stream), width, now, changed: marksByLine(marks) };
    const table = statusTable(rows, look);
    const lines = [...cut(table, height - 2), footer(rows, trouble, place).slice(0, width)];
    const size = `${width}x${height}`;
    const isSame = drawn.lines > 0 && drawn.size === size;
    const home = isSame ? `\x1b[${drawn.lines}A\r` : drawn.lines > 0 ? '\x1b[2J\x1b[H' : '';
    stream.write(`${home}\x1b[J${lines.join('\n')}\n`);
    drawn = { lines: lines.length, size };
  };
}

function marksByLine(marks: readonly Mark[]): Map<string, Set<Column>> {
  const groups = Map.groupBy(marks, ({ change }) => change.key);
  return new Map(
    [...groups].map(([key, all]) => [key, new Set(all.map(({ change }) => change.column))]),
  );
}

/** `lines`, as far as `room` lines of a window can show them. */
function cut(lines: readonly string[], room: number): string[] {
  if (lines.length <= room) return [...lines];
  const shown = Math.max(1, room - 1);
  const rest = lines.length - shown;
  return [
    ...lines.slice(0, shown),
    `  … and ${rest} more lines: a higher window or flux-gitops status ENV shows them`,
  ];
}

/** How many are Ready, or what is wrong. */
function footer(rows: readonly Row[], trouble: string | undefined, place: string): string {
  const time = new Date().toTimeString().slice(0, 8);
  if (trouble !== undefined) return `${time}  ${plain(trouble)}`;
  const ready = rows.filter((row) => row.ready === 'True').length;
  return `${time}  ${ready} of ${rows.length} Ready. Ctrl-C ends. ${place}`.trimEnd();
}
