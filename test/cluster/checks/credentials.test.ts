/** The command `credentials` with the real kubectl, the real controllers and a git server that demands the keys. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { StandIn } from '../../github/stand-in.ts';
import { apply, theCluster } from '../check.ts';
import { configPath, namespaceOf } from '../estate.ts';
import { applied } from '../expect.ts';
import { get, kubectl } from '../kube.ts';
import { type PrivateEstate, privateEstate } from '../private-estate.ts';

const skip = theCluster().kind === 'foreign' && 'the private git server is on loopback';
const repos = { dev: 'shop', stage: 'web', prod: 'web' };
const BIN = fileURLToPath(new URL('../../../bin/flux-gitops.js', import.meta.url));
const TITLE = 'flux-gitops flux-demo';

/** The git server lets in the keys that the stand-in for GitHub has at this moment. */
function follow(github: StandIn, { git, estate }: PrivateEstate): () => void {
  const allowed = new Set<string>();
  return () => {
    const now = new Set(github.deployKeys.map(({ key }) => key));
    for (const key of allowed) if (!now.has(key)) git.revoke(key);
    for (const { key, repo } of github.deployKeys) {
      git.allow(key, `${estate.owner}/${repo.name}`);
      allowed.add(key);
    }
  };
}

type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Runs `flux-gitops credentials` in the config repo, as a user of the cluster and of GitHub. */
function credentials(
  made: PrivateEstate,
  github: StandIn,
  argv: readonly string[],
  onStart?: (child: ChildProcess) => void,
): Promise<Ran> {
  const { cluster } = made.estate;
  const bin = join(made.estate.dir, '..', 'bin');
  mkdirSync(bin, { recursive: true });
  try {
    symlinkSync(cluster.kubectl, join(bin, 'kubectl'));
  } catch {
    // an earlier run made it
  }
  const env = {
    PATH: `${bin}:${process.env.PATH}`,
    HOME: made.estate.dir,
    KUBECONFIG: cluster.kubeconfig,
    GH_ENTERPRISE_TOKEN: github.access.token,
  };
  const cwd = configPath(made.estate);
  const child = spawn(process.execPath, [BIN, 'credentials', ...argv], {
    cwd,
    env,
    detached: true,
  });
  onStart?.(child);
  child.stdin.end();
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  return new Promise((done) => child.on('close', (code) => done({ code, stdout, stderr })));
}

/** Kills the run around the next request that matches `what`. */
async function killedAt(
  made: PrivateEstate,
  github: StandIn,
  argv: readonly string[],
  what: RegExp,
  moment: 'before' | 'after',
): Promise<void> {
  let child: ChildProcess | undefined;
  const watch = github.watch;
  github.watch = async (line, now) => {
    await watch(line, now);
    if (!what.test(line) || now !== moment || !child) return;
    const closed = once(child, 'exit');
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await closed;
  };
  await credentials(made, github, argv, (started) => {
    child = started;
  });
  github.watch = watch;
}

/** Looks at the sources all the time. Returns what they said while they could not read. */
function watchSources({ estate }: PrivateEstate, t: TestContext): Set<string> {
  const failures = new Set<string>();
  let open = true;
  t.after(() => {
    open = false;
  });
  void (async () => {
    while (open) {
      for (const [env, repo] of Object.entries(repos)) {
        const found = await get(estate.cluster, 'GitRepository', namespaceOf(estate, env), repo);
        for (const one of found?.status?.conditions ?? [])
          if (one.type === 'Ready' && one.status === 'False')
            failures.add(`${env}: ${one.message}`);
      }
      await new Promise((done) => setTimeout(done, 200));
    }
  })().catch(() => undefined);
  return failures;
}

async function fingerprintsIn({ estate }: PrivateEstate): Promise<string[]> {
  const keys: string[] = [];
  for (const [env, repo] of Object.entries(repos)) {
    const found = await get(estate.cluster, 'Secret', namespaceOf(estate, env), `git-${repo}`);
    assert.deepEqual(found?.metadata.annotations ?? {}, {}, 'no note and no copy of a key is left');
    const { data = {} } = found as unknown as { data?: Record<string, string> };
    keys.push(Buffer.from(data['identity.pub'] ?? '', 'base64').toString('utf8'));
  }
  return keys.map((key) => key.split(' ').slice(0, 2).join(' '));
}

test('credentials are handed over by a pipe and rotated, and Flux reads at every moment', {
  skip,
}, async (t) => {
  const github = await new StandIn().open();
  t.after(() => github.close());
  const wishes = { profile: 'hardened', credentials: 'deploy-key', githubUrl: github.url } as const;
  const made = await privateEstate(t, { ...wishes, repos });
  const { estate, git, commits } = made;
  const owner = { login: estate.owner, id: 1, name: null, type: 'User' as const };
  github.owners.push(owner);
  github.access.login = estate.owner;
  for (const name of ['shop', 'web']) github.addRepo(owner, name, { private: true });
  github.sshKeys = [git.knownHosts.split(' ').slice(1, 3).join(' ').trim()];
  const allow = follow(github, made);
  github.watch = (_, moment) => {
    if (moment === 'after') allow();
  };
  const envs = Object.keys(repos);
  const tenants = envs.flatMap((env) => ['-f', configPath(estate, env, '1_tenant.yaml')]);
  await kubectl(estate.cluster, ['apply', ...tenants]);

  const piped = await credentials(made, github, ['--publish']);
  assert.equal(piped.code, 0, piped.stderr);
  t.diagnostic(piped.stderr);
  t.diagnostic(await kubectl(estate.cluster, ['apply', '-f', '-'], piped.stdout));
  await apply(estate, ...envs);
  for (const env of envs) await applied(estate, env, commits[repos[env as 'dev']] ?? '');

  const failures = watchSources(made, t);
  const before = github.deployKeys.map(({ key }) => key);
  assert.equal(before.length, 2);
  const argv = ['--rotate', '--live'];
  await killedAt(made, github, argv, /^POST \S+keys/, 'after');
  await killedAt(made, github, argv, /^DELETE/, 'before');
  const rotated = await credentials(made, github, argv);
  assert.equal(rotated.code, 0, rotated.stderr);
  t.diagnostic(rotated.stderr);
  const after = github.deployKeys.map(({ key }) => key);
  assert.equal(after.length, 2);
  assert.ok(after.every((key) => !before.includes(key)));
  assert.deepEqual(new Set(await fingerprintsIn(made)), new Set(after));
  assert.deepEqual([...failures], []);

  const again = await credentials(made, github, ['--live', '--publish']);
  assert.equal(again.code, 0, again.stderr);
  t.diagnostic(again.stderr);
  assert.match(again.stderr, /nothing to do/);
  const place = ['-n', namespaceOf(estate, 'dev')];
  const other = JSON.stringify({ stringData: { password: 'of-a-token', 'ca.crt': 'mine' } });
  await kubectl(estate.cluster, [...place, 'patch', 'secret', 'git-shop', '-p', other]);
  const cleaned = await credentials(made, github, ['--live']);
  assert.equal(cleaned.code, 0, cleaned.stderr);
  const secret = await get(estate.cluster, 'Secret', namespaceOf(estate, 'dev'), 'git-shop');
  const { data = {} } = secret as unknown as { data?: object };
  assert.deepEqual(
    Object.keys(data).sort(),
    ['ca.crt', 'identity', 'identity.pub', 'known_hosts'],
    'what another program wrote for other credentials goes, and what is of somebody else stays',
  );
  const listed = await credentials(made, github, ['--list', '--live']);
  t.diagnostic(listed.stdout);
  assert.match(
    listed.stdout,
    new RegExp(`in ${namespaceOf(estate, 'stage')}, ${namespaceOf(estate, 'prod')}`),
  );
  assert.ok(github.deployKeys.every(({ title, readOnly }) => title === TITLE && readOnly));
  assert.deepEqual(github.violations, []);
});
