import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OWN_COMMANDS, SHELLS, WORDS } from '../../lib/settings/command-words.ts';
import { completionLines, completionOf, splitLine } from '../../lib/settings/completion.ts';
import { flagOf, settingOf, settingsOf } from '../../lib/settings/settings.ts';

const ESTATE = { environments: ['dev', 'prod'], repos: ['flux-dev', 'flux-prod'] };
const look = { summary: () => 'Does it', estate: () => ESTATE };

/** What may follow `line`, as whole words. */
function after(line: string): string[] {
  const { words } = splitLine(line, '');
  const { stays, candidates, path } = completionOf(words, look);
  return path ? [`:${path}`] : candidates.map(({ value }) => `${stays}${value}`);
}

test('every command, flag and choice of the tables is completed', () => {
  assert.deepEqual(after(''), [...WORDS, ...Object.keys(OWN_COMMANDS)]);
  assert.deepEqual(after('completion '), [...SHELLS]);
  for (const command of ['app', ...WORDS] as const) {
    const keys = settingsOf(command);
    assert.deepEqual(after(`${command} --`), keys.map(flagOf));
    for (const key of keys) {
      const { choices = settingOf(key).rule.choices, isYesNo } = settingOf(key);
      if (!choices) continue;
      const whole = choices.map((choice) => `${flagOf(key)}=${choice}`);
      // The environments follow, where each one may have its own value.
      assert.deepEqual(after(`${command} ${flagOf(key)}=`).slice(0, whole.length), whole);
      const apart = after(`${command} ${flagOf(key)} `).slice(0, choices.length);
      if (!isYesNo) assert.deepEqual(apart, [...choices]);
    }
  }
});

test('the estate gives environments and app repos', () => {
  assert.deepEqual(after('tenant '), ['dev', 'prod']);
  assert.deepEqual(after('tenant dev '), ['prod']);
  assert.deepEqual(after('tenant qa --repo '), ['flux-dev', 'flux-prod']);
  assert.deepEqual(after('scenario-repo '), ['flux-dev', 'flux-prod']);
  assert.deepEqual(after('scenario-repo x --env=dev,'), ['--env=dev,prod']);
  assert.deepEqual(after('--scenario '), ['flux-dev=', 'flux-prod=']);
  assert.deepEqual(after('--scenario flux-x=dev,'), ['flux-x=dev,prod']);
  assert.deepEqual(after('tenant --replicas='), ['--replicas=dev=', '--replicas=prod=']);
});

test('a flag that may be given once is offered once, and none after --', () => {
  assert.ok(!after('tenant --owner x -y --').includes('--owner'));
  assert.ok(!after('tenant --owner x -y --').includes('--yes'));
  assert.ok(after('tenant --replicas 2 --').includes('--replicas'));
  assert.deepEqual(after('tenant -- '), ['dev', 'prod']);
  assert.deepEqual(after('tenant -- --'), ['dev', 'prod']);
});

test('folders are left to the shell, and texts to the person', () => {
  assert.deepEqual(after('--into '), [':directories']);
  assert.deepEqual(after('--into=x'), [':directories']);
  assert.deepEqual(after('--branch '), []);
  assert.deepEqual(after('--zzzz='), []);
});

test('a line is split as a shell splits it', () => {
  const words = (line: string): string[] => splitLine(line, ' =:').words;
  assert.deepEqual(words(''), ['']);
  assert.deepEqual(words('a  b '), ['a', 'b', '']);
  assert.deepEqual(words(`a 'b c' "d \\"e\\" 'f'" g\\ h`), ['a', 'b c', `d "e" 'f'`, 'g h']);
  assert.deepEqual(words(`a "" 'b c`), ['a', '', 'b c']);
  assert.deepEqual(words('a b\\'), ['a', 'b\\']);
});

test('bash gets the part of a word that it replaces', () => {
  const lines = (line: string, breaks: string): string[] => {
    const { words, start } = splitLine(line, breaks);
    return completionLines('bash', completionOf(words, look), words.at(-1) ?? '', start);
  };
  assert.deepEqual(lines('tenant --profile=h', ' =:'), ['hardened']);
  assert.deepEqual(lines('tenant --profile=h', ' '), ['--profile=hardened']);
  assert.deepEqual(lines('tenant --profile="h', ' =:'), ['hardened']);
  assert.deepEqual(lines('tenant "--profile=h', ' =:'), ['--profile=hardened']);
});
