import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Page } from 'puppeteer-core';
import { goldenTree, validCases } from '../golden.ts';
import { readTree, runHere, temporaryFolder } from '../sandbox.ts';
import { chromium } from './chromium.ts';

const open = chromium();
const MERMAID = fileURLToPath(import.meta.resolve('mermaid/dist/mermaid.min.js'));
/** The layout of Mermaid 12 and the one of the versions before it: who shows a README chooses the version. */
const LAYOUTS = ['elk', 'dagre'];

type Points = { readonly [node: string]: { readonly x: number; readonly y: number } };

const blocksOf = (readme: string): string[] =>
  [...readme.matchAll(/^```mermaid\n(.*?)^```$/gms)].map(([, block = '']) => block);

test('Mermaid reads every picture of the generated READMEs, and none that is broken', async () => {
  const page = await mermaidPage();
  const read = async (block: string): Promise<unknown> =>
    page.evaluate(`mermaid.parse(${JSON.stringify(block)}).then(({ diagramType }) => diagramType)`);
  const pictures = validCases().flatMap(({ name }) =>
    [...goldenTree(name)].flatMap(([path, text]) =>
      blocksOf(text).map((block) => ({ block, where: `${name}/${path}` })),
    ),
  );
  assert.ok(pictures.length >= validCases().length);
  for (const { block, where } of pictures) assert.equal(await read(block), 'flowchart-v2', where);
  const block = pictures.find(({ where }) => where === 'default/flux-demo/README.md')?.block ?? '';
  for (const part of ['"]', '  end\n', '-->', 'flowchart LR\n']) {
    assert.ok(block.includes(part), part);
    await assert.rejects(
      read(block.replace(part, '')),
      /Parse error|UnknownDiagramError|No diagram/,
    );
  }
  await page.close();
});

const ESTATES: { readonly [name: string]: readonly string[] } = {
  'the default estate': [],
  'an estate that the cluster follows': ['--owner', 'octo-org', '--sync-config'],
  'one environment': ['--scenario', 'web=dev'],
  'one app repo for many environments': ['--scenario', 'all=dev,test,stage,prod'],
  'five environments': ['--scenario', 'web=dev,stage', '--scenario', 'shop=qa,prod,x1'],
  'nine environments': [
    ...['--scenario', 'one=e1,e2,e3,e4', '--scenario', 'two=e5'],
    ...['--scenario', 'three=e6,e7,e8', '--scenario', 'four=e9'],
  ],
  'words that mean something to Mermaid': [
    ...[
      '--scenario',
      'end=class,end',
      '--scenario',
      'default=subgraph',
      '--scenario',
      'graph=xo,ox,style',
    ],
  ],
};
for (const [name, argv] of Object.entries(ESTATES))
  test(`the pictures of ${name} read from left to right and from top to bottom`, async () => {
    await assertOrder([['--yes', ...argv]]);
  });

test('an app repo that feeds the first and the last environment leaves them in their order', async () => {
  await assertOrder([
    ['--yes', '--scenario', 'web=dev', '--scenario', 'shop=stage'],
    ['tenant', 'prod', '--repo', 'web', '--yes', '--into', 'flux-demo'],
  ]);
});

async function mermaidPage(): Promise<Page> {
  const page = await open('');
  await page.addScriptTag({ path: MERMAID });
  return page;
}

/** Draws the READMEs that the runs `argvs` write, and compares where the nodes are. */
async function assertOrder(argvs: readonly (readonly string[])[]): Promise<void> {
  const folder = temporaryFolder();
  for (const argv of argvs) {
    const { code, stderr } = await runHere(argv, folder);
    assert.equal(code, 0, stderr);
  }
  const page = await mermaidPage();
  const readmes = [...readTree(folder)].filter(([path]) => /^[^/]+\/README\.md$/.test(path));
  for (const [path, text] of readmes)
    for (const block of blocksOf(text))
      for (const layout of LAYOUTS) {
        const call = `drawMermaid(${JSON.stringify(block)}, '${layout}')`;
        const points = (await page.evaluate(call)) as Points;
        assertReads(block, points, `${path} with ${layout}`);
      }
  await page.close();
}

function assertReads(block: string, points: Points, where: string): void {
  const at = (node: string): { x: number; y: number } => {
    const point = points[node];
    assert.ok(point, `${where}: no ${node}`);
    return point;
  };
  const count = (kind: RegExp): number =>
    Object.keys(points).filter((one) => kind.test(one)).length;
  const environments = count(/^env\d+app$/);
  assert.ok(environments > 0, where);
  for (let index = 1; index < environments; index += 1)
    for (const kind of ['account', 'app'])
      assert.ok(
        at(`env${index - 1}${kind}`).y < at(`env${index}${kind}`).y,
        `${where}: ${kind} of environment ${index} stands above the one before it`,
      );
  for (let index = 1; index < count(/^repo\d+$/); index += 1)
    assert.ok(at(`repo${index - 1}`).y < at(`repo${index}`).y, `${where}: app repo ${index}`);
  const arrows = [...block.matchAll(/(\w+)(?:\(?\["[^"]*"\]\)?)? -- "[^"]*" --> (\w+)/g)];
  assert.ok(arrows.length >= 2 * environments, where);
  for (const [, from = '', to = ''] of arrows)
    assert.ok(at(from).x < at(to).x, `${where}: ${from} is not to the left of ${to}`);
}
