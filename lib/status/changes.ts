/** What changed between two looks at the cluster. */
import type { Row } from './model.ts';
import { COLUMNS, type Column, type Line, linesOf } from './table.ts';

/** One cell of the table that changed. The text is '' where there was no such line, or where there is none any more. */
export type Change = {
  readonly key: string;
  readonly name: string;
  /** The workload of the cell, if it is about one. */
  readonly workload?: string;
  readonly column: Column;
  readonly from: string;
  readonly to: string;
};

const WATCHED = COLUMNS.filter((column) => column !== 'ENVIRONMENT' && column !== 'AGE');

/** The cells that differ between `before` and `after`. The age is none of them, because it always changes. */
export function changesBetween(before: readonly Row[], after: readonly Row[]): Change[] {
  const [old, young] = [before, after].map(
    (rows) => new Map(linesOf(rows, 0).map((line) => [line.key, line])),
  ) as [Map<string, Line>, Map<string, Line>];
  const keys = [...new Set([...old.keys(), ...young.keys()])];
  return keys.flatMap((key) => {
    const [was, is] = [old.get(key), young.get(key)];
    const { row } = (is ?? was) as Line;
    return WATCHED.flatMap((column): Change[] => {
      const from = was?.cells[column] ?? '';
      const to = is?.cells[column] ?? '';
      // The message of what is Ready only repeats the revision.
      const isTold = column !== 'MESSAGE' || (is !== undefined && is.row.ready !== 'True');
      if (from === to || !isTold) return [];
      const workload = workloadOf(is ?? was, column);
      return [{ key, name: row.name, ...(workload && { workload }), column, from, to }];
    });
  });
}

const workloadOf = (line: Line | undefined, column: Column): string | undefined =>
  column === 'GENERATION' || column === 'REPLICAS' ? line?.cells.WORKLOAD : undefined;

/** `changes` as one line for each environment. */
export function changeLines(changes: readonly Change[]): string[] {
  const groups = Map.groupBy(changes, ({ name }) => name);
  return [...groups].map(([name, all]) => `${name}: ${all.map(changeText).join(', ')}`);
}

function changeText({ workload, column, from, to }: Change): string {
  if (column === 'MESSAGE') return to;
  const what = workload === undefined || workload === '-' ? column : `${workload} ${column}`;
  return `${what} ${from === '' ? '-' : from} -> ${to === '' ? '-' : to}`;
}
