import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { execute, prepare } from '../../lib/run.ts';
import type { Terminal } from '../../lib/terminal.ts';
import { readTree, runCommand, runHere, temporaryFolder } from '../sandbox.ts';

/** A new estate of octo-org in a new folder. */
async function estate(...argv: string[]): Promise<string> {
  const folder = temporaryFolder();
  await succeed(['--yes', '--owner', 'octo-org', ...argv], folder);
  return folder;
}

async function succeed(argv: readonly string[], folder: string): Promise<string> {
  const { code, stderr } = await runHere(argv, folder);
  assert.equal(code, 0, stderr);
  return stderr;
}

const read = (folder: string, path: string): string => readFileSync(join(folder, path), 'utf8');
const edit = (folder: string, path: string, change: (text: string) => string): void =>
  writeFileSync(join(folder, path), change(read(folder, path)));
const git = (folder: string, ...argv: string[]): string =>
  execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.com', ...argv], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
const commit = (folder: string): void => {
  git(folder, 'add', '--all');
  git(folder, 'commit', '--quiet', '--message', 'change');
};
/** An estate whose config repo is in git, with a branch for each of `tenants` that adds it; the last one is checked out. */
async function branched(
  tenants: readonly string[],
  owner = 'octo-org',
): Promise<{ folder: string; config: string }> {
  const folder = temporaryFolder();
  await succeed(['--yes', '--owner', owner], folder);
  const config = join(folder, 'flux-demo');
  git(config, 'init', '--quiet', '--initial-branch', 'main');
  commit(config);
  for (const name of tenants) {
    git(config, 'switch', '--quiet', '--create', name, 'main');
    await succeed(['tenant', name, '--into', 'flux-demo'], folder);
    commit(config);
  }
  return { folder, config };
}

const recordOf = (folder: string, repo = 'flux-demo') =>
  JSON.parse(read(folder, `${repo}/.yo-rc.json`))['generator-flux-gitops'];

describe('files that nobody touched follow', () => {
  test('a changed setting', async () => {
    const folder = await estate();
    await succeed(['--interval', '2m'], folder);
    assert.deepEqual(readTree(folder), readTree(await estate('--interval', '2m')));
  });

  test('a setting of one tenant, which no shared policy needs to know', async () => {
    const folder = await estate();
    await succeed(['tenant', 'qa', '--owner', 'other-org', '--into', 'flux-demo'], folder);
    assert.match(
      read(folder, 'flux-demo/qa/1_tenant.yaml'),
      /flux-gitops\/owner: https:\/\/github\.com\/other-org\n/,
    );
    assert.match(
      read(folder, 'flux-demo/policies/sources.yaml'),
      /expression: "\[\\"https:\/\/github\.com\/octo-org\\"\]"/,
    );
  });

  test('a checkout with the line ends of Windows, which it keeps', async () => {
    const folder = await estate();
    for (const path of readTree(folder).keys())
      edit(folder, path, (text) => text.replaceAll('\n', '\r\n'));
    const before = readTree(folder);
    await succeed([], folder);
    assert.deepEqual(readTree(folder), before);
    await succeed(['tenant', 'qa', '--into', 'flux-demo'], folder);
    for (const [path, text] of readTree(join(folder, 'flux-demo')))
      assert.doesNotMatch(text, /[^\r]\n/, path);
    assert.match(read(folder, 'flux-demo/README.md'), /fluxdemo-qa/);
  });

  test('a clone has LF line ends, also where git is set up as on Windows', async () => {
    const folder = await estate();
    for (const repo of ['flux-demo', 'flux-dev']) {
      git(join(folder, repo), 'init', '--quiet', '--initial-branch', 'main');
      commit(join(folder, repo));
      const settings = ['-c', 'core.autocrlf=true', '-c', 'core.eol=crlf'];
      git(folder, ...settings, 'clone', '--quiet', repo, `${repo}-clone`);
      const clone = readTree(join(folder, `${repo}-clone`));
      assert.deepEqual(clone, readTree(join(folder, repo)));
    }
  });

  test('a profile that needs less: what is no longer written is removed, and said', async () => {
    const folder = await estate();
    edit(folder, 'flux-demo/policies/pods.yaml', (text) => `${text}# mine\n`);
    const stderr = await succeed(['--profile', 'reference'], folder);
    assert.deepEqual(readdirSync(join(folder, 'flux-demo/policies')), ['pods.yaml']);
    assert.match(stderr, /no longer needed, and are removed: .*policies\/access\.yaml/);
    assert.match(
      stderr,
      /no longer needed, and stay because you edited them: \S*policies\/pods\.yaml/,
    );
    assert.equal(recordOf(folder).files.filter((line: string) => /policies/.test(line)).length, 1);
  });

  test('an environment that was removed by hand', async () => {
    const folder = await estate();
    rmSync(join(folder, 'flux-demo/prod'), { recursive: true });
    edit(folder, 'flux-demo/.yo-rc.json', (text) => {
      const all = JSON.parse(text);
      delete all['generator-flux-gitops'].environments.prod;
      return JSON.stringify(all);
    });
    await succeed([], folder);
    assert.doesNotMatch(read(folder, 'flux-demo/README.md'), /fluxdemo-prod/);
  });
});

describe('what a user edited', () => {
  test('is merged with what is new, and said', async () => {
    const folder = await estate();
    edit(folder, 'flux-demo/README.md', (text) => text.replace('# flux-demo', '# Our fleet'));
    const stderr = await succeed(['tenant', 'qa', '--into', 'flux-demo'], folder);
    const readme = read(folder, 'flux-demo/README.md');
    assert.match(readme, /# Our fleet/);
    assert.match(readme, /fluxdemo-qa/);
    assert.match(
      stderr,
      /You edited these files, and the new contents were merged into them: \S*README\.md/,
    );
    // Once more: the base is what was written last, not what it was first.
    await succeed(['tenant', 'uat', '--into', 'flux-demo'], folder);
    assert.match(read(folder, 'flux-demo/README.md'), /# Our fleet[\s\S]*fluxdemo-uat/);
  });

  test('and what needs no change is left alone, run after run', async () => {
    const folder = await estate();
    edit(folder, 'flux-stage-prod/prod/app.yaml', () => 'mine\n');
    const before = readTree(folder);
    await succeed([], folder);
    assert.deepEqual(readTree(folder), before);
  });

  test('is never overwritten unasked; all such files are listed and nothing is written', async () => {
    const folder = await estate();
    edit(folder, 'flux-demo/README.md', () => 'mine\n');
    const before = readTree(folder);
    const { code, stderr } = await runHere(['tenant', 'qa', '--into', 'flux-demo'], folder);
    assert.equal(code, 1);
    assert.match(stderr, /flux-demo\/README\.md/);
    assert.deepEqual(readTree(folder), before);
  });

  test('stays with --keep, and no later run takes it for its own', async () => {
    const folder = await estate();
    edit(folder, 'flux-demo/README.md', () => 'mine\n');
    await succeed(['tenant', 'qa', '--keep', '--into', 'flux-demo'], folder);
    assert.equal(read(folder, 'flux-demo/README.md'), 'mine\n');
    assert.ok(readTree(folder).has('flux-demo/qa/1_tenant.yaml'));
    await runHere(['tenant', 'uat', '--into', 'flux-demo'], folder);
    assert.equal(read(folder, 'flux-demo/README.md'), 'mine\n');
  });

  test('in a policy that a new tenant needs is not kept with exit code 0', async () => {
    const folder = await estate();
    edit(folder, 'flux-demo/policies/sources.yaml', () => 'mine\n');
    const { code, stderr } = await runHere(['--owner', 'other', '--keep'], folder);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /policies\/sources\.yaml stayed as you edited it, and lacks what the environments need/,
    );
  });

  test('is merged with a base from the history of git where this version would render another', async () => {
    const folder = await estate();
    const config = join(folder, 'flux-demo');
    // As an older version would have written it.
    const older = read(folder, 'flux-demo/README.md').replace('## Add an environment', '## More');
    edit(folder, 'flux-demo/README.md', () => older);
    git(config, 'init', '--quiet');
    commit(config);
    const id = git(config, 'rev-parse', 'HEAD:README.md').trim();
    edit(folder, 'flux-demo/.yo-rc.json', (text) =>
      text.replace(/[0-9a-f]{40} README\.md/, `${id} README.md`),
    );
    edit(folder, 'flux-demo/README.md', (text) => text.replace('# flux-demo', '# Our fleet'));
    await succeed(['tenant', 'qa', '--into', 'flux-demo'], folder);
    const readme = read(folder, 'flux-demo/README.md');
    assert.match(readme, /# Our fleet/);
    assert.match(readme, /## Add an environment/);
  });
});

describe('what a user deleted', () => {
  test('stays deleted, and is said; --force brings it back', async () => {
    const folder = await estate();
    rmSync(join(folder, 'flux-demo/install/terraform'), { recursive: true });
    const stderr = await succeed(['tenant', 'qa', '--into', 'flux-demo'], folder);
    assert.match(stderr, /These files stay deleted.*: .*install\/terraform\/main\.tf/);
    await succeed(['--interval', '5m'], folder);
    assert.ok(!readTree(folder).has('flux-demo/install/terraform/main.tf'));
    await succeed(['--force'], folder);
    assert.ok(readTree(folder).has('flux-demo/install/terraform/main.tf'));
  });

  test('comes back when its environment is asked for by name', async () => {
    const folder = await estate();
    const before = readTree(folder);
    rmSync(join(folder, 'flux-demo/prod'), { recursive: true });
    await succeed([], folder);
    assert.ok(!readTree(folder).has('flux-demo/prod/1_tenant.yaml'));
    await succeed(['tenant', 'prod', '--into', 'flux-demo'], folder);
    assert.deepEqual(readTree(folder), before);
  });
});

test('the demo app that a team replaced by its own stays away when a setting of its tenant changes', async () => {
  const folder = await estate();
  rmSync(join(folder, 'flux-dev/dev/app.yaml'));
  writeFileSync(join(folder, 'flux-dev/dev/shop.yaml'), 'kind: List\n');
  await succeed(['tenant', 'dev', '--interval', '5m', '--into', 'flux-demo'], folder);
  assert.match(read(folder, 'flux-demo/dev/2_sync.yaml'), /interval: 5m0s/);
  assert.deepEqual(readdirSync(join(folder, 'flux-dev/dev')), ['shop.yaml']);
});

describe('an app repo without the demo app', () => {
  const dev = (folder: string): string[] => readdirSync(join(folder, 'flux-dev/dev')).sort();

  test('loses an untouched demo app, says so, and gets it back', async () => {
    const folder = await estate();
    const before = readTree(folder);
    const said = await succeed(['--no-demo'], folder);
    assert.match(said, /no longer needed, and are removed: .*flux-dev\/dev\/app\.yaml/s);
    assert.deepEqual(readTree(folder), readTree(await estate('--no-demo')));
    assert.match(await succeed(['--yes'], folder), /Nothing to do/);
    await succeed(['--no-demo=no'], folder);
    assert.deepEqual(readTree(folder), before);
  });

  test('keeps a demo app that was edited, in every later run', async () => {
    const folder = await estate();
    edit(folder, 'flux-dev/dev/app.yaml', (text) => text.replace('replicas: 1', 'replicas: 5'));
    const mine = read(folder, 'flux-dev/dev/app.yaml');
    for (const argv of [['--no-demo'], ['--yes'], ['--interval', '2m']]) {
      await succeed(argv, folder);
      assert.equal(read(folder, 'flux-dev/dev/app.yaml'), mine);
    }
  });

  test('keeps what a team put there, also in place of the file of the folder', async () => {
    const folder = await estate('--no-demo');
    writeFileSync(join(folder, 'flux-dev/dev/app.yaml'), 'kind: List\n');
    writeFileSync(join(folder, 'flux-dev/dev/README.md'), 'Ours\n');
    rmSync(join(folder, 'flux-dev/dev/.gitkeep'));
    for (const argv of [
      ['--yes'],
      ['--interval', '2m'],
      ['tenant', 'dev', '--size', 'large', '--into', 'flux-demo'],
      ['tenant', 'qa', '--repo', 'flux-dev', '--into', 'flux-demo'],
      ['--force'],
    ]) {
      await succeed(argv, folder);
      assert.equal(read(folder, 'flux-dev/dev/app.yaml'), 'kind: List\n');
      assert.equal(read(folder, 'flux-dev/dev/README.md'), 'Ours\n');
      if (!argv.includes('--force')) assert.deepEqual(dev(folder), ['README.md', 'app.yaml']);
    }
    const { code, stderr } = await runHere(['--no-demo=no'], folder);
    assert.equal(code, 1);
    assert.match(stderr, /Nothing was written:\n.*flux-dev\/dev\/app\.yaml/);
    assert.equal(read(folder, 'flux-dev/dev/app.yaml'), 'kind: List\n');
  });

  test('is meant for one tenant, and recorded there', async () => {
    const folder = await estate();
    await succeed(['tenant', 'qa', '--no-demo', '--into', 'flux-demo'], folder);
    assert.equal(recordOf(folder).settings.noDemo, undefined);
    assert.equal(recordOf(folder).environments.qa.noDemo, 'yes');
    await succeed(['--interval', '2m'], folder);
    assert.deepEqual(readdirSync(join(folder, 'flux-qa/qa')), ['.gitkeep']);
    assert.deepEqual(dev(folder), ['app.yaml']);
  });
});

describe('an app repo with overlays', () => {
  const repo = (folder: string): string[] =>
    [...readTree(join(folder, 'flux-stage-prod')).keys()].filter((path) => path.endsWith('.yaml'));
  const plain = ['prod/app.yaml', 'stage/app.yaml'];
  const overlays = [
    'base/app.yaml',
    'base/kustomization.yaml',
    'overlays/prod/kustomization.yaml',
    'overlays/stage/kustomization.yaml',
  ];

  test('takes the place of plain folders, and gives it back', async () => {
    const folder = await estate();
    const before = readTree(folder);
    await succeed(['--layout', 'overlays'], folder);
    assert.deepEqual(repo(folder), overlays);
    assert.deepEqual(readTree(folder), readTree(await estate('--layout', 'overlays')));
    assert.match(await succeed(['--yes'], folder), /Nothing to do/);
    await succeed(['--layout', 'plain'], folder);
    assert.deepEqual(repo(folder), plain);
    assert.deepEqual(readTree(folder), before);
  });

  test('keeps a plain folder that was edited, in later runs as well', async () => {
    const folder = await estate();
    edit(folder, 'flux-stage-prod/prod/app.yaml', () => 'mine\n');
    for (const argv of [['--layout', 'overlays'], ['--yes'], ['--interval', '2m']]) {
      await succeed(argv, folder);
      assert.deepEqual(repo(folder), [...overlays, 'prod/app.yaml']);
      assert.equal(read(folder, 'flux-stage-prod/prod/app.yaml'), 'mine\n');
    }
  });

  for (const [command, argv] of Object.entries({
    tenant: ['tenant', 'qa', '--repo', 'flux-stage-prod', '--into', 'flux-demo'],
    'scenario-repo': ['scenario-repo', 'flux-stage-prod', '--env', 'qa'],
  }))
    test(`gets one more overlay by ${command}, and keeps its base and the others`, async () => {
      const folder = await estate('--layout', 'overlays');
      const base = 'flux-stage-prod/base/kustomization.yaml';
      edit(folder, base, (text) => `${text}  - mine.yaml\n`);
      rmSync(join(folder, 'flux-stage-prod/base/app.yaml'));
      edit(folder, 'flux-stage-prod/overlays/prod/kustomization.yaml', (text) => `${text}# mine\n`);
      const before = readTree(folder);
      await succeed(argv, folder);
      const after = readTree(folder);
      for (const path of before.keys())
        if (/base|overlays/.test(path)) assert.equal(after.get(path), before.get(path), path);
      assert.ok(after.has('flux-stage-prod/overlays/qa/kustomization.yaml'));
      assert.ok(!after.has('flux-stage-prod/base/app.yaml'));
      const { environments } = recordOf(folder, 'flux-stage-prod');
      assert.equal(environments.qa.layout, undefined);
      assert.deepEqual(Object.keys(environments.qa.files), ['overlays/qa/kustomization.yaml']);
      assert.deepEqual(Object.keys(environments.prod.files), ['overlays/prod/kustomization.yaml']);
    });

  test('has a layout of its own, which a new environment of it takes over', async () => {
    const folder = await estate();
    await succeed(
      ['tenant', 'qa', '--layout', 'overlays', '--no-demo', '--into', 'flux-demo'],
      folder,
    );
    await succeed(['tenant', 'uat', '--repo', 'flux-qa', '--into', 'flux-demo'], folder);
    assert.match(read(folder, 'flux-demo/uat/2_sync.yaml'), /path: \.\/overlays\/uat\n/);
    assert.deepEqual(
      [...readTree(join(folder, 'flux-qa')).keys()].filter((path) => path.endsWith('.yaml')),
      [
        'base/kustomization.yaml',
        'overlays/qa/kustomization.yaml',
        'overlays/uat/kustomization.yaml',
      ],
    );
    assert.match(read(folder, 'flux-demo/dev/2_sync.yaml'), /path: \.\/dev\n/);
  });

  test('brings back an overlay that is asked for by name', async () => {
    const folder = await estate('--layout', 'overlays');
    const before = readTree(folder);
    rmSync(join(folder, 'flux-stage-prod/overlays/prod'), { recursive: true });
    await succeed(['tenant', 'prod', '--into', 'flux-demo'], folder);
    assert.deepEqual(readTree(folder), before);
  });

  test('is merged by git where two branches each add an overlay', async () => {
    const folder = await estate('--layout', 'overlays');
    const app = join(folder, 'flux-stage-prod');
    git(app, 'init', '--quiet', '--initial-branch', 'main');
    commit(app);
    for (const name of ['alpha', 'zulu']) {
      git(app, 'switch', '--quiet', '--create', name, 'main');
      await succeed(['scenario-repo', 'flux-stage-prod', '--env', name], folder);
      commit(app);
    }
    try {
      git(app, 'merge', '--quiet', '--no-edit', 'alpha');
    } catch {
      // The README and the hashes of it can differ: the next run heals them.
    }
    await succeed(['scenario-repo', 'flux-stage-prod'], folder);
    for (const name of ['alpha', 'prod', 'stage', 'zulu'])
      assert.ok(readTree(app).has(`overlays/${name}/kustomization.yaml`), name);
    assert.match(await succeed(['scenario-repo', 'flux-stage-prod'], folder), /Nothing to do/);
  });
});

describe('two branches that each add a tenant', () => {
  async function merged(one = 'qa', other = 'uat'): Promise<string> {
    const { folder, config } = await branched([one, other]);
    assert.throws(() => git(config, 'merge', '--quiet', '--no-edit', one), { status: 1 });
    return folder;
  }

  test('are healed by one command, conflict markers and all', async () => {
    const folder = await merged();
    await succeed(['--yes'], folder);
    const tree = readTree(folder);
    for (const [path, text] of tree) assert.doesNotMatch(text, /^(<{7}|>{7})/m, path);
    const environments = Object.keys(recordOf(folder).environments).sort();
    assert.deepEqual(environments, ['dev', 'prod', 'qa', 'stage', 'uat']);
    assert.match(tree.get('flux-demo/README.md') ?? '', /fluxdemo-qa[\s\S]*fluxdemo-uat/);
    const before = readTree(folder);
    await succeed(['--yes'], folder);
    assert.deepEqual(readTree(folder), before);
  });

  test('leave a record that git merges by itself, unless hashes lie side by side', async () => {
    // The lines of a record are sorted by hash. Two that change can lie side by side by chance, and then git asks.
    const isClean = async (owner: string): Promise<boolean> => {
      const { folder, config } = await branched(['qa', 'uat'], owner);
      assert.throws(() => git(config, 'merge', '--quiet', '--no-edit', 'qa'), { status: 1 });
      return !/^(<{7}|>{7})/m.test(read(folder, 'flux-demo/.yo-rc.json'));
    };
    const owners = ['octo-org', 'mona', 'hubot', 'acme', 'initech', 'globex', 'umbrella', 'hooli'];
    for (const owner of owners) if (await isClean(owner)) return;
    assert.fail(`none of ${owners.length} merged cleanly`);
  });
});

test('runs at the same time wait for each other, and lose nothing', async () => {
  const folder = await estate('--sync-config');
  const names = ['aa', 'bb', 'cc'];
  const outcomes = await Promise.all(
    names.map((name) => runCommand(['tenant', name, '--into', 'flux-demo'], folder)),
  );
  for (const { code, stderr } of outcomes) assert.equal(code, 0, stderr);
  const { environments } = recordOf(folder);
  for (const name of names) {
    assert.ok(environments[name], name);
    assert.match(read(folder, 'flux-demo/kustomization.yaml'), new RegExp(`${name}/2_sync`));
  }
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('.')),
    [],
  );
});

test('a run says for whom it waits', async () => {
  const folder = await estate();
  const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20_000)']);
  const lock = join(folder, '.flux-gitops.lock');
  const holder = { pid: other.pid, host: hostname(), since: '2026-01-01T00:00:00Z' };
  writeFileSync(lock, JSON.stringify(holder));
  const waiting = runHere(['tenant', 'qa', '--into', 'flux-demo'], folder);
  await sleep(400);
  assert.ok(!readTree(folder).has('flux-demo/qa/1_tenant.yaml'));
  rmSync(lock);
  other.kill();
  const { code, stderr } = await waiting;
  assert.equal(code, 0, stderr);
  assert.match(stderr, new RegExp(`Waiting for another run: process ${other.pid} on`));
});

test('a lock of a killed run is taken over, also by a run with the same process id', async () => {
  const folder = await estate();
  for (const pid of [process.pid, 4194305]) {
    const holder = { pid, host: hostname(), since: '2026-01-01T00:00:00Z' };
    writeFileSync(join(folder, '.flux-gitops.lock'), JSON.stringify(holder));
    await succeed(['tenant', 'qa', '--into', 'flux-demo'], folder);
  }
});

test('order is kept, whatever repositories are called', async () => {
  const folder = await estate(
    '--scenario',
    'zz=bb',
    '--scenario',
    '2024=aa',
    '--scenario',
    '10=cc',
  );
  await succeed(['tenant', 'ab', '--into', 'flux-demo'], folder);
  await succeed([], folder);
  const rows = [...read(folder, 'flux-demo/README.md').matchAll(/^\| \[`(\w+)`\]/gm)];
  assert.deepEqual(
    rows.map(([, name]) => name),
    ['bb', 'aa', 'cc', 'ab'],
  );
});

test('what a newer version recorded is kept', async () => {
  const folder = await estate();
  edit(folder, 'flux-demo/.yo-rc.json', (text) => {
    const all = JSON.parse(text);
    const record = all['generator-flux-gitops'];
    record.signing = { key: 'k' };
    record.settings.colourBlind = 'yes';
    record.environments.prod.window = 'night';
    return JSON.stringify(all, null, 2);
  });
  await succeed(['tenant', 'qa', '--into', 'flux-demo'], folder);
  const { signing, settings, environments } = recordOf(folder);
  assert.deepEqual(
    [signing, settings.colourBlind, environments.prod.window],
    [{ key: 'k' }, 'yes', 'night'],
  );
});

test('every recorded setting is remembered by later runs', async () => {
  const given = {
    ...{
      prefix: 'shop',
      owner: 'octo',
      githubUrl: 'https://github.example.com',
      branch: 'release',
    },
    ...{ interval: '5m0s', profile: 'hardened', allowKustomize: 'yes', clusterType: 'aws' },
    ...{ syncConfig: 'yes', visibility: 'private', image: 'example.com/app:2' },
    ...{ serviceType: 'LoadBalancer', ci: 'github' },
    ...{ credentials: 'deploy-key', sshUrl: 'ssh://git@ssh.example.com:443' },
  };
  const flag = (key: string): string => key.replace(/[A-Z]/g, (one) => `-${one.toLowerCase()}`);
  const flags = Object.entries(given).map(([key, value]) => `--${flag(key)}=${value}`);
  const folder = temporaryFolder();
  const lists = ['--allow-source=oci://ghcr.io/octo', '--allow-priority-class=low'];
  const own = ['--replicas=3', '--replicas=prod=5', '--size=large', '--size=dev=small'];
  const ports = ['--load-balancers=prod=2', '--node-ports=4'];
  lists.push('--codeowners=@octo/platform', '--codeowners=@mona');
  await succeed([...flags, ...lists, ...own, ...ports], folder);
  const before = readTree(folder);
  await succeed([], folder);
  assert.deepEqual(readTree(folder), before);
  await succeed(['tenant', 'qa', '--into', 'flux-demo'], folder);
  const { settings, environments } = recordOf(folder);
  assert.deepEqual(settings, {
    ...given,
    allowSource: ['oci://ghcr.io/octo'],
    allowPriorityClass: ['low'],
    codeowners: ['@octo/platform', '@mona'],
  });
  const { repo: _, order: __, files: ___, ...dev } = environments.dev;
  assert.deepEqual(dev, { size: 'small', nodePorts: 4, replicas: 3 });
  const { size, loadBalancers, nodePorts, replicas } = environments.prod;
  assert.deepEqual([size, loadBalancers, nodePorts, replicas], ['large', 2, 4, 5]);
});

test('a link is written through, and one that leads out is refused', async () => {
  const folder = await estate();
  const readme = join(folder, 'flux-demo/README.md');
  mkdirSync(join(folder, 'flux-demo/docs'));
  renameSync(readme, join(folder, 'flux-demo/docs/README.md'));
  symlinkSync('docs/README.md', readme);
  await succeed(['tenant', 'qa', '--into', 'flux-demo'], folder);
  assert.match(read(folder, 'flux-demo/docs/README.md'), /fluxdemo-qa/);
  unlinkSync(readme);
  renameSync(join(folder, 'flux-demo/docs/README.md'), join(folder, 'README.md'));
  symlinkSync('../README.md', readme);
  const { code, stderr } = await runHere(['tenant', 'uat', '--into', 'flux-demo'], folder);
  assert.equal(code, 2);
  assert.match(stderr, /README\.md: this is a link that leads out of the repository/);
});

test('a file that is saved while the plan is shown is looked at again, and merged', async () => {
  const folder = await estate();
  const questions: string[] = [];
  const terminal: Terminal = {
    interactive: true,
    say: () => undefined,
    ask: async () => ({}),
    confirm: async (message) => {
      questions.push(message);
      edit(folder, 'flux-demo/README.md', (text) => text.replace('# flux-demo', '# Our fleet'));
      return /Write/.test(message);
    },
    resolve: async () => new Set(),
  };
  const prepared = await prepare('tenant', ['qa', '--into', 'flux-demo'], terminal, {
    cwd: folder,
  });
  assert.ok(prepared);
  await execute(prepared);
  assert.ok(questions.includes('Write this?'));
  assert.match(read(folder, 'flux-demo/README.md'), /# Our fleet[\s\S]*fluxdemo-qa/);
});

describe('inside an estate', () => {
  test('no other one is nested: the main command works on that estate', async () => {
    const folder = await estate();
    const before = readTree(folder);
    for (const below of ['flux-demo', 'flux-demo/dev', 'flux-dev', 'flux-stage-prod/prod'])
      await succeed([], join(folder, below));
    assert.deepEqual(readTree(folder), before);
    await succeed(['scenario-repo', 'flux-qa'], join(folder, 'flux-demo'));
    assert.ok(readTree(folder).has('flux-qa/qa/app.yaml'));
  });

  test('a tenant is added from the folder that holds the config repo, and from an app repo', async () => {
    const folder = await estate();
    await succeed(['tenant', 'qa'], folder);
    await succeed(['tenant', 'uat'], join(folder, 'flux-dev'));
    assert.deepEqual(Object.keys(recordOf(folder).environments).sort(), [
      ...['dev', 'prod', 'qa', 'stage', 'uat'],
    ]);
  });

  test('an app repo whose config repo is not here is not taken for an empty folder', async () => {
    const folder = await estate();
    rmSync(join(folder, 'flux-demo'), { recursive: true });
    const { code, stderr } = await runHere([], join(folder, 'flux-dev'));
    assert.equal(code, 2);
    assert.match(stderr, /belongs to the app repo flux-dev/);
  });
});

test('a tenant and a setting of two branches are healed, although git merged parts of a file', async () => {
  const { folder, config } = await branched(['qa']);
  git(config, 'switch', '--quiet', 'main');
  await succeed(['--interval', '2m'], folder);
  commit(config);
  assert.throws(() => git(config, 'merge', '--quiet', '--no-edit', 'qa'), { status: 1 });
  await succeed(['--yes'], folder);
  assert.match(read(folder, 'flux-demo/README.md'), /fluxdemo-qa/);
  assert.doesNotMatch(read(folder, 'flux-demo/README.md'), /^(<{7}|>{7})/m);
});

test('a tenant that one branch removed stays away after a merge with one that added another', async () => {
  const { folder, config } = await branched(['qa']);
  git(config, 'switch', '--quiet', 'main');
  git(config, 'rm', '-r', '--quiet', 'prod');
  edit(folder, 'flux-demo/.yo-rc.json', (text) => {
    const all = JSON.parse(text);
    delete all['generator-flux-gitops'].environments.prod;
    // The rest of the record is laid out in another way, so that git cannot merge it.
    return JSON.stringify(all, null, 1);
  });
  await succeed([], folder);
  commit(config);
  assert.throws(() => git(config, 'merge', '--quiet', '--no-edit', 'qa'), { status: 1 });
  await succeed(['--yes'], folder);
  assert.deepEqual(Object.keys(recordOf(folder).environments).sort(), ['dev', 'qa', 'stage']);
});

test('a link to a folder is not lost when what lies in it goes', async () => {
  const folder = await estate();
  const config = join(folder, 'flux-demo');
  mkdirSync(join(config, 'base'));
  renameSync(join(config, 'policies'), join(config, 'base/policies'));
  symlinkSync('base/policies', join(config, 'policies'));
  await succeed(['--profile', 'reference'], folder);
  assert.deepEqual(readdirSync(join(config, 'policies')), []);
  const led = await estate();
  renameSync(join(led, 'flux-demo/policies'), join(led, 'policies'));
  symlinkSync('../policies', join(led, 'flux-demo/policies'));
  await succeed(['--profile', 'reference'], led);
  assert.ok(readdirSync(join(led, 'policies')).includes('pods.yaml'));
});

test('what was kept is asked about once', async () => {
  const folder = await estate();
  edit(folder, 'flux-demo/dev/2_sync.yaml', (text) => text.replace('1m0s', '9m0s'));
  await succeed(['--interval', '2m', '--keep'], folder);
  await succeed([], folder);
  assert.match(read(folder, 'flux-demo/dev/2_sync.yaml'), /interval: 9m0s/);
  await succeed(['--owner', 'other-org'], folder);
  assert.match(read(folder, 'flux-demo/dev/2_sync.yaml'), /interval: 9m0s[\s\S]*other-org/);
});

test('an edited kustomization.yaml loses what goes', async () => {
  const folder = await estate('--sync-config');
  edit(folder, 'flux-demo/kustomization.yaml', (text) =>
    text.replace('  - policies/pods.yaml', '  - my/own.yaml\n  - policies/pods.yaml'),
  );
  await succeed(['--profile', 'reference'], folder);
  const list = read(folder, 'flux-demo/kustomization.yaml');
  assert.match(list, /my\/own\.yaml/);
  assert.doesNotMatch(list, /policies\//);
});

test('a record never names files outside of its repository', async () => {
  const folder = await estate();
  writeFileSync(join(folder, 'mine.txt'), '');
  git(join(folder, 'flux-demo'), 'init', '--quiet');
  edit(folder, 'flux-demo/.yo-rc.json', (text) => {
    const all = JSON.parse(text);
    const { files } = all['generator-flux-gitops'];
    const empty = 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391';
    const head = git(join(folder, 'flux-demo'), 'hash-object', '.git/HEAD').trim();
    files.push(`${empty} ../mine.txt`, `${empty} policies/../../mine.txt`, `${head} .git/HEAD`);
    return JSON.stringify(all);
  });
  await succeed(['--interval', '3m'], folder);
  assert.ok(readTree(folder).has('mine.txt'));
  assert.ok(git(join(folder, 'flux-demo'), 'rev-parse', '--git-dir'));
});

test('a second estate in one folder does not take over the repositories of the first', async () => {
  const folder = await estate('--name', 'fleet');
  const before = readTree(folder);
  // Without a name, the one estate that is there is meant.
  await succeed([], folder);
  assert.deepEqual(readTree(folder), before);
  const { code, stderr } = await runHere(['--name', 'other'], folder);
  assert.equal(code, 2);
  assert.match(stderr, /this app repo already feeds environments of the config repo fleet/);
  assert.deepEqual(readTree(folder), before);
});

test('an app repo has the same owner for all its environments', async () => {
  const folder = await estate();
  const argv = ['tenant', 'qa', '--repo', 'flux-dev', '--owner', 'other', '--into', 'flux-demo'];
  const { code, stderr } = await runHere(argv, folder);
  assert.equal(code, 2);
  assert.match(stderr, /an app repo must have the same owner/);
});

test('a file that is no text in UTF-8 is asked about, and not merged', async () => {
  const folder = await estate();
  const readme = join(folder, 'flux-demo/README.md');
  writeFileSync(readme, Buffer.concat([readFileSync(readme), Buffer.from([0xe9, 0x0a])]));
  const { code } = await runHere(['tenant', 'qa', '--into', 'flux-demo'], folder);
  assert.equal(code, 1);
});

test('what a killed run was about to remove counts as not deleted by a user', async () => {
  const folder = await estate();
  rmSync(join(folder, 'flux-demo/policies'), { recursive: true });
  edit(folder, 'flux-demo/.yo-rc.json', (text) => {
    const all = JSON.parse(text);
    const record = all['generator-flux-gitops'];
    record.pending = record.files.filter((line: string) => line.includes('policies/'));
    return JSON.stringify(all);
  });
  await succeed([], folder);
  assert.ok(readTree(folder).has('flux-demo/policies/pods.yaml'));
});

test('an empty folder of a clone that a killed run began in is completed', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'flux-demo'));
  writeFileSync(join(folder, 'flux-demo/LICENSE'), 'mine\n');
  await succeed(['--owner', 'octo-org'], folder);
  assert.equal(recordOf(folder).pending, undefined);
  assert.equal(read(folder, 'flux-demo/LICENSE'), 'mine\n');
});

describe('an app repo of the estate that is not beside the config repo', () => {
  test('is not written anew by the main command: it is elsewhere', async () => {
    const folder = await estate();
    rmSync(join(folder, 'flux-stage-prod'), { recursive: true });
    const said = await succeed(['--interval', '3m'], folder);
    assert.match(said, /not beside the config repo: flux-stage-prod\. Clone them there/);
    const after = readTree(folder);
    assert.ok(![...after.keys()].some((path) => path.startsWith('flux-stage-prod/')));
    assert.match(after.get('flux-demo/prod/2_sync.yaml') ?? '', /interval: 3m0s/);
    assert.match(after.get('flux-demo/.yo-rc.json') ?? '', /"repo": "flux-stage-prod"/);
  });

  test('is said to need the folder of a new environment', async () => {
    const folder = await estate();
    rmSync(join(folder, 'flux-stage-prod'), { recursive: true });
    const argv = ['--scenario', 'flux-stage-prod=stage,prod,uat', '--json'];
    const { code, stdout, stderr } = await runCommand(argv, folder);
    assert.equal(code, 0, stderr);
    const { elsewhere } = JSON.parse(stdout) as { elsewhere: { repo: string; path: string }[] };
    assert.deepEqual(
      elsewhere.map(({ repo, path }) => [repo, path]),
      [['flux-stage-prod', 'uat/app.yaml']],
    );
  });

  test('is written anew with --force, and if it feeds only new environments', async () => {
    const folder = await estate();
    rmSync(join(folder, 'flux-stage-prod'), { recursive: true });
    await succeed(['--scenario', 'flux-qa=qa'], folder);
    assert.ok(readTree(folder).has('flux-qa/qa/app.yaml'));
    assert.ok(!readTree(folder).has('flux-stage-prod/prod/app.yaml'));
    await succeed(['--force'], folder);
    assert.ok(readTree(folder).has('flux-stage-prod/prod/app.yaml'));
  });
});
