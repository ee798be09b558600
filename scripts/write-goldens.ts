// Writes test/golden anew from test/cases/valid; a person reviews the difference.
import { mkdirSync, rmSync } from 'node:fs';
import { goldenFolder, runCase, validCases } from '../test/golden.ts';

if (process.env.CI) throw new Error('goldens are written by a person, never by CI');
rmSync(goldenFolder(''), { recursive: true, force: true });
for (const one of validCases()) {
  mkdirSync(goldenFolder(one.name), { recursive: true });
  const failed = (await runCase(one, goldenFolder(one.name))).find(({ code }) => code !== 0);
  if (failed) throw new Error(`${one.name}: ${failed.stderr}`);
  console.log(`written ${one.name}`);
}
