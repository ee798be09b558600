import { readdirSync, readFileSync } from 'node:fs';
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

/** The templates below `templates/LAYER/`, sorted by path. Throws when the layer does not exist. */
export function templatesOf(layer: string): Template[] {
  const root = new URL(`templates/${layer}/`, PACKAGE);
  const read = (below: string): Template[] =>
    readdirSync(new URL(below, root), { withFileTypes: true }).flatMap((entry) => {
      const path = `${below}${entry.name}`;
      if (entry.isDirectory()) return read(`${path}/`);
      return [{ path, source: readFileSync(new URL(path, root), 'utf8') }];
    });
  return read('').sort((a, b) => (a.path < b.path ? -1 : 1));
}
