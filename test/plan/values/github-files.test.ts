import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { packageVersion } from '../../../lib/disk/package-files.ts';
import { KUBERNETES_VERSION } from '../../../lib/plan/values/operator-tier.ts';
import { faultsOf } from '../../actionlint.ts';
import { goldenTree, validCases } from '../../golden.ts';
import { BIN, folderAfter, readTree, succeed, temporaryFolder, writeTree } from '../../sandbox.ts';
import { runStep, WORKFLOW, workflowOf } from '../../workflow.ts';

const repositoriesWith = (folder: string, path: string): string[] =>
  [...readTree(folder).keys()]
    .filter((one) => one.endsWith(`/${path}`))
    .map((one) => one.slice(0, -path.length - 1));

/** A folder with the program `name`, a script in bash. */
function programsWith(name: string, script: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, name), `#!/usr/bin/env bash\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
  return folder;
}

/** A folder with the command of this checkout, as the step before installs it. */
const commandHere = (): string =>
  programsWith('flux-gitops', `exec "${process.execPath}" "${BIN}" "$@"`);

const OWNER = ['--owner', 'octo-org'];
const EVERY = ['flux-demo', 'flux-dev', 'flux-stage-prod'];

describe('--ci github', () => {
  test('nobody has a workflow who did not ask for it', async () => {
    const folder = await folderAfter(OWNER);
    assert.deepEqual(repositoriesWith(folder, WORKFLOW), []);
    assert.deepEqual(repositoriesWith(folder, '.github/CODEOWNERS'), []);
  });

  test('a later run keeps it, and gives it to a new app repo', async () => {
    const folder = await folderAfter([...OWNER, '--ci', 'github']);
    assert.deepEqual(repositoriesWith(folder, WORKFLOW), EVERY);
    await succeed(['tenant', 'qa', '--into', 'flux-demo'], folder);
    await succeed(['--scenario', 'flux-uat=uat'], folder);
    const all = ['flux-demo', 'flux-dev', 'flux-qa', 'flux-stage-prod', 'flux-uat'];
    assert.deepEqual(repositoriesWith(folder, WORKFLOW), all);
    const before = readTree(folder);
    await succeed([], folder);
    assert.deepEqual(readTree(folder), before);
  });

  test('added to an estate that exists, it is what a new one has', async () => {
    const added = await folderAfter(OWNER, [
      '--ci',
      'github',
      '--codeowners',
      '@octo-org/platform',
    ]);
    const whole = [...OWNER, '--ci', 'github', '--codeowners', '@octo-org/platform'];
    assert.deepEqual(readTree(added), readTree(await folderAfter(whole)));
  });

  test('--ci none removes the workflows, but not one that a user edited', async () => {
    const folder = await folderAfter([...OWNER, '--ci', 'github']);
    const edited = join(folder, 'flux-dev', WORKFLOW);
    writeFileSync(edited, `${readFileSync(edited, 'utf8')}# mine\n`);
    const stderr = await succeed(['--ci', 'none'], folder);
    assert.deepEqual(repositoriesWith(folder, WORKFLOW), ['flux-dev']);
    assert.match(stderr, /no longer needed, and are removed: .*validate\.yaml/);
    assert.match(
      stderr,
      /stay because you edited them: \S*flux-dev\/\.github\/workflows\/validate\.yaml/,
    );
    await succeed(['tenant', 'qa', '--into', 'flux-demo'], folder);
    assert.ok(!existsSync(join(folder, 'flux-qa', WORKFLOW)));
  });

  test('an app repo of its own has one, and keeps it in an estate that has none', async () => {
    const folder = await folderAfter(
      ['scenario-repo', 'flux-qa', ...OWNER, '--ci', 'github'],
      OWNER,
    );
    assert.deepEqual(repositoriesWith(folder, WORKFLOW), ['flux-qa']);
    await succeed(['tenant', 'qa', '--into', 'flux-demo'], folder);
    await succeed([], folder);
    assert.deepEqual(repositoriesWith(folder, WORKFLOW), ['flux-qa']);
    await succeed(['--ci', 'none'], folder);
    assert.deepEqual(repositoriesWith(folder, WORKFLOW), []);
  });

  test('a merge with a branch that was written before there was such a setting is no conflict', async () => {
    const folder = await folderAfter([...OWNER, '--ci', 'none']);
    const file = join(folder, 'flux-demo/.yo-rc.json');
    const text = readFileSync(file, 'utf8').replace(
      /,\n( *)"ci": "none"\n/,
      '\n<<<<<<< HEAD\n$1, "ci": "none"\n=======\n>>>>>>> older\n',
    );
    assert.match(text, /<<<<<<< HEAD\n +, "ci"/);
    writeFileSync(file, text);
    await succeed([], folder);
    const record = JSON.parse(readFileSync(file, 'utf8'))['generator-flux-gitops'];
    assert.equal(record.settings.ci, 'none');
  });

  test('the workflow follows the branches that Flux follows', async () => {
    const folder = await folderAfter(
      [...OWNER, '--ci', 'github', '--branch', 'main'],
      ['tenant', 'qa', '--repo', 'flux-dev', '--branch', 'next', '--into', 'flux-demo'],
    );
    assert.deepEqual(workflowOf(join(folder, 'flux-demo')).on.push.branches, ['main']);
    assert.deepEqual(workflowOf(join(folder, 'flux-dev')).on.push.branches, ['main', 'next']);
  });
});

describe('the workflow', () => {
  test('has no fault that actionlint knows, in any case', () => {
    const workflows = validCases().flatMap(({ name }) =>
      [...goldenTree(name)]
        .filter(([path]) => path.includes('.github/workflows/'))
        .map(([path, text]): [string, string] => [`${name}/${path}`, text]),
    );
    assert.ok(workflows.length >= 4);
    assert.deepEqual(faultsOf(workflows), []);
    assert.notDeepEqual(faultsOf([['a.yaml', 'on: push\njobs: {}\n']]), []);
  });

  test('may read and nothing else, and names a version of everything that it uses', async () => {
    const folder = await folderAfter([...OWNER, '--ci', 'github']);
    const { permissions, env, jobs, on } = workflowOf(join(folder, 'flux-dev'));
    assert.deepEqual(permissions, { contents: 'read' });
    assert.equal(jobs.validate.permissions, undefined);
    assert.ok('pull_request' in on && !('pull_request_target' in on));
    const [checkout, ...others] = jobs.validate.steps.filter(({ uses }) => uses !== undefined);
    assert.deepEqual(others, []);
    assert.match(checkout?.uses ?? '', /^actions\/checkout@[0-9a-f]{40}$/);
    assert.equal(checkout?.with?.['persist-credentials'], false);
    for (const [name, version] of Object.entries(env).filter(([name]) => /VERSION$/.test(name)))
      assert.match(version, /^v?\d+\.\d+\.\d+$/, name);
    assert.equal(env.KUBERNETES_VERSION, KUBERNETES_VERSION);
    const text = readFileSync(join(folder, 'flux-dev', WORKFLOW), 'utf8');
    assert.doesNotMatch(text, /@latest|\/latest\/|secrets\.|\$\{\{/);
  });

  test('finds a kustomization.yaml that Flux ignores, where repositories are private', async () => {
    const step = 'Find a kustomization.yaml that Flux ignores';
    const folder = join(await folderAfter([...OWNER, '--ci', 'github']), 'flux-dev');
    const names = (): unknown[] => workflowOf(folder).jobs.validate.steps.map(({ name }) => name);
    assert.ok(!names().includes(step));
    await succeed(['--visibility', 'private', '--into', '..'], folder);
    assert.ok(names().includes(step));
    const find = () => runStep(step, { folder, temp: temporaryFolder() });
    execFileSync('git', ['init', '--quiet'], { cwd: folder });
    writeTree(folder, [
      ['dev/my-kustomization.yaml', 'kind: ConfigMap\n'],
      ['base/kustomization.yaml', 'resources: []\n'],
    ]);
    execFileSync('git', ['add', '--all'], { cwd: folder });
    assert.deepEqual(find(), { status: 0, output: '' });
    writeTree(folder, [['dev/app/kustomization.yaml', 'resources: []\n']]);
    execFileSync('git', ['add', '--all'], { cwd: folder });
    const { status, output } = find();
    assert.equal(status, 1);
    assert.match(output, /dev\/app\/kustomization\.yaml\nCommit what `kustomize build` prints/);
  });

  test('of the config repo verifies the whole estate, and installs the version that wrote it', async () => {
    const folder = await folderAfter([...OWNER, '--ci', 'github']);
    const { env, jobs } = workflowOf(join(folder, 'flux-demo'));
    assert.equal(env.FLUX_GITOPS_VERSION, packageVersion());
    assert.ok(jobs.verify);
    assert.equal(jobs.verify.permissions, undefined);
    assert.deepEqual(
      jobs.verify.steps.flatMap(({ uses }) => uses ?? []),
      jobs.validate.steps.flatMap(({ uses }) => uses ?? []),
    );
    const text = readFileSync(join(folder, 'flux-demo', WORKFLOW), 'utf8');
    assert.doesNotMatch(
      text,
      /@latest|\/latest\/|secrets\.|\$\{\{/,
      'public repositories need no secret',
    );
    assert.equal(workflowOf(join(folder, 'flux-dev')).jobs.verify, undefined);

    // The app repos are here already, so --fetch clones nothing.
    const job = {
      folder: join(folder, 'flux-demo'),
      temp: temporaryFolder(),
      name: 'verify',
    } as const;
    const verify = () => runStep('Verify the estate', { ...job, programs: commandHere() });
    assert.match(verify().output, /Nothing is wrong/);
    const app = join(folder, 'flux-dev/dev/app.yaml');
    writeFileSync(app, readFileSync(app, 'utf8').replace('replicas: 1', 'replicas: "1"'));
    const failed = verify();
    assert.equal(failed.status, 1);
    assert.match(failed.output, /field-type/);

    const compare = () =>
      runStep('Compare the files with the settings', { ...job, programs: commandHere() });
    assert.doesNotMatch(compare().output, /::warning::/);
    const record = join(job.folder, '.yo-rc.json');
    writeFileSync(
      record,
      readFileSync(record, 'utf8').replace('"interval": "1m0s"', '"interval": "5m0s"'),
    );
    const { status, output } = compare();
    assert.equal(status, 0, output);
    assert.match(output, /2_sync\.yaml[\s\S]*::warning::/);
  });

  test('of a private config repo reads the app repos with a token that no file, argument or address has', async () => {
    const folder = join(
      await folderAfter([...OWNER, '--visibility', 'private', '--ci', 'github']),
      'flux-demo',
    );
    const said = join(temporaryFolder(), 'said');
    const programs = programsWith(
      'flux-gitops',
      `echo "$@" >> "${said}"; git credential fill <<< 'url=https://github.com/octo-org/flux-dev' >> "${said}"`,
    );
    const env = {
      ...{ HOME: temporaryFolder(), GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' },
      ...{ GITHUB_SERVER_URL: 'https://github.com', GIT_ASKPASS: 'false' },
    };
    const job = { folder, temp: temporaryFolder(), name: 'verify', programs } as const;
    const run = (token: string) =>
      runStep('Verify the estate', { ...job, env: { ...env, APP_REPOS_TOKEN: token } });
    const { output } = run('');
    assert.match(output, /::notice::The app repos are not checked/);
    assert.match(readFileSync(said, 'utf8'), /^verify\n/);
    assert.equal(run('some-token').status, 0);
    assert.match(readFileSync(said, 'utf8'), /^verify --fetch\n[\s\S]*^password=some-token$/m);
    const files = [...readTree(env.HOME).values(), ...readTree(folder).values()];
    assert.ok(files.some((text) => text.includes('APP_REPOS_TOKEN')));
    assert.ok(!files.some((text) => text.includes('some-token')));
  });

  test('of a config repo that is pushed as an artifact is not held up by the app repos', async () => {
    const folder = await folderAfter([...OWNER, '--source', 'oci', '--sync-config']);
    assert.equal(workflowOf(join(folder, 'flux-demo')).jobs.verify, undefined);
    await succeed(['--ci', 'github', '--visibility', 'private'], folder);
    const text = readFileSync(join(folder, 'flux-demo', WORKFLOW), 'utf8');
    assert.match(text, /verify:\n.*\n {4}if: github\.event_name == 'pull_request'/);
    assert.deepEqual(faultsOf([[WORKFLOW, text]]), []);
  });

  test('lists what git knows, less the templates of charts', async () => {
    const folder = join(await folderAfter([...OWNER, '--ci', 'github']), 'flux-dev');
    writeTree(folder, [
      ['charts/shop/Chart.yaml', 'name: shop\n'],
      ['charts/shop/templates/a.yaml', '{{ a }}\n'],
      ['charts/shop/values.yml', 'a: 1\n'],
      ['templates/with blank.yaml', 'a: 1\n'],
      ['.gitignore', 'ignored.yaml\n'],
      ['ignored.yaml', 'a: 1\n'],
    ]);
    for (const argv of [
      ['init', '--quiet'],
      ['add', '--all'],
    ])
      execFileSync('git', argv, { cwd: folder });
    const temp = temporaryFolder();
    const { status, output } = runStep('List the YAML files', { folder, temp });
    assert.equal(status, 0, output);
    assert.deepEqual(readFileSync(join(temp, 'yaml-files'), 'utf8').split('\0').sort(), [
      '',
      WORKFLOW,
      'charts/shop/Chart.yaml',
      'charts/shop/values.yml',
      'dev/app.yaml',
      'templates/with blank.yaml',
    ]);
  });
});

describe('--codeowners', () => {
  const owners = async (folder: string): Promise<string | undefined> =>
    readTree(folder)
      .get('flux-demo/.github/CODEOWNERS')
      ?.split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .join('\n');

  test('stays in a later run, changes as a whole, and goes with none', async () => {
    const folder = await folderAfter([...OWNER, '--codeowners', '@octo-org/platform']);
    await succeed(['tenant', 'qa', '--into', 'flux-demo'], folder);
    assert.equal(await owners(folder), '* @octo-org/platform');
    await succeed(['--codeowners', '@mona', '--codeowners', 'mona@example.com'], folder);
    assert.equal(await owners(folder), '* @mona mona@example.com');
    await succeed(['--codeowners', 'none'], folder);
    assert.equal(await owners(folder), undefined);
    const record = readTree(folder).get('flux-demo/.yo-rc.json') ?? '';
    assert.doesNotMatch(record, /codeowners/i);
  });
});
