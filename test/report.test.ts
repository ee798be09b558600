import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { usageOf } from '../lib/disk/package-files.ts';
import { openWorkspace } from '../lib/disk/workspace.ts';
import { planApp } from '../lib/plan/app.ts';
import { reportOf, summaryText } from '../lib/report.ts';
import { execute, prepare } from '../lib/run.ts';
import { parseArguments } from '../lib/settings/arguments.ts';
import { helpText } from '../lib/settings/help.ts';
import { sayWith, type Terminal } from '../lib/terminal.ts';
import {
  folderAfter,
  readTree,
  runCommand,
  runHere,
  temporaryFolder,
  writeTree,
} from './sandbox.ts';

const nextOf = (stderr: string): string[] =>
  (stderr.split('\nNext:\n')[1] ?? '').split('\n').map((line) => line.trim());

const order = (steps: readonly string[], texts: readonly string[]): void => {
  const places = texts.map((text) => steps.findIndex((step) => step.includes(text)));
  assert.ok(!places.includes(-1), `${texts[places.indexOf(-1)]} in\n${steps.join('\n')}`);
  assert.deepEqual(
    places,
    [...places].sort((one, other) => one - other),
  );
};

test('the next steps push, install Flux, apply the policies and every environment', async () => {
  const { stderr } = await runHere(['--owner', 'octo-org'], temporaryFolder());
  order(nextOf(stderr), [
    'kind create cluster',
    'flux-gitops --publish --yes',
    'for repo in flux-dev flux-stage-prod flux-demo; do',
    'repo create octo-org/"$repo" --public --source',
    'helm upgrade --install flux-operator',
    'install/flux-operator-values.yaml',
    'charts/flux-instance --version',
    '/policies/',
    '/dev/',
    '/stage/',
    '/prod/',
    'wait kustomization/flux-dev',
    'port-forward',
  ]);
});

test('without the demo app the next steps show no page', async () => {
  const { stderr } = await runHere(['--owner', 'octo-org', '--no-demo'], temporaryFolder());
  order(nextOf(stderr), ['/dev/', 'wait kustomization/flux-dev', 'the folder dev of flux-dev']);
  assert.doesNotMatch(stderr, /kcheck|localhost/);
  const demo = await runHere(['--no-demo'], temporaryFolder());
  assert.match(demo.stderr.replace(/\s+/g, ' '), /--no-demo changes nothing for dev, stage, prod/);
});

test('without the file of the demo app the next steps show no page, or that of another environment', async () => {
  const folder = temporaryFolder();
  await runHere(['--owner', 'octo-org'], folder);
  const run = async (...argv: string[]): Promise<string> =>
    nextOf((await runHere(argv, folder)).stderr).join('\n');
  rmSync(join(folder, 'flux-dev/dev/app.yaml'));
  assert.match(await run('--interval', '2m'), /--namespace fluxdemo-stage port-forward/);
  const tenant = await run('tenant', 'prod', 'stage', '--size', 'large', '--into', 'flux-demo');
  assert.match(tenant, /port-forward/);
  const own = ['tenant', 'stage', '--size', 'small', '--into', 'flux-demo'];
  rmSync(join(folder, 'flux-stage-prod/stage/app.yaml'));
  assert.doesNotMatch(await run(...own), /port-forward|localhost/);
});

test('the next steps of a later run say what that run changed, and nothing else', async () => {
  const folder = temporaryFolder();
  await runHere(['--owner', 'octo-org'], folder);
  const run = async (...argv: string[]): Promise<string> =>
    nextOf((await runHere(argv, folder)).stderr).join('\n');
  const tenant = await run('tenant', 'qa', '--into', 'flux-demo');
  assert.match(tenant, /apply -f \S*flux-demo\/qa\//);
  assert.doesNotMatch(tenant, /helm|kind|flux-demo\/(dev|policies)\//);
  const owner = await run('tenant', 'pay', '--owner', 'other-org', '--into', 'flux-demo');
  order(owner.split('\n'), ['other-org/flux-pay', 'flux-demo/policies/', 'flux-demo/pay/']);
  assert.match(
    await run('--cluster-type', 'openshift'),
    /Bring the changes in install\/ to the cluster/,
  );
  assert.doesNotMatch(await run('--sync-config'), /apply -f/);
});

test('a repository that git knows already gets a commit and a push, no new repository', async () => {
  const folder = temporaryFolder();
  await runHere(['--owner', 'octo-org'], folder);
  mkdirSync(join(folder, 'flux-demo/.git'));
  const { stderr } = await runHere(['tenant', 'qa', '--into', 'flux-demo'], folder);
  assert.match(
    stderr,
    /git -C \S*flux-demo commit --message 'Change the estate' && git -C \S*flux-demo push/,
  );
  assert.match(stderr, /gh repo create octo-org\/flux-qa/);
  assert.doesNotMatch(stderr, /gh repo create octo-org\/flux-demo/);
});

test('a folder that pushes to the old owner gets the new address, and one without a remote gets a repository', async () => {
  const folder = temporaryFolder();
  await runHere(['--owner', 'acme'], folder);
  const git = (repo: string, ...words: string[]): string =>
    execFileSync('git', ['-C', join(folder, repo), ...words], { encoding: 'utf8' });
  for (const [repo, address] of [
    ['flux-dev', 'git@github.com:acme/flux-dev.git'],
    ['flux-stage-prod', 'https://github.com/Other/flux-stage-prod'],
    ['flux-demo', ''],
  ] as const) {
    git(repo, 'init', '--quiet');
    if (address !== '') git(repo, 'remote', 'add', 'origin', address);
  }
  const { stderr } = await runHere(['--owner', 'other'], folder);
  const text = asInParent(stderr);
  for (const line of [
    'gh repo create other/flux-dev --public\n',
    'git -C flux-dev remote set-url origin https://github.com/other/flux-dev\n',
    'git -C flux-dev push --set-upstream origin HEAD\n',
    "git -C flux-stage-prod commit --message 'Change the estate' && git -C flux-stage-prod push\n",
    'gh repo create flux-demo --public --source flux-demo --push\n',
  ])
    assert.ok(text.includes(line), `${line} in\n${text}`);
  assert.doesNotMatch(text, /set-url origin \S*flux-(stage-prod|demo)|flux-gitops --publish/);
  const readme = readFileSync(join(folder, 'flux-demo/README.md'), 'utf8');
  assert.match(readme, /remote set-url origin https:\/\/github\.com\/OTHER\/"\$repo"/);
});

test('a value that is safe for private repositories stays when they become public, and the run says which flag changes it', async () => {
  const kept =
    /dev, stage, prod still may not use kustomization\.yaml[^.]*\. To let tenants use it, give --allow-kustomize\./;
  const run = async (...flags: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runHere(['--owner', 'acme', ...flags], folder);
    assert.equal(code, 0, stderr);
    return (stdout + stderr).replaceAll(/\s+/g, ' ');
  };
  const folder = await folderAfter(['--owner', 'acme', '--visibility', 'private']);
  assert.doesNotMatch(await run(), kept);
  assert.match(await run('--visibility', 'public', '--dry-run'), kept);
  for (const value of ['', '=no'])
    assert.doesNotMatch(
      await run('--visibility', 'public', `--allow-kustomize${value}`, '--dry-run'),
      kept,
    );
  assert.match(await run('--visibility', 'public'), kept);
  assert.doesNotMatch(await run('--interval', '5m'), kept);
});

test('another visibility comes with the commands that change it on GitHub, where the repositories are there', async () => {
  const folder = temporaryFolder();
  const run = async (...argv: string[]) => (await runHere(argv, folder)).stderr;
  await run('--owner', 'acme');
  const edit = /gh repo edit/;
  const fresh = await run('--visibility', 'private');
  assert.doesNotMatch(fresh, edit, 'nothing is on GitHub yet');
  await run('--visibility', 'public');
  for (const repo of ['flux-dev', 'flux-stage-prod', 'flux-demo']) {
    const git = (...words: string[]) => execFileSync('git', ['-C', join(folder, repo), ...words]);
    git('init', '--quiet');
    git('remote', 'add', 'origin', `https://github.com/acme/${repo}`);
  }
  for (const visibility of ['private', 'public']) {
    const text = await run('--visibility', visibility);
    order(nextOf(text), [
      `Make the repositories ${visibility} on GitHub`,
      `gh repo edit acme/flux-demo --visibility ${visibility} --accept-visibility-change-consequences`,
      `gh repo edit acme/flux-dev --visibility ${visibility}`,
      'flux-gitops --publish --yes',
    ]);
    assert.doesNotMatch(await run('--interval', visibility === 'public' ? '5m' : '6m'), edit);
  }
});

test('more environments than a screen holds are applied by a loop', async () => {
  const names = Array.from({ length: 30 }, (_, index) => `env-${index}`);
  const { stderr } = await runHere(['--scenario', `shop=${names.join(',')}`], temporaryFolder());
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a parameter of the shell
  assert.ok(stderr.includes('kubectl apply -f "${tenant%/*}/"'), stderr);
  assert.doesNotMatch(stderr, /apply -f \S*env-1\//);
});

test('commands to copy are quoted for a shell', async () => {
  const folder = temporaryFolder();
  const { stderr } = await runHere(['--owner', 'octo-org', '--into', "it's here"], folder);
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

test('a refusal is said once, and its example is a good one', async () => {
  const refusal = async (...flags: string[]): Promise<string> => {
    const { code, stderr } = await runHere(['--owner', 'octo', ...flags], temporaryFolder());
    assert.equal(code, 2);
    return stderr;
  };
  const oci = await refusal('--source', 'oci', '--github-url', 'https://ghe.example.com');
  assert.equal(oci.split('Sigstore knows the identities').length, 2);
  const kind = await refusal('--credentials', 'ssh');
  assert.match(kind, /Example: --visibility private --credentials deploy-key\n/);
  const address = await refusal('--ssh-url', 'git@github.com:acme');
  for (const text of [kind, address])
    assert.doesNotMatch(text, /Example: .*(credentials ssh|git@github\.com:acme)/);
});

test('help is printed however it is asked for', async () => {
  const folder = temporaryFolder();
  const whole = (await runHere(['tenant', '--help'], folder)).stdout;
  for (const argv of [
    ['help', 'tenant'],
    ['tenant', 'help'],
    ['tenant', '-h'],
  ])
    assert.equal((await runHere(argv, folder)).stdout, whole, argv.join(' '));
  assert.match(whole, /flux-gitops tenant ENV/);
  const { version } = JSON.parse((await runHere(['--yes', '--json'], folder)).stdout);
  assert.equal(version, undefined);
  assert.match((await runHere(['-v'], folder)).stdout, /^\d+\.\d+\.\d+\n$/);
  assert.equal((await runHere(['-y'], folder)).code, 0);
});

test('a run that changed nothing because files were kept does not call them as they should be', async () => {
  const folder = temporaryFolder();
  await runHere(['--owner', 'octo-org'], folder);
  writeTree(folder, [['flux-demo/README.md', 'mine\n']]);
  const { stderr } = await runHere([], folder);
  assert.match(stderr, /Nothing was changed\./);
  assert.doesNotMatch(stderr, /up to date/);
});

test('READMEs of an estate with Secrets of the user say where they go, and give no advice for public ones', async () => {
  const folder = temporaryFolder();
  await runHere(['--owner', 'octo', '--visibility', 'private', '--credentials', 'none'], folder);
  const [config, app] = ['flux-demo', 'flux-dev'].map((repo) =>
    readFileSync(join(folder, repo, 'README.md'), 'utf8'),
  );
  assert.match(
    config ?? '',
    /## Private repositories\n\nYou make the Secrets for `dev`, `stage`, `prod`/,
  );
  assert.match(config ?? '', /the Secret that you made is missing/);
  assert.match(app ?? '', /## This repository is private/);
  for (const text of [config, app])
    assert.doesNotMatch(text ?? '', /run `flux-gitops --visibility private`|keep the fork public/);
});

test('READMEs have no row that cannot occur: of git without git, of limits without limits', async () => {
  const rows = async (...flags: string[]): Promise<string> => {
    const folder = temporaryFolder();
    await runHere(['--owner', 'octo', ...flags], folder);
    const files = ['flux-demo/README.md', 'flux-dev/README.md'];
    return files.map((file) => readFileSync(join(folder, file), 'utf8')).join('');
  };
  const git = /GitRepository \||couldn't find remote ref/;
  const limits = /exceeded quota|violates PodSecurity|--size|memory limit/;
  assert.doesNotMatch(await rows('--source', 'oci'), git);
  assert.doesNotMatch(await rows('--profile', 'reference'), limits);
  const usual = await rows();
  assert.match(usual, git);
  assert.match(usual, limits);
  const mixed = await rows('--profile', 'reference', '--source', 'oci', '--sync-config');
  assert.doesNotMatch(mixed, git);
});

test('READMEs say what holds after each change', async () => {
  const folder = temporaryFolder();
  await runHere(['--owner', 'octo-org'], folder);
  const readme = (): string => readTree(folder).get('flux-demo/README.md') ?? '';
  assert.match(readme(), /Tenants may use a `kustomization\.yaml`/);
  await runHere(['--visibility', 'private'], folder);
  assert.match(readme(), /Tenants deploy plain manifests/);
  assert.match(readTree(folder).get('flux-dev/README.md') ?? '', /must be plain manifests/);
  await runHere(['tenant', 'dev', '--allow-kustomize', '--into', 'flux-demo'], folder);
  assert.match(readme(), /Already allowed: dev\./);
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
    ask: async () => ({ owner: 'octo-org', content: 'a b', more: 'demo app' }),
    confirm: async (message) => message === 'Write this?',
    resolve: async () => new Set(),
  };
  const prepared = await prepare('app', [], terminal, { cwd: folder });
  assert.ok(prepared);
  await execute(prepared);
  const plan = said.join('\n');
  assert.match(plan, /^dev +fluxdemo-dev +flux-dev +hardened$/m);
  assert.match(plan, /flux-demo {2}files: \d+ to create/);
  const command = /as one command:\n {2}(flux-gitops .*)/.exec(plan)?.[1];
  assert.equal(command, "flux-gitops --owner=octo-org '--content=a b' --yes");
  assert.ok(plan.split('\n').length < 28);
  for (const line of plan.split('\n')) assert.ok(line.length <= 80, line);
});

test('help is at most 100 columns wide, with every flag under a heading', async () => {
  for (const command of ['app', 'tenant', 'scenario-repo'] as const) {
    const help = helpText(command, usageOf(command));
    for (const line of help.split('\n')) assert.ok(line.length <= 100, line);
    assert.match(help, /\nFlags: this run\n/);
  }
});

test('the plan fits a narrow terminal', async () => {
  const { given } = parseArguments('app', ['--owner', 'octo-org']);
  const { plan } = planApp(given, openWorkspace('app', temporaryFolder(), '.', undefined, []));
  assert.ok(plan);
  const report = reportOf(plan, [], false);
  const paint = (_: string, text: string): string => text;
  for (const width of [40, 60, 80])
    for (const line of summaryText(plan, report, ['flux-gitops'], { paint, width }).split('\n'))
      assert.ok(line.length <= width, `${width}: ${line}`);
});

/** A terminal whose person gives `answers`; `asked` gets the names of the questions. */
const answering = (answers: Record<string, string>, asked: string[] = []): Terminal => ({
  interactive: true,
  say: () => undefined,
  ask: async ([question]) => {
    if (question === undefined) return {};
    asked.push(question.name);
    const answer = answers[question.name];
    return answer === undefined ? {} : { [question.name]: answer };
  },
  confirm: async () => true,
  resolve: async () => new Set(),
});

/** Runs `work` with `variables` in the environment; those that are undefined are not there. */
async function withVariables<T>(
  variables: Readonly<Record<string, string | undefined>>,
  work: () => Promise<T>,
): Promise<T> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  const set = (entries: readonly (readonly [string, string | undefined])[]): void => {
    for (const [name, value] of entries)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  };
  set(Object.entries(variables));
  return work().finally(() => set(before));
}

test('on a terminal publishing is offered where there is a token, and nowhere else', async () => {
  const run = async (token: string | undefined, publish = 'no') => {
    const asked: string[] = [];
    const terminal = answering({ owner: 'octo-org', publish }, asked);
    const argv = ['--github-url', 'https://github.invalid'];
    const prepared = await withVariables({ GH_ENTERPRISE_TOKEN: token }, () =>
      prepare('app', argv, terminal, { cwd: temporaryFolder() }),
    );
    return { asked, given: prepared?.given };
  };
  const { asked, given } = await run('ghp_something');
  assert.ok(asked.length <= 6, asked.join());
  assert.ok(asked.includes('publish'));
  assert.equal(given?.switches.publish, undefined);
  assert.ok(!(await run(undefined)).asked.includes('publish'));
  const { given: wanted } = await run('ghp_something', 'private');
  assert.deepEqual([wanted?.switches.publish, wanted?.texts.visibility], [true, ['private']]);
});

test('whoever is signed in with gh is the default owner', async () => {
  const folder = temporaryFolder();
  writeTree(folder, [['gh/hosts.yml', 'github.invalid:\n    user: mona\n']]);
  const variables = { GH_CONFIG_DIR: join(folder, 'gh'), GH_ENTERPRISE_TOKEN: undefined };
  const owner = async (url: string, answers = {}): Promise<string | undefined> =>
    withVariables(variables, async () => {
      const argv = ['--github-url', url];
      const prepared = await prepare('app', argv, answering(answers), { cwd: temporaryFolder() });
      return prepared?.given.texts.owner?.[0];
    });
  assert.equal(await owner('https://github.invalid'), 'mona');
  assert.equal(await owner('https://github.invalid', { owner: 'octo-org' }), 'octo-org');
  assert.equal(await owner('https://other.invalid'), undefined);
});

test('app repos may be named first, and are then asked for one by one', async () => {
  const run = async (scenario: string, more = {}): Promise<readonly string[] | undefined> => {
    const terminal = answering({ owner: 'octo-org', scenario, ...more });
    return (await prepare('app', [], terminal, { cwd: temporaryFolder() }))?.given.texts.scenario;
  };
  const fed = { 'environments of shop': 'dev, prod', 'environments of web': 'qa' };
  assert.deepEqual(await run('shop, web', fed), ['shop=dev,prod', 'web=qa']);
  assert.deepEqual(await run(' shop = dev , prod  web=qa '), ['shop=dev,prod', 'web=qa']);
  assert.deepEqual(await run('shop=dev,web=qa'), ['shop=dev', 'web=qa']);
  assert.deepEqual(await run('shop web=qa'), ['shop=shop-dev,shop-prod', 'web=qa']);
  assert.deepEqual(await run('shop'), ['shop=dev,stage,prod']);
  assert.equal(await run('flux-dev=dev  flux-stage-prod = stage, prod'), undefined);
});

test('an answer is refused in one sentence, without a word about flags', async () => {
  const refusals: string[] = [];
  const wrong: Record<string, string> = {
    name: 'Bad Name!!',
    owner: '-x-',
    scenario: 'shop=De,prod',
    prefix: 'Flux_Demo',
    branch: '..',
    interval: '5',
  };
  const terminal: Terminal = {
    ...answering({}),
    ask: async ([question]) => {
      const text = wrong[question?.name ?? ''];
      if (question && text !== undefined) {
        const refusal = question.validate(text, {});
        refusals.push(refusal === true ? `${question.name} takes ${text}` : refusal);
      }
      if (question?.name === 'owner') return { owner: 'octo-org' };
      const groups = question?.name === 'more' ? question.choices?.[1]?.value : undefined;
      return groups === undefined ? {} : { more: groups };
    },
  };
  await prepare('app', [], terminal, { cwd: temporaryFolder() });
  assert.equal(refusals.length, Object.keys(wrong).length, refusals.join('\n'));
  for (const refusal of refusals) {
    assert.match(refusal, /^(environment )?".*": .*\.$/);
    assert.doesNotMatch(refusal, /--| {2}|\n/);
  }
});

test('progress is shown in place on a terminal, and as lines elsewhere', () => {
  const shownOn = (isTTY: boolean): { written: string; printed: string[] } => {
    let written = '';
    const printed: string[] = [];
    const stream = new PassThrough().on('data', (chunk) => (written += String(chunk)));
    const say = sayWith(
      (text) => printed.push(text),
      Object.assign(stream, { isTTY, columns: 20 }) as unknown as NodeJS.WriteStream,
    );
    say('first');
    say('octo/flux-dev: 10%', 'progress');
    say('octo/flux-dev: 90%, which is longer', 'progress');
    say('last');
    say('', 'progress');
    stream.read();
    return { written, printed };
  };
  const { written, printed } = shownOn(true);
  assert.deepEqual(printed, ['first', 'last']);
  assert.equal(
    written,
    'octo/flux-dev: 10%\u001b[1G\u001b[2Kocto/flux-dev: 90%,\u001b[1G\u001b[2K',
  );
  assert.deepEqual(shownOn(false), {
    written: '',
    printed: ['first', 'octo/flux-dev: 10%', 'octo/flux-dev: 90%, which is longer', 'last'],
  });
});

test('a changed profile and prefix come with the commands that kubectl apply cannot do', async () => {
  const folder = temporaryFolder();
  await runHere(['--owner', 'octo-org'], folder);
  const reference = (await runHere(['--profile', 'reference'], folder)).stderr;
  assert.match(reference, /delete validatingadmissionpolicies,\S+ tenant-access .*tenant-syncs/);
  assert.match(
    reference,
    /fluxdemo-dev delete rolebindings,\S+ --selector toolkit\.fluxcd\.io\/tenant=fluxdemo-dev/,
  );
  assert.doesNotMatch(reference, /apply -f \S*policies/);
  const prefix = (await runHere(['--prefix', 'acme'], folder)).stderr;
  assert.match(prefix, /kubectl delete namespace fluxdemo-dev/);
});

/** `text` as it would be in the folder that holds the repositories. */
const asInParent = (text: string): string =>
  text.replaceAll(/(?<=[ =])[^\s=]*?(?=flux-demo\b)/g, '');

test('private repositories come with the command for the Secrets, between namespaces and syncs', async () => {
  const run = async (...argv: string[]) =>
    asInParent((await runHere(argv, temporaryFolder())).stderr);
  const mine = ['--owner', 'octo-org', '--visibility', 'private'];
  const inOrder = (text: string, ...lines: string[]): void => {
    const places = lines.map((line) => text.indexOf(`   ${line}\n`));
    assert.ok(!places.includes(-1), text);
    assert.deepEqual(
      places,
      places.toSorted((one, other) => one - other),
    );
  };
  inOrder(
    await run(...mine),
    'kubectl apply -f flux-demo/dev/1_tenant.yaml',
    'flux-gitops credentials dev stage prod --into=flux-demo --publish | kubectl apply -f -',
    'kubectl apply -f flux-demo/dev/',
  );
  const followed = await run(...mine, '--sync-config', '--credentials', 'token');
  inOrder(
    followed,
    'flux-gitops credentials flux-demo --into=flux-demo | kubectl apply -f -',
    '  --values flux-demo/install/flux-instance-values.yaml',
    'kubectl wait --for=create --timeout=5m namespace/fluxdemo-dev namespace/fluxdemo-stage namespace/fluxdemo-prod',
    'flux-gitops credentials dev stage prod --into=flux-demo | kubectl apply -f -',
  );
  assert.doesNotMatch(followed, /kubectl apply -f flux-demo/);
  const own = await run(...mine, '--credentials', 'none');
  assert.match(own, /private-repositories\.md/);
  assert.doesNotMatch(own, /flux-gitops credentials/);
  assert.doesNotMatch(await run('--owner', 'octo-org'), /credentials|private-repositories\.md/);
});

test('a later run asks for a Secret only where Flux reads in another way than before', async () => {
  const folder = temporaryFolder();
  const run = async (...argv: string[]) => asInParent((await runHere(argv, folder)).stderr);
  await run('--owner', 'octo-org', '--visibility', 'private');
  assert.doesNotMatch(await run('--interval', '5m'), /flux-gitops credentials/);
  const more = await run('tenant', 'qa', '--into', 'flux-demo');
  assert.match(more, /flux-gitops credentials qa --into=flux-demo --publish \|/);
  const moved = await run('--owner', 'mona');
  assert.match(moved, /flux-gitops credentials dev stage prod qa --into=flux-demo --publish \|/);
  assert.match(await run('--credentials', 'token'), /Give Flux tokens for the app repos:/);
});

test('the next steps say where to revoke tokens and GitHub Apps that Flux no longer needs', async () => {
  const tokens = (names: string): RegExp =>
    new RegExp(
      `Revoke the tokens for ${names}, when Flux reads without them\\. [^:]*: https://github\\.com/settings/personal-access-tokens`,
    );
  const app =
    /Take mona\/flux-dev, mona\/flux-stage-prod from the GitHub App, [^:]*: https:\/\/github\.com\/mona\/flux-dev\/settings\/installations, https:/;
  const folder = await folderAfter(['--owner', 'octo-org', '--visibility', 'private']);
  const run = async (...argv: string[]): Promise<string> =>
    (await runHere(argv, folder)).stderr.replaceAll(/\s+/g, ' ');
  assert.doesNotMatch(await run('--credentials', 'token'), /Revoke the tokens/);
  assert.doesNotMatch(await run('--interval', '5m'), /Revoke the tokens/);
  const stage = await run('tenant', 'stage', '--into', 'flux-demo', '--credentials', 'deploy-key');
  assert.doesNotMatch(stage, /Revoke/, 'prod reads flux-stage-prod with the token');
  const both = 'octo-org/flux-dev, octo-org/flux-stage-prod';
  assert.match(await run('--owner', 'mona', '--credentials', 'token'), tokens(both));
  const apps = await run('--credentials', 'github-app');
  assert.match(apps, tokens(both.replaceAll('octo-org', 'mona')));
  const keys = await run('--credentials', 'deploy-key');
  assert.match(keys, app);
  assert.doesNotMatch(keys, /Revoke the tokens/);
  await run('tenant', 'dev', '--into', 'flux-demo', '--credentials', 'token');
  assert.match(await run('remove', 'dev', '--into', 'flux-demo'), tokens('mona/flux-dev'));
});

test('the next steps name the deploy keys that Flux no longer needs, whatever replaces them', async () => {
  const estate = async () => {
    const folder = temporaryFolder();
    const run = async (...argv: string[]) => asInParent((await runHere(argv, folder)).stderr);
    await run('--owner', 'octo-org', '--visibility', 'private', '--sync-config');
    return run;
  };
  const pages = (owner: string): RegExp =>
    new RegExp(
      `Delete the deploy keys[^:]*: https://github.com/${owner}/flux-dev/settings/keys, https://github.com/${owner}/flux-stage-prod/settings/keys, flux-demo/settings/keys`,
    );
  const joined = (text: string): string => text.replaceAll(/\s+/g, ' ');
  const revoke = 'credentials dev stage prod flux-demo --revoke --into=flux-demo';
  for (const flags of [
    ['--credentials', 'token'],
    ['--credentials', 'github-app'],
    ['--credentials', 'none'],
    ['--visibility', 'public'],
    ['--source', 'oci'],
  ]) {
    const text = joined(await (await estate())(...flags));
    assert.match(text, pages('octo-org'), flags.join(' '));
    assert.ok(text.includes(revoke), text);
  }
  const run = await estate();
  const moved = joined(await run('--owner', 'mona'));
  assert.match(moved, pages('octo-org'));
  assert.doesNotMatch(moved, /--revoke/);
  assert.doesNotMatch(await run('--interval', '5m'), /Delete the deploy keys/);
  const one = joined(await run('tenant', 'prod', '--credentials', 'token'));
  assert.doesNotMatch(one, /Delete the deploy keys/, 'stage reads flux-stage-prod with the key');
  const gone = joined(await run('tenant', 'dev', '--credentials', 'token'));
  assert.match(
    gone,
    /Delete the deploy keys[^:]*: https:\/\/github\.com\/mona\/flux-dev\/settings/,
  );
  assert.match(gone, /credentials dev --revoke/);
});

test('the command for the Secrets registers keys where the run offers that, and says so elsewhere', async () => {
  const folder = temporaryFolder();
  const run = async (...argv: string[]) => asInParent((await runHere(argv, folder)).stderr);
  const offered = await run('--owner', 'octo-org', '--visibility', 'private');
  assert.match(offered, /flux-gitops --publish --yes\n/);
  assert.match(offered, /credentials dev stage prod --into=flux-demo --publish \|/);
  assert.doesNotMatch(offered, /Without --publish/);
  const byHand = await run('rename', 'dev', 'test', '--into', 'flux-demo');
  assert.match(byHand, /Without --publish, the command prints each key and the page/);
  assert.match(byHand, /credentials test --into=flux-demo \|/);
});

/** The commands of the step of `stderr` that begins with `start`. */
function commandsOf(stderr: string, start: string): string {
  const lines = (stderr.split('\nNext:\n')[1] ?? '').split('\n');
  const first = lines.findIndex((line) => line.replace(/^\d+\. /, '').startsWith(start));
  assert.notEqual(first, -1, `${start} in\n${stderr}`);
  const rest = lines.slice(first + 1);
  return rest
    .slice(
      0,
      rest.findIndex((line) => /^\d+\. /.test(line)),
    )
    .join('\n');
}

/** A kubectl that makes a Secret of its standard input, and keeps what is applied. It logs its arguments. */
const KUBECTL = `#!/bin/bash
echo "$*" >> "$LOG"
case "$*" in
  *create*) echo "$*"; cat; echo ;;
  label*) cat ;;
  apply*) cat >> "$APPLIED" ;;
esac
`;

test('private artifacts get a user and a token for each app repo, after the namespaces, as often as needed', async () => {
  const flags = ['--owner', 'octo-org', '--visibility', 'private', '--source', 'oci'];
  const { stderr } = await runHere(flags, temporaryFolder());
  order(nextOf(stderr), [
    'workflow Push of each app repo has pushed',
    'dev/1_tenant.yaml',
    'Give Flux a user and a token for the artifacts of each app repo',
    'Apply the environments',
  ]);
  const bin = temporaryFolder();
  writeFileSync(join(bin, 'kubectl'), KUBECTL, { mode: 0o755 });
  const [log, applied] = [join(bin, 'log'), join(bin, 'applied')];
  const script = commandsOf(stderr, 'Give Flux a user and a token');
  for (const token of ['first', 'second']) {
    const env = { PATH: `${bin}:${process.env.PATH}`, LOG: log, APPLIED: applied };
    const input = `reads-dev\n${token}-dev\nreads-prod\n${token}-prod\n`;
    const { status, stderr: said } = spawnSync('bash', ['-c', script], { env, input });
    assert.equal(status, 0, String(said));
  }
  const secrets = readFileSync(applied, 'utf8').split('\n').filter(Boolean);
  const places = [
    'dev registry-flux-dev',
    'stage registry-flux-stage-prod',
    'prod registry-flux-stage-prod',
  ];
  const expected = ['first', 'second'].flatMap((token) =>
    places.flatMap((place) => {
      const [environment, secret] = place.split(' ');
      const user = environment === 'dev' ? 'dev' : 'prod';
      return [
        `-n fluxdemo-${environment} create secret generic ${secret} --type kubernetes.io/dockerconfigjson --from-file .dockerconfigjson=/dev/stdin --dry-run=client -o yaml`,
        `{"auths":{"ghcr.io":{"username":"reads-${user}","password":"${token}-${user}"}}}`,
      ];
    }),
  );
  assert.deepEqual(secrets, expected);
  const argv = readFileSync(log, 'utf8');
  assert.doesNotMatch(argv, /first-|second-/);
  assert.match(argv, /^label --local -f - toolkit\.fluxcd\.io\/tenant=fluxdemo-prod -o yaml$/m);
});

test('Secrets for artifacts come again only when the artifacts change', async () => {
  const folder = temporaryFolder();
  const run = async (...argv: string[]) => (await runHere(argv, folder)).stderr;
  const asks = /Give Flux a user and a token|Give Flux the public half|gh secret set/;
  await run('--owner', 'octo-org', '--visibility', 'private', '--source', 'oci');
  assert.doesNotMatch(await run('--interval', '5m'), asks);
  assert.match(await run('tenant', 'qa', '--into', 'flux-demo'), /registry-flux-qa fluxdemo-qa\n/);
  const signed = await run('--signature', 'key');
  assert.match(signed, /generic cosign-flux-qa --from-file cosign\.pub/);
  assert.match(signed, /gh secret set COSIGN_PASSWORD --repo octo-org\/"\$repo"/);
  assert.doesNotMatch(await run('--interval', '6m'), asks);
});

test('a config repo that is an artifact is waited for, and its Secrets come before Flux', async () => {
  const flags = ['--signature', 'key', '--registry', 'oci://registry.example.com/OWNER'];
  const oci = ['--source', 'oci', '--sync-config', '--visibility', 'private', ...flags];
  const { stderr } = await runHere(['--owner', 'octo-org', ...oci], temporaryFolder());
  order(nextOf(stderr), [
    'Give the workflows their secrets',
    'gh secret set REGISTRY_PASSWORD',
    'gh workflow run push.yaml --repo octo-org/"$repo"',
    'workflow Push of each app repo and of the config repo has',
    'give_pull_secret registry.example.com registry-flux-demo flux-system',
    'kubectl -n flux-system create secret generic cosign-flux-demo',
    'Install Flux:',
    'give_pull_secret registry.example.com registry-flux-stage-prod fluxdemo-stage fluxdemo-prod',
    'kubectl -n fluxdemo-prod create secret generic cosign-flux-stage-prod',
  ]);
});

test('the source of the other kind is deleted, with its Secrets, also where the cluster follows the config repo', async () => {
  const folder = temporaryFolder();
  const run = async (...argv: string[]) => (await runHere(argv, folder)).stderr;
  const flags = ['--visibility', 'private', '--sync-config', '--signature', 'key'];
  await run('--owner', 'octo-org', ...flags);
  const oci = await run('--source', 'oci');
  const source = 'source.toolkit.fluxcd.io';
  order(nextOf(oci), [
    `--namespace fluxdemo-dev wait ocirepositories.${source}/flux-dev --for=condition=Ready`,
    `--namespace fluxdemo-dev delete --ignore-not-found gitrepositories.${source} flux-dev`,
    '--namespace fluxdemo-dev delete --ignore-not-found secret git-flux-dev',
    '--namespace fluxdemo-prod delete --ignore-not-found secret git-flux-stage-prod',
    'Delete the deploy keys',
  ]);
  assert.doesNotMatch(await run('--interval', '5m'), /ignore-not-found/);
  const git = await run('tenant', 'dev', '--source', 'git', '--into', 'flux-demo');
  order(nextOf(git), [
    `--namespace fluxdemo-dev delete --ignore-not-found ocirepositories.${source} flux-dev`,
    '--namespace fluxdemo-dev delete --ignore-not-found secret registry-flux-dev',
    '--namespace fluxdemo-dev delete --ignore-not-found secret cosign-flux-dev',
  ]);
  assert.doesNotMatch(git, /delete --ignore-not-found \S+ git-flux-dev|fluxdemo-prod delete/);
  const own = await run('tenant', 'dev', '--credentials', 'none', '--into', 'flux-demo');
  assert.doesNotMatch(own, /ignore-not-found/, 'the Secret may be the own one of the user');
});

test('private repositories need an owner, and a person is asked for it before that is refused', async () => {
  const said: (string | true)[] = [];
  const names: string[] = [];
  const terminal: Terminal = {
    ...answering({}),
    ask: async ([question]) => {
      names.push(question?.name ?? '');
      if (question?.name !== 'owner') return {};
      for (const owner of ['wolcn', 'octo-org']) said.push(question.validate(owner, {}));
      return { owner: 'octo-org' };
    },
  };
  const start = { cwd: temporaryFolder(), caller: 'flux-gitops' } as const;
  const prepared = await prepare('app', ['--visibility', 'private'], terminal, start);
  assert.ok(names.includes('owner'));
  assert.match(String(said[0]), /the repositories of this owner are the public demo/);
  assert.equal(said[1], true);
  assert.deepEqual(prepared?.given.texts.owner, ['octo-org']);
});

test('what a person answers in vain is refused at its question', async () => {
  const refusalOf = async (name: string, text: string, before: Record<string, string> = {}) => {
    let refusal: string | true = true;
    const terminal: Terminal = {
      ...answering({ owner: 'octo-org', ...before }),
      ask: async ([question]) => {
        if (question?.name === name) refusal = question.validate(text, { name: 'flux-demo' });
        const answer = question && before[question.name];
        return answer === undefined ? {} : { [question?.name ?? '']: answer };
      },
    };
    await prepare('app', [], terminal, { cwd: temporaryFolder(), caller: 'flux-gitops' });
    return refusal;
  };
  assert.match(String(await refusalOf('scenario', 'flux-demo')), /this is the config repo/);
  assert.match(String(await refusalOf('scenario', 'shop=dev prod')), /write shop=dev,prod/);
  assert.match(String(await refusalOf('scenario', 'shop and web')), /separate app repos/);
  const shop = { scenario: 'shop web=qa', 'environments of shop': 'dev' };
  assert.match(
    String(await refusalOf('environments of shop', 'dev dev', shop)),
    /each environment once/,
  );
  assert.match(String(await refusalOf('environments of shop', 'qa', shop)), /for example shop-qa/);
});
