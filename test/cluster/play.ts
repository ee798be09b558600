/**
 * `npm run cluster`: the control plane of the tests with the demo estate beside it, for a person
 * to play with. Up until Ctrl-C, then gone without a trace.
 */
import { mkdirSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { type Cluster, load, playgroundFile, save, startCluster } from './cluster.ts';
import { defaultRepos, type Estate, makeEstate } from './estate.ts';
import { livingEnvironments } from './page/living.ts';
import { servePage } from './page/page.ts';
import { Processes } from './processes.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);

async function demoEstate(run: Processes, cluster: Cluster): Promise<Estate> {
  const dir = join(run.dir, 'estate');
  mkdirSync(dir);
  const names = { owner: 'demo', prefix: 'fluxdemo' };
  const estate: Estate = { cluster, profile: 'hardened', dir, repos: defaultRepos, ...names };
  await makeEstate(estate);
  return estate;
}

function guide({ cluster, dir }: Estate, page: string): string {
  return `
A Kubernetes control plane with Flux is up. Its nodes are simulated: pods become
Ready, but nothing runs in them. Ctrl-C ends it and removes everything.

In another terminal:
  export KUBECONFIG=${cluster.kubeconfig}
  export PATH=${resolve(cluster.kubectl, '..')}:$PATH
  cd ${dir}

The demo estate is in that folder. It was made with
  flux-gitops --yes --owner demo --github-url ${cluster.git.url}
and this machine serves its repositories as
  ${cluster.git.url}/demo/{flux-demo,flux-dev,flux-stage-prod}

What kcheck would show in each environment, as the living Deployments say:
  ${page}

Try:
  kubectl apply -f flux-demo/policies/    # what tenants may not do
  kubectl apply -f flux-demo/dev/         # one tenant, from the config repo
  kubectl -n fluxdemo-dev get gitrepositories,kustomizations,deployments
  cd flux-dev                             # change replicas in dev/app.yaml, then
  git commit --all --message 'More replicas' && git push
  # Flux sees the commit within a minute:
  kubectl -n fluxdemo-dev get deployment kcheck --watch

docs/tutorial.md goes on from here. In the clone, this runs one of the tests on
this control plane:
  npm run test:cluster -- --only change
`;
}

/** Ends with `flux-gitops status --watch`, if there is a terminal to draw on: it stays until Ctrl-C. */
async function watchStatus(run: Processes, { cluster, dir }: Estate): Promise<void> {
  if (!process.stdout.isTTY) return;
  const bin = resolve(import.meta.dirname, '../../bin/flux-gitops.js');
  const path = [resolve(cluster.kubectl, '..'), process.env.PATH].join(delimiter);
  await run.foreground({
    name: 'status',
    path: process.execPath,
    args: [bin, 'status', '--watch', '--into', dir],
    env: { KUBECONFIG: cluster.kubeconfig, PATH: path },
  });
}

async function main(run: Processes): Promise<void> {
  const running = load(playgroundFile());
  if (running) throw new Error(`It is up already: process ${running.pid}, ${running.kubeconfig}`);
  const cluster = await startCluster(run, 'playground', say);
  const estate = await demoEstate(run, cluster);
  save(cluster, playgroundFile());
  run.removeLater(playgroundFile());
  const { url } = await servePage(() => livingEnvironments(cluster, estate.dir));
  process.stdout.write(guide(estate, url));
  await watchStatus(run, estate);
}

const run = new Processes();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => run.stop().then(() => process.exit(0)));
}
try {
  await Promise.race([main(run), run.lost]);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  await run.stop();
  process.exit(1);
}
