import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Results } from '../../lib/verify/results.ts';
import { demo, exported } from '../adopt/hand-written.ts';
import { BIN, readTree, runHere, temporaryFolder, writeTree } from '../sandbox.ts';
import { runGenerator } from './run-generator.ts';

async function estate(...flags: readonly string[]): Promise<string> {
  const folder = temporaryFolder();
  assert.equal((await runHere(['--yes', '--owner', 'octo-org', ...flags], folder)).code, 0);
  return folder;
}

/** Replaces `from`, which must be there; a file without text is removed. */
function edit(folder: string, path: string, from: RegExp, to: string): void {
  const file = join(folder, path);
  const text = readFileSync(file, 'utf8');
  const changed = text.replace(from, to);
  assert.notEqual(changed, text, `${path} has no ${from}`);
  if (changed === '') rmSync(file);
  else writeFileSync(file, changed);
}

const breakApp = (folder: string): void =>
  edit(folder, 'flux-dev/dev/app.yaml', /replicas: 1/, 'replicas: "1"');

test('a clean estate ends with 0 and changes no file, from every folder of it', async () => {
  const folder = await estate();
  const before = readTree(folder);
  for (const place of ['.', 'flux-demo', 'flux-demo/dev', 'flux-stage-prod/prod']) {
    const { code, stdout, stderr } = await runHere(['verify'], join(folder, place));
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^Nothing is wrong\. 3 repositories, 3 environments, \d+ files, \d+ objects/,
    );
  }
  assert.deepEqual(readTree(folder), before);
});

test('an error ends with 1: the file, the line, the object, the message and the hint', async () => {
  const folder = await estate();
  breakApp(folder);
  const { code, stdout } = await runHere(['verify'], folder);
  assert.equal(code, 1);
  assert.equal(
    stdout.split('\n').slice(0, 4).join('\n'),
    [
      'flux-dev/dev/app.yaml',
      '    15  error  Deployment fluxdemo-dev/kcheck  field-type',
      '        .spec.replicas: expected numeric (int or float), got "1"',
      '        → Remove the quotes.',
    ].join('\n'),
  );
  assert.match(stdout, /^1 error, 0 warnings\./m);
});

test('a hint fits the value: quotes that lack, and a size that has enough', async () => {
  const folder = await estate();
  const hintOf = async (replicas: string, value: string, ...more: string[]): Promise<string> => {
    const objects = [
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: more }\ndata: { number: ${value} }\n`,
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: many }\nspec:\n' +
        `  replicas: ${replicas}\n  selector: { matchLabels: { app: many } }\n` +
        '  template: { metadata: { labels: { app: many } }, spec: { containers: [{ name: many, image: "many:1",' +
        ' resources: { requests: { cpu: 1m, memory: 1Mi }, limits: { memory: 1Mi, ephemeral-storage: 1Mi } } }] } }\n',
    ];
    writeTree(folder, [['flux-dev/dev/more.yaml', objects.join('---\n')]]);
    if (more.length > 0) await runHere(['tenant', 'dev', ...more], join(folder, 'flux-demo'));
    const { stdout } = await runHere(['verify', '--json'], folder);
    const { findings } = JSON.parse(stdout) as Results;
    return findings.map(({ hint }) => hint).join('\n');
  };
  assert.equal(await hintOf('1', '1'), 'Put the value in quotes.');
  assert.equal(await hintOf('1', 'true'), 'Put the value in quotes.');
  assert.equal(await hintOf('1', '[]'), 'Write a value of the type that the message expects.');
  const larger = 'Use less, or give the tenant more: flux-gitops tenant dev --size';
  assert.equal(await hintOf('60', '"1"'), `${larger} large`);
  assert.equal(await hintOf('30', '"1"', '--size', 'small'), `${larger} medium`);
  const none =
    'Use less, or raise pods of the ResourceQuota tenant in dev/1_tenant.yaml: no --size has so much.';
  assert.equal(await hintOf('300', '"1"'), none);
});

test('the hint to allow an address keeps those that the tenant has', async () => {
  const folder = await estate();
  writeTree(folder, [
    [
      'flux-dev/dev/more.yaml',
      'apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: { name: more }\nspec: { interval: 1h, url: https://b.example.com }\n',
    ],
  ]);
  const home = join(folder, 'flux-demo');
  await runHere(['tenant', 'dev', '--allow-source', 'https://a.example.com'], home);
  const { stdout } = await runHere(['verify', '--json'], folder);
  const [finding] = (JSON.parse(stdout) as Results).findings;
  const [, command = ''] = /To allow it: flux-gitops (.*)$/.exec(finding?.hint ?? '') ?? [];
  assert.equal(
    command,
    'tenant dev --allow-source https://a.example.com --allow-source https://b.example.com',
  );
  assert.equal((await runHere(command.split(' '), home)).code, 0);
  assert.equal((await runHere(['verify'], folder)).code, 0);
});

test('a warning alone ends with 0', async () => {
  const folder = await estate();
  rmSync(join(folder, 'flux-dev'), { recursive: true });
  const { code, stdout } = await runHere(['verify'], folder);
  assert.equal(code, 0);
  assert.match(stdout, /app-repo-missing/);
});

test('--json prints one document with the keys that scripts rely on', async () => {
  const folder = await estate();
  breakApp(folder);
  const { code, stdout, stderr } = await runHere(['verify', '--json'], folder);
  assert.equal(code, 1, stderr);
  const { findings, checked } = JSON.parse(stdout) as Results;
  assert.deepEqual(findings, [
    {
      code: 'field-type',
      severity: 'error',
      repo: 'flux-dev',
      file: 'dev/app.yaml',
      line: 15,
      object: 'Deployment fluxdemo-dev/kcheck',
      message: '.spec.replicas: expected numeric (int or float), got "1"',
      hint: 'Remove the quotes.',
    },
  ]);
  assert.deepEqual(Object.keys(checked), ['repositories', 'environments', 'files', 'objects']);
});

test('in GitHub Actions, findings are annotations, and SARIF names the same places', async (t) => {
  const folder = await estate();
  breakApp(folder);
  const before = { ...process.env };
  t.after(() => {
    process.env = before;
  });
  process.env = { ...before, GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: folder };
  const file = join(folder, 'verify.sarif');
  const { stderr } = await runHere(['verify', '--sarif', file], folder);
  assert.match(
    stderr,
    /^::error file=flux-dev\/dev\/app\.yaml,line=15,title=field-type%3A Deployment fluxdemo-dev\/kcheck::\.spec\.replicas: expected numeric \(int or float\), got "1"%0A/m,
  );
  const log = JSON.parse(readFileSync(file, 'utf8'));
  const [result] = log.runs[0].results;
  assert.equal(log.version, '2.1.0');
  assert.equal(result.ruleId, log.runs[0].tool.driver.rules[0].id);
  assert.deepEqual(result.locations[0].physicalLocation, {
    artifactLocation: { uri: 'flux-dev/dev/app.yaml' },
    region: { startLine: 15 },
  });
});

test('wrong input ends with 2: no estate, a file that cannot be written, words and unknown flags', async () => {
  const folder = await estate();
  const nowhere = await runHere(['verify'], temporaryFolder());
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.stderr, /must run inside a repository of an estate[\s\S]*--into/);
  const sarif = await runHere(['verify', '--sarif', join(folder, 'no/such/file')], folder);
  assert.equal(sarif.code, 2);
  assert.match(sarif.stderr, /--sarif .* cannot be written \(ENOENT\)/);
  for (const word of ['dev', '--dry-run', '--owner=octo'])
    assert.equal((await runHere(['verify', word], folder)).code, 2, word);
});

test('an app repo alone is checked as far as it can be, and that is said', async () => {
  const folder = await estate();
  breakApp(folder);
  mkdirSync(join(folder, 'elsewhere'));
  renameSync(join(folder, 'flux-dev'), join(folder, 'elsewhere/flux-dev'));
  const { code, stdout, stderr } = await runHere(['verify'], join(folder, 'elsewhere/flux-dev'));
  assert.equal(code, 1);
  assert.match(stdout, /field-type/);
  assert.match(stderr, /No config repo lies beside flux-dev/);
});

test('a branch that the clone does not have is an error; its own branches are not', async () => {
  const folder = await estate();
  const git = (...args: string[]) => execFileSync('git', ['-C', join(folder, 'flux-dev'), ...args]);
  git('init', '--quiet', '--initial-branch', 'main');
  assert.equal((await runHere(['verify'], folder)).code, 0);
  git('symbolic-ref', 'HEAD', 'refs/heads/trunk');
  const { code, stdout } = await runHere(['verify'], folder);
  assert.equal(code, 1);
  assert.match(stdout, /branch-missing\n.*refs\/heads\/main/);
});

test('the hook of the how-to refuses a commit with an error', async () => {
  const page = readFileSync(new URL('../../docs/how-to/verify.md', import.meta.url), 'utf8');
  const [, hook] = /<!-- hook -->\n\n```sh\n([\s\S]*?)```/.exec(page) ?? [];
  assert.ok(hook);
  const folder = await estate();
  const repo = join(folder, 'flux-dev');
  const programs = temporaryFolder();
  const command = `#!/bin/sh\nexec "${process.execPath}" "${BIN}" "$@"\n`;
  writeFileSync(join(programs, 'flux-gitops'), command, { mode: 0o755 });
  const commit = (): number | null => {
    const identity = ['-c', 'user.name=E', '-c', 'user.email=e@example.com'];
    const env = { ...process.env, PATH: `${programs}:${process.env.PATH}` };
    const args = [...identity, 'commit', '--quiet', '--all', '--allow-empty', '--message', 'Mine'];
    return spawnSync('git', args, { cwd: repo, env }).status;
  };
  execFileSync('git', ['-C', repo, 'init', '--quiet', '--initial-branch', 'main']);
  execFileSync('git', ['-C', repo, 'add', '--all']);
  writeFileSync(join(repo, '.git/hooks/pre-commit'), hook, { mode: 0o755 });
  assert.equal(commit(), 0);
  breakApp(folder);
  assert.equal(commit(), 1);
});

test('without a branch Flux takes master, and a tag must exist', async () => {
  const folder = await estate();
  const git = (...args: string[]) => execFileSync('git', ['-C', join(folder, 'flux-dev'), ...args]);
  git('init', '--quiet', '--initial-branch', 'main');
  const identity = ['-c', 'user.name=E', '-c', 'user.email=e@example.com'];
  git(...identity, 'commit', '--quiet', '--allow-empty', '--message', 'First');
  git('tag', 'v1');
  const saidOf = async (ref: string): Promise<string> => {
    edit(folder, 'flux-demo/dev/2_sync.yaml', /^ {2}ref:\n(?: {4}.*\n)+/m, `  ref:\n    ${ref}\n`);
    return (await runHere(['verify'], folder)).stdout;
  };
  assert.match(await saidOf('tag: v2'), /branch-missing\n.*refs\/tags\/v2/);
  assert.match(await saidOf('tag: v1'), /build-not-checked[\s\S]*^0 errors, 1 warning/m);
  assert.match(await saidOf('branch: main'), /Nothing is wrong/);
  edit(folder, 'flux-demo/dev/2_sync.yaml', /^ {2}ref:\n(?: {4}.*\n)+/m, '');
  const { stdout } = await runHere(['verify'], folder);
  assert.match(stdout, /branch-missing\n.*refs\/heads\/master/);
});

test('an artifact is pushed from a branch, and a private one needs a Secret', async () => {
  const folder = await estate('--source', 'oci', '--visibility', 'private');
  const git = (...args: string[]) => execFileSync('git', ['-C', join(folder, 'flux-dev'), ...args]);
  git('init', '--quiet', '--initial-branch', 'main');
  assert.equal((await runHere(['verify'], folder)).code, 0);
  git('symbolic-ref', 'HEAD', 'refs/heads/trunk');
  edit(folder, 'flux-demo/prod/2_sync.yaml', /^ {2}secretRef:\n.*\n/m, '');
  const { stdout } = await runHere(['verify'], folder);
  assert.match(stdout, /OCIRepository fluxdemo-dev\/flux-dev {2}branch-missing\n.*branch main/);
  assert.match(stdout, /secret-reference-missing\n.*registry-flux-stage-prod/);
  assert.match(stdout, /^2 errors, 0 warnings/m);
});

test('an artifact of an app repo alone has only its own folder', async () => {
  const folder = await estate('--source', 'oci');
  mkdirSync(join(folder, 'elsewhere'));
  renameSync(join(folder, 'flux-dev'), join(folder, 'elsewhere/flux-dev'));
  writeFileSync(join(folder, 'elsewhere/flux-dev/.sourceignore'), 'app.yaml\n');
  breakApp(join(folder, 'elsewhere'));
  const { code } = await runHere(['verify'], join(folder, 'elsewhere/flux-dev'));
  assert.equal(code, 1);
});

test('what a hint says to run repairs the estate', async () => {
  const breaks: readonly (readonly [path: string, from: RegExp])[] = [
    ['flux-demo/dev/1_tenant.yaml', /^ {4}toolkit\.fluxcd\.io\/role: tenant\n/m],
    ['flux-demo/dev/2_sync.yaml', /^ {2}secretRef:\n.*\n/m],
    ['flux-demo/dev/2_sync.yaml', /[\s\S]*/],
    ['flux-demo/policies/pods.yaml', /[\s\S]*/],
    ['flux-demo/kustomization.yaml', / {2}# These environments are leaving[\s\S]*$/],
  ];
  const folder = await estate('--visibility', 'private', '--sync-config');
  const config = join(folder, 'flux-demo');
  assert.equal((await runHere(['remove', 'stage'], config)).code, 0);
  assert.match((await runHere(['verify'], folder)).stdout, /^Nothing is wrong/);
  for (const [path, from] of breaks) {
    edit(folder, path, from, '');
    const { stdout } = await runHere(['verify'], folder);
    const [, command = ''] = /→ .*flux-gitops (.*--force)/.exec(stdout) ?? [];
    assert.notEqual(command, '', `${path}\n${stdout}`);
    assert.equal((await runHere([...command.split(' '), '--yes'], config)).code, 0, command);
    assert.match((await runHere(['verify'], folder)).stdout, /^Nothing is wrong/, path);
  }
});

test('of an adopted estate, what was written by hand is named and not checked', async () => {
  for (const files of [demo(), exported]) {
    const folder = temporaryFolder();
    writeTree(folder, files);
    assert.equal((await runHere(['adopt'], folder)).code, 0);
    const { findings } = JSON.parse((await runHere(['verify', '--json'], folder)).stdout);
    assert.deepEqual(
      findings.map(({ code }: { code: string }) => code),
      ['environment-not-checked'],
    );
  }
});

test('a record with two values of a setting must be repaired first', async () => {
  const folder = await estate();
  const two = '<<<<<<< HEAD\n$&\n=======\n      "visibility": "private",\n>>>>>>> other';
  edit(folder, 'flux-demo/.yo-rc.json', /^.*"visibility": "public",$/m, two);
  const { code, stderr } = await runHere(['verify'], join(folder, 'flux-demo'));
  assert.equal(code, 2);
  assert.match(stderr, /has two values of visibility after a merge/);
});

test('--fetch clones the app repo that is missing', async (t) => {
  const folder = await estate();
  const origin = temporaryFolder();
  mkdirSync(join(origin, 'octo-org'));
  const clone = join(origin, 'octo-org/flux-dev');
  renameSync(join(folder, 'flux-dev'), clone);
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com'];
  for (const args of [
    ['init', '--quiet', '-b', 'main'],
    ['add', '-A'],
    ['commit', '--quiet', '-m', 'a'],
  ])
    execFileSync('git', ['-C', clone, ...identity, ...args]);
  const home = temporaryFolder();
  appendFileSync(
    join(home, '.gitconfig'),
    `[url "${origin}/"]\n  insteadOf = https://github.com/\n`,
  );
  const before = { ...process.env };
  t.after(() => {
    process.env = before;
  });
  process.env = { ...before, HOME: home };
  const { code, stdout, stderr } = await runHere(['verify', '--fetch'], join(folder, 'flux-demo'));
  assert.equal(code, 0, stderr);
  assert.match(stdout, /Nothing is wrong\. 3 repositories/);
  rmSync(join(folder, 'flux-dev'), { recursive: true });
  rmSync(clone, { recursive: true });
  const failed = await runHere(['verify', '--fetch'], folder);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /git cannot clone https:\/\/github\.com\/octo-org\/flux-dev/);
});

test('an estate that the cluster follows: every file is listed, and every line has its file', async () => {
  const folder = await estate('--sync-config', '--visibility', 'private');
  const list = join(folder, 'flux-demo/kustomization.yaml');
  const text = readFileSync(list, 'utf8');
  writeFileSync(list, text.replace('  - dev/2_sync.yaml\n', '  - dev/3_sync.yaml\n'));
  const { stdout } = await runHere(['verify', '--json'], folder);
  assert.match(stdout, /sync-list-broken[\s\S]*dev\/3_sync\.yaml/);
  assert.match(stdout, /sync-list-incomplete[\s\S]*dev\/2_sync\.yaml/);
});

test('the base of three overlays has one finding, not three', async () => {
  const folder = await estate('--layout', 'overlays', '--scenario', 'shop=dev,stage,prod');
  const file = join(folder, 'shop/base/app.yaml');
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('  template:', '  tempalte: {}\n  template:'),
  );
  const { stdout } = await runHere(['verify'], folder);
  assert.equal(stdout.match(/field-unknown/g)?.length, 1);
  assert.match(stdout, /^shop\/base\/app\.yaml$/m);
});

test('without kustomize and kubectl, what is not built is said', async (t) => {
  const folder = await estate('--layout', 'overlays', '--scenario', 'shop=dev,prod');
  const before = process.env;
  t.after(() => {
    process.env = before;
  });
  process.env = { ...before, PATH: temporaryFolder() };
  const { code, stdout } = await runHere(['verify'], folder);
  assert.equal(code, 0);
  assert.match(stdout, /^shop\/overlays\/dev\/kustomization\.yaml\n.*kustomize-not-checked/m);
  assert.match(stdout, /^0 errors, 2 warnings\./m);
});

test('with yo, verify says the same', async () => {
  const folder = await estate();
  breakApp(folder);
  await runGenerator('verify', folder, { in: 'flux-demo', options: { json: true } });
  assert.equal(process.exitCode, 1);
  process.exitCode = 0;
});

test('--context needs --live, and --live needs the config repo', async () => {
  const folder = await estate();
  const context = await runHere(['verify', '--context', 'kind'], folder);
  assert.equal(context.code, 2);
  assert.match(context.stderr, /--context without --live/);
  rmSync(join(folder, 'flux-demo'), { recursive: true });
  const app = await runHere(['verify', '--live'], join(folder, 'flux-dev'));
  assert.equal(app.code, 2);
  assert.match(app.stderr, /--live in an app repo/);
});

test('--live without kubectl is one message', async (t) => {
  const folder = await estate();
  const before = process.env;
  t.after(() => {
    process.env = before;
  });
  process.env = { ...before, PATH: temporaryFolder() };
  const { code, stdout, stderr } = await runHere(['verify', '--live'], folder);
  assert.equal(code, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /This needs kubectl/);
});
