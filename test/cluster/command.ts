import assert from 'node:assert/strict';
import { type ChildProcess, execFile } from 'node:child_process';
import { delimiter, dirname, resolve } from 'node:path';
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

/** Runs the command again and again, and kills it each time a little later, until it ends by itself. */
export async function killAndResume(
  access: Pick<Access, 'kubeconfig' | 'kubectl'>,
  args: readonly string[],
): Promise<void> {
  let kills = 0;
  for (let ms = 400; ; ms *= 1.4) {
    let timer: NodeJS.Timeout | undefined;
    const { code, stderr } = await fluxGitopsWith(access, args, (child) => {
      timer = setTimeout(() => child.kill('SIGKILL'), ms);
    });
    clearTimeout(timer);
    if (code === 0) break;
    assert.equal(code, null, stderr);
    kills++;
    assert.ok(ms < 60_000);
  }
  assert.ok(kills > 2, `${kills} kills`);
}
