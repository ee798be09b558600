import assert from 'node:assert/strict';
import { test } from 'node:test';
import xterm from '@xterm/headless';
import { BIN, folderAfter } from '../sandbox.ts';
import { standIn } from '../status/kubectl.ts';
import { living, SECOND, withChanges } from '../status/objects.ts';
import { onTerminal } from './terminal.ts';

/** What a person sees on a terminal after `output`. */
async function seen(output: string): Promise<string[]> {
  const screen = new xterm.Terminal({ cols: 120, rows: 50, allowProposedApi: true });
  await new Promise<void>((done) => screen.write(output, done));
  const { active } = screen.buffer;
  const lines = Array.from({ length: active.length }, (_, at) =>
    (active.getLine(at)?.translateToString(true) ?? '').trimEnd(),
  );
  return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1);
}

test('status --watch draws over the table before, marks what a push changed, and ends at Ctrl-C with 130', async () => {
  const folder = await folderAfter(['--yes', '--owner', 'octo-org']);
  const objects = living([
    { name: 'dev', repo: 'flux-dev' },
    { name: 'stage', repo: 'flux-stage-prod' },
    { name: 'prod', repo: 'flux-stage-prod' },
  ]);
  const stand = standIn();
  stand.show(objects);
  const terminal = onTerminal([process.execPath, BIN, 'status', '--watch'], folder, stand.env);
  try {
    await terminal.until(() => terminal.screen().includes('3 of 3 Ready'));
    stand.show(
      withChanges(objects, 'GitRepository', 'fluxdemo-dev', {
        status: { artifact: { revision: SECOND } },
      }),
    );
    await terminal.until(() => terminal.screen().includes('2 of 3 Ready'));
    const lines = await seen(terminal.output());
    assert.equal(lines.length, 7, lines.join('\n'));
    assert.match(lines[0] ?? '', /^On the cluster of context kind-test/);
    assert.match(lines[1] ?? '', /^ {2}ENVIRONMENT {2}SOURCE/);
    assert.match(lines[2] ?? '', /^\* dev {10}flux-dev {9}main@7f1d90a {2}main@cd2ebc8 {2}Unknown/);
    assert.match(lines[3] ?? '', /^ {4}main@7f1d90a is fetched, and not applied yet\.$/);
    assert.match(lines[4] ?? '', /^ {2}stage {8}flux-stage-prod .* True/);
    assert.match(
      lines[6] ?? '',
      /^\d\d:\d\d:\d\d {2}2 of 3 Ready\. Ctrl-C ends\. Context kind-test\.$/,
    );
    terminal.type('\x03');
    assert.equal(await terminal.ended, 130, terminal.screen());
    assert.match(terminal.screen(), /The watch has ended\.\n$/);
  } finally {
    terminal.kill();
  }
});
