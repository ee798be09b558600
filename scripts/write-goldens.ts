// Writes test/golden and docs/reference/command-line.md again. A developer must review the difference.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { goldenFolder, runCase, SAME, validCases, WHOLE_CASES } from '../test/golden.ts';
import { readTree, writeTree } from '../test/sandbox.ts';
import { commandLinePage, verifyPage } from './reference.ts';

if (process.env.CI)
  throw new Error('CI must not write the goldens: a developer writes and reviews them');
rmSync(goldenFolder(''), { recursive: true, force: true });
const trees = new Map<string, Map<string, string>>();
for (const one of validCases()) {
  const folder = mkdtempSync(join(tmpdir(), 'flux-gitops-golden-'));
  const failed = (await runCase(one, folder)).find(({ code }) => code !== 0);
  if (failed) throw new Error(`${one.name}: ${failed.stderr}`);
  trees.set(one.name, readTree(folder));
  rmSync(folder, { recursive: true });
}
for (const [name, tree] of trees) {
  mkdirSync(goldenFolder(name), { recursive: true });
  const whole = WHOLE_CASES.includes(name) ? undefined : trees.get('default');
  const same = [...tree].filter(([path, text]) => whole?.get(path) === text).map(([path]) => path);
  const own = [...tree].filter(([path]) => !same.includes(path));
  writeTree(goldenFolder(name), own);
  if (same.length > 0) writeTree(goldenFolder(name), [[SAME, `${same.join('\n')}\n`]]);
  console.log(`written ${name}: ${own.length} files`);
}
mkdirSync(new URL('../docs/reference', import.meta.url), { recursive: true });
writeFileSync(new URL('../docs/reference/command-line.md', import.meta.url), commandLinePage());
writeFileSync(new URL('../docs/verify.md', import.meta.url), verifyPage());
