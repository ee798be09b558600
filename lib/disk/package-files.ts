import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Template } from '../render/render.ts';

const PACKAGE = import.meta.resolve('#package.json');

/** The version of this package. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(new URL(PACKAGE), 'utf8')) as { version: string }).version;
}

/** The USAGE text beside the generator of `command`. */
export function usageOf(command: string): string {
  return readFileSync(new URL(`generators/${command}/USAGE`, PACKAGE), 'utf8');
}

/** What `command` does: the first sentence of its USAGE text, up to a colon. */
export function summaryOf(command: string): string {
  const [summary = ''] = usageOf(command).replaceAll('\n', ' ').split(/[.:] /);
  return summary;
}

/** The script that completes `flux-gitops` in `shell`. */
export function completionScriptOf(shell: string): string {
  return readFileSync(new URL(`completions/flux-gitops.${shell}`, PACKAGE), 'utf8');
}

/** The schemas `name` of `verify`, as JSON. */
export function schemaOf(name: string): string {
  return readFileSync(new URL(`schemas/${name}.json`, PACKAGE), 'utf8');
}

/**
 * Versions that recorded no hashes of their files, the newest first. Both have the version number 0.1.0.
 * `earlier/VERSION/` has the templates that differ from the next older version.
 */
export const EARLIER_VERSIONS = ['0.1.0-second', '0.1.0-first'] as const;

/** The templates below `templates/LAYER/`, sorted by path. Throws when the layer does not exist. */
export function templatesOf(layer: string): Template[] {
  return read(new URL(`templates/${layer}/`, PACKAGE));
}

/** The templates of a layer in an earlier version, sorted by path. */
export function earlierTemplatesOf(
  layer: string,
  version: (typeof EARLIER_VERSIONS)[number],
): Template[] {
  const older = EARLIER_VERSIONS.slice(EARLIER_VERSIONS.indexOf(version)).toReversed();
  const templates = new Map<string, Template>();
  for (const one of older) {
    const root = new URL(`earlier/${one}/${layer}/`, PACKAGE);
    if (!existsSync(root)) continue;
    for (const template of read(root)) templates.set(template.path, template);
  }
  return [...templates.values()].sort(byPath);
}

function read(root: URL, below = ''): Template[] {
  const entries = readdirSync(new URL(below, root), { withFileTypes: true });
  const found = entries.flatMap((entry) => {
    const path = `${below}${entry.name}`;
    if (entry.isDirectory()) return read(root, `${path}/`);
    return [{ path, source: readFileSync(new URL(path, root), 'utf8') }];
  });
  return found.sort(byPath);
}

const byPath = (a: Template, b: Template): number => (a.path < b.path ? -1 : 1);
