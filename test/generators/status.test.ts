import assert from 'node:assert/strict';
import { type ChildProcess, execFile, execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BIN, folderAfter, type Outcome, runHere, temporaryFolder } from '../sandbox.ts';
import { type StandIn, standIn } from '../status/kubectl.ts';
import { living, SECOND, withChanges } from '../status/objects.ts';
import { runGenerator } from './run-generator.ts';

const ENVIRONMENTS = [
  { name: 'dev', repo: 'flux-dev' },
  { name: 'stage', repo: 'flux-stage-prod' },
  { name: 'prod', repo: 'flux-stage-prod' },
];
const OBJECTS = living(ENVIRONMENTS);

const estate = (...flags: readonly string[]): Promise<string> =>
  folderAfter(['--yes', '--owner', 'octo-org', ...flags]);

/** A cluster with `OBJECTS`. */
function cluster(): StandIn {
  const stand = standIn();
  stand.show(OBJECTS);
  return stand;
}

function start(
  { env }: StandIn,
  cwd: string,
  argv: readonly string[],
): { child: ChildProcess; ended: Promise<Outcome> } {
  let child: ChildProcess | undefined;
  const ended = new Promise<Outcome>((resolve) => {
    const args = [BIN, 'status', ...argv];
    child = execFile(process.execPath, args, { cwd, env, timeout: 60_000 }, (_, stdout, stderr) =>
      resolve({ code: child?.exitCode ?? null, stdout, stderr }),
    );
    child.stdin?.end();
  });
  return { child: child as unknown as ChildProcess, ended };
}

const run = (stand: StandIn, cwd: string, ...argv: readonly string[]): Promise<Outcome> =>
  start(stand, cwd, argv).ended;

test('one call of kubectl reads the estate, from every folder of it', async () => {
  const folder = await estate();
  for (const place of ['.', 'flux-demo', 'flux-demo/dev', 'flux-stage-prod/prod']) {
    const stand = cluster();
    const { code, stdout, stderr } = await run(stand, join(folder, place));
    assert.equal(code, 0, stderr);
    assert.equal(stderr, 'On the cluster of context kind-test (https://127.0.0.1:6443).\n');
    const rows = stdout.trimEnd().split('\n');
    assert.deepEqual(
      rows.map((row) => row.split(/ {2,}/).slice(0, 5).join(' ')),
      [
        'ENVIRONMENT SOURCE REVISION APPLIED READY',
        'dev flux-dev main@cd2ebc8 main@cd2ebc8 True',
        'stage flux-stage-prod main@cd2ebc8 main@cd2ebc8 True',
        'prod flux-stage-prod main@cd2ebc8 main@cd2ebc8 True',
      ],
    );
    const gets = stand.calls().filter((line) => line.startsWith('get '));
    assert.equal(gets.length, 1);
    assert.match(gets[0] ?? '', /^get namespaces,gitrepositories\.source\S+ -A -o json$/);
  }
});

test('--json has what scripts need, and nothing else is on stdout', async () => {
  const { code, stdout } = await run(cluster(), await estate(), '--json', 'dev', 'prod');
  assert.equal(code, 0);
  const { context, server, ready, environments } = JSON.parse(stdout);
  assert.deepEqual([context, server, ready], ['kind-test', 'https://127.0.0.1:6443', true]);
  assert.deepEqual(
    environments.map((one: { name: string; ready: boolean }) => [one.name, one.ready]),
    [
      ['dev', true],
      ['prod', true],
    ],
  );
});

const REFUSAL =
  'Error from server (Forbidden): namespaces is forbidden: User "jo" cannot list resource "namespaces" in API group "" at the cluster scope\n';

test('who may see one namespace only gets its row, and why the others have none', async () => {
  const stand = cluster();
  stand.refuse('all', REFUSAL);
  for (const name of ['stage', 'prod'])
    stand.refuse(
      `fluxdemo-${name}`,
      `Error from server (Forbidden): deployments.apps is forbidden in "fluxdemo-${name}"\nmore\n`,
    );
  const { code, stdout, stderr } = await run(stand, await estate());
  assert.equal(code, 0, stderr);
  const [, dev = '', stage = ''] = stdout.split('\n');
  assert.match(dev, /^dev .* True /);
  assert.match(
    stage,
    /^stage .* Unknown .*kubectl: Error from server \(Forbidden\): deployments\.apps is forbidden in "fluxdemo-stage"$/,
  );
});

test('one environment is read in its namespace', async () => {
  const stand = cluster();
  const { stdout } = await run(stand, await estate(), 'dev');
  assert.match(stdout, /^dev .* True /m);
  const gets = stand.calls().filter((line) => line.startsWith('get '));
  assert.deepEqual(
    gets.map((line) => line.replace(/^get \S+,\S+/, 'get KINDS')),
    ['get namespaces fluxdemo-dev --ignore-not-found -o json', 'get KINDS -n fluxdemo-dev -o json'],
  );
});

test('a kind that the cluster does not know is left out', async () => {
  const stand = cluster();
  stand.forget('helmreleases.helm.toolkit.fluxcd.io');
  const { code, stdout, stderr } = await run(stand, await estate());
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^dev .* True /m);
  stand.forget('kustomizations.kustomize.toolkit.fluxcd.io');
  const { stdout: without } = await run(stand, await estate());
  assert.match(without, /^dev .* False .*The cluster does not have Flux/m);
});

test('an app repo without its config repo shows its environments', async () => {
  const folder = await estate();
  rmSync(join(folder, 'flux-demo'), { recursive: true });
  const { code, stdout } = await run(cluster(), join(folder, 'flux-stage-prod'));
  assert.equal(code, 0);
  assert.deepEqual([...stdout.matchAll(/^\S+/gm)].flat(), ['ENVIRONMENT', 'stage', 'prod']);
});

test('another context than the last time is said', async () => {
  const folder = await estate();
  const home = join(folder, 'flux-demo');
  execFileSync('git', ['init', '--quiet'], { cwd: home });
  execFileSync('git', ['config', 'flux-gitops.context', 'kind-other'], { cwd: home });
  const { code, stderr } = await run(cluster(), folder);
  assert.equal(code, 0);
  assert.match(stderr, /The last command that changed this estate used the context kind-other\.$/m);
});

test('wrong input is refused before kubectl starts', async () => {
  const folder = await estate();
  const { code, stderr } = await runHere(['status', 'deu', '--context', ''], folder);
  assert.equal(code, 2);
  assert.match(
    stderr,
    /argument "deu": this estate has no such environment\. It has dev, stage, prod/,
  );
  assert.match(stderr, /Example: flux-gitops status dev/);
  assert.match(stderr, /--context ""/);
  const outside = await runHere(['status'], temporaryFolder());
  assert.equal(outside.code, 2);
  assert.match(outside.stderr, /must run inside a repository of an estate/);
});

test('what kubectl says about a cluster that does not answer is told', async () => {
  const stand = cluster();
  stand.refuse('all', 'The connection to the server 127.0.0.1:6443 was refused\n');
  const { code, stderr, stdout } = await run(stand, await estate());
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /error kubectl: The connection to the server/);
});

async function until(condition: () => boolean): Promise<void> {
  for (const started = performance.now(); !condition(); ) {
    assert.ok(performance.now() - started < 20_000, 'it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const pushed = withChanges(OBJECTS, 'GitRepository', 'fluxdemo-dev', {
  status: { artifact: { revision: SECOND } },
});

/** Watches with `argv` until the output has `last`, while the cluster changes after the first output. */
async function watched(argv: readonly string[], last: RegExp): Promise<Outcome> {
  const stand = cluster();
  const { child, ended } = start(stand, await estate(), ['--watch', ...argv]);
  let out = '';
  child.stdout?.on('data', (text: string) => {
    out += text;
  });
  await until(() => out !== '');
  stand.refuse('all', 'The connection to the server was refused\n');
  const calls = stand.calls().length;
  // When a second call begins, the first one has failed.
  await until(() => stand.calls().length > calls + 1);
  stand.refuse('all', undefined);
  stand.show(pushed);
  await until(() => last.test(out));
  const settled = stand.calls().length;
  await until(() => stand.calls().length > settled + 1);
  child.kill('SIGINT');
  return ended;
}

test('--watch without a terminal prints the table once, then a line for each change, and goes on after a fault', async () => {
  const { code, stdout, stderr } = await watched([], /main@7f1d90a is fetched/);
  assert.equal(code, 130, stderr);
  assert.match(stderr, /The watch has ended\.\n$/);
  const lines = stdout.trimEnd().split('\n');
  assert.equal(lines.length, 6, stdout);
  assert.match(lines[4] ?? '', /^\d{4}-\S+Z kubectl: The connection to the server was refused$/);
  assert.match(
    lines[5] ?? '',
    /^\d{4}-\d\d-\d\dT\S+Z dev: REVISION main@cd2ebc8 -> main@7f1d90a, READY True -> Unknown, main@7f1d90a is fetched/,
  );
});

test('--watch shows an environment that another run adds', async () => {
  const stand = cluster();
  const folder = await estate();
  const { child, ended } = start(stand, folder, ['--watch']);
  let out = '';
  child.stdout?.on('data', (text: string) => {
    out += text;
  });
  await until(() => out !== '');
  await runHere(['tenant', 'qa', '--repo', 'flux-dev', '--into', 'flux-demo'], folder);
  stand.show(living([...ENVIRONMENTS, { name: 'qa', repo: 'flux-dev' }]));
  await until(() => /qa: .*READY - -> True/.test(out));
  child.kill('SIGINT');
  assert.equal((await ended).code, 130);
});

test('--watch --json prints a document in a line when something has changed', async () => {
  const { code, stdout } = await watched(['--json'], /"progressing"/);
  assert.equal(code, 130);
  const documents = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    documents.map(({ ready, environments }) => [ready, environments[0].source.revision === SECOND]),
    [
      [true, false],
      [false, true],
    ],
  );
});

test('with yo, the same table', async () => {
  const folder = await estate();
  const stand = cluster();
  const before = process.env.PATH;
  process.env.PATH = stand.env.PATH;
  try {
    await runGenerator('status', folder, {
      in: 'flux-demo',
      arguments: ['dev'],
      options: { yes: true },
    });
  } finally {
    process.env.PATH = before;
  }
  assert.ok(stand.calls().some((line) => line.endsWith('-n fluxdemo-dev -o json')));
});
