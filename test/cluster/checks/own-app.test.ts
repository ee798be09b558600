import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { apply, check, commitOf } from '../check.ts';
import { type Estate, namespaceOf } from '../estate.ts';
import { applied, reconcile } from '../expect.ts';
import { get } from '../kube.ts';
import { runInFolder, shellBlocks } from '../readme.ts';
import { until } from '../wait.ts';

const TITLE = 'Deploy your own app';
const HOW_TO = readFileSync(join(import.meta.dirname, '../../../docs/how-to/own-app.md'), 'utf8');

/** An app as a team has it: two files that name no namespace, one of which is called like the demo's. */
const OWN = {
  'app.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: { name: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec:
      containers: [{ name: shop, image: example.invalid/shop:1, ports: [{ containerPort: 8080 }] }]
`,
  'service.yaml': `apiVersion: v1
kind: Service
metadata: { name: shop }
spec:
  selector: { app: shop }
  ports: [{ port: 80, targetPort: 8080 }]
`,
};

/** Without a target namespace, as in profile reference, each manifest must name its own. */
function writeOwn(estate: Estate, env: string, folder: string): void {
  for (const [name, text] of Object.entries(OWN)) {
    const own = `namespace: ${namespaceOf(estate, env)}`;
    const named = text.replace('{ name: shop }', `{ name: shop, ${own} }`);
    writeFileSync(join(folder, name), estate.profile === 'reference' ? named : text);
  }
}

/** Clones the app repo of an environment, as a team does. */
async function clone(estate: Estate, env: string): Promise<string> {
  const repo = estate.repos[env] ?? '';
  const url = `${estate.cluster.git.push}/${estate.owner}/${repo}`;
  mkdirSync(join(estate.dir, 'clones'), { recursive: true });
  await runInFolder(estate, join(estate.dir, 'clones'), `git clone --quiet ${url} ${repo}`);
  return join(estate.dir, 'clones', repo);
}

/** Waits until the app of the team is there, and the demo app is not. */
async function hasOwnApp(estate: Estate, env: string, folder: string): Promise<void> {
  const commit = (await runInFolder(estate, folder, 'git rev-parse HEAD')).trim();
  await reconcile(estate, env, 'GitRepository');
  await applied(estate, env, commit);
  const namespace = namespaceOf(estate, env);
  await until('the pods of the own app are available', 30_000, async () => {
    const found = await get(estate.cluster, 'Deployment', namespace, 'shop');
    const ok = found?.status?.availableReplicas === 2;
    return ok ? { ok } : { seen: JSON.stringify(found?.status) };
  });
  for (const [kind, name] of [
    ['Deployment', 'kcheck'],
    ['Service', 'kcheck-service'],
  ] as const)
    await until(`the ${kind} ${name} is gone`, 30_000, async () => {
      const found = await get(estate.cluster, kind, namespace, name);
      return found === undefined ? { ok: true } : { seen: JSON.stringify(found.metadata) };
    });
}

/** Runs the blocks of the section; the manifests lie there before the block that commits them. */
async function followReadme(
  estate: Estate,
  env: string,
  put = (folder: string): void => writeOwn(estate, env, join(folder, env)),
): Promise<string> {
  const folder = await clone(estate, env);
  const blocks = shellBlocks(readFileSync(join(folder, 'README.md'), 'utf8'), TITLE);
  assert.ok(blocks.some((block) => block.includes('git push')));
  for (const block of blocks) {
    if (block.includes('git add')) put(folder);
    await runInFolder(estate, folder, block);
  }
  return folder;
}

check('"Deploy your own app" of the README brings the own app, and kcheck goes', async (fresh) => {
  const { estate } = fresh;
  await apply(estate, 'dev');
  await applied(estate, 'dev', commitOf(fresh, 'dev'));
  await hasOwnApp(estate, 'dev', await followReadme(estate, 'dev'));
});

check(
  'without the demo app an empty folder is Ready, and takes the own app',
  async (fresh) => {
    const { estate } = fresh;
    await apply(estate, 'dev');
    await applied(estate, 'dev', commitOf(fresh, 'dev'));
    await hasOwnApp(estate, 'dev', await followReadme(estate, 'dev'));
  },
  { args: ['--no-demo'] },
);

/** Puts the manifests into the base, lists them, and takes what is about kcheck out of the overlay. */
function putIntoBase(estate: Estate, env: string, folder: string): void {
  writeOwn(estate, env, join(folder, 'base'));
  const base = join(folder, 'base/kustomization.yaml');
  const list = '  - app.yaml\n  - service.yaml\n';
  writeFileSync(base, readFileSync(base, 'utf8').replace('  - app.yaml\n', list));
  const overlay = join(folder, 'overlays', env, 'kustomization.yaml');
  writeFileSync(overlay, readFileSync(overlay, 'utf8').replace(/^(labels|patches):[\s\S]*$/m, ''));
}

check(
  '"Deploy your own app" is right for overlays as well',
  async (fresh) => {
    const { estate } = fresh;
    await apply(estate, 'dev');
    await applied(estate, 'dev', commitOf(fresh, 'dev'));
    const put = (folder: string): void => putIntoBase(estate, 'dev', folder);
    await hasOwnApp(estate, 'dev', await followReadme(estate, 'dev', put));
  },
  { args: ['--layout', 'overlays'] },
);

const [first = '', ...later] = HOW_TO.split('\n## ')[0]
  ?.match(/^( *)```sh\n([\s\S]*?)^\1```$/gm)
  ?.map((block) => block.replace(/^ *```.*\n?/gm, '').replaceAll(/^ {3}/gm, '')) ?? [''];
const words = first.trim().split(' ');
const scenarios = words[words.indexOf('--scenario') + 1] ?? '';

test('the how-to page starts with the command that the check runs', () => {
  const rest = words.filter((word) => word !== scenarios).join(' ');
  assert.equal(rest, 'flux-gitops --yes --owner YOU --scenario --into estate');
  assert.equal(scenarios, 'shop=dev,prod');
  assert.ok(later.length >= 2);
});

check(
  'the how-to page about an own app is right, word by word',
  async (fresh) => {
    const { estate } = fresh;
    await apply(estate, 'dev');
    await applied(estate, 'dev', commitOf(fresh, 'dev'));
    const desk = join(estate.dir, 'desk');
    mkdirSync(join(desk, 'mine'), { recursive: true });
    writeOwn(estate, 'dev', join(desk, 'mine'));
    symlinkSync(estate.dir, join(desk, 'estate'));
    for (const block of later)
      await runInFolder(
        estate,
        desk,
        block
          .replaceAll('fluxdemo-', `${estate.prefix}-`)
          .replaceAll('PATH_TO_YOUR_MANIFESTS', join(desk, 'mine')),
      );
    await hasOwnApp(estate, 'dev', join(estate.dir, 'shop'));
  },
  { args: ['--scenario', scenarios], repos: { dev: 'shop', prod: 'shop' } },
);
