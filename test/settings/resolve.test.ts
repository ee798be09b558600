import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Problem } from '../../lib/errors.ts';
import { PLANNERS } from '../../lib/plan/commands.ts';
import type { World } from '../../lib/plan/plan.ts';
import { readRecord } from '../../lib/plan/record.ts';
import { parseArguments } from '../../lib/settings/arguments.ts';
import { openQuestions, withAnswers } from '../../lib/settings/questions.ts';
import { resolve } from '../../lib/settings/resolve.ts';
import { type PlanningCommand, SETTINGS, type SettingKey } from '../../lib/settings/settings.ts';

/** A world that holds one config repo with a tenant that differs in everything. */
function recordedWorld(): World {
  const settings = {
    ...{ prefix: 'shop', owner: 'octo', githubUrl: 'https://github.example.com' },
    ...{ branch: 'main', interval: '5m0s', profile: 'hardened', allowKustomize: 'no' },
    ...{
      image: 'example.com/a:1',
      serviceType: 'ClusterIP',
      clusterType: 'aws',
      visibility: 'private',
    },
  };
  const environments = {
    dev: { repo: 'flux-dev', order: 1, replicas: 3 },
    prod: { repo: 'flux-prod', order: 2, replicas: 5, profile: 'reference', branch: 'release' },
  };
  const record = {
    version: 2,
    kind: 'config-repo',
    name: 'fleet',
    settings,
    environments,
    files: [],
  };
  const found = readRecord(JSON.stringify({ 'generator-flux-gitops': record }), 'x', []);
  assert.ok(found.record);
  const home = { exists: true, name: 'fleet', ...found };
  return {
    folder: '/fleet',
    home,
    feederOf: () => undefined,
    find: (repo) => (repo === 'fleet' ? home : { exists: false, all: {} }),
  };
}

/** The plan after Enter at every question. */
function enterEverywhere(command: PlanningCommand, argv: readonly string[], world: World) {
  const { given } = parseArguments(command, argv);
  let complete = given;
  for (const part of ['first', 'rest'] as const) {
    const answers: { [key in SettingKey]?: string } = {};
    for (const question of openQuestions(complete, world, PLANNERS[command], part))
      if (question.when(answers)) {
        const answer = question.byDefault(answers);
        assert.equal(question.validate(answer, answers), true, question.name);
        answers[question.name] = answer;
      }
    complete = withAnswers(complete, answers, world);
  }
  return PLANNERS[command](complete, world);
}

describe('Enter at every question equals --yes', () => {
  const world = recordedWorld();
  const nowhere: World = {
    folder: '/',
    find: () => ({ exists: false, all: {} }),
    feederOf: () => undefined,
  };
  const cases: [PlanningCommand, string[], World][] = [
    ['app', [], nowhere],
    ['app', [], world],
    ['tenant', ['qa'], world],
    ['tenant', ['prod'], world],
    ['scenario-repo', ['flux-test-uat'], nowhere],
    ['app', ['--no-demo'], nowhere],
    ['tenant', ['qa', '--no-demo'], world],
  ];
  for (const [command, argv, where] of cases)
    test(`${command} ${argv.join(' ')} ${where === world ? 'in an estate' : ''}`, () => {
      const { given } = parseArguments(command, argv);
      const asked = enterEverywhere(command, argv, where);
      assert.deepEqual(asked.problems, []);
      assert.deepEqual(asked.plan, PLANNERS[command](given, where).plan);
    });
});

test('without the demo app nobody is asked about it', () => {
  const { given } = parseArguments('app', ['--no-demo', '--owner=octo-org']);
  const world = {
    folder: '/',
    find: () => ({ exists: false, all: {} }),
    feederOf: () => undefined,
  };
  const open = openQuestions(given, world, PLANNERS.app, 'rest').filter((one) => one.when({}));
  const groups = new Set(open.map(({ group }) => group));
  assert.ok(groups.has('cluster') && !groups.has('demo app'));
});

test('a bad answer is refused at its own question', () => {
  const { given } = parseArguments('scenario-repo', []);
  const world: World = {
    folder: '/',
    find: () => ({ exists: false, all: {} }),
    feederOf: () => undefined,
  };
  const [repo] = openQuestions(given, world, PLANNERS['scenario-repo'], 'first');
  assert.equal(repo?.name, 'repo');
  assert.match(String(repo?.validate('Bad Name!!', {})), /Bad Name!!/);
  assert.equal(repo?.validate('flux-qa', {}), true);
});

test('a flag beats the record, and the record beats the default', () => {
  const { home } = recordedWorld();
  const problems: Problem[] = [];
  const argv = ['--branch', 'next', '--replicas', 'prod=7'];
  const { given } = parseArguments('app', argv);
  const settings = resolve(given, home?.record, ['dev', 'prod', 'new'], problems);
  assert.deepEqual(problems, []);
  assert.equal(settings.estate.clusterType, 'aws');
  assert.equal(settings.estate.syncConfig, 'no');
  const [dev, prod, other] = ['dev', 'prod', 'new'].map(settings.environment);
  assert.deepEqual([dev?.branch, prod?.branch, other?.branch], ['next', 'next', 'next']);
  assert.deepEqual([dev?.replicas, prod?.replicas, other?.replicas], [3, 7, 1]);
  assert.deepEqual(
    [dev?.profile, prod?.profile, other?.profile],
    ['hardened', 'reference', 'hardened'],
  );
  assert.equal(other?.interval, '5m0s');
});

test('with tenant a flag holds for the tenants of the run only', () => {
  const { home } = recordedWorld();
  const { given } = parseArguments('tenant', ['qa', '--owner', 'other']);
  const settings = resolve(given, home?.record, ['qa'], []);
  assert.equal(settings.shared.owner, 'octo');
  assert.equal(settings.environment('qa').owner, 'other');
});

test('a list for all environments and one for a single environment add up; none empties it', () => {
  const argv = ['dev', 'prod', '--allow-source', 'https://a.example'];
  argv.push('--allow-source', 'prod=https://b.example', '--allow-source', 'https://a.example');
  const sources = (...more: string[]) => {
    const problems: Problem[] = [];
    const { given } = parseArguments('tenant', [...argv, ...more]);
    const { environment } = resolve(given, undefined, ['dev', 'prod'], problems);
    assert.deepEqual(problems, []);
    return ['dev', 'prod'].map((name) => environment(name).tenantSource);
  };
  const [a, b] = ['https://a.example', 'https://b.example'];
  assert.deepEqual(sources(), [[a], [a, b]]);
  assert.deepEqual(sources('--allow-source', 'dev=none'), [[], [a, b]]);
});

test('a text with = is no mistyped environment unless it is close to one', () => {
  const { given } = parseArguments('app', ['--content', 'a=b', '--colour', 'dev=Red']);
  const problems: Problem[] = [];
  const settings = resolve(given, undefined, ['qa', 'dev'], problems);
  assert.deepEqual(problems, []);
  assert.equal(settings.environment('qa').content, 'a=b');
  assert.equal(settings.environment('dev').colour, 'Red');
});

test('a setting has one row, and at most four files of the code name it besides', () => {
  const lib = fileURLToPath(new URL('../../lib', import.meta.url));
  const files = readdirSync(lib, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && path !== join('settings', 'settings.ts'))
    .map((path) => [path, readFileSync(join(lib, path), 'utf8')] as const);
  // Parts of every address, and words that stand for other things as well.
  const common = new Set([
    'githubUrl',
    'profile',
    'syncConfig',
    'name',
    'repo',
    'env',
    'scenario',
    'owner',
    'branch',
    'content',
    'force',
    'visibility',
    'credentials',
    'layout',
    'keep',
    'size',
    'source',
    'registry',
  ]);
  for (const [key, { scope }] of Object.entries(SETTINGS)) {
    if (scope === 'run' || common.has(key)) continue;
    const naming = files.filter(([, text]) => new RegExp(`\\b${key}\\b`).test(text));
    // Reading manifests means to know each setting's place in them. In verify and status, such words are fields of manifests.
    const paths = naming
      .map(([path]) => path)
      .filter((path) => !/^(publish|adopt|verify|status)/.test(path));
    assert.ok(paths.length <= 4, `${key} stands in ${paths.join(', ')}`);
  }
});

test('whoever takes the defaults is asked six questions at most', () => {
  const world: World = {
    folder: '/',
    find: () => ({ exists: false, all: {} }),
    feederOf: () => undefined,
  };
  for (const command of ['app', 'tenant', 'scenario-repo'] as const) {
    const { given } = parseArguments(command, []);
    const questions = openQuestions(given, world, PLANNERS[command], 'first');
    // Beside them: whether to change more, to publish, and to write.
    assert.ok(questions.length <= 4, questions.map(({ name }) => name).join());
  }
});

test('kustomization.yaml is allowed where the repositories are public, and not where they are private', () => {
  const allowed = (argv: string[], recorded = false): string => {
    const { given } = parseArguments('app', argv);
    const { home } = recordedWorld();
    const record = recorded ? home?.record : undefined;
    const before = record && {
      ...record,
      estate: { ...record.estate, visibility: 'public' as const },
      shared: { ...record.shared, allowKustomize: 'yes' as const },
    };
    return resolve(given, before, ['new'], []).environment('new').allowKustomize;
  };
  assert.equal(allowed([]), 'yes');
  assert.equal(allowed(['--allow-kustomize=no']), 'no');
  assert.equal(allowed(['--visibility', 'private']), 'no');
  assert.equal(allowed(['--visibility', 'private', '--allow-kustomize']), 'yes');
  assert.equal(allowed([], true), 'yes');
  assert.equal(allowed(['--visibility', 'private'], true), 'no');
});

test('a new private estate has deploy keys; an older one keeps what it has; a public one has none', () => {
  const credentialsOf = (argv: string[], before?: 'public' | 'private', value?: 'token') => {
    const { given } = parseArguments('app', argv);
    const { home } = recordedWorld();
    const shared = home?.record && {
      ...home.record.shared,
      ...(value && { credentials: value }),
    };
    const record = home?.record &&
      shared &&
      before && {
        ...home.record,
        estate: { ...home.record.estate, visibility: before },
        shared,
        environments: home.record.environments.map((one) => ({
          ...one,
          credentials: shared.credentials,
        })),
      };
    const { environment } = resolve(given, record, ['dev', 'new'], []);
    return [environment('dev').credentials, environment('new').credentials].join(' ');
  };
  assert.equal(credentialsOf([]), 'none none');
  assert.equal(credentialsOf(['--visibility', 'private']), 'deploy-key deploy-key');
  assert.equal(credentialsOf(['--visibility', 'private', '--credentials', 'token']), 'token token');
  assert.equal(credentialsOf([], 'private'), 'none none', 'a record without the setting');
  assert.equal(credentialsOf(['--credentials', 'deploy-key'], 'private'), 'deploy-key deploy-key');
  assert.equal(credentialsOf([], 'private', 'token'), 'token token');
  assert.equal(credentialsOf(['--visibility', 'private'], 'public'), 'deploy-key deploy-key');
  assert.equal(credentialsOf(['--visibility', 'public'], 'private', 'token'), 'none none');
});

test('the credentials are asked for only after the repositories were said to be private', () => {
  const { given } = parseArguments('app', ['--owner', 'octo']);
  const world: World = {
    folder: '/',
    find: () => ({ exists: false, all: {} }),
    feederOf: () => undefined,
  };
  const rest = openQuestions(given, world, PLANNERS.app, 'rest');
  const question = rest.find(({ name }) => name === 'credentials');
  assert.equal(question?.when({}), false);
  assert.equal(question?.when({ visibility: 'public' }), false);
  assert.equal(question?.when({ visibility: 'private' }), true);
  assert.equal(question?.byDefault({ visibility: 'private' }), 'deploy-key');
});
