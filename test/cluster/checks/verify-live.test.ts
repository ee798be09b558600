/** `flux-gitops verify --live`: clean on a cluster that has what the files say, and one finding for each way to differ. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHART_VERSION } from '../../../lib/plan/values/operator-tier.ts';
import type { Code } from '../../../lib/verify/catalogue.ts';
import type { Result, Results } from '../../../lib/verify/results.ts';
import { apply, type Fresh, freshEstate } from '../check.ts';
import { fluxGitopsWith, type Outcome } from '../command.ts';
import { appFile, configPath, type Estate, edit, namespaceOf, publish } from '../estate.ts';
import { applied, reconcile, refused } from '../expect.ts';
import { type Access, kubectl } from '../kube.ts';
import { ownPolicies, policiesApply } from '../policies.ts';
import { until } from '../wait.ts';

const REPOS = { dev: 'flux-dev', qa: 'flux-dev' };
const ARGS = [
  ...['--scenario', 'flux-dev=dev,qa', '--allow-kustomize=no', '--team', 'developers'],
  // Flux must not fetch what a test pushes before verify has looked.
  ...['--interval', '1h'],
];

type User = Pick<Access, 'kubeconfig' | 'kubectl'>;

/** The findings of `verify --live`, without those about the policies, which this test edits on purpose. */
async function findings(estate: Estate, user: User = estate.cluster): Promise<Result[]> {
  const { stdout, stderr } = await run(estate, user, ['--json']);
  assert.doesNotMatch(stderr, /^\s+at .*\.ts/m, stderr);
  const { findings: found } = JSON.parse(stdout) as Results;
  return found.filter(({ code }) => code !== 'guard-edited');
}

const run = ({ dir }: Estate, user: User, more: readonly string[]): Promise<Outcome> =>
  fluxGitopsWith(user, ['verify', '--live', '--into', dir, ...more]);

const shown = (found: readonly Result[]): string =>
  found.map(({ code, object, message }) => `${code} ${object}: ${message}`).join('\n');

/** Two environments with everything applied, and an object of Flux that belongs to the tenant. */
async function appliedEstate(t: TestContext): Promise<Fresh> {
  const fresh = await freshEstate(t, 'hardened', { args: ARGS, repos: REPOS });
  const { estate } = fresh;
  const { cluster, dir, owner } = estate;
  const source = {
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind: 'GitRepository',
    metadata: { name: 'own' },
    spec: {
      interval: '1h',
      url: `${cluster.git.url}/${owner}/flux-dev`,
      ref: { branch: 'main' },
      ignore: 'kustomization.yaml\nkustomization.yml\nKustomization\n',
    },
  };
  writeFileSync(join(dir, 'flux-dev/dev/own.yaml'), JSON.stringify(source));
  const commit = await publish(estate, 'flux-dev');
  await ownPolicies(t, estate);
  await kubectl(cluster, ['apply', '-f', configPath(estate, 'dev', '1_tenant.yaml')]);
  await policiesApply(estate, namespaceOf(estate, 'dev'));
  await apply(estate, 'dev', 'qa');
  for (const env of ['dev', 'qa']) await applied(estate, env, commit);
  return { estate, commits: { ...fresh.commits, 'flux-dev': commit } };
}

/** A way to make the cluster differ from the files, how to mend it, and what `verify` must say. */
type Damage = {
  readonly what: string;
  readonly codes: readonly Code[];
  /** The object of one of the findings. */
  readonly object: (estate: Estate) => string;
  readonly damage: (estate: Estate) => Promise<unknown>;
  readonly mend: (estate: Estate) => Promise<unknown>;
};

const dev = (estate: Estate): string => namespaceOf(estate, 'dev');
const kube = ({ cluster }: Estate, ...args: readonly string[]): Promise<string> =>
  kubectl(cluster, args);
const patch = (estate: Estate, object: string, change: object, ...how: readonly string[]) =>
  kube(estate, 'patch', object, '--type=merge', '-p', JSON.stringify(change), ...how);
const inDev = (estate: Estate, ...args: readonly string[]) =>
  kube(estate, '-n', dev(estate), ...args);
const applyAll = (estate: Estate): Promise<unknown> =>
  kube(estate, 'apply', '-f', configPath(estate, 'dev'), '-f', configPath(estate, 'policies'));
const policy = (estate: Estate, name: string): string =>
  `validatingadmissionpolicy/tenant-${name}-${estate.prefix}`;
const binding = (estate: Estate, name: string): string =>
  `validatingadmissionpolicybinding/tenant-${name}-${estate.prefix}`;
/** The API server needs a moment to read a policy. */
const afterwards = async (): Promise<void> => sleep(3000);

const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'by-hand' } };

const DAMAGES: readonly Damage[] = [
  {
    what: 'a RoleBinding with one more subject',
    codes: ['live-differs'],
    object: (estate) => `RoleBinding ${dev(estate)}/${dev(estate)}-reconciler`,
    damage: (estate) =>
      patch(
        estate,
        `rolebinding/${dev(estate)}-reconciler`,
        { subjects: [{ kind: 'User', name: 'eve', apiGroup: 'rbac.authorization.k8s.io' }] },
        ...['-n', dev(estate)],
      ),
    mend: applyAll,
  },
  {
    what: 'a quota that is gone',
    codes: ['live-missing'],
    object: (estate) => `ResourceQuota ${dev(estate)}/tenant`,
    damage: (estate) => inDev(estate, 'delete', 'resourcequota', 'tenant'),
    mend: applyAll,
  },
  {
    what: 'a quota of another size',
    codes: ['live-differs'],
    object: (estate) => `ResourceQuota ${dev(estate)}/tenant`,
    damage: (estate) =>
      patch(estate, 'resourcequota/tenant', { spec: { hard: { pods: '999' } } }, '-n', dev(estate)),
    mend: applyAll,
  },
  {
    what: 'a binding that only audits',
    codes: ['live-differs', 'policy-not-effective'],
    object: (estate) => `ValidatingAdmissionPolicy tenant-pods-${estate.prefix}`,
    damage: async (estate) => {
      await patch(estate, binding(estate, 'pods'), { spec: { validationActions: ['Audit'] } });
      await afterwards();
    },
    mend: async (estate) => {
      await applyAll(estate);
      await afterwards();
    },
  },
  {
    what: 'a binding that is gone',
    codes: ['policy-missing', 'policy-not-effective'],
    object: (estate) => `ValidatingAdmissionPolicy tenant-access-${estate.prefix}`,
    damage: async (estate) => {
      await kube(estate, 'delete', binding(estate, 'access'));
      await afterwards();
    },
    mend: async (estate) => {
      await applyAll(estate);
      await afterwards();
    },
  },
  {
    what: 'a policy that is gone',
    codes: ['policy-missing'],
    object: (estate) => `ValidatingAdmissionPolicy tenant-status-${estate.prefix}`,
    damage: (estate) => kube(estate, 'delete', policy(estate, 'status')),
    mend: async (estate) => {
      await applyAll(estate);
      await afterwards();
    },
  },
  ...['status', 'team', 'namespace', 'sizes', 'kustomize'].map(
    (name): Damage => ({
      what: `a policy that ignores every request: ${name}`,
      codes: ['live-differs', 'policy-not-effective'],
      object: (estate) => `ValidatingAdmissionPolicy tenant-${name}-${estate.prefix}`,
      damage: async (estate) => {
        const never = { name: 'never', expression: 'false' };
        const change = { spec: { matchConditions: [never] } };
        await patch(estate, policy(estate, name), change);
        await afterwards();
      },
      // kubectl apply would leave the condition that only the cluster has.
      mend: async (estate) => {
        const folder = configPath(estate, 'policies');
        await kube(estate, 'replace', '--save-config', '-f', folder);
        await afterwards();
      },
    }),
  ),
  {
    what: 'a sync that is suspended',
    codes: ['live-differs'],
    object: (estate) => `Kustomization ${dev(estate)}/flux-dev`,
    damage: (estate) =>
      patch(
        estate,
        'kustomizations.kustomize.toolkit.fluxcd.io/flux-dev',
        { spec: { suspend: true } },
        ...['-n', dev(estate)],
      ),
    mend: async (estate) => {
      const file = configPath(estate, 'dev', '2_sync.yaml');
      await kube(estate, 'replace', '--save-config', '-f', file);
      await reconcile(estate, 'dev', 'GitRepository');
      await reconcile(estate, 'dev', 'Kustomization');
    },
  },
  {
    what: 'a Namespace without the label of tenants',
    codes: ['live-differs'],
    object: (estate) => `Namespace ${dev(estate)}`,
    damage: async (estate) => {
      await kube(estate, 'label', 'namespace', dev(estate), 'toolkit.fluxcd.io/role-');
      await afterwards();
    },
    mend: async (estate) => {
      await applyAll(estate);
      await afterwards();
    },
  },
  {
    what: 'a Namespace with a label that allows more',
    codes: ['live-differs', 'policy-not-effective'],
    object: (estate) => `Namespace ${dev(estate)}`,
    damage: async (estate) => {
      await kube(estate, 'label', 'namespace', dev(estate), 'flux-gitops/allow-kustomize=yes');
      await afterwards();
    },
    mend: async (estate) => {
      await kube(estate, 'label', 'namespace', dev(estate), 'flux-gitops/allow-kustomize-');
      await afterwards();
    },
  },
  {
    what: 'an object that nobody manages',
    codes: ['unmanaged-object'],
    object: (estate) => `ConfigMap ${dev(estate)}/by-hand`,
    damage: ({ cluster, ...estate }) =>
      kubectl(
        cluster,
        ['-n', dev({ cluster, ...estate }), 'create', '-f', '-'],
        JSON.stringify(CONFIG_MAP),
      ),
    mend: (estate) => inDev(estate, 'delete', 'configmap', 'by-hand'),
  },
  {
    what: 'a pod that somebody started',
    codes: ['unmanaged-object'],
    object: (estate) => `Pod ${dev(estate)}/look`,
    damage: (estate) => inDev(estate, 'run', 'look', '--image=example.invalid/look:1'),
    mend: (estate) => inDev(estate, 'delete', 'pod', 'look', '--grace-period=0', '--force'),
  },
  {
    what: 'a controller without its environment',
    codes: ['controller-differs'],
    object: () => 'FluxInstance flux-system/flux',
    damage: (estate) =>
      kube(
        estate,
        ...['-n', 'flux-system', 'set', 'env', 'deployment/kustomize-controller'],
        'GIT_ALLOW_PROTOCOL=https',
      ),
    mend: (estate) =>
      kube(
        estate,
        ...['-n', 'flux-system', 'set', 'env', 'deployment/kustomize-controller'],
        'GIT_ALLOW_PROTOCOL=none',
      ),
  },
  {
    what: 'a controller of another version',
    codes: ['controller-differs'],
    object: () => 'FluxInstance flux-system/flux',
    damage: (estate) => setImage(estate, (image) => image.replace(/:v[^@]+(@.*)?$/, ':v0.0.1')),
    mend: (estate) => setImage(estate, () => images.get(estate.prefix) ?? ''),
  },
  {
    what: 'a controller from another registry',
    codes: ['controller-differs'],
    object: () => 'FluxInstance flux-system/flux',
    damage: (estate) => setImage(estate, (image) => image.replace('ghcr.io/', 'example.invalid/')),
    mend: (estate) => setImage(estate, () => images.get(estate.prefix) ?? ''),
  },
  {
    what: 'an operator without its lock',
    codes: ['operator-open'],
    object: () => 'Deployment flux-system/flux-operator',
    damage: (estate) => operator(estate, { args: ['--web-server-port=0'] }),
    mend: (estate) => operator(estate, OPERATOR),
  },
  {
    what: 'an operator that is older than the files',
    codes: ['operator-outdated'],
    object: () => 'Deployment flux-system/flux-operator',
    damage: (estate) => operator(estate, { image: OPERATOR.image.replace(/:v.*/, ':v0.57.0') }),
    mend: (estate) => operator(estate, OPERATOR),
  },
  {
    what: 'a newer commit that Flux has not fetched',
    codes: ['source-behind'],
    object: (estate) => `GitRepository ${dev(estate)}/flux-dev`,
    damage: (estate) => publish(estate, 'flux-dev'),
    mend: async (estate) => {
      const commit = await publish(estate, 'flux-dev');
      for (const env of ['dev', 'qa']) {
        await reconcile(estate, env, 'GitRepository');
        await applied(estate, env, commit);
      }
    },
  },
];

/** The container of the operator as its chart makes it of the values that the command writes. */
const OPERATOR = {
  image: `ghcr.io/controlplaneio-fluxcd/flux-operator:v${CHART_VERSION}`,
  args: ['--default-service-account=flux-operator', '--web-server-port=0'],
};

const operator = (estate: Estate, change: object): Promise<string> => {
  const containers = [{ name: 'manager', ...change }];
  const spec = { template: { spec: { containers } } };
  const where = ['-n', 'flux-system', 'patch', 'deployment/flux-operator'];
  return kube(estate, ...where, '--type=strategic', '-p', JSON.stringify({ spec }));
};

/** The images before a test changed them. */
const images = new Map<string, string>();

async function setImage(estate: Estate, change: (image: string) => string): Promise<void> {
  const where = ['-n', 'flux-system'];
  const path = '-o=jsonpath={.spec.template.spec.containers[0].image}';
  const image = await kube(estate, ...where, 'get', 'deployment/source-controller', path);
  if (!images.has(estate.prefix)) images.set(estate.prefix, image);
  await kube(
    estate,
    ...[...where, 'set', 'image', 'deployment/source-controller', `manager=${change(image)}`],
  );
}

describe('verify --live', () => {
  test('finds what differs between the cluster and the files, and nothing else', async (t) => {
    const fresh = await appliedEstate(t);
    const { estate } = fresh;
    // Another check may have left another FluxInstance.
    await kube(estate, 'apply', '-f', configPath(estate, 'install/flux-instance.yaml'));
    // The operator needs half a minute, because here it cannot tell the notification controller.
    const instance = ['-n', 'flux-system', 'wait', '--for=condition=Ready', 'fluxinstance/flux'];
    await kube(estate, ...instance, '--timeout=120s');
    const start = performance.now();
    await until('the cluster has what the files say', 120_000, async () => {
      const seen = shown(await findings(estate));
      return seen === '' ? { ok: true } : { seen };
    });
    t.diagnostic(`two environments: ${((performance.now() - start) / 1000).toFixed(1)} s`);
    for (const { what, codes, object, damage, mend } of DAMAGES)
      await t.test(what, async () => {
        await damage(estate);
        const found = await findings(estate).finally(() => mend(estate));
        assert.deepEqual([...new Set(found.map(({ code }) => code))].sort(), codes, shown(found));
        assert.ok(
          found.some((one) => one.object === object(estate)),
          shown(found),
        );
        assert.ok(found.every(({ hint }) => hint !== '' && !/\bENV\b/.test(hint)));
      });
    await t.test('everything is mended', async () => {
      assert.equal(shown(await findings(estate)), '');
    });
    await t.test('a kind that the cluster does not have', () => unknownKind(estate));
    await t.test('a Secret that the source names, and that nobody made', () => noSecret(fresh));
    await t.test('a Secret of the config repo that nobody made', () => noConfigSecret(estate));
    await t.test('an app that Flux cannot apply', () => brokenApp(estate));
    await t.test('an object whose finalizer nobody removes', () => heldObject(estate));
    await t.test('a user with few rights learns what was not compared', () => fewRights(estate));
    await t.test('a cluster that does not answer is one message', () => noAnswer(estate));
    await t.test('with another context than the last time it needs --context', () =>
      otherContext(estate),
    );
  });
});

/** The other objects are compared all the same. */
async function unknownKind(estate: Estate): Promise<void> {
  const file = configPath(estate, 'dev', 'thing.yaml');
  const metadata = { name: 'thing', namespace: dev(estate) };
  const thing = { apiVersion: 'example.invalid/v1', kind: 'Thing', metadata };
  writeFileSync(file, JSON.stringify(thing));
  const found = await findings(estate);
  rmSync(file);
  assert.deepEqual(
    found.map(({ code }) => code).sort(),
    ['kind-unknown', 'live-missing'],
    shown(found),
  );
}

async function noSecret({ estate }: Fresh): Promise<void> {
  const file = configPath(estate, 'dev', '2_sync.yaml');
  const before = readFileSync(file, 'utf8');
  edit(file, 'GitRepository', (document) =>
    document.setIn(['spec', 'secretRef', 'name'], 'git-flux-dev'),
  );
  await applyAll(estate);
  await reconcile(estate, 'dev', 'GitRepository').catch(() => undefined);
  const found = await findings(estate);
  const secret = found.find(({ code }) => code === 'secret-missing');
  assert.equal(secret?.object, `GitRepository ${dev(estate)}/flux-dev`, shown(found));
  assert.match(secret?.hint ?? '', /flux-gitops credentials dev --live/);
  assert.ok(
    found.some(({ code }) => code === 'source-not-ready'),
    shown(found),
  );
  const name = ['-n', dev(estate), 'create', 'secret', 'generic', 'git-flux-dev'];
  await kube(estate, ...name, '--from-literal=username=git');
  assert.ok((await findings(estate)).some(({ code }) => code === 'secret-incomplete'));
  await inDev(estate, 'delete', 'secret', 'git-flux-dev');
  writeFileSync(file, before);
  await applyAll(estate);
  await reconcile(estate, 'dev', 'GitRepository');
  await reconcile(estate, 'dev', 'Kustomization');
}

/** The file names a Secret; the FluxInstance on the cluster does not follow the config repo, which is a difference. */
async function noConfigSecret(estate: Estate): Promise<void> {
  const file = configPath(estate, 'install/flux-instance.yaml');
  const before = readFileSync(file, 'utf8');
  const [name, where] = ['git-flux-demo', ['-n', 'flux-system']];
  edit(file, 'FluxInstance', (document) =>
    document.setIn(['spec', 'sync'], {
      ...{ kind: 'GitRepository', url: 'https://example.invalid/flux-demo', path: '.' },
      ...{ ref: 'refs/heads/main', pullSecret: name },
    }),
  );
  const about = async (): Promise<Result[]> =>
    (await findings(estate)).filter(({ code }) => code.startsWith('secret-'));
  const [missing, ...others] = await about();
  assert.deepEqual([missing?.code, others.length], ['secret-missing', 0]);
  assert.match(missing?.message ?? '', /flux-system\/git-flux-demo/);
  assert.match(missing?.hint ?? '', /flux-gitops credentials flux-demo --live/);
  await kube(estate, ...where, 'create', 'secret', 'generic', name, '--from-literal=username=git');
  assert.deepEqual(
    (await about()).map(({ code }) => code),
    ['secret-incomplete'],
  );
  const data = { stringData: { password: 'x' } };
  await kube(estate, ...where, 'patch', 'secret', name, '-p', JSON.stringify(data));
  assert.equal(shown(await about()), '');
  await kube(estate, ...where, 'delete', 'secret', name);
  writeFileSync(file, before);
}

async function brokenApp(estate: Estate): Promise<void> {
  const file = appFile(estate, 'dev');
  const before = readFileSync(file, 'utf8');
  edit(file, 'Deployment', (document) =>
    document.setIn(['spec', 'selector', 'matchLabels'], { a: 'b' }),
  );
  const commit = await publish(estate, 'flux-dev');
  await reconcile(estate, 'dev', 'GitRepository');
  await refused(estate, 'dev', commit);
  const found = await findings(estate);
  const sync = found.find(({ code }) => code === 'sync-not-ready');
  assert.equal(sync?.object, `Kustomization ${dev(estate)}/flux-dev`, shown(found));
  writeFileSync(file, before);
  const mended = await publish(estate, 'flux-dev');
  for (const env of ['dev', 'qa']) {
    await reconcile(estate, env, 'GitRepository');
    await applied(estate, env, mended);
  }
}

async function heldObject(estate: Estate): Promise<void> {
  const held = { ...CONFIG_MAP, metadata: { name: 'held', finalizers: ['example.invalid/held'] } };
  await kubectl(estate.cluster, ['-n', dev(estate), 'create', '-f', '-'], JSON.stringify(held));
  await inDev(estate, 'delete', 'configmap', 'held', '--wait=false');
  assert.equal(shown(await findings(estate)), '', 'it may go in the next minute');
  await sleep(62_000);
  const found = await findings(estate);
  assert.deepEqual(
    found.map(({ code, object }) => [code, object]),
    [['finalizer-hangs', `ConfigMap ${dev(estate)}/held`]],
  );
  assert.match(found[0]?.message ?? '', /example\.invalid\/held/);
  await patch(estate, 'configmap/held', { metadata: { finalizers: null } }, '-n', dev(estate));
}

/** The kubeconfig of the cluster, changed. */
function otherConfig(estate: Estate, change: (config: Kubeconfig) => void): User {
  const { kubeconfig, kubectl: program } = estate.cluster;
  const config = JSON.parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  change(config);
  const file = join(estate.dir, '..', `${estate.prefix}.kubeconfig`);
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return { kubeconfig: file, kubectl: program };
}

type Kubeconfig = {
  clusters: { cluster: { server: string } }[];
  users: { user: { token: string } }[];
  contexts: { name: string }[];
  'current-context': string;
};

async function fewRights(estate: Estate): Promise<void> {
  const name = `eve-${estate.prefix}`;
  await kube(estate, '-n', 'default', 'create', 'serviceaccount', name);
  const view = ['--clusterrole=view', `--serviceaccount=default:${name}`];
  await kube(estate, 'create', 'clusterrolebinding', name, ...view);
  const token = (await kube(estate, '-n', 'default', 'create', 'token', name)).trim();
  const eve = otherConfig(estate, ({ users }) => {
    const [one] = users;
    if (one) one.user = { token };
  });
  const found = await findings(estate, eve);
  assert.deepEqual([...new Set(found.map(({ code }) => code))], ['not-checked'], shown(found));
  assert.ok(found.length < 20, shown(found));
  for (const right of ['impersonate', 'list secrets', 'get validatingadmissionpolicies'])
    assert.ok(shown(found).includes(right), `${right}: ${shown(found)}`);
  await kube(estate, 'delete', 'clusterrolebinding', name);
  await kube(estate, '-n', 'default', 'delete', 'serviceaccount', name);
}

async function noAnswer(estate: Estate): Promise<void> {
  const nowhere = otherConfig(estate, ({ clusters }) => {
    const [one] = clusters;
    if (one) one.cluster.server = 'https://127.0.0.1:1';
  });
  const { code, stdout, stderr } = await run(estate, nowhere, []);
  assert.equal(code, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /kubectl: .*127\.0\.0\.1:1/);
  assert.doesNotMatch(stderr, /^\s+at /m);
}

async function otherContext(estate: Estate): Promise<void> {
  const other = otherConfig(estate, (config) => {
    const [one] = config.contexts;
    if (one) one.name = 'another';
    config['current-context'] = 'another';
  });
  const git = ['-C', configPath(estate), 'config', 'flux-gitops.context'];
  const { execFileSync } = await import('node:child_process');
  execFileSync('git', [...git, 'test']);
  const refusal = await run(estate, other, []);
  assert.equal(refusal.code, 1);
  assert.match(refusal.stderr, /the last command for this estate used test/);
  const named = await run(estate, other, ['--context', 'another']);
  assert.equal(named.code, 0, named.stdout);
  assert.equal(execFileSync('git', git, { encoding: 'utf8' }).trim(), 'test');
}
