/**
 * A stand-in for a cluster with Flux, and for kubectl, which asks it. It keeps Secrets, and it fetches with their keys as
 * the source-controller does: a fetch succeeds if the stand-in for GitHub has the key at this moment. The tests on a real
 * control plane show that kubectl and Flux behave like this.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type DeployKey, publicHalfOf } from '../../lib/credentials/deploy-key.ts';
import { readBody } from './api.ts';
import type { StandIn } from './stand-in.ts';
import type { Watch } from './world.ts';

type Metadata = {
  name: string;
  namespace: string;
  resourceVersion: string;
  generation?: number;
  annotations: Record<string, string>;
  labels?: Record<string, string>;
};
type Secret = { kind: 'Secret'; metadata: Metadata; type: string; data: Record<string, string> };
type Source = {
  kind: 'GitRepository';
  metadata: Metadata;
  spec: { suspend?: boolean; repo: string };
  status: object;
};
type Answer = { out?: string; error?: string };

/** A merge patch of a Secret: null removes a field. */
function patch(found: Secret, text: string): Answer {
  const { data } = JSON.parse(text) as { data: Record<string, string | null> };
  for (const [field, value] of Object.entries(data))
    if (value === null) delete found.data[field];
    else found.data[field] = value;
  return {};
}

export class Cluster {
  context = 'kind-test';
  readonly namespaces = new Set<string>(['flux-system']);
  readonly secrets = new Map<string, Secret>();
  readonly sources = new Map<string, Source>();
  /** Every call of kubectl: its arguments. */
  readonly calls: string[] = [];
  /** Fetches that failed although an earlier one succeeded. */
  readonly broken: string[] = [];
  watch: Watch = () => undefined;
  /** What kubectl says about a call instead of doing it. */
  fault: (line: string) => string | undefined = () => undefined;
  #versions = 1;
  #server: Server;
  #works = new Set<string>();
  readonly #github: StandIn;

  constructor(github: StandIn) {
    this.#github = github;
    this.#server = createServer((request, response) => {
      void (async () => {
        const { argv, input } = JSON.parse(await readBody(request)) as {
          argv: string[];
          input: string;
        };
        const words = argv.filter((_, at) => at > 3 || argv[0] !== '--context');
        const line = `kubectl ${words.join(' ')}`;
        this.calls.push(line);
        await this.watch(line, 'before');
        if (response.destroyed) return;
        const error = this.fault(line);
        const answer = error === undefined ? this.#answer(words, input) : { error };
        this.look();
        await this.watch(line, 'after');
        response.end(JSON.stringify(answer));
      })();
    });
  }

  /** Opens the stand-in, and puts its kubectl into `folder`. */
  async open(folder: string): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    const { port } = this.#server.address() as AddressInfo;
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'kubectl');
    const script = `#!${process.execPath}
const input = process.argv.includes('-') ? require('node:fs').readFileSync(0, 'utf8') : '';
fetch('http://127.0.0.1:${port}', { method: 'POST', body: JSON.stringify({ argv: process.argv.slice(2), input }) })
  .then((answer) => answer.json())
  .then(({ out = '', error }) => {
    process.stdout.write(out);
    if (error) process.stderr.write(error + '\\n');
    process.exitCode = error ? 1 : 0;
  });
`;
    writeFileSync(file, script);
    chmodSync(file, 0o755);
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  /** A namespace with a GitRepository that reads `repo` with the Secret git-REPO. */
  addSource(namespace: string, name: string, repo = name): Source {
    this.namespaces.add(namespace);
    const metadata = { ...this.#metadata(name, namespace), generation: 1 };
    const source: Source = { kind: 'GitRepository', metadata, spec: { repo }, status: {} };
    this.sources.set(`${namespace}/${name}`, source);
    return source;
  }

  /** Puts a Secret with `key` into `namespace`, as an earlier run did. */
  addSecret(namespace: string, repo: string, { identity, publicKey }: DeployKey): void {
    const name = `git-${repo}`;
    const encode = (text: string): string => Buffer.from(text).toString('base64');
    const data = { identity: encode(identity), 'identity.pub': encode(publicKey) };
    const metadata = this.#metadata(name, namespace);
    this.secrets.set(`${namespace}/${name}`, { kind: 'Secret', metadata, type: 'Opaque', data });
  }

  /** The key in a Secret: the type and the key. */
  keyOf(namespace: string, repo: string): string | undefined {
    const identity = this.secrets.get(`${namespace}/git-${repo}`)?.data.identity;
    return identity && publicHalfOf(Buffer.from(identity, 'base64').toString('utf8'));
  }

  /** Fetches every source, as Flux would do it by itself. */
  look(): void {
    for (const [place, source] of this.sources) {
      const isGood = this.#fetches(source);
      if (!isGood && this.#works.has(place)) this.broken.push(place);
      if (isGood) this.#works.add(place);
    }
  }

  #fetches({ metadata: { namespace }, spec: { repo } }: Source): boolean {
    const key = this.keyOf(namespace, repo);
    const known = this.#github.deployKeys.find((one) => one.key === key && one.repo.name === repo);
    if (known) known.lastUsed = new Date();
    return known !== undefined;
  }

  #metadata(name: string, namespace: string): Metadata {
    return { name, namespace, resourceVersion: String(this.#versions++), annotations: {} };
  }

  #answer(argv: readonly string[], input: string): Answer {
    const [word, kind = '', name = ''] = argv;
    const after = (flag: string): string => argv[argv.indexOf(flag) + 1] ?? '';
    if (word === 'config' && kind === 'current-context') return { out: `${this.context}\n` };
    if (word === 'config') return { out: 'https://127.0.0.1:6443' };
    if (word === 'version') return { out: '{}' };
    if (word === 'apply') return this.#apply(input);
    const place = `${after('-n')}/${name}`;
    if (word === 'get' && kind === 'namespaces')
      return { out: this.namespaces.has(name) ? JSON.stringify({ metadata: { name } }) : '' };
    const store = kind.startsWith('secret') ? this.secrets : this.sources;
    const found = store.get(place);
    if (word === 'get') return { out: found ? JSON.stringify(found) : '' };
    if (word === 'patch' && found?.kind === 'Secret') return patch(found, after('-p'));
    if (word === 'annotate' && found) return this.#annotate(found, argv[5] ?? '');
    return { error: `unknown command: ${argv.join(' ')}` };
  }

  #annotate(found: Secret | Source, text: string): Answer {
    const [key = '', value] = text.split('=');
    if (value === undefined) delete found.metadata.annotations[key.slice(0, -1)];
    else found.metadata.annotations[key] = value;
    if (found.kind !== 'GitRepository') return {};
    const isGood = this.#fetches(found);
    const status = isGood ? 'True' : 'False';
    const message = isGood ? 'stored artifact' : 'ssh: unable to authenticate';
    found.status = {
      lastHandledReconcileAt: value,
      conditions: [{ type: 'Ready', status, message, observedGeneration: 1 }],
    };
    return {};
  }

  #apply(input: string): Answer {
    for (const document of parseAllDocuments(input)) {
      const secret = document.toJS() as Secret;
      const { name, namespace, resourceVersion, annotations = {}, labels } = secret.metadata;
      if (!this.namespaces.has(namespace)) return { error: `namespaces "${namespace}" not found` };
      const found = this.secrets.get(`${namespace}/${name}`);
      if (resourceVersion !== undefined && resourceVersion !== found?.metadata.resourceVersion)
        return { error: `Operation cannot be fulfilled on secrets "${name}"` };
      const metadata = {
        ...this.#metadata(name, namespace),
        annotations,
        ...(labels && { labels }),
      };
      this.secrets.set(`${namespace}/${name}`, { ...secret, metadata });
    }
    return {};
  }
}
