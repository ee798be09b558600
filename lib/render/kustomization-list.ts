import { type Document, isScalar, isSeq, parseDocument, YAMLSeq } from 'yaml';

/**
 * The kustomization.yaml `found`, which a user edited, with the new resources of `wanted`: those that `before` (the
 * text of the last run) does not list, and those in the folders `again`, which the user named. Removes the resources
 * that only `before` lists. Keeps the rest. Undefined when `found` is not a kustomization with a list of resources.
 */
export function updateResources(
  found: string,
  wanted: string,
  before: string,
  again: readonly string[] = [],
): string | undefined {
  const document = parseDocument(found);
  const list = document.errors.length === 0 ? resourcesOf(document) : undefined;
  if (list === undefined) return undefined;
  const isAgain = (one: unknown): boolean => again.includes(String(one).split('/')[0] ?? '');
  const out = namesIn(before).filter((one) => !isAgain(one));
  const known = new Set([...(list.toJSON() as unknown[]), ...out]);
  const added = namesIn(wanted).filter((one) => !known.has(one));
  const wantedNames = new Set(namesIn(wanted));
  const gone = new Set(namesIn(before).filter((one) => !wantedNames.has(one)));
  const kept = list.items.filter((item) => !gone.has(isScalar(item) ? item.value : item));
  const removed = kept.length < list.items.length;
  list.items = kept;
  for (const one of added) list.add(document.createNode(one));
  return added.length === 0 && !removed ? found : document.toString({ lineWidth: 0 });
}

function resourcesOf(document: Document): YAMLSeq | undefined {
  const resources = document.get('resources');
  return isSeq(resources) ? (resources as YAMLSeq) : undefined;
}

const namesIn = (text: string): unknown[] =>
  (resourcesOf(parseDocument(text)) ?? new YAMLSeq()).toJSON();

/** Whether the two texts of a kustomization.yaml differ in nothing but their resources. */
export function isOnlyResources(one: string, other: string): boolean {
  const rest = (text: string): string => text.replace(/^ {2}- [\w./-]+\n/gm, '');
  return rest(one) === rest(other);
}
