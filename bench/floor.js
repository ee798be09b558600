// The least that could write the same files: every template rendered with ejs alone, then written.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ejs from 'ejs';

const [, , into = '', count = '1', base = 'flux-demo'] = process.argv;
const templates = fileURLToPath(new URL('../templates/', import.meta.url));

const compile = (layer) =>
  readdirSync(join(templates, layer), { recursive: true })
    .filter((name) => name.endsWith('.ejs'))
    .map((name) => ({
      path: name.replace(/\.ejs$/, ''),
      fill: ejs.compile(readFileSync(join(templates, layer, name), 'utf8'), { escape: String }),
    }));

const made = new Set();
function write(path, text) {
  const folder = dirname(path);
  if (!made.has(folder)) mkdirSync(folder, { recursive: true });
  made.add(folder);
  writeFileSync(path, text);
}

function values(name, repo) {
  const namespace = `fluxdemo-${name}`;
  return {
    name,
    repo,
    namespace,
    reconciler: `${namespace}-reconciler`,
    legacyUser: `gotk:${namespace}:reconciler`,
    path: `./${name}`,
    instance: `kcheck-${name}`,
    url: `https://github.com/wolcn/${repo}`,
    confined: true,
    loadBalancers: 0,
    prefix: 'fluxdemo',
    owner: 'wolcn',
    githubUrl: 'https://github.com',
    branch: 'main',
    interval: '1m0s',
    profile: 'hardened',
    image: 'ghcr.io/wolcn/kcheck:1.0.2',
    serviceType: 'ClusterIP',
    replicas: 1,
    colour: 'Wheat',
    content: '"Test message"',
    versions: ['"1.0.2"'],
    quota: {
      pods: 20,
      podObjects: '1k',
      cpu: '2000m',
      memory: '1280Mi',
      memoryLimit: '2560Mi',
      disk: '20Gi',
    },
  };
}

const environments =
  count === 'default'
    ? [
        ['dev', 'flux-dev'],
        ['stage', 'flux-stage-prod'],
        ['prod', 'flux-stage-prod'],
      ]
    : Array.from({ length: Number(count) }, (_, index) => [`e${index}`, 'flux-many']);
const [environment, app, configReadme, scenarioReadme] = [
  'environment-hardened',
  'scenario-environment-hardened',
  'config-repo',
  'scenario-repo',
].map(compile);
const rows = environments
  .slice(0, 40)
  .map(([name, repo]) => ({ ...values(name, repo), id: name, repoId: repo }));
const readme = {
  ...rows[0],
  name: base,
  hasPolicies: true,
  plainManifests: true,
  syncConfig: false,
  isDemo: true,
  repos: [],
  rows,
  first: rows[0],
  picture: rows.slice(0, 12),
  pictureRepos: [],
  notPictured: 0,
  notShown: 0,
};
const conditions = (count) =>
  Array.from({ length: count }, (_, n) => ({ name: `condition-${n}`, expression: '"true"' }));
const tier = {
  clusterType: 'kubernetes',
  chartVersion: '"0.58.1"',
  fluxVersion: '2.9.x',
  hasPolicies: true,
  syncConfig: false,
  owners: '"[]"',
  added: '"[]"',
  priorityClasses: '"[]"',
  tenantConditions: conditions(2),
  namespaceConditions: conditions(3),
  conditionsSparingControllers: conditions(3),
  podMakers: Array.from({ length: 3 }, () => ({ groups: "['apps']", kinds: "['deployments']" })),
  allowedList: '',
};
for (const layer of ['install', 'network', 'policies'])
  for (const { path, fill } of compile(layer)) write(join(into, base, layer, path), fill(tier));
for (const [name, repo] of environments) {
  const one = values(name, repo);
  for (const { path, fill } of environment) write(join(into, base, name, path), fill(one));
  for (const { path, fill } of app) write(join(into, repo, name, path), fill(one));
}
for (const { path, fill } of configReadme) write(join(into, base, path), fill(readme));
for (const repo of new Set(environments.map(([, repo]) => repo)))
  for (const { path, fill } of scenarioReadme) {
    write(join(into, repo, path), fill(readme));
    write(join(into, repo, '.yo-rc.json'), JSON.stringify(environments));
  }
write(join(into, base, '.yo-rc.json'), JSON.stringify(environments));
