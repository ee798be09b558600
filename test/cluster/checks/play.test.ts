/** `npm run cluster`, on a terminal as a person starts it: the table at the end, the page, and nothing that stays. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { onTerminal } from '../../shells/terminal.ts';
import { cacheRoot } from '../cache.ts';
import { theCluster } from '../check.ts';
import type { Shown } from '../page/page.ts';
import { until } from '../wait.ts';

const PLAY = fileURLToPath(new URL('../play.ts', import.meta.url));
// Another cluster of the user is none of its business, and a running `npm run cluster` would refuse a second one.
const skip = theCluster().kind !== 'own' && 'it starts a cluster of its own';

const scratch = mkdtempSync(join(tmpdir(), 'flux-gitops-play-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** A cache with the same binaries, so that other runs do not take this cluster for that of the user. */
function ownCache(): string {
  const cache = join(scratch, 'cache');
  mkdirSync(cache);
  for (const name of readdirSync(cacheRoot()).filter((one) => !one.endsWith('.json')))
    symlinkSync(join(cacheRoot(), name), join(cache, name));
  return cache;
}

/** The command lines of the processes that have a file below `folder` in them. */
function processesWith(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return [];
      }
    })
    .filter((line) => line.includes(folder));
}

test('npm run cluster ends with the table of status, serves the page, and leaves nothing after Ctrl-C', {
  skip,
}, async () => {
  const [cache, temp] = [ownCache(), join(scratch, 'temp')];
  mkdirSync(temp);
  const env = { FLUX_GITOPS_CLUSTER_CACHE: cache, TMPDIR: temp, KUBECONFIG: '' };
  const start = ['sh', '-c', 'tty; exec "$@"', 'sh', process.execPath, PLAY];
  const terminal = onTerminal(start, scratch, env, 80);
  const shows = (what: RegExp, patience: number): Promise<RegExpExecArray> =>
    until(`the terminal shows ${what}`, patience, async () => {
      const found = what.exec(terminal.screen());
      return found ? { ok: found } : { seen: terminal.screen() };
    });
  try {
    await shows(/0 of 3 Ready\. Ctrl-C ends\./, 180_000);
    const [, kubeconfig = ''] = await shows(/export KUBECONFIG=(\S+)/, 0);
    const [, program = ''] = await shows(/export PATH=(\S+?):\$PATH/, 0);
    const [, folder = ''] = await shows(/^ +cd (\/\S+)$/m, 0);
    const [, url = ''] = await shows(/as the living Deployments say:\s+(\S+)/, 0);
    assert.match(await (await fetch(url)).text(), /<!doctype html>/i);
    const state = async (): Promise<Shown[]> =>
      (await (await fetch(`${url}state.json`)).json()) as Shown[];
    assert.deepEqual(
      (await state()).map(({ name, ready }) => [name, ready]),
      ['dev', 'stage', 'prod'].map((name) => [name, '-']),
    );

    // The first two commands that it offers.
    for (const what of ['policies', 'dev'])
      execFileSync(join(program, 'kubectl'), ['apply', '-f', `flux-demo/${what}/`], {
        cwd: folder,
        env: { ...process.env, KUBECONFIG: kubeconfig },
        stdio: 'ignore',
      });
    await shows(/1 of 3 Ready/, 120_000);
    await until('the page shows the app', 30_000, async () => {
      const seen = await state();
      const [dev] = seen;
      return dev?.ready === 'True' && dev.app?.colour === 'Cornsilk' && dev.app.ready === 1
        ? { ok: true }
        : { seen: JSON.stringify(seen) };
    });
    const [, device = ''] = await shows(/^(\/dev\/\S+)$/m, 0);
    terminal.forget();
    execFileSync('stty', ['-F', device, 'cols', '60']);
    await until('the table fits into a narrow window', 20_000, async () => {
      const [, after = ''] = terminal.output().split('\x1b[2J\x1b[H');
      const lines = stripVTControlCharacters(after).split('\r\n');
      return lines.some((line) => line.includes('1 of 3 Ready')) &&
        lines.every((line) => line.length <= 60)
        ? { ok: true }
        : { seen: terminal.screen() };
    });
    assert.ok(processesWith(temp).length > 5, 'the control plane runs below the temporary folder');

    terminal.type('\x03');
    assert.equal(await terminal.ended, 0, terminal.screen());
    assert.doesNotMatch(terminal.screen(), /^\s+at /m);
    assert.deepEqual(processesWith(temp), []);
    assert.deepEqual(readdirSync(temp), []);
    assert.deepEqual(
      readdirSync(cache).filter((name) => name.endsWith('.json')),
      [],
    );
    await assert.rejects(fetch(url));
  } finally {
    terminal.kill();
  }
});
