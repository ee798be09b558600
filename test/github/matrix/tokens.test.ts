import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import { writeIn } from '../run.ts';
import { assertPublished, assertRefused, assertUntouched, scenario } from '../scenario.ts';

describe('tokens', { concurrency: 2 }, () => {
  scenario('without any token: three ways to get one', async (scene) => {
    const start = Date.now();
    const outcome = await scene.run({ token: '' });
    assertRefused(
      outcome,
      'NO_TOKEN',
      /gh auth login --hostname 127\.0\.0\.1:\d+/,
      /set GH_ENTERPRISE_TOKEN/,
      /--token-stdin/,
    );
    assert.deepEqual(scene.standIn.seen, [], 'nothing was sent');
    assert.ok(Date.now() - start < 8_000, 'nothing is waited for');
  });

  scenario('a token for github.com is not sent to another host, but named', async (scene) => {
    const outcome = await scene.run({ token: '', env: { GH_TOKEN: scene.standIn.access.token } });
    assertRefused(outcome, 'NO_TOKEN', /GH_TOKEN is set, but it is for another host/);
    assert.deepEqual(scene.standIn.seen, []);
  });

  scenario('the token on standard input wins over the environment', async (scene) => {
    const tokenStdin = `${scene.standIn.access.token}\n`;
    const outcome = await scene.run({ token: 'ghp_wrong', request: { tokenStdin } });
    assert.equal(outcome.code, 0, outcome.lines);
    assert.match(outcome.lines, /as octo \(token from --token-stdin\)/);
    assertPublished(scene);
  });

  scenario('GH_ENTERPRISE_TOKEN wins over GITHUB_ENTERPRISE_TOKEN', async (scene) => {
    const outcome = await scene.run({ env: { GITHUB_ENTERPRISE_TOKEN: 'ghp_wrong' } });
    assert.match(outcome.lines, /token from GH_ENTERPRISE_TOKEN/);
    assertPublished(scene);
  });

  scenario('GITHUB_ENTERPRISE_TOKEN is taken', async (scene) => {
    const { token } = scene.standIn.access;
    const outcome = await scene.run({ token: '', env: { GITHUB_ENTERPRISE_TOKEN: token } });
    assert.match(outcome.lines, /token from GITHUB_ENTERPRISE_TOKEN/);
    assertPublished(scene);
  });

  scenario(
    'gh is asked for this host, without the tokens of others in its environment',
    async (scene) => {
      const bin = join(scene.estate.home, 'bin');
      const { token } = scene.standIn.access;
      writeIn(scene.estate.home, 'token.secret', token);
      const checks =
        'test "$GH_TOKEN$GITHUB_TOKEN" = "" && test "$1 $2 $3" = "auth token --hostname"';
      writeIn(
        bin,
        'gh',
        `#!/bin/sh\n${checks} && test "http://$4" = "${scene.standIn.url}" && cat ${scene.estate.home}/token.secret\n`,
      );
      chmodSync(join(bin, 'gh'), 0o755);
      const env = { PATH: `${bin}:${process.env.PATH}`, GH_TOKEN: 'ghp_of_github_com' };
      const outcome = await scene.run({ token: '', env });
      assert.match(outcome.lines, /token from gh auth token/);
      assertPublished(scene);
    },
  );

  scenario("git's credential helper is asked last", async (scene) => {
    const { home } = scene.estate;
    writeIn(home, 'token.secret', `username=octo\npassword=${scene.standIn.access.token}\n`);
    const helper = `!f() { test "$1" = get && cat ${home}/token.secret; }; f`;
    writeIn(
      home,
      '.gitconfig',
      `[credential "${scene.standIn.url}"]\n\thelper = "${helper.replaceAll('"', '\\"')}"\n`,
    );
    const outcome = await scene.run({ token: '' });
    assert.match(outcome.lines, /token from git's credential helper/);
    assertPublished(scene);
  });

  scenario('an expired token', async (scene) => {
    const outcome = await scene.run({ token: 'ghp_expired' });
    assertRefused(
      outcome,
      'BAD_TOKEN',
      /rejected the token from GH_ENTERPRISE_TOKEN \(401\)/,
      /expired or revoked/,
    );
    assert.doesNotMatch(outcome.printed, /ghp_expired/);
    assertUntouched(scene, outcome);
  });

  scenario('a token with a space in it is not sent', async (scene) => {
    const outcome = await scene.run({ token: 'ghp_one ghp_two' });
    assertRefused(outcome, 'MALFORMED_TOKEN', /token from GH_ENTERPRISE_TOKEN contains characters/);
    assert.doesNotMatch(outcome.printed, /ghp_one/);
    assert.deepEqual(scene.standIn.seen, []);
  });

  scenario('an empty token on standard input', async (scene) => {
    const outcome = await scene.run({ request: { tokenStdin: '\n' } });
    assertRefused(outcome, 'MALFORMED_TOKEN', /--token-stdin/);
  });

  scenario('the token of a workflow, by its prefix', async (scene) => {
    scene.standIn.access.token = 'ghs_0123456789';
    assertRefused(await scene.run(), 'INSTALLATION_TOKEN', /personal access token/);
    assert.deepEqual(scene.standIn.seen, []);
  });

  scenario('the token of a workflow, by the answer to GET /user', async (scene) => {
    scene.standIn.access.kind = 'actions';
    const outcome = await scene.run();
    assertRefused(outcome, 'INSTALLATION_TOKEN', /cannot create repositories/);
    assertUntouched(scene, outcome);
  });

  scenario('a classic token without the scope for repositories', async (scene) => {
    scene.standIn.access.scopes = 'gist';
    const outcome = await scene.run();
    assertRefused(
      outcome,
      'SCOPE',
      /scopes: gist; needed: public_repo/,
      /gh auth refresh --hostname \S+ --scopes public_repo/,
    );
    assertUntouched(scene, outcome);
  });

  scenario('a classic token without any scope', async (scene) => {
    scene.standIn.access.scopes = '';
    const outcome = await scene.run();
    assertRefused(outcome, 'SCOPE', /scopes: none/);
    assertUntouched(scene, outcome);
  });

  scenario('public_repo is enough for public repositories', async (scene) => {
    scene.standIn.access.scopes = 'public_repo';
    assert.equal((await scene.run()).code, 0);
    assertPublished(scene);
  });

  scenario('public_repo is not enough for private repositories', async (scene) => {
    scene.standIn.access.scopes = 'public_repo';
    const outcome = await scene.run({ request: { visibility: 'private' } });
    assertRefused(outcome, 'SCOPE', /needed: repo/);
    assertUntouched(scene, outcome);
  });

  scenario(
    'a workflow file without the scope for it, before anything is created',
    async (scene) => {
      scene.standIn.access.scopes = 'repo';
      const [first] = scene.estate.repos;
      assert.ok(first);
      writeIn(first.folder, '.github/workflows/check.yaml', 'on: push\n');
      scene.estate.repos[0] = { ...first, files: [...first.files, '.github/workflows/check.yaml'] };
      const outcome = await scene.run();
      assertRefused(
        outcome,
        'WORKFLOW_SCOPE',
        /\.github\/workflows\/check\.yaml/,
        /octo\/flux-dev/,
        /--scopes workflow/,
      );
      assertUntouched(scene, outcome);
    },
  );

  scenario('a fine-grained token without the permission to create', async (scene) => {
    Object.assign(scene.standIn.access, { kind: 'fine-grained', scopes: '' });
    const outcome = await scene.run();
    assertRefused(
      outcome,
      'FINE_GRAINED',
      /administration=write/,
      /octo\/flux-dev/,
      /resource owner/,
    );
    assert.equal(scene.standIn.repos.length, 0);
    assert.match(outcome.lines, /Nothing was created/);
  });

  scenario('a fine-grained token with it', async (scene) => {
    Object.assign(scene.standIn.access, { kind: 'fine-grained', scopes: 'repo' });
    assert.equal((await scene.run()).code, 0);
    assertPublished(scene);
  });
});
