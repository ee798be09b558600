/**
 * Cuts the part of GitHub's OpenAPI description that the stand-in is held to.
 *
 *   npm pack @octokit/openapi && tar xzf octokit-openapi-*.tgz
 *   node test/github/openapi/slice.ts package/generated/api.github.com.json
 *
 * The package is 385 MB unpacked, so its slice is committed instead.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';

/** What publishing and credentials use, and their neighbours: a request to any of them is checked, not unknown. */
const OPERATIONS = [
  'get /user',
  'get /users/{username}',
  'get /orgs/{org}',
  'post /user/repos',
  'post /orgs/{org}/repos',
  'get /repos/{owner}/{repo}',
  'patch /repos/{owner}/{repo}',
  'get /repos/{owner}/{repo}/branches',
  'get /repos/{owner}/{repo}/topics',
  'put /repos/{owner}/{repo}/topics',
  'get /repos/{owner}/{repo}/commits/{ref}',
  'get /repos/{owner}/{repo}/compare/{basehead}',
  'get /meta',
  'get /repos/{owner}/{repo}/keys',
  'post /repos/{owner}/{repo}/keys',
  'delete /repos/{owner}/{repo}/keys/{key_id}',
  'get /repos/{owner}/{repo}/installation',
  'get /user/repos',
  'get /repos/{owner}/{repo}/pulls',
  'post /repos/{owner}/{repo}/pulls',
];

/** Words for people; the checks need none of them. */
const PROSE = new Set(['description', 'summary', 'example', 'examples', 'externalDocs', 'x-github', 'title', 'tags', 'operationId']);

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Tree = { [key: string]: Json };

const [source = ''] = argv.slice(2);
const whole = JSON.parse(readFileSync(source, 'utf8')) as Tree;
const kept = new Map<string, Json>();
const paths: Tree = {};
for (const operation of OPERATIONS) {
  const [method = '', path = ''] = operation.split(' ');
  const found = at(`#/paths/${path.replaceAll('/', '~1')}/${method}`) as Tree;
  const of = (paths[path] ??= {}) as Tree;
  of[method] = strip(found, false);
}
const components: Tree = {};
for (const [pointer, value] of [...kept].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const [, , kind = '', name = ''] = pointer.split('/');
  ((components[kind] ??= {}) as Tree)[name] = value;
}
const { version } = whole.info as Tree;
const slice = { info: { title: "A slice of GitHub's OpenAPI description", version, license: 'MIT, see LICENSE' }, paths, components };
writeFileSync(new URL('github.json', import.meta.url), `${JSON.stringify(slice)}\n`);

/** `value` without prose; what it refers to is kept. Properties may be called "description". */
function strip(value: Json, names: boolean): Json {
  if (Array.isArray(value)) return value.map((item) => strip(item, false));
  if (typeof value !== 'object' || value === null) return value;
  if (typeof value.$ref === 'string') keep(value.$ref);
  const entries = Object.entries(value).filter(([key]) => names || !PROSE.has(key));
  return Object.fromEntries(entries.map(([key, item]) => [key, strip(item, !names && key === 'properties')]));
}

function keep(pointer: string): void {
  if (kept.has(pointer)) return;
  kept.set(pointer, null);
  kept.set(pointer, strip(at(pointer), false));
}

function at(pointer: string): Json {
  const keys = pointer.slice(2).split('/').map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return keys.reduce<Json>((value, key) => (value as Tree)[key] ?? null, whole);
}
