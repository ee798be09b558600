import { type Document, parseAllDocuments } from 'yaml';

/**
 * Whether the YAML text `merged` has the values of `base`, changed as `ours` and `theirs` changed them, and no others.
 * A value counts with the object and the keys that lead to it. The order in lists does not count.
 */
export function addsUp(ours: string, base: string, theirs: string, merged: string): boolean {
  const [one, old, other, all] = [ours, base, theirs, merged].map(leavesOf);
  if (!one || !old || !other || !all) return false;
  const leaves = new Set([one, old, other, all].flatMap((leavesIn) => [...leavesIn.keys()]));
  return [...leaves].every((leaf) => {
    const [a, o, b, now] = [one, old, other, all].map((counts) => counts.get(leaf) ?? 0);
    if (a === undefined || o === undefined || b === undefined) return false;
    // Both sides may have made the same change.
    return now === (a === b ? a : a + b - o);
  });
}

/** Whether the YAML `text` can be parsed. */
export function parses(text: string): boolean {
  return parseAllDocuments(text).every((document) => yamlValue(document) !== undefined);
}

/**
 * The value of `document`, null for an empty one. Undefined when it cannot be parsed, and when it has an alias without
 * its anchor or so many aliases that they cannot be counted.
 */
export function yamlValue(document: Document): unknown {
  if (document.errors.length > 0) return undefined;
  try {
    const value: unknown = document.toJS();
    // An anchor that is in itself has no end.
    JSON.stringify(value);
    return value;
  } catch {
    return undefined;
  }
}

/** How often each value is in the YAML `text`; undefined when it cannot be parsed. */
function leavesOf(text: string): Map<string, number> | undefined {
  const counts = new Map<string, number>();
  for (const document of parseAllDocuments(text)) {
    const value = yamlValue(document);
    if (value === undefined) return undefined;
    if (value !== null) collect(value, nameOf(value), counts);
  }
  return counts;
}

/** What tells one object of a file from the others. */
function nameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return '';
  const { kind, metadata } = value as { kind?: unknown; metadata?: { name?: unknown } };
  return `${String(kind)}/${String(metadata?.name)}`;
}

function collect(value: unknown, path: string, counts: Map<string, number>): void {
  if (Array.isArray(value)) {
    for (const one of value) collect(one, `${path}[]`, counts);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, one] of Object.entries(value)) collect(one, `${path}.${key}`, counts);
  } else {
    const leaf = `${path}=${JSON.stringify(value)}`;
    counts.set(leaf, (counts.get(leaf) ?? 0) + 1);
  }
}
