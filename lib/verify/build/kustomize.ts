/** The user's own kustomize or kubectl, which builds what a kustomization.yaml says. */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { environmentWithoutTokens } from '../../publish/secrets.ts';
import {
  isObject,
  type Json,
  type Manifest,
  objectAt,
  type RepoFiles,
  type Sync,
  textAt,
} from '../model.ts';
import { changed, parseFile, readYaml } from '../read/parse.ts';
import type { Built, Wanted } from '../verify.ts';
import { KUSTOMIZATION_FIELDS, rootKustomization } from './flux-source.ts';

type Program = { readonly command: string; readonly args: readonly string[] };

const PROGRAMS: readonly Program[] = [
  { command: 'kustomize', args: ['build'] },
  { command: 'kubectl', args: ['kustomize'] },
];

/** Flux lets a kustomization.yaml read all of its repository. It fetches nothing, so neither may this. */
const FLAGS = ['--load-restrictor', 'LoadRestrictionsNone'];
const NOWHERE = 'http://127.0.0.1:1';
const TIMEOUT = 120_000;

/** What kustomize builds for each of `wanted`; nothing where neither kustomize nor kubectl is installed. */
export async function buildAll(wanted: readonly Wanted[]): Promise<Map<Sync, Built>> {
  if (wanted.length === 0) return new Map();
  const program = await findProgram();
  if (program === undefined) return new Map();
  const folder = mkdtempSync(join(tmpdir(), 'flux-gitops-verify-'));
  try {
    writeTree(folder, wanted);
    return await buildSome(
      folder,
      wanted.map((one, n) => [n, one] as const),
      program,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function findProgram(): Promise<Program | undefined> {
  for (const program of PROGRAMS) {
    const { code } = await run(program.command, [...program.args, '--help'], '.');
    if (code === 0) return program;
  }
  return undefined;
}

const BUILD = 'build';
const MARK = 'flux-gitops-verify';

/** The kustomization.yaml `text` of the folder of a sync as Flux writes it again. */
function rewritten(text: string): string {
  const value = readYaml(text) ?? {};
  if (!isObject(value)) return text;
  const isSame =
    value.kind !== 'Component' && Object.keys(value).every((key) => KUSTOMIZATION_FIELDS.has(key));
  if (isSame && Object.keys(value).length > 0) return text;
  const kept = Object.entries(value).filter(
    ([key]) => KUSTOMIZATION_FIELDS.has(key) && key !== 'apiVersion',
  );
  return JSON.stringify({ resources: [], ...Object.fromEntries(kept), kind: 'Kustomization' });
}

/** The files of the app repos as Flux gets them, and a kustomization.yaml for each sync, as Flux writes one. */
function writeTree(folder: string, wanted: readonly Wanted[]): void {
  const copies = new Map<ReadonlySet<string>, string>();
  for (const [n, { app, kept, resources, sync }] of wanted.entries()) {
    const copy = copies.get(kept) ?? `app${copies.size}`;
    if (!copies.has(kept)) copyFiles(app, join(folder, copy), kept);
    copies.set(kept, copy);
    const root = rootKustomization(kept, sync);
    if (root !== undefined)
      writeFileSync(join(folder, copy, root), rewritten(app.files.get(root) ?? ''));
    const spec = objectAt(sync.manifest.value, 'spec');
    const own = Object.fromEntries(
      ['patches', 'images', 'namePrefix', 'nameSuffix'].flatMap((key) =>
        spec[key] === undefined ? [] : [[key, spec[key]]],
      ),
    );
    write(join(folder, BUILD, String(n)), {
      resources: resources.map((one) => join('..', '..', copy, one)),
      ...(sync.targetNamespace !== undefined && { namespace: sync.targetNamespace }),
      ...own,
      labels: [{ pairs: { [MARK]: `sync-${n}` } }],
    });
  }
}

function copyFiles({ folder, unwritten }: RepoFiles, to: string, paths: ReadonlySet<string>): void {
  for (const path of paths) {
    mkdirSync(join(to, dirname(path)), { recursive: true });
    const text = unwritten?.get(path);
    if (text === undefined) copyFileSync(join(folder, path), join(to, path));
    else writeFileSync(join(to, path), text);
  }
}

function write(folder: string, value: Json): void {
  mkdirSync(folder, { recursive: true });
  // JSON is YAML as well.
  writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(value));
}

type Numbered = readonly (readonly [number, Wanted])[];

/** Builds all of `wanted` in one go; when that fails, each half, until the ones that fail are known. */
async function buildSome(
  folder: string,
  wanted: Numbered,
  program: Program,
): Promise<Map<Sync, Built>> {
  write(join(folder, BUILD), {
    resources: wanted.map(([n]) => String(n)),
    buildMetadata: ['originAnnotations'],
  });
  const args = [...program.args, ...FLAGS, '.'];
  const { code, out, errors } = await run(program.command, args, join(folder, BUILD));
  const { manifests, problem } = parseFile('', '', code === 0 ? out : '');
  if (code === 0 && problem === undefined) return builtFrom(manifests, wanted);
  const [first] = wanted;
  if (wanted.length === 1 && first !== undefined) {
    // Flux reads again what kustomize wrote.
    const error = problem?.message ?? shortError(errors, folder);
    return new Map([[first[1].sync, { error }]]);
  }
  const middle = Math.ceil(wanted.length / 2);
  const left = await buildSome(folder, wanted.slice(0, middle), program);
  const right = await buildSome(folder, wanted.slice(middle), program);
  return new Map([...left, ...right]);
}

function builtFrom(manifests: readonly Manifest[], wanted: Numbered): Map<Sync, Built> {
  const objects = new Map<string, { value: Manifest; origin: string | undefined }[]>(
    wanted.map(([n]) => [`sync-${n}`, []]),
  );
  for (const manifest of manifests) {
    const { labels, annotations, ...metadata } = objectAt(manifest.value, 'metadata');
    const { [MARK]: mark, ...ownLabels } = objectAt(labels);
    const { [ORIGIN]: origin, ...ownAnnotations } = objectAt(annotations);
    const value = {
      ...manifest.value,
      metadata: {
        ...metadata,
        ...(Object.keys(ownLabels).length > 0 && { labels: ownLabels }),
        ...(Object.keys(ownAnnotations).length > 0 && { annotations: ownAnnotations }),
      },
    };
    objects
      .get(String(mark))
      ?.push({ value: changed(manifest, value), origin: originPath(origin) });
  }
  return new Map(
    wanted.map(([n, { sync }]) => [sync, { objects: objects.get(`sync-${n}`) ?? [] }]),
  );
}

const ORIGIN = 'config.kubernetes.io/origin';

/** The path in the app repo that an object comes from, or of the kustomization.yaml that made it. */
function originPath(origin: unknown): string | undefined {
  const said = readYaml(typeof origin === 'string' ? origin : '');
  const path = textAt(said, 'path') ?? textAt(said, 'configuredIn');
  return path?.replace(/^(\.\.\/)+app\d+\//, '');
}

/** kustomize's own message, without the steps to it and without folders of this machine. */
function shortError(errors: string, folder: string): string {
  const text = errors
    .replace(/^# Warning: .*\n/gm, '')
    .replace(/^E\d{4} .*? err=(<|")/, '')
    .replace(/(>|")\s*$/, '')
    .replace(/^Error: /, '')
    .replaceAll('\\n', '\n')
    // A message within a message within a message has a backslash for each.
    .replace(/\\+"/g, '"')
    .replace(/merging from generator &\{[^}]*\}: /g, 'merging from generator: ')
    .replaceAll(folder, '')
    .replace(/\/?(\.\.\/)*app\d+\//g, '')
    .replace(/[\s\S]*recursed accumulation of path '[^']*': /, '')
    .replace(/': must build at directory[\s\S]*/, '')
    .replace(/^(accumulating resources: )accumulation err='\1/i, '$1')
    .replace(/accumulation err='accumulating resources /, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim();
  return text.length > 600 ? `${text.slice(0, 600)} ...` : text;
}

type Outcome = { readonly code: number | null; readonly out: string; readonly errors: string };

function run(command: string, args: readonly string[], cwd: string): Promise<Outcome> {
  const env = {
    ...environmentWithoutTokens(),
    ...{ GIT_ALLOW_PROTOCOL: 'none', HTTP_PROXY: NOWHERE, HTTPS_PROXY: NOWHERE, NO_PROXY: '' },
    ...{ http_proxy: NOWHERE, https_proxy: NOWHERE, no_proxy: '' },
  };
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    // The option of spawn for this keeps Node.js waiting when there is no such program.
    const timer = setTimeout(() => child.kill(), TIMEOUT);
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    const end = (code: number | null, said = ''): void => {
      clearTimeout(timer);
      const [text, messages] = [out, errors].map((chunks) => Buffer.concat(chunks).toString());
      resolve({ code, out: text ?? '', errors: `${messages}${said}` });
    };
    child.on('error', (error) => end(-1, error.message));
    child.on('close', (code) => end(code));
  });
}
