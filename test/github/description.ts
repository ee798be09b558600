import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import * as formats from 'ajv-formats';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Tree = { [key: string]: Json };

/** One operation of GitHub's API description. */
export type Operation = {
  name: string;
  path: RegExp;
  method: string;
  parameters: string[];
  tree: Tree;
};

const slice = JSON.parse(
  readFileSync(new URL('openapi/github.json', import.meta.url), 'utf8'),
) as Tree;
const ajv = new Ajv({ strict: false, allErrors: true });
formats.default.default(ajv, ['uri', 'date-time', 'email']);
ajv.addFormat('int64', true);
ajv.addFormat('timestamp', true);
ajv.addFormat('repo.nwo', true);
ajv.addSchema({ $id: 'github', components: convert(slice.components ?? {}) as object });
const compiled = new Map<string, ValidateFunction>();

/** Every operation of the slice. */
export const operations: readonly Operation[] = Object.entries(slice.paths as Tree).flatMap(
  ([path, methods]) =>
    Object.entries(methods as Tree).map(([method, tree]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path: new RegExp(`^${path.replace(/\{[^}]+\}/g, '([^/]+)')}$`),
      parameters: [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1] ?? ''),
      tree: tree as Tree,
    })),
);

/** What is wrong with the body of a request to `operation`. */
export function checkRequest(
  operation: Operation,
  body: unknown,
  query: URLSearchParams,
): string[] {
  const schema = dig(operation.tree, ['requestBody', 'content', 'application/json', 'schema']);
  const known = (operation.tree.parameters as Tree[] | undefined) ?? [];
  const names = known.map((parameter) => resolve(parameter).name);
  const unknown = [...query.keys()].filter((key) => !names.includes(key));
  const wrong = unknown.map((key) => `${operation.name}: undocumented query parameter ${key}`);
  if (schema === undefined)
    return body === undefined ? wrong : [...wrong, `${operation.name}: has no body`];
  return [...wrong, ...validate(`${operation.name} request`, schema, body)];
}

/** What is wrong with an answer to `operation`; statuses that are not documented are faults of tests. */
export function checkAnswer(operation: Operation, status: number, body: unknown): string[] {
  const documented = dig(operation.tree, ['responses', String(status)]);
  if (documented === undefined) return [`${operation.name}: undocumented status ${status}`];
  const content = dig(resolve(documented as Tree), ['content']) as Tree | undefined;
  const schema = dig(content ?? {}, ['application/json', 'schema']);
  return schema === undefined ? [] : validate(`${operation.name} ${status}`, schema, body);
}

/** An object with every required field of the schema `name`, each of the right type. */
export function sample(name: string): Tree {
  return fill(dig(slice, ['components', 'schemas', name]) as Tree, name) as Tree;
}

function fill(schema: Tree, name: string): Json {
  const real = resolve(schema);
  if (real.nullable === true) return null;
  const [first] = (real.allOf ?? real.oneOf ?? real.anyOf ?? []) as Tree[];
  if (first !== undefined) return fill(first, name);
  if (Array.isArray(real.enum)) return real.enum[0] ?? null;
  if (real.type === 'object' || real.properties !== undefined) {
    const required = (real.required ?? []) as string[];
    return Object.fromEntries(
      required.map((key) => [key, fill((real.properties as Tree)[key] as Tree, key)]),
    );
  }
  const plain: Tree = { array: [], integer: 0, number: 0, boolean: false };
  const formatted: Tree = { uri: `http://localhost/${name}`, 'date-time': '2026-01-01T00:00:00Z' };
  return plain[String(real.type)] ?? formatted[String(real.format)] ?? '';
}

function validate(name: string, schema: Json, value: unknown): string[] {
  let check = compiled.get(name);
  if (check === undefined) {
    check = ajv.compile(convert(schema) as object);
    compiled.set(name, check);
  }
  if (check(value)) return [];
  return (check.errors ?? []).map(
    (error) => `${name}${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`,
  );
}

/** OpenAPI 3.0 to JSON schema: `nullable`, and no field that is not documented. */
function convert(schema: Json, merged = false): Json {
  if (Array.isArray(schema)) return schema.map((item) => convert(item, merged));
  if (typeof schema !== 'object' || schema === null) return schema;
  if (typeof schema.$ref === 'string') return { $ref: `github${schema.$ref}` };
  const { nullable, discriminator, ...rest } = schema;
  const below = Object.entries(rest).map(([key, value]) => [key, convert(value, key === 'allOf')]);
  const plain = Object.fromEntries(below) as Tree;
  const closed =
    plain.properties !== undefined && plain.additionalProperties === undefined && !merged;
  const strict =
    closed && isSchemaOfFields(schema) ? { ...plain, additionalProperties: false } : plain;
  return nullable === true ? { anyOf: [strict, { type: 'null' }] } : strict;
}

/** A field may be called "properties", too. */
function isSchemaOfFields({ properties }: Tree): boolean {
  return typeof properties === 'object' && properties !== null;
}

function resolve(tree: Tree): Tree {
  if (typeof tree.$ref !== 'string') return tree;
  return dig(slice, tree.$ref.slice(2).split('/')) as Tree;
}

function dig(tree: Json, keys: readonly string[]): Json | undefined {
  let at: Json | undefined = tree;
  for (const key of keys)
    at = typeof at === 'object' && at !== null ? (at as Tree)[key] : undefined;
  return at;
}
