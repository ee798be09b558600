import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { templatesOf } from '../../lib/disk/package-files.ts';
import type { Problem } from '../../lib/errors.ts';
import { PLANNERS } from '../../lib/plan/commands.ts';
import type { Plan, World } from '../../lib/plan/plan.ts';
import { readRecord, recordText } from '../../lib/plan/record.ts';
import { layerRenderer, renderLayers } from '../../lib/render/render.ts';
import { parseArguments } from '../../lib/settings/arguments.ts';
import { runs } from '../properties.ts';

type Manifest = {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into specs of every kind
  spec: any;
};

// Compiling takes longer than all the rest.
const RENDER = layerRenderer(templatesOf);
const NOWHERE: World = {
  folder: '/nowhere',
  find: () => ({ exists: false, all: {} }),
  feederOf: () => undefined,
};

/** The problems of `argv`, or the files of each repository by path. */
function generate(argv: readonly string[]): {
  problems: readonly Problem[];
  plan?: Plan;
  repos: Map<string, Map<string, string>>;
} {
  const { given, problems } = parseArguments('app', argv);
  const planned = PLANNERS.app(given, NOWHERE);
  const all = [...problems, ...planned.problems];
  if (all.length > 0 || !planned.plan) return { problems: all, repos: new Map() };
  const repos = new Map(
    planned.plan.repos.map(({ name, layers, all }) => {
      const files = renderLayers(layers, RENDER).map((file) => [file.path, file.contents] as const);
      return [name, new Map([...files, ['.yo-rc.json', recordText(all, '0.0.0', new Map())]])];
    }),
  );
  return { problems: [], plan: planned.plan, repos };
}

const manifests = (text = ''): Manifest[] =>
  parseAllDocuments(text, { version: '1.1' }).flatMap((document) => {
    assert.deepEqual(document.errors, []);
    return document.toJS() ?? [];
  });

const named = (objects: readonly Manifest[], kind: string, name?: string): Manifest => {
  const found = objects.filter(
    (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
  );
  assert.equal(found.length, 1, `one ${kind}`);
  return found[0] as Manifest;
};

/** Asserts that every sync of `plan` points to a repository, branch and path that the plan holds. */
function checkSyncs(plan: Plan, repos: Map<string, Map<string, string>>): void {
  const config = plan.repos.find(({ role }) => role === 'config');
  for (const environment of plan.environments) {
    const sync = manifests(repos.get(config?.name ?? '')?.get(`${environment.name}/2_sync.yaml`));
    const source = named(sync, 'GitRepository');
    const { spec, metadata } = named(sync, 'Kustomization');
    const target = plan.repos.find(({ name }) => name === source.metadata.name);
    assert.equal(source.spec.url, target?.url);
    assert.equal(source.spec.ref.branch, environment.branch);
    assert.deepEqual(spec.sourceRef, { kind: 'GitRepository', name: source.metadata.name });
    assert.equal(source.metadata.namespace, metadata.namespace);
    const app = repos.get(target?.name ?? '')?.get(`${spec.path.slice(2)}/app.yaml`);
    for (const object of manifests(app))
      assert.equal(object.metadata.namespace, metadata.namespace);
    const tenant = manifests(
      repos.get(config?.name ?? '')?.get(`${environment.name}/1_tenant.yaml`),
    );
    assert.equal(named(tenant, 'Namespace').metadata.name, metadata.namespace);
    assert.equal(named(tenant, 'ServiceAccount').metadata.name, spec.serviceAccountName);
  }
}

const TOPOLOGIES = [
  [],
  ['--scenario', 'one=dev'],
  ['--scenario', 'a1=dev', '--scenario', 'b1=qa', '--scenario', 'c1=prod'],
  ['--scenario', 'all=e1,e2,e3,e4,e5,e6,e7,e8,e9'],
];

describe('in every topology and profile each sync points to what the plan holds', () => {
  for (const topology of TOPOLOGIES)
    for (const profile of ['hardened', 'reference'])
      test(`${topology.join(' ') || 'default'} ${profile}`, () => {
        const { plan, repos, problems } = generate([
          ...topology,
          '--profile',
          profile,
          '--branch',
          'release/2',
        ]);
        assert.deepEqual(problems, []);
        assert.ok(plan);
        checkSyncs(plan, repos);
      });
});

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
const anything = fc.oneof(
  word,
  fc.string({ unit: 'binary', maxLength: 70 }),
  fc.constantFrom(
    'no',
    '007',
    '1e3',
    '0x1f',
    '1.10',
    'a: b',
    '"',
    "'",
    '\n',
    '🚀',
    '$' + '{X}',
    '<%= 1 %>',
    'kube-a',
    'constructor',
    '-',
  ),
);
const scenario = fc
  .tuple(anything, fc.array(anything, { maxLength: 4 }))
  .map(([repo, list]) => `--scenario=${repo}=${list.join(',')}`);
const good = fc
  .uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z0-9]$/), { minLength: 1, maxLength: 6 })
  .map((names) => names.map((name) => `--scenario=repo-${name}=${name}`));
const flags = fc.record(
  {
    prefix: anything,
    owner: anything,
    branch: anything,
    image: anything,
    colour: anything,
    content: anything,
    interval: anything,
    replicas: anything,
    name: anything,
  },
  { requiredKeys: [] },
);
const free = fc.record(
  {
    content: anything,
    colour: fc.constantFrom('no', 'Red', '#123456'),
    replicas: fc.nat({ max: 1000 }).map(String),
  },
  { requiredKeys: [] },
);

const asFlags = (values: object): string[] =>
  Object.entries(values).map(([key, value]) => `--${key}=${value}`);

test('random inputs give a tree that says what was asked, or a refusal', () => {
  let trees = 0;
  const argv = fc.oneof(
    fc
      .tuple(fc.array(scenario, { maxLength: 3 }), flags)
      .map(([scenarios, values]) => [...scenarios, ...asFlags(values)]),
    fc.tuple(good, free).map(([scenarios, values]) => [...scenarios, ...asFlags(values)]),
  );
  fc.assert(
    fc.property(argv, (given) => {
      const { problems, plan, repos } = generate(given);
      if (!plan) {
        assert.ok(problems.length > 0);
        for (const { given: shown, rule, example, flag } of problems)
          assert.ok(shown && rule && example && flag);
        return;
      }
      trees++;
      checkSyncs(plan, repos);
      checkPages(plan, repos, given);
    }),
    runs(2_000),
  );
  const { numRuns } = runs(2_000);
  assert.ok(trees > numRuns / 5, `${trees} of ${numRuns} inputs gave a tree`);
});

function checkPages(
  plan: Plan,
  repos: Map<string, Map<string, string>>,
  argv: readonly string[],
): void {
  const asked = (flag: string): string | undefined =>
    argv.find((word) => word.startsWith(`--${flag}=`))?.slice(flag.length + 3);
  for (const { name, repo } of plan.environments) {
    const app = manifests(repos.get(repo)?.get(`${name}/app.yaml`));
    const { replicas, template } = named(app, 'Deployment').spec;
    const env = new Map<string, string>(
      template.spec.containers[0].env.map((entry: { name: string; value: string }) => [
        entry.name,
        entry.value,
      ]),
    );
    for (const [flag, value] of [
      ['content', env.get('CONTENT')],
      ['colour', env.get('COLOUR')],
      ['replicas', String(replicas)],
    ] as const) {
      const text = asked(flag);
      const own = text?.startsWith(`${name}=`) ? text.slice(name.length + 1) : text;
      const other = plan.environments.some(
        (one) => one.name !== name && text?.startsWith(`${one.name}=`),
      );
      if (own !== undefined && !other) assert.equal(value, own);
    }
  }
}

test('what is recorded is read back as it was', () => {
  fc.assert(
    fc.property(good, free, (scenarios, values) => {
      const { plan, repos } = generate([...scenarios, ...asFlags(values), '--owner=octo-org']);
      if (!plan) return;
      const problems: Problem[] = [];
      const { record } = readRecord(
        repos.get('flux-demo')?.get('.yo-rc.json') ?? '',
        '.yo-rc.json',
        problems,
      );
      assert.deepEqual(problems, []);
      assert.deepEqual(record?.environments, plan.environments);
    }),
    runs(300),
  );
});

test('without the demo app the tenants and syncs are the same, and each folder is in git', () => {
  fc.assert(
    fc.property(good, free, (scenarios, values) => {
      const argv = [...scenarios, ...asFlags(values), '--owner=octo-org'];
      const [demo, none] = [generate(argv), generate([...argv, '--no-demo'])];
      assert.deepEqual(none.problems, demo.problems);
      if (!none.plan) return;
      checkSyncs(none.plan, none.repos);
      const yaml = (files?: Map<string, string>) =>
        [...(files ?? [])].filter(([path]) => path.endsWith('.yaml'));
      assert.deepEqual(yaml(none.repos.get('flux-demo')), yaml(demo.repos.get('flux-demo')));
      for (const { name, repo } of none.plan.environments) {
        const files = none.repos.get(repo);
        assert.deepEqual(yaml(files), []);
        assert.ok(files?.has(`${name}/.gitkeep`));
      }
      for (const [path, text] of none.repos.get('flux-demo') ?? [])
        assert.doesNotMatch(text, /kcheck-service|Deployment<br>/, path);
    }),
    runs(200),
  );
});

test('an overlay says the same about its environment as the plain layout', () => {
  fc.assert(
    fc.property(
      good,
      free,
      fc.constantFrom('hardened', 'reference'),
      (scenarios, values, profile) => {
        const argv = [...scenarios, ...asFlags(values), '--owner=octo-org', `--profile=${profile}`];
        const [plain, overlays] = [generate(argv), generate([...argv, '--layout=overlays'])];
        assert.deepEqual(overlays.problems, plain.problems);
        for (const { name, repo } of overlays.plan?.environments ?? []) {
          const files = overlays.repos.get(repo);
          const [deployment, service] = manifests(plain.repos.get(repo)?.get(`${name}/app.yaml`));
          const [overlay] = manifests(
            files?.get(`overlays/${name}/kustomization.yaml`),
          ) as unknown as {
            namespace: string;
            patches: { patch: string }[];
          }[];
          assert.equal(overlay?.namespace, deployment?.metadata.namespace);
          const [patch] = manifests(overlay?.patches[0]?.patch);
          const [container] = deployment?.spec.template.spec.containers ?? [];
          assert.equal(patch?.spec.replicas, deployment?.spec.replicas);
          assert.deepEqual(patch?.spec.template.spec.containers, [
            { name: 'kcheck', image: container.image, env: container.env },
          ]);
          assert.equal(manifests(files?.get('base/app.yaml'))[1]?.kind, service?.kind);
          const sync = overlays.repos.get('flux-demo')?.get(`${name}/2_sync.yaml`);
          assert.equal(named(manifests(sync), 'Kustomization').spec.path, `./overlays/${name}`);
        }
      },
    ),
    runs(200),
  );
});
