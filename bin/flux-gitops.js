#!/usr/bin/env node
// Old JavaScript, so that an old Node.js can print the message below.
import { existsSync } from 'node:fs';
import { isNewEnough, tooOld } from './node-version.js';

if (!isNewEnough(process.versions.node)) {
  console.error(tooOld('flux-gitops'));
  process.exitCode = 1;
} else {
  // A checkout has the TypeScript sources, which Node can run. The package has only JavaScript.
  const source = new URL('../lib/command-line.ts', import.meta.url);
  const built = new URL('../dist/command-line.js', import.meta.url);
  const { main } = await import(existsSync(source) ? source.href : built.href);
  process.exitCode = await main(process.argv.slice(2));
}
