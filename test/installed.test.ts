import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { goldenTree } from './golden.ts';
import { readTree, temporaryFolder } from './sandbox.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MODULES = join(ROOT, 'node_modules');

function run(command: string, argv: readonly string[], cwd: string, env: object = {}) {
  const path = [join(MODULES, '.bin'), process.env.PATH].join(delimiter);
  return spawnSync(command, argv, {
    cwd,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, PATH: path, NO_UPDATE_NOTIFIER: '1', ...env },
  });
}

describe('the packed package', () => {
  const folder = temporaryFolder();
  chmodSync(folder, 0o777);
  const project = join(folder, 'project');
  const installed = join(project, 'node_modules/generator-flux-gitops');

  before(() => {
    const packed = run('npm', ['pack', '--silent', '--pack-destination', folder], ROOT);
    assert.equal(packed.status, 0, packed.stderr);
    mkdirSync(installed, { recursive: true });
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
    assert.equal(
      run('tar', ['-xzf', join(folder, tarball), '--strip-components=1', '-C', installed], folder)
        .status,
      0,
    );
    // The dependencies are those of this checkout: what the tarball brings itself is under test.
    const { dependencies } = JSON.parse(readTree(installed).get('package.json') ?? '');
    for (const name of Object.keys(dependencies)) {
      const link = join(project, 'node_modules', name);
      mkdirSync(join(link, '..'), { recursive: true });
      symlinkSync(join(MODULES, name), link);
    }
    mkdirSync(join(project, 'node_modules/.bin'));
    symlinkSync(
      '../generator-flux-gitops/bin/flux-gitops.js',
      join(project, 'node_modules/.bin/generator-flux-gitops'),
    );
    writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
  });

  test('holds JavaScript, templates and USAGE files, no TypeScript, and leaves no dist behind', () => {
    const files = [...readTree(installed).keys()].filter((path) => !path.includes('node_modules'));
    assert.ok(files.includes('dist/generators/tenant/index.js'));
    assert.ok(files.includes('generators/app/USAGE'));
    assert.ok(files.includes('earlier/0.1.0-first/install/README.md.ejs'));
    assert.deepEqual(
      files.filter((path) => /\.ts$|^test|^bench/.test(path)),
      [],
    );
    assert.equal(
      files.filter((path) => path.startsWith('templates/')).length,
      readTree(join(ROOT, 'templates')).size,
    );
    assert.equal(existsSync(join(ROOT, 'dist')), false);
  });

  test('runs with npx', () => {
    const out = join(project, 'npx-out');
    const { status, stderr } = run(
      'npx',
      ['generator-flux-gitops', '--yes', '--into', out],
      project,
    );
    assert.equal(status, 0, stderr);
    assert.deepEqual(readTree(out), goldenTree('default'));
  });

  test('runs with yo, which leaves every value as it was typed', () => {
    const out = join(folder, 'yo-out');
    mkdirSync(out);
    chmodSync(out, 0o777);
    const env = { NODE_PATH: join(project, 'node_modules'), HOME: folder };
    const flags = [
      '--yes',
      '--profile=reference',
      '--owner=octo-org',
      '--scenario=everything=dev,test,uat,prod,dr',
      '--content=007',
      '--content=prod=1e3',
    ];
    const { status, stderr } = run('yo', ['flux-gitops', ...flags], out, env);
    assert.equal(status, 0, stderr);
    assert.deepEqual(readTree(out), goldenTree('one-repo-for-many'));
    const tenant = run(
      'yo',
      ['flux-gitops:tenant', 'qa', '--repo', 'everything'],
      join(out, 'flux-demo'),
      env,
    );
    assert.equal(tenant.status, 0, tenant.stderr);
    assert.ok(readTree(out).has('everything/qa/app.yaml'));
    const refused = run(
      'yo',
      ['flux-gitops:tenant', '007', '--braanch', 'x'],
      join(out, 'flux-demo'),
      env,
    );
    assert.equal(refused.status, 2, refused.stderr);
    assert.match(refused.stderr, /environment "007"/);
    assert.match(refused.stderr, /--braanch: yo flux-gitops:tenant has no such flag/);
    assert.doesNotMatch(refused.stderr, /\n\s+at /);
  });

  test('says with yo how yo writes a command', () => {
    const env = { NODE_PATH: join(project, 'node_modules'), HOME: folder };
    const help = run('yo', ['flux-gitops', '--help'], folder, env);
    assert.equal(help.status, 0, help.stderr);
    assert.match(help.stdout, /\n {2}yo flux-gitops:tenant ENV\.\.\. /);
    assert.doesNotMatch(help.stdout, /^ +flux-gitops/m);
    const spaced = run('yo', ['flux-gitops', 'tenant', 'qa', '--dry-run'], folder, env);
    assert.equal(spaced.status, 2, spaced.stderr);
    assert.match(spaced.stderr, /Example: yo flux-gitops:tenant qa --dry-run\n/);
  });

  test('says when yo gave up the rights of root', { skip: process.getuid?.() !== 0 }, () => {
    const env = { NODE_PATH: join(project, 'node_modules'), HOME: folder };
    const closed = temporaryFolder();
    const { status, stderr } = run('yo', ['flux-gitops', '--yes', '--into', closed], folder, env);
    assert.equal(status, 2, stderr);
    assert.match(stderr, /yo gave up root's rights and runs as user \d+\./);
    assert.match(
      stderr,
      /Run flux-gitops instead of yo flux-gitops, or run yo as an ordinary user/,
    );
  });

  test('loads one file for a completion, and one more for an ordinary run', () => {
    const list = join(folder, 'loaded');
    const hook = `import { registerHooks } from 'node:module';
      import { appendFileSync } from 'node:fs';
      registerHooks({ load(url, context, next) { appendFileSync(${JSON.stringify(list)}, url + '\\n'); return next(url, context); } });`;
    const flags = ['--import', `data:text/javascript,${encodeURIComponent(hook)}`];
    const chunksOf = (...argv: string[]): string[] => {
      writeFileSync(list, '');
      const bin = join(installed, 'bin/flux-gitops.js');
      const { status, stderr } = run('node', [...flags, bin, ...argv], folder);
      assert.equal(status, 0, stderr);
      return readFileSync(list, 'utf8')
        .split('\n')
        .flatMap((url) => /\/dist\/chunks\/(.*)\.js$/.exec(url)?.[1] ?? [])
        .filter((name) => name !== 'rolldown-runtime')
        .sort();
    };
    assert.deepEqual(chunksOf('__complete', 'fish', 'tenant', ''), ['completion']);
    assert.deepEqual(chunksOf('--yes', '--into', 'bundled'), ['completion', 'run']);
  });

  test('prints the completion scripts', () => {
    const bin = join(installed, 'bin/flux-gitops.js');
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { status, stdout } = run('node', [bin, 'completion', shell], folder);
      assert.equal(status, 0);
      assert.equal(stdout, readTree(join(ROOT, 'completions')).get(`flux-gitops.${shell}`));
    }
    const { stdout } = run('node', [bin, '__complete', 'zsh', 'tenant', '--profile='], folder);
    assert.equal(stdout, '--profile=\thardened\t\n--profile=\treference\t\n');
  });
});
