import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { fingerprintOf, publicHalfOf } from '../../lib/credentials/deploy-key.ts';
import { ageKey, putSopsOnPath } from '../age-key.ts';
import { runCommand } from '../sandbox.ts';
import { type CredentialsDesk, credentialsTest } from './credentials-desk.ts';

type Secret = {
  kind: string;
  metadata: { name: string; namespace: string; labels: Record<string, string> };
  data: Record<string, string>;
};

/** The Secrets in YAML. */
const secretsIn = (text: string): Secret[] =>
  parseAllDocuments(text).map((document) => document.toJS() as Secret);

const plain = (text = ''): string => Buffer.from(text, 'base64').toString('utf8');

credentialsTest(
  'Secrets for a pipe: one key for each repository',
  async ({ run, github, repo }) => {
    const { code, stdout, stderr } = await run(['--publish']);
    assert.equal(code, 0, stderr);
    const secrets = secretsIn(stdout);
    assert.deepEqual(
      secrets.map(({ metadata: { namespace, name } }) => `${namespace}/${name}`),
      [
        ...['fluxdemo-dev/git-flux-dev', 'fluxdemo-stage/git-flux-stage-prod'],
        ...['fluxdemo-prod/git-flux-stage-prod', 'flux-system/git-flux-demo'],
      ],
    );
    assert.deepEqual(
      secrets.map(({ metadata }) => metadata.labels['toolkit.fluxcd.io/tenant']),
      ['fluxdemo-dev', 'fluxdemo-stage', 'fluxdemo-prod', undefined],
    );
    const keys = secrets.map(({ data }) => publicHalfOf(plain(data.identity)));
    assert.equal(new Set(keys).size, 3);
    assert.equal(keys[1], keys[2]);
    assert.deepEqual(
      github.deployKeys.map((one) => [one.repo, one.key, one.title, one.readOnly]),
      ['flux-dev', 'flux-stage-prod', 'flux-demo'].map((name, at) => {
        const title = 'flux-gitops flux-demo';
        return [repo(name), keys[at > 0 ? at + 1 : 0], title, true];
      }),
    );
    for (const { data } of secrets) {
      assert.equal(
        plain(data['identity.pub']).split(' ').slice(0, 2).join(' '),
        publicHalfOf(plain(data.identity)),
      );
      assert.equal(plain(data.known_hosts).split('\n').length, 3);
      assert.match(plain(data.known_hosts), /^\[127\.0\.0\.1\]:2222 ssh-ed25519 AAAA/);
    }
  },
);

credentialsTest(
  'without --publish, it says where the public half goes',
  async ({ run, github }) => {
    const { code, stdout, stderr } = await run(['dev']);
    assert.equal(code, 0, stderr);
    const [secret, ...others] = secretsIn(stdout);
    assert.equal(others.length, 0);
    assert.ok(stderr.includes(plain(secret?.data['identity.pub'])));
    assert.match(stderr, /add this deploy key at http\S+\/octo\/flux-dev\/settings\/keys\/new/);
    assert.equal(github.deployKeys.length, 0);
  },
);

credentialsTest('--file writes a file that only the user can read', async ({ run, folder }) => {
  const file = join(folder, 'secrets.yaml');
  const first = await run(['dev', '--file', file]);
  assert.equal(first.code, 0, first.stderr);
  assert.equal(first.stdout, '');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const before = readFileSync(file, 'utf8');
  assert.equal(secretsIn(before).length, 1);
  const again = await run(['dev', '--file', file]);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /this file exists\. --force overwrites it/);
  assert.equal(readFileSync(file, 'utf8'), before);
  assert.equal((await run(['dev', '--file', '~/secrets.yaml', '--force'])).code, 0);
  assert.notEqual(readFileSync(file, 'utf8'), before);
});

credentialsTest('--live writes the Secrets once', async ({ run, cluster, github }) => {
  const first = await run(['--publish', '--live']);
  assert.equal(first.code, 0, first.stderr);
  assert.equal(cluster.secrets.size, 4);
  assert.equal(github.deployKeys.length, 3);
  assert.match(first.stderr, /On the cluster of context kind-test/);
  const before = JSON.stringify([...cluster.secrets]);
  const again = await run(['--publish', '--live', '--json']);
  assert.equal(again.code, 0, again.stderr);
  assert.equal(JSON.stringify([...cluster.secrets]), before);
  assert.equal(github.deployKeys.length, 3);
  const { repositories } = JSON.parse(again.stdout);
  assert.ok(repositories.every((one: { changed: boolean }) => one.changed === false));
});

credentialsTest('--live gives a new environment the key of its repository', async (desk) => {
  const { run, cluster, github } = desk;
  await run(['--publish', '--live']);
  // Prod is new: it has neither a source nor a Secret.
  cluster.sources.delete('fluxdemo-prod/flux-stage-prod');
  cluster.secrets.delete('fluxdemo-prod/git-flux-stage-prod');
  const { code, stderr } = await run(['prod', '--live', '--publish']);
  assert.equal(code, 0, stderr);
  const key = cluster.keyOf('fluxdemo-stage', 'flux-stage-prod');
  assert.equal(cluster.keyOf('fluxdemo-prod', 'flux-stage-prod'), key);
  assert.equal(github.deployKeys.length, 3);
});

credentialsTest(
  '--rotate replaces every key and breaks no fetch',
  async ({ run, cluster, github }) => {
    await run(['--publish', '--live']);
    const before = github.deployKeys.map(({ key }) => key);
    const { code, stderr } = await run(['--rotate', '--live']);
    assert.equal(code, 0, stderr);
    assert.equal(github.deployKeys.length, 3);
    assert.ok(github.deployKeys.every(({ key }) => !before.includes(key)));
    for (const [place, { metadata, data }] of cluster.secrets) {
      assert.deepEqual(
        Object.keys(data).sort(),
        ['identity', 'identity.pub', 'known_hosts'],
        place,
      );
      assert.deepEqual(metadata.annotations, {}, place);
    }
  },
);

credentialsTest('--list says who has which key, and --prune removes the rest', async (desk) => {
  const { run, cluster, github, repo } = desk;
  await run(['--publish', '--live']);
  const old = new Date(Date.now() - 40 * 86_400_000);
  const lost = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
  github.addDeployKey(repo('flux-dev'), 'flux-gitops flux-demo', lost, { createdAt: old });
  github.addDeployKey(repo('flux-dev'), 'ci', lost.replace('9GKJl', '9GKJk'), { readOnly: false });
  const text = await run(['dev', '--list', '--live']);
  assert.equal(text.code, 0, text.stderr);
  assert.match(
    text.stdout,
    /SHA256:\S+ {2}0 days old; last used \d{4}-\d\d-\d\d; read-only; in fluxdemo-dev\n/,
  );
  assert.match(
    text.stdout,
    /40 days old; no use known; read-only; no Secret of this cluster has it/,
  );
  assert.match(text.stdout, /title "ci"; 0 days old; no use known; CAN WRITE; no Secret/);
  const json = JSON.parse((await run(['--list', '--json'])).stdout);
  assert.equal(json.repositories[0].keys.length, 3);
  const { code, stderr } = await run(['--prune', '--live']);
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    new RegExp(`- removed ${fingerprintOf(lost).replaceAll('+', '\\+')} from octo/flux-dev`),
  );
  assert.equal(github.deployKeys.length, 4, 'the key with another title stays');
  assert.ok(cluster.keyOf('fluxdemo-dev', 'flux-dev'));
});

if (putSopsOnPath())
  credentialsTest(
    '--prune keeps a key that is only in an encrypted file, and removes the one before it',
    async ({ run, github }) => {
      const first = await run(['dev', '--publish', '--sops']);
      assert.equal(first.code, 0, first.stderr);
      assert.equal((await run(['dev', '--publish', '--sops'])).code, 0);
      const [, second] = github.deployKeys;
      assert.equal(github.deployKeys.length, 2);
      const listed = await run(['dev', '--list', '--live']);
      assert.match(listed.stdout, /; in dev\/3_credentials\.sops\.yaml$/m);
      const { code, stderr } = await run(['dev', '--prune', '--live']);
      assert.equal(code, 0, stderr);
      assert.deepEqual(github.deployKeys, [second]);
    },
    ['--sync-config', '--sops-age', ageKey().recipient],
  );

credentialsTest(
  '--revoke takes the key away unless an environment needs it',
  async ({ run, github, cluster }) => {
    await run(['--publish', '--live']);
    cluster.sources.clear();
    const kept = await run(['stage', '--revoke']);
    assert.equal(kept.code, 0, kept.stderr);
    assert.match(kept.stderr, /octo\/flux-stage-prod: the key stays, because prod needs it/);
    assert.equal(github.deployKeys.length, 3);
    const gone = await run(['stage', 'prod', '--revoke']);
    assert.equal(gone.code, 0, gone.stderr);
    assert.deepEqual(github.deployKeys.map((one) => one.repo.name).sort(), [
      'flux-demo',
      'flux-dev',
    ]);
  },
);

/** Changes the estate of `desk`, and returns the next steps. */
async function change({ folder }: CredentialsDesk, ...flags: string[]): Promise<string> {
  const { code, stderr } = await runCommand([...flags, '--yes'], join(folder, 'flux-demo'));
  assert.equal(code, 0, stderr);
  return stderr;
}

credentialsTest(
  'deploy keys that Flux no longer needs are listed, pruned and revoked, however Flux reads now',
  async (desk) => {
    const { run, cluster, github, repo } = desk;
    await run(['--publish', '--live']);
    cluster.sources.clear();
    const changes = [
      ['--credentials', 'token'],
      ['--credentials', 'none'],
      ['--source', 'oci', '--signature', 'key', '--registry', 'oci://registry.example.com/OWNER'],
      ['--source', 'git', '--visibility', 'public'],
    ];
    for (const flags of changes) {
      await change(desk, ...flags);
      const listed = await run(['--list']);
      assert.equal(listed.code, 0, listed.stderr);
      assert.equal(listed.stdout.match(/SHA256:/g)?.length, 3, flags.join(' '));
    }
    const kept = await run(['--prune', '--live']);
    assert.equal(kept.code, 0, kept.stderr);
    assert.equal(github.deployKeys.length, 3);
    assert.match(kept.stderr, /fluxdemo-dev still has this key.*credentials dev --revoke/);
    assert.equal((await run(['dev', '--revoke'])).code, 0);
    assert.deepEqual(
      github.deployKeys.map((one) => one.repo),
      [repo('flux-stage-prod'), repo('flux-demo')],
    );
    cluster.secrets.clear();
    assert.equal((await run(['--prune', '--live'])).code, 0);
    assert.deepEqual(github.deployKeys, []);
  },
);

credentialsTest('an environment that reads with a token keeps no deploy key', async (desk) => {
  const { run, github, cluster } = desk;
  await run(['--publish', '--live']);
  cluster.sources.clear();
  await change(desk, 'tenant', 'prod', '--credentials', 'token');
  const { code, stderr } = await run(['prod', '--revoke']);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /the key stays, because stage needs it/);
  assert.equal((await run(['stage', '--revoke'])).code, 0);
  assert.equal(github.deployKeys.length, 2);
});

credentialsTest('a repository that is not on GitHub hides no key of the others', async (desk) => {
  const { run, repo } = desk;
  await run(['--publish', '--live']);
  await change(desk, '--visibility', 'public');
  Object.assign(repo('flux-demo'), { name: 'another-name' });
  const { code, stdout, stderr } = await run(['--list']);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /octo\/flux-demo: its deploy keys were not looked at/);
  assert.equal(stdout.match(/SHA256:/g)?.length, 2);
  assert.notEqual((await run(['flux-demo', '--list'])).code, 0);
});
