import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { usageOf } from '../lib/disk/package-files.ts';
import { execute, prepare } from '../lib/run.ts';
import { helpText } from '../lib/settings/help.ts';
import type { Terminal } from '../lib/terminal.ts';
import { readTree, runCommand, runHere, temporaryFolder, writeTree } from './sandbox.ts';

const nextOf = (stderr: string): string[] =>
  (stderr.split('\nNext:\n')[1] ?? '').split('\n').map((line) => line.trim());

test('the next steps install the operator, apply the policies and every environment', async () => {
  const { stderr } = await runHere(['--owner', 'octo-org'], temporaryFolder());
  const steps = nextOf(stderr);
  const at = (text: string): number => steps.findIndex((step) => step.includes(text));
  const order = [
    'flux-dev to https',
    'kind create cluster',
    'install/README.md',
    '/policies/',
    '/dev/',
  ];
  const places = [...order, '/stage/', '/prod/', 'get gitrepositories'].map(at);
  assert.ok(!places.includes(-1), steps.join('\n'));
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  );
});

test('the next steps push to each owner', async () => {
  const folder = temporaryFolder();
  await runHere(['--owner', 'octo-org'], folder);
  const argv = ['tenant', 'pay', '--owner', 'other-org', '--into', 'flux-demo', '--sync-config=no'];
  const { stderr } = await runHere(argv.slice(0, -1), folder);
  assert.match(stderr, /flux-pay to https:\/\/github\.com\/other-org\/flux-pay/);
});

test('commands to copy are quoted for a shell', async () => {
  const folder = temporaryFolder();
  const { stderr } = await runCommand(['--owner', 'octo-org', '--into', "it's here"], folder);
  assert.match(stderr, /kubectl apply -f 'it'\\''s here\/flux-demo\/dev\/'/);
});

test('with --json a refusal is JSON on stdout, with each problem', async () => {
  const { code, stdout } = await runCommand(
    ['--json', '--branch', '..', '--replicas', 'x'],
    temporaryFolder(),
  );
  assert.equal(code, 2);
  const { error } = JSON.parse(stdout);
  assert.deepEqual(
    error.problems.map(({ settings }: { settings: string[] }) => settings[0]).sort(),
    ['branch', 'replicas'],
  );
});

test('help is printed however it is asked for', async () => {
  const folder = temporaryFolder();
  const whole = (await runCommand(['tenant', '--help'], folder)).stdout;
  for (const argv of [
    ['help', 'tenant'],
    ['tenant', 'help'],
    ['tenant', '-h'],
  ])
    assert.equal((await runCommand(argv, folder)).stdout, whole, argv.join(' '));
  assert.match(whole, /flux-gitops tenant ENV/);
  const { version } = JSON.parse((await runCommand(['--yes', '--json'], folder)).stdout);
  assert.equal(version, undefined);
  assert.match((await runCommand(['-v'], folder)).stdout, /^\d+\.\d+\.\d+\n$/);
  assert.equal((await runCommand(['-y'], folder)).code, 0);
});

test('a run that changed nothing because files were kept does not call them as they should be', async () => {
  const folder = temporaryFolder();
  await runHere(['--owner', 'octo-org'], folder);
  writeTree(folder, [['flux-demo/README.md', 'mine\n']]);
  const { stderr } = await runHere([], folder);
  assert.match(stderr, /Nothing was changed\./);
  assert.doesNotMatch(stderr, /as it should be/);
});

test('READMEs say what holds after each change', async () => {
  const folder = temporaryFolder();
  await runHere(['--owner', 'octo-org'], folder);
  const readme = (): string => readTree(folder).get('flux-demo/README.md') ?? '';
  assert.match(readme(), /Tenants deploy plain manifests/);
  await runHere(['tenant', 'dev', '--allow-kustomize', '--into', 'flux-demo'], folder);
  assert.match(readme(), /Allowed already: dev\./);
  await runHere(['--allow-kustomize'], folder);
  assert.doesNotMatch(readme(), /plain manifests/);
  await runHere(['--profile', 'reference'], folder);
  assert.doesNotMatch(readme(), /policies\//);
  const demo = temporaryFolder();
  await runHere(['--yes'], demo);
  await runHere(['tenant', 'qa', '--owner', 'octo-org', '--into', 'flux-demo'], demo);
  assert.doesNotMatch(readTree(demo).get('flux-demo/README.md') ?? '', /nothing to push/);
});

test('the READMEs of install/ and policies/ ask for one version of Kubernetes', async () => {
  const folder = temporaryFolder();
  await runHere(['--yes'], folder);
  const versions = ['install', 'policies'].map(
    (name) =>
      /Kubernetes (\d+\.\d+(?:\.\d+)?) or newer/.exec(
        readTree(folder).get(`flux-demo/${name}/README.md`) ?? '',
      )?.[1],
  );
  assert.ok(versions[0]);
  assert.equal(versions[0], versions[1]);
});

const LIB = fileURLToPath(new URL('../lib/', import.meta.url));

test('when the input ends at a question, the run is interrupted, without a word of Node', () => {
  // An adapter whose question stays open, as Inquirer leaves it when its input ends.
  const script = `
    import { adapterTerminal } from ${JSON.stringify(join(LIB, 'terminal.ts'))};
    const adapter = { prompt: () => new Promise(() => {}) };
    const terminal = adapterTerminal(true, () => {}, async () => adapter);
    try { await terminal.confirm('Write this?', true); } catch (error) { process.exitCode = error.code; }`;
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', script],
    { encoding: 'utf8' },
  );
  assert.equal(status, 130);
  assert.equal(stderr, '');
});

test('nobody reading the messages changes nothing about the run', () => {
  const folder = temporaryFolder();
  const bin = join(LIB, '../bin/flux-gitops.js');
  const command = `"${process.execPath}" "${bin}" --yes 2>&- ; echo "code $?"`;
  const { stdout } = spawnSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8' });
  assert.match(stdout, /code 0/);
  assert.ok(readTree(folder).has('flux-demo/dev/2_sync.yaml'));
});

test('the plan before writing has a line for each environment, and the run as one command', async () => {
  const folder = temporaryFolder();
  const said: string[] = [];
  const terminal: Terminal = {
    interactive: true,
    say: (text) => said.push(text),
    ask: async () => ({ owner: 'octo-org', content: 'a b' }),
    confirm: async (message) => /Write|else/.test(message),
    resolve: async () => new Set(),
  };
  const prepared = await prepare('app', [], terminal, { cwd: folder });
  assert.ok(prepared);
  await execute(prepared);
  const plan = said.join('\n');
  assert.match(plan, /^dev +fluxdemo-dev +flux-dev +hardened$/m);
  assert.match(plan, /flux-demo {2}files: 32 to create/);
  const command = /Without questions: (flux-gitops .*)/.exec(plan)?.[1];
  assert.equal(command, "flux-gitops --owner=octo-org '--content=a b' --yes");
  assert.ok(plan.split('\n').length < 25);
  for (const line of plan.split('\n').filter((one) => !one.startsWith('Every file')))
    assert.ok(line.length <= 80 || /^(Note| {2}\/)/.test(line), line);
});

test('help is at most 100 columns wide, with every flag under a heading', async () => {
  for (const command of ['app', 'tenant', 'scenario-repo'] as const) {
    const help = helpText(command, usageOf(command));
    for (const line of help.split('\n')) assert.ok(line.length <= 100, line);
    assert.match(help, /\nFlags: this run\n/);
  }
});

test('on a terminal publishing is offered where there is a token, and nowhere else', async () => {
  const asked = async (token: string | undefined): Promise<string[]> => {
    const questions: string[] = [];
    const terminal: Terminal = {
      interactive: true,
      say: () => undefined,
      ask: async () => ({ owner: 'octo-org', githubUrl: 'https://github.invalid' }),
      confirm: async (message, _, name = '') => {
        questions.push(name);
        return /Write|else/.test(message);
      },
      resolve: async () => new Set(),
    };
    const before = process.env.GH_ENTERPRISE_TOKEN;
    if (token === undefined) delete process.env.GH_ENTERPRISE_TOKEN;
    else process.env.GH_ENTERPRISE_TOKEN = token;
    const argv = ['--github-url', 'https://github.invalid'];
    await prepare('app', argv, terminal, { cwd: temporaryFolder() }).finally(() => {
      if (before === undefined) delete process.env.GH_ENTERPRISE_TOKEN;
      else process.env.GH_ENTERPRISE_TOKEN = before;
    });
    return questions;
  };
  assert.ok((await asked('ghp_something')).includes('publish'));
  assert.ok(!(await asked(undefined)).includes('publish'));
});
