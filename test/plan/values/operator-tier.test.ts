import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { templatesOf } from '../../../lib/disk/package-files.ts';
import { planApp } from '../../../lib/plan/app.ts';
import { NOTHING } from '../../../lib/plan/plan.ts';
import { operatorTier } from '../../../lib/plan/values/operator-tier.ts';
import { layerRenderer } from '../../../lib/render/render.ts';
import { parseArguments } from '../../../lib/settings/arguments.ts';
import { goldenTree, validCases } from '../../golden.ts';

type Patch = { target: { kind: string; name?: string }; patch: string };
type Instance = { kustomize: { patches: Patch[] }; distribution?: object };
type Deployment = {
  spec: { template: { spec: { containers: { env: { name: string; value?: string }[] }[] } } };
};

/** The variables that the patches give the kustomize-controller. */
function environmentOf({ kustomize }: Instance): ReadonlyMap<string, string | undefined> {
  const controller = kustomize.patches.find(
    ({ target, patch }) => target.name === 'kustomize-controller' && patch.includes('env:'),
  );
  const { spec } = parse(controller?.patch ?? '') as Deployment;
  const { env = [] } = spec.template.spec.containers[0] ?? {};
  return new Map(env.map(({ name, value }) => [name, value]));
}

test('the policies know any number of tenants by one line, and their README stays readable', () => {
  const policies = (environments: number): Map<string, string> => {
    const names = Array.from({ length: environments }, (_, n) => `team-${n}`);
    const { given } = parseArguments('app', ['--yes', `--scenario=flux-app=${names.join(',')}`]);
    const { plan } = planApp(given, { folder: '', find: () => NOTHING, feederOf: () => undefined });
    const [shared] = plan?.environments ?? [];
    assert.ok(plan && shared);
    const tenants = plan.environments.map((one, n) => ({
      ...one,
      owner: `org-${n}`,
      tenantSource: [`https://charts-${n}.example.com`, `oci://ghcr.io/org-${n}`],
    }));
    const render = layerRenderer(templatesOf);
    const estate = { kind: 'config-repo', name: 'flux-demo', estate: {}, shared } as const;
    const layers = operatorTier({ ...estate, environments: tenants });
    const files = layers.filter(({ from }) => from === 'policies').flatMap(render);
    return new Map(files.map(({ path, contents }) => [path, contents]));
  };
  const [few, many] = [policies(3), policies(1000)];
  for (const [path, text] of many)
    if (path.endsWith('.yaml')) assert.equal(text, few.get(path), path);
  const readme = many.get('policies/README.md') ?? '';
  assert.match(readme, /- and 960 more/);
  assert.ok(readme.length < 20_000);
});

describe('what installs Flux gives the controllers the same guards, with Helm and without', () => {
  for (const { name } of validCases())
    test(name, () => {
      const files = [...goldenTree(name)];
      const installs = files.filter(([path]) =>
        /install\/flux-instance(-values)?\.yaml$/.test(path),
      );
      const instances = installs.map(([, text]) => {
        const { spec, instance } = parse(text) as { spec?: Instance; instance?: Instance };
        return (spec ?? instance) as Instance;
      });
      for (const one of instances) {
        assert.deepEqual(one, instances[0]);
        assert.equal(environmentOf(one).get('GIT_ALLOW_PROTOCOL'), 'none');
      }
    });
});
