import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder, writeTree } from './sandbox.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Runs `script` of `folder` as if this Node.js were an old one. */
function onOldNode(folder: string, script: string) {
  const old = "Object.defineProperty(process.versions, 'node', { value: '20.1.0' })";
  const argv = ['--import', `data:text/javascript,${encodeURIComponent(old)}`, script, '--version'];
  return spawnSync(process.execPath, argv, { cwd: folder, encoding: 'utf8' });
}

test('on an old Node.js, a clone says how npm brings a newer one', () => {
  for (const script of ['bin/flux-gitops.js', 'scripts/check-node.js']) {
    const { status, stderr } = onOldNode(ROOT, script);
    assert.equal(status, 1, script);
    assert.match(stderr, /needs Node\.js 22\.18 or newer, but this is Node\.js 20\.1\.0/, script);
    assert.match(stderr, /npm rebuild node --ignore-scripts=false/, script);
  }
});

test('on an old Node.js, the package says how npx brings a newer one', () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'bin'));
  cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
  writeTree(folder, [['package.json', '{ "type": "module" }']]);
  const { status, stderr } = onOldNode(folder, 'bin/flux-gitops.js');
  assert.equal(status, 1);
  assert.match(stderr, /--package node@24/);
  assert.doesNotMatch(stderr, /npm rebuild|\n\s+at /);
});
