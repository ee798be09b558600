/** Tokens, Apps and host keys: what GitHub says about them, and what the user reads. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { credentialsTest } from './credentials-desk.ts';
import type { App } from './world.ts';

const TOKEN = 'github_pat_11AAAAAAA0123456789_abcdefghijklmnopqrstuvwxyz';
const env = { FLUX_GIT_TOKEN: TOKEN };
const TOKENS = ['--credentials', 'token'];
const APPS = ['--credentials', 'github-app'];
const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const APP: App = {
  ...{ id: 4711, publicKey, installation: 815, owner: 'octo', repos: ['flux-dev'] },
  ...{ suspended: false, reads: true },
};

credentialsTest(
  'a token that reads more: it works, and the user is warned',
  async ({ github, run, cluster }) => {
    github.readingTokens.push({ token: TOKEN, repos: ['flux-dev', 'flux-demo'] });
    const { code, stderr } = await run(['dev', '--live'], { env });
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /! The token from FLUX_GIT_TOKEN also reads octo\/flux-demo\. The tenant can/,
    );
    assert.equal(cluster.secrets.size, 1);
  },
  TOKENS,
);

credentialsTest(
  'a token that ends: the Secret says when, also after it was replaced by one that does not',
  async ({ github, run, cluster }) => {
    const expires = '2026-12-31 12:00:00 UTC';
    github.readingTokens.push({ token: TOKEN, repos: ['flux-dev'], expires });
    assert.equal((await run(['dev', '--live'], { env })).code, 0);
    const noted = () =>
      [...cluster.secrets.values()][0]?.metadata.annotations?.['flux-gitops/expires'];
    assert.equal(noted(), '2026-12-31T12:00:00.000Z');
    github.readingTokens[0] = { token: TOKEN, repos: ['flux-dev'] };
    assert.equal((await run(['dev', '--live'], { env })).code, 0);
    assert.equal(noted(), undefined);
  },
  TOKENS,
);

credentialsTest(
  'a token that replaces another one: the run says where to revoke the old one',
  async ({ github, run }) => {
    const other = `${TOKEN}2`;
    for (const token of [TOKEN, other]) github.readingTokens.push({ token, repos: ['flux-dev'] });
    const first = await run(['dev', '--live'], { env });
    assert.equal(first.code, 0, first.stderr);
    assert.doesNotMatch(first.stderr, /Revoke/);
    const rotated = await run(['dev', '--rotate', '--live'], { env: { FLUX_GIT_TOKEN: other } });
    assert.equal(rotated.code, 0, rotated.stderr);
    const page = `${github.url}/settings/personal-access-tokens`;
    assert.ok(
      rotated.stderr.includes(
        `! the token before it still reads octo/flux-dev. Revoke it, when Flux reads without it: ${page}\n`,
      ),
      rotated.stderr,
    );
    const again = await run(['dev', '--live'], { env: { FLUX_GIT_TOKEN: other } });
    assert.match(again.stderr, /nothing to do/);
    assert.doesNotMatch(again.stderr, /Revoke/);
  },
  TOKENS,
);

credentialsTest(
  'a token that does not read the repository, and no token',
  async ({ github, run, cluster }) => {
    github.readingTokens.push({ token: TOKEN, repos: ['flux-demo'] });
    const other = await run(['dev', '--live'], { env });
    assert.equal(other.code, 1);
    assert.match(other.stderr, /The token from FLUX_GIT_TOKEN does not read octo\/flux-dev/);
    const none = await run(['dev', '--live', '--secret-stdin']);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /There is no token with which Flux can read octo\/flux-dev/);
    const wrong = await run(['dev', '--live'], { env: { FLUX_GIT_TOKEN: 'two words' } });
    assert.match(wrong.stderr, /The token from FLUX_GIT_TOKEN is not one word/);
    const unknown = await run(['dev', '--live'], { env: { FLUX_GIT_TOKEN: 'x' } });
    assert.match(unknown.stderr, /rejected the token from FLUX_GIT_TOKEN \(401\)/);
    assert.equal(cluster.secrets.size, 0);
  },
  TOKENS,
);

credentialsTest(
  'a GitHub App: its installation is found, and its address on an Enterprise Server',
  async ({ github, run, cluster, folder }) => {
    github.apps.push(APP);
    const file = join(folder, 'app.pem');
    writeFileSync(file, privateKey);
    const flags = ['--live', '--app-id', '4711', '--private-key', file];
    const { code, stderr } = await run(['dev', ...flags]);
    assert.equal(code, 0, stderr);
    const { data } = cluster.secrets.get('fluxdemo-dev/git-flux-dev') ?? { data: {} };
    const text = Object.fromEntries(
      Object.entries(data).map(([name, one]) => [
        name,
        Buffer.from(String(one), 'base64').toString(),
      ]),
    );
    assert.deepEqual(text, {
      githubAppID: '4711',
      githubAppInstallationID: '815',
      githubAppPrivateKey: privateKey,
      githubAppBaseURL: `${github.url}/api/v3`,
    });
    const elsewhere = await run(['prod', ...flags]);
    assert.match(elsewhere.stderr, /The GitHub App 4711 has no access to octo\/flux-stage-prod/);
    const other = await run(['dev', ...flags, '--installation-id', '816']);
    assert.match(other.stderr, /reads octo\/flux-dev with the installation 815, and not 816/);
    const wrong = await run(['dev', '--live', '--app-id', '1', '--private-key', file]);
    assert.match(
      wrong.stderr,
      /does not accept the key from --private-key \S+ for the GitHub App 1/,
    );
    writeFileSync(file, 'no key');
    const broken = await run(['dev', ...flags]);
    assert.match(broken.stderr, /is not the private key of a GitHub App/);
  },
  APPS,
);

credentialsTest(
  'a GitHub App that is suspended, may not read, or reads everything',
  async ({ github, run }) => {
    const flags = ['dev', '--live', '--app-id', '4711', '--secret-stdin'];
    const cases: [Partial<App>, number, RegExp][] = [
      [{ suspended: true }, 1, /The installation .* for octo\/flux-dev is suspended/],
      [{ reads: false }, 1, /may not read the contents of octo\/flux-dev/],
      [{ repos: 'all' }, 0, /! The GitHub App 4711 reads all repositories of octo/],
    ];
    for (const [more, code, text] of cases) {
      github.apps.splice(0, 1, { ...APP, ...more });
      const outcome = await run(flags, { input: privateKey });
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, text);
    }
  },
  APPS,
);

credentialsTest('a server that does not say its host keys', async ({ github, run, folder }) => {
  github.sshKeys = undefined;
  const { code, stdout, stderr } = await run(['dev']);
  assert.equal(code, 1);
  assert.equal(stdout, '');
  assert.match(
    stderr,
    /does not say the host keys of its git server\. No key is trusted on first use/,
  );
  const file = join(folder, 'hosts');
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
  writeFileSync(file, `[127.0.0.1]:2222 ${key}\n`);
  assert.equal((await run(['dev', '--known-hosts', file])).code, 0);
});

credentialsTest('a key in use elsewhere, and a token without rights', async (desk) => {
  const { github, run, cluster, repo } = desk;
  await run(['dev', '--live', '--publish']);
  const [key] = github.deployKeys;
  assert.ok(key);
  cluster.sources.clear();
  key.repo = repo('flux-demo');
  const used = await run(['dev', '--live', '--publish']);
  assert.equal(used.code, 1);
  assert.match(
    used.stderr,
    /GitHub refuses the deploy key for octo\/flux-dev, because another repository/,
  );
  github.readingTokens.push({ token: TOKEN, repos: ['flux-dev'] });
  github.faults.push({ on: /keys$/, when: 'before', status: 404, body: { message: 'Not Found' } });
  const weak = await run(['dev', '--live', '--publish']);
  assert.equal(weak.code, 1);
  assert.match(weak.stderr, /is not allowed to manage the deploy keys of octo\/flux-dev/);
  github.faults.length = 0;
  const noToken = await run(['dev', '--publish'], { env: { GH_ENTERPRISE_TOKEN: '' } });
  assert.match(noToken.stderr, /There is no GitHub token for/);
  assert.equal(noToken.stdout, '');
});

credentialsTest('no kubectl', async ({ run }) => {
  const { code, stderr } = await run(['dev', '--live'], { env: { PATH: '/nowhere' } });
  assert.equal(code, 1);
  assert.match(stderr, /This needs kubectl, and there is no kubectl on your PATH/);
});
