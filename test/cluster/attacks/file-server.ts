/** A web server with a chart repository, which also remembers what it was asked for. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export type FileServer = { url: string; asked: string[] };

const template = `{{- if .Values.configMap }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Values.name }}
{{- else }}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ .Values.name }}
rules: []
{{- end }}
`;

/** The base that a kustomization.yaml takes from elsewhere. */
const remote = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: remote\n';

/** Serves a chart below /files/charts; anything else is not there. */
export async function serveFiles(dir: string): Promise<FileServer> {
  const chart = join(dir, 'attack');
  mkdirSync(join(chart, 'templates'), { recursive: true });
  const version = { apiVersion: 'v2', name: 'attack', version: '0.1.0' };
  writeFileSync(join(chart, 'Chart.yaml'), JSON.stringify(version));
  writeFileSync(join(chart, 'values.yaml'), 'name: attack\nconfigMap: false\n');
  writeFileSync(join(chart, 'templates/attack.yaml'), template);
  execFileSync('tar', ['-czf', join(dir, 'attack-0.1.0.tgz'), '-C', dir, 'attack']);
  const index = {
    apiVersion: 'v1',
    entries: { attack: [{ ...version, urls: ['attack-0.1.0.tgz'] }] },
  };
  const files: Record<string, Buffer | string> = {
    '/files/charts/index.yaml': JSON.stringify(index),
    '/files/charts/attack-0.1.0.tgz': readFileSync(join(dir, 'attack-0.1.0.tgz')),
  };
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const found = path.endsWith('/remote.yaml') ? remote : files[path];
    response.writeHead(found === undefined ? 404 : 200).end(found);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  server.unref();
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}
