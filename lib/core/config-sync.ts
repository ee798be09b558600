import { type Document, isSeq, parseDocument, YAMLSeq } from 'yaml';

/**
 * The kustomization.yaml `found`, which a user edited, with the resources that are new in `wanted`:
 * those that `before`, what was written last time, does not list. The rest of it stays as it is.
 * Undefined when `found` is no kustomization with a list of resources.
 */
export function addResources(
  found: string,
  wanted: string,
  before: string | undefined,
): string | undefined {
  const document = parseDocument(found);
  const list = document.errors.length === 0 ? resourcesOf(document) : undefined;
  if (list === undefined) return undefined;
  const known = new Set([...(list.toJSON() as unknown[]), ...namesIn(before)]);
  const added = namesIn(wanted).filter((one) => !known.has(one));
  for (const one of added) list.add(document.createNode(one));
  return added.length === 0 ? found : document.toString({ lineWidth: 0 });
}

function resourcesOf(document: Document): YAMLSeq | undefined {
  const resources = document.get('resources');
  return isSeq(resources) ? (resources as YAMLSeq) : undefined;
}

const namesIn = (text: string | undefined): unknown[] =>
  text === undefined ? [] : (resourcesOf(parseDocument(text)) ?? new YAMLSeq()).toJSON();
