/**
 * `npm run attacks`: every attack on every profile, on a control plane of its own, and the table of
 * docs/isolation.md from what happened. `-- --only NAME[,NAME...]` tries some and writes nothing.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../build.ts';
import type { Cluster } from '../cluster.ts';
import { planeBinaries, startControlPlane } from '../control-plane.ts';
import { fluxBinaries, startFlux } from '../flux.ts';
import { serveGit } from '../git-server.ts';
import { kubectl } from '../kube.ts';
import { Processes } from '../processes.ts';
import { catalogue } from './catalogue.ts';
import { type Battlefield, makeField } from './field.ts';
import { type FileServer, serveFiles } from './file-server.ts';
import { writeIsolation } from './isolation.ts';
import { attackLocked, attackOpen, complaints } from './phases.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);
const controllers = ['source-controller', 'kustomize-controller', 'helm-controller'];
const { values } = parseArgs({ options: { only: { type: 'string' } } });
const only = values.only?.split(',');
const attacks = catalogue.filter(({ name }) => only === undefined || only.includes(name));

async function main(run: Processes): Promise<number> {
  const start = Date.now();
  const lap = (what: string) => say(`${((Date.now() - start) / 1000).toFixed(0)} s: ${what}`);
  await build([...planeBinaries, ...fluxBinaries, ...controllers]);
  const plane = await startControlPlane(run);
  const root = join(run.dir, 'git');
  mkdirSync(root);
  const url = `http://127.0.0.1:${(await serveGit(root)).port}`;
  const git = { root, push: url, url };
  const logs = join(run.dir, 'logs');
  const cluster: Cluster = { ...plane, kind: 'own', logs, git, pid: process.pid };
  const files = await serveFiles(join(run.dir, 'files'));
  const fields = await makeFields(run, cluster, files);
  const config = join(fields.hardened.estate.dir, 'flux-demo');
  const instance = readFileSync(join(config, 'install/flux-instance.yaml'), 'utf8');
  await startFlux(run, plane, { instance, controllers });
  await kubectl(plane, ['apply', '-f', join(config, 'policies')]);
  lap('control plane and Flux are up, policies applied');
  const field = { run, plane, files, controllers, instance, lap };
  const locked = await attackLocked(field, fields);
  const open = await attackOpen(field, fields, locked);
  const wrong = complaints({ ...locked, ...open });
  for (const line of wrong) say(line);
  if (!only && wrong.length === 0)
    writeIsolation(resolve(import.meta.dirname, '../../../docs/isolation.md'), locked);
  lap(`${attacks.length} attacks on 3 estates, ${wrong.length} of them not as expected`);
  return wrong.length === 0 ? 0 : 1;
}

async function makeFields(run: Processes, cluster: Cluster, files: FileServer) {
  const make = (name: Battlefield['field']) =>
    makeField(cluster, files, name, attacks, join(run.dir, 'estates', name));
  return {
    open: await make('open'),
    reference: await make('reference'),
    hardened: await make('hardened'),
  };
}

const run = new Processes();
for (const [name, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  process.once(name, () => run.stop().then(() => process.exit(code)));
let code = 1;
try {
  code = await Promise.race([main(run), run.lost]);
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  await run.stop();
}
process.exit(code);
