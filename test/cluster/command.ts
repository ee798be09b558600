import assert from 'node:assert/strict';
import { type ChildProcess, execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { StatusDocument } from '../../lib/status/document.ts';
import type { Access } from './kube.ts';

const execute = promisify(execFile);

/** The command under test; FLUX_GITOPS_BIN names another one, an installed one for instance. */
const command = (): string =>
  process.env.FLUX_GITOPS_BIN ?? resolve(import.meta.dirname, '../../bin/flux-gitops.js');

/** Runs the command under test. */
export async function fluxGitops(args: readonly string[]): Promise<string> {
  const { stdout } = await execute(process.execPath, [command(), ...args]);
  return stdout;
}

/** How a run with the user's kubectl ended; the code is null after a kill. */
export type Outcome = { code: number | null; stdout: string; stderr: string };

/** Runs the command under test with a kubectl that reaches `access`; `watch` gets the process. */
export function fluxGitopsWith(
  { kubeconfig, kubectl }: Pick<Access, 'kubeconfig' | 'kubectl'>,
  args: readonly string[],
  watch: (child: ChildProcess) => void = () => undefined,
): Promise<Outcome> {
  const path = `${dirname(kubectl)}${delimiter}${process.env.PATH}`;
  const env = { ...process.env, KUBECONFIG: kubeconfig, PATH: path };
  return new Promise((done) => {
    const options = { env, timeout: 300_000 };
    const child = execFile(
      process.execPath,
      [command(), ...args],
      options,
      (_error, stdout, stderr) => done({ code: child.exitCode, stdout, stderr }),
    );
    child.stdin?.end();
    watch(child);
  });
}

/** What `flux-gitops status --json` says about the estate whose config repo is `folder`. */
export async function statusOf(
  access: Pick<Access, 'kubeconfig' | 'kubectl'>,
  folder: string,
  ...envs: string[]
): Promise<StatusDocument> {
  const args = ['status', '--json', '--into', folder, ...envs];
  const { code, stdout, stderr } = await fluxGitopsWith(access, args);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as StatusDocument;
}

/**
 * Runs the command again and again, and kills it before its first call of kubectl, then before its second one, and so on,
 * until it ends by itself. Each run goes on where the one before it was killed.
 */
export async function killAndResume(
  { kubeconfig, kubectl }: Pick<Access, 'kubeconfig' | 'kubectl'>,
  args: readonly string[],
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'flux-gitops-kill-'));
  const [wrapper, calls] = [join(folder, 'kubectl'), join(folder, 'calls')];
  let kills = 0;
  try {
    for (let call = 1; ; call++) {
      writeFileSync(calls, '');
      const script = `#!/bin/sh
echo >> '${calls}'
[ "$(wc -l < '${calls}')" -ne ${call} ] || kill -9 "$PPID"
exec '${kubectl}' "$@"
`;
      writeFileSync(wrapper, script, { mode: 0o755 });
      const { code, stderr } = await fluxGitopsWith({ kubeconfig, kubectl: wrapper }, args);
      if (code === 0) break;
      assert.equal(code, null, stderr);
      kills++;
      assert.ok(call < 200);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  assert.ok(kills > 5, `${kills} kills`);
}
