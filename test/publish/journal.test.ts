import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openJournal } from '../../lib/publish/journal.ts';
import { temporaryFolder } from '../sandbox.ts';

test('a journal that is opened twice loses no entry of either', async () => {
  const folder = temporaryFolder();
  const [one, other] = [openJournal(folder), openJournal(folder)];
  await one.set('flux-dev', { target: 'https://github.com/octo', id: 1 });
  await other.set('flux-demo', { target: 'https://github.com/octo', id: 2 });
  await one.set('flux-qa', { target: 'https://github.com/octo', id: 3 });
  const { repos } = JSON.parse(readFileSync(one.file, 'utf8')) as { repos: object };
  assert.deepEqual(Object.keys(repos), ['flux-demo', 'flux-dev', 'flux-qa']);
});

test('what version 0.1.0 noted is understood', () => {
  const folder = temporaryFolder();
  const entry = { target: 'https://github.com/octo', id: 1, dressed: true };
  const text = JSON.stringify({ version: 1, repos: { 'flux-dev': entry } });
  writeFileSync(join(folder, '.flux-gitops-publish.json'), text);
  assert.equal(openJournal(folder).get('flux-dev')?.branchChecked, true);
});
