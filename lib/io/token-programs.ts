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
      windowsHide: true,
    });
    // spawn's own timeout would hold up the end of the process when the program is not there
    const timer = setTimeout(() => child.kill(), PATIENCE).unref();
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', () => done(''));
    child.stdin.on('error', () => undefined).end(input);
    child.on('close', (code) => {
      clearTimeout(timer);
      done(code === 0 ? output.trim() : '');
    });
  });
}
