import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import type { StatusDocument, StatusEntry } from '../../../lib/status/document.ts';
import { apply, check, commitOf } from '../check.ts';
import { fluxGitopsWith, type Outcome, statusOf } from '../command.ts';
import { running } from '../demo.ts';
import { appFile, configPath, type Estate, edit, namespaceOf, publish } from '../estate.ts';
import { applied, reconcile } from '../expect.ts';
import { kubectl } from '../kube.ts';
import { livingEnvironments } from '../page/living.ts';
import { type Shown, servePage } from '../page/page.ts';
import { until } from '../wait.ts';

const status = (
  estate: Estate,
  args: readonly string[] = [],
  watch?: (child: ChildProcess) => void,
): Promise<Outcome> =>
  fluxGitopsWith(estate.cluster, ['status', '--into', configPath(estate), ...args], watch);

const documentOf = (estate: Estate, ...envs: string[]): Promise<StatusDocument> =>
  statusOf(estate.cluster, configPath(estate), ...envs);

/** The texts of the columns of each row. */
const cellsOf = (stdout: string): string[][] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));

/** Changes the colour and the text of an environment, and pushes. */
async function recolour(estate: Estate, env: string): Promise<string> {
  edit(appFile(estate, env), 'Deployment', (app) => {
    app.setIn(['spec', 'replicas'], 2);
    const path = ['spec', 'template', 'spec', 'containers', 0, 'env'];
    app.setIn(path, [
      { name: 'COLOUR', value: 'Tomato' },
      { name: 'CONTENT', value: 'A <b>push</b>' },
    ]);
  });
  return publish(estate, estate.repos[env] ?? '');
}

check('status shows what is on the cluster, and what brings the rest there', async (fresh) => {
  const { estate } = fresh;
  await apply(estate, 'dev');
  await applied(estate, 'dev', commitOf(fresh, 'dev'));
  await running(estate, 'dev');
  const { code, stdout, stderr } = await status(estate);
  assert.equal(code, 0, stderr);
  const [, dev, stage] = cellsOf(stdout);
  const short = `main@${commitOf(fresh, 'dev').slice(0, 7)}`;
  assert.deepEqual(dev?.slice(0, 8), [
    'dev',
    'flux-dev',
    short,
    short,
    'True',
    'kcheck',
    '1',
    '1/1',
  ]);
  assert.match(dev?.[8] ?? '', /^\d+s$/);
  assert.equal(dev?.[9], `Applied revision: main@sha1:${commitOf(fresh, 'dev')}`);
  assert.match(
    stage?.at(-1) ?? '',
    /is not on the cluster\. In the config repo: kubectl apply -f stage\/$/,
  );
  const { environments, ready } = await documentOf(estate);
  assert.equal(ready, false);
  assert.deepEqual(
    environments.map((one) => [one.name, one.state, one.ready]),
    [
      ['dev', 'ready', true],
      ['stage', 'absent', false],
      ['prod', 'absent', false],
    ],
  );
});

check('status says why an environment is not Ready', async (fresh) => {
  const { estate } = fresh;
  await apply(estate, 'dev', 'stage');
  for (const env of ['dev', 'stage']) await applied(estate, env, commitOf(fresh, env));
  const stateOf = async (env: string) => (await documentOf(estate, env)).environments[0];
  const comes = (what: string, env: string, good: (one: StatusEntry) => boolean) =>
    until(what, 60_000, async () => {
      const one = await stateOf(env);
      return one && good(one) ? { ok: one } : { seen: JSON.stringify(one) };
    });
  const inDev = ['-n', namespaceOf(estate, 'dev')];
  const object = 'gitrepositories.source.toolkit.fluxcd.io/flux-dev';
  const patch = (spec: object) =>
    kubectl(estate.cluster, [
      ...inDev,
      'patch',
      object,
      '--type=merge',
      '-p',
      JSON.stringify({ spec }),
    ]);
  await patch({ suspend: true });
  const paused = await comes('suspended', 'dev', ({ state }) => state === 'suspended');
  assert.match(paused.message, /^GitRepository flux-dev is suspended, so no push arrives/);
  await patch({ suspend: false, ref: { branch: 'nowhere' } });
  const lost = await comes('no such branch', 'dev', ({ state }) => state === 'failed');
  assert.match(lost.message, /^GitRepository flux-dev: .*nowhere/);
  edit(appFile(estate, 'stage'), 'Deployment', (app) => app.setIn(['spec', 'replicas'], 'many'));
  await publish(estate, 'flux-stage-prod');
  await reconcile(estate, 'stage', 'GitRepository');
  const wrong = await comes('a refused commit', 'stage', ({ state }) => state === 'failed');
  assert.match(wrong.message, /kcheck/);
  await kubectl(estate.cluster, [
    'delete',
    'namespace',
    namespaceOf(estate, 'dev'),
    '--wait=false',
  ]);
  const leaving = await stateOf('dev');
  assert.ok(['deleting', 'absent'].includes(leaving?.state ?? ''), leaving?.state);
});

check('a push is seen arriving: in the watch and on the page', async (fresh) => {
  const { estate } = fresh;
  await apply(estate, 'dev');
  await applied(estate, 'dev', commitOf(fresh, 'dev'));
  await running(estate, 'dev');
  const page = await servePage(() => livingEnvironments(estate.cluster, configPath(estate)));
  const shown = async (): Promise<Shown | undefined> => {
    const response = await fetch(new URL('state.json', page.url));
    return ((await response.json()) as Shown[]).find(({ name }) => name === 'dev');
  };
  let [table, lines] = ['', ''];
  const children: ChildProcess[] = [];
  const follow = (take: (text: string) => void) => (child: ChildProcess) => {
    children.push(child);
    child.stdout?.on('data', take);
  };
  const watches = [
    status(
      estate,
      ['--watch'],
      follow((text) => {
        table += text;
      }),
    ),
    status(
      estate,
      ['--watch', '--json'],
      follow((text) => {
        lines += text;
      }),
    ),
  ];
  try {
    await until('both watches have begun', 30_000, async () =>
      table !== '' && lines !== '' ? { ok: true } : { seen: table + lines },
    );
    assert.equal((await shown())?.app?.generation, 1);
    const commit = await recolour(estate, 'dev');
    await reconcile(estate, 'dev', 'GitRepository');
    await applied(estate, 'dev', commit);
    await running(estate, 'dev');
    const short = `main@${commit.slice(0, 7)}`;
    await until('the watch tells the push', 20_000, async () =>
      new RegExp(`dev: .*APPLIED main@\\w+ -> ${short}`).test(table) &&
      /kcheck GENERATION 1 -> 2/.test(table)
        ? { ok: true }
        : { seen: table },
    );
    await until('the watch for scripts tells it', 20_000, async () => {
      const [last] = lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as StatusDocument)
        .reverse();
      const dev = last?.environments[0];
      const isThere = dev?.ready === true && dev.sync?.applied?.endsWith(commit);
      return isThere ? { ok: true } : { seen: lines };
    });
    const { app, revision, ready } = await until('the page shows it', 20_000, async () => {
      const dev = await shown();
      return dev?.app?.ready === 2 && dev.ready === 'True'
        ? { ok: dev }
        : { seen: JSON.stringify(dev) };
    });
    assert.deepEqual([revision, ready], [short, 'True']);
    assert.deepEqual(app, {
      colour: 'Tomato',
      content: 'A <b>push</b>',
      replicas: 2,
      ready: 2,
      generation: 2,
    });
  } finally {
    for (const child of children) child.kill('SIGINT');
    await page.close();
  }
  for (const { code } of await Promise.all(watches)) assert.equal(code, 130);
});

check('a member of a team sees the row of its namespace', async (fresh) => {
  const { estate } = fresh;
  await apply(estate, 'dev', 'stage');
  for (const env of ['dev', 'stage']) await applied(estate, env, commitOf(fresh, env));
  const namespace = namespaceOf(estate, 'dev');
  await kubectl(estate.cluster, [
    ...['-n', namespace, 'create', 'rolebinding', 'jo', '--clusterrole=view', '--user=jo'],
  ]);
  await kubectl(estate.cluster, [
    ...['-n', namespace, 'create', 'role', 'flux', '--verb=list'],
    '--resource=gitrepositories.source.toolkit.fluxcd.io,kustomizations.kustomize.toolkit.fluxcd.io',
  ]);
  await kubectl(estate.cluster, [
    ...['-n', namespace, 'create', 'rolebinding', 'jo-flux', '--role=flux', '--user=jo'],
  ]);
  const { kubeconfig } = estate.cluster;
  const config = parse(readFileSync(kubeconfig, 'utf8'));
  for (const one of config.users) one.user.as = 'jo';
  const own = configPath(estate, '..', 'jo.kubeconfig');
  writeFileSync(own, stringify(config), { mode: 0o600 });
  const access = { ...estate.cluster, kubeconfig: own };
  const { environments } = await statusOf(access, configPath(estate));
  const [dev, stage] = environments;
  assert.equal(dev?.state, 'ready', JSON.stringify(dev));
  assert.equal(dev?.workloads[0]?.name, 'kcheck');
  assert.equal(stage?.state, 'unknown', JSON.stringify(stage));
  assert.match(stage?.message ?? '', /\(Forbidden\)/);
});
