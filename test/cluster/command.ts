import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs the command under test; FLUX_GITOPS_BIN names another one, an installed one for instance. */
export async function fluxGitops(args: readonly string[]): Promise<string> {
  const own = resolve(import.meta.dirname, '../../bin/flux-gitops.js');
  const command = process.env.FLUX_GITOPS_BIN ?? own;
  const { stdout } = await execute(process.execPath, [command, ...args]);
  return stdout;
}
