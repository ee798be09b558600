import { type Problem, quote } from '../errors.ts';
import { meantBy } from '../settings/closest.ts';
import { carryBase, carryFolder, filesOfEarlierRun } from './carry.ts';
import { byRepo, type Environment, namespaceOf, repositoryUrl, secretNameOf } from './estate.ts';
import type { CarriedFile, Move, RepoPlan, World } from './plan.ts';
import type { FoundRecord, RepoRecord } from './record.ts';
import { withoutFolders } from './repositories.ts';
import { ciOf } from './values/github-files.ts';
import { appFolderOf, appFoldersOf } from './values/layout.ts';
import { gitCredentialsOf, syncNamesOf } from './values/oci.ts';

/** What moves with the environments of a run, by app repo. */
export type Moving = {
  readonly moves: readonly Move[];
  /** The files that an app repo gets. */
  readonly carried: ReadonlyMap<string, readonly CarriedFile[]>;
  /** The app repos that the environments leave. */
  readonly left: readonly RepoPlan[];
};

export const NO_MOVE: Moving = { moves: [], carried: new Map(), left: [] };

/**
 * What a run that publishes takes along of environments that an earlier run with `--move` has moved: all of their files, and
 * the app repos that they left.
 */
export function movedBefore(
  added: readonly Environment[],
  recorded: FoundRecord,
  estate: Parameters<typeof ciOf>[0],
  world: World,
): Omit<Moving, 'moves'> & { readonly config: readonly CarriedFile[] } {
  const repoOf = new Map(recorded.environments.map(({ name, repo }) => [name, repo]));
  const moved = added.filter(({ name, repo }) => repoOf.get(name) === repo);
  const config = moved.flatMap(({ name }) =>
    filesOfEarlierRun(world.home?.name ?? recorded.name, name, world),
  );
  const carried = new Map<string, CarriedFile[]>();
  for (const [repo, fed] of byRepo(moved)) {
    const folders = fed.flatMap(appFoldersOf);
    const files = [...new Set(folders)].flatMap((one) => filesOfEarlierRun(repo, one, world));
    carried.set(repo, files);
  }
  const former = moved.flatMap(({ name, repo }) => {
    const before = world.former?.(name)?.repo;
    return before === undefined || before === repo ? [] : [before];
  });
  const left = [...new Set(former)].flatMap((repo): RepoPlan[] => {
    const place = world.find(repo, []);
    if (place.record?.kind !== 'scenario-repo') return [];
    const own = { visibility: estate.visibility, ...ciOf(estate, place, false) };
    return [withoutFolders(repo, [], place, place.record, own)];
  });
  return { config, carried, left };
}

/**
 * `--move`: the environments of `added` that another app repo fed until now. All of their files go along, so that Flux
 * finds the same manifests in the new app repo.
 */
export function planMoves(
  added: readonly Environment[],
  recorded: FoundRecord,
  estate: Parameters<typeof ciOf>[0],
  world: World,
  problems: Problem[],
): Moving {
  const before = new Map(recorded.environments.map((one) => [one.name, one]));
  const known = [...before.keys()];
  for (const { name } of added.filter((one) => !before.has(one.name)))
    problems.push({
      given: `--move of the environment ${quote(name)}`,
      rule: `this estate has no such environment, so nothing can move. It has ${known.length === 0 ? 'none' : known.join(', ')}. Without --move, the command makes a new one`,
      example: `flux-gitops tenant ${meantBy(name, known) ?? known[0] ?? 'qa'} --repo flux-qa --move`,
      flag: 'the arguments',
      settings: ['arguments'],
    });
  const pairs = added.flatMap((one) => {
    const old = before.get(one.name);
    return old && old.repo !== one.repo ? [{ old, one }] : [];
  });
  const carried = new Map<string, CarriedFile[]>();
  const left: RepoPlan[] = [];
  for (const [repo, fed] of byRepo(pairs.map(({ old }) => old))) {
    const place = world.find(repo, problems);
    if (isRenamedFolder(repo, fed, pairs, recorded, world, problems)) {
      for (const [to, files] of filesThere(repo, pairs, world, problems)) carried.set(to, files);
      continue;
    }
    if (place.record?.kind !== 'scenario-repo') {
      problems.push(notHere(repo, fed[0] ?? pairs[0]?.old));
      continue;
    }
    const off: string[] = [];
    for (const { old, one } of pairs.filter(({ old: { repo: from } }) => from === repo)) {
      checkTarget(old, one, world, problems);
      checkUsualFolder(old, problems);
      const source = { repo, record: place.record, folder: appFolderOf(old) };
      const files = carryFolder(source, appFolderOf(one), world, problems);
      const base = one.layout === 'overlays' ? carryBase(source, one.repo, world, problems) : [];
      off.push(...files.off);
      carried.set(one.repo, [...(carried.get(one.repo) ?? []), ...files.carried, ...base]);
    }
    const own: RepoRecord['estate'] = {
      visibility: estate.visibility,
      ...ciOf(estate, place, false),
    };
    left.push({ ...withoutFolders(repo, fed, place, place.record, own), carriedOff: off });
  }
  const moves = pairs.map(
    ({ old, one }): Move => ({
      name: one.name,
      namespace: namespaceOf(one),
      from: old.repo,
      to: one.repo,
      before: syncNamesOf(old),
      after: syncNamesOf(one),
      ...(gitCredentialsOf(old) !== 'none' && { secret: secretNameOf(old) }),
    }),
  );
  return { moves, carried, left };
}

type Pair = { readonly old: Environment; readonly one: Environment };

/**
 * Whether the new app repo of `fed` is the folder of `repo` with another name: the repository was renamed on GitHub, so
 * all of its environments go with it, and the files are where they must be.
 */
function isRenamedFolder(
  repo: string,
  fed: readonly Environment[],
  pairs: readonly Pair[],
  recorded: FoundRecord,
  world: World,
  problems: Problem[],
): boolean {
  const targets = pairs.filter(({ old }) => old.repo === repo).map(({ one }) => one.repo);
  const [target = ''] = targets;
  if (world.find(repo, []).exists || world.find(target, []).record?.name !== repo) return false;
  const all = recorded.environments.filter((one) => one.repo === repo).map(({ name }) => name);
  if (fed.length < all.length)
    problems.push({
      given: `--move to ${quote(target)} for ${fed.map(({ name }) => name).join(', ')} only`,
      rule: `this folder is the app repo ${repo} with a new name, so all of its environments must go along: ${all.join(', ')}`,
      example: `flux-gitops tenant ${all.join(' ')} --repo ${target} --move`,
      flag: 'the arguments',
      settings: ['arguments', 'repo'],
    });
  return true;
}

/** The files of the environments of `repo` where its folder has another name already: they stay as they are. */
function filesThere(
  repo: string,
  pairs: readonly Pair[],
  world: World,
  problems: Problem[],
): Map<string, CarriedFile[]> {
  const files = new Map<string, CarriedFile[]>();
  for (const { one } of pairs.filter(({ old }) => old.repo === repo)) {
    const { record } = world.find(one.repo, []);
    if (record === undefined) continue;
    const found = appFoldersOf(one).flatMap(
      (folder) => carryFolder({ repo: one.repo, record, folder }, folder, world, problems).carried,
    );
    files.set(one.repo, [...(files.get(one.repo) ?? []), ...found]);
  }
  return files;
}

/** The problem that `repo`, which feeds `one`, is not beside the config repo. */
export function notHere(repo: string, one: Environment | undefined): Problem {
  return {
    given: `app repo ${quote(repo)}`,
    rule: 'the files of the environment are in this app repo, so it must be beside the config repo. Clone it first, into the folder that holds the config repo',
    example: `git clone ${one ? repositoryUrl(one, repo) : repo}`,
    flag: 'the folder',
    settings: ['repo'],
  };
}

/** Adds a problem if the app of `one` is in a folder that a user laid out, because its files cannot go along. */
export function checkUsualFolder(one: Environment, problems: Problem[]): void {
  if (one.path === undefined) return;
  problems.push({
    given: `environment ${quote(one.name)} with the folder ${one.path} of the app repo ${quote(one.repo)}`,
    rule: `files go along only from the folder ${appFolderOf(one)}, and this environment was adopted with another one. Move the files into ${appFolderOf(one)} first, change spec.path of its Kustomization, and repair the record`,
    example: 'flux-gitops adopt --repair',
    flag: 'the folder',
    settings: ['arguments', 'repo'],
  });
}

function checkTarget(old: Environment, one: Environment, world: World, problems: Problem[]): void {
  if (old.layout !== one.layout)
    problems.push({
      given: `environment ${quote(one.name)} with the layout ${old.layout} in the app repo ${quote(one.repo)}`,
      rule: `this app repo has the layout ${one.layout}, and files cannot change their layout while they move`,
      example: '--repo flux-qa, which is an app repo of its own',
      flag: '--repo',
      settings: ['repo', 'layout'],
    });
  if (namespaceOf(old) !== namespaceOf(one))
    problems.push({
      given: `--move with the namespace ${namespaceOf(one)} in place of ${namespaceOf(old)}`,
      rule: 'a move keeps the namespace. Change the namespace in a run of its own',
      example: `flux-gitops tenant ${one.name} --repo ${one.repo} --move`,
      flag: 'the namespace',
    });
  const place = world.find(one.repo, []);
  const there = world.filesOf?.(one.repo, appFolderOf(one)) ?? [];
  if (
    place.exists &&
    there.length > 0 &&
    !place.record?.environments.some(({ name }) => name === one.name)
  )
    problems.push({
      given: `the folder ${appFolderOf(one)} of ${quote(one.repo)}`,
      rule: 'the environment would move into this folder, but it has files already',
      example: `git rm -r ${appFolderOf(one)}`,
      flag: 'the folder',
      settings: ['repo'],
    });
}
