import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readTree, runCommand, runHere, temporaryFolder, writeTree } from './sandbox.ts';

test('a second run changes no file, not even its modification time, and says so', async () => {
  const folder = temporaryFolder();
  await runCommand(['--yes'], folder);
  const times = () =>
    [...readTree(folder).keys()].map((path) => [
      path,
      statSync(join(folder, path), { bigint: true }).mtimeNs,
    ]);
  const before = times();
  const { code, stderr } = await runCommand(['--yes'], folder);
  assert.equal(code, 0);
  assert.match(stderr, /Nothing to do/);
  assert.deepEqual(times(), before);
});

test('recorded settings are the defaults of the next run, and a flag beats them', async () => {
  const folder = temporaryFolder();
  await runHere(
    ['--owner=octo-org', '--scenario=flux-web=dev', '--replicas=3', '--cluster-type=aws'],
    folder,
  );
  const before = readTree(folder);
  assert.equal((await runHere([], folder)).code, 0);
  assert.deepEqual(readTree(folder), before);
  assert.equal((await runHere(['--interval=2m'], join(folder, 'flux-demo'))).code, 0);
  const sync = readTree(folder).get('flux-demo/dev/2_sync.yaml') ?? '';
  assert.match(sync, /interval: 2m0s/);
  assert.match(sync, /octo-org/);
  assert.match(readTree(folder).get('flux-web/dev/app.yaml') ?? '', /replicas: 3/);
});

test('--dry-run names repositories, files, objects and URLs on stdout and writes nothing', async () => {
  const folder = temporaryFolder();
  const { code, stdout } = await runCommand(['--dry-run', '--into', 'new'], folder);
  assert.equal(code, 0);
  for (const part of [
    'flux-stage-prod',
    'https://github.com/wolcn/flux-demo',
    'create       prod/2_sync.yaml',
    'RoleBinding/fluxdemo-dev-reconciler',
  ])
    assert.ok(stdout.includes(part), part);
  assert.equal(readTree(folder).size, 0);
});

test('--dry-run shows what would be changed, merged and asked about', async () => {
  const folder = temporaryFolder();
  await runHere(['--owner', 'octo-org'], folder);
  const readme = readTree(folder).get('flux-demo/README.md') ?? '';
  writeTree(folder, [['flux-demo/README.md', `${readme}mine\n`]]);
  const argv = ['tenant', 'qa', '--into', 'flux-demo', '--dry-run'];
  const { stdout } = await runHere([...argv, '--json'], folder);
  const { files } = JSON.parse(stdout).repositories[0];
  const actions = Object.fromEntries(
    files
      .filter((file: { action: string }) => file.action !== 'none')
      .map((file: { path: string; state: string; action: string }) => [
        file.path,
        `${file.state} ${file.action}`,
      ]),
  );
  assert.deepEqual(actions, {
    'qa/1_tenant.yaml': 'new create',
    'qa/2_sync.yaml': 'new create',
    'README.md': 'edited merge',
    '.yo-rc.json': 'ours replace',
  });
  writeTree(folder, [['flux-demo/README.md', 'mine\n']]);
  assert.match((await runHere(argv, folder)).stdout, /ask +README.md/);
});

test('--json prints one document and nothing else', async () => {
  const folder = temporaryFolder();
  const { stdout, stderr } = await runCommand(['--json'], folder);
  const report = JSON.parse(stdout);
  assert.equal(report.changed, true);
  assert.deepEqual(
    report.repositories.map((repo: { name: string }) => repo.name),
    ['flux-demo', 'flux-dev', 'flux-stage-prod'],
  );
  assert.equal(stderr, '');
});

test('other keys of the record stay', async () => {
  const folder = temporaryFolder();
  await runHere(['--owner', 'octo-org'], folder);
  const record = JSON.parse(readTree(folder).get('flux-demo/.yo-rc.json') ?? '');
  writeTree(folder, [
    ['flux-demo/.yo-rc.json', JSON.stringify({ 'generator-other': { a: 1 }, ...record })],
  ]);
  const { code, stderr } = await runHere(['tenant', 'qa'], join(folder, 'flux-demo'));
  assert.equal(code, 0, stderr);
  const updated = JSON.parse(readTree(folder).get('flux-demo/.yo-rc.json') ?? '');
  assert.deepEqual(updated['generator-other'], { a: 1 });
  assert.equal(updated['generator-flux-gitops'].environments.qa.repo, 'flux-qa');
});

test('--force overwrites what differs', async () => {
  const folder = temporaryFolder();
  await runHere([], folder);
  const before = readTree(folder);
  writeTree(folder, [
    ['flux-demo/dev/2_sync.yaml', 'mine\n'],
    ['flux-dev/README.md', 'mine\n'],
  ]);
  assert.equal((await runHere(['--force'], folder)).code, 0);
  assert.deepEqual(readTree(folder), before);
});

test('app grows an estate and never loses an environment', async () => {
  const folder = temporaryFolder();
  await runHere(['--owner', 'octo-org'], folder);
  assert.equal((await runHere(['--scenario', 'flux-qa=qa'], folder)).code, 0);
  const { environments } = JSON.parse(readTree(folder).get('flux-demo/.yo-rc.json') ?? '')[
    'generator-flux-gitops'
  ];
  const repos = Object.fromEntries(
    Object.entries(environments as Record<string, { repo: string }>).map(([name, { repo }]) => [
      name,
      repo,
    ]),
  );
  assert.deepEqual(repos, {
    dev: 'flux-dev',
    stage: 'flux-stage-prod',
    prod: 'flux-stage-prod',
    qa: 'flux-qa',
  });
});

test('help and version are printed to stdout, however they are asked for', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const print = async (...argv: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runHere(argv, '/');
    assert.equal(code, 0, stderr);
    return stdout;
  };
  assert.equal((await runCommand(['-v'], '/')).stdout, `${version}\n`);
  assert.deepEqual(JSON.parse(await print('--version', '--json')), { version });
  const [main, tenant] = [await print('--help'), await print('tenant', '--help')];
  assert.equal((await runCommand(['--help'], '/')).stdout, main);
  assert.match(main, /\n {2}flux-gitops completion bash\|zsh\|fish {2}/);
  assert.match(tenant, /flux-gitops tenant ENV/);
  for (const argv of [['help'], ['-h'], ['app', '--help'], ['help', 'help'], ['-hv']])
    assert.equal(await print(...argv), main, argv.join(' '));
  for (const argv of [
    ['help', 'tenant'],
    ['tenant', 'help'],
    ['--help', 'tenant'],
  ])
    assert.equal(await print(...argv), tenant, argv.join(' '));
  // The scripts have no plan, so another part of the command answers.
  const completion = (await runCommand(['completion', '--help'], '/')).stdout;
  assert.match(completion, /Usage:\n {2}flux-gitops completion bash\|zsh\|fish\n/);
  assert.equal((await runCommand(['help', 'completion'], '/')).stdout, completion);
});

test('the completion of an unknown shell is refused with an example', async () => {
  const { code, stdout, stderr } = await runCommand(['completion', 'tcsh'], '/');
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /"tcsh": this command takes one shell: bash, zsh, fish/);
  assert.match(stderr, /Example: flux-gitops completion bash\n/);
});

test('a completion loads no more than it needs', async () => {
  assert.deepEqual(await packagesLoadedBy(['__complete', 'fish', 'tenant', '']), []);
});

test('without questions only Node, ejs and this package are loaded', async () => {
  const argv = ['--name=fleet', '--scenario=flux-dev=dev', '--yes', '--into', 'out'];
  assert.deepEqual(await packagesLoadedBy(argv), ['ejs']);
});

/** The packages that a run with `argv` loads. */
async function packagesLoadedBy(argv: readonly string[]): Promise<string[]> {
  const folder = temporaryFolder();
  const hook = `import { registerHooks } from 'node:module';
    import { appendFileSync } from 'node:fs';
    registerHooks({ load(url, context, next) { appendFileSync(${JSON.stringify(join(folder, 'loaded'))}, url + '\\n'); return next(url, context); } });`;
  const flags = ['--import', `data:text/javascript,${encodeURIComponent(hook)}`];
  const { code, stderr } = await runCommand(argv, folder, flags);
  assert.equal(code, 0, stderr);
  const loaded = readFileSync(join(folder, 'loaded'), 'utf8')
    .split('\n')
    .filter((url) => url.startsWith('file:'));
  assert.ok(loaded.some((url) => url.includes('/lib/plan/')));
  return [
    ...new Set(
      loaded.flatMap((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []),
    ),
  ];
}

test('commands that need an estate say so in the same words', async () => {
  const folder = temporaryFolder();
  const said = async (...argv: string[]): Promise<string> => {
    const { code, stderr } = await runHere(argv, folder);
    assert.equal(code, 2);
    return stderr.replaceAll(`flux-gitops ${argv.join(' ')}`, 'flux-gitops COMMAND');
  };
  const inEstate = await said('update');
  assert.match(inEstate, /inside a repository of an estate[\s\S]*flux-gitops COMMAND --into/);
  for (const command of ['verify', 'status']) assert.equal(await said(command), inEstate);
  const inConfigRepo = await said('tenant', 'qa');
  for (const argv of [['remove', 'qa'], ['credentials']])
    assert.equal(await said(...argv), inConfigRepo);
});
