import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { ageKey, putSopsOnPath } from '../age-key.ts';
import { readTree, runHere, temporaryFolder } from '../sandbox.ts';

/** The cluster tests build sops, and their own check needs it. Here it may be missing. */
const skip = !putSopsOnPath() && 'there is no sops here';

const HOSTS =
  'github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n';
const FILE = '3_credentials.sops.yaml';

/** A private estate that a cluster follows and decrypts, and the private half of the age key. */
async function encryptedEstate(flags: readonly string[] = []) {
  const root = temporaryFolder();
  const into = join(root, 'estate');
  mkdirSync(into);
  const { identity, recipient } = ageKey();
  const sops = ['--sync-config', '--sops-age', recipient];
  const { code, stderr } = await runHere(
    ['--yes', '--visibility', 'private', '--owner', 'octo', ...sops, ...flags],
    into,
  );
  assert.equal(code, 0, stderr);
  const hosts = join(root, 'known_hosts');
  writeFileSync(hosts, HOSTS);
  const home = join(into, 'flux-demo');
  const write = (...words: string[]) =>
    runHere(['credentials', ...words, '--known-hosts', hosts], home);
  return { root, into, home, identity, recipient, hosts, write };
}

type Secret = {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly data: { readonly [field: string]: string };
};

/** The Secret in an encrypted file, as Flux decrypts it. */
function decrypted(file: string, identity: string): Secret {
  const env = { ...process.env, SOPS_AGE_KEY: identity };
  return parse(execFileSync('sops', ['decrypt', file], { env, encoding: 'utf8' })) as Secret;
}

const listed = (home: string): string[] =>
  parse(readFileSync(join(home, 'kustomization.yaml'), 'utf8')).resources;

test('the Secrets of an environment are in the config repo, and only the age key opens them', {
  skip,
}, async () => {
  const { home, hosts, identity, recipient } = await encryptedEstate();
  process.env.SOPS_PGP_FP = '0'.repeat(40);
  writeFileSync(join(home, '.sops.yaml'), 'creation_rules:\n  - path_regex: nothing\n');
  const before = readTree(home);
  const argv = ['credentials', 'stage', '--sops', '--known-hosts', hosts];
  const { code, stderr } = await runHere(argv, home);
  delete process.env.SOPS_PGP_FP;
  assert.equal(code, 0, stderr);
  const after = readTree(home);
  const changed = [...after].filter(([path, text]) => before.get(path) !== text);
  // One app repo feeds both, so both get its new key.
  assert.deepEqual(
    changed.map(([path]) => path),
    ['kustomization.yaml', `prod/${FILE}`, `stage/${FILE}`],
  );
  const [stage, prod] = ['stage', 'prod'].map((env) => decrypted(join(home, env, FILE), identity));
  assert.equal(stage?.metadata.namespace, 'fluxdemo-stage');
  assert.equal(prod?.metadata.namespace, 'fluxdemo-prod');
  assert.deepEqual(stage?.data, prod?.data);
  const text = Buffer.from(stage?.data.identity ?? '', 'base64').toString();
  assert.match(text, /BEGIN OPENSSH PRIVATE KEY/);
  for (const one of [text, stage?.data.identity ?? text, 'OPENSSH PRIVATE'])
    for (const [path, found] of after) assert.ok(!found.includes(one), path);
  const { sops } = parse(after.get(`stage/${FILE}`) ?? '');
  assert.deepEqual(
    sops.age.map((one: { recipient: string }) => one.recipient),
    [recipient],
  );
  assert.deepEqual(
    listed(home).slice(-6),
    [
      ...['dev/1_tenant.yaml', 'dev/2_sync.yaml', 'stage/1_tenant.yaml', 'stage/2_sync.yaml'],
      ...[`stage/${FILE}`, 'prod/1_tenant.yaml', 'prod/2_sync.yaml', `prod/${FILE}`],
    ].slice(-6),
  );
  assert.match(stderr, /\+ wrote stage\/3_credentials\.sops\.yaml/);
  assert.match(stderr, /git -C \S+ add stage\/3_credentials\.sops\.yaml/);
  assert.ok(!stderr.includes('PRIVATE'));
});

test('a second run makes a new key, replaces the file and says so', { skip }, async () => {
  const { home, identity, write } = await encryptedEstate();
  await write('dev', '--sops');
  const first = decrypted(join(home, 'dev', FILE), identity).data.identity;
  const list = readFileSync(join(home, 'kustomization.yaml'), 'utf8');
  const { code, stderr } = await write('dev', '--sops');
  assert.equal(code, 0, stderr);
  assert.match(stderr, /~ replaced dev\/3_credentials\.sops\.yaml/);
  assert.notEqual(decrypted(join(home, 'dev', FILE), identity).data.identity, first);
  assert.equal(readFileSync(join(home, 'kustomization.yaml'), 'utf8'), list);
});

test('every other command keeps the file and its line, and remove takes both', {
  skip,
}, async () => {
  const { root, home, write } = await encryptedEstate();
  assert.equal((await write('--sops')).code, 0);
  const git = (...words: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', '-C', home, ...words]);
  git('init', '--quiet', '--initial-branch', 'main');
  const origin = join(root, 'origin.git');
  execFileSync('git', ['init', '--quiet', '--bare', origin]);
  git('remote', 'add', 'origin', origin);
  const commit = () => {
    git('add', '--all');
    git('commit', '--quiet', '--allow-empty', '--message', 'x');
    git('push', '--quiet', 'origin', 'main');
  };
  commit();
  const files = ['dev', 'stage', 'prod'].map((env) => [env, join(home, env, FILE)] as const);
  const texts = new Map(files.map(([env, file]) => [env, readFileSync(file, 'utf8')]));
  const kept = (...envs: string[]): void => {
    for (const [env, file] of files) {
      assert.equal(existsSync(file), envs.includes(env), `${env}: the file`);
      assert.equal(listed(home).includes(`${env}/${FILE}`), envs.includes(env), `${env}: the line`);
      if (envs.includes(env)) assert.equal(readFileSync(file, 'utf8'), texts.get(env));
    }
  };
  const all = ['dev', 'stage', 'prod'];
  const runs: [string[], string[]][] = [
    [['--yes'], all],
    [['--yes', '--cluster-type', 'aws'], all],
    [['tenant', 'qa', '--yes'], all],
    [['tenant', 'dev', '--yes', '--size', 'large'], all],
    [['rename', 'qa', 'test', '--yes'], all],
    [['update', '--yes'], all],
    [['remove', 'dev', '--yes'], all],
    [
      ['remove', 'dev', '--yes'],
      ['stage', 'prod'],
    ],
    [
      ['update', '--yes'],
      ['stage', 'prod'],
    ],
  ];
  for (const [argv, envs] of runs) {
    const { code, stderr } = await runHere(argv, home);
    assert.equal(code, 0, `${argv.join(' ')}: ${stderr}`);
    kept(...envs);
    commit();
  }
  const verified = await runHere(['verify'], home);
  assert.match(verified.stdout + verified.stderr, /Nothing is wrong/);
  assert.ok(!existsSync(join(home, 'dev')));
  assert.ok(listed(home).every((one) => !one.startsWith('dev/')));
});

test('a Secret that Flux would put back is not handed over in another way', { skip }, async () => {
  const { root, home, write } = await encryptedEstate();
  await write('stage', '--sops');
  for (const words of [['prod'], ['--file', join(root, 'x.yaml')], ['--rotate', '--live']]) {
    const { code, stderr } = await write(...words);
    assert.equal(code, 2, words.join(' '));
    assert.match(stderr, /stage\/3_credentials\.sops\.yaml.*, and Flux would put the Secret/);
  }
  const other = await write('dev', '--file', join(root, 'y.yaml'));
  assert.equal(other.code, 0, other.stderr);
  await runHere(['--yes', '--sops-age', 'none'], home);
  const none = await write('stage', '--sops');
  assert.match(none.stderr, /--sops in an estate without a recipient/);
});

test('the Secret of the config repo itself cannot be encrypted in it', { skip }, async () => {
  const { home, write } = await encryptedEstate();
  const named = await write('flux-demo', '--sops');
  assert.equal(named.code, 2);
  assert.match(named.stderr, /Flux needs this Secret before it can read the file/);
  const { stderr } = await write('--sops');
  assert.match(stderr, /! Flux needs the Secret of flux-demo before it can decrypt/);
  assert.ok(!readTree(home).has(`flux-system/${FILE}`));
});

test('a file that sops did not encrypt is not replaced', { skip }, async () => {
  const { home, write } = await encryptedEstate();
  const mine = 'kind: Secret\n';
  writeFileSync(join(home, 'dev', FILE), mine);
  const { code, stderr } = await write('dev', '--sops');
  assert.equal(code, 2);
  assert.match(stderr, /sops did not encrypt the file that is there/);
  assert.equal(readFileSync(join(home, 'dev', FILE), 'utf8'), mine);
});

test('without sops, or with one that does not encrypt, nothing is written', async () => {
  const { root, home, write } = await encryptedEstate();
  const before = readTree(home);
  const bin = join(root, 'bin');
  mkdirSync(bin);
  const path = process.env.PATH;
  try {
    process.env.PATH = bin;
    const none = await write('dev', '--sops');
    assert.match(none.stderr, /This needs sops, and there is no sops on your PATH/);
    assert.equal(none.code, 1);
    for (const [script, said] of [
      ['exec /bin/cat', /did not encrypt the Secret for the recipients/],
      ['echo "unknown command" >&2; exit 3', /sops: unknown command/],
    ] as const) {
      writeFileSync(join(bin, 'sops'), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, 'sops'), 0o755);
      const { code, stderr } = await write('dev', '--sops');
      assert.equal(code, 1);
      assert.match(stderr, said);
      assert.ok(!stderr.includes('BEGIN'));
    }
  } finally {
    process.env.PATH = path;
    rmSync(bin, { recursive: true });
  }
  assert.deepEqual(readTree(home), before);
});

test('the flags of encrypted Secrets go with no other goal, and need an estate that decrypts', async () => {
  const { write } = await encryptedEstate();
  const { stderr } = await write('--sops', '--live', '--rotate');
  assert.match(stderr, /--live and --sops: the Secrets go to one place/);
  assert.match(stderr, /--rotate and --sops: only a run that makes Secrets/);
});

test('the next steps hand the age key over before Flux starts, and write the Secrets with --sops', async () => {
  const { home, recipient } = await encryptedEstate();
  const steps = async (argv: string[], cwd: string): Promise<string> => {
    const { code, stdout, stderr } = await runHere(argv, cwd);
    assert.equal(code, 0, stderr);
    return stdout + stderr;
  };
  const again = temporaryFolder();
  const flags = ['--yes', '--visibility', 'private', '--owner', 'octo', '--sync-config'];
  const first = await steps([...flags, '--sops-age', recipient], again);
  const places = ['generic sops-age --from-file', 'charts/flux-instance', 'dev stage prod --sops'];
  const found = places.map((text) => first.indexOf(text));
  assert.ok(!found.includes(-1) && found.every((at, n) => n === 0 || at > (found[n - 1] ?? 0)));
  const tenant = await steps(['tenant', 'qa', '--yes'], home);
  assert.match(tenant, /flux-gitops credentials qa --sops --publish\n/);
  assert.doesNotMatch(tenant, /sops-age/);
  const other = temporaryFolder();
  await steps(flags, other);
  const added = await steps(['--yes', '--sops-age', recipient], join(other, 'flux-demo'));
  assert.match(added, /generic sops-age --from-file/);
});
