import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CredentialsDesk, credentialsTest, type RunOptions } from '../credentials-desk.ts';
import { listProcesses } from '../processes.ts';
import { giveOldKey } from '../rotation.ts';

/** How a secret can look: whole, each line of it, as a Secret has it, and in an address. */
function shapesOf(secret: string): string[] {
  const lines = secret.split('\n').filter((line) => line.length > 16 && !line.startsWith('---'));
  const whole = [secret.trim(), `${secret.trim()}\n`];
  return [
    ...lines,
    ...whole.flatMap((one) => [encodeURIComponent(one), Buffer.from(one).toString('base64')]),
  ];
}

/** Every private key and token in the Secrets of the cluster. */
const secretsOf = ({ cluster }: CredentialsDesk): string[] =>
  [...cluster.secrets.values()].flatMap(({ data }) =>
    ['identity', 'next-identity', 'password', 'githubAppPrivateKey'].flatMap((field) =>
      data[field] === undefined ? [] : [Buffer.from(data[field], 'base64').toString('utf8')],
    ),
  );

type Look = { lines: Set<string>; environments: Set<string>; secrets: Set<string> };

/** Runs the command slowly, and looks at its processes and at the Secrets all the time. */
async function runWatched(
  desk: CredentialsDesk,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<Look & { outcome: Awaited<ReturnType<CredentialsDesk['run']>> }> {
  const look: Look = { lines: new Set(), environments: new Set(), secrets: new Set() };
  const watch = async (): Promise<void> => {
    for (const secret of secretsOf(desk)) look.secrets.add(secret);
    await sleep(25);
  };
  Object.assign(desk.cluster, { watch });
  let group = 0;
  let done = false;
  const run = desk.run(argv, {
    ...options,
    onStart: ({ pid = 0 }) => {
      group = pid;
    },
  });
  const finished = run.finally(() => {
    done = true;
  });
  while (!done) {
    const ours = listProcesses().filter((each) => each.group === group);
    const own = ours.find(({ pid }) => pid === group)?.line;
    for (const { line, environment } of ours) {
      look.lines.add(line);
      // The user gave the command its own environment, and a child has it until its program starts.
      if (line !== own && line !== '') look.environments.add(environment);
    }
    await sleep(3);
  }
  for (const secret of secretsOf(desk)) look.secrets.add(secret);
  return { ...look, outcome: await finished };
}

/** Where a secret of `look` can be read. */
function leaksOf(
  { github, folder }: CredentialsDesk,
  look: Look,
  printed: string,
  except: readonly string[] = [],
): string[] {
  const shapes = [...look.secrets].flatMap(shapesOf);
  assert.ok(shapes.length > 0, 'there are secrets to look for');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile() && !except.includes(path))
    .map((path) => [path, readFileSync(path, 'latin1')] as const);
  const places: (readonly [string, string])[] = [
    ['printed', printed],
    ['argv', [...look.lines].join('\n')],
    ['environment', [...look.environments].join('\n')],
    ['sent to GitHub', github.received.join('\n').replace(/"authorization":"[^"]*"/g, '')],
    ...files,
  ];
  return places
    .filter(([, text]) => shapes.some((one) => text.includes(one)))
    .map(([name]) => name);
}

const LOUD = {
  DEBUG: '*',
  NODE_DEBUG: 'child_process,fetch,undici,http,net,stream',
  DEBUG_DEPTH: '20',
};

describe('a private key', { concurrency: 1 }, () => {
  for (const [name, argv] of Object.entries({
    'of a first hand-over': ['--live', '--publish'],
    'of a rotation': ['stage', '--rotate', '--live', '--json'],
  }))
    credentialsTest(
      `${name} is in no argument, environment, output, file or request`,
      async (desk) => {
        if (name.includes('rotation')) giveOldKey(desk);
        const { outcome, ...look } = await runWatched(desk, argv, { env: LOUD });
        assert.equal(outcome.code, 0, outcome.stderr.slice(-3000));
        assert.ok(
          [...look.lines].some((line) => /kubectl .* apply /.test(line)),
          'kubectl was seen',
        );
        assert.ok(look.environments.size > 0);
        assert.match(outcome.stderr, /HTTP|NET|STREAM|CHILD_PROCESS/, 'node logged');
        assert.deepEqual(leaksOf(desk, look, outcome.stdout + outcome.stderr), []);
        const words = [...desk.github.received, outcome.stdout].join('\n');
        assert.ok(!words.includes('PRIVATE KEY'));
      },
    );

  credentialsTest('is on stdout and in the file, and nowhere else', async (desk) => {
    const { stdout, stderr } = await desk.run(['dev', '--publish'], { env: LOUD });
    const identity = /identity: "([^"]+)"/.exec(stdout)?.[1] ?? '';
    const secrets = new Set([Buffer.from(identity, 'base64').toString('utf8')]);
    assert.match([...secrets][0] ?? '', /BEGIN OPENSSH PRIVATE KEY/);
    const look = { lines: new Set<string>(), environments: new Set<string>(), secrets };
    assert.deepEqual(leaksOf(desk, look, stderr), []);
  });

  credentialsTest('is not in the message when kubectl repeats it', async (desk) => {
    desk.cluster.fault = (line) => (line.startsWith('kubectl apply') ? 'ECHO' : undefined);
    // kubectl can quote a manifest that it cannot read
    const { writeFileSync: write } = await import('node:fs');
    const file = join(desk.folder, 'bin', 'kubectl');
    const script = readFileSync(file, 'utf8');
    write(file, script.replace("error + '\\n'", "(error === 'ECHO' ? input : error)"));
    const { code, stderr } = await desk.run(['dev', '--live', '--publish']);
    assert.equal(code, 1);
    assert.match(stderr, /identity: "\*\*\*"/);
    assert.doesNotMatch(stderr, /BEGIN|LS0tLS1CRUdJ/);
  });
});

describe('what a person gives for Flux', { concurrency: 1 }, () => {
  const TOKEN = 'github_pat_11AAAAAAA0123456789_abcdefghijklmnopqrstuvwxyz';

  for (const [name, options, flags] of [
    ['standard input', { input: `${TOKEN}\n` }, ['--secret-stdin']],
    ['the environment', { env: { FLUX_GIT_TOKEN: TOKEN } }, []],
  ] as const)
    credentialsTest(
      `a token from ${name} leaks nowhere`,
      async (desk) => {
        desk.github.readingTokens.push({ token: TOKEN, repos: ['flux-dev'] });
        const env = { ...LOUD, ...('env' in options ? options.env : {}) };
        const argv = ['dev', '--live', ...flags];
        const { outcome, ...look } = await runWatched(desk, argv, { ...options, env });
        assert.equal(outcome.code, 0, outcome.stderr.slice(-3000));
        assert.ok(look.secrets.has(TOKEN));
        assert.deepEqual(leaksOf(desk, look, outcome.stdout + outcome.stderr), []);
        const { data } = desk.cluster.secrets.get('fluxdemo-dev/git-flux-dev') ?? { data: {} };
        assert.deepEqual(Object.keys(data).sort(), ['password', 'username']);
      },
      ['--credentials', 'token'],
    );

  credentialsTest(
    'the key of a GitHub App leaks nowhere',
    async (desk) => {
      const { publicKey, privateKey } = generateKeyPairSync('rsa', {
        modulusLength: 2048,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      });
      const file = join(desk.folder, 'app.pem');
      writeFileSync(file, privateKey);
      const one = { suspended: false, reads: true, owner: 'octo', repos: ['flux-dev'] };
      desk.github.apps.push({ id: 4711, publicKey, installation: 815, ...one });
      const argv = ['dev', '--live', '--app-id', '4711', '--private-key', file];
      const { outcome, ...look } = await runWatched(desk, argv, { env: LOUD });
      assert.equal(outcome.code, 0, outcome.stderr.slice(-3000));
      assert.ok(look.secrets.has(privateKey));
      assert.deepEqual(leaksOf(desk, look, outcome.stdout + outcome.stderr, [file]), []);
    },
    ['--credentials', 'github-app'],
  );
});
