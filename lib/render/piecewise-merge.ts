import { parseDocument } from 'yaml';
import { addsUp, yamlValue } from './yaml-leaves.ts';

/** A piece of a file: what tells it from the others, and its text. */
type Part = { readonly id: string; readonly text: string };

/** The merge of one piece; undefined when both sides changed the same thing. */
type MergeOne = (found: string, base: string, wanted: string) => string | undefined;

/**
 * `found` with the changes from `base` to `wanted`, each Kubernetes object for itself: where a user has put the objects of
 * a file into another order, for example. They stay in the order of the user. New objects come after all
 * that are before them in `wanted`. Undefined when an object cannot be merged, when a user added or removed one that the new
 * version changes, and when the result does not have exactly the values of both sides.
 */
export function mergeDocuments(
  found: string,
  base: string,
  wanted: string,
  mergeOne: MergeOne,
): string | undefined {
  const merged = mergeParts(documentsOf(found), documentsOf(base), documentsOf(wanted), mergeOne);
  if (merged === undefined) return undefined;
  const text = merged.join('---\n');
  const whole = /^---[ \t]*\n/.test(found) ? `---\n${text}` : text;
  return addsUp(found, base, wanted, whole) ? whole : undefined;
}

/**
 * The same for the sections of a Markdown text, where a user has put them into another order. Undefined when one has another
 * heading: it could be the one that the new version changes.
 */
export function mergeSections(
  found: string,
  base: string,
  wanted: string,
  mergeOne: MergeOne,
): string | undefined {
  const [ours, before] = [piecesOf(found), piecesOf(base)];
  const ids = new Set(ours?.map(({ id }) => id));
  if (before?.some(({ id }) => !ids.has(id))) return undefined;
  return mergeParts(ours, before, piecesOf(wanted), mergeOne)?.join('\n');
}

/** The texts of the pieces in the order of `ours`; undefined if one cannot be merged. */
function mergeParts(
  ours: readonly Part[] | undefined,
  before: readonly Part[] | undefined,
  theirs: readonly Part[] | undefined,
  mergeOne: MergeOne,
): string[] | undefined {
  if (!ours || !before || !theirs) return undefined;
  const textsOf = (parts: readonly Part[]) => new Map(parts.map(({ id, text }) => [id, text]));
  const [own, old, next] = [textsOf(ours), textsOf(before), textsOf(theirs)];
  const isLost = before.some(
    ({ id, text }) => !isComment(id) && !own.has(id) && isChanged(text, next.get(id)),
  );
  if (isLost) return undefined;
  const merged: Part[] = [];
  for (const { id, text } of ours) {
    const one = mergePart(text, old.get(id), next.get(id), mergeOne);
    if (one === undefined) return undefined;
    if (one !== '') merged.push({ id, text: one });
  }
  for (const [index, part] of theirs.entries()) {
    if (old.has(part.id)) continue;
    const above = theirs.slice(0, index).map(({ id }) => id);
    const place = merged.findLastIndex(({ id }) => above.includes(id));
    merged.splice(place + 1, 0, part);
  }
  return merged.map(({ text }) => text);
}

const isComment = (id: string): boolean => id.startsWith('#');

/** Whether the new version has something else in place of `text`. */
const isChanged = (text: string, wanted: string | undefined): boolean =>
  wanted !== undefined && wanted !== text;

/** The merge of one object; an empty text where it goes. */
function mergePart(
  text: string,
  base: string | undefined,
  wanted: string | undefined,
  mergeOne: MergeOne,
): string | undefined {
  if (base === undefined) return wanted === undefined ? text : undefined;
  if (wanted === undefined) return text === base ? '' : undefined;
  if (text === base) return wanted;
  return wanted === base ? text : mergeOne(text, base, wanted);
}

/** The documents of `text`; undefined if one of them is no object with a name, or if two have the same name. */
function documentsOf(text: string): readonly Part[] | undefined {
  const texts = text.replace(/^---[ \t]*\n/, '').split(/^---[ \t]*\n/m);
  const parts = texts.map((one, index): Part | undefined => {
    const id = idOf(one, index);
    return id === undefined ? undefined : { id, text: one.endsWith('\n') ? one : `${one}\n` };
  });
  return parts.every((part) => part !== undefined) ? unique(parts) : undefined;
}

/** `parts`, if each of them is another one. */
const unique = (parts: readonly Part[]): readonly Part[] | undefined =>
  new Set(parts.map(({ id }) => id)).size < parts.length ? undefined : parts;

/** The sections of the Markdown `text`, and what is above them; undefined if two have the same heading. */
function piecesOf(text: string): readonly Part[] | undefined {
  let isCode = false;
  const pieces: { id: string; lines: string[] }[] = [{ id: 'the top', lines: [] }];
  for (const line of text.split('\n')) {
    if (line.startsWith('```')) isCode = !isCode;
    if (!isCode && line.startsWith('## ')) pieces.push({ id: line, lines: [] });
    pieces.at(-1)?.lines.push(line);
  }
  return unique(pieces.map(({ id, lines }) => ({ id, text: `${lines.join('\n').trimEnd()}\n` })));
}

function idOf(text: string, index: number): string | undefined {
  const value = yamlValue(parseDocument(text));
  // Only comments: a user may have moved them as well.
  if (value === null) return index === 0 ? '# at the top' : `# ${text}`;
  const { kind, metadata } = (value ?? {}) as { kind?: unknown; metadata?: { name?: unknown } };
  return typeof kind === 'string' && typeof metadata?.name === 'string'
    ? `${kind}/${metadata.name}`
    : undefined;
}
