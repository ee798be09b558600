import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import * as names from '../../lib/settings/rules.ts';
import { formatDuration, parseDuration } from '../../lib/settings/rules.ts';
import { runs } from '../properties.ts';

const table: [string, names.Rule<unknown>, (string | [string, unknown])[], string[]][] = [
  [
    'environment',
    names.environmentName,
    ['dev', 'a1', 'constructor', 'x'.repeat(63)],
    ['', 'd', '1a', 'a-', 'A1', 'a_b', 'a.b', 'x'.repeat(64), 'dev\n', 'dév', 'policies'],
  ],
  ['prefix', names.namespacePrefix, ['fluxdemo', 'no'], ['1a', '-a', 'a b', 'PREFIX']],
  [
    'app repo',
    names.appRepoName,
    ['flux-dev', '007', '1e3'],
    ['Flux', 'a', 'a/b', 'a.git', '..', 'a_b'],
  ],
  [
    'config repo',
    names.configRepoName,
    ['flux-demo', 'Flux.Demo_2', 'x'.repeat(100)],
    ['', 'a', 'a/b', '..', '.a', '-a', 'a.git', 'a.GIT', 'a.wiki', 'x'.repeat(101), 'a b'],
  ],
  [
    'owner',
    names.ownerName,
    ['wolcn', 'octo-org', 'mona_acme', 'a'],
    ['', '-a', 'a-', 'a--b', 'a/b', 'x'.repeat(40), 'a b'],
  ],
  [
    'code owner',
    names.codeOwner,
    ['@wolcn', '@mona_acme', '@octo-org/platform', '@octo-org/a_b-1', 'mona.l+x@mail.example.com'],
    [
      ...['', '@', 'octo-org', 'octo-org/platform', '@octo-org/', '@/a', '@a/b/c', '@-a', '@a b'],
      ...[
        '@a/b c',
        '@a,@b',
        '@a\n* @b',
        '@a #b',
        'mona@example',
        'mona@',
        '@example.com',
        'a b@c.de',
      ],
      ...['a@b@c.de', `${'a'.repeat(65)}@example.com`, `@a/${'b'.repeat(101)}`],
    ],
  ],
  [
    'ssh url',
    names.sshUrl,
    [
      'default',
      'ssh://git@ssh.github.com:443',
      ['ssh://git@github.com/', 'ssh://git@github.com'],
      ['ssh://git@github.com:22', 'ssh://git@github.com'],
      ['ssh://git@github.com:0443', 'ssh://git@github.com:443'],
      'ssh://org-123@github.example.com:2222',
      'ssh://git@127.0.0.1:2222',
      'ssh://git@[::1]:2222',
    ],
    [
      ...['', 'github.com', 'git@github.com', 'ssh://github.com', 'https://git@github.com'],
      ...['ssh://git:secret@github.com', 'ssh://git@github.com/octo', 'ssh://git@GitHub.com'],
      ...['ssh://git@github.com:0', 'ssh://git@github.com:65536', 'ssh://git@a..b', 'ssh://git@'],
      ...['ssh://-oProxyCommand=x@github.com', 'ssh://git@-oProxyCommand', 'ssh://git@a%62'],
      ...['ssh://git@github.com?x', 'ssh://git@github.com#x', 'ssh://git@git@github.com'],
      ...['ssh://git@github.com\n', 'ssh://git@0x7f.1', 'ssh://git@[1', 'SSH://git@github.com'],
    ],
  ],
  [
    'url',
    names.githubUrl,
    [
      'https://github.com',
      ['https://github.example.com/', 'https://github.example.com'],
      'http://127.0.0.1:8080',
      'http://localhost',
      'http://[::1]:1',
    ],
    [
      'github.com',
      'http://github.com',
      'https://u:p@github.com',
      'https://github.com/a',
      'https://github.com?a',
      'ssh://git@github.com',
      'https://',
      'https://a b',
      'http://127.0.0.1.evil.example',
    ],
  ],
  [
    'interval',
    names.pollInterval,
    [
      ['1m', '1m0s'],
      ['90s', '1m30s'],
      ['1h', '1h0m0s'],
      ['30s', '30s'],
      ['1.5m', '1m30s'],
      ['30500ms', '30.5s'],
      ['1h0.5s', '1h0m0.5s'],
    ],
    ['60', '1', '29.9s', '-1m', '1d', 'm', '1 m', '', '9000h', '1e3s', '60000us'],
  ],
  [
    'image',
    names.imageReference,
    [
      'kcheck',
      'ghcr.io/wolcn/kcheck:1.0.2',
      'localhost:5000/a/b_c',
      `a@sha256:${'0'.repeat(64)}`,
      'a:T.a_g-1',
    ],
    ['', 'A', 'a b', 'a:', 'a/', '/a', 'a@sha256:1', 'ghcr.io/A/b', 'a:x/y', `${'a'.repeat(256)}`],
  ],
  [
    'replicas',
    names.replicaCount,
    [
      ['0', 0],
      ['40', 40],
      ['2147483647', 2147483647],
    ],
    ['', '-1', '1.5', '1e3', '0x1', '01', ' 1', '2147483648', 'one'],
  ],
  [
    'group',
    names.groupName,
    ['a', 'octo-org:payments', '/devs', 'CN=devs,OU=x', 'a b', '"', '名', '1', 'x'.repeat(256)],
    ['', ' a', 'a ', 'a\nb', '\u2028', '\ud800', 'system:masters', 'SYSTEM:x', 'x'.repeat(257)],
  ],
  [
    'services',
    names.serviceCount,
    [
      ['0', 0],
      ['10', 10],
      ['1000', 1000],
    ],
    ['', '-1', '01', '1001', '1.0', 'one'],
  ],
  [
    'colour',
    names.colour,
    ['Wheat', '#fff', '#00ff00ff', 'no'],
    ['', '007', 'a b', 'red;', '#12', '"'],
  ],
  [
    'content',
    names.content,
    ['', ' ', 'no', 'a: b', '"', '\n', '🚀', 'x'.repeat(4096)],
    ['\0', '\ud800', 'x'.repeat(4097)],
  ],
];

for (const [what, { read }, good, bad] of table) {
  test(`${what}: what keeps the rule is read`, () => {
    for (const row of good) {
      const [text, value] = Array.isArray(row) ? row : [row, row];
      assert.equal(read(text), value);
    }
  });
  test(`${what}: what breaks the rule is refused`, () => {
    for (const text of bad) assert.equal(read(text), undefined, JSON.stringify(text));
  });
}

test('a code owner is one word of a line of CODEOWNERS', () => {
  const anything = fc.string({ unit: 'binary', maxLength: 40 });
  const close = fc
    .tuple(fc.constantFrom('@', ''), fc.string({ unit: fc.constantFrom(...'aZ0-_/@. #*\\\n\t%+') }))
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(anything, close), (text) => {
      const owner = names.codeOwner.read(text);
      if (owner === undefined) return;
      assert.equal(owner, text);
      assert.match(owner, /^\S+$/);
      assert.doesNotMatch(owner, /[#*\\!,[\]]/);
      assert.equal(owner.split('@').length, 2);
    }),
    runs(10_000),
  );
});

test('every branch that is accepted is one for git', () => {
  const parts = fc.constantFrom(
    'a',
    'B',
    '1',
    '.',
    '/',
    '-',
    '_',
    '+',
    '.lock',
    'HEAD',
    '@',
    '{',
    '~',
    ' ',
    '..',
    '\\',
  );
  const branches = fc.sample(fc.array(parts, { minLength: 1, maxLength: 6 }), {
    numRuns: 400,
    seed: 1,
  });
  const accepted = [...new Set(branches.map((words) => words.join('')))].filter(
    names.branchName.read,
  );
  assert.ok(accepted.length > 20);
  for (const branch of accepted)
    assert.equal(spawnSync('git', ['check-ref-format', '--branch', branch]).status, 0, branch);
});

test('every default and example keeps its own rule', async () => {
  const { SETTINGS } = await import('../../lib/settings/settings.ts');
  for (const [key, { rule, otherwise, isFile }] of Object.entries(SETTINGS) as [
    string,
    { rule: names.Rule<unknown>; otherwise?: string; isFile?: true },
  ][]) {
    // The rule of a file is about its contents.
    if (isFile) continue;
    assert.notEqual(rule.read(rule.example.replaceAll('"', '')), undefined, key);
    if (otherwise !== undefined) assert.notEqual(rule.read(otherwise), undefined, key);
  }
});

test('a duration is written so that it reads the same', () => {
  const milliseconds = fc.bigInt({ min: 1000n, max: 10n ** 10n });
  fc.assert(
    fc.property(
      milliseconds,
      (time) => parseDuration(formatDuration(time * 1_000_000n)) === time * 1_000_000n,
    ),
  );
});
