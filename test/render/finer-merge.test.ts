import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mergeFiner, mergeTexts } from '../../lib/render/finer-merge.ts';
import { mergeText } from '../../lib/render/merge.ts';

/** The finer merge of three texts that a merge by lines refuses. */
function merged(path: string, base: string, ours: string, theirs: string): string | undefined {
  assert.equal(mergeText(ours, base, theirs), undefined, 'lines alone are not enough');
  return mergeFiner(path, ours, base, theirs);
}

test('sections of Markdown that a user put into another order stay in it', () => {
  const section = (name: string, text: string): string => `## ${name}\n\n${text} of the ${name}.\n`;
  const [top, one, two] = ['# Title\n', section('one', 'A'), section('two', 'B')];
  const base = [top, one, two].join('\n');
  const wanted = `${base.replace('A of', 'Each A of').replace('B of', 'Any B of')}\n${section('three', 'C')}`;
  const ours = [top, `${two}\nOur line.\n`, one].join('\n');
  assert.equal(
    mergeTexts('README.md', ours, base, wanted),
    `# Title\n\n## two\n\nAny B of the two.\n\nOur line.\n\n## one\n\nEach A of the one.\n\n${section('three', 'C')}`,
  );
  // The new version has another text in a section that the user edited in the same place.
  const both = ours.replace('A of', 'No A of');
  assert.equal(
    mergeTexts('README.md', both.replace('No', 'Not one'), base, wanted.replace('Each', 'All')),
    undefined,
  );
});

describe('YAML', () => {
  const BASE = 'metadata:\n  name: a\nspec:\n  interval: 1m\n  prune: true\n  path: ./dev\n';

  test('lines next to each other are merged', () => {
    const ours = BASE.replace('1m', '5m');
    const theirs = BASE.replace('prune: true', 'prune: false');
    assert.equal(merged('a.yaml', BASE, ours, theirs), theirs.replace('1m', '5m'));
  });

  test('a comment stays where the line below it or beside it changes', () => {
    const above = BASE.replace('  prune', '  # why\n  prune');
    const beside = BASE.replace('true', 'true # why');
    const theirs = BASE.replace('prune: true', 'prune: false').replace('1m', '2m');
    assert.equal(
      merged('a.yaml', BASE, above, theirs),
      theirs.replace('  prune', '  # why\n  prune'),
    );
    assert.equal(merged('a.yaml', BASE, beside, theirs), theirs.replace('false', 'false # why'));
  });

  test('objects that a user put into another order stay in it, and each is merged for itself', () => {
    const pod = 'kind: Pod\nmetadata:\n  name: a\nspec:\n  x: 1\n';
    const role = 'kind: Role\nmetadata:\n  name: b\nrules: [1]\n';
    const base = `# top\n---\n${pod}---\n${role}`;
    const added = 'kind: Secret\nmetadata:\n  name: c\n';
    const wanted = base
      .replace('x: 1', 'x: 2')
      .replace('[1]', '[2]')
      .replace('---\nkind: Role', `---\n${added}---\nkind: Role`);
    const mine = role.replace('name: b', 'name: b\n  labels: {mine: "1"}');
    const ours = `${mine}---\n# top\n---\n${pod}`;
    assert.equal(
      mergeTexts('a.yaml', ours, base, wanted),
      `${mine.replace('[1]', '[2]')}---\n# top\n---\n${pod.replace('x: 1', 'x: 2')}---\n${added}`,
    );
    // What the user removed or added and the new version changes is for the user to decide.
    assert.equal(mergeTexts('a.yaml', `# top\n---\n${mine}`, base, wanted), undefined);
    assert.equal(mergeTexts('a.yaml', `${added}x: 1\n---\n${ours}`, base, wanted), undefined);
  });

  test('deeper lines stay below the key above them where the other side ends its map', () => {
    const base = 'metadata:\n  labels:\n    a: b\n---\nkind: Pod\n';
    const ours = base.replace('---', '    mine: "1"\n---');
    const theirs = base.replace('---', '  annotations:\n    # why\n    new: "2"\n---');
    assert.equal(
      merged('a.yaml', base, ours, theirs),
      base.replace('---', '    mine: "1"\n  annotations:\n    # why\n    new: "2"\n---'),
    );
    assert.equal(merged('a.yaml', base, theirs, ours), merged('a.yaml', base, ours, theirs));
  });

  test('entries that both add at the same place are all there', () => {
    const base = 'resources:\n  - a.yaml\n';
    const text = merged(
      'kustomization.yaml',
      base,
      `${base}  - ours.yaml\n`,
      `${base}  - theirs.yaml\n`,
    );
    assert.equal(text, 'resources:\n  - a.yaml\n  - theirs.yaml\n  - ours.yaml\n');
  });

  test('lists with the same key that both add become one list', () => {
    const at = (place: string, patch: string): string =>
      BASE.replace(place, `${place}\n  patches:\n    - ${patch}`);
    const [ours, theirs] = [at('interval: 1m', 'mine: 1'), at('path: ./dev', 'new: 2')];
    assert.match(mergeText(ours, BASE, theirs) ?? '', /mine: 1[\s\S]*patches:/, 'two equal keys');
    const text = mergeTexts('a.yaml', ours, BASE, theirs);
    assert.equal(text, BASE.replace('1m', '1m\n  patches:\n    - new: 2\n    - mine: 1'));
  });

  test('maps with the same key that both add become one map, unless a key in them is in both', () => {
    const base = 'metadata:\n  name: a\n  labels:\n    x: y\n';
    const ours = base.replace('  name', '  annotations:\n    mine: "1"\n  name');
    const theirs = `${base}  annotations:\n    new: "2"\n`;
    assert.equal(
      mergeTexts('a.yaml', ours, base, theirs),
      base.replace('  name', '  annotations:\n    new: "2"\n    mine: "1"\n  name'),
    );
    assert.equal(mergeTexts('a.yaml', ours, base, theirs.replace('new', 'mine')), undefined);
  });

  test('one value that both change is a conflict, and so is a key that both add', () => {
    const change = (to: string): string => BASE.replace('1m', to);
    assert.equal(merged('a.yaml', BASE, change('5m'), change('2m')), undefined);
    const add = (value: string): string => `${BASE}  timeout: ${value}\n`;
    assert.equal(merged('a.yaml', BASE, add('5m'), add('2m')), undefined);
  });

  test('a result with other values than those of both sides is refused', () => {
    // The entry would become part of another list.
    const base = 'a:\n  - one\nb:\n  - two\n';
    const ours = 'a:\n  - one\n  - mine\nb:\n  - two\n';
    const theirs = 'c: 1\nb:\n  - two\n';
    assert.equal(mergeFiner('a.yaml', ours, base, theirs), undefined);
  });

  test('a document of the user between others stays a document', () => {
    const base = 'kind: A\nmetadata:\n  name: a\n---\nkind: B\nmetadata:\n  name: b\n';
    const ours = base.replace('---\n', '---\nkind: C\nmetadata:\n  name: mine\n---\n');
    const theirs = base.replace('---\nkind: B', '---\n# B is new.\nkind: B');
    const text = merged('a.yaml', base, ours, theirs) ?? '';
    assert.deepEqual(text.match(/^kind: .$/gm)?.sort(), ['kind: A', 'kind: B', 'kind: C']);
  });
});

describe('Markdown', () => {
  test('rows that both add, and cells that one side changes, are merged', () => {
    const base = '| a | b |\n| --- | --- |\n| 1 | one |\n';
    const rows = merged('README.md', base, `${base}| 2 | mine |\n`, `${base}| 3 | new |\n`);
    assert.equal(rows, `${base}| 3 | new |\n| 2 | mine |\n`);
    const cells = merged(
      'README.md',
      base,
      base.replace('one', 'mine'),
      base.replace('| 1 ', '| 7 '),
    );
    assert.equal(cells, base.replace('| 1 | one', '| 7 | mine'));
  });

  test('words of a paragraph with other line breaks are merged', () => {
    const base = 'Run the command in this folder, and look at\nthe difference before you commit.\n';
    const ours = base.replace('the difference', 'our difference');
    const theirs =
      'Run the new command in this folder, and look\nat the difference before you commit.\n';
    const text = merged('README.md', base, ours, theirs);
    assert.equal(
      text?.replace(/\s+/g, ' '),
      'Run the new command in this folder, and look at our difference before you commit. ',
    );
  });

  test('a text in place of a long one is a conflict, although words could be put next to it', () => {
    const base = Array.from({ length: 60 }, (_, line) => `Sentence ${line} of the README.\n`).join(
      '',
    );
    assert.equal(mergeTexts('README.md', 'Ours.\n', base, `New ${base}`), undefined);
  });

  test('a command in a block of code is merged by whole lines only', () => {
    const base = '```sh\nkubectl apply -f dev/\n```\n';
    const ours = base.replace('dev/', 'mine/');
    const theirs = base.replace('kubectl apply', 'kubectl replace');
    assert.equal(merged('README.md', base, ours, theirs), undefined);
    assert.ok(
      merged(
        'README.md',
        base.replace(/```.*\n/g, ''),
        ours.replace(/```.*\n/g, ''),
        theirs.replace(/```.*\n/g, ''),
      ),
    );
  });
});

test('files of other kinds are merged by lines only', () => {
  assert.equal(mergeFiner('main.tf', 'a\nB\n', 'a\nb\n', 'A\nb\n'), undefined);
});

describe('a section of a README that a user removed', () => {
  const base =
    '# A\n\n## One\n\nThe first section has words.\n\n## Two\n\nThe second section has words.\n\n```sh\n## no heading\n```\n\n### Deeper\n\nMore words of the second one.\n\n## Three\n\nThe third section has words.\n';
  const removed = base.replace(/## Two[\s\S]*(?=## Three)/, '');
  const wanted = base
    .replace('The second section has words.', 'The second section has newer words.')
    .replace('The third section has words.', 'The third section has newer words.');

  test('stays removed, although the new version changed it; the others follow', () => {
    const text = mergeTexts('README.md', removed, base, wanted);
    assert.equal(text, removed.replace('third section has words', 'third section has newer words'));
  });

  test('is not one that has another heading or another place, and it is not lost', () => {
    const renamed = base.replace('## Two', '## Zwei').replace('More words of', 'Our words of');
    const text = mergeTexts('README.md', renamed, base, wanted.replace('## Two', '## Deux'));
    assert.equal(text, undefined);
    const own = removed.replace('## Three', '## Ours\n\nNothing of the old text.\n\n## Three');
    const kept = mergeTexts('README.md', own, base, wanted) ?? '';
    assert.match(
      kept,
      /## Ours\n\nNothing of the old text\.\n\n## Three\n\nThe third section has newer/,
    );
    assert.doesNotMatch(kept, /## Two/);
  });
});
