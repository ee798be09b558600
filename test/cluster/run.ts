/**
 * `npm run test:cluster`: every check on a real control plane that is started for it and ended
 * with it. `-- --only NAME` runs what has NAME in its title or file name; on the cluster of a
 * running `npm run cluster` where there is one. KUBECONFIG makes it use that cluster instead.
 */
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, delimiter, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.ts';
import { clusterVariable, estatesIn, removeNamespaces } from './check.ts';
import { type Cluster, load, playgroundFile, save, seconds, startCluster } from './cluster.ts';
import { useForeign } from './foreign.ts';
import { Processes } from './processes.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);
const start = Date.now();
const { values } = parseArgs({ options: { only: { type: 'string' } } });

/** A file whose name has `only` in it is run as a whole, otherwise the tests that are named so. */
function select(only: string | undefined): { files: string[]; pattern?: string } {
  const files = globSync(join(import.meta.dirname, 'checks/*.test.ts')).sort();
  if (only === undefined) return { files };
  const named = files.filter((file) => basename(file, '.test.ts') === only);
  if (named.length > 0) return { files: named };
  return { files, pattern: only.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&') };
}

/** The cluster to use: the user's, a running playground, or one of our own. */
async function prepare(run: Processes): Promise<Cluster> {
  const playground = load(playgroundFile());
  // npm starts scripts in the project's folder; a relative path was meant from where npm was.
  const base = process.env.INIT_CWD ?? process.cwd();
  const parts = process.env.KUBECONFIG?.split(delimiter).map((path) => resolve(base, path));
  const given = parts?.join(delimiter);
  if (playground && (given === undefined || given === playground.kubeconfig)) {
    if (given !== undefined || values.only !== undefined) {
      say(`On the cluster of the running \`npm run cluster\` (process ${playground.pid}).`);
      return playground;
    }
  }
  return given ? useForeign(run, given, say) : startCluster(run, 'own', say);
}

async function runTests(run: Processes, files: readonly string[], atOnce: number, only?: string) {
  const tap = join(run.dir, 'results.tap');
  const args = ['--test', `--test-concurrency=${atOnce}`];
  args.push('--test-reporter=spec', '--test-reporter-destination=stdout');
  args.push('--test-reporter=tap', `--test-reporter-destination=${tap}`);
  if (only !== undefined) args.push(`--test-name-pattern=${only}`);
  const env = { [clusterVariable]: join(run.dir, 'cluster.json') };
  const command = { name: 'tests', path: process.execPath, args: [...args, ...files], env };
  const code = await run.foreground(command);
  // A file none of whose tests are chosen is listed as a passed test itself.
  const results = readFileSync(tap, 'utf8').match(/^ *(not )?ok \d+ - .*$/gm) ?? [];
  return { code, checks: results.filter((line) => !line.endsWith('.test.ts')).length };
}

async function main(run: Processes): Promise<number> {
  const { files, pattern } = select(values.only);
  cluster = await prepare(run);
  await build(['flux', 'cosign', 'keyless', 'registry', 'sops']);
  save(cluster, join(run.dir, 'cluster.json'));
  // The one with many environments counts requests and needs the machine, and one changes the controllers' Deployments: they
  // come alone.
  const alone = files.filter((file) => /^(scale|verify-live)/.test(basename(file)));
  const others = files.filter((file) => !alone.includes(file));
  let [code, checks] = [0, 0];
  for (const [group, atOnce] of [
    [others, 3],
    [alone, 1],
  ] as const) {
    if (group.length === 0) continue;
    const done = await runTests(run, group, atOnce, pattern);
    [code, checks] = [code || done.code, checks + done.checks];
  }
  if (cluster.kind === 'foreign') await sweep(cluster, true);
  if (checks === 0) throw new Error(`No check has "${values.only}" in its title or as file name.`);
  say(`cluster tests ${code === 0 ? 'passed' : 'FAILED'} after ${seconds(start)}`);
  return code;
}

/** Nothing of this run stays in a cluster that does not end with it. */
async function sweep(cluster: Cluster, wait: boolean): Promise<void> {
  const folder = estatesIn(join(run.dir, 'cluster.json'));
  const names = existsSync(folder) ? readdirSync(folder) : [];
  for (const name of names) await removeNamespaces(cluster, name, wait);
}

async function interrupted(code: number): Promise<never> {
  run.interrupt();
  if (cluster && cluster.kind !== 'own') await sweep(cluster, false).catch((e) => say(`${e}`));
  await run.stop();
  process.exit(code);
}

const run = new Processes();
let cluster: Cluster | undefined;
process.once('SIGINT', () => interrupted(130));
process.once('SIGTERM', () => interrupted(143));
process.once('SIGHUP', () => interrupted(129));
let code = 1;
try {
  code = await Promise.race([main(run), run.lost]);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
} finally {
  await run.stop();
}
process.exit(code);
