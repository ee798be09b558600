import { isCollection, isPair, LineCounter, parseDocument } from 'yaml';
import type { Place } from '../model.ts';

/**
 * The line of `place`: of its field, or of the last part of the path to the field that exists. Parses the document again,
 * because the parser that reads all files keeps no positions. So it is only for places that are shown.
 */
export function lineOf({ line, manifest, field }: Place): number {
  if (manifest === undefined) return line;
  const whole = [...(manifest.within ?? []), ...(field ?? [])];
  if (whole.length === 0) return line;
  const lines = new LineCounter();
  const document = parseDocument(manifest.text, { lineCounter: lines, logLevel: 'silent' });
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const key of whole) {
    if (!isCollection(node)) break;
    const found = node.items[typeof key === 'number' ? key : -1] ?? pairOf(node.items, key);
    if (found === undefined) break;
    const [shown, next] = isPair(found) ? [found.key, found.value] : [found, found];
    offset = rangeOf(shown) ?? offset;
    node = next;
  }
  return offset === undefined ? line : manifest.start + lines.linePos(offset).line - 1;
}

const pairOf = (items: readonly unknown[], key: string | number): unknown =>
  items.find((item) => isPair(item) && String(item.key) === String(key));

const rangeOf = (node: unknown): number | undefined =>
  (node as { range?: readonly [number, number, number] | null } | null)?.range?.[0];
