import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { EARLIER_STATES, writeEstate } from '../earlier-states.ts';
import { anyEdit, type Made, makeEdits } from '../edits.ts';
import { runs } from '../properties.ts';
import { readTree, runHere, temporaryFolder } from '../sandbox.ts';

type Tree = ReadonlyMap<string, string>;

const linesOf = (text: string): string[] => text.split(/\r?\n/);
const countOf = (text: string, word: string): number => text.split(word).length - 1;
const isYaml = (path: string): boolean => /\.ya?ml$/.test(path);
const parses = (text: string): boolean =>
  parseAllDocuments(text).every(({ errors }) => errors.length === 0);

/** That each line that a user wrote is in the result: as it was, or with its words in a line that changed as well. */
function assertNothingLost(written: Tree, edited: Tree, result: Tree, made: readonly Made[]): void {
  for (const [path, text] of edited) {
    const before = written.get(path);
    if (before === text || path.endsWith('.yo-rc.json')) continue;
    const now = result.get(path);
    assert.ok(now !== undefined, `${path} is still there`);
    const known = new Set(linesOf(before ?? ''));
    const there = new Set(linesOf(now));
    for (const line of linesOf(text).filter((one) => !known.has(one) && !there.has(one))) {
      const words = made.filter(({ word }) => line.includes(word)).map(({ word }) => word);
      assert.ok(words.length > 0 && words.every((word) => now.includes(word)), `${path}: ${line}`);
    }
    for (const { word } of made)
      assert.equal(countOf(now, word), countOf(text, word), `${path}: ${word}`);
    if (before !== undefined && isYaml(path) && parses(text))
      assert.ok(parses(now), `${path} parses:\n${now}`);
  }
  for (const { kind, path } of made)
    if (kind === 'deleted file' && !edited.has(path))
      assert.ok(!result.has(path), `${path} stays deleted`);
}

/** That the settings and keys that a user wrote into the records are there. */
function assertRecords(edited: Tree, result: Tree): void {
  for (const [path, text] of edited) {
    if (!path.endsWith('.yo-rc.json')) continue;
    const { 'generator-flux-gitops': before, ...others } = JSON.parse(text);
    const { 'generator-flux-gitops': after, ...kept } = JSON.parse(result.get(path) ?? '');
    assert.deepEqual(kept, others, path);
    assert.equal(after.settings.interval, before.settings.interval, path);
    for (const [name, { replicas, content }] of Object.entries<Record<string, unknown>>(
      before.environments,
    )) {
      const { replicas: now = 1, content: page } = after.environments[name];
      assert.equal(now, replicas ?? 1, path);
      if (content === 'Changed by hand') assert.equal(page, content, path);
    }
  }
}

for (const [state, tree] of Object.entries(EARLIER_STATES))
  describe(`an estate of ${state} with random edits of a user`, () => {
    const original = temporaryFolder();
    const repos = writeEstate(original, tree());
    const written = readTree(original);

    test('is updated, and no line of the user is lost; a conflict changes nothing', async () => {
      const property = fc.asyncProperty(
        fc.array(anyEdit, { minLength: 1, maxLength: 5 }),
        async (edits) => {
          const folder = temporaryFolder();
          cpSync(original, folder, { recursive: true });
          const made = makeEdits(folder, repos, edits);
          const edited = readTree(folder);
          const { code, stderr } = await runHere(['update', '--into', folder], folder);
          const result = readTree(folder);
          if (code === 1) {
            assert.deepEqual(result, edited, 'a conflict changes nothing');
            const listed = linesOf(stderr).flatMap((line) => /^ {2}(\/.*)$/.exec(line)?.[1] ?? []);
            assert.ok(listed.length > 0, stderr);
            for (const path of listed) {
              const short = path.slice(folder.length + 1);
              assert.notEqual(edited.get(short), written.get(short), `${short} was edited`);
            }
            const marked = await runHere(
              ['update', '--conflict-markers', '--into', folder],
              folder,
            );
            assert.equal(marked.code, 1, marked.stderr);
            const after = readTree(folder);
            for (const path of listed)
              assert.match(after.get(path.slice(folder.length + 1)) ?? '', /^<<<<<<< /m);
            for (const [path, text] of edited)
              for (const { word } of made)
                if (!path.endsWith('.yo-rc.json'))
                  assert.ok(countOf(after.get(path) ?? '', word) >= countOf(text, word), path);
          } else {
            assert.equal(code, 0, stderr);
            assertNothingLost(written, edited, result, made);
            assertRecords(edited, result);
            assert.equal((await runHere(['update', '--into', folder], folder)).code, 0);
            assert.deepEqual(readTree(folder), result, 'a second update changes nothing');
          }
          rmSync(folder, { recursive: true });
        },
      );
      await fc.assert(property, runs(300, 6));
    });
  });
