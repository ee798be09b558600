/**
 * `npm run attacks`: every attack on every profile, on a control plane of its own, and the table of
 * docs/isolation.md from what happened. `-- --check` writes nothing and fails when the table says
 * something else; `-- --only NAME[,NAME...]` tries some and writes nothing.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../build.ts';
import { planeBinaries, startControlPlane } from '../control-plane.ts';
import { controllers, fluxBinaries, type Install, readInstall, startFlux } from '../flux.ts';
import { serveGit } from '../git-server.ts';
import { kubectl } from '../kube.ts';
import { servePrivateGit } from '../private-git.ts';
import { freePorts, Processes } from '../processes.ts';
import { guarded } from './attack.ts';
import { catalogue } from './catalogue.ts';
import { complaints, unlike } from './complaints.ts';
import { type Battlefield, makeField, type Servers } from './field.ts';
import { serveFiles } from './file-server.ts';
import { isolationText, sameVerdicts } from './isolation.ts';
import { Lines } from './lines.ts';
import { attackLocked, attackOpen, type Fields } from './phases.ts';
import { unlock, withoutLocks } from './unlock.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);
const { values } = parseArgs({
  options: { only: { type: 'string' }, check: { type: 'boolean' } },
});
const only = values.only?.split(',');
const attacks = catalogue.filter(({ name }) => only === undefined || only.includes(name));

const start = Date.now();
const lap = (what: string) => say(`${((Date.now() - start) / 1000).toFixed(0)} s: ${what}`);

/** A control plane with Flux as `install` wants it. */
async function startPlace(run: Processes, servers: Servers, install: Install, what: string) {
  const { files, lines } = servers;
  const artifacts = new URL(servers.artifacts).host;
  const web = Number(new URL(servers.web).port);
  const metrics = Number(new URL(servers.metrics).port);
  const { environment } = lines;
  const plane = await startControlPlane(run);
  await startFlux(run, plane, { install, artifacts, web, metrics, environment });
  lap(`control plane and Flux are up ${what}`);
  return { run, plane, files, lines, controllers, install, web, metrics, lap };
}

async function main(): Promise<number> {
  await build([...planeBinaries, ...fluxBinaries]);
  const [run, second] = runs;
  const root = join(run.dir, 'git');
  mkdirSync(root);
  const url = `http://127.0.0.1:${(await serveGit(root)).port}`;
  const git = { root, push: url, url };
  const files = await serveFiles(join(run.dir, 'files'));
  const [artifacts = '', web = '', metrics = ''] = (await freePorts(3)).map(
    (port) => `http://127.0.0.1:${port}`,
  );
  const lines = new Lines(join(run.dir, 'lines'));
  const privateGit = await servePrivateGit(root);
  const servers = { git, privateGit, files, artifacts, web, metrics, lines };
  const fields = await makeFields(run.dir, servers);
  const config = join(fields.private.estate.dir, 'flux-demo');
  const install = readInstall(config);
  const place = await startPlace(run, servers, install, 'with locks');
  await kubectl(place.plane, ['apply', '-f', join(config, 'policies')]);
  const locked = await attackLocked(place, fields);
  for (const line of unlike(locked)) say(line);
  const unlocked = await unlock(place, fields, locked);
  await run.stopAll();
  const openPlace = await startPlace(second, servers, withoutLocks(install), 'without locks');
  const open = await attackOpen(openPlace, fields.open);
  const wrong = complaints(locked, unlocked, open);
  if (!only && wrong.length === 0) {
    const text = isolationText(locked);
    if (!values.check) writeFileSync(table, text);
    else if (!sameVerdicts(text, readFileSync(table, 'utf8')))
      wrong.push('docs/isolation.md says something else: `npm run attacks` writes it');
  }
  for (const line of wrong) say(line);
  lap(
    `${attacks.length} attacks on ${guarded.length + 1} estates, ${wrong.length} of them not as expected`,
  );
  return wrong.length === 0 ? 0 : 1;
}

const table = resolve(import.meta.dirname, '../../../docs/isolation.md');

async function makeFields(dir: string, servers: Servers): Promise<Fields> {
  const make = (name: Battlefield['field']) =>
    makeField(servers, name, attacks, join(dir, 'estates', name));
  return {
    open: await make('open'),
    reference: await make('reference'),
    public: await make('public'),
    private: await make('private'),
  };
}

const runs = [new Processes(), new Processes()] as const;
const stop = () => Promise.all(runs.map((one) => one.stop()));
const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
for (const [name, code] of Object.entries(signals))
  process.once(name, () => stop().then(() => process.exit(code)));
let code = 1;
try {
  code = await Promise.race([main(), ...runs.map(({ lost }) => lost)]);
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  await stop();
}
process.exit(code);
