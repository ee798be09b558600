import assert from 'node:assert/strict';
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
  *'config view'*) echo https://127.0.0.1:6443;;
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
