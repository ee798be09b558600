import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { registryOf } from '../../../lib/plan/values/oci.ts';
import { registryUrl } from '../../../lib/settings/rules.ts';
import { folderAfter, readTree, succeed } from '../../sandbox.ts';
import { PUSH, WORKFLOW, workflowOf } from '../../workflow.ts';

type Source = {
  kind: string;
  spec: {
    url: string;
    secretRef?: object;
    verify: { matchOIDCIdentity?: [{ issuer: string; subject: string }]; secretRef?: object };
  };
};

const sourceOf = (folder: string, env: string): Source =>
  parseAllDocuments(readFileSync(join(folder, 'flux-demo', env, '2_sync.yaml'), 'utf8'))[0]?.toJS();

const linesOf = (folder: string, repo: string): string[] =>
  readFileSync(join(folder, repo, '.github/artifacts'), 'utf8')
    .trim()
    .split('\n')
    .slice(1);

const OCI = ['--owner', 'octo-org', '--source', 'oci'];

describe('--registry', () => {
  test('is an address of OCI with a path, and nothing more', () => {
    for (const good of [
      'oci://ghcr.io/octo-org',
      'oci://ghcr.io/OWNER',
      'oci://registry.example.com:5000/a_b/OWNER/c--d',
      'oci://127.0.0.1:5000/OWNER',
      'oci://localhost/a',
      'oci://[::1]:5000/a',
    ])
      assert.equal(registryUrl.read(`${good}/`), good);
    for (const bad of [
      'ghcr.io/a',
      'https://ghcr.io/a',
      'oci://ghcr.io',
      'oci:///a',
      'oci://ghcr/a',
      'oci://ghcr.io/A',
      'oci://OWNER/a',
      'oci://ghcr.io/OWNERS',
      'oci://ghcr.io/a:1',
      'oci://ghcr.io/a@sha256:00',
      'oci://a@ghcr.io/a',
      'oci://ghcr.io/a//b',
      'oci://ghcr.io/a/../b',
      'oci://ghcr.io/-a',
      'oci://ghcr.io/a b',
      'oci://ghcr.io:99999/a',
      `oci://ghcr.io/${'a'.repeat(150)}`,
    ])
      assert.equal(registryUrl.read(bad), undefined, bad);
  });

  test('has the owner in lower case', () => {
    const of = (registry: string) => registryOf({ registry, owner: 'Octo-Org' });
    assert.equal(of('oci://ghcr.io/OWNER'), 'oci://ghcr.io/octo-org');
    assert.equal(
      of('oci://registry.example.com/flux/OWNER/x'),
      'oci://registry.example.com/flux/octo-org/x',
    );
  });
});

describe('--source oci', () => {
  test('the identity is the workflow of this app repo on this branch, and no other', async () => {
    const branch = 'release-1.x+y';
    const folder = await folderAfter([
      '--owner',
      'Octo-Org',
      '--source',
      'oci',
      '--branch',
      branch,
    ]);
    const { kind, spec } = sourceOf(folder, 'stage');
    assert.equal(kind, 'OCIRepository');
    assert.equal(spec.url, 'oci://ghcr.io/octo-org/flux-stage-prod/stage');
    const [{ issuer, subject }] = spec.verify.matchOIDCIdentity ?? [{ issuer: '', subject: '' }];
    assert.equal(issuer, '^https://token\\.actions\\.githubusercontent\\.com$');
    // JavaScript reads the flags for a part of an expression as Go does.
    const pattern = new RegExp(subject);
    const signer = (repo: string, file = 'push.yaml', at = branch): string =>
      `https://github.com/${repo}/.github/workflows/${file}@refs/heads/${at}`;
    for (const repo of ['Octo-Org/flux-stage-prod', 'octo-org/flux-stage-prod'])
      assert.match(signer(repo), pattern);
    for (const other of [
      signer('octo-org/flux-dev'),
      signer('octo-org/flux-stage-prod-too'),
      signer('other/flux-stage-prod'),
      signer('octo-org/flux-stage-prod', 'other.yaml'),
      signer('octo-org/flux-stage-prod', 'pushXyaml'),
      signer('octo-org/flux-stage-prod', 'push.yaml', 'main'),
      signer('octo-org/flux-stage-prod', 'push.yaml', 'Release-1.x+y'),
      signer('octo-org/flux-stage-prod', 'push.yaml', 'release-1_x+y'),
      signer('octo-org/flux-stage-prod', 'push.yaml', `${branch}-too`),
      `x${signer('octo-org/flux-stage-prod')}`,
      signer('octo-org/flux-stage-prod').replace('github.com', 'githubXcom'),
    ])
      assert.doesNotMatch(other, pattern);
  });

  test('each environment has an artifact, and a workflow pushes those of its branch', async () => {
    const folder = await folderAfter(OCI, [
      ...['tenant', 'qa', '--repo', 'flux-dev', '--branch', 'next', '--into', 'flux-demo'],
    ]);
    assert.deepEqual(linesOf(folder, 'flux-dev'), [
      'main oci://ghcr.io/octo-org/flux-dev/dev dev',
      'next oci://ghcr.io/octo-org/flux-dev/qa qa',
    ]);
    assert.deepEqual(workflowOf(join(folder, 'flux-dev'), PUSH).on.push.branches, ['main', 'next']);
    assert.ok(!existsSync(join(folder, 'flux-demo', PUSH)), 'a person applies the config repo');
  });

  test('an artifact of overlays has the base as well', async () => {
    const folder = await folderAfter([...OCI, '--layout', 'overlays']);
    const [first] = linesOf(folder, 'flux-stage-prod');
    assert.equal(first, 'main oci://ghcr.io/octo-org/flux-stage-prod/stage base overlays/stage');
  });

  test('an environment may keep git, beside one with an artifact', async () => {
    const folder = await folderAfter(
      ['--owner', 'octo-org'],
      [...['tenant', 'stage', '--source', 'oci', '--into', 'flux-demo']],
    );
    assert.equal(sourceOf(folder, 'stage').kind, 'OCIRepository');
    assert.equal(sourceOf(folder, 'prod').kind, 'GitRepository');
    assert.equal(linesOf(folder, 'flux-stage-prod').length, 1);
    assert.ok(!existsSync(join(folder, 'flux-dev', PUSH)));
  });

  test('--source git takes everything back, and the record knows nothing of it', async () => {
    const folder = await folderAfter(['--owner', 'octo-org']);
    const before = readTree(folder);
    await succeed([...OCI, '--signature', 'key'], folder);
    await succeed(['--source', 'git', '--signature', 'keyless'], folder);
    assert.deepEqual(readTree(folder), before);
  });

  test('a workflow that a user edited stays', async () => {
    const folder = await folderAfter(OCI);
    const file = join(folder, 'flux-dev', PUSH);
    writeFileSync(file, `${readFileSync(file, 'utf8')}# mine\n`);
    await succeed(['--source', 'git'], folder);
    assert.ok(existsSync(file));
  });

  test('private packages need a Secret, and a key replaces the identity', async () => {
    const folder = await folderAfter([...OCI, '--visibility', 'private', '--signature', 'key']);
    const { spec } = sourceOf(folder, 'dev');
    assert.deepEqual(spec.secretRef, { name: 'registry-flux-dev' });
    assert.deepEqual(spec.verify, { provider: 'cosign', secretRef: { name: 'cosign-flux-dev' } });
  });
});

describe('the workflow that pushes', () => {
  const jobs = async (...more: string[]) => {
    const folder = await folderAfter([...OCI, ...more]);
    const text = readFileSync(join(folder, 'flux-dev', PUSH), 'utf8');
    return { text, push: workflowOf(join(folder, 'flux-dev'), PUSH), folder };
  };

  test('has the rights that it needs, and every tool has a version', async () => {
    const { push, text } = await jobs();
    assert.deepEqual(push.permissions, { contents: 'read' });
    const rights = { contents: 'read', packages: 'write', 'id-token': 'write' };
    assert.deepEqual(push.jobs.push?.permissions, rights);
    const used = push.jobs.push?.steps.flatMap(({ uses }) => uses ?? []) ?? [];
    assert.equal(used.length, 3);
    for (const one of used) assert.match(one, /^[\w/-]+@[0-9a-f]{40}$/);
    const [, ...scripts] = [...text.matchAll(/run: \|\n([\s\S]*?)(?=\n\n|$)/g)].map(([one]) => one);
    for (const script of scripts)
      assert.doesNotMatch(script, /\$\{\{/, 'no value of GitHub in a script');
    assert.doesNotMatch(text, /secrets\.|pull_request/);
  });

  test('with a key it asks for no identity, and for another registry no right on packages', async () => {
    const registry = 'oci://registry.example.com/OWNER';
    const { push } = await jobs('--signature', 'key', '--registry', registry);
    assert.deepEqual(push.jobs.push?.permissions, { contents: 'read' });
  });

  test('starts with the workflow that validates, which is there without --ci', async () => {
    const { folder, push } = await jobs();
    assert.deepEqual(push.jobs.validate, { uses: './.github/workflows/validate.yaml' });
    const { on } = workflowOf(join(folder, 'flux-dev'));
    assert.deepEqual(Object.keys(on), ['pull_request', 'workflow_call']);
    assert.ok(!existsSync(join(folder, 'flux-demo', WORKFLOW)));
  });
});
