import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PLANNERS } from '../lib/plan/commands.ts';
import { readRecord } from '../lib/plan/record.ts';
import { layersOf } from '../lib/plan/repositories.ts';
import { COMMANDS } from '../lib/settings/command-words.ts';
import { type CommandName, isAction } from '../lib/settings/settings.ts';
import { goldenTree, validCases } from './golden.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

function filesOf(...folders: string[]): string[] {
  return folders
    .filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const imports = (path: string): string[] =>
  [...text(path).matchAll(/(?:from|import\(?)\s*['"]([^'"]+)['"]/g)].map(([, name = '']) => name);

/** Rooms, and files of other rooms, that read no disk, clock, environment or network. */
const PURE_ROOMS = ['settings', 'plan', 'render', 'adopt'];
const PURE_FILES = [
  'lib/errors.ts',
  'lib/publish/state.ts',
  'lib/publish/refusals.ts',
  'lib/publish/explain.ts',
  'lib/publish/github-host.ts',
  'lib/publish/origin.ts',
];
const pureFiles = (): string[] => [
  ...PURE_ROOMS.flatMap((room) => filesOf(`lib/${room}`)),
  ...PURE_FILES,
];

test('the pure part imports only itself, libraries without effects, node:util and node:crypto', () => {
  const pure = new Set(pureFiles());
  for (const path of pure)
    for (const name of imports(path)) {
      const target = join(dirname(path), name);
      assert.ok(
        pure.has(target) ||
          /^(ejs|yaml|node-diff3|node:util|node:crypto|#package\.json)$/.test(name),
        `${path} imports ${name}`,
      );
    }
});

test('the pure part reads no clock, environment or chance', () => {
  for (const path of pureFiles())
    assert.doesNotMatch(text(path), /Date\.now|new Date\(\)|Math\.random|process\./, path);
});

test('generators import lib only, and nothing imports test', () => {
  for (const path of filesOf('generators').filter((path) => path.endsWith('.ts')))
    for (const name of imports(path)) assert.match(name, /^\.\.\/\.\.\/lib\//, path);
  for (const path of filesOf('lib', 'generators', 'bin'))
    for (const name of imports(path)) assert.doesNotMatch(name, /test\//, path);
});

test('each generator has a folder, a USAGE, a plan or an action, and a test of its name', () => {
  const generators = readdirSync(join(ROOT, 'generators')).sort();
  assert.deepEqual(generators, Object.keys(COMMANDS).sort());
  assert.ok(Object.keys(PLANNERS).every((name) => !isAction(name as CommandName)));
  for (const name of generators) {
    assert.ok(existsSync(join(ROOT, `generators/${name}/USAGE`)), name);
    const code = name in PLANNERS ? `lib/plan/${name}.ts` : `lib/${name}/command.ts`;
    assert.ok(existsSync(join(ROOT, code)), name);
    assert.ok(existsSync(join(ROOT, `test/generators/${name}.test.ts`)), name);
    assert.ok(text(`generators/${name}/index.ts`).split('\n').length <= 30, name);
  }
});

test('no file is called index but a generator, because Yeoman takes any other for one', () => {
  const indexes = filesOf('generators', 'lib', 'test', 'bin', 'bench', 'scripts').filter((path) =>
    /^index\./.test(basename(path)),
  );
  assert.deepEqual(
    indexes.sort(),
    Object.keys(COMMANDS)
      .map((name) => `generators/${name}/index.ts`)
      .sort(),
  );
});

test('every template ends in .ejs, because npm drops some names', () => {
  for (const path of filesOf('templates')) assert.match(path, /\.ejs$/);
});

test('every layer of templates is used by a valid case', () => {
  const used = validCases().flatMap(({ name }) =>
    [...goldenTree(name)]
      .filter(([path]) => path.endsWith('.yo-rc.json'))
      .flatMap(([path, contents]) => {
        const { record } = readRecord(contents, path, []);
        return record ? layersOf(record, record.environments).map(({ from }) => from) : [];
      }),
  );
  assert.deepEqual([...new Set(used)].sort(), readdirSync(join(ROOT, 'templates')).sort());
});

test('every policy has a line in kustomization.yaml and a row in its README', () => {
  const files = readdirSync(join(ROOT, 'templates/policies')).filter((name) => /yaml/.test(name));
  const list = text('templates/config-sync/kustomization.yaml.ejs');
  const readme = text('templates/policies/README.md.ejs');
  assert.ok(files.length > 10);
  for (const name of files.map((file) => basename(file, '.ejs'))) {
    assert.ok(list.includes(`  - policies/${name}\n`), name);
    assert.ok(readme.includes(`| \`${name}\` |`), name);
  }
});

test('templates hold no unescaped output, and YAML values stand alone', () => {
  for (const path of filesOf('templates')) {
    assert.doesNotMatch(text(path), /<%-/, path);
    if (!/\.ya?ml\.ejs$/.test(path)) continue;
    for (const line of text(path)
      .split('\n')
      .filter((one) => one.includes('<%=')))
      assert.match(line, /^[^#<]*(: |- )<%= [^%]+ %>( #.*)?$/, `${path}: ${line}`);
  }
});

test('the names of code files say what is inside', () => {
  for (const path of filesOf('lib', 'generators', 'bin')) {
    assert.doesNotMatch(basename(path), /util|helper|common|manager|misc/i);
    assert.match(basename(path), /^[a-z0-9.-]+$|^USAGE$/);
  }
});

test('the README quotes the numbers of docs/isolation.md', () => {
  const counts =
    /of \d+ attacks, the default estate refuses \d+, an estate with private repositories refuses \d+, and profile `reference` refuses \d+/i;
  const quotes = ['docs/isolation.md', 'README.md'].map((page) =>
    counts.exec(text(page).replace(/\s+/g, ' '))?.[0].toLowerCase(),
  );
  assert.ok(quotes[0]);
  assert.equal(quotes[1], quotes[0]);
});

test('the README quotes the numbers of docs/applications.md', () => {
  const [, ready, total] = /\*\*(\d+) of (\d+) applications became Ready/.exec(
    text('docs/applications.md'),
  ) ?? ['', '', ''];
  assert.match(
    text('README.md').replace(/\s+/g, ' '),
    new RegExp(`of ${total} \\[.*?, ${ready} become`),
  );
  const rows = text('docs/applications.md').match(/^\| \[.*\|$/gm) ?? [];
  assert.equal(String(rows.length), total);
  assert.equal(String(rows.filter((row) => row.includes('**Ready**')).length), ready);
});
