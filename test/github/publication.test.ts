import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { decideState, type Sighting } from '../../lib/core/publication.ts';
import { explainApiFailure } from '../../lib/core/publication-api-errors.ts';
import { combine, PublishError, publishProblem } from '../../lib/core/publication-errors.ts';
import { explainLocalGit, explainPush } from '../../lib/core/publication-git-errors.ts';
import { describeProgress } from '../../lib/core/publication-progress.ts';
import { REFUSALS, type Reason } from '../../lib/core/publication-refusals.ts';
import { isSameRepository } from '../../lib/io/git-origin.ts';
import { readBlobs, treeId } from '../../lib/io/git-tree.ts';
import { locateGithub } from '../../lib/io/github-hosts.ts';
import { provesOwnership } from '../../lib/io/publish-compare.ts';
import { plainGit } from './bare.ts';
import { writeIn } from './run.ts';

const nothing: Sighting = {
  exists: true,
  journalled: false,
  redirected: false,
  otherBranches: true,
  pending: false,
  sameTree: false,
  remoteIsAncestor: false,
  localIsAncestor: false,
  sharedHistory: false,
};

const STATES: readonly (readonly [string, Partial<Sighting>])[] = [
  ['absent ours', { exists: false }],
  ['foreign', { redirected: true, remote: 'a', local: 'a' }],
  ['empty', { otherBranches: false }],
  ['empty ours', { otherBranches: false, journalled: true }],
  ['foreign', { journalled: true }],
  ['same ours', { remote: 'a', local: 'a' }],
  ['behind ours', { remote: 'a', local: 'a', pending: true }],
  ['behind ours', { remote: 'a', local: 'b', remoteIsAncestor: true }],
  ['same ours', { remote: 'a', pending: true, sameTree: true }],
  ['ahead ours', { remote: 'b', local: 'a', localIsAncestor: true }],
  ['diverged ours', { remote: 'b', local: 'a', localIsAncestor: true, pending: true }],
  ['diverged ours', { remote: 'b', local: 'a', sharedHistory: true }],
  ['ahead ours', { remote: 'b', journalled: true }],
  ['foreign', { remote: 'b', local: 'a', journalled: true }],
  ['foreign', { remote: 'b', pending: true }],
];

test('the state of a repository follows from what is seen', () => {
  for (const [expected, seen] of STATES) {
    const { state, ours } = decideState({ ...nothing, ...seen });
    assert.equal(ours ? `${state} ours` : state, expected, JSON.stringify(seen));
  }
});

test('every refusal has a message and a hint, and each fact is a word', () => {
  for (const [reason, { message, hint }] of Object.entries(REFUSALS)) {
    assert.match(message, /\.$|\{said\}$/, reason);
    assert.ok(hint.length > 10, reason);
    for (const [brace] of `${message}${hint}`.matchAll(/\{[^}]*\}/g))
      assert.match(brace, /^\{[a-z]+\}$/);
  }
});

test('a refusal tells what was done, what was not, and how to go on', () => {
  const error = new PublishError('ARCHIVED', { repo: 'o/b' });
  const standing = { created: ['o/a'], pushed: ['o/a'], missing: ['o/b'], command: 'again' };
  const text = error.after(standing).message;
  assert.equal(
    text,
    'o/b is archived, so nothing can be pushed to it.\n  Unarchive it in its settings, or choose another name.\n' +
      '  Created by this run: o/a.\n  Pushed by this run: o/a.\n  Not done yet: o/b.\n' +
      '  When that is done, run the same command again; it resumes: again',
  );
  assert.deepEqual(publishProblem(error.after(standing)), {
    code: 'ARCHIVED',
    message: error.summary,
    hint: error.hint,
    repo: 'o/b',
    created: ['o/a'],
    pushed: ['o/a'],
  });
});

test('the same refusal of several repositories is told once', () => {
  const standing = { created: [], pushed: [], missing: [], command: 'again' };
  const one = (repo: string) => new PublishError('NETWORK', { repo, host: 'h', said: 'x' });
  assert.equal(
    combine([one('o/a'), one('o/b')], standing).message.match(/No connection/g)?.length,
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

test('a tree has the id that git gives it', async () => {
  const name = fc.stringMatching(/^[a-c][a-c.-]{0,2}$/);
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
  const files = fc.dictionary(path, fc.string(), { minKeys: 1, maxKeys: 8 });
  const property = fc.asyncProperty(files, async (tree) => {
    const paths = Object.keys(tree).filter(
      (one) => !Object.keys(tree).some((other) => other.startsWith(`${one}/`)),
    );
    const folder = mkdtempSync(join(tmpdir(), 'tree-'));
    for (const file of paths) writeIn(folder, file, tree[file] ?? '');
    const run = (...args: string[]) =>
      execFileSync('git', ['-C', folder, ...args], { env: plainGit, encoding: 'utf8' });
    run('init', '-q');
    run('add', '.');
    const expected = run('write-tree').trim();
    const actual = treeId(await readBlobs(folder, paths));
    rmSync(folder, { recursive: true });
    assert.equal(actual, expected);
  });
  await fc.assert(property, { numRuns: 25 });
});

test('a remote is the same repository in all its spellings', () => {
  const url = 'https://github.com/octo/fleet.git';
  for (const same of [
    'https://github.com/Octo/fleet',
    'git@github.com:octo/fleet.git',
    'ssh://git@github.com/octo/fleet',
    'https://me@github.com/octo/fleet.git/',
  ]) {
    assert.ok(isSameRepository(same, url), same);
  }
  for (const other of [
    'https://github.com/octo/fleet2',
    'https://gitlab.com/octo/fleet',
    '/srv/git/octo/fleet.git',
    '',
  ]) {
    assert.ok(!isSameRepository(other, url), other);
  }
});

test('ownership: the id, or an intent with the right time and description', () => {
  const at = Date.parse('2026-01-01T00:00:10Z');
  const remote = {
    id: 7,
    fullName: 'o/r',
    description: 'D',
    createdAt: at,
    archived: false,
    private: false,
    defaultBranch: 'main',
    topics: [],
  };
  const repo = { name: 'r', folder: '', description: 'D', files: [], role: 'config' as const };
  const intent = (text: string) => ({ target: '', intents: [text] });
  assert.ok(provesOwnership({ target: '', id: 7 }, remote, repo));
  assert.ok(!provesOwnership({ target: '', id: 8 }, remote, repo));
  assert.ok(!provesOwnership(undefined, remote, repo));
  assert.ok(provesOwnership(intent('2026-01-01T00:00:10Z'), remote, repo));
  assert.ok(!provesOwnership(intent('2026-01-01T00:00:20Z'), remote, repo), 'it was there before');
  assert.ok(!provesOwnership(intent('2025-12-31T23:00:00Z'), remote, repo), 'it came much later');
  assert.ok(
    !provesOwnership(intent('2026-01-01T00:00:10Z'), { ...remote, description: 'E' }, repo),
  );
});

test('the parts of a GitHub', () => {
  assert.equal(locateGithub('https://github.com').api, 'https://api.github.com');
  assert.equal(locateGithub('https://acme.ghe.com').api, 'https://api.acme.ghe.com');
  assert.equal(locateGithub('https://git.example.com/').api, 'https://git.example.com/api/v3');
});

test('progress is told in plain lines', () => {
  const commit = '0123456789abcdef';
  assert.equal(
    describeProgress({ kind: 'pushed', repo: 'o/r', branch: 'main', commit }),
    '> pushed o/r@main 0123456',
  );
  assert.equal(describeProgress({ kind: 'pushing', repo: 'o/r', percent: 66 }), '  o/r: 66%');
  assert.equal(
    describeProgress({ kind: 'waiting', seconds: 3, first: true, why: 'w' }),
    '  waiting 3 s: w',
  );
});
