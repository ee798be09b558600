/** Starts processes, each in a group of its own with its own log, and ends exactly those. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What to run, and under which name it is known in messages and logs. */
export type Command = {
  name: string;
  path: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
};

/** A set of processes with one temporary folder; both are gone when this process is. */
export class Processes {
  readonly dir: string;
  /** Rejects when a process ends that should have gone on. */
  readonly lost: Promise<never>;
  #lose: (reason: Error) => void = () => undefined;
  readonly #keeper: ChildProcess;
  #foreground: ChildProcess | undefined;
  #stopping = false;
  readonly #running = new Map<string, ChildProcess>();

  constructor() {
    this.lost = new Promise((_, reject) => {
      this.#lose = reject;
    });
    this.lost.catch(() => undefined);
    this.dir = mkdtempSync(join(tmpdir(), 'flux-gitops-cluster-'));
    for (const sub of ['logs', 'tmp']) mkdirSync(join(this.dir, sub));
    this.#keeper = spawn(process.execPath, [join(import.meta.dirname, 'keeper.ts')], {
      detached: true,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    this.#keeper.stdin?.on('error', () => undefined);
    this.removeLater(this.dir);
  }

  /** Has a file or folder removed at the end. */
  removeLater(path: string): void {
    this.#keeper.stdin?.write(`remove ${path}\n`);
  }

  /** The log file of a process. */
  log(name: string): string {
    return join(this.dir, 'logs', `${name}.log`);
  }

  /** Starts a process. Its temporary files stay inside the folder of this set. */
  start(command: Command): void {
    const log = openSync(this.log(command.name), 'a');
    const env = { ...process.env, TMPDIR: join(this.dir, 'tmp'), ...command.env };
    const stdio = ['ignore', log, log] as const;
    const child = spawn(command.path, command.args, { detached: true, stdio: [...stdio], env });
    closeSync(log);
    this.#running.set(command.name, child);
    if (child.pid) this.#keeper.stdin?.write(`group ${child.pid}\n`);
    const lost = (how: string) => {
      if (child.pid) this.#keeper.stdin?.write(`gone ${child.pid}\n`);
      if (this.#stopping || this.#running.get(command.name) !== child) return;
      this.#lose(new Error(`${command.name} ${how}:\n${this.tail(command.name)}`));
    };
    child.on('error', (error) => lost(`could not be started: ${error.message}`));
    child.on('exit', (code, signal) => lost(`ended unexpectedly (${signal ?? code})`));
  }

  /** Ends one process, so that it can be started with other arguments. */
  async end(name: string): Promise<void> {
    const child = this.#running.get(name);
    this.#running.delete(name);
    await killed(child);
  }

  /** Ends every process that was started, and goes on; none of them is missed when another is gone. */
  async stopAll(): Promise<void> {
    const children = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(children.map(killed));
  }

  /** Runs a process that shows its output here; gives its exit code. */
  foreground(command: Command): Promise<number> {
    const env = { ...process.env, ...command.env };
    const stdio = ['ignore', 'inherit', 'inherit'] as const;
    const child = spawn(command.path, command.args, { detached: true, stdio: [...stdio], env });
    this.#foreground = child;
    this.#keeper.stdin?.write(`group ${child.pid}\n`);
    // The terminal tells only the group in front of it that its window has another size.
    const resized = (): void => {
      if (child.pid) process.kill(-child.pid, 'SIGWINCH');
    };
    process.stdout.on('resize', resized);
    return new Promise((done, fail) => {
      child.on('error', fail);
      child.on('exit', (code) => {
        process.stdout.off('resize', resized);
        this.#foreground = undefined;
        this.#keeper.stdin?.write(`gone ${child.pid}\n`);
        done(code ?? 1);
      });
    });
  }

  /** Ends the process that was started with `foreground`, and all that it started. */
  interrupt(): void {
    if (this.#foreground?.pid) process.kill(-this.#foreground.pid, 'SIGKILL');
  }

  /** The last lines of a process's log. */
  tail(name: string, lines = 15): string {
    return readFileSync(this.log(name), 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  /** Ends every process and removes the folder. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#keeper.exitCode !== null) return;
    const gone = new Promise((done) => this.#keeper.once('exit', done));
    this.#keeper.stdin?.end();
    await gone;
  }
}

/** Ends a process and those it started; returns when it is gone. */
async function killed(child: ChildProcess | undefined): Promise<void> {
  if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  process.kill(-child.pid, 'SIGKILL');
  await gone;
}

/** Ports on loopback that are free now. All are held while choosing, so that they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(
    servers.map((server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', done))),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
