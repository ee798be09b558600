// Loaded before a run that must be killed at one step of its writing: the process ends itself before the change of the
// disk with the number KILL_AT. Without that variable, it prints the number of all changes.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const CHANGES = ['renameSync', 'writeFileSync', 'rmSync', 'mkdirSync', 'copyFileSync', 'rmdirSync'];
const killAt = Number(process.env.KILL_AT ?? 0);
let count = 0;

for (const name of CHANGES) {
  const change = fs[name];
  fs[name] = (path, ...more) => {
    // The lock is no part of what a run writes.
    if (!String(path).includes('.lock')) count += 1;
    if (killAt > 0 && count === killAt) process.kill(process.pid, 'SIGKILL');
    return change(path, ...more);
  };
}
syncBuiltinESMExports();
process.on('exit', () => {
  if (killAt === 0) process.stdout.write(`changes: ${count}\n`);
});
