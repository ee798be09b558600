import { join } from 'node:path';
import { earlierValues } from '../plan/operator-tier.ts';
import type { Layer } from '../plan/plan.ts';
import type { FoundRecord, Written } from '../plan/record.ts';
import { joinWritten } from '../plan/record.ts';
import { layersOf } from '../plan/repositories.ts';
import { earlierEnvironmentValues } from '../plan/values.ts';
import { blobId, unixLines } from '../render/git-text.ts';
import { type File, type LayerRenderer, layerRenderer } from '../render/render.ts';
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
  const layers = layersOf(found, found.environments);
  const earlier = earlierLayersOf(found);
  const renderers = [
    render,
    ...EARLIER_VERSIONS.map((version) =>
      layerRenderer((layer) => earlierTemplatesOf(layer, version)),
    ),
  ];
  const versions = renderers.map((one, index) => {
    const version = EARLIER_VERSIONS[index - 1];
    // A lost record can have layers that such a version did not have.
    const had = new Set(
      [...new Set(earlier.map(({ from }) => from))].filter(
        (from) => version !== undefined && earlierTemplatesOf(from, version).length > 0,
      ),
    );
    const known = version === undefined ? layers : earlier.filter(({ from }) => had.has(from));
    const files = known.flatMap(one);
    return new Map(files.map(({ path, contents }) => [path, contents]));
  });
  const texts = new Map<string, string | undefined>();
  const paths = new Set([
    ...versions.flatMap((files) => [...files.keys()]),
    ...planned.map(({ path }) => path),
  ]);
  for (const path of paths) {
    const text = readIfThere(join(folder, path));
    texts.set(path, text === undefined ? undefined : unixLines(text));
  }
  const matches = (files: Earlier): number =>
    [...files].filter(([path, contents]) => texts.get(path) === contents).length;
  const likeliest = versions.reduce((best, one) => (matches(one) > matches(best) ? one : best));
  const hashesOf = (files: Earlier): Written =>
    new Map([...files].map(([path, contents]) => [path, [blobId(contents)]]));
  // A file of another version counts only if it exists: a missing file does not mean that a user deleted it.
  const others = versions.map(
    (files) => new Map([...files].filter(([path]) => texts.get(path) !== undefined)),
  );
  // No user can have deleted a file that only this version writes.
  const [, ...older] = versions;
  const known = [...likeliest].filter(([path]) => older.some((files) => files.has(path)));
  const written = others.map(hashesOf).reduce(joinWritten, hashesOf(new Map(known)));
  return { written, earlier: [likeliest, ...versions] };
}

/**
 * The text that the last run wrote to `path`: as an earlier version rendered it, as this version renders the old
 * record, or from the history of git. Undefined when none of them has it.
 */
export async function findBase(
  path: string,
  folder: string,
  found: FoundRecord | undefined,
  known: { readonly written: Written; readonly earlier: readonly Earlier[] },
  render: LayerRenderer,
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
  return undefined;
}
