// The smallest program that writes the same files: it renders every template with ejs and writes the result. It reads
// the values from the file of floor-values.ts.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ejs from 'ejs';

const [, , valuesFile = '', into = '', count = '1', base = 'flux-demo'] = process.argv;
const { config, app } = JSON.parse(readFileSync(valuesFile, 'utf8'));
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

const environments =
  count === 'default'
    ? [
        ['dev', 'flux-dev'],
        ['stage', 'flux-stage-prod'],
        ['prod', 'flux-stage-prod'],
      ]
    : Array.from({ length: Number(count) }, (_, index) => [`e${index}`, 'flux-many']);
const isFolder = ([from]) => /environment-/.test(from);
const layersOf = (layers) =>
  Object.entries(layers).map(([from, { into: folder, values }]) => [
    from,
    folder,
    values,
    compile(from),
  ]);
const [tenants, once] = [
  layersOf(config).filter(isFolder),
  layersOf(config).filter((one) => !isFolder(one)),
];
const [apps, readme] = [
  layersOf(app).filter(isFolder),
  layersOf(app).filter((one) => !isFolder(one)),
];

const record = JSON.stringify(environments);
for (const [, folder, values, files] of once)
  for (const { path, fill } of files) write(join(into, base, folder, path), fill(values));
for (const [name, repo] of environments) {
  for (const [, , values, files] of tenants)
    for (const { path, fill } of files)
      write(join(into, base, name, path), fill({ ...values, name, repo }));
  for (const [, , values, files] of apps)
    for (const { path, fill } of files)
      write(join(into, repo, name, path), fill({ ...values, name, repo }));
}
for (const repo of new Set(environments.map(([, repo]) => repo))) {
  for (const [, , values, files] of readme)
    for (const { path, fill } of files) write(join(into, repo, path), fill(values));
  write(join(into, repo, '.yo-rc.json'), record);
}
write(join(into, base, '.yo-rc.json'), record);
