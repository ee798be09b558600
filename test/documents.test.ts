import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { GENERATOR } from '../lib/plan/generator.ts';
import { temporaryFolder, writeTree } from './sandbox.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGES = ['*.md', 'docs/**/*.md', '.github/*.md', 'test/github/*.md'];

const read = (path: string, root = ROOT): string => readFileSync(join(root, path), 'utf8');
const pages = (): string[] => PAGES.flatMap((pattern) => globSync(pattern, { cwd: ROOT })).sort();

/** `text` without blocks and spans of code, which contain no links. */
const prose = (text: string): string =>
  text.replace(/^ *(```|~~~)[\s\S]*?^ *\1 *$/gm, '').replace(/`[^`\n]*`/g, 'code');

/** Where the links and pictures of a page lead to. */
function targets(text: string): string[] {
  const inline = [...prose(text).matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)];
  const tags = [...prose(text).matchAll(/\b(?:src|srcset|href)="([^"\s]+)"/g)];
  return [...inline, ...tags].map(([, target = '']) => target);
}

/** The anchors that GitHub gives to the headings of a page. */
function anchors(text: string): Set<string> {
  const seen = new Map<string, number>();
  const blocks = text.replace(/^ *(```|~~~)[\s\S]*?^ *\1 *$/gm, '');
  return new Set(
    [...blocks.matchAll(/^#{1,6} +(.+?) *#*$/gm)].map(([, heading = '']) => {
      const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
      const slug = words.replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '').replaceAll(' ', '-');
      const count = seen.get(slug) ?? 0;
      seen.set(slug, count + 1);
      return count === 0 ? slug : `${slug}-${count}`;
    }),
  );
}

/** The relative links of `page` that lead nowhere. */
function broken(page: string, root = ROOT): string[] {
  return targets(read(page, root)).filter((target) => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return false;
    const [path = '', anchor] = decodeURI(target).split('#');
    const file = path === '' ? page : relative(root, join(root, dirname(page), path));
    if (file.startsWith('..') || !existsSync(join(root, file))) return true;
    if (anchor === undefined) return false;
    return statSync(join(root, file)).isDirectory() || !anchors(read(file, root)).has(anchor);
  });
}

test('every relative link leads to a file and a heading that exist', () => {
  assert.ok(pages().length > 30);
  for (const page of pages()) assert.deepEqual(broken(page), [], page);
});

test('a link that leads nowhere is found', () => {
  const folder = temporaryFolder();
  const page =
    '# A\n## B `c` & d\n[1](#b-c--d) [2](#e) [3](b.md#x) ![4](no.svg) [5](b.md#y) `[6](z)` <img src="q.png">\n';
  writeTree(folder, [
    ['a.md', page],
    ['b.md', '# X\n'],
  ]);
  assert.deepEqual(broken('a.md', folder), ['#e', 'no.svg', 'b.md#y', 'q.png']);
});

test('docs/README.md lists every page of docs/', () => {
  const listed = new Set(targets(read('docs/README.md')).map((target) => join('docs', target)));
  for (const page of globSync('docs/**/*.md', { cwd: ROOT }))
    assert.ok(
      page === 'docs/README.md' || page.startsWith('docs/decisions/') || listed.has(page),
      page,
    );
});

test('the README and the generated READMEs agree on whether the package is on npm', () => {
  assert.equal(read('README.md').includes('not on npm yet'), !GENERATOR.onNpm);
  for (const page of globSync('templates/**/*', { cwd: ROOT }).filter((path) =>
    path.endsWith('.ejs'),
  ))
    assert.doesNotMatch(read(page), /npx /, page);
});

// Until the package is on npm, npx cannot find it. RELEASING.md says what changes then.
test('only the README and RELEASING.md say how to run the package with npx', () => {
  for (const page of pages())
    if (!['README.md', 'RELEASING.md'].includes(page))
      assert.doesNotMatch(read(page), /npx (?:\S+ )*(?:\.\/)?generator-flux-gitops/, page);
  assert.match(read('README.md'), /^## Run it$/m);
});

test('pages and lock file name the version of the package', () => {
  const { version } = JSON.parse(read('package.json'));
  assert.equal(JSON.parse(read('package-lock.json')).version, version);
  assert.ok(read('CHANGELOG.md').includes(`\n## ${version} - `), 'CHANGELOG.md');
  const files = [...read('README.md').matchAll(/generator-flux-gitops-(\d[\d.]*\d)\.tgz/g)];
  assert.ok(files.length > 0);
  for (const [file, named] of files) assert.equal(named, version, file);
  assert.ok(read('docs/reference/yo-rc.md').includes(`"generator": "${version}"`), 'yo-rc.md');
});

test('the README keeps the two commands that need nothing else', () => {
  assert.match(read('README.md'), /^npm ci && npm start\b/m);
  assert.match(read('README.md'), /^npm ci && npm test\b/m);
});
