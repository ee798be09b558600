import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usageOf } from '../../lib/disk/package-files.ts';
import { parseArguments } from '../../lib/settings/arguments.ts';
import { closest } from '../../lib/settings/closest.ts';
import { helpText } from '../../lib/settings/help.ts';
import { flagOf, type SettingKey, settingsOf } from '../../lib/settings/settings.ts';

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

test('the flag that is probably meant is named, and none that is far off', () => {
  const flags = settingsOf('app').map(flagOf);
  assert.equal(closest('--onwer', flags), '--owner');
  assert.equal(closest('--replica', flags), '--replicas');
  assert.equal(closest('--zzzz', flags), undefined);
});

test("somebody else's flags are passed over", () => {
  assert.equal(parseArguments('app', ['--skip-install'], ['--skip-install']).problems.length, 0);
  assert.equal(parseArguments('app', ['--skip-install']).problems.length, 1);
});

for (const command of ['app', 'tenant', 'scenario-repo'] as const)
  test(`the help of ${command} names every flag and shows examples`, () => {
    const help = helpText(command, usageOf(command));
    for (const key of settingsOf(command))
      assert.match(help, new RegExp(`\n  (-\\w, )?${flagOf(key as SettingKey)}[ [\n]`));
    assert.match(help, /Examples:\n {2}flux-gitops/);
  });
