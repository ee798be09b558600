/**
 * Publishing three repositories to the stand-in, over the bare sum of the same API requests and git
 * pushes: `node test/github/measure.ts`. Prints milliseconds, the medians of ROUNDS rounds.
 */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { env, stdout } from 'node:process';
import { promisify } from 'node:util';
import { openControl } from '../../lib/publish/control.ts';
import { lookBeforeWriting, publish, signIn } from '../../lib/publish/publish.ts';
import { plainGit } from './bare.ts';
import { type Estate, makeEstate, requestFor } from './run.ts';
import { StandIn } from './stand-in.ts';

const ROUNDS = 7;
const NAMES = ['flux-dev', 'flux-stage-prod', 'flux-demo'];
const run = promisify(execFile);

async function timed(
  work: (standIn: StandIn, estate: Estate) => Promise<unknown>,
): Promise<number> {
  const standIn = await new StandIn().open();
  const estate = makeEstate(NAMES);
  env.HOME = estate.home;
  env.GH_ENTERPRISE_TOKEN = standIn.access.token;
  const start = performance.now();
  await work(standIn, estate);
  const time = performance.now() - start;
  await standIn.close();
  rmSync(estate.home, { recursive: true });
  return time;
}

async function ours(standIn: StandIn, estate: Estate): Promise<void> {
  const { request, wanted, repos } = requestFor(standIn, estate);
  const context = await signIn(
    request,
    wanted,
    openControl(() => undefined),
  );
  await publish(context, repos, await lookBeforeWriting(context, repos));
}

/** The same requests one after the other, and the git commands that nobody can do without. */
async function bare(standIn: StandIn, estate: Estate): Promise<void> {
  const headers = { authorization: `token ${standIn.access.token}` };
  const call = (path: string, init = {}) =>
    fetch(`${standIn.url}/api/v3${path}`, { headers, ...init }).then((answer) => answer.text());
  await call('/user');
  for (const { name } of estate.repos) await call(`/repos/octo/${name}`);
  for (const { name } of estate.repos) {
    await call('/user/repos', { method: 'POST', body: JSON.stringify({ name }) });
  }
  const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.com'];
  for (const { folder, name } of estate.repos) {
    const git = (...args: string[]) =>
      run('git', ['-C', folder, ...identity, ...args], { env: plainGit });
    await git('init', '-q', '-b', 'main');
    await git('add', '.');
    await git('commit', '-q', '-m', 'Initial commit');
    const { host } = new URL(standIn.url);
    const url = `http://x-access-token:${standIn.access.token}@${join(host, 'octo', name)}.git`;
    await git('push', '-q', url, 'main');
  }
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}

const times: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
for (let round = 0; round < ROUNDS; round += 1) {
  times.bare.push(await timed(bare));
  times.ours.push(await timed(ours));
}
const [mine, floor] = [median(times.ours), median(times.bare)];
stdout.write(
  `${JSON.stringify({ publish: Math.round(mine), bare: Math.round(floor), ratio: Number((mine / floor).toFixed(2)) })}\n`,
);
