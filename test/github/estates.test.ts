import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { prepare } from '../../lib/run.ts';
import type { Terminal } from '../../lib/terminal.ts';
import { temporaryFolder } from '../sandbox.ts';
import { branches, git, plainGit } from './bare.ts';
import { created, type Desk, openDesk } from './command.ts';

/** Somebody else's repository, with a commit. */
function takeName({ standIn }: Desk, name: string): void {
  const owner = standIn.findOwner('octo');
  assert.ok(owner);
  const { folder } = standIn.addRepo(owner, name);
  const tree = git(folder, 'mktree').trim();
  const identity = ['-c', 'user.name=E', '-c', 'user.email=e@example.com'];
  const commit = git(folder, ...identity, 'commit-tree', tree, '-m', 'Theirs').trim();
  git(folder, 'update-ref', 'refs/heads/main', commit);
}

/** The flags that a refusal names as the way to another name. */
function adviceIn(stderr: string): string[] {
  const advice = /Choose another name: (.+?)\.( |\n)/.exec(stderr)?.[1];
  assert.ok(advice, stderr);
  return advice.split(' ');
}

test('names that are taken are refused before anything is written, and the named flags help', async () => {
  const desk = await openDesk();
  for (const name of ['flux-dev', 'flux-demo']) takeName(desk, name);
  const refused = await desk.run(['--publish', '--yes']);
  assert.equal(refused.code, 1);
  for (const name of ['flux-dev', 'flux-demo'])
    assert.match(refused.stderr, new RegExp(`octo/${name} already exists and has commits`));
  assert.match(refused.stderr, /No file was written\. Nothing was created or changed on GitHub\./);
  assert.deepEqual(readdirSync(desk.folder), []);
  assert.equal(created(desk), 0);
  const advice = adviceIn(refused.stderr);
  assert.deepEqual(advice, [
    '--name',
    'flux-demo-2',
    '--scenario',
    'flux-dev-2=dev',
    '--scenario',
    'flux-stage-prod=stage,prod',
  ]);
  const { code, stderr } = await desk.run(['--publish', '--yes', ...advice]);
  assert.equal(code, 0, stderr);
  assert.equal(created(desk), 3);
  assert.deepEqual(desk.standIn.violations, []);
});

test('a taken name of a tenant or an app repo is refused in the same way', async () => {
  const desk = await openDesk();
  assert.equal((await desk.run(['--publish', '--yes'])).code, 0);
  takeName(desk, 'flux-qa');
  const cwd = join(desk.folder, 'flux-demo');
  const before = git(cwd, 'rev-parse', 'HEAD');
  const tenant = ['tenant', 'qa', '--publish'];
  const refused = await desk.run(tenant, { cwd });
  assert.equal(refused.code, 1);
  assert.ok(!existsSync(join(cwd, 'qa')), 'nothing is written');
  const tenantAgain = await desk.run([...tenant, ...adviceIn(refused.stderr)], { cwd });
  assert.equal(tenantAgain.code, 0, tenantAgain.stderr);
  assert.ok(desk.standIn.findRepo('octo', 'flux-qa-2'));
  assert.notEqual(git(cwd, 'rev-parse', 'HEAD'), before);
  const scenario = await desk.run(['scenario-repo', 'flux-qa', '--publish']);
  assert.equal(scenario.code, 1);
  assert.ok(!existsSync(join(desk.folder, 'flux-qa')), 'nothing is written');
  const advice = adviceIn(scenario.stderr);
  assert.deepEqual(advice, ['scenario-repo', 'flux-qa-2', '--env', 'qa']);
});

test('an archived repository is refused before the change is written', async () => {
  const desk = await openDesk();
  assert.equal((await desk.run(['--publish', '--yes'])).code, 0);
  const config = desk.standIn.findRepo('octo', 'flux-demo');
  assert.ok(config);
  config.archived = true;
  const cwd = join(desk.folder, 'flux-demo');
  const { code, stderr } = await desk.run(['tenant', 'qa', '--publish'], { cwd });
  assert.equal(code, 1);
  assert.match(stderr, /octo\/flux-demo is archived/);
  assert.match(stderr, /this estate already uses its name/);
  assert.ok(!existsSync(join(cwd, 'qa')));
  assert.equal(desk.standIn.findRepo('octo', 'flux-qa'), undefined);
});

test('commits on GitHub that are not here are named before the change is written; a pull helps', async () => {
  const desk = await openDesk();
  assert.equal((await desk.run(['--publish', '--yes'])).code, 0);
  const config = desk.standIn.findRepo('octo', 'flux-demo');
  assert.ok(config);
  const identity = ['-c', 'user.name=E', '-c', 'user.email=e@example.com'];
  const tree = git(config.folder, 'rev-parse', 'main^{tree}').trim();
  const commit = ['commit-tree', tree, '-p', 'main', '-m', 'From the web'];
  git(
    config.folder,
    'update-ref',
    'refs/heads/main',
    git(config.folder, ...identity, ...commit).trim(),
  );
  const cwd = join(desk.folder, 'flux-demo');
  const tenant = ['tenant', 'qa', '--publish'];
  const refused = await desk.run(tenant, { cwd });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /has commits that this folder does not have/);
  assert.ok(!existsSync(join(cwd, 'qa')));
  const pull = /git -C (\S+) (pull --rebase --autostash origin main)/.exec(refused.stderr);
  assert.ok(pull, refused.stderr);
  // the stand-in answers in this process, so git must not hold it up
  await promisify(execFile)('git', ['-C', cwd, ...(pull[2] ?? '').split(' ')], { env: plainGit });
  assert.equal((await desk.run(tenant, { cwd })).code, 0);
});

test('each repository is pushed to its own branch', async () => {
  const desk = await openDesk();
  assert.equal((await desk.run(['--publish', '--yes'])).code, 0);
  const cwd = join(desk.folder, 'flux-demo');
  const { code, stderr } = await desk.run(['tenant', 'qa', '--branch', 'release', '--publish'], {
    cwd,
  });
  assert.equal(code, 0, stderr);
  const branchesOf = (name: string) =>
    branches(desk.standIn.findRepo('octo', name)?.folder ?? '').map((branch) => branch.name);
  assert.deepEqual(branchesOf('flux-qa'), ['release']);
  assert.deepEqual(branchesOf('flux-demo'), ['main']);
});

test('a repository that is followed on two branches is refused, with its branches', async () => {
  const desk = await openDesk();
  assert.equal((await desk.run(['--publish', '--yes'])).code, 0);
  const cwd = join(desk.folder, 'flux-demo');
  const tenant = ['tenant', 'qa', '--repo', 'flux-dev', '--branch', 'release'];
  const refused = await desk.run([...tenant, '--publish'], { cwd });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /more than one branch of octo\/flux-dev \(main; release by qa\)/);
  assert.ok(!existsSync(join(cwd, 'qa')));
  assert.equal((await desk.run(tenant, { cwd })).code, 0, 'without --publish it is written');
});

test('each repository is published to its own owner', async () => {
  const desk = await openDesk();
  assert.equal((await desk.run(['--publish', '--yes'])).code, 0);
  const cwd = join(desk.folder, 'flux-demo');
  const tenant = await desk.run(['tenant', 'pay', '--owner', 'OCTO-org', '--publish'], { cwd });
  assert.equal(tenant.code, 0, tenant.stderr);
  assert.ok(desk.standIn.findRepo('octo-org', 'flux-pay'));
  assert.match(tenant.stderr, /pushed octo\/flux-demo@main/);
  const all = await desk.run(['--publish', '--yes', '--json']);
  assert.equal(all.code, 0, all.stderr);
  const { published } = JSON.parse(all.stdout) as { published: { url: string }[] };
  assert.deepEqual(published.map(({ url }) => url.replace(`${desk.standIn.url}/`, '')).sort(), [
    'octo-org/flux-pay',
    'octo/flux-demo',
    'octo/flux-dev',
    'octo/flux-stage-prod',
  ]);
  assert.deepEqual(desk.standIn.violations, []);
});

test('repositories of an owner that the token cannot create for are named', async () => {
  const desk = await openDesk();
  assert.equal((await desk.run(['--publish', '--yes'])).code, 0);
  const cwd = join(desk.folder, 'flux-demo');
  const { code, stderr } = await desk.run(['tenant', 'pay', '--owner', 'other', '--publish'], {
    cwd,
  });
  assert.equal(code, 1);
  assert.match(stderr, /cannot create repositories for the user other: .*flux-pay/);
  assert.ok(!existsSync(join(cwd, 'pay')));
});

test('the owner of the public demo is never published to by leaving out --owner', async () => {
  const desk = await openDesk();
  assert.equal((await desk.run(['--yes'])).code, 0);
  const cwd = join(desk.folder, 'flux-demo');
  const { code, stderr } = await desk.run(['tenant', 'qa', '--publish'], { cwd });
  assert.equal(code, 1);
  assert.match(stderr, /wolcn\/flux-demo is a repository of the public demo/);
  assert.match(stderr, new RegExp(`flux-gitops --owner octo --into ${desk.folder}`));
  assert.ok(!existsSync(join(cwd, 'qa')));
  assert.equal(created(desk), 0);
  const remedy = await desk.run(['--owner', 'octo', '--into', desk.folder]);
  assert.equal(remedy.code, 0, remedy.stderr);
  assert.equal((await desk.run(['tenant', 'qa', '--publish'], { cwd })).code, 0);
  assert.ok(desk.standIn.findRepo('octo', 'flux-qa'));
});

test('a later --topic and --template are applied, and nothing of others is taken away', async () => {
  const desk = await openDesk();
  assert.equal((await desk.run(['--publish', '--yes', '--topic', 'gitops'])).code, 0);
  for (const repo of desk.standIn.repos) repo.topics.push('theirs');
  const later = ['--publish', '--yes', '--topic', 'flux', '--template'];
  const { code, stderr } = await desk.run(later);
  assert.equal(code, 0, stderr);
  for (const { topics, template } of desk.standIn.repos)
    assert.deepEqual([topics, template], [['gitops', 'theirs', 'flux'], true]);
  const before = desk.standIn.seen.length;
  assert.equal((await desk.run(later)).code, 0);
  assert.deepEqual(
    desk.standIn.seen.slice(before).filter(({ line }) => !line.startsWith('GET ')),
    [],
    'what is there is not set again',
  );
  assert.deepEqual(desk.standIn.violations, []);
});

test('--visibility private says what Flux needs to read the repositories', async () => {
  const desk = await openDesk();
  const { code, stderr } = await desk.run(['--publish', '--yes', '--visibility', 'private']);
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    /flux-gitops credentials .*--publish --known-hosts FILE \| kubectl apply -f -/,
  );
});

test('a missing token is told before the first question', async () => {
  const asked: unknown[] = [];
  const terminal: Terminal = {
    interactive: true,
    say: () => undefined,
    ask: async (questions) => {
      asked.push(...questions);
      return {};
    },
    confirm: async () => true,
    resolve: async () => new Set(),
  };
  const { PATH } = process.env;
  const names = ['GH_ENTERPRISE_TOKEN', 'GITHUB_ENTERPRISE_TOKEN'];
  const kept = names.map((name) => [name, process.env[name]] as const);
  for (const name of names) delete process.env[name];
  process.env.PATH = '';
  try {
    const argv = ['--publish', '--github-url', 'http://127.0.0.1:9'];
    const run = prepare('app', argv, terminal, { cwd: temporaryFolder() });
    await assert.rejects(run, { reason: 'NO_TOKEN' });
  } finally {
    process.env.PATH = PATH;
    for (const [name, value] of kept) if (value !== undefined) process.env[name] = value;
  }
  assert.deepEqual(asked, []);
});

test('commands that are printed to be copied are quoted for a shell', async () => {
  const desk = await openDesk();
  const estate = ['--into', 'a b', '--content', 'x; rm -rf y', '--publish', '--yes'];
  assert.equal((await desk.run(estate)).code, 0);
  const repo = join(desk.folder, 'a b', 'flux-dev');
  git(repo, 'remote', 'set-url', 'origin', 'https://example.com/other.git');
  const { code, stderr } = await desk.run(estate);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /[Rr]un the same command again\. It continues where this run stopped: flux-gitops .*'--content=x; rm -rf y' '--into=a b' --publish/,
  );
  assert.ok(stderr.includes(`git -C '${repo}' remote rename origin old`), stderr);
});

test('a closed standard error does not change the exit code', async () => {
  const desk = await openDesk();
  const { code } = await desk.run(['--publish', '--yes'], { deaf: true });
  assert.equal(code, 0);
  assert.equal(created(desk), 3);
  assert.equal((await desk.run(['--prefix', 'No Name'], { deaf: true })).code, 2);
});

test('the first commit holds what a user edited before, and later ones leave it alone', async () => {
  const desk = await openDesk();
  const app = join(desk.folder, 'flux-dev/dev/app.yaml');
  assert.equal((await desk.run(['--yes', '--owner', 'octo'])).code, 0);
  writeFileSync(app, `${readFileSync(app, 'utf8')}# mine\n`);
  const published = await desk.run(['--publish', '--yes']);
  assert.equal(published.code, 0, published.stderr);
  const shown = (): string => git(join(desk.folder, 'flux-dev'), 'show', 'HEAD:dev/app.yaml');
  assert.match(shown(), /# mine\n$/);
  writeFileSync(app, `${readFileSync(app, 'utf8')}# more\n`);
  assert.equal((await desk.run(['--publish', '--yes'])).code, 0);
  assert.doesNotMatch(shown(), /# more/);
});

test('publishing takes the place of the demo owner only, not of owners that were chosen', async () => {
  const desk = await openDesk();
  assert.equal((await desk.run(['--yes'])).code, 0);
  const cwd = join(desk.folder, 'flux-demo');
  const tenant = ['tenant', 'qa', '--owner', 'octo-org', '--yes'];
  assert.equal((await desk.run(tenant, { cwd })).code, 0);
  const { stdout } = await desk.run(['--publish', '--yes', '--dry-run', '--json']);
  const urls = JSON.parse(stdout).repositories.map(({ url }: { url: string }) => url);
  assert.ok(
    urls.some((url: string) => url.endsWith('/octo/flux-dev')),
    stdout.slice(0, 500),
  );
  assert.ok(urls.some((url: string) => url.endsWith('/octo-org/flux-qa')));
});

test('an estate does not become public while GitHub has a repository that Flux reads private', async () => {
  const desk = await openDesk();
  const flags = ['--visibility', 'private', '--owner', 'octo'];
  const first = await desk.run(['--publish', '--yes', ...flags]);
  assert.equal(first.code, 0, first.stderr);
  const cwd = join(desk.folder, 'flux-demo');
  const before = readFileSync(join(cwd, 'dev/2_sync.yaml'), 'utf8');
  const refused = await desk.run(['--visibility', 'public', '--publish', '--yes'], { cwd });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /octo\/flux-dev exists and is private, but this estate is public/);
  assert.doesNotMatch(refused.stderr, /octo\/flux-demo exists/, 'Flux does not read it');
  assert.equal(readFileSync(join(cwd, 'dev/2_sync.yaml'), 'utf8'), before);
  for (const name of ['flux-dev', 'flux-stage-prod'])
    Object.assign(desk.standIn.findRepo('octo', name) ?? {}, { private: false });
  const changed = await desk.run(['--visibility', 'public', '--publish', '--yes'], { cwd });
  assert.equal(changed.code, 0, changed.stderr);
});
