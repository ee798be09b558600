import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Layer } from '../plan/plan.ts';
import type { FoundRecord, Written } from '../plan/record.ts';
import { joinWritten, RECORD_FILE, readRecord } from '../plan/record.ts';
import { layersOf } from '../plan/repositories.ts';
import { earlierValues } from '../plan/values/operator-tier.ts';
import { earlierEnvironmentValues } from '../plan/values/values.ts';
import { blobId, unixLines } from '../render/git-text.ts';
import { type File, type LayerRenderer, layerRenderer } from '../render/render.ts';
import { formerTexts } from './git-stages.ts';
import { EARLIER_VERSIONS, earlierTemplatesOf } from './package-files.ts';
import { readIfThere } from './workspace.ts';

/** The files that an earlier version wrote with the settings of a record, by path. */
export type Earlier = ReadonlyMap<string, string>;

/** The layers of the repository of `found`, with the values that earlier versions computed. */
export function earlierLayersOf(found: FoundRecord): Layer[] {
  const shared = earlierValues(found);
  const environments = new Map(
    found.environments.map((one) => [one.name, earlierEnvironmentValues(one)]),
  );
  return layersOf(found, found.environments).map((layer) => ({
    ...layer,
    values: { ...layer.values, ...shared, ...environments.get(layer.into) },
  }));
}

/**
 * The files of a version that recorded no hashes: renders the templates of each such version with the settings of
 * the record. The version that matches the files in `folder` best shows which files a user has deleted since then.
 */
export function earlierFiles(
  found: FoundRecord,
  folder: string,
  planned: readonly File[],
  render: LayerRenderer,
): { written: Written; earlier: readonly Earlier[] } {
  const texts = new Map<string, string | undefined>();
  const textOf = (path: string): string | undefined => {
    if (texts.has(path)) return texts.get(path);
    const text = readIfThere(join(folder, path));
    texts.set(path, text === undefined ? undefined : unixLines(text));
    return texts.get(path);
  };
  const { now, older } = versionsOf(found, render);
  // A user may have changed a setting in the record by hand. Then the record in git shows what was written.
  const paths = new Set([now, ...older].flatMap((files) => [...files.keys()]));
  const isKnown = (path: string): boolean =>
    [undefined, now.get(path), ...older.map((files) => files.get(path))].includes(textOf(path));
  const former = [...paths].every(isKnown) ? [] : formerRecords(found, folder);
  for (const record of former) older.push(...versionsOf(record, render).older);
  for (const { path } of planned) textOf(path);
  const versions = [now, ...older];
  const matches = (files: Earlier): number =>
    [...files].filter(([path, contents]) => textOf(path) === contents).length;
  const likeliest = versions.reduce((best, one) => (matches(one) > matches(best) ? one : best));
  const hashesOf = (files: Earlier): Written =>
    new Map([...files].map(([path, contents]) => [path, [blobId(contents)]]));
  // A file of another version counts only if it exists: a missing file does not mean that a user deleted it.
  const others = versions.map(
    (files) => new Map([...files].filter(([path]) => textOf(path) !== undefined)),
  );
  // No user can have deleted a file that only this version writes.
  const known = [...likeliest].filter(([path]) => older.some((files) => files.has(path)));
  const written = others.map(hashesOf).reduce(joinWritten, hashesOf(new Map(known)));
  return { written, earlier: [likeliest, ...versions] };
}

/** What this version and the earlier versions write with the settings of `found`. */
function versionsOf(found: FoundRecord, render: LayerRenderer): { now: Earlier; older: Earlier[] } {
  const filesOf = (layers: readonly Layer[], one: LayerRenderer): Earlier =>
    new Map(layers.flatMap(one).map(({ path, contents }) => [path, contents]));
  const layers = earlierLayersOf(found);
  return {
    now: filesOf(layersOf(found, found.environments), render),
    older: EARLIER_VERSIONS.map((version) =>
      filesOf(
        // A lost record can have layers that such a version did not have.
        layers.filter(({ from }) => earlierTemplatesOf(from, version).length > 0),
        layerRenderer((layer) => earlierTemplatesOf(layer, version)),
      ),
    ),
  };
}

/** The records without hashes in the history of git that have other settings than `found`. */
function formerRecords(found: FoundRecord, folder: string): FoundRecord[] {
  const records: FoundRecord[] = [];
  for (const text of formerTexts(folder, RECORD_FILE)) {
    const { record } = readRecord(text, RECORD_FILE, []);
    const isOther = record && record.written === undefined && !isDeepStrictEqual(record, found);
    if (isOther && !records.some((one) => isDeepStrictEqual(one, record))) records.push(record);
  }
  return records;
}

/** The files that another published version writes in the repository in `folder`; undefined if nobody can say. */
export type Published = (folder: string) => Promise<Earlier | undefined>;

/**
 * The text that the last run wrote to `path`: as an earlier version rendered it, as this version renders the old
 * record, from the history of git, or from the version that the record names. Undefined when none of them has it.
 */
export async function findBase(
  path: string,
  folder: string,
  found: FoundRecord | undefined,
  known: { readonly written: Written; readonly earlier: readonly Earlier[] },
  render: LayerRenderer,
  published?: Published,
): Promise<string | undefined> {
  const hashes = known.written.get(path) ?? [];
  if (found === undefined || hashes.length === 0) return undefined;
  for (const files of known.earlier) {
    const text = files.get(path);
    if (text !== undefined) return text;
  }
  const layers = layersOf(found, found.environments).filter(
    ({ into }) => into === '.' || path.startsWith(`${into}/`),
  );
  const rendered = layers.flatMap(render).find((file) => file.path === path)?.contents;
  if (rendered !== undefined && hashes.includes(blobId(rendered))) return rendered;
  const { readBlobById } = await import('../publish/git-folder.ts');
  for (const hash of hashes) {
    const text = await readBlobById(folder, hash);
    if (text !== undefined) return text;
  }
  const text = (await published?.(folder))?.get(path);
  return text !== undefined && hashes.includes(blobId(text)) ? text : undefined;
}
