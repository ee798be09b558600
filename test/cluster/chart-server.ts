/**
 * A chart repository on loopback, of both kinds: an index for a HelmRepository, and a registry for an
 * OCIRepository that knows the four requests of a client that pulls. The charts are packed by tar.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** Where the charts are: addresses for a HelmRepository, and for the chart `name` in an OCIRepository. */
export type ChartServer = { http: string; oci: string; close: () => void };

const kinds = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.cncf.helm.config.v1+json',
  chart: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
};

type Served = Record<string, { type: string; body: Buffer }>;

/** Serves each of `versions` of the chart in `folder` until it is closed. Charts are built in `scratch`. */
export async function serveCharts(
  folder: string,
  name: string,
  versions: readonly string[],
  scratch: string,
): Promise<ChartServer> {
  const served: Served = {};
  const entries = [];
  for (const version of versions) {
    const about = { apiVersion: 'v2', name, version, appVersion: version };
    const file = pack(folder, about, scratch);
    served[`/charts/${name}-${version}.tgz`] = { type: 'application/gzip', body: file };
    entries.push({ ...about, urls: [`${name}-${version}.tgz`] });
    addToRegistry(served, about, file);
  }
  const index = { apiVersion: 'v1', entries: { [name]: entries } };
  served['/charts/index.yaml'] = json('application/yaml', index);
  served[`/v2/oci/${name}/tags/list`] = json('application/json', {
    name: `oci/${name}`,
    tags: versions,
  });
  served['/v2/'] = json('application/json', {});
  const server = createServer((request, response) => {
    const found = served[request.url?.split('?')[0] ?? ''];
    if (!found) return response.writeHead(404).end('{}');
    const { type, body } = found;
    const headers = { 'content-type': type, 'content-length': body.length };
    response.writeHead(200, { ...headers, 'docker-content-digest': digestOf(body) });
    return response.end(request.method === 'HEAD' ? undefined : body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  server.unref();
  const at = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => server.closeAllConnections();
  return { http: `http://${at}/charts`, oci: `oci://${at}/oci`, close };
}

const digestOf = (body: Buffer): string =>
  `sha256:${createHash('sha256').update(body).digest('hex')}`;

const json = (type: string, value: object) => ({ type, body: Buffer.from(JSON.stringify(value)) });

function pack(folder: string, about: { name: string; version: string }, scratch: string): Buffer {
  const into = join(scratch, about.version, about.name);
  mkdirSync(into, { recursive: true });
  cpSync(folder, into, { recursive: true });
  writeFileSync(join(into, 'Chart.yaml'), JSON.stringify(about));
  const file = `${into}.tgz`;
  execFileSync('tar', ['-czf', file, '-C', join(scratch, about.version), about.name]);
  return readFileSync(file);
}

/** A chart in a registry: a manifest with the tag, which names two blobs by their digests. */
function addToRegistry(served: Served, about: { name: string; version: string }, file: Buffer) {
  const config = json(kinds.config, about);
  const blobs = [config, { type: kinds.chart, body: file }];
  const [first, second] = blobs.map(({ type, body }) => ({
    ...{ mediaType: type, digest: digestOf(body), size: body.length },
  }));
  const manifest = json(kinds.manifest, {
    ...{ schemaVersion: 2, mediaType: kinds.manifest, config: first, layers: [second] },
  });
  const at = `/v2/oci/${about.name}`;
  for (const { type, body } of blobs) served[`${at}/blobs/${digestOf(body)}`] = { type, body };
  for (const name of [about.version, digestOf(manifest.body)])
    served[`${at}/manifests/${name}`] = manifest;
}
