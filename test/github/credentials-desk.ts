/** A private estate, a stand-in for GitHub with its repositories, a stand-in for its cluster, and the command. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BIN, type Outcome } from '../sandbox.ts';
import type { Repo } from './bodies.ts';
import { Cluster } from './cluster-side.ts';
import { StandIn } from './stand-in.ts';

export type CredentialsDesk = {
  readonly github: StandIn;
  readonly cluster: Cluster;
  /** The folder that holds the estate. */
  readonly folder: string;
  readonly repo: (name: string) => Repo;
  /** Runs `flux-gitops credentials` in the config repo. */
  readonly run: (argv: readonly string[], more?: RunOptions) => Promise<Outcome>;
  /** All that was printed, but the Secrets on stdout. */
  readonly printed: string[];
};

export type RunOptions = {
  readonly env?: Record<string, string>;
  readonly input?: string;
  readonly onStart?: (child: ChildProcess) => void;
};

const REPOS = ['flux-dev', 'flux-stage-prod', 'flux-demo'];

/** A test at a desk. Whatever it is about: GitHub's description knows all requests, and no fetch breaks. */
export function credentialsTest(
  name: string,
  act: (desk: CredentialsDesk) => Promise<void>,
  flags: readonly string[] = [],
): void {
  test(name, async () => {
    const github = await new StandIn().open();
    const folder = mkdtempSync(join(tmpdir(), 'credentials-'));
    const cluster = await new Cluster(github).open(join(folder, 'bin'));
    const printed: string[] = [];
    const run: CredentialsDesk['run'] = (argv, more) =>
      runIn({ github, folder, printed }, ['credentials', ...argv], more);
    try {
      makeEstate(folder, github, flags);
      for (const place of ['dev', 'stage', 'prod']) {
        const repo = place === 'dev' ? 'flux-dev' : 'flux-stage-prod';
        cluster.addSource(`fluxdemo-${place}`, repo);
      }
      cluster.addSource('flux-system', 'flux-system', 'flux-demo');
      const repo = (called: string): Repo => {
        const found = github.findRepo('octo', called);
        assert.ok(found);
        return found;
      };
      await act({ github, cluster, folder, repo, run, printed });
      assert.deepEqual(github.violations, []);
      assert.deepEqual(cluster.broken, []);
      assert.doesNotMatch(printed.join('\n'), /\n {4}at |undefined| \?[ .,;]|\{\w+\}/);
    } finally {
      await Promise.all([github.close(), cluster.close()]);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  });
}

/** The environment of a user with a token for the stand-in, and with its kubectl. */
function environmentOf(github: StandIn, folder: string): Record<string, string> {
  return {
    PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
    HOME: folder,
    NO_COLOR: '1',
    GIT_CONFIG_NOSYSTEM: '1',
    GH_ENTERPRISE_TOKEN: github.access.token,
  };
}

function makeEstate(folder: string, github: StandIn, flags: readonly string[]): void {
  const words = ['--yes', '--visibility', 'private', '--sync-config', '--owner', 'octo', ...flags];
  const { status, stderr } = spawnSync(
    process.execPath,
    [BIN, ...words, '--github-url', github.url, '--ssh-url', 'ssh://git@127.0.0.1:2222'].filter(
      (word, at, all) => flags.length === 0 || !`${all[at - 1]} ${word}`.includes('ssh'),
    ),
    { cwd: folder, env: environmentOf(github, folder), encoding: 'utf8' },
  );
  assert.equal(status, 0, stderr);
  const owner = github.findOwner('octo');
  assert.ok(owner);
  for (const name of REPOS) github.addRepo(owner, name, { private: true });
}

function runIn(
  { github, folder, printed }: { github: StandIn; folder: string; printed: string[] },
  argv: readonly string[],
  { env = {}, input = '', onStart }: RunOptions = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [BIN, ...argv], {
    cwd: join(folder, 'flux-demo'),
    env: { ...environmentOf(github, folder), ...env },
    detached: true,
  });
  onStart?.(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => undefined).end(input);
  return new Promise((done) =>
    child.on('close', (code) => {
      // What Node.js logs about itself is not for a person.
      if (env.DEBUG === undefined) printed.push(stderr);
      done({ code, stdout, stderr });
    }),
  );
}
