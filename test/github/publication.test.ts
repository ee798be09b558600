import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { readBlobs, treeId } from '../../lib/publish/git-folder.ts';
import { locateGithub } from '../../lib/publish/github-host.ts';
import { provesOwnership } from '../../lib/publish/journal.ts';
import { isSameRepository } from '../../lib/publish/origin.ts';
import { decideState, describeProgress, type Evidence } from '../../lib/publish/state.ts';
import { plainGit } from './bare.ts';
import { writeIn } from './run.ts';

const nothing: Evidence = {
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

const STATES: readonly (readonly [string, Partial<Evidence>])[] = [
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
    const actual = treeId(await readBlobs({ folder, files: paths }));
    rmSync(folder, { recursive: true });
    assert.equal(actual, expected);
  });
  await fc.assert(property, { numRuns: 25 });
});

test('a remote is the same repository in all its spellings', () => {
  const url = 'https://github.com/octo/fleet.git';
  for (const same of [
    'https://github.com/Octo/fleet',
    'HTTPS://GITHUB.COM/octo/fleet.git',
    'https://www.github.com/octo/fleet',
    'https://github.com:443/octo/fleet',
    'http://github.com/octo/fleet/',
    'git@github.com:octo/fleet.git',
    'github.com:octo/fleet',
    'git@github.com:/octo/fleet.git',
    'ssh://git@github.com/octo/fleet',
    'ssh://git@github.com:22/octo/fleet.git',
    'ssh://git@ssh.github.com:443/octo/fleet.git',
    'git+ssh://git@github.com/octo/fleet.git',
    'git://github.com/octo/fleet.git',
    'https://me@github.com/octo/fleet.git/',
    'https://me:secret@github.com/octo/fleet',
  ]) {
    assert.ok(isSameRepository(same, url), same);
  }
  for (const other of [
    'https://github.com/octo/fleet2',
    'https://github.com/octo/fleet/more',
    'https://github.com:8443/octo/fleet',
    'https://gitlab.com/octo/fleet',
    'git@work:octo/fleet.git',
    'ssh://git@ssh.gitlab.com/octo/fleet',
    'https://github.com.example.com/octo/fleet',
    'https://example.com/github.com/octo/fleet',
    '/srv/git/octo/fleet.git',
    'file:///srv/octo/fleet',
    '-oProxyCommand=x:octo/fleet',
    '',
  ]) {
    assert.ok(!isSameRepository(other, url), other);
  }
  const server = 'http://127.0.0.1:8080/octo/fleet.git';
  assert.ok(
    isSameRepository('ssh://git@127.0.0.1:2222/octo/fleet', server),
    'ssh has its own port',
  );
  assert.ok(!isSameRepository('http://127.0.0.1:9090/octo/fleet', server), 'another server');
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
    template: false,
    defaultBranch: 'main',
    topics: [],
  };
  const repo = { description: 'D' };
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
  assert.equal(describeProgress({ kind: 'waiting', seconds: 3, why: 'w' }), '  waiting 3 s: w');
});
