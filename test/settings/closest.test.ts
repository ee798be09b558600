import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closest, meantBy } from '../../lib/settings/closest.ts';
import { OWN_COMMANDS, WORDS } from '../../lib/settings/command-words.ts';
import { flagOf, settingOf, settingsOf } from '../../lib/settings/settings.ts';

/** What is suggested for a mistyped word; nothing where it is undefined. */
type Table = { readonly [typed: string]: string | undefined };

function check(table: Table, suggest: (typed: string) => string | undefined): void {
  const found = Object.keys(table).map((typed) => [typed, suggest(typed)]);
  assert.deepEqual(Object.fromEntries(found), table);
}

test('commands: what is meant by a mistyped one', () => {
  const table = {
    tenat: 'tenant',
    tennant: 'tenant',
    teannt: 'tenant',
    tenants: 'tenant',
    Tenant: 'tenant',
    ten: 'tenant',
    scenariorepo: 'scenario-repo',
    'scenario-repos': 'scenario-repo',
    scenario: 'scenario-repo',
    hlep: 'help',
    completions: 'completion',
    qa: undefined,
    repo: undefined,
    deploy: undefined,
    'flux-demo': undefined,
    t: undefined,
    '': undefined,
  };
  check(table, (typed) => meantBy(typed, [...WORDS, ...Object.keys(OWN_COMMANDS)]));
});

test('flags: what is meant by a mistyped one', () => {
  const table = {
    '--onwer': '--owner',
    '--owners': '--owner',
    '--Owner': '--owner',
    '-owner': '--owner',
    '--own': '--owner',
    '--brnach': '--branch',
    '--profle': '--profile',
    '--replica': '--replicas',
    '--color': '--colour',
    '--dryrun': '--dry-run',
    '--dry_run': '--dry-run',
    '--dry': '--dry-run',
    '--jsn': '--json',
    '--yse': '--yes',
    '--keeep': '--keep',
    '--serviceType': '--service-type',
    '--cluster': '--cluster-type',
    '--token': '--token-stdin',
    '--visiblity': '--visibility',
    '--vsibilty': '--visibility',
    '--topics': '--topic',
    '--intervall': '--interval',
    // The beginning of several flags.
    '--allow': undefined,
    '--zzzz': undefined,
    '--no': undefined,
    '--url': undefined,
    '--namespace': undefined,
    '--force-install': undefined,
    '-q': undefined,
    '--': undefined,
  };
  check(table, (typed) => meantBy(typed, settingsOf('app').map(flagOf)));
});

test('environments: what is meant by a mistyped one', () => {
  const table = {
    deve: 'dev',
    DEV: 'dev',
    prdo: 'prod',
    prd: 'prod',
    stgae: 'stage',
    stag: 'stage',
    test: undefined,
    uat: undefined,
    production: undefined,
    d: undefined,
  };
  check(table, (typed) => closest(typed, ['dev', 'stage', 'prod', 'qa']));
});

test('choices: what is meant by a mistyped one', () => {
  const table = {
    hardend: 'hardened',
    Hardened: 'hardened',
    refernce: 'reference',
    ref: 'reference',
    strict: undefined,
  };
  assert.equal(meantBy('gitlab', ['none', 'github']), undefined);
  check(table, (typed) => meantBy(typed, settingOf('profile').choices ?? []));
});
