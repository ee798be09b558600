import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseAllDocuments, stringify } from 'yaml';
import type { Code } from '../../lib/verify/catalogue.ts';
import { goldenTree } from '../golden.ts';
import { onDisk } from './estate-tree.ts';
import { MUTATIONS } from './mutations.ts';

/** Values where nobody expects them. */
const ODD = [null, 5, 'text', true, [], {}, [null], [[]], { name: 5 }, '\u0000'];

const NOTHING_BUILT: ReadonlySet<Code> = new Set([
  'object-twice',
  'not-a-manifest',
  'yaml-invalid',
]);

type Place = readonly [object: { [key: string]: unknown }, key: string];

/** Every value in `value` that can be replaced. */
function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const object = value as { [key: string]: unknown };
  return Object.keys(object).flatMap((key) => [[object, key] as const, ...placesIn(object[key])]);
}

/** The demo app with one object of every mutation that adds some. */
function richTree(): Map<string, string> {
  const clean = goldenTree('default');
  const added = MUTATIONS.flatMap(({ change, codes }, n) => {
    // Flux would build nothing of it.
    if (codes.some((code) => NOTHING_BUILT.has(code))) return [];
    const tree = new Map(clean);
    change(tree);
    const text = tree.get('flux-dev/dev/more.yaml') ?? '';
    return text === '' || text.length > 2000
      ? []
      : [text.replace(/(metadata"?:\s*\{?\s*"?name"?: *"?)more/g, `$1more-${n}`)];
  });
  return new Map([...clean, ['flux-dev/dev/more.yaml', added.join('---\n')]]);
}

test('all objects of the rich estate are built and checked', async () => {
  const { findings } = await onDisk(richTree())(richTree());
  assert.ok(new Set(findings.map(({ code }) => code)).size > 10);
});

describe('a value that nobody expects is a finding at most, and never a crash', () => {
  const tree = richTree();
  const verifyTree = onDisk(tree);
  const files = [
    ...['flux-dev/dev/more.yaml', 'flux-dev/dev/app.yaml', 'flux-demo/dev/1_tenant.yaml'],
    ...['flux-demo/dev/2_sync.yaml', 'flux-demo/policies/pods.yaml'],
  ];
  for (const path of files)
    test(path, async () => {
      const text = tree.get(path) ?? '';
      const documents: unknown[] = parseAllDocuments(text).map((document) => document.toJS());
      const texts = documents.map((document) => stringify(document));
      const whole = documents as unknown as { [key: string]: unknown };
      const places = documents.flatMap((document, index) =>
        [[whole, `${index}`] as const, ...placesIn(document)].map(
          (place) => [index, ...place] as const,
        ),
      );
      assert.ok(places.length > 30);
      // A prime step reaches all parts of the file, and all values.
      for (let n = 0; n < places.length; n += 7) {
        const [index, object, key] = places[n] ?? assert.fail();
        const before = object[key];
        object[key] = structuredClone(ODD[(n / 7) % ODD.length]);
        const changed = texts.with(index, stringify(documents[index])).join('---\n');
        object[key] = before;
        await verifyTree(new Map(tree).set(path, changed));
      }
    });
});
