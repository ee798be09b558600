import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { assertPublished, assertRefused, assertUntouched, scenario } from '../scenario.ts';

describe('owners', { concurrency: 2 }, () => {
  scenario('an organization', async (scene) => {
    const outcome = await scene.run({ request: { owner: 'octo-org' } });
    assert.equal(outcome.code, 0, outcome.lines);
    assertPublished(scene, 'octo-org');
    assert.ok(scene.standIn.apiCalls.includes('POST /api/v3/orgs/octo-org/repos'));
  });

  scenario('the own login in other letters is no organization', async (scene) => {
    const outcome = await scene.run({ request: { owner: 'OCTO' } });
    assert.equal(outcome.code, 0, outcome.lines);
    assertPublished(scene);
    assert.equal(outcome.results[0]?.url, `${scene.standIn.url}/octo/flux-dev`);
  });

  scenario('nobody of that name', async (scene) => {
    const outcome = await scene.run({ request: { owner: 'nobody' } });
    assertRefused(outcome, 'OWNER_404', /127\S+ has no user or organization nobody/, /--owner/);
    assertUntouched(scene, outcome);
  });

  scenario('another user', async (scene) => {
    const outcome = await scene.run({ request: { owner: 'Other' } });
    assertRefused(
      outcome,
      'OTHER_USER',
      /belongs to octo\. It cannot create repositories for the user other/,
    );
    assertUntouched(scene, outcome);
  });

  scenario('an organization behind single sign-on: the link', async (scene) => {
    scene.standIn.policy.sso = true;
    const outcome = await scene.run({ request: { owner: 'octo-org' } });
    assertRefused(
      outcome,
      'SSO',
      /octo-org uses SAML single sign-on/,
      /http:\S+\/orgs\/octo-org\/sso\?authorization_request=AAAA/,
    );
    assertUntouched(scene, outcome);
  });

  scenario('an organization whose members create nothing', async (scene) => {
    scene.standIn.policy.create = 'none';
    const outcome = await scene.run({ request: { owner: 'octo-org' } });
    assertRefused(
      outcome,
      'ORG_DENIED',
      /octo is not allowed to create public repositories in octo-org/,
      /--owner octo/,
    );
    assert.match(outcome.lines, /Only owners of octo-org can create public repositories/);
    assert.match(outcome.lines, /Nothing was created/);
    assert.equal(scene.standIn.repos.length, 0);
  });

  scenario(
    'an organization with private repositories only: private ones are made',
    async (scene) => {
      scene.standIn.policy.create = 'private';
      const outcome = await scene.run({ request: { owner: 'octo-org', visibility: 'private' } });
      assert.equal(outcome.code, 0, outcome.lines);
      assert.deepEqual(
        scene.standIn.repos.map((repo) => repo.private),
        [true, true],
      );
      assertPublished(scene, 'octo-org');
    },
  );

  scenario('an organization that forbids public repositories', async (scene) => {
    scene.standIn.policy.visibility = false;
    const outcome = await scene.run({ request: { owner: 'octo-org' } });
    assertRefused(
      outcome,
      'VISIBILITY',
      /does not allow public repositories/,
      /Visibility can't be public/,
      /--visibility private/,
    );
    assert.equal(scene.standIn.repos.length, 0);
  });

  scenario('private repositories of a user, as templates', async (scene) => {
    const outcome = await scene.run({ request: { visibility: 'private', template: true } });
    assert.equal(outcome.code, 0, outcome.lines);
    assert.ok(scene.standIn.repos.every((repo) => repo.private && repo.template));
    assertPublished(scene);
  });
});
