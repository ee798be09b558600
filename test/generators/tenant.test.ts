import assert from 'node:assert/strict';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { goldenTree } from '../golden.ts';
import { readTree, runHere, temporaryFolder } from '../sandbox.ts';
import { runGenerator } from './run-generator.ts';

/** A folder with the default estate of octo-org. */
async function estate(...flags: string[]): Promise<string> {
  const folder = temporaryFolder();
  assert.equal((await runHere(['--yes', '--owner', 'octo-org', ...flags], folder)).code, 0);
  return folder;
}

test('a tenant fed by an existing repo gets its folder there', async () => {
  const tree = await runGenerator('tenant', await estate(), {
    in: 'flux-demo/dev',
    arguments: ['qa', 'uat'],
    options: { repo: 'flux-stage-prod', replicas: '2', colour: 'uat=Khaki', yes: true },
  });
  assert.deepEqual(tree, goldenTree('tenant-added-to-a-repo'));
});

test('what the estate leaves open is asked: environment and repo', async () => {
  const folder = await estate('--scenario', 'flux-dev=dev');
  const tree = await runGenerator('tenant', folder, {
    in: 'flux-demo',
    answers: { env: 'qa', proceed: true },
  });
  assert.ok(tree.has('flux-demo/qa/2_sync.yaml'));
  assert.ok(tree.has('flux-qa/qa/app.yaml'));
});

test('a list that loses values says so, with the command that keeps them', async () => {
  const folder = await estate();
  const home = join(folder, 'flux-demo');
  const notes = async (...argv: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runHere([...argv, '--json'], home);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout).notes.join('\n');
  };
  const [a, b] = ['https://a.example.com', 'https://b.example.com'] as const;
  assert.equal(await notes('tenant', 'dev', 'prod', '--allow-source', a), '');
  const lost = await notes('tenant', 'dev', '--allow-source', b);
  assert.equal(
    lost,
    `dev no longer has ${a}, because the values of --allow-source replace the recorded ones. To have all of them: --allow-source ${b} --allow-source ${a}`,
  );
  const all = lost.split('all of them: ')[1]?.split(' ') ?? [];
  assert.equal(await notes('tenant', 'dev', ...all), '');
  const annotation = / flux-gitops\/allowed-sources: (.*)/;
  const tree = readTree(folder);
  assert.equal(annotation.exec(tree.get('flux-demo/dev/1_tenant.yaml') ?? '')?.[1], `"${b} ${a}"`);
  assert.equal(await notes('tenant', 'dev', '--allow-source', 'none'), '', 'it is meant');
  assert.equal(await notes('--allow-source', a), '');
  assert.match(await notes('--allow-source', b), /^The estate no longer has https:\/\/a/);
  assert.equal(await notes('--team', 'dev=readers'), '');
  assert.match(await notes('--team', 'dev=others'), /^dev no longer has readers, .*--team others/);
});

test('a tenant that is there already changes nothing', async () => {
  const folder = await estate();
  const before = readTree(folder);
  assert.deepEqual(
    await runGenerator('tenant', folder, { in: 'flux-demo', arguments: ['prod'] }),
    before,
  );
});

test('the size of a tenant can be changed later, is remembered, and touches no other tenant', async () => {
  const folder = await estate();
  const changed = async (...argv: string[]): Promise<string[]> => {
    const before = readTree(folder);
    const run = ['tenant', ...argv, '--into', 'flux-demo'];
    assert.equal((await runHere(run, folder)).code, 0);
    const after = readTree(folder);
    return [...after.keys()].filter((path) => after.get(path) !== before.get(path));
  };
  const quota = () => readTree(folder).get('flux-demo/stage/1_tenant.yaml') ?? '';
  const expected = ['flux-demo/.yo-rc.json', 'flux-demo/stage/1_tenant.yaml'];
  assert.deepEqual(await changed('stage', '--size', 'large'), expected);
  assert.match(quota(), / pods: "200"/);
  assert.deepEqual(await changed('stage', '--size', 'large'), []);
  assert.deepEqual(await changed('stage', '--node-ports', '2'), expected);
  assert.match(quota(), / pods: "200"[\s\S]*nodeports: "2"/);
  assert.deepEqual(await changed('stage', '--size', 'medium', '--node-ports', '0'), expected);
  assert.deepEqual(readTree(folder), readTree(await estate()));
});

test('a source is allowed for one tenant only, idempotently, and none takes it back', async () => {
  const folder = await estate('--allow-source', 'oci://ghcr.io/shared');
  const before = readTree(folder);
  const run = async (...argv: string[]): Promise<Map<string, string>> => {
    const outcome = await runHere(['tenant', ...argv, '--into', 'flux-demo'], folder);
    assert.equal(outcome.code, 0, outcome.stderr);
    return readTree(folder);
  };
  const tenant = (tree: ReadonlyMap<string, string>, name: string) =>
    tree.get(`flux-demo/${name}/1_tenant.yaml`) ?? '';
  const add = [
    '--allow-source',
    'https://charts.example.com/',
    '--allow-source',
    'oci://a.example',
  ];
  const after = await run('dev', ...add);
  const line = 'flux-gitops/allowed-sources: "https://charts.example.com oci://a.example"';
  assert.ok(tenant(after, 'dev').includes(line));
  assert.equal(tenant(after, 'prod'), tenant(before, 'prod'));
  const policy = 'flux-demo/policies/sources.yaml';
  assert.equal(after.get(policy), before.get(policy));
  assert.deepEqual(await run('dev', ...add), after);
  assert.deepEqual(await run('dev'), after);
  const both = await run('dev', 'prod', '--allow-source', 'prod=https://p.example.com');
  assert.equal(tenant(both, 'dev'), tenant(after, 'dev'));
  assert.match(tenant(both, 'prod'), /allowed-sources: https:\/\/p.example.com/);
  assert.deepEqual(await run('dev', 'prod', '--allow-source', 'none'), before);
});

test('a team is recorded in the config repo only; a group stays until another list is given', async () => {
  const folder = await estate('--team', 'all', '--team', 'dev=dev-team', '--team', 'dev=all');
  const groups = (name: string): string[] => {
    const text = readTree(folder).get(`flux-demo/${name}/1_tenant.yaml`) ?? '';
    return [...text.matchAll(/kind: Group\n {4}name: (.*)\n/g)].map(([, group = '']) => group);
  };
  assert.deepEqual(groups('dev'), ['all', 'dev-team']);
  assert.deepEqual(groups('prod'), ['all']);
  assert.doesNotMatch(readTree(folder).get('flux-dev/.yo-rc.json') ?? '', /dev-team/);
  const before = readTree(folder);
  assert.equal((await runHere(['--yes'], folder)).code, 0);
  assert.deepEqual(readTree(folder), before);
  const run = ['tenant', 'dev', '--into', 'flux-demo', '--team', 'none'];
  assert.equal((await runHere(run, folder)).code, 0);
  assert.deepEqual(groups('dev'), []);
  assert.match(
    readTree(folder).get('flux-demo/dev/1_tenant.yaml') ?? '',
    /name: flux-gitops-team\n---/,
  );
});

test('in a config repo that was cloned alone it says what the app repo must get', async () => {
  const folder = await estate();
  const alone = join(temporaryFolder(), 'my-clone');
  renameSync(join(folder, 'flux-demo'), alone);
  const { code, stdout } = await runHere(
    ['tenant', 'qa', '--repo', 'flux-stage-prod', '--json'],
    alone,
  );
  assert.equal(code, 0);
  const { elsewhere, repositories } = JSON.parse(stdout);
  assert.deepEqual(
    repositories.map((repo: { name: string }) => repo.name),
    ['flux-demo'],
  );
  assert.equal(elsewhere[0].url, 'https://github.com/octo-org/flux-stage-prod');
  assert.equal(elsewhere[0].path, 'qa/app.yaml');
  assert.match(elsewhere[0].contents, /namespace: fluxdemo-qa/);
  assert.ok(readTree(alone).has('qa/2_sync.yaml'));
  const { stderr } = await runHere(['tenant', 'uat', '--repo', 'flux-stage-prod'], alone);
  assert.match(stderr, /flux-stage-prod must get uat\/app.yaml with these contents:/);
});

test('a tenant that lost its folder gets it back', async () => {
  const folder = await estate();
  const before = readTree(folder);
  rmSync(join(folder, 'flux-demo/prod'), { recursive: true });
  assert.equal((await runHere(['tenant', 'prod'], join(folder, 'flux-demo'))).code, 0);
  assert.deepEqual(readTree(folder), before);
});

test('one tenant of a private estate is allowed a kustomization.yaml, and no longer', async () => {
  const folder = await estate();
  assert.equal((await runHere(['--visibility', 'private'], folder)).code, 0);
  const before = readTree(folder);
  const allow = async (flag: string) => {
    const { code, stderr } = await runHere(['tenant', 'prod', flag], join(folder, 'flux-demo'));
    assert.equal(code, 0, stderr);
    const after = readTree(folder);
    return [...after.keys()].filter((path) => after.get(path) !== before.get(path));
  };
  const changed = await allow('--allow-kustomize');
  const environment = ['flux-demo/prod/1_tenant.yaml', 'flux-demo/prod/2_sync.yaml'];
  for (const path of environment) assert.ok(changed.includes(path), path);
  for (const path of changed) assert.match(path, /\/prod\/|\.yo-rc\.json$|README\.md$/);
  const tree = readTree(folder);
  assert.match(tree.get(environment[0] ?? '') ?? '', /flux-gitops\/allow-kustomize: "yes"/);
  assert.doesNotMatch(tree.get(environment[1] ?? '') ?? '', /ignore:/);
  assert.deepEqual(await allow('--allow-kustomize=no'), []);
});

test('flags for hardened tenants say that they change nothing for another one, and for which', async () => {
  const folder = await estate('--profile', 'reference');
  const say = async (...argv: string[]): Promise<string> => {
    const run = ['tenant', ...argv, '--into', 'flux-demo', '--dry-run'];
    const { code, stdout, stderr } = await runHere(run, folder);
    assert.equal(code, 0, stderr);
    return stdout + stderr;
  };
  const both = await say('qa', 'uat', '--size', 'uat=small', '--team', 'a');
  assert.match(both, /--size changes nothing for uat now: only tenants with --profile hardened/);
  assert.match(both, /--team changes nothing for qa, uat now/);
  for (const plain of [['qa'], ['qa', '--profile', 'hardened', '--size', 'small']])
    assert.doesNotMatch(await say(...plain), /changes nothing/);
});
