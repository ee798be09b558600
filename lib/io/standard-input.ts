import { readFileSync } from 'node:fs';

/** All of standard input, without the newline at its end. */
export function standardInput(): string {
  return readFileSync(process.stdin.fd, 'utf8').trim();
}
