import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { credentials } from '../../lib/credentials/command.ts';
import { openWorkspace } from '../../lib/disk/workspace.ts';
import { parseArguments } from '../../lib/settings/arguments.ts';
import { BIN, readTree, runCommand, runHere, temporaryFolder } from '../sandbox.ts';
import { runGenerator } from './run-generator.ts';

const HOSTS =
  'github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n';

/** A private estate, and a file with the host keys, so that no test needs a network. */
async function privateEstate(flags: readonly string[] = []) {
  const root = temporaryFolder();
  const into = join(root, 'estate');
  mkdirSync(into);
  const words = ['--yes', '--visibility', 'private', '--owner', 'octo', ...flags];
  const { stderr } = await runHere(words, into);
  const hosts = join(root, 'known_hosts');
  writeFileSync(hosts, HOSTS);
  const next = stderr.split('\nNext:\n')[1] ?? '';
  return { root, into, home: join(into, 'flux-demo'), hosts, next };
}

test('the Secrets go to a pipe, and no file changes', async () => {
  const { into, home, hosts } = await privateEstate();
  const before = readTree(into);
  const { code, stdout, stderr } = await runCommand(['credentials', '--known-hosts', hosts], home);
  assert.equal(code, 0, stderr);
  const secrets = parseAllDocuments(stdout).map((document) => document.toJS());
  assert.deepEqual(
    secrets.map(({ kind, metadata }) => [kind, metadata.namespace, metadata.name]),
    [
      ['Secret', 'fluxdemo-dev', 'git-flux-dev'],
      ['Secret', 'fluxdemo-stage', 'git-flux-stage-prod'],
      ['Secret', 'fluxdemo-prod', 'git-flux-stage-prod'],
    ],
  );
  assert.equal(Buffer.from(secrets[0].data.known_hosts, 'base64').toString(), HOSTS);
  assert.deepEqual(readTree(into), before);
});

test('a reader that ends before it has the Secrets is an error', async () => {
  const { home, hosts } = await privateEstate();
  const line = 'set -o pipefail; "$0" "$1" credentials dev --known-hosts "$2" | true';
  const words = ['-c', line, process.execPath, BIN, hosts];
  const { status, stderr } = spawnSync('bash', words, { cwd: home, encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(stderr, /The program that reads the Secrets ended before it had them/);
});

test('with yo, the same Secrets go to a file', async () => {
  const { root, home, hosts } = await privateEstate();
  const file = join(root, 'secrets.yaml');
  await runGenerator('credentials', home, {
    arguments: ['dev'],
    options: { file, knownHosts: hosts, yes: true },
  });
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.match(readFileSync(file, 'utf8'), /namespace: "fluxdemo-dev"/);
});

test('what a killed run left of the file goes with the next run, and what another run writes stays', async () => {
  const { root, home, hosts } = await privateEstate();
  const file = join(root, 'secrets.yaml');
  const { pid: gone } = spawnSync('true');
  const [left, other] = [`${file}.${gone}.part`, `${file}.${process.ppid}.part`];
  for (const one of [left, other]) writeFileSync(one, 'x');
  const words = ['credentials', 'dev', '--known-hosts', hosts, '--file', file];
  assert.equal((await runHere(words, home)).code, 0);
  assert.deepEqual(
    [left, other, file].map((one) => existsSync(one)),
    [false, true, true],
  );
});

test('a file inside of a git repository is refused, through a link too', async () => {
  const { root, home, hosts } = await privateEstate();
  execFileSync('git', ['init', '--quiet', home]);
  execFileSync('ln', ['-s', home, join(root, 'link')]);
  for (const folder of [home, join(home, 'dev'), join(home, '.git'), join(root, 'link')]) {
    const words = ['credentials', 'dev', '--known-hosts', hosts, '--file', join(folder, 'x.yaml')];
    const { code, stderr } = await runHere(words, home);
    assert.equal(code, 1);
    assert.match(stderr, /it would be inside the git repository/);
  }
});

test('a file inside of a config repo or an app repo is refused before git init, through a link and a damaged record too', async () => {
  const { root, into, home, hosts } = await privateEstate();
  execFileSync('ln', ['-s', join(home, 'dev'), join(root, 'link')]);
  const app = join(into, 'flux-dev');
  writeFileSync(
    join(app, '.yo-rc.json'),
    `<<<<<<< ours\n${readFileSync(join(app, '.yo-rc.json'))}`,
  );
  for (const folder of [home, join(home, 'dev'), join(root, 'link'), app, join(app, 'dev')]) {
    const file = join(folder, 'x.yaml');
    const words = ['credentials', 'prod', '--known-hosts', hosts, '--file', file];
    const { code, stderr } = await runHere(words, home);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /it would be inside the repository .+ of an estate, and soon in a commit/);
    assert.equal(existsSync(file), false);
  }
});

test('a file beside the repositories is written, also where another generator has its record', async () => {
  const { into, home, hosts } = await privateEstate();
  writeFileSync(join(into, '.yo-rc.json'), '{ "generator-node": {} }');
  const file = join(into, 'x.yaml');
  const words = ['credentials', 'dev', '--known-hosts', hosts, '--file', file];
  assert.equal((await runHere(words, home)).code, 0);
  assert.match(readFileSync(file, 'utf8'), /identity/);
});

test('every problem of the input is named at once, before anything is done', async () => {
  const { home } = await privateEstate();
  const words = [
    'credentials',
    'qa',
    '--rotate',
    '--list',
    '--file',
    'x',
    '--live',
    '--context',
    '',
  ];
  const { code, stderr } = await runHere([...words, '--app-id', 'x', '--json'], home);
  assert.equal(code, 2);
  for (const part of [
    /--rotate and --list: these flags do different things, so give one of them/,
    /--live and --file: the Secrets go to one place/,
    /--context "": a context must have the name of a context/,
    /--app-id "x": it must be a number/,
    /argument "qa": this estate has no such environment\. Flux needs credentials for dev, stage, prod/,
  ])
    assert.match(stderr, part);
});

test('a command that cannot do what is asked says why', async () => {
  const { home, root } = await privateEstate();
  const cases: [string[], RegExp][] = [
    [['--rotate'], /--rotate without --live/],
    [['--context', 'x'], /--context without --live/],
    [['--revoke'], /--revoke without an environment/],
    [['--json'], /--json without --live or --file: the JSON document has no private keys/],
    [['--secret-stdin', '--token-stdin'], /standard input can be only one of them/],
  ];
  for (const [words, text] of cases) {
    const { code, stderr } = await runHere(['credentials', ...words], home);
    assert.equal(code, 2, words.join(' '));
    assert.match(stderr, text);
  }
  const elsewhere = await runHere(['credentials'], root);
  assert.match(elsewhere.stderr, /this command must run inside a config repo/);
});

test('a public estate needs no credentials', async () => {
  const folder = temporaryFolder();
  await runHere(['--yes'], folder);
  const { code, stderr } = await runHere(['credentials'], join(folder, 'flux-demo'));
  assert.equal(code, 2);
  assert.match(
    stderr,
    /the estate flux-demo, whose repositories are public: Flux reads it without/,
  );
});

test('a private estate with artifacts needs no credentials for git', async () => {
  const { home } = await privateEstate(['--source', 'oci']);
  const { code, stderr } = await runHere(['credentials', 'dev'], home);
  assert.equal(code, 2);
  assert.match(stderr, /with --source oci: Flux pulls artifacts and reads no git repository/);
  const sync = readFileSync(join(home, 'dev/2_sync.yaml'), 'utf8');
  assert.doesNotMatch(sync, /git-flux-dev|ssh:/);
});

test('a GitHub App needs its ID and its key', async () => {
  const { home } = await privateEstate(['--credentials', 'github-app']);
  const { code, stderr } = await runHere(['credentials', '--live'], home);
  assert.equal(code, 2);
  assert.match(stderr, /no --app-id for flux-dev and flux-stage-prod/);
  assert.match(stderr, /no private key of the GitHub App/);
});

/** The commands for Secrets in `text`, without the pipe, as a shell would split them. */
const commandsIn = (text: string): string[][] =>
  [...text.matchAll(/flux-gitops credentials (?!--)([^|`\n]+)/g)].map(([, words = '']) =>
    words
      .trim()
      .split(' ')
      .filter((word) => !word.startsWith('--into=')),
  );

/** What the command refuses in the config repo at `home`, when a person puts values for ID and FILE. */
function refusalsOf(words: readonly string[], home: string): unknown[] {
  const filled = words.map((word) => ({ ID: '123456', FILE: 'app.pem' })[word] ?? word);
  const { given, problems } = parseArguments('credentials', filled, [], 'flux-gitops');
  const workspace = openWorkspace('credentials', home, '.', undefined, problems);
  return [...problems, ...credentials.check(given, workspace)];
}

test('the printed commands for a GitHub App are accepted, one for each app repo', async () => {
  const { home, next } = await privateEstate(['--credentials', 'github-app', '--sync-config']);
  const app = ['--app-id', 'ID', '--private-key', 'FILE'];
  const expected = [
    ['flux-demo', ...app],
    ['dev', ...app],
    ['stage', 'prod', ...app],
  ];
  assert.deepEqual(commandsIn(next), expected);
  for (const file of ['README.md', 'install/README.md', '../flux-stage-prod/README.md']) {
    const commands = commandsIn(readFileSync(join(home, file), 'utf8'));
    assert.ok(commands.length > 0);
    // One environment of the README does not exist yet.
    for (const words of commands.filter(([word]) => word !== 'qa')) {
      assert.deepEqual(refusalsOf(words, home), [], words.join(' '));
      assert.ok(words.join(' ').endsWith(app.join(' ')), words.join(' '));
    }
  }
});

test('the printed commands for a GitHub Enterprise Server have the host keys of the server', async () => {
  const server = ['--github-url', 'https://ghe.example.com'];
  const { home, next } = await privateEstate([...server, '--sync-config']);
  const flags = ['--publish', '--known-hosts', 'FILE'];
  assert.deepEqual(commandsIn(next), [
    ['flux-demo', ...flags],
    ['dev', 'stage', 'prod', ...flags],
  ]);
  assert.match(next.replaceAll(/\s+/g, ' '), /compare what ssh-keyscan ghe\.example\.com prints/);
  for (const file of ['README.md', 'install/README.md'])
    for (const words of commandsIn(readFileSync(join(home, file), 'utf8'))) {
      if (words[0] !== 'qa') assert.deepEqual(refusalsOf(words, home), []);
      if (!words.includes('--rotate')) assert.deepEqual(words.slice(-3), flags);
    }
  assert.match(readFileSync(join(home, 'README.md'), 'utf8'), /`ssh-keyscan ghe\.example\.com`/);
  const port = await privateEstate([...server, '--ssh-url', 'ssh://git@ghe.example.com:7999']);
  assert.match(port.next, /ssh-keyscan -p 7999 ghe\.example\.com/);
});

test('one token for two repositories is refused', async () => {
  const { home } = await privateEstate(['--credentials', 'token']);
  const { code, stderr } = await runHere(['credentials', '--live', '--secret-stdin'], home);
  assert.equal(code, 2);
  assert.match(
    stderr,
    /one token for flux-dev and flux-stage-prod: each repository needs its own token/,
  );
});

test('the host key of another server is not taken', async () => {
  const { home, hosts } = await privateEstate(['--ssh-url', 'ssh://git@ssh.github.com:443']);
  const { code, stderr } = await runHere(['credentials', '--known-hosts', hosts], home);
  assert.equal(code, 1);
  assert.match(stderr, /has no key of \[ssh\.github\.com\]:443/);
});

test('a flag that changes nothing says so, and why', async () => {
  const { root, home, hosts } = await privateEstate();
  const file = join(root, 'secrets.yaml');
  const run = ['credentials', 'dev', '--known-hosts', hosts];
  const app = ['--app-id', '1', '--installation-id', '2', '--private-key', 'x.pem'];
  const idle = ['--token-stdin', '--force', ...app];
  const { code, stderr } = await runHere([...run, '--file', file], home);
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stderr, /changes nothing/);
  const pipe = await runCommand([...run, ...idle], home);
  assert.equal(pipe.code, 0, pipe.stderr);
  const flags = [...pipe.stderr.matchAll(/! (--[\w-]+) changes nothing in this run: /g)];
  assert.deepEqual(
    flags.map(([, flag]) => flag).sort(),
    idle.filter((word) => word.startsWith('--')).sort(),
  );
});
