import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BIN, readTree, runCommand, temporaryFolder } from '../sandbox.ts';
import { onTerminal } from './terminal.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const folder = temporaryFolder();
const modules = join(folder, 'node_modules');
const estate = join(folder, 'estate');
const empty = join(folder, 'empty');
const env = {
  NODE_PATH: modules,
  PATH: [join(ROOT, 'node_modules/.bin'), process.env.PATH].join(delimiter),
  HOME: folder,
  NO_UPDATE_NOTIFIER: '1',
  GH_TOKEN: undefined,
  GITHUB_TOKEN: undefined,
};

before(async () => {
  mkdirSync(modules);
  symlinkSync(ROOT, join(modules, 'generator-flux-gitops'));
  await runCommand(['--yes', '--into', estate], folder);
  writeFileSync(join(estate, 'flux-demo/README.md'), 'mine\n');
  mkdirSync(empty);
  // As root, yo becomes another user.
  for (const one of [folder, empty, estate, join(estate, 'flux-demo')]) chmodSync(one, 0o777);
});

/** Keys, each typed when the text before it is on the screen. */
type Keys = readonly (readonly [shown: string, keys: string])[];

const [CTRL_C, CTRL_D] = ['\x03', '\x04'];

async function cancels(
  command: readonly string[],
  cwd: string,
  keys: Keys,
  more: NodeJS.ProcessEnv = {},
): Promise<void> {
  const before = readTree(cwd);
  const terminal = onTerminal(command, cwd, { ...env, ...more });
  try {
    for (const [shown, key] of keys) {
      await terminal.until(() => terminal.screen().includes(shown));
      terminal.forget();
      terminal.type(key);
    }
    assert.equal(await terminal.ended, 130, terminal.screen());
    assert.match(terminal.screen(), /^[^\n]*\n?Cancelled\. Nothing was written\.\n$/);
    assert.deepEqual(readTree(cwd), before);
  } finally {
    terminal.kill();
  }
}

const OWN = [process.execPath, BIN];

describe('a run that is cancelled says so in one line and ends with 130', () => {
  for (const [name, key] of [
    ['Ctrl-C', CTRL_C],
    ['Ctrl-D', CTRL_D],
  ] as const) {
    const first = '(flux-demo)';
    test(`${name} at a question`, () => cancels(OWN, empty, [[first, key]]));
    test(`${name} at a question under yo`, () =>
      cancels(['yo', 'flux-gitops'], empty, [[first, key]]));
    test(`${name} at the question about a file`, () =>
      cancels([...OWN, 'tenant', 'qa', '-y'], join(estate, 'flux-demo'), [['Overwrite', key]]));
    test(`${name} at the question about a file under yo`, () =>
      cancels(['yo', 'flux-gitops:tenant', 'qa', '-y'], join(estate, 'flux-demo'), [
        ['Overwrite', key],
      ]));
  }

  test('Ctrl-C while GitHub does not answer', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const asked = new Promise<void>((resolve) => server.once('connection', () => resolve()));
    const { port } = server.address() as { port: number };
    const flags = ['-y', '--publish', `--github-url=http://127.0.0.1:${port}`, '--owner=octo-org'];
    const terminal = onTerminal([...OWN, ...flags], empty, {
      ...env,
      GH_ENTERPRISE_TOKEN: 'token',
    });
    await asked;
    terminal.type(CTRL_C);
    assert.equal(await terminal.ended, 130, terminal.screen());
    assert.match(terminal.screen(), /Cancelled\. Nothing was written\.\n$/);
    assert.equal(readTree(empty).size, 0);
    server.close();
  });
});
