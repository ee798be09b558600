import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainApiFailure, explainLocalGit, explainPush } from '../../lib/publish/explain.ts';
import {
  combine,
  PublishError,
  publishProblem,
  REFUSALS,
  type Reason,
} from '../../lib/publish/refusals.ts';

test('every refusal has a message and a hint, and each fact is a word', () => {
  for (const [reason, { message, hint }] of Object.entries(REFUSALS)) {
    assert.match(message, /\.$|\{said\}$/, reason);
    assert.ok(hint.length > 10, reason);
    for (const [brace] of `${message}${hint}`.matchAll(/\{[^}]*\}/g))
      assert.match(brace, /^\{\$?[a-z]+\}$/);
  }
});

test('a refusal tells what was done, what was not, and how to go on', () => {
  const error = new PublishError('ARCHIVED', { repo: 'o/b', rename: 'Choose another name.' });
  const soFar = {
    written: true,
    created: ['o/a'],
    pushed: ['o/a'],
    missing: ['o/b'],
    command: 'again',
  };
  const text = error.after(soFar).message;
  assert.equal(
    text,
    'o/b is archived. GitHub accepts no push to an archived repository.\n  Unarchive the repository in its settings. Choose another name.\n' +
      '  Created by this run: o/a.\n  Pushed by this run: o/a.\n  Not done yet: o/b.\n' +
      '  Then run the same command again. It continues where this run stopped: again',
  );
  assert.deepEqual(publishProblem(error.after(soFar)), {
    code: 'ARCHIVED',
    message: error.summary,
    hint: error.hint,
    repo: 'o/b',
    created: ['o/a'],
    pushed: ['o/a'],
  });
});

test('the same refusal of several repositories is told once', () => {
  const soFar = { written: true, created: [], pushed: [], missing: [], command: 'again' };
  const one = (repo: string) => new PublishError('NETWORK', { repo, host: 'h', said: 'x' });
  assert.equal(
    combine([one('o/a'), one('o/b')], soFar).message.match(/There is no connection/g)?.length,
    1,
  );
});

const API: readonly (readonly [Reason, Parameters<typeof explainApiFailure>[0]])[] = [
  ['NETWORK', { status: 0, headers: {}, message: '', errors: [], network: 'ECONNRESET' }],
  ['DNS', { status: 0, headers: {}, message: '', errors: [], network: 'EAI_AGAIN' }],
  [
    'TLS',
    { status: 0, headers: {}, message: '', errors: [], network: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
  ],
  [
    'SSO',
    {
      status: 403,
      headers: { 'x-github-sso': 'required; url=https://x/sso' },
      message: '',
      errors: [],
    },
  ],
  [
    'VISIBILITY',
    { status: 422, headers: {}, message: 'x', errors: [{ field: 'visibility', message: 'y' }] },
  ],
  [
    'REFUSED_NAME',
    {
      status: 422,
      headers: {},
      message: 'Repository creation failed.',
      errors: [{ message: 'name is too long' }],
    },
  ],
  ['SECONDARY_LIMIT', { status: 429, headers: {}, message: 'Too many', errors: [] }],
  ['API_REFUSED', { status: 451, headers: {}, message: 'DMCA', errors: [] }],
];

test('answers of the API have their refusals', () => {
  for (const [reason, failure] of API) {
    assert.equal(explainApiFailure(failure, { owner: 'o', creating: 'yes' }).reason, reason);
  }
});

const PUSHES: readonly (readonly [Reason, string])[] = [
  ['DNS', "fatal: unable to access 'https://x/': Could not resolve host: x"],
  ['TLS', "fatal: unable to access 'https://x/': SSL certificate problem: self-signed certificate"],
  ['NETWORK', "fatal: unable to access 'https://x/': Failed to connect to x port 443"],
  ['PUSH_404', "remote: Repository not found.\nfatal: repository 'https://x/o/r.git/' not found"],
  ['PUSH_401', "fatal: could not read Username for 'https://x': terminal prompts disabled"],
  [
    'NON_FF',
    '!\tHEAD:refs/heads/main\t[rejected] (non-fast-forward)\nerror: failed to push some refs',
  ],
  ['ARCHIVED', 'remote: This repository was archived so it is read-only.\nfatal: error: 403'],
  ['SSO', 'remote: The organization has enabled or enforced SAML SSO.\nfatal: error: 403'],
  ['GITHUB_5XX', 'fatal: unable to access: The requested URL returned error: 503'],
  ['NO_GIT', 'Error: spawn git ENOENT'],
  ['PUSH_REFUSED', 'error: something new'],
];

test('outputs of a push have their refusals', () => {
  for (const [reason, output] of PUSHES) assert.equal(explainPush(output)[0], reason, output);
  assert.equal(explainLocalGit('fatal: Author identity unknown')?.[0], 'NO_IDENTITY');
  assert.equal(explainLocalGit('fatal: something new'), undefined);
});
