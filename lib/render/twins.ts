import { isMap, isScalar, isSeq, type Pair, parseAllDocuments, type YAMLMap } from 'yaml';

/** A part of a text: from the start of one line to the start of another one. */
type Span = { readonly from: number; readonly to: number };

/**
 * The YAML `text` with one list or one map in place of two that have the same key in the same object: the entries of the
 * second one come first. Two texts that each add one have both after a merge by lines. Undefined when there are none.
 */
export function joinTwins(text: string): string | undefined {
  for (const document of parseAllDocuments(text, { uniqueKeys: false })) {
    const twins = isMap(document.contents) ? twinsIn(document.contents) : undefined;
    if (twins === undefined) continue;
    const [first, second] = twins.map((pair) => spansOf(text, pair));
    if (!first || !second) return undefined;
    const entries = text.slice(second.entries.from, second.entries.to);
    return [
      text.slice(0, first.entries.from),
      entries.endsWith('\n') ? entries : `${entries}\n`,
      text.slice(first.entries.from, second.key.from),
      text.slice(second.entries.to),
    ].join('');
  }
  return undefined;
}

/** Two pairs of `map`, or of a map in it, that have the same key, and two lists or two maps. */
function twinsIn(map: YAMLMap): [Pair, Pair] | undefined {
  const seen = new Map<unknown, Pair>();
  for (const pair of map.items) {
    const key = isScalar(pair.key) ? pair.key.value : undefined;
    const twin = seen.get(key);
    const values = [twin?.value, pair.value];
    if (twin && (values.every(isBlockList) || values.every(isBlockMap))) return [twin, pair];
    seen.set(key, pair);
    const below = isMap(pair.value) ? twinsIn(pair.value) : undefined;
    if (below !== undefined) return below;
  }
  return undefined;
}

const isBlockList = (value: unknown): boolean => isSeq(value) && !value.flow;
const isBlockMap = (value: unknown): boolean => isMap(value) && !value.flow;

/** Where the line with the key is in `text`, and where the lines with the entries are. */
function spansOf(text: string, { key, value }: Pair): { key: Span; entries: Span } | undefined {
  const [start, end] = [
    isScalar(key) && key.range?.[0],
    (isSeq(value) || isMap(value)) && value.range?.[1],
  ];
  if (typeof start !== 'number' || typeof end !== 'number') return undefined;
  const from = text.lastIndexOf('\n', start) + 1;
  const below = text.indexOf('\n', start) + 1;
  // The range of a list may end in the middle of its last line, or at the start of the line below it.
  const last = text[end - 1] === '\n' ? end : text.indexOf('\n', end) + 1;
  return {
    key: { from, to: below },
    entries: { from: below, to: last === 0 ? text.length : last },
  };
}
