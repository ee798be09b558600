import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { BIN, folderAfter } from './sandbox.ts';

/** Variables with which a person gives tokens to gh, to this command, and to Flux. */
const TOKENS = ['GH_TOKEN', 'GITHUB_TOKEN', 'GH_ENTERPRISE_TOKEN', 'GITHUB_ENTERPRISE_TOKEN'];
const SECRET = 'token-of-the-user';

/** Programs in `folder` that note their names and whether they see the token, and then do what the real ones do. */
function watched(folder: string, log: string, programs: Record<string, string>): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const [name, rest] of Object.entries(programs)) {
    const sees = `env | grep -q ${SECRET} && echo '${name} sees it:' "$@" >> '${log}'`;
    const script = `#!/bin/sh\necho '${name}' >> '${log}'\n${sees}\n${rest}\n`;
    writeFileSync(join(bin, name), script, { mode: 0o755 });
  }
  return bin;
}

test('no program that the command starts sees a token of the user, unless it is for that program', async () => {
  const folder = await folderAfter(
    ['--owner', 'octo-org', '--layout', 'overlays', '--github-url', 'http://127.0.0.1:1'],
    ['tenant', 'qa', '--repo', 'flux-dev', '--into', 'flux-demo'],
  );
  const git = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  const log = join(folder, 'log');
  const bin = watched(folder, log, {
    git: `exec '${git}' "$@"`,
    kustomize: 'exit 0',
    kubectl: `case "$*" in *current-context*|*'config view'*) echo x;; *) echo '{"items": []}';; esac`,
  });
  for (const repo of ['flux-demo', 'flux-dev', 'flux-stage-prod'])
    for (const words of [
      ['init', '--quiet'],
      ['add', '--all'],
      ['-c', 'user.name=A', '-c', 'user.email=a@b.invalid', 'commit', '--quiet', '-m', 'x'],
    ])
      execFileSync(git, words, { cwd: join(folder, repo) });
  const tokens = Object.fromEntries([...TOKENS, 'FLUX_GIT_TOKEN'].map((name) => [name, SECRET]));
  const env = { ...process.env, ...tokens, PATH: `${bin}${delimiter}${process.env.PATH}` };
  writeFileSync(join(folder, 'flux-dev/base/app.yaml'), 'kind: Edited\n');
  for (const argv of [
    ['verify', '--live'],
    ['update', '--check'],
    ['--interval', '5m', '--dry-run'],
  ]) {
    const child = spawn(process.execPath, [BIN, ...argv, '--into', 'flux-demo'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [code] = (await Promise.all([
      new Promise((done) => child.on('close', done)),
      child.stderr.resume(),
    ])) as [number, unknown];
    assert.notEqual(code, null, argv.join(' '));
  }
  const seen = readFileSync(log, 'utf8').split('\n').filter(Boolean);
  for (const program of ['git', 'kustomize', 'kubectl']) assert.ok(seen.includes(program), program);
  assert.deepEqual(
    seen.filter((line) => line.includes('sees it')),
    [],
  );
});
