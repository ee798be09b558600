/** What `status --json` prints. */
import type { Row } from './model.ts';
import type { Place } from './verdict.ts';

/** One environment, or the config repo, in the document. */
export type StatusEntry = Omit<Row, 'ready'> & {
  /** Whether Flux has applied what its source has, and everything of it is Ready. */
  readonly ready: boolean;
};

export type StatusDocument = {
  readonly context: string;
  readonly server: string;
  /** Whether everything in the document is ready. */
  readonly ready: boolean;
  /** The sync of the config repo, if the cluster follows it. */
  readonly config?: StatusEntry;
  readonly environments: readonly StatusEntry[];
};

/** The document for `rows`, which belong to `places`. It names no time of its own, so that only a change changes it. */
export function statusDocument(
  { context, server }: { readonly context: string; readonly server: string },
  places: readonly Place[],
  rows: readonly Row[],
): StatusDocument {
  const entries = rows.map((row): StatusEntry => ({ ...row, ready: row.ready === 'True' }));
  const isConfig = (_: StatusEntry, at: number): boolean => places[at]?.role === 'config';
  const config = entries.find(isConfig);
  return {
    context,
    server,
    ready: entries.every(({ ready }) => ready),
    ...(config && { config }),
    environments: entries.filter((one) => one !== config),
  };
}
