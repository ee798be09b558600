/**
 * Writes `schemas/`: what the API server knows about each kind, from the sources of Kubernetes and of the Flux Operator in
 * Go's module cache, in the versions of the cluster tests. Run it after these versions change: `npm run schemas`.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import type { Kind, Node, RoleRule, Schemas } from '../lib/verify/admission/schema.ts';

type Json = { readonly [key: string]: unknown };
type Described = Json & {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly items?: Described;
  readonly properties?: { readonly [name: string]: Described };
  readonly additionalProperties?: Described | boolean;
  readonly required?: readonly string[];
};

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The folder of the module that `test/cluster/<name>` builds. */
function moduleFolder(name: string, path: string): string {
  const version = new RegExp(`${path} (v[^\\s]+)`).exec(
    readFileSync(join(ROOT, `test/cluster/${name}/go.mod`), 'utf8'),
  )?.[1];
  if (version === undefined) throw new Error(`test/cluster/${name}/go.mod has no ${path}`);
  const cache = execFileSync('go', ['env', 'GOMODCACHE'], { encoding: 'utf8' }).trim();
  return join(cache, `${path}@${version}`);
}

const shortName = (ref: string): string =>
  ref.replace(/^#\/definitions\//, '').replace(/^io\.k8s\./, '');

const OPEN =
  /\.(JSON|JSONSchemaPropsOrArray|JSONSchemaPropsOrBool|JSONSchemaPropsOrStringArray|RawExtension|FieldsV1)$/;

function nodeOf(one: Described): Node {
  if (one.$ref !== undefined) return `@${shortName(one.$ref)}`;
  if (one['x-kubernetes-int-or-string'] === true || one.format === 'int-or-string') return 'x';
  if (one.type === 'array') {
    const keys = one['x-kubernetes-list-map-keys'] as readonly string[] | undefined;
    const item = nodeOf(one.items ?? {});
    return keys ? ['[]', item, keys] : ['[]', item];
  }
  if (typeof one.additionalProperties === 'object') return ['{}', nodeOf(one.additionalProperties)];
  if (one.properties !== undefined) return objectOf(one);
  if (one.type === 'object' || one.type === undefined) return '*';
  return scalarOf(one);
}

function objectOf(one: Described): Node {
  const fields = Object.fromEntries(
    Object.entries(one.properties ?? {}).map(([name, field]) => [name, nodeOf(field)]),
  );
  const rules = ((one['x-kubernetes-validations'] ?? []) as Json[]).map(
    ({ rule, message }) => [String(rule), String(message ?? rule)] as const,
  );
  return {
    f: fields,
    ...(one.required && { r: one.required }),
    ...(one['x-kubernetes-preserve-unknown-fields'] === true && { u: 1 }),
    ...(rules.length > 0 && { v: rules }),
  };
}

const SCALARS: { readonly [type: string]: 's' | 'i' | 'n' | 'b' } = {
  string: 's',
  integer: 'i',
  number: 'n',
  boolean: 'b',
};

function scalarOf(one: Described): Node {
  const t = one.format === 'date-time' ? 't' : (SCALARS[one.type ?? ''] ?? 's');
  const limits = {
    ...(Array.isArray(one.enum) && { e: one.enum as string[] }),
    ...(typeof one.pattern === 'string' && { p: one.pattern }),
    ...(typeof one.minimum === 'number' && { min: one.minimum }),
    ...(typeof one.maximum === 'number' && { max: one.maximum }),
    ...(typeof one.minLength === 'number' && { least: one.minLength }),
    ...(typeof one.maxLength === 'number' && { most: one.maxLength }),
  };
  return Object.keys(limits).length === 0 ? t : { t, ...limits };
}

/** The kinds and definitions of Kubernetes itself. */
function kubernetes(folder: string): Schemas {
  const { definitions, paths } = JSON.parse(
    readFileSync(join(folder, 'api/openapi-spec/swagger.json'), 'utf8'),
  ) as {
    definitions: { [name: string]: Described };
    paths: { [path: string]: { [method: string]: Json } };
  };
  const types: { [name: string]: Node } = {};
  for (const [name, definition] of Object.entries(definitions))
    types[shortName(name)] = OPEN.test(name)
      ? '*'
      : name.endsWith('.resource.Quantity')
        ? 'q'
        : nodeOf(definition);
  const kinds: { [key: string]: Kind } = {};
  for (const [path, methods] of Object.entries(paths)) {
    const [, resource] = /\/([a-z]+)$/.exec(path) ?? [];
    const gvk = methods.post?.['x-kubernetes-group-version-kind'] as Json | undefined;
    if (resource === undefined || gvk === undefined) continue;
    const { group, version, kind } = gvk as { group: string; version: string; kind: string };
    const [name] =
      Object.entries(definitions).find(([, one]) =>
        ((one['x-kubernetes-group-version-kind'] ?? []) as Json[]).some(
          (other) => other.group === group && other.version === version && other.kind === kind,
        ),
      ) ?? [];
    if (name === undefined || /List$/.test(kind)) continue;
    const namespaced = path.includes('/namespaces/{namespace}/');
    kinds[[group, version, kind].filter(Boolean).join('/')] = {
      resource,
      namespaced,
      schema: `@${shortName(name)}`,
    };
  }
  return { kinds, types };
}

/** The kinds of the custom resources in `files`. */
function customResources(files: readonly string[]): Schemas {
  const kinds: { [key: string]: Kind } = {};
  for (const file of files)
    for (const document of parseAllDocuments(readFileSync(file, 'utf8'))) {
      const crd = document.toJS() as {
        kind?: string;
        spec: {
          group: string;
          scope: string;
          names: { kind: string; plural: string };
          versions: {
            name: string;
            served: boolean;
            schema: { openAPIV3Schema: Described };
          }[];
        };
      } | null;
      if (crd?.kind !== 'CustomResourceDefinition') continue;
      const { group, scope, names, versions } = crd.spec;
      for (const { name, served, schema } of versions)
        if (served)
          kinds[`${group}/${name}/${names.kind}`] = {
            resource: names.plural,
            namespaced: scope === 'Namespaced',
            schema: withMeta(nodeOf(schema.openAPIV3Schema)),
          };
    }
  return { kinds, types: {} };
}

function withMeta(node: Node): Node {
  if (typeof node !== 'object' || Array.isArray(node) || !('f' in node)) return node;
  return {
    ...node,
    f: { ...node.f, metadata: '@apimachinery.pkg.apis.meta.v1.ObjectMeta', status: '*' },
  };
}

/** The rules of the ClusterRoles that make up `admin`, from the roles in `files`. */
function adminRules(files: readonly string[]): RoleRule[] {
  const rules: RoleRule[] = [];
  for (const file of files)
    for (const document of parseAllDocuments(readFileSync(file, 'utf8'))) {
      const list = document.toJS() as Json | null;
      for (const role of ((list?.items as Json[] | undefined) ?? [list ?? {}]) as Json[]) {
        const labels = ((role.metadata as Json)?.labels ?? {}) as Json;
        const aggregated = Object.keys(labels).some((label) =>
          /^rbac\.authorization\.k8s\.io\/aggregate-to-(admin|edit|view)$/.test(label),
        );
        if (role.kind !== 'ClusterRole' || !aggregated) continue;
        for (const rule of (role.rules ?? []) as RoleRule[]) rules.push(rule);
      }
    }
  return rules;
}

function write(name: string, value: unknown): void {
  const text = `${JSON.stringify(value)}\n`;
  writeFileSync(join(ROOT, 'schemas', name), text);
  console.log(`${name}: ${Math.round(text.length / 1024)} KiB`);
}

const kubernetesFolder = moduleFolder('kubernetes', 'k8s.io/kubernetes');
const operator = moduleFolder('flux-operator', 'github.com/controlplaneio-fluxcd/flux-operator');
const crds = readdirSync(join(operator, 'config/crd/bases')).map((file) =>
  join(operator, 'config/crd/bases', file),
);
const versions = readdirSync(join(operator, 'config/data/flux')).sort((a, b) =>
  a.localeCompare(b, 'en', { numeric: true }),
);
const newest = versions.at(-1) ?? '';
const fluxFolder = join(operator, 'config/data/flux', newest);
const flux = readdirSync(fluxFolder).map((file) => join(fluxFolder, file));

write('kubernetes.json', {
  version: kubernetesFolder.split('@')[1],
  ...kubernetes(kubernetesFolder),
  admin: adminRules([
    join(
      kubernetesFolder,
      'plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata/cluster-roles.yaml',
    ),
  ]),
});
write('flux.json', {
  version: newest,
  ...customResources([...crds, ...flux]),
  admin: adminRules([join(fluxFolder, 'rbac.yaml'), join(operator, 'config/default/rbac.yaml')]),
});
