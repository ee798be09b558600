import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { formerRepositoryNotes, replacedNotes } from '../../lib/credentials/former.ts';
import { readSecret } from '../../lib/credentials/secret.ts';
import { keyedSourcesOf } from '../../lib/credentials/sources.ts';
import { openWorkspace } from '../../lib/disk/workspace.ts';
import type { RepoRecord } from '../../lib/plan/record.ts';
import { folderAfter, succeed } from '../sandbox.ts';

function recordIn(folder: string): RepoRecord {
  const { home } = openWorkspace('credentials', join(folder, 'flux-demo'), '.', undefined, []);
  assert.ok(home?.record);
  return home.record;
}

test('repositories that the estate does not have any more are named with their pages, from the history of git', async () => {
  const folder = await folderAfter(['--owner', 'octo', '--visibility', 'private']);
  const config = join(folder, 'flux-demo');
  const git = (...words: string[]) =>
    execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@b.invalid', ...words], {
      cwd: config,
      stdio: 'ignore',
    });
  const notes = () => formerRepositoryNotes(recordIn(folder), config);
  const commit = () => {
    git('add', '--all');
    git('commit', '--message', 'As it is');
  };
  assert.deepEqual(notes(), [], 'no git');
  git('init', '--quiet');
  commit();
  assert.deepEqual(notes(), []);
  await succeed(['--owner', 'mona'], folder);
  const old = ['flux-dev', 'flux-stage-prod'].map(
    (repo) =>
      `octo/${repo} was a repository of this estate, and its deploy keys were not looked at: https://github.com/octo/${repo}/settings/keys`,
  );
  assert.deepEqual(notes(), old, 'before the commit');
  commit();
  assert.deepEqual(notes(), old);
  await succeed(['--credentials', 'token'], folder);
  commit();
  assert.deepEqual(notes(), old, 'the repositories of now are looked at');
  await succeed(['--owner', 'lisa'], folder);
  assert.deepEqual(
    notes().map((note) => note.split('/')[0]),
    ['mona', 'mona', 'octo', 'octo'],
  );
});

test('a token and the key of an App that are replaced have a page each; what stays has none', async () => {
  const folder = await folderAfter(['--owner', 'octo', '--visibility', 'private']);
  const source = keyedSourcesOf(recordIn(folder)).find(({ repo }) => repo === 'flux-dev');
  assert.ok(source);
  const [place] = source.places;
  assert.ok(place);
  const held = (fields: Record<string, string>) => {
    const data = Object.entries(fields).map(([key, text]) => [
      key,
      Buffer.from(text).toString('base64'),
    ]);
    const metadata = { name: place.secret, namespace: place.namespace };
    const found = { apiVersion: 'v1', kind: 'Secret', metadata, data: Object.fromEntries(data) };
    return [{ place, held: readSecret(found as Parameters<typeof readSecret>[0]) }];
  };
  const token = { username: 'git', password: 'old' };
  const app = { githubAppID: '1', githubAppPrivateKey: 'old' };
  const key = { identity: 'key', known_hosts: 'x' };
  const pages = (before: Record<string, string>, fields: Record<string, string>): string[] =>
    replacedNotes(source, held(before), fields).map((note) => note.replace(/^.*: /, ''));
  assert.deepEqual(pages(token, { ...token, password: 'new' }), [
    'https://github.com/settings/personal-access-tokens',
  ]);
  assert.deepEqual(pages(token, key), ['https://github.com/settings/personal-access-tokens']);
  assert.deepEqual(pages(app, { ...app, githubAppPrivateKey: 'new' }), [
    'https://github.com/settings/apps',
  ]);
  assert.deepEqual(pages(app, token), ['https://github.com/settings/apps']);
  for (const same of [token, app, key, { ...key, password: 'of the key' }])
    assert.deepEqual(pages(same, same), []);
  assert.deepEqual(pages({ ...key, password: 'of the key' }, key), []);
});
