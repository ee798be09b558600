/** The steps of the workflow that `--ci github` writes, run with the tools that they build. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { packageVersion } from '../../../lib/disk/package-files.ts';
import { writeTree } from '../../sandbox.ts';
import { type Job, runStep } from '../../workflow.ts';
import { freshEstate, theCluster } from '../check.ts';
import { appFile, configPath, edit, profiles, publish } from '../estate.ts';
import { call } from '../kube.ts';
import { type OpenApi, writeSchemas } from '../schemas.ts';

const LIST = 'List the YAML files';
const PARSE = 'Parse every YAML file';
const BUILD = 'Build every kustomization.yaml';
const VALIDATE = 'Validate every manifest';
/** The steps that look at the repository. */
const STEPS = [LIST, PARSE, BUILD, VALIDATE];

const scratch = mkdtempSync(join(tmpdir(), 'flux-gitops-workflow-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** The schemas come from the API server: the addresses on the internet are the one thing that is not real here. */
before(async () => {
  const { out } = await call(theCluster(), '/openapi/v2');
  const openApi = JSON.parse(out) as OpenApi;
  const isOperator = (group: string) => group === 'fluxcd.controlplane.io';
  const isFlux = (group: string) => group.endsWith('.toolkit.fluxcd.io');
  const count = {
    kubernetes: writeSchemas(
      openApi,
      join(scratch, 'kubernetes'),
      (group) => !/fluxcd/.test(group),
    ),
    flux2: writeSchemas(openApi, join(scratch, 'flux2'), isFlux),
    'flux-operator': writeSchemas(openApi, join(scratch, 'flux-operator'), isOperator),
  };
  assert.ok(count.kubernetes > 100 && count.flux2 > 5 && count['flux-operator'] > 2);
  for (const name of ['flux2', 'flux-operator'])
    execFileSync('tar', ['-czf', join(scratch, `${name}.tar.gz`), '-C', join(scratch, name), '.']);
  mkdirSync(join(scratch, 'programs'));
  const curl = [
    '#!/bin/sh',
    'for url; do :; done',
    `case "$url" in https://github.com/*/releases/download/v*/crd-schemas.tar.gz) ;; *) exit 22 ;; esac`,
    `repo=\${url%%/releases/*}`,
    `cat "${scratch}/\${repo##*/}.tar.gz"`,
  ];
  writeFileSync(join(scratch, 'programs/curl'), `${curl.join('\n')}\n`);
  chmodSync(join(scratch, 'programs/curl'), 0o755);
});

let runner = 0;

/** The run of a job in `folder`, up to the steps that look at the repository. */
function startJob(folder: string): Job {
  const schemas = join(scratch, 'kubernetes/{{ .ResourceKind }}{{ .KindSuffix }}.json');
  const env = { KUBERNETES_SCHEMAS: schemas, GOFLAGS: '-buildvcs=false' };
  const temp = join(scratch, `runner-${runner++}`);
  const job = { folder, temp, programs: join(scratch, 'programs'), env };
  succeed('Install the tools', job);
  succeed('Download the schemas of Flux', job);
  return job;
}

function succeed(name: string, job: Job): string {
  const { status, output } = runStep(name, job);
  assert.equal(status, 0, `${name}: ${output}`);
  return output;
}

/** The output of the step `name`, which fails; the steps before it succeed. */
function fail(name: string, job: Job): string {
  // The next run of a job finds an empty folder of its runner.
  rmSync(join(job.temp, 'built'), { recursive: true, force: true });
  for (const earlier of STEPS.slice(0, STEPS.indexOf(name))) succeed(earlier, job);
  const { status, output } = runStep(name, job);
  assert.notEqual(status, 0, `${name} finds nothing: ${output}`);
  return output;
}

/** Adds `files` to the repository, for as long as `work` takes. */
function withFiles(job: Job, files: Record<string, string>, work: () => void): void {
  const paths = Object.keys(files);
  writeTree(job.folder, Object.entries(files));
  execFileSync('git', ['add', '--', ...paths], { cwd: job.folder });
  work();
  execFileSync('git', ['rm', '--quiet', '--force', '--', ...paths], { cwd: job.folder });
}

for (const profile of profiles)
  test(`the workflow accepts every repository of an estate, and finds faults (${profile})`, async (t) => {
    const args = ['--ci', 'github', '--sync-config'];
    const { estate } = await freshEstate(t, profile, { args });
    const config = startJob(configPath(estate));
    for (const step of [LIST, PARSE]) succeed(step, config);
    assert.equal(succeed(BUILD, config), '.\n', 'the list of what the cluster applies');
    const summary = succeed(VALIDATE, config);
    const [, valid = '0'] = /Valid: (\d+), Invalid: 0, Errors: 0/.exec(summary) ?? [];
    assert.ok(Number(valid) > 20, summary);

    const job = startJob(join(estate.dir, 'flux-dev'));
    for (const step of STEPS) succeed(step, job);
    const app = readFileSync(join(job.folder, 'dev/app.yaml'), 'utf8');

    withFiles(job, { 'dev/broken.yaml': 'a: b: c\n' }, () =>
      assert.match(fail(PARSE, job), /dev\/broken\.yaml/),
    );
    withFiles(job, { 'dev/typo.yml': app.replace('replicas:', 'replicaz:') }, () =>
      assert.match(fail(VALIDATE, job), /dev\/typo\.yml[\s\S]*replicaz/),
    );
    const sync = [
      'apiVersion: kustomize.toolkit.fluxcd.io/v1',
      'kind: Kustomization',
      'metadata: {name: a}',
      'spec: {interval: 1m, prune: "yes", sourceRef: {kind: GitRepository, name: a}}',
    ];
    withFiles(job, { 'dev/sync.yaml': sync.join('\n') }, () =>
      assert.match(fail(VALIDATE, job), /dev\/sync\.yaml[\s\S]*prune/),
    );
    withFiles(job, { 'dev/kustomization.yaml': 'resources: [missing.yaml]\n' }, () =>
      assert.match(fail(BUILD, job), /missing\.yaml/),
    );
    const overlay = [
      'resources: [../dev]',
      'patches:',
      '  - target: {kind: Deployment}',
      `    patch: '[{"op": "add", "path": "/spec/replicaz", "value": 1}]'`,
    ];
    const overlays = {
      'dev/kustomization.yaml': 'resources: [app.yaml]\n',
      'over lay/kustomization.yaml': overlay.join('\n'),
    };
    withFiles(job, overlays, () =>
      assert.match(fail(VALIDATE, job), /over lay\/built\.yaml[\s\S]*replicaz/),
    );
    const template = '{{ if .Values.a }}\na: 1\n{{ end }}\n';
    withFiles(job, { 'templates/page.yaml': template }, () =>
      assert.match(fail(PARSE, job), /templates\/page\.yaml/, 'no chart, no exception'),
    );

    const faultless = {
      'chart/Chart.yaml': 'apiVersion: v2\nname: a\nversion: 1.0.0\n',
      'chart/templates/page.yaml': template,
      'parts/kustomization.yaml': 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n',
      'dev/secret.yaml': 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\nsops: {}\n',
      'dev/other.yaml': 'apiVersion: example.com/v1\nkind: Widget\nmetadata:\n  name: a\n',
    };
    withFiles(job, faultless, () => {
      rmSync(join(job.temp, 'built'), { recursive: true, force: true });
      for (const step of STEPS) succeed(step, job);
    });
  });

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Where the step that installs the package clones it from. */
const PACKAGE = 'https://github.com/wolcn/generator-flux-gitops';

/** This checkout as a repository with the tag of its version, in place of the one on GitHub. */
function packageRepository(): string {
  const folder = join(scratch, 'package');
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const paths = execFileSync('git', list, { cwd: ROOT, encoding: 'utf8' }).split('\0');
  for (const path of paths) {
    const isFile = statSync(join(ROOT, path), { throwIfNoEntry: false })?.isFile() === true;
    if (path !== '' && isFile) cpSync(join(ROOT, path), join(folder, path));
  }
  const identity = ['-c', 'user.name=Cluster tests', '-c', 'user.email=tests@example.invalid'];
  for (const words of [
    ['init', '--quiet'],
    ['add', '--all'],
    ['commit', '--quiet', '--message', 'As it is'],
    ['tag', `v${packageVersion()}`],
  ])
    execFileSync('git', [...identity, ...words], { cwd: folder });
  return folder;
}

test('the job that verifies installs the package, clones the app repos, and finds faults', async (t) => {
  const { estate } = await freshEstate(t, 'hardened', { args: ['--ci', 'github'] });
  const { push, url } = estate.cluster.git;
  const source = packageRepository();
  let checkouts = 0;
  /** A new checkout of the config repo, as the first step of the job makes it. */
  const checkOut = (): string => {
    const folder = join(scratch, `checkout-${checkouts++}`, 'flux-demo');
    const from = `${push}/${estate.owner}/flux-demo`;
    execFileSync('git', ['clone', '--quiet', from, folder]);
    return folder;
  };
  const job = (folder: string): Job => ({
    ...{ folder, name: 'verify', temp: join(scratch, 'runner-of-verify') },
    env: {
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: folder,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `url.${source}.insteadOf`,
      GIT_CONFIG_VALUE_0: PACKAGE,
    },
  });

  const good = job(checkOut());
  succeed('Install flux-gitops', good);
  assert.match(succeed('Verify the estate', good), /Nothing is wrong/);
  for (const repo of new Set(Object.values(estate.repos)))
    assert.ok(existsSync(join(good.folder, '..', repo, '.git')), repo);
  // For a cluster elsewhere, the test itself has changed addresses in the files.
  if (push === url)
    assert.doesNotMatch(succeed('Compare the files with the settings', good), /::warning::/);

  edit(appFile(estate, 'dev'), 'Deployment', (document) =>
    document.setIn(['spec', 'replicas'], 'many'),
  );
  await publish(estate, 'flux-dev');
  const bad = job(checkOut());
  const { status, output } = runStep('Verify the estate', bad);
  assert.equal(status, 1, output);
  assert.match(output, /::error file=[^,]*flux-dev\/dev\/app\.yaml,line=\d+[\s\S]*field-type/);
});
