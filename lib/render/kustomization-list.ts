import { type Document, isScalar, isSeq, parseDocument, YAMLSeq } from 'yaml';
import { yamlValue } from './yaml-leaves.ts';

/**
 * The kustomization.yaml `found`, which a user edited, with the new resources of `wanted`: those that `before` (the
 * text of the last run) does not list, and those in the folders `again`, which the user named. Removes the resources
 * that only `before` lists, and all in the folders `left`: their namespace is gone, so Flux could not apply them. Keeps
 * the rest. Undefined when `found` is not a kustomization with a list of resources.
 */
export function updateResources(
  found: string,
  wanted: string,
  before: string,
  again: readonly string[] = [],
  left: readonly string[] = [],
): string | undefined {
  const document = parseDocument(found);
  const list = yamlValue(document) === undefined ? undefined : resourcesOf(document);
  if (list === undefined) return undefined;
  const isAgain = (one: unknown): boolean => again.includes(String(one).split('/')[0] ?? '');
  const out = namesIn(before).filter((one) => !isAgain(one));
  const known = new Set([...(list.toJSON() as unknown[]), ...out]);
  const added = namesIn(wanted).filter((one) => !known.has(one));
  const wantedNames = new Set(namesIn(wanted));
  const gone = new Set(namesIn(before).filter((one) => !wantedNames.has(one)));
  const isLeft = (one: unknown): boolean => left.includes(String(one).split('/')[0] ?? '');
  const kept = list.items.filter((item) => {
    const one = isScalar(item) ? item.value : item;
    return !gone.has(one) && !isLeft(one);
  });
  const removed = kept.length < list.items.length;
  list.items = kept;
  for (const one of added) list.add(document.createNode(one));
  return added.length === 0 && !removed ? found : document.toString({ lineWidth: 0 });
}

/**
 * The kustomization.yaml `found` with `path` in its list, after the files of the same folder. Undefined when `found` is
 * not a kustomization with a list of resources.
 */
export function withResource(found: string, path: string): string | undefined {
  const document = parseDocument(found);
  const list = yamlValue(document) === undefined ? undefined : resourcesOf(document);
  if (list === undefined) return undefined;
  const names = (list.toJSON() as unknown[]).map(String);
  if (names.includes(path)) return found;
  const below = path.slice(0, path.lastIndexOf('/') + 1);
  const last = names.findLastIndex((one) => one.startsWith(below));
  list.items.splice(last < 0 ? names.length : last + 1, 0, document.createNode(path));
  return document.toString({ lineWidth: 0 });
}

function resourcesOf(document: Document): YAMLSeq | undefined {
  const resources = document.get('resources');
  return isSeq(resources) ? (resources as YAMLSeq) : undefined;
}

const namesIn = (text: string): unknown[] =>
  (resourcesOf(parseDocument(text)) ?? new YAMLSeq()).toJSON();

const RESOURCES = /^resources:.*\n(?: {2}- [\w./-]+\n)*/m;

/**
 * `text`, a kustomization.yaml of this package, with the resources of `other`. A person's edits of the list then cannot
 * conflict with it, and updateResources does the rest.
 */
export function withResourcesOf(text: string, other: string): string {
  const [resources = ''] = RESOURCES.exec(other) ?? [];
  return text.replace(RESOURCES, () => resources);
}
