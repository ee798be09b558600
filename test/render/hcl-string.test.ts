import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { format } from '@cdktn/hcl-tools';
import { parse } from '@cdktn/hcl2json';
import fc from 'fast-check';
import { hclString } from '../../lib/render/quoting.ts';
import { goldenTree, validCases } from '../golden.ts';

type Variable = { default?: unknown };
type Module = { variable?: Record<string, Variable[]>; resource?: { helm_release: object } };

describe('the Terraform module is HCL, formatted as terraform fmt would', () => {
  for (const { name } of validCases())
    test(name, async () => {
      const files = [...goldenTree(name)].filter(([path]) => path.endsWith('.tf'));
      for (const [path, text] of files) {
        assert.ok(Object.keys((await parse(path, text)) as object).length > 0, path);
        assert.equal(await format(text), text, path);
      }
    });
});

test('the Terraform module has two releases, both locks, and the type of the cluster', async () => {
  const files = goldenTree('one-repo-each');
  const read = async (name: string) =>
    (await parse(name, files.get(`Shop.Fleet/install/terraform/${name}`) ?? '')) as Module;
  const { resource } = await read('main.tf');
  assert.deepEqual(Object.keys(resource?.helm_release ?? {}), ['flux_instance', 'flux_operator']);
  const { variable = {} } = await read('variables.tf');
  assert.equal(variable.cluster_type?.[0]?.default, 'aws');
  assert.equal(variable.multitenancy?.[0]?.default, true);
});

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: HCL's templates, not JavaScript's.
test('any text becomes a string of HCL that reads back as it was', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
      const { locals } = await parse('x.tf', `locals {\n  value = ${hclString(text)}\n}\n`);
      // The parser's JSON doubles the start of a template, as Terraform's JSON syntax wants it.
      const read = String(locals[0].value).replace(/([$%])\1\{/g, '$1{');
      assert.equal(read.normalize(), text.normalize());
    }),
    { numRuns: 50, examples: [['${x}'], ['$${x}'], ['%{if}'], ['a"b\\\n\b\f']] },
  );
  assert.throws(() => hclString(1), /number in a template/);
});
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: HCL's templates, not JavaScript's.
