import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { goldenTree, validCases } from '../golden.ts';

type Manifest = { apiVersion: string; kind: string };
type Model = new (manifest: Manifest) => { validate: () => void };

/** The class whose `validate` knows the schema of `manifest`, from Kubernetes' or Flux' own. */
async function modelOf({ apiVersion, kind }: Manifest): Promise<Model> {
  const library = apiVersion.includes('toolkit.fluxcd.io')
    ? '@kubernetes-models/flux-cd'
    : 'kubernetes-models';
  const models = (await import(`${library}/${apiVersion}/${kind}`)) as {
    readonly [name: string]: Model;
  };
  return models[kind] as Model;
}

/** Helm values have no kind; files of kind and kustomize are no manifests; the operator's schema is in its CRD only. */
const isElsewhere = ({ apiVersion = '' }: Partial<Manifest>): boolean =>
  !/^(v1|apps|networking|rbac|admissionregistration|source|kustomize\.toolkit)\b/.test(apiVersion);

describe('every manifest keeps the schema of its kind', () => {
  for (const { name } of validCases())
    test(name, async () => {
      const files = [...goldenTree(name)].filter(([path]) => path.endsWith('.yaml'));
      assert.ok(files.length > 0);
      for (const [path, text] of files)
        for (const document of parseAllDocuments(text)) {
          const manifest = document.toJS() as Manifest;
          if (isElsewhere(manifest)) continue;
          const Model = await modelOf(manifest);
          assert.doesNotThrow(() => new Model(manifest).validate(), `${path} ${manifest.kind}`);
        }
    });
});
