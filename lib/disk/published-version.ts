/**
 * What another version of this package writes: fetched with the user's own npm, and run in a scratch folder. It is the last
 * resort for the text that a merge needs.
 */
import { type ExecFileException, execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GENERATOR } from '../plan/generator.ts';
import { isObject, type Json, RECORD_FILE, RECORD_KEY } from '../plan/record.ts';
import { unixLines } from '../render/git-text.ts';
import type { Say } from '../terminal.ts';
import type { Earlier } from './base.ts';
import { EARLIER_VERSIONS, packageVersion } from './package-files.ts';
import { readIfThere } from './workspace.ts';

/** An exact version: never a range, a tag, an address or a path, which npm would take as well. */
const EXACT =
  /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;

/** How long npm, and the other version, may take (milliseconds). */
const PATIENCE = 60_000;

const renders = new Map<string, Promise<Earlier | undefined>>();
const packages = new Map<string, Promise<string>>();

/**
 * The files that the version of this package which wrote the repository in `folder` writes with its record. Undefined if
 * the record names no other published version, or if that version cannot be fetched or run. Says with `say` what it does.
 */
export function publishedFiles(folder: string, say: Say): Promise<Earlier | undefined> {
  const text = readIfThere(join(folder, RECORD_FILE)) ?? '';
  const key = `${folder}\n${text}`;
  const known = renders.get(key) ?? render(text, say);
  renders.set(key, known);
  return known;
}

async function render(text: string, say: Say): Promise<Earlier | undefined> {
  // Before the first release, the name on npm can be anybody's.
  if (!GENERATOR.onNpm) return undefined;
  const all = parsed(text);
  const record = all?.[RECORD_KEY];
  if (!all || !isObject(record)) return undefined;
  const version = String(record.generator);
  // This package has the templates of the versions in earlier/.
  const isHere = [packageVersion(), ...EARLIER_VERSIONS].some(
    (one) => one === version || one.startsWith(`${version}-`),
  );
  if (!EXACT.test(version) || isHere) return undefined;
  try {
    return await renderWith(await packageOf(version, say), { ...all, [RECORD_KEY]: record });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    say(
      `Without version ${version}, only git's history has the text that it wrote: ${said}\n` +
        `  What helps: a clone with the commits of that version, or npm that can fetch ${RECORD_KEY}@${version}.`,
    );
    return undefined;
  }
}

function parsed(text: string): Json | undefined {
  try {
    const all: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    return isObject(all) ? all : undefined;
  } catch {
    return undefined;
  }
}

/** The folder of the package with `version`. Two repositories of the same version fetch it once. */
function packageOf(version: string, say: Say): Promise<string> {
  const known = packages.get(version) ?? fetchPackage(version, say);
  packages.set(version, known);
  return known;
}

let scratch: string | undefined;

/** A folder that only this user can read, and that goes with this process. */
function scratchFolder(): string {
  if (scratch === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'flux-gitops-version-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    scratch = made;
  }
  return mkdtempSync(join(scratch, 'x-'));
}

async function fetchPackage(version: string, say: Say): Promise<string> {
  const folder = scratchFolder();
  // With this file, npm reads no settings of the folders above, which belong to others.
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const spec = `${RECORD_KEY}@${version}`;
  say(`npm fetches ${spec}, because git's history does not have the text that this version wrote.`);
  const { environmentWithoutTokens } = await import('../publish/secrets.ts');
  const flags = [
    '--ignore-scripts',
    '--fetch-retries=0',
    '--no-update-notifier',
    '--dry-run=false',
  ];
  // npm itself compares the file with the hash that is published for it.
  await start('npm', ['pack', spec, ...flags, `--pack-destination=${folder}`], {
    cwd: folder,
    env: environmentWithoutTokens(),
  });
  const packed = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (packed === undefined) throw new Error('npm pack has written no file.');
  const home = join(folder, 'package');
  mkdirSync(home);
  await start('tar', ['-xzf', join(folder, packed), '--strip-components=1', '-C', home], {
    cwd: folder,
    env: plainEnvironment(folder),
  });
  const {
    name,
    version: found,
    dependencies,
  } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
  if (name !== RECORD_KEY || found !== version)
    throw new Error(`npm has brought ${name}@${found}.`);
  linkDependencies(Object.keys(dependencies ?? {}), join(home, 'node_modules'));
  return home;
}

/** The other version runs with the dependencies of this one. If it writes other texts with them, their hashes say so. */
function linkDependencies(names: readonly string[], modules: string): void {
  const own = dirname(fileURLToPath(import.meta.resolve('#package.json')));
  for (const name of names) {
    for (let folder = own; ; folder = dirname(folder)) {
      const there = join(folder, 'node_modules', name);
      if (existsSync(there)) {
        const link = join(modules, name);
        mkdirSync(dirname(link), { recursive: true });
        symlinkSync(there, link, 'junction');
        break;
      }
      if (folder === dirname(folder)) break;
    }
  }
}

/** What the package in `home` writes into an empty repository with the record `all`. */
async function renderWith(
  home: string,
  all: { readonly [key: string]: unknown },
): Promise<Earlier> {
  const { name, environments, adopted, pending, ...rest } = all[RECORD_KEY] as Json;
  const folder = join(scratchFolder(), 'repository');
  mkdirSync(folder);
  // Without the hashes and what a user kept, every file is new.
  const own = Object.entries((environments ?? {}) as { [name: string]: Json }).map(
    ([environment, { files, ...values }]) => [environment, values],
  );
  const record = { ...rest, name, environments: Object.fromEntries(own), files: [] };
  writeFileSync(join(folder, RECORD_FILE), JSON.stringify({ [RECORD_KEY]: record }));
  const bin = join(home, 'bin/flux-gitops.js');
  await start(process.execPath, [bin, 'update', '--yes', '--into', folder], {
    cwd: folder,
    env: plainEnvironment(dirname(folder)),
  });
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== RECORD_FILE)
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    files.map((file) => [
      relative(folder, file).replaceAll('\\', '/'),
      unixLines(readFileSync(file, 'utf8')),
    ]),
  );
}

/** The environment for a program that needs nothing of the user's. */
function plainEnvironment(home: string): NodeJS.ProcessEnv {
  const { PATH, SystemRoot } = process.env;
  return {
    HOME: home,
    TMPDIR: home,
    NO_COLOR: '1',
    ...(PATH && { PATH }),
    ...(SystemRoot && { SystemRoot }),
  };
}

/** Runs `program` until it ends. Rejects with its last words if it fails. */
function start(
  program: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<void> {
  return new Promise((done, fail) => {
    const options = { cwd, env, timeout: PATIENCE, maxBuffer: 2 ** 24, encoding: 'utf8' } as const;
    const child = execFile(program, [...args], options, (error, _, stderr) => {
      if (error === null) done();
      else fail(new Error(reasonOf(program, error, stderr)));
    });
    child.stdin?.end();
  });
}

function reasonOf(program: string, error: ExecFileException, stderr: string): string {
  if (error.code === 'ENOENT') return `there is no ${program} on your PATH.`;
  if (error.killed) return `${program} has not ended within ${PATIENCE / 1000} seconds.`;
  // npm warns first, then it says the reason, and then where its log is.
  const lines = stderr.split('\n').map((line) => line.trim());
  const errors = lines.filter((line) => /^npm (ERR!|error) /.test(line));
  const [first = 'it failed without a message', second = ''] = (
    errors.length > 0 ? errors : lines.filter((line) => line !== '')
  ).map((line) => line.replace(/^npm (ERR!|error) (code )?/, ''));
  return `${program === 'npm' ? 'npm says' : 'it says'} ${`${first} ${second}`.trim().slice(0, 300)}`;
}
