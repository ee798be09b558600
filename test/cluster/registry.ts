/** A registry on loopback, as a process of the test that starts it: the real one of the CNCF, which keeps everything in memory. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pathOf } from './cache.ts';
import { freePorts } from './processes.ts';
import { until } from './wait.ts';

/** Who may push and pull, where the registry asks for it. The hash is bcrypt's, as htpasswd writes it. */
export const login = { user: 'tests', password: 'only-for-tests' };
const HASH = '$2a$05$FLx/1o8s08mpd6EO74r24uWiqjiyS6fXQlotEXg2eXxa4maEiZ3c.';

/** The host and port of a registry that ends with the test; `closed` to those who do not sign in. */
export async function startRegistry(t: TestContext, folder: string, closed = false) {
  const [port] = await freePorts(1);
  const host = `127.0.0.1:${port}`;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'registry.json');
  const users = join(folder, 'htpasswd');
  writeFileSync(users, `${login.user}:${HASH}\n`);
  const auth = { htpasswd: { realm: 'tests', path: users } };
  const settings = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { inmemory: {}, delete: { enabled: true } },
    http: { addr: host },
    ...(closed && { auth }),
  };
  // JSON is YAML, too.
  writeFileSync(file, JSON.stringify(settings));
  const server = spawn(pathOf('registry'), ['serve', file], { stdio: 'ignore' });
  t.after(() => server.kill('SIGKILL'));
  await until(`the registry at ${host} answers`, 20_000, async () => {
    const { status } = await fetch(`http://${host}/v2/`).catch(() => ({ status: 0 }));
    return status === (closed ? 401 : 200) ? { ok: true } : { seen: `status ${status}` };
  });
  return host;
}
