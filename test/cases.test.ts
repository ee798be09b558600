import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { goldenFolder, runCase, validCases } from './golden.ts';
import { readTree, runHere, temporaryFolder, writeTree } from './sandbox.ts';

type InvalidCase = {
  readonly argv: readonly string[];
  readonly expect: readonly string[];
  readonly code?: number;
  /** A command that writes an estate first. */
  readonly existing?: readonly string[];
  readonly files?: { readonly [path: string]: string };
  readonly readOnly?: string;
};

describe('valid cases write their golden tree', () => {
  for (const one of validCases())
    test(one.name, async () => {
      const folder = temporaryFolder();
      for (const { code, stderr, stdout } of await runCase(one, folder)) {
        assert.equal(code, 0, stderr);
        assert.equal(stdout, '');
      }
      const golden = readTree(goldenFolder(one.name));
      const written = readTree(folder);
      assert.deepEqual([...written.keys()], [...golden.keys()]);
      for (const [path, text] of written) assert.equal(text, golden.get(path), path);
    });
});

describe('invalid cases are refused and write nothing', () => {
  const folder = fileURLToPath(new URL('cases/invalid/', import.meta.url));
  for (const file of readdirSync(folder))
    test(file.replace(/\.json$/, ''), () =>
      checkRefusal(JSON.parse(readFileSync(join(folder, file), 'utf8')) as InvalidCase),
    );
});

async function checkRefusal({
  argv,
  expect,
  code = 2,
  existing,
  files = {},
  readOnly,
}: InvalidCase): Promise<void> {
  const folder = temporaryFolder();
  if (existing) assert.equal((await runHere(existing, folder)).code, 0);
  writeTree(folder, Object.entries(files));
  if (readOnly) chmodSync(join(folder, readOnly), 0o555);
  const before = readTree(folder);
  const outcome = await runHere(argv, folder);
  if (readOnly) chmodSync(join(folder, readOnly), 0o755);
  assert.equal(outcome.code, code, outcome.stderr);
  for (const sentence of expect)
    assert.ok(outcome.stderr.includes(sentence), `${sentence}\nin\n${outcome.stderr}`);
  assert.equal(outcome.stdout, '');
  assert.doesNotMatch(outcome.stderr, /\n\s+at /, 'a stack trace');
  assert.deepEqual(readTree(folder), before);
}
