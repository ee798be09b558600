/**
 * Ends what a control plane started, however that control plane itself comes to an end. It runs
 * detached and reads from a pipe whose other end the starting process holds: when that
 * process stops, fails, is interrupted or killed, the pipe closes, and the clean-up begins.
 *
 * Lines: `group PID` a process group to end; `gone PID` it ended by itself; `remove PATH` a folder.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const groups = new Set<number>();
const paths: string[] = [];

function note(line: string): void {
  const [word = '', rest = ''] = line.split(/ (.*)/s);
  if (word === 'group') groups.add(Number(rest));
  if (word === 'gone') groups.delete(Number(rest));
  if (word === 'remove') paths.push(rest);
}

function signal(group: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, name);
  } catch {
    return false;
  }
}

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);
for await (const line of createInterface({ input: process.stdin })) note(line);

// Nothing of their state is wanted any more, so there is nothing to end gracefully.
for (const group of groups) signal(group, 'SIGKILL');
const deadline = Date.now() + 5000;
while (Date.now() < deadline && [...groups].some((group) => signal(group, 0))) await sleep(20);
for (const path of paths) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
