/**
 * The word of `known` that the user probably meant by `word`: one letter differs, or up to a quarter of the letters in
 * long words. Undefined when there is none.
 */
export function closest(word: string, known: readonly string[]): string | undefined {
  const { length } = word.replace(/^-+/, '');
  const most = length < 8 ? Math.min(1, Math.floor(length / 3)) : Math.floor(length / 4);
  const ranked = known
    .map((candidate) => ({ candidate, edits: editDistance(word, candidate) }))
    .filter(({ edits }) => edits <= most)
    .sort((a, b) => a.edits - b.edits);
  return ranked[0]?.candidate;
}

/** The least number of letters that count as the beginning of a word. */
const BEGINNING = 3;

/** The only word of `known` that starts with `word`, or the closest word. Dashes and case do not count. */
export function meantBy(word: string, known: readonly string[]): string | undefined {
  const begins = bare(word);
  const longer = known.filter((candidate) => bare(candidate).startsWith(begins));
  if (begins.length >= BEGINNING && longer.length === 1) return longer[0];
  return closest(word, known);
}

const bare = (word: string): string => word.replace(/^-+/, '').toLowerCase();

/** The number of letters to insert, remove, change or swap with the next one. Case does not count. */
function editDistance(from: string, to: string): number {
  const [a, b] = [from.toLowerCase(), to.toLowerCase()];
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        at(i - 1, j) + 1,
        at(i, j - 1) + 1,
        at(i - 1, j - 1) + (same ? 0 : 1),
        swapped ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
  }
  return at(a.length, b.length);
}
