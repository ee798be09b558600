import { readdirSync, readFileSync } from 'node:fs';

export type Process = {
  pid: number;
  parent: number;
  group: number;
  line: string;
  environment: string;
};

/** Every process there is, as root or its owner can see it. */
export function listProcesses(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
          .replace(/^.*\) /s, '')
          .split(' ');
        const line = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ');
        const environment = readFileSync(`/proc/${name}/environ`, 'latin1');
        return [
          { pid: Number(name), parent: Number(stat[1]), group: Number(stat[2]), line, environment },
        ];
      } catch {
        return []; // it has ended
      }
    });
}
