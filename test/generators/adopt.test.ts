import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readManifests } from '../../lib/adopt/manifests.ts';
import type { Reading } from '../../lib/plan/plan.ts';
import { demo, exported, type Files, overlays, sync, tenant } from '../adopt/hand-written.ts';
import { readTree, runHere, temporaryFolder, writeTree } from '../sandbox.ts';
import { runGenerator } from './run-generator.ts';

type Tree = ReadonlyMap<string, string>;

/** A folder with `files`. */
function folderWith(files: Files): string {
  const folder = temporaryFolder();
  writeTree(folder, files);
  return folder;
}

/** The paths of the files that are in only one of two trees, or differ. */
function changed(before: Tree, after: Tree): string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).sort();
}

async function done(folder: string, ...argv: string[]): Promise<Tree> {
  const { code, stderr } = await runHere(argv, folder);
  assert.equal(code, 0, stderr);
  return readTree(folder);
}

async function refused(folder: string, ...argv: string[]): Promise<string> {
  const before = readTree(folder);
  const { code, stderr } = await runHere(argv, folder);
  assert.equal(code, 2, stderr);
  assert.deepEqual(readTree(folder), before);
  return stderr;
}

/** What `adopt` reads in `folder`, without writing. */
async function readingIn(folder: string): Promise<Reading> {
  const { stdout, stderr } = await runHere(['adopt', '--dry-run', '--json'], folder);
  assert.ok(stdout.includes('reading'), stderr);
  return JSON.parse(stdout).reading;
}

const recordIn = (tree: Tree, repo: string) =>
  JSON.parse(tree.get(`${repo}/.yo-rc.json`) ?? '')['generator-flux-gitops'];

/** The objects of the YAML files below `prefix`, sorted. */
function objectsIn(tree: Tree, prefix: string): string[] {
  return [...tree]
    .filter(([path]) => path.startsWith(prefix) && /\.ya?ml$/.test(path))
    .flatMap(([path, text]) => readManifests({ path, text }).manifests)
    .map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`)
    .sort();
}

describe('the shape of the original demo', () => {
  test('gets records, and nothing else changes, also under yo', async () => {
    const folder = folderWith(demo());
    const before = readTree(folder);
    const after = await runGenerator('adopt', folder, { in: 'config' });
    const records = ['config', 'web-dev', 'web-late'].map((repo) => `${repo}/.yo-rc.json`);
    assert.deepEqual(changed(before, after), records);
    const { environments, adopted, settings } = recordIn(after, 'config');
    assert.deepEqual(Object.keys(environments), ['dev', 'prod', 'stage']);
    assert.deepEqual(environments.dev.byHand, [
      'dev/1_tenant.yaml',
      'dev/2_git_sync.yaml',
      'dev/3_oci_sync.yaml',
    ]);
    assert.deepEqual(Object.keys(environments.stage.files), ['1_tenant.yaml', '2_sync.yaml']);
    assert.ok(adopted.includes('README.md') && adopted.includes('install'));
    assert.deepEqual(
      [settings.owner, settings.prefix, settings.profile],
      ['octo-org', 'acme', 'reference'],
    );
  });

  for (const [what, into] of [
    ['the folder with the repositories', ''],
    ['a folder of an environment', 'config/dev'],
    ['an app repo', 'web-late'],
    ['a folder of an app repo', 'web-dev/dev'],
  ])
    test(`is found from ${what}, also inside another repository of git`, async () => {
      const around = folderWith([
        ['.git/HEAD', ''],
        ['README.md', '# All\n'],
      ]);
      writeTree(join(around, 'estate'), demo());
      const { code, stderr } = await runHere(['adopt'], join(around, 'estate', into ?? ''));
      assert.equal(code, 0, stderr);
      assert.ok(readTree(around).has('estate/config/.yo-rc.json'));
      assert.ok(readTree(around).has('estate/web-dev/.yo-rc.json'));
    });

  test('says from which line each value comes, and what it did not understand', async () => {
    const { taken, notUnderstood, replaceable } = await readingIn(folderWith(demo()));
    const from = (environment: string, what: string) =>
      taken.find((one) => one.environment === environment && one.what === what)?.from;
    assert.equal(from('dev', 'branch'), 'dev/2_git_sync.yaml:11');
    assert.equal(from('dev', 'kustomization'), 'dev/2_git_sync.yaml:17');
    assert.equal(from('stage', 'interval'), 'stage/2_sync.yaml:8');
    assert.equal(from('prod', 'replicas'), 'prod/app.yaml:9');
    assert.equal(from('dev', 'tenantSource'), 'dev/3_oci_sync.yaml:10');
    assert.match(notUnderstood[0]?.where ?? '', /^dev\/3_oci_sync.yaml:14 Kustomization oci-dev$/);
    assert.deepEqual(replaceable, ['dev']);
  });

  test('a new tenant works and touches nothing that is there, and the next run changes nothing', async () => {
    const folder = folderWith(demo());
    const before = await done(folder, 'adopt', '--into', 'config');
    const after = await done(folder, 'tenant', 'qa', '--into', 'config');
    const expected = ['config/.yo-rc.json', 'config/qa/1_tenant.yaml', 'config/qa/2_sync.yaml'];
    const others = changed(before, after).filter((path) => !path.startsWith('web-qa/'));
    assert.deepEqual(
      others.filter((path) => !path.startsWith('flux-qa/')),
      expected,
    );
    assert.match(after.get('config/qa/1_tenant.yaml') ?? '', /name: acme-qa/);
    assert.deepEqual(await done(folder, '--yes', '--into', 'config'), after);
    assert.deepEqual(await done(folder, 'tenant', 'dev', '--into', 'config'), after);
    const more = await done(folder, 'tenant', 'uat', '--repo=web-late', '--into', 'config');
    assert.ok(more.has('web-late/uat/app.yaml'));
    assert.equal(more.get('web-late/README.md'), '# The apps\n');
  });

  test('what is as this version writes it follows; what a user wrote by hand does not', async () => {
    const folder = folderWith(demo());
    const before = await done(folder, 'adopt', '--into', 'config');
    const said = await refused(folder, 'tenant', 'dev', '--interval=2m', '--into', 'config');
    assert.match(said, /environment "dev", which a user wrote by hand/);
    assert.match(said, /--take-over/);
    const after = await done(folder, '--yes', '--interval=2m', '--into', 'config');
    assert.deepEqual(
      changed(before, after).filter((path) => !path.endsWith('.yo-rc.json')),
      ['config/prod/2_sync.yaml', 'config/stage/2_sync.yaml'],
    );
    const { environments } = recordIn(after, 'config');
    assert.equal(environments.dev.interval, '1m0s');
  });

  test('taken over, each object is in one file, under its old name', async () => {
    const folder = folderWith(demo());
    const before = await done(folder, 'adopt', '--into', 'config');
    const argv = ['tenant', 'dev', '--into', 'config', '--profile', 'hardened'];
    const after = await done(folder, ...argv, '--take-over');
    const paths = [...after.keys()].filter((path) => path.startsWith('config/dev/'));
    assert.deepEqual(
      paths,
      ['1_tenant.yaml', '2_sync.yaml', '3_oci_sync.yaml'].map((name) => `config/dev/${name}`),
    );
    const objects = objectsIn(after, 'config/dev/');
    assert.equal(new Set(objects).size, objects.length);
    const lost = objectsIn(before, 'config/dev/').filter((one) => !objects.includes(one));
    assert.deepEqual(lost, ['Secret acme-dev/dev']);
    assert.equal(after.get('config/dev/3_oci_sync.yaml'), before.get('config/dev/3_oci_sync.yaml'));
    assert.equal(after.get('web-dev/dev/app.yaml'), before.get('web-dev/dev/app.yaml'));
    assert.match(after.get('config/dev/1_tenant.yaml') ?? '', /allowed-sources: oci:\/\/ghcr.io/);
    assert.ok(after.has('config/policies/sources.yaml'));
    assert.equal(recordIn(after, 'config').environments.dev.byHand, undefined);
    assert.deepEqual(await done(folder, '--yes', '--into', 'config'), after);
    const later = await done(folder, 'tenant', 'dev', '--interval=2m', '--into', 'config');
    assert.match(
      later.get('config/dev/2_sync.yaml') ?? '',
      /name: git-dev\n[\s\S]*name: git-demo-dev/,
    );
  });

  test('a record that is lost after that keeps the names', async () => {
    const folder = folderWith(demo());
    await done(folder, 'adopt', '--into', 'config');
    const before = await done(folder, 'tenant', 'dev', '--into', 'config', '--take-over');
    rmSync(join(folder, 'config/.yo-rc.json'));
    await done(folder, 'adopt', '--repair', '--into', 'config');
    const after = await done(folder, 'tenant', 'dev', '--into', 'config');
    assert.deepEqual(
      changed(before, after).filter((path) => !path.endsWith('.yo-rc.json')),
      [],
    );
    assert.equal(recordIn(after, 'config').environments.dev.kustomization, 'git-dev');
  });

  for (const [what, path, edit, says] of [
    [
      'a field',
      'config/dev/2_git_sync.yaml',
      (text: string) =>
        text.replace('  prune: true', '  postBuild:\n    substitute: {a: b}\n  prune: true'),
      /dev\/2_git_sync.yaml:23 sets spec.postBuild of Kustomization git-dev/,
    ],
    [
      'an object',
      'config/dev/2_git_sync.yaml',
      (text: string) =>
        `${text}---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot, namespace: acme-dev}\n`,
      /dev\/2_git_sync.yaml also has ServiceAccount robot/,
    ],
    [
      'a binding',
      'config/dev/1_tenant.yaml',
      (text: string) => text.replace('name: acme-dev-reconciler', 'name: mine'),
      /dev\/1_tenant.yaml also has RoleBinding mine/,
    ],
    [
      'a label',
      'config/dev/1_tenant.yaml',
      (text: string) =>
        text.replace('  name: acme-dev\n', '    istio-injection: enabled\n  name: acme-dev\n'),
      /dev\/1_tenant.yaml:7 has the label istio-injection of Namespace acme-dev/,
    ],
    [
      'a subject',
      'config/dev/1_tenant.yaml',
      (text: string) => text.replace('subjects:\n', 'subjects:\n- kind: Group\n  name: payments\n'),
      /has the subject Group payments of RoleBinding acme-dev-reconciler/,
    ],
    [
      'a field of an account',
      'config/dev/1_tenant.yaml',
      (text: string) =>
        text.replace('kind: ServiceAccount\nm', 'kind: ServiceAccount\nimagePullSecrets: []\nm'),
      /has the field imagePullSecrets of ServiceAccount acme-dev/,
    ],
    [
      'a lesser role',
      'config/dev/1_tenant.yaml',
      (text: string) => text.replace('name: cluster-admin', 'name: admin'),
      /1_tenant.yaml:27 gives the role admin, and the profile reference gives cluster-admin/,
    ],
    [
      'a lack of an account',
      'config/dev/2_git_sync.yaml',
      (text: string) => text.replace(/ {2}serviceAccountName.*\n/, ''),
      /names no service account, so Flux applies it with its own rights/,
    ],
    [
      'a flag',
      'config/dev/2_git_sync.yaml',
      (text: string) =>
        text.replace('  prune: true', '  force: true\n  suspend: true\n  prune: true'),
      /sets spec.force[\s\S]*sets spec.suspend/,
    ],
  ] as const)
    test(`${what} that this package does not write is not lost: the take-over is refused`, async () => {
      const files = demo().map(([one, text]): [string, string] => [
        one,
        one === path ? edit(text) : text,
      ]);
      const folder = folderWith(files);
      assert.notDeepEqual(files, demo());
      await done(folder, 'adopt', '--into', 'config');
      assert.match(await refused(folder, 'tenant', 'dev', '--take-over', '--into', 'config'), says);
    });

  test('an edited file of a usual environment is merged into, and never overwritten', async () => {
    const files = demo().map(([path, text]): [string, string] => [
      path,
      path === 'config/stage/2_sync.yaml' ? `# mine\n${text}` : text,
    ]);
    const folder = folderWith(files);
    await done(folder, 'adopt', '--into', 'config');
    const after = await done(folder, 'tenant', 'stage', '--interval=2m', '--into', 'config');
    const merged = after.get('config/stage/2_sync.yaml') ?? '';
    assert.match(merged, /^# mine\n[\s\S]*interval: 2m0s/);
    // The profile hardened has another value for this key.
    const own = merged.replace('  prune: true', '  prune: true\n  timeout: 9m0s');
    writeFileSync(join(folder, 'config/stage/2_sync.yaml'), own);
    const before = readTree(folder);
    const { code } = await runHere(
      ['tenant', 'stage', '--profile=hardened', '--into=config'],
      folder,
    );
    assert.equal(code, 1);
    assert.deepEqual(readTree(folder), before);
  });
});

describe('the output of the flux CLI', () => {
  test('keeps its namespaces and paths; the form of the address is not lost silently', async () => {
    const folder = folderWith(exported);
    const { notUnderstood, replaceable } = await readingIn(join(folder, 'config'));
    assert.deepEqual(replaceable, ['payments']);
    const search = notUnderstood.find(({ where }) => where === 'environment search');
    assert.match(search?.reason ?? '', /search-sync.yaml:11 has another form of the address/);
    const before = await done(folder, 'adopt', '--into', 'config');
    const { environments } = recordIn(before, 'config');
    const { namespace, gitRepository, kustomization, path } = environments.payments;
    assert.deepEqual(
      [namespace, gitRepository, kustomization, path],
      ['payments', 'pay', 'pay-sync', './deploy/prod'],
    );
    const after = await done(folder, 'tenant', 'payments', '--take-over', '--into', 'config');
    assert.deepEqual(
      changed(before, after).filter((one) => one.includes('payments')),
      [
        'config/payments/1_tenant.yaml',
        'config/payments/2_sync.yaml',
        'config/tenants/payments-sync.yaml',
        'config/tenants/payments.yaml',
      ],
    );
    assert.ok(!after.has('config/tenants/payments.yaml'));
    const objects = objectsIn(after, 'config/payments/');
    for (const one of objectsIn(before, 'config/tenants/payments'))
      assert.ok(objects.includes(one), one);
    assert.match(after.get('config/payments/2_sync.yaml') ?? '', /path: .\/deploy\/prod/);
  });
});

describe('the shape of base and overlays', () => {
  test('has an environment for each overlay, which no run touches', async () => {
    const folder = folderWith(overlays);
    const before = await done(folder, 'adopt', '--into', 'config');
    const { environments } = recordIn(before, 'config');
    assert.deepEqual(Object.keys(environments), ['dev-team-production', 'dev-team-staging']);
    const staging = environments['dev-team-staging'];
    assert.deepEqual([staging.namespace, staging.path], ['apps', './staging']);
    assert.ok(staging.byHand.includes('tenants/staging/dev-team-patch.yaml'));
    const after = await done(folder, 'tenant', 'qa', '--prefix=acme', '--into', 'config');
    assert.deepEqual(
      changed(before, after).filter((path) => !/^config\/(qa\/|\.yo-rc)|^flux-qa/.test(path)),
      [],
    );
    const said = await refused(
      folder,
      'tenant',
      'dev-team-staging',
      '--take-over',
      '--into=config',
    );
    assert.match(
      said,
      /tenants\/staging\/kustomization.yaml builds it from files of other folders/,
    );
  });
});

const only = (text: string): Files => [['config/team/all.yaml', tenant('team') + text]];
const usual = { namespace: 'team', path: './', source: 'team', name: 'team' };
const web = 'https://github.com/octo-org/team-app';

describe('what does not fit is listed with its reason, and nothing is written', () => {
  const text = sync({ ...usual, url: web });
  for (const [what, files, says] of [
    [
      'a tag',
      only(text.replace('branch: main', 'tag: v1')),
      /all.yaml:\d+ GitRepository team: it follows the tag v1/,
    ],
    [
      'another namespace',
      only(
        text.replace(
          'kind: GitRepository\n    name: team',
          'kind: GitRepository\n    name: team\n    namespace: flux-system',
        ),
      ),
      /its source is in the namespace flux-system/,
    ],
    [
      'a bucket',
      only(text.replace('kind: GitRepository\n    name', 'kind: Bucket\n    name')),
      /its source has the kind Bucket/,
    ],
    [
      'a missing source',
      only(text.replace('    name: team\n', '    name: other\n')),
      /GitRepository other is not in this repository/,
    ],
    [
      'subgroups',
      only(sync({ ...usual, url: 'https://gitlab.com/a/b/c' })),
      /an app repo must be at https:\/\/HOST\/OWNER\/REPO/,
    ],
    [
      'a password',
      only(sync({ ...usual, url: 'https://me:secret@github.com/octo-org/team-app' })),
      /an app repo must be at/,
    ],
    [
      'upper case',
      only(sync({ ...usual, url: 'https://github.com/octo-org/Team' })),
      /an app repo must have 2 to 63 lower-case/,
    ],
    [
      'broken YAML',
      only(text.replace('  prune: true', '  prune: [true')),
      /all.yaml:\d+: it is not valid YAML/,
    ],
    [
      'a cluster only',
      [['config/a.yaml', text.replaceAll('namespace: team', 'namespace: flux-system')]],
      /belongs to the cluster and not to a tenant/,
    ],
    ['no sync', [['config/a.yaml', tenant('team')]], /This folder is none/],
  ] as [string, Files, RegExp][])
    test(what, async () => {
      const said = await refused(folderWith(files), 'adopt', '--into', 'config');
      assert.match(said, says);
      assert.doesNotMatch(said, /secret/);
    });

  test('YAML of any shape ends no command with a stack trace', async () => {
    const spoilt: readonly (readonly [string, string, string])[] = [
      ['config/tenants/staging/kustomization.yaml', '- path: dev-team-patch.yaml', '- null'],
      ['config/tenants/staging/kustomization.yaml', 'patches:', 'patches: 7 #'],
      ['config/tenants/staging/dev-team-patch.yaml', 'path: ./staging', 'path: "\\0"'],
      ['config/tenants/base/dev-team/sync.yaml', 'interval: 1m0s', 'interval: *none'],
      ['config/tenants/base/dev-team/rbac.yaml', 'subjects:', 'subjects: &a [*a] #'],
      ['config/tenants/base/dev-team/rbac.yaml', 'metadata:', 'metadata: #'],
    ];
    for (const [path, from, to] of spoilt) {
      const files = overlays.map(([file, text]) =>
        file === path ? ([file, text.replaceAll(from, to)] as const) : ([file, text] as const),
      );
      assert.notDeepEqual(files, overlays, from);
      const folder = folderWith(files);
      for (const argv of [
        ['adopt', '--dry-run'],
        ['adopt'],
        ['verify'],
        ['update'],
        ['tenant', 'qa'],
      ]) {
        // Anything else than a message rejects.
        const { code } = await runHere([...argv, '--into', 'config'], folder);
        assert.ok(code !== null && code <= 2, `${argv}: ${path}: ${to}`);
      }
    }
  });

  test('an adopted config repo is not adopted twice', async () => {
    const folder = folderWith(demo());
    await done(folder, 'adopt', '--into', 'config');
    assert.match(await refused(folder, 'adopt', '--into', 'config'), /nothing to adopt/);
  });
});
