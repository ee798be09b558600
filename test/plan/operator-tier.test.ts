import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { goldenTree, validCases } from '../golden.ts';

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
