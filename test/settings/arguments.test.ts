import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summaryOf, usageOf } from '../../lib/disk/package-files.ts';
import { parseArguments } from '../../lib/settings/arguments.ts';
import { COMMANDS, lineOf, WORDS } from '../../lib/settings/command-words.ts';
import { helpText } from '../../lib/settings/help.ts';
import { type CommandName, flagOf, settingsOf } from '../../lib/settings/settings.ts';

test('values stay the text that was typed', () => {
  const argv = [
    '007',
    '1e3',
    '--content',
    '0x1f',
    '--colour=no',
    '--replicas',
    '-1',
    '--content=--yes',
    '--content',
    'a=b\n',
  ];
  const { given, problems } = parseArguments('tenant', argv);
  assert.deepEqual(problems, []);
  assert.deepEqual(given.positionals, ['007', '1e3']);
  assert.deepEqual(given.texts, {
    content: ['0x1f', '--yes', 'a=b\n'],
    colour: ['no'],
    replicas: ['-1'],
  });
});

test('what follows -- is no flag', () => {
  assert.deepEqual(parseArguments('tenant', ['--', '--yes']).given.positionals, ['--yes']);
});

test("somebody else's flags are passed over", () => {
  assert.equal(parseArguments('app', ['--skip-install'], ['--skip-install']).problems.length, 0);
  assert.equal(parseArguments('app', ['--skip-install']).problems.length, 1);
});

for (const command of Object.keys(COMMANDS) as CommandName[])
  for (const caller of ['flux-gitops', 'yo'] as const)
    test(`the help of ${command} under ${caller}: examples first, every flag, no long line`, () => {
      const help = helpText(command, usageOf(command), { caller, summaryOf });
      for (const key of settingsOf(command))
        assert.match(help, new RegExp(`\n  (-\\w, )?${flagOf(key)}[ [\n]`));
      assert.ok(help.indexOf('\nExamples:\n') < help.indexOf('\nUsage:\n'));
      assert.ok(help.indexOf('\nUsage:\n') < help.indexOf('\nFlags: '));
      assert.ok(help.includes(`\nExamples:\n  ${lineOf(command, caller)}`));
      for (const line of help.split('\n')) assert.ok(line.length <= 100, line);
    });

test('a summary is one short sentence', () => {
  for (const word of WORDS) assert.match(summaryOf(word), /^[A-Z][a-z]+s [^.:]{5,60}$/);
});

test('the mistyped flag alone is told, and not its value', () => {
  const given = (argv: string[]): string[] =>
    parseArguments('app', argv).problems.map((problem) => problem.given);
  assert.deepEqual(given(['--onwer', 'octo-org', '--zzzz', 'x']), ['--onwer', '--zzzz']);
  assert.deepEqual(given(['-owner=octo-org', '-dry-run']), ['-owner', '-dry-run']);
  assert.deepEqual(given(['-yh']), []);
});
