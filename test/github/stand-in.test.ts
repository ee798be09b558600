import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StandIn } from './stand-in.ts';

/** Sends one request to a stand-in; its status, and what was wrong with it. */
async function send(
  method: string,
  path: string,
  body?: unknown,
  change?: (standIn: StandIn) => void,
) {
  const standIn = await new StandIn().open();
  change?.(standIn);
  const headers = {
    authorization: `token ${standIn.access.token}`,
    'content-type': 'application/json',
  };
  const init =
    body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const response = await fetch(`${standIn.url}/api/v3${path}`, init);
  const answer = (await response.json()) as Record<string, unknown>;
  await standIn.close();
  return { status: response.status, answer, violations: standIn.violations };
}

test('a documented request is answered as documented', async () => {
  const { status, violations } = await send('POST', '/user/repos', { name: 'x', private: true });
  assert.deepEqual([status, violations], [201, []]);
});

test('an unknown route is a violation', async () => {
  const { violations } = await send('DELETE', '/repos/octo/x');
  assert.deepEqual(violations, ['unknown route DELETE /repos/octo/x']);
});

test('an undocumented field of a request is a violation', async () => {
  const { violations } = await send('POST', '/user/repos', { name: 'x', visibility: 'public' });
  assert.match(String(violations), /additional properties .*visibility/);
});

test('a field of the wrong type is a violation', async () => {
  const { violations } = await send('POST', '/orgs/octo-org/repos', { name: 'x', private: 'yes' });
  assert.match(String(violations), /\/private must be boolean/);
});

test('a missing field is a violation', async () => {
  const { violations } = await send('PUT', '/repos/octo/x/topics', {});
  assert.match(String(violations), /must have required property 'names'/);
});

test('an undocumented query parameter is a violation', async () => {
  const { violations } = await send('GET', '/repos/octo/x/branches?page_size=3');
  assert.match(String(violations), /undocumented query parameter page_size/);
});

test('an answer of the stand-in itself is held to the description', async () => {
  const { violations } = await send('GET', '/users/octo', undefined, (standIn) => {
    Object.assign(standIn.owners[0] ?? {}, { login: 7 });
    standIn.findOwner = () => standIn.owners[0];
  });
  assert.match(String(violations), /login must be string/);
});

test('a name that exists is refused in the words of GitHub', async () => {
  const { status, answer, violations } = await send(
    'POST',
    '/user/repos',
    { name: 'X' },
    (standIn) => {
      const [owner] = standIn.owners;
      if (owner !== undefined) standIn.addRepo(owner, 'x');
    },
  );
  assert.deepEqual([status, violations], [422, []]);
  assert.match(JSON.stringify(answer), /name already exists on this account/);
});
