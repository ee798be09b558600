/**
 * A file that this version writes to another path than an earlier version. `*` stands for one name, which is the same in
 * both paths.
 */
export type Move = { readonly from: string; readonly to: string };

/** All moves, by the order of the versions. No version has moved a file yet. */
export const MOVES: readonly Move[] = [];

/** The paths that the file at `path` had in earlier versions, the newest first. */
export function formerPaths(path: string, moves: readonly Move[] = MOVES): string[] {
  const parts = path.split('/');
  const found = moves.toReversed().find(({ to }) => {
    const pattern = to.split('/');
    return (
      pattern.length === parts.length &&
      pattern.every((one, index) => one === '*' || one === parts[index])
    );
  });
  if (found === undefined) return [];
  const names = parts.filter((_, index) => found.to.split('/')[index] === '*');
  const from = found.from.replace(/\*/g, () => names.shift() ?? '*');
  return [from, ...formerPaths(from, moves.slice(0, moves.indexOf(found)))];
}
