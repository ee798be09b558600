/** JSON schemas for kubeconform, made of what an API server says about its kinds. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

type Schema = { readonly [key: string]: unknown };
type Kind = { readonly group: string; readonly version: string; readonly kind: string };
/** The parts of /openapi/v2 that matter here. */
export type OpenApi = { readonly definitions: { readonly [name: string]: Schema } };

/** Writes a schema for each kind whose API group `select` takes, named as kubeconform looks for it. */
export function writeSchemas(
  { definitions }: OpenApi,
  folder: string,
  select: (group: string) => boolean,
): number {
  mkdirSync(folder, { recursive: true });
  let count = 0;
  for (const [name, definition] of Object.entries(definitions)) {
    const kinds = (definition['x-kubernetes-group-version-kind'] ?? []) as Kind[];
    for (const { group, version, kind } of kinds.filter((one) => select(one.group))) {
      const inName = [kind.toLowerCase(), group.split('.')[0], version].filter(Boolean);
      const used = [...reachable(name, definitions)].map((one) => [one, strict(one, definitions)]);
      const schema = {
        $ref: `#/definitions/${name}`,
        definitions: Object.fromEntries(used),
      };
      writeFileSync(join(folder, `${inName.join('-')}.json`), JSON.stringify(schema));
      count++;
    }
  }
  return count;
}

/** The names of all definitions that `name` leads to. */
function reachable(name: string, definitions: OpenApi['definitions'], seen = new Set<string>()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  const text = JSON.stringify(definitions[name]);
  for (const [, next = ''] of text.matchAll(/"#\/definitions\/([^"]+)"/g))
    reachable(next, definitions, seen);
  return seen;
}

/** A definition that refuses fields it does not name, as `-strict` wants it. */
function strict(name: string, definitions: OpenApi['definitions']): unknown {
  if (name.endsWith('.api.resource.Quantity')) return { type: ['string', 'number'] };
  return JSON.parse(JSON.stringify(definitions[name]), (_, value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    if (value.format === 'int-or-string' || value['x-kubernetes-int-or-string'])
      return { type: ['string', 'integer'] };
    const open =
      'additionalProperties' in value || value['x-kubernetes-preserve-unknown-fields'] === true;
    const isObject = value.type === 'object' && typeof value.properties === 'object';
    return isObject && !open ? { ...value, additionalProperties: false } : value;
  });
}
