/** Files of a person in an app repo that go along when an environment moves or gets another name. */
import { type Problem, quote } from '../errors.ts';
import { blobId, unixLines } from '../render/git-text.ts';
import type { CarriedFile, World } from './plan.ts';
import type { FoundRecord } from './record.ts';
import { BASE } from './values/layout.ts';

/** The folder of an environment, in the app repo that feeds it. */
export type Source = {
  readonly repo: string;
  readonly record: FoundRecord;
  readonly folder: string;
};

/**
 * What goes along from the folder `source` to the folder `target`: the files that the last run did not write like this,
 * as `change` makes them, and what a person deleted. Without `change`, all files go along as they are, because a label
 * with the name of another app repo would restart the pods. `off` has the paths that the old folder loses.
 */
export function carryFolder(
  source: Source,
  target: string,
  world: World,
  problems: Problem[],
  change?: (text: string) => string,
): { carried: CarriedFile[]; off: string[] } {
  const { repo, record, folder } = source;
  const files = filesOf(repo, folder, world, problems);
  const below = (path: string): string => path.slice(folder.length + 1);
  const isOurs = ({ path, contents }: { path: string; contents: string }): boolean =>
    (record.written?.get(path) ?? []).includes(blobId(unixLines(contents)));
  const there = new Set(files.map(({ path }) => path));
  const written = [...(record.written?.keys() ?? [])];
  const deleted = written.filter((path) => path.startsWith(`${folder}/`) && !there.has(path));
  return {
    carried: [
      ...files
        .filter((file) => change === undefined || !isOurs(file))
        .map(({ path, contents }) => ({
          path: `${target}/${below(path)}`,
          contents: change ? change(contents) : contents,
        })),
      ...deleted.map((path) => ({ path: `${target}/${below(path)}`, contents: undefined })),
    ],
    off: files.map(({ path }) => path),
  };
}

/**
 * The text files in a folder of `repo` as they are. An earlier run moved them there and may not have pushed them, so a run
 * that publishes takes them along, also where a person wrote them.
 */
export function filesOfEarlierRun(repo: string, folder: string, world: World): CarriedFile[] {
  const files = world.filesOf?.(repo, folder) ?? [];
  return files.flatMap(({ path, contents }) =>
    contents === undefined ? [] : [{ path, contents }],
  );
}

/** The text files in a folder of `repo`. A file that is no text cannot go along. */
function filesOf(
  repo: string,
  folder: string,
  world: World,
  problems: Problem[],
): { path: string; contents: string }[] {
  const files = world.filesOf?.(repo, folder) ?? [];
  for (const { path, contents } of files)
    if (contents === undefined)
      problems.push({
        given: `${repo}/${path}`,
        rule: 'this file is not text, so this command cannot move it. Move it by hand first, and commit it',
        example: `git mv ${quote(path)} elsewhere`,
        flag: path,
        settings: ['arguments'],
      });
  return files.map(({ path, contents = '' }) => ({ path, contents }));
}

/**
 * The `base` of the overlays in `repo`, for an app repo `to` that has none. Adds a problem if `to` has another one,
 * because the same overlay would then build something else.
 */
export function carryBase(
  { repo, record }: Omit<Source, 'folder'>,
  to: string,
  world: World,
  problems: Problem[],
): CarriedFile[] {
  const own = filesOf(repo, BASE, world, problems);
  const there = filesOf(to, BASE, world, problems);
  if (there.length === 0)
    return carryFolder({ repo, record, folder: BASE }, BASE, world, []).carried;
  const textOf = (files: typeof own): string =>
    JSON.stringify(files.map(({ path, contents }) => [path, unixLines(contents)]));
  if (textOf(own) === textOf(there)) return [];
  problems.push({
    given: `the folders base of ${quote(repo)} and ${quote(to)}`,
    rule: 'they differ, so the overlay of the environment would build another app there. Make them the same first, or move to an app repo without overlays of its own',
    example: '--repo flux-qa',
    flag: '--repo',
    settings: ['repo'],
  });
  return [];
}
