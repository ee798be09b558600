import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { created, openDesk as open } from './command.ts';

test('one command writes the estate and publishes it; a second one changes nothing', async () => {
  const session = await open();
  const { run, standIn } = session;
  const first = await run(['--publish', '--yes', '--topic', 'gitops']);
  assert.equal(first.code, 0, first.stderr);
  assert.equal(created(session), 3);
  assert.match(first.stderr, /pushed octo\/flux-demo@main/);
  const pushed = first.stderr.split('\n').filter((line) => line.startsWith('> pushed'));
  assert.match(pushed.at(-1) ?? '', /flux-demo/, 'the config repo is pushed last');
  const second = await run(['--publish', '--yes', '--topic', 'gitops']);
  assert.equal(second.code, 0, second.stderr);
  assert.equal(created(session), 3);
  assert.match(second.stderr, /Nothing to do/);
  assert.deepEqual(standIn.violations, []);
});

test('tenant publishes what it wrote, to both repositories', async () => {
  const { run, folder, standIn } = await open();
  assert.equal((await run(['--publish', '--yes'])).code, 0);
  const added = await run(['tenant', 'qa', '--repo', 'flux-stage-prod', '--publish', '--json'], {
    cwd: join(folder, 'flux-demo'),
  });
  assert.equal(added.code, 0, added.stderr);
  const { published } = JSON.parse(added.stdout);
  assert.deepEqual(
    published.map(({ name, state }: { name: string; state: string }) => [name, state]),
    [
      ['flux-stage-prod', 'same'],
      ['flux-demo', 'same'],
    ],
  );
  assert.deepEqual(standIn.violations, []);
});

test('a workflow is published by a token that may, and nothing is written with another', async () => {
  const session = await open();
  session.standIn.access.scopes = 'repo';
  const argv = ['--publish', '--yes', '--ci', 'github', '--codeowners', '@octo/platform'];
  const refused = await session.run(argv);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /workflows\/validate\.yaml[\s\S]*--scopes workflow/);
  assert.equal(existsSync(join(session.folder, 'flux-demo')), false);
  session.standIn.access.scopes = 'repo, workflow';
  const published = await session.run(argv);
  assert.equal(published.code, 0, published.stderr);
  const added = await session.run(['tenant', 'qa', '--publish'], {
    cwd: join(session.folder, 'flux-demo'),
  });
  assert.equal(added.code, 0, added.stderr);
  const git = ['ls-tree', '-r', '--name-only', 'HEAD'];
  const files = execFileSync('git', git, { cwd: join(session.folder, 'flux-qa') });
  assert.match(`${files}`, /^\.gitattributes\n\.github\/workflows\/validate\.yaml$/m);
});

test('scenario-repo publishes itself', async () => {
  const session = await open();
  const { code, stderr } = await session.run(['scenario-repo', 'flux-qa', '--publish']);
  assert.equal(code, 0, stderr);
  assert.equal(created(session), 1);
});

test('a dry run only looks, and shows each state', async () => {
  const session = await open();
  const { code, stdout, stderr } = await session.run(['--publish', '--dry-run', '--json']);
  assert.equal(code, 0, stderr);
  assert.deepEqual(
    JSON.parse(stdout).published.map(({ state }: { state: string }) => state),
    ['absent', 'absent', 'absent'],
  );
  assert.equal(existsSync(join(session.folder, 'flux-demo')), false);
  assert.deepEqual(
    session.standIn.seen.filter(({ line }) => !line.startsWith('GET ')),
    [],
  );
});

test('without a token nothing is written, and --json says why', async () => {
  const { run, folder } = await open();
  const { code, stdout } = await run(['--publish', '--yes', '--json'], { token: '' });
  assert.equal(code, 1);
  assert.equal(JSON.parse(stdout).error.code, 'NO_TOKEN');
  assert.equal(existsSync(join(folder, 'flux-demo')), false);
});

test('the token may come on standard input; its owner is the default owner', async () => {
  const session = await open();
  const { code, stderr } = await session.run(['--publish', '--yes', '--token-stdin'], {
    token: '',
    input: `${session.standIn.access.token}\n`,
  });
  assert.equal(code, 0, stderr);
  assert.equal(created(session), 3);
  assert.doesNotMatch(stderr, new RegExp(session.standIn.access.token));
});

test('an owner that does not exist is refused before anything is written', async () => {
  const { run, folder } = await open();
  const { code, stderr } = await run(['--publish', '--yes', '--owner', 'nobody']);
  assert.equal(code, 1);
  assert.match(stderr, /nobody/);
  assert.equal(existsSync(join(folder, 'flux-demo')), false);
});

test('Ctrl-C says what is true: nothing is written, or how far publishing came', async () => {
  const interruptedAt = async (request: RegExp) => {
    const session = await open();
    let interrupt = (): void => undefined;
    session.standIn.watch = async (line, moment) => {
      if (moment !== 'after' || !request.test(line)) return;
      interrupt();
      // The command ends before it gets this answer.
      await new Promise((resolve) => setTimeout(resolve, 300));
    };
    const started = (how: () => void): void => {
      interrupt = how;
    };
    const { code, stderr } = await session.run(['--publish', '--yes'], { started });
    return { code, stderr, written: existsSync(join(session.folder, 'flux-demo')) };
  };
  const early = await interruptedAt(/^GET \/.*user$/);
  assert.deepEqual(early, {
    code: 130,
    stderr: 'Cancelled. Nothing was written.\n',
    written: false,
  });
  const late = await interruptedAt(/^POST .*repos$/);
  assert.equal(late.code, 130, late.stderr);
  assert.match(
    late.stderr,
    /\nCancelled while publishing\. The files are written on this machine\./,
  );
  assert.match(
    late.stderr,
    /\n {2}Run the same command again\. It continues where this run stopped: flux-gitops .*--publish/,
  );
  assert.doesNotMatch(late.stderr, /Nothing was created/);
  assert.equal(late.written, true);
});
