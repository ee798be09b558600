#!/usr/bin/env node
// Plain JavaScript of old, so that an old Node.js gets as far as the message below.
import { existsSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { isNewEnough, tooOld } from './node-version.js';

if (!isNewEnough(process.versions.node)) {
  console.error(tooOld('flux-gitops'));
  process.exitCode = 1;
} else {
  // V8's room for new objects stays small: where it grows, 10,000 environments take 60 MiB more, and no less time.
  setFlagsFromString('--semi-space-growth-factor=1');
  // A checkout has the sources, which Node runs as they are; the package has JavaScript only.
  const source = new URL('../lib/command-line.ts', import.meta.url);
  const built = new URL('../dist/command-line.js', import.meta.url);
  const { main } = await import(existsSync(source) ? source.href : built.href);
  process.exitCode = await main(process.argv.slice(2));
}
