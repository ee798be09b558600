import { spawn } from 'node:child_process';

const PATIENCE = 10_000;

/**
 * What `program` prints, or '' when it is not there, fails or takes longer than ten seconds. It
 * goes around simple-git, whose DEBUG output would show the answer before anyone could hide it.
 */
export function ask(
  program: string,
  args: readonly string[],
  input: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  return new Promise((done) => {
    const child = spawn(program, args, {
      env,
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: PATIENCE,
      windowsHide: true,
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', () => done(''));
    child.stdin.on('error', () => undefined).end(input);
    child.on('close', (code) => done(code === 0 ? output.trim() : ''));
  });
}
