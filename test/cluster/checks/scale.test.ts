import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Results } from '../../../lib/verify/results.ts';
import { apply, commitOf, type Fresh, freshEstate } from '../check.ts';
import { fluxGitopsWith } from '../command.ts';
import { configPath, type Estate, namespaceOf, profiles } from '../estate.ts';
import { applied } from '../expect.ts';
import { call, list } from '../kube.ts';

const size = Number(process.env.FLUX_GITOPS_ENVIRONMENTS ?? 100);
const perRepo = 10;

/** Ten environments for each app repo. */
function scenarios(): Record<string, string> {
  const envs = Array.from({ length: size }, (_, at) => [
    `e${at}`,
    `many-${Math.floor(at / perRepo)}`,
  ]);
  return Object.fromEntries(envs) as Record<string, string>;
}

function asFlags(repos: Record<string, string>): string[] {
  const byRepo = Map.groupBy(Object.entries(repos), ([, repo]) => repo);
  return [...byRepo].flatMap(([repo, rows]) => {
    return ['--scenario', `${repo}=${rows.map(([env]) => env).join(',')}`];
  });
}

/** How many requests the API server has answered so far, by everyone. */
async function requests(fresh: Fresh): Promise<number> {
  const { code, out } = await call(fresh.estate.cluster, '/metrics');
  if (code !== 200) return Number.NaN;
  const counts = out.matchAll(/^apiserver_request_total\{.*\} (\S+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** How long `flux-gitops status` may take for 100 environments beside other work: three times the goal (milliseconds). */
const STATUS_TIME = 6000;

/** The shortest time of three runs of `flux-gitops status`, which must show every environment as Ready. */
async function statusTime({ estate }: Fresh): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < 3; run += 1) {
    const start = performance.now();
    const args = ['status', '--into', configPath(estate)];
    const { code, stdout, stderr } = await fluxGitopsWith(estate.cluster, args);
    times.push(performance.now() - start);
    assert.equal(code, 0, stderr);
    assert.equal(stdout.match(/^e\d+ .* True /gm)?.length, size, stdout);
  }
  return Math.min(...times);
}

for (const profile of profiles) {
  test(`${size} environments become Ready (${profile})`, async (t) => {
    const repos = scenarios();
    const envs = Object.keys(repos);
    const start = Date.now();
    const lap = (what: string) =>
      t.diagnostic(`${what} after ${((Date.now() - start) / 1000).toFixed(1)} s`);
    const fresh = await freshEstate(t, profile, { args: asFlags(repos), repos });
    lap(`${size} environments generated and pushed`);
    const before = await requests(fresh);
    await apply(fresh.estate, ...envs);
    lap('applied');
    for (const env of envs) await applied(fresh.estate, env, commitOf(fresh, env), 300_000);
    lap('all Ready');
    t.diagnostic(`${(await requests(fresh)) - before} API requests, by everyone`);
    const homes = new Set(envs.map((env) => namespaceOf(fresh.estate, env)));
    const apps = (await list(fresh.estate.cluster, 'Deployment')).filter(
      ({ metadata }) => metadata.name === 'kcheck' && homes.has(metadata.namespace ?? ''),
    );
    assert.equal(apps.length, size, 'a Deployment in each');
    if (profile === 'hardened') await compareAll(fresh.estate, lap);
    const time = await statusTime(fresh);
    t.diagnostic(`flux-gitops status: ${(time / 1000).toFixed(2)} s for ${size} environments`);
    assert.ok(size > 100 || time <= STATUS_TIME, `status took ${time.toFixed()} ms`);
  });
}

/** `verify --live` finds nothing else than that nobody applied the operator tier of this estate. */
async function compareAll({ cluster, dir }: Estate, lap: (what: string) => void): Promise<void> {
  const { stdout, stderr } = await fluxGitopsWith(cluster, [
    'verify',
    '--live',
    '--json',
    '--into',
    dir,
  ]);
  lap('verify --live');
  const { findings } = JSON.parse(stdout) as Results;
  const others = findings.filter(({ file }) => !/^(policies|install)\//.test(file));
  assert.deepEqual(others, [], stderr);
}
