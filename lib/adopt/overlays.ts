import { parseDocument } from 'yaml';
import type { NotUnderstood } from '../plan/hand-written/reading.ts';
import type { Json } from '../plan/record.ts';
import {
  inlinePatches,
  type Manifest,
  patched,
  readManifests,
  type TextFile,
} from './manifests.ts';

/** Objects that are applied together: those of a folder, or those that a kustomization.yaml lists. */
export type Unit = {
  /** The folder of the kustomization.yaml that no other one lists; undefined for plain files. */
  readonly overlay?: string;
  readonly manifests: readonly Manifest[];
};

type Report = (where: string, reason: string) => unknown;

/** What kustomize would build from `files`: one unit for each overlay, and one for all files that no overlay lists. */
export function unitsOf(
  files: readonly TextFile[],
  repo: string,
  notUnderstood: NotUnderstood[],
): Unit[] {
  const report: Report = (where, reason) => {
    const known = notUnderstood.some((one) => one.where === where && one.reason === reason);
    if (!known) notUnderstood.push({ repo, where, reason });
  };
  const manifests = new Map<string, readonly Manifest[]>();
  const lists = new Map<string, Json>();
  for (const file of files) {
    if (isList(file.path)) {
      const list = parseList(file, report);
      if (list) lists.set(folderOf(file.path), list);
      continue;
    }
    if (!/\.ya?ml$/.test(file.path)) continue;
    const read = readManifests(file);
    manifests.set(file.path, read.manifests);
    for (const { line, reason } of read.broken)
      report(`${file.path}:${line}`, `it is not valid YAML: ${reason}`);
  }
  const builder: Builder = { manifests, lists, report, used: new Set() };
  const inner = new Set(
    [...lists].flatMap(([folder, list]) =>
      resourcesOf(list)
        .map((one) => join(folder, one))
        .filter((one) => lists.has(one)),
    ),
  );
  const overlays = [...lists.keys()]
    .filter((folder) => !inner.has(folder))
    .map((overlay): Unit => ({ overlay, manifests: build(overlay, builder, []) }));
  const plain = [...manifests].flatMap(([path, found]) => (builder.used.has(path) ? [] : found));
  return [{ manifests: plain }, ...overlays];
}

type Builder = {
  readonly manifests: ReadonlyMap<string, readonly Manifest[]>;
  readonly lists: ReadonlyMap<string, Json>;
  readonly report: Report;
  /** The files that a kustomization.yaml lists. */
  readonly used: Set<string>;
};

function build(folder: string, builder: Builder, around: readonly string[]): Manifest[] {
  const list = builder.lists.get(folder);
  if (list === undefined || around.includes(folder)) return [];
  const built: Manifest[] = [];
  for (const one of resourcesOf(list)) {
    const path = join(folder, one);
    const found = builder.manifests.get(path);
    if (found) {
      builder.used.add(path);
      built.push(...found);
    } else built.push(...build(path, builder, [...around, folder]));
  }
  return patchAll(inNamespace(built, list.namespace), folder, list, builder);
}

/** `manifests` in the namespace that a kustomization.yaml gives them. Kustomize then also renames a Namespace. */
function inNamespace(manifests: readonly Manifest[], namespace: unknown): Manifest[] {
  if (typeof namespace !== 'string') return [...manifests];
  return manifests.map((one) =>
    one.kind === 'Namespace' ? { ...one, name: namespace } : { ...one, namespace },
  );
}

function patchAll(
  manifests: readonly Manifest[],
  folder: string,
  list: Json,
  { manifests: files, report, used }: Builder,
): Manifest[] {
  const where = `${folder}/kustomization.yaml`;
  for (const key of [
    'namePrefix',
    'nameSuffix',
    'replacements',
    'vars',
    'generators',
    'transformers',
  ])
    if (list[key] !== undefined) report(where, `${key} of kustomize is not followed`);
  let built = [...manifests];
  for (const { path, patch } of patchesOf(list)) {
    const file = path === undefined ? undefined : join(folder, path);
    const patches = file === undefined ? inlinePatches(patch ?? '', where, 0) : files.get(file);
    if (file !== undefined) used.add(file);
    if (patches === undefined || patches.length === 0) {
      report(
        file ?? where,
        'a patch with operations, and one that names no object, are not followed',
      );
      continue;
    }
    built = built.map((one) =>
      patches
        .filter(({ kind, name }) => kind === one.kind && name === one.name)
        .reduce(patched, one),
    );
  }
  return built;
}

function patchesOf({ patches, patchesStrategicMerge }: Json): { path?: string; patch?: string }[] {
  const plain = listOf(patchesStrategicMerge).map((one) =>
    String(one).includes('\n') ? { patch: String(one) } : { path: String(one) },
  );
  return [...(listOf(patches) as { path?: string; patch?: string }[]), ...plain];
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const resourcesOf = ({ resources, bases, components }: Json): string[] =>
  [...listOf(resources), ...listOf(bases), ...listOf(components)].map(String);

function parseList({ path, text }: TextFile, report: Report): Json | undefined {
  const document = parseDocument(text);
  const value = document.errors.length === 0 ? (document.toJS() as unknown) : undefined;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  report(path, 'it is not a valid kustomization.yaml');
  return undefined;
}

const isList = (path: string): boolean => /(^|\/)(kustomization\.ya?ml|Kustomization)$/.test(path);

/** The folder of the file at `path`; '.' for the top of the repository. */
export function folderOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at < 0 ? '.' : path.slice(0, at);
}

/** The path of `one` as seen from `folder`, without `.` and `..`. */
function join(folder: string, one: string): string {
  const parts: string[] = [];
  for (const part of `${folder}/${one}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.length === 0 ? '.' : parts.join('/');
}
