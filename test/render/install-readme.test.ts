import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { goldenTree, validCases } from '../golden.ts';

/** The page of each case that installs Flux, by the path of its folder, and what lies in that folder. */
function pages(): { name: string; text: string; files: string[] }[] {
  return validCases().flatMap(({ name }) => {
    const tree = [...goldenTree(name)];
    return tree
      .filter(([path]) => path.endsWith('/install/README.md'))
      .map(([path, text]) => {
        const folder = path.slice(0, -'README.md'.length);
        const files = tree.map(([one]) => one).filter((one) => one.startsWith(folder));
        return { name, text, files: files.map((one) => one.slice(folder.length)) };
      });
  });
}

const blocks = (text: string): string[] =>
  [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);

/** How GitHub names the place of a heading. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');

describe('the README of install/', () => {
  for (const { name, text, files } of pages()) {
    test(`starts with the two commands that install Flux (${name})`, () => {
      const [first = ''] = blocks(text);
      assert.match(
        first,
        /^helm upgrade --install flux-operator [\s\S]*\nhelm upgrade --install flux /,
      );
      assert.ok(text.indexOf(first) < text.indexOf('\n## '));
      assert.ok(text.indexOf(first) < 1200);
    });

    test(`has commands that a shell reads and files that are there (${name})`, () => {
      for (const block of blocks(text)) {
        const { status, stderr } = spawnSync('sh', ['-n'], { input: block, encoding: 'utf8' });
        assert.equal(status, 0, `${stderr}${block}`);
      }
      const options = /(?:--values|--config|-f) ([a-z][\w./-]+\.yaml)/g;
      const named = [...text.matchAll(options)].map(([, file = '']) => file);
      assert.ok(named.length >= 4);
      for (const file of named) assert.ok(files.includes(file), file);
    });

    test(`leads to headings that are there, once each (${name})`, () => {
      const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => anchor(heading));
      assert.equal(new Set(headings).size, headings.length);
      for (const [, place = ''] of text.matchAll(/\]\(#([^)]+)\)/g))
        assert.ok(headings.includes(place), place);
    });
  }

  test('names one version of Kubernetes', () => {
    for (const { text } of pages()) assert.equal(text.match(/\b1\.\d\d\.\d+\b/g)?.length, 1);
  });
});
