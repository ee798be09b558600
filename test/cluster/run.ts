/**
 * `npm run test:cluster`: every check on a real control plane that is started for it and ended
 * with it. `-- --only NAME` runs what has NAME in its title or file name; on the cluster of a
 * running `npm run cluster` where there is one. KUBECONFIG makes it use that cluster instead.
 */
import { existsSync, globSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
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
  const given = process.env.KUBECONFIG;
  if (playground && (given === undefined || resolve(given) === playground.kubeconfig)) {
    if (given !== undefined || values.only !== undefined) {
      say(`On the cluster of the running \`npm run cluster\` (process ${playground.pid}).`);
      return playground;
    }
  }
  return given ? useForeign(run, given, say) : startCluster(run, 'own', say);
}

function runTests(run: Processes, files: readonly string[], atOnce: number, pattern?: string) {
  const args = ['--test', '--test-reporter=spec', `--test-concurrency=${atOnce}`];
  if (pattern !== undefined) args.push(`--test-name-pattern=${pattern}`);
  const env = { [clusterVariable]: join(run.dir, 'cluster.json') };
  return run.foreground({ name: 'tests', path: process.execPath, args: [...args, ...files], env });
}

async function main(run: Processes): Promise<number> {
  const { files, pattern } = select(values.only);
  cluster = await prepare(run);
  await build(['flux']);
  save(cluster, join(run.dir, 'cluster.json'));
  // The one with many environments counts requests and needs the machine: it comes alone.
  const alone = files.filter((file) => basename(file).startsWith('scale'));
  const others = files.filter((file) => !alone.includes(file));
  let code = others.length > 0 ? await runTests(run, others, 3, pattern) : 0;
  if (alone.length > 0) code = (await runTests(run, alone, 1, pattern)) || code;
  if (cluster.kind === 'foreign') await sweep(cluster, true);
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
