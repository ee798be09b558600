import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Outcome, readTree, temporaryFolder } from '../sandbox.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NAME = 'generator-flux-gitops';
const OLD = '0.1.9';

/** The path of a program, and a text in it that another one replaces. */
type Change = readonly [path: string, before: RegExp, after: string];

/** A copy of this checkout with `changes`, as a clone of another version. */
function checkout(...changes: readonly Change[]): string {
  const folder = temporaryFolder();
  const parts = ['bin', 'completions', 'earlier', 'generators', 'lib', 'schemas', 'templates'];
  for (const part of [...parts, 'package.json', 'rolldown.config.js', 'tsconfig.json'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const [path, found, text] of changes) {
    const file = join(folder, path);
    const old = readFileSync(file, 'utf8');
    assert.match(old, found);
    writeFileSync(file, old.replace(found, text));
  }
  return folder;
}

/** An npm registry on loopback with one version of this package. It counts the requests. */
class Registry {
  requests: string[] = [];
  /** The hash that it names for the file. */
  integrity = '';
  tarball = Buffer.alloc(0);
  #server = createServer(({ url = '' }, response) => {
    this.requests.push(url);
    if (url === `/${NAME}`) response.end(JSON.stringify(this.#document()));
    else if (url === `/${NAME}/-/${NAME}-${OLD}.tgz`) response.end(this.tarball);
    else response.writeHead(404).end('{}');
  });

  open = (): Promise<void> =>
    new Promise((done) => this.#server.listen(0, '127.0.0.1', () => done()));
  close = (): void => {
    this.#server.close();
  };
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #document(): object {
    const tarball = `${this.url}/${NAME}/-/${NAME}-${OLD}.tgz`;
    const one = { name: NAME, version: OLD, dist: { tarball, integrity: this.integrity } };
    return { name: NAME, 'dist-tags': { latest: OLD }, versions: { [OLD]: one } };
  }
}

const hashOf = (bytes: Buffer): string =>
  `sha512-${createHash('sha512').update(bytes).digest('base64')}`;

describe('the old text of an edited file, in an estate without the history of git', () => {
  const registry = new Registry();
  const old = checkout(
    ['package.json', /"version": "[^"]+"/, `"version": "${OLD}"`],
    ['templates/config-repo/README.md.ejs', /^(# .*\n)/, '$1\nA sentence of the old version.\n'],
    ['templates/network/allow-health-checks.yaml.ejs', /^/, '# A line of the old version\n'],
  );
  const now = checkout(['lib/plan/generator.ts', /onNpm: false/, 'onNpm: true']);
  const estate = temporaryFolder();
  const cache = temporaryFolder();

  const run = (
    program: string,
    argv: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): Promise<Outcome> =>
    new Promise((done) => {
      const settings = {
        npm_config_registry: registry.url,
        npm_config_cache: join(cache, String(cacheNumber++)),
        GH_TOKEN: 'not-for-npm',
        ...env,
      };
      const options = { timeout: 60_000, env: { ...process.env, ...settings } };
      const bin = join(program, 'bin/flux-gitops.js');
      const child = execFile(process.execPath, [bin, ...argv], options, (_, stdout, stderr) =>
        done({ code: child.exitCode, stdout, stderr }),
      );
      child.stdin?.end();
    });
  let cacheNumber = 0;

  /** A copy of the estate with edits in two files, and with other text in the record. */
  function edited(change: (record: string) => string = (record) => record): string {
    const folder = temporaryFolder();
    cpSync(estate, folder, { recursive: true });
    for (const [path, before, after] of [
      ['README.md', /^(## .*\n)/m, '$1\nOur team says hello.\n'],
      ['network/allow-health-checks.yaml', /$/, '# Ours\n'],
    ] as const) {
      const file = join(folder, 'flux-demo', path);
      writeFileSync(file, readFileSync(file, 'utf8').replace(before, after));
    }
    const record = join(folder, 'flux-demo/.yo-rc.json');
    writeFileSync(record, change(readFileSync(record, 'utf8')));
    return folder;
  }

  before(async () => {
    await registry.open();
    const path = `${join(ROOT, 'node_modules/.bin')}${delimiter}${process.env.PATH}`;
    execFileSync('npm', ['pack', '--silent'], { cwd: old, env: { ...process.env, PATH: path } });
    const packed = readdirSync(old).find((name) => name.endsWith('.tgz')) ?? '';
    registry.tarball = readFileSync(join(old, packed));
    registry.integrity = hashOf(registry.tarball);
    const made = await run(old, ['--yes', '--owner', 'octo-org', '--into', estate]);
    assert.equal(made.code, 0, made.stderr);
  });
  after(registry.close);

  test('comes from the version of npm that the record names', async () => {
    const folder = edited();
    const { code, stderr } = await run(now, ['update', '--into', folder]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /npm fetches generator-flux-gitops@0\.1\.9/);
    const after = readTree(join(folder, 'flux-demo'));
    const readme = after.get('README.md') ?? '';
    assert.match(readme, /Our team says hello\./);
    assert.doesNotMatch(readme, /A sentence of the old version/);
    const network = after.get('network/allow-health-checks.yaml') ?? '';
    assert.match(network, /# Ours\n$/);
    assert.doesNotMatch(network, /A line of the old version/);
    assert.equal((await run(now, ['update', '--check', '--into', folder])).code, 0);
  });

  test('is not taken from a file that is not the one of the registry', async () => {
    registry.integrity = hashOf(Buffer.from('something else'));
    const folder = edited();
    const before = readTree(folder);
    const { code, stderr } = await run(now, ['update', '--into', folder]);
    registry.integrity = hashOf(registry.tarball);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /npm says .*EINTEGRITY/);
    assert.match(stderr, /What helps: a clone with the commits of that version, or npm/);
    assert.match(stderr, /Nothing was written:\n[\s\S]*README\.md/);
    assert.deepEqual(readTree(folder), before);
  });

  test('is missing where there is no registry, and the run says what helps', async () => {
    const folder = edited();
    const nowhere = { npm_config_registry: 'http://127.0.0.1:9' };
    const { code, stderr } = await run(now, ['update', '--into', folder], nowhere);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /What helps/);
    const without = await run(now, ['update', '--into', folder], { PATH: '/nonexistent' });
    assert.equal(without.code, 1, without.stderr);
    assert.match(without.stderr, /there is no npm on your PATH/);
  });

  test('counts only if it has the hash of the record', async () => {
    const folder = edited((record) => record.replace('"interval": "1m0s"', '"interval": "9m0s"'));
    const file = join(folder, 'flux-demo/dev/2_sync.yaml');
    writeFileSync(file, `${readFileSync(file, 'utf8')}# Ours\n`);
    const { code, stderr } = await run(now, ['update', '--into', folder]);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /Nothing was written:\n.*dev\/2_sync\.yaml/);
  });

  for (const version of [
    '^0.1.9',
    'latest',
    'file:../x',
    'https://example.invalid/x.tgz',
    '0.1.9 --x',
  ])
    test(`npm is not asked for the version ${version}`, async () => {
      const folder = edited((record) =>
        record.replace(`"generator": "${OLD}"`, `"generator": ${JSON.stringify(version)}`),
      );
      registry.requests = [];
      const { code, stderr } = await run(now, ['update', '--into', folder]);
      assert.equal(code, 1, stderr);
      // npm would also take a path or an address.
      assert.doesNotMatch(stderr, /npm/);
      assert.deepEqual(registry.requests, []);
    });

  test('npm is not asked before this package is on npm', async () => {
    registry.requests = [];
    const unreleased = checkout();
    assert.equal((await run(unreleased, ['update', '--into', edited()])).code, 1);
    assert.deepEqual(registry.requests, []);
  });
});
