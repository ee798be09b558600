import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openJournal, whilePublishingAlone } from '../../lib/publish/journal.ts';
import { temporaryFolder } from '../sandbox.ts';

const LOCK = '.flux-gitops-publish.lock';
const silent = (): void => undefined;

/** A lock as the process `pid` would have left it. */
function leaveLock(folder: string, pid: number, host = hostname()): void {
  const holder = { pid, host, since: '2026-01-01T00:00:00.000Z' };
  writeFileSync(join(folder, LOCK), JSON.stringify(holder));
}

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

test('two runs in one folder work one after the other, and the second says for whom it waits', async () => {
  const folder = temporaryFolder();
  const steps: string[] = [];
  const run = (name: string) =>
    whilePublishingAlone(
      folder,
      (text) => steps.push(text),
      async () => {
        steps.push(`${name} begins`);
        await sleep(300);
        steps.push(`${name} ends`);
      },
    );
  await Promise.all([run('one'), sleep(50).then(() => run('two'))]);
  const [first, waits = '', ...rest] = steps;
  assert.equal(first, 'one begins');
  assert.match(waits, new RegExp(`waiting for another run .*: process ${process.pid} on `));
  assert.deepEqual(rest, ['one ends', 'two begins', 'two ends']);
  assert.equal(existsSync(join(folder, LOCK)), false);
});

test('the lock of a process that lives is waited for, but not for ever', async () => {
  const folder = temporaryFolder();
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => undefined, 60000)']);
  leaveLock(folder, child.pid ?? 0);
  const refused = whilePublishingAlone(folder, silent, async () => undefined, 300);
  await assert.rejects(refused, { reason: 'BUSY', message: new RegExp(`process ${child.pid} on`) });
  child.kill();
  await once(child, 'exit');
  const result = await whilePublishingAlone(folder, silent, async () => 'done', 5_000);
  assert.equal(result, 'done', 'a dead one is taken over');
});

test('a lock with the own process id is of an earlier process, as in a container', async () => {
  const folder = temporaryFolder();
  leaveLock(folder, process.pid);
  assert.equal(await whilePublishingAlone(folder, silent, async () => 'done', 300), 'done');
});

test('a lock that many want to take over goes to one at a time', async () => {
  const folder = temporaryFolder();
  leaveLock(folder, 999_999_999);
  let [inside, most] = [0, 0];
  const work = async (): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    await sleep(20);
    inside -= 1;
  };
  await Promise.all([1, 2, 3, 4, 5].map(() => whilePublishingAlone(folder, silent, work)));
  assert.equal(most, 1);
});

test('a lock of another machine that gives no sign of life is taken over only when it is old', async () => {
  const folder = temporaryFolder();
  leaveLock(folder, 1, 'elsewhere');
  const refused = whilePublishingAlone(folder, silent, async () => undefined, 300);
  await assert.rejects(refused, { reason: 'BUSY' });
});
