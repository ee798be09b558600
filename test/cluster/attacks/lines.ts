/**
 * Addresses on this machine that an attack has the controller dial. Each belongs to one tenant, so that
 * a call tells whose it was. A line that is held never answers and never hangs up.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';

/**
 * How a reference to another repository may be written: `scp` is ssh the short way, `git` is https with
 * kustomize's own prefix.
 */
export const schemes = ['ssh', 'scp', 'https', 'git', 'file'] as const;

/** One of them. */
export type Scheme = (typeof schemes)[number];

type Line = { host?: string; address: string; dialled: () => boolean; release: () => void };

/** The lines of a run. */
export class Lines {
  readonly #lines = new Map<string, Line>();
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true });
    appendFileSync(this.#config, '');
  }

  /** What ssh on this machine has to be told, because a short address has no place for a port. */
  get environment(): Readonly<Record<string, string>> {
    return { GIT_SSH_COMMAND: `ssh -F ${this.#config}` };
  }

  get #config(): string {
    return join(this.#dir, 'ssh_config');
  }

  /** Opens the line of `tenant`; nothing but a process on this machine can dial it. */
  async open(tenant: string, scheme: Scheme, held: boolean): Promise<void> {
    const line = scheme === 'file' ? this.#fifo(tenant, held) : await listen(tenant, scheme, held);
    const [host, port] = line.host?.split(':') ?? [];
    if (scheme === 'scp')
      appendFileSync(this.#config, `Host ${tenant}\n  HostName ${host}\n  Port ${port}\n`);
    this.#lines.set(tenant, line);
  }

  /** The address to dial; empty for a tenant without a line. */
  address(tenant: string): string {
    return this.#lines.get(tenant)?.address ?? '';
  }

  /** Whether anybody has dialled; a file is dialled while somebody has it open. */
  dialled(tenant: string): boolean {
    return this.#lines.get(tenant)?.dialled() ?? false;
  }

  /** Hangs up, and from now on at once. */
  release(tenant: string): void {
    this.#lines.get(tenant)?.release();
  }

  /** A repository whose first file that git reads is a pipe: git waits for whoever writes to it. */
  #fifo(tenant: string, held: boolean): Line {
    const repository = join(this.#dir, tenant, 'repository');
    for (const folder of ['objects', 'refs'])
      mkdirSync(join(repository, folder), { recursive: true });
    const pipe = join(repository, 'HEAD');
    execFileSync('mkfifo', [pipe]);
    let [was, hold] = [false, held];
    let open: number | undefined;
    const release = () => {
      hold = false;
      if (open !== undefined) closeSync(open);
      open = undefined;
    };
    const look = () => {
      if (open !== undefined) return;
      try {
        // Fails as long as nobody reads.
        open = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
        was = true;
        if (!hold) release();
      } catch (error) {
        // The second when the run is over and its folder is gone.
        if (!['ENXIO', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      }
    };
    // Whoever opens the pipe waits until somebody answers.
    setInterval(look, 300).unref();
    return { address: `file://${repository}`, dialled: () => was, release };
  }
}

async function listen(
  tenant: string,
  scheme: Exclude<Scheme, 'file'>,
  held: boolean,
): Promise<Line> {
  let [was, hold] = [false, held];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    was = true;
    socket.on('error', () => undefined);
    if (!hold) socket.destroy();
    else open.add(socket);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  server.unref();
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  // The same address as from outside: Go asks no proxy for loopback.
  const outside = host.replace('127.0.0.1', '0.0.0.0');
  const origins = {
    ssh: `ssh://git@${host}/`,
    https: `https://${outside}/`,
    git: `git::https://${outside}/`,
  };
  const origin = scheme === 'scp' ? `attack@${tenant}:` : origins[scheme];
  return {
    host,
    address: `${origin}attack/repository`,
    dialled: () => was,
    release: () => {
      hold = false;
      for (const socket of open) socket.destroy();
    },
  };
}
