/**
 * `node test/cluster/wrap.ts FOLDER…`: writes the go.mod and go.sum of a wrapper module again, from
 * its row in binaries.ts. Needed after a version was changed there.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Wrapper, wrappers } from './binaries.ts';

/** Upstream's staging modules: their folders are not in the module zip, their releases are. */
function stagingReplaces(w: Wrapper, folder: string): string[] {
  if (!w.staging) return [];
  const args = ['mod', 'download', '-json', `${w.module}@${w.version}`];
  const { GoMod } = JSON.parse(execFileSync('go', args, { cwd: folder, encoding: 'utf8' }));
  const lines = readFileSync(GoMod, 'utf8').matchAll(/^\s*(\S+) => \.\/staging\//gm);
  return [...lines].map(([, module]) => `replace ${module} => ${module} ${w.staging}`);
}

function wrap(w: Wrapper): void {
  const folder = join(import.meta.dirname, w.folder);
  mkdirSync(folder, { recursive: true });
  rmSync(join(folder, 'go.sum'), { force: true });
  const head = [`module generator-flux-gitops/test/cluster/${w.folder}`, '', 'go 1.26.0', ''];
  writeFileSync(join(folder, 'go.mod'), head.join('\n'));
  const pins = Object.entries(w.replaces ?? {});
  const replaces = [
    ...stagingReplaces(w, folder),
    ...pins.map(([module, version]) => `replace ${module} => ${module} ${version}`),
  ];
  writeFileSync(join(folder, 'go.mod'), `${[...head, ...replaces].join('\n')}\n`);
  const foreign = Object.values(w.mains).filter((main) => !main.startsWith('./'));
  const mains = foreign.map((main) => (main === '.' ? '' : `/${main}`));
  const tools = mains.map((main) => `${w.module}${main}@${w.version}`);
  const requires = Object.entries(w.requires ?? {}).map((pair) => pair.join('@'));
  const options = { cwd: folder, stdio: 'inherit' } as const;
  for (const require of requires) execFileSync('go', ['mod', 'edit', '-require', require], options);
  execFileSync('go', ['get', '-tool', ...tools], options);
  execFileSync('go', ['mod', 'edit', '-fmt'], { cwd: folder });
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !wrappers.some((w) => w.folder === name));
if (wanted.length === 0 || unknown.length > 0) {
  const names = wrappers.map((w) => w.folder).join(', ');
  throw new Error(`name one or more of ${names}${unknown.length ? `; not ${unknown}` : ''}`);
}
for (const w of wrappers.filter((one) => wanted.includes(one.folder))) wrap(w);
