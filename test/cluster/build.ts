/**
 * Builds the binaries of the cluster tests from their Go modules, each once, into a cache outside
 * the tree. As a script: `node test/cluster/build.ts [BINARY…]`; without names all.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type Wrapper, wrappers } from './binaries.ts';
import {
  allBinaries,
  cacheRoot,
  flags,
  folderOf,
  pathOf,
  putInPlace,
  removeAbandoned,
} from './cache.ts';

const here = import.meta.dirname;
const say = (line: string) => process.stderr.write(`${line}\n`);

/** The one `go` that runs now, in a group of its own together with the compilers it starts. */
let running: ChildProcess | undefined;

function go(cwd: string, args: string[], quiet = false, scratch?: string): Promise<string> {
  const settings = { GOFLAGS: '-mod=readonly -buildvcs=false', GOWORK: 'off', CGO_ENABLED: '0' };
  const env = { ...process.env, ...settings, ...(scratch && { GOTMPDIR: scratch }) };
  const child = spawn('go', args, {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', quiet ? 'pipe' : 'inherit'],
  });
  let out = '';
  child.stdout?.on('data', (chunk) => {
    out += chunk;
  });
  running = child;
  return new Promise((done, fail) => {
    child.on('error', (cause) => {
      fail(new Error('Go is needed to build the cluster binaries: https://go.dev/dl', { cause }));
    });
    child.on('exit', (code) => {
      running = undefined;
      if (code === 0) done(out);
      else fail(new Error(`go ${args.join(' ')} (in ${cwd}) ended with ${code}`));
    });
  });
}

/** The unpacked sources of a wrapper's module in Go's module cache. */
async function sources(w: Wrapper): Promise<string> {
  const out = await go(join(here, w.folder), ['mod', 'download', '-json', w.module], true);
  return (JSON.parse(out) as { Dir: string }).Dir;
}

/** A module that embeds what only its release build makes is built from a copy that has it. */
async function withEmbedded(w: Wrapper, embeds: string, scratch: string): Promise<string[]> {
  const copy = join(scratch, 'source');
  cpSync(await sources(w), copy, { recursive: true, filter: makeWritable });
  mkdirSync(dirname(join(copy, embeds)), { recursive: true });
  writeFileSync(join(copy, embeds), '');
  const mod = readFileSync(join(here, w.folder, 'go.mod'), 'utf8');
  writeFileSync(join(scratch, 'go.mod'), `${mod}\nreplace ${w.module} => ${copy}\n`);
  cpSync(join(here, w.folder, 'go.sum'), join(scratch, 'go.sum'));
  return [`-modfile=${join(scratch, 'go.mod')}`];
}

/** Go's module cache is read-only: a copied folder has to become writable before it is filled. */
function makeWritable(_from: string, to: string): boolean {
  if (existsSync(dirname(to))) chmodSync(dirname(to), 0o755);
  return true;
}

async function copyAssets(w: Wrapper, into: string, scratch: string): Promise<void> {
  for (const asset of w.assets ?? []) {
    const target = join(into, asset);
    if (existsSync(target)) continue;
    const staged = join(scratch, 'assets', asset);
    cpSync(join(await sources(w), asset), staged, { recursive: true, filter: makeWritable });
    mkdirSync(dirname(target), { recursive: true });
    putInPlace(staged, target);
  }
}

/** The package of a binary, as `go build` takes it in the folder of its wrapper. */
function packageOf({ module, mains }: Wrapper, binary: string): string {
  const main = mains[binary] ?? '.';
  if (main.startsWith('./')) return main;
  return main === '.' ? module : `${module}/${main}`;
}

async function buildOne(w: Wrapper, binary: string, label: string): Promise<void> {
  const into = folderOf(w);
  const scratch = `${into}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  mkdirSync(into, { recursive: true });
  mkdirSync(scratch);
  const clean = () => {
    if (running?.pid) process.kill(-running.pid, 'SIGKILL');
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once('exit', clean);
  const start = Date.now();
  const seconds = () => `${Math.round((Date.now() - start) / 1000)} s`;
  say(`${label}: building from ${w.module} ${w.version}`);
  const tick = setInterval(() => say(`${label}: still building, ${seconds()}`), 30_000);
  try {
    await copyAssets(w, into, scratch);
    const mod = w.embeds ? await withEmbedded(w, w.embeds, scratch) : [];
    const out = join(scratch, binary);
    await go(
      join(here, w.folder),
      ['build', ...mod, ...flags(w), '-o', out, packageOf(w, binary)],
      false,
      scratch,
    );
    putInPlace(out, join(into, binary));
  } finally {
    clearInterval(tick);
    process.removeListener('exit', clean);
    clean();
  }
  say(`${label}: done in ${seconds()}`);
}

/** Builds those of the named binaries that the cache lacks. */
export async function build(names: readonly string[] = allBinaries()): Promise<void> {
  const missing = names.filter((name) => !existsSync(pathOf(name)));
  if (missing.length === 0) return;
  removeAbandoned();
  say(`To be built once, into ${cacheRoot()}: ${missing.join(', ')}.`);
  say(
    'All of them from nothing take about 12 minutes on 2 cores, 13 GB of disk for Go and 1 GB here.',
  );
  for (const [at, name] of missing.entries()) {
    const w = wrappers.find((one) => name in one.mains);
    if (w) await buildOne(w, name, `[${at + 1}/${missing.length}] ${name}`);
  }
}

if (import.meta.main) {
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(1));
  await build(process.argv.length > 2 ? process.argv.slice(2) : undefined);
}
