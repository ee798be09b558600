import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { BIN, readTree, runCommand, temporaryFolder } from '../sandbox.ts';
import { onTerminal } from './terminal.ts';

const folder = temporaryFolder();
const bin = join(folder, 'bin');
const namespace = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'fluxdemo-dev', labels: { 'toolkit.fluxcd.io/tenant': 'fluxdemo-dev' } },
};

/** A kubectl that knows one tenant, and that writes down what it is asked to change. */
const KUBECTL = `#!/bin/sh
case "$*" in
  *current-context*) echo kind-flux;;
  *'config view'*) printf https://127.0.0.1:6443;;
  *'get namespaces fluxdemo-dev'*) echo '${JSON.stringify(namespace)}';;
  *' delete '*|*' patch '*|*' apply '*) echo "$*" >> '${folder}/changes';;
  *' get '*) echo '{"items": []}';;
esac
`;

before(async () => {
  mkdirSync(bin);
  writeFileSync(join(bin, 'kubectl'), KUBECTL);
  chmodSync(join(bin, 'kubectl'), 0o755);
  const made = await runCommand(['--yes', '--into', 'estate'], folder);
  assert.equal(made.code, 0, made.stderr);
});

describe('the question before --live deletes a namespace', () => {
  for (const [name, keys] of [
    ['Enter', '\r'],
    ['n', 'n\r'],
  ] as const)
    test(`${name} means no: nothing changes, neither the files nor the cluster`, async () => {
      const files = readTree(folder);
      const command = [process.execPath, BIN, 'remove', 'dev', '--live'];
      const env = { PATH: `${bin}${delimiter}${process.env.PATH}`, HOME: folder };
      const terminal = onTerminal(command, join(folder, 'estate/flux-demo'), env);
      try {
        await terminal.until(() => terminal.screen().includes('(y/N)'));
        assert.match(
          terminal.screen().replaceAll('\n', ''),
          /On the cluster of context kind-flux \(https:\/\/127\.0\.0\.1:6443\): delete the namespace fluxdemo-dev\?/,
        );
        terminal.type(keys);
        assert.equal(await terminal.ended, 130, terminal.screen());
        assert.match(terminal.screen(), /Cancelled\. Nothing was written\.\n$/);
        assert.deepEqual(readTree(folder), files);
      } finally {
        terminal.kill();
      }
    });
});

describe('the question of verify --live with another context than the last time', () => {
  const config = join(folder, 'estate/flux-demo');
  const remembered = ['config', '--local', 'flux-gitops.context'];
  const env = { PATH: `${bin}${delimiter}${process.env.PATH}`, HOME: folder };
  const verify = (columns: number, ...more: string[]) =>
    onTerminal([process.execPath, BIN, 'verify', '--live', ...more], config, env, columns);

  before(() => {
    execFileSync('git', ['init', '--quiet'], { cwd: config });
    execFileSync('git', [...remembered, 'kind-before'], { cwd: config });
  });

  for (const columns of [60, 80, 120])
    for (const [name, keys, code] of [
      ['Enter means no', '\r', 130],
      ['Ctrl-C ends it', '\x03', 130],
      ['y compares', 'y\r', 1],
    ] as const)
      test(`${columns} columns: ${name}, and nothing is remembered`, async () => {
        const files = readTree(folder);
        const terminal = verify(columns);
        try {
          await terminal.until(() => terminal.screen().includes('(y/N)'));
          const question = terminal.screen().replaceAll(/\s+/g, '');
          assert.ok(
            question.includes('Thelastcommandforthisestateusedanothercontext:kind-before.'),
          );
          assert.ok(
            question.includes(
              'context kind-flux (https://127.0.0.1:6443): compare it with the files, and change nothing?'.replaceAll(
                ' ',
                '',
              ),
            ),
            terminal.screen(),
          );
          terminal.forget();
          terminal.type(keys);
          assert.equal(await terminal.ended, code, terminal.screen());
          if (code === 130) assert.match(terminal.screen(), /Cancelled\.[^\n]*\n$/);
          else assert.match(terminal.screen(), /live-missing[\s\S]*errors?, /);
          assert.deepEqual(readTree(folder), files);
          const now = execFileSync('git', remembered, { cwd: config, encoding: 'utf8' });
          assert.equal(now, 'kind-before\n');
        } finally {
          terminal.kill();
        }
      });

  test('--context and -y ask nothing; -y alone refuses', async () => {
    const named = verify(120, '--context', 'kind-flux');
    assert.equal(await named.ended, 1, named.screen());
    assert.doesNotMatch(named.screen(), /\(y\/N\)/);
    const defaults = verify(120, '-y');
    assert.equal(await defaults.ended, 1, defaults.screen());
    assert.match(defaults.screen(), /If you mean kind-flux, add --context kind-flux/);
  });
});
