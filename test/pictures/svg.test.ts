import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { terminalPicture } from '../../scripts/terminal-picture.ts';
import { chromium, SCHEMES, type Scheme } from './chromium.ts';

const open = chromium();

const svg = (name: string): string =>
  readFileSync(new URL(`../../docs/${name}.svg`, import.meta.url), 'utf8');

async function faultsOf(picture: string, scheme: Scheme): Promise<string[]> {
  const page = await open(picture, scheme);
  const faults = (await page.evaluate('faultsOfPicture()')) as string[];
  await page.close();
  return faults;
}

/** The pixels of `picture` as a README shows it; at its own size, no pixel at its edge is mixed with the page. */
async function pixelsOf(picture: string, scheme: Scheme): Promise<Buffer> {
  const source = `data:image/svg+xml;base64,${Buffer.from(picture).toString('base64')}`;
  const page = await open(`<img alt="" style="display:block" src="${source}">`, scheme);
  const image = await page.waitForSelector('img');
  assert.ok(image);
  await image.evaluate('document.images[0].decode()');
  const pixels = Buffer.from(await image.screenshot());
  await page.close();
  return pixels;
}

for (const name of ['estate', 'terminal'])
  for (const scheme of SCHEMES)
    test(`docs/${name}.svg can be read in ${scheme} colours`, async () => {
      assert.deepEqual(await faultsOf(svg(name), scheme), []);
    });

test('docs/estate.svg has colours of its own for dark pages, also as an image', async () => {
  const [light, dark] = await Promise.all(SCHEMES.map((one) => pixelsOf(svg('estate'), one)));
  assert.ok(light && dark && !light.equals(dark));
});

test('docs/terminal.svg shows what a run prints today', async () => {
  const message = 'npm run picture draws it anew';
  assert.equal(await terminalPicture(), svg('terminal'), message);
});

/** Changes to a picture that make it worse, and what the checks say to it. */
const BROKEN: readonly [fault: RegExp, picture: string, from: string, to: string, Scheme][] = [
  [/^"flux-demo" leaves the picture$/, 'estate', 'x="316" y="92"', 'x="920" y="92"', 'light'],
  [
    /long" crosses the edge of a box$/,
    'estate',
    'limits beyond RBAC',
    'a text far too long for its box, very long',
    'light',
  ],
  [
    /^"1_tenant.yaml" and "2_sync.yaml" overlap$/,
    'estate',
    'x="328" y="168"',
    'x="328" y="155"',
    'light',
  ],
  [/^"followed by" is crossed by a line$/, 'estate', 'M200 163H314', 'M200 150H314', 'light'],
  [
    /^"limits beyond RBAC" has a contrast of 2/,
    'estate',
    '.muted { fill: #57606a }',
    '.muted { fill: #9da7b3 }',
    'light',
  ],
  [
    /^"limits beyond RBAC" has a contrast of 4\.1/,
    'estate',
    '.muted { fill: #9da7b3 }',
    '.muted { fill: #6e7681 }',
    'dark',
  ],
  [
    /^"M200 163H314" has a contrast of 2/,
    'estate',
    '.follow { stroke: #0969da',
    '.follow { stroke: #6cb6ff',
    'light',
  ],
  [
    /^"flux-demo" is not opaque$/,
    'estate',
    'class="bold" x="316"',
    'class="bold" opacity="0.5" x="316"',
    'light',
  ],
  [/^a screen reader finds no title/, 'estate', '<title id="title">', '<title>', 'light'],
  [/^letters are too small/, 'estate', '.mono { font: 13px', '.mono { font: 12px', 'light'],
  [
    /^a transformed element/,
    'estate',
    '<rect class="page"',
    '<rect transform="scale(1)" class="page"',
    'light',
  ],
  [/^"flux-gitops" leaves the picture$/, 'terminal', 'x="34.8"', 'x="700"', 'light'],
  [/has a contrast of/, 'terminal', 'fill="#0d1117"', 'fill="#8b949e"', 'dark'],
];
for (const [fault, name, from, to, scheme] of BROKEN)
  test(`a picture is refused with ${to} in ${scheme} colours`, async () => {
    const picture = svg(name);
    assert.ok(picture.includes(from), `${name} has no ${from}`);
    const faults = await faultsOf(picture.replace(from, to), scheme);
    assert.ok(
      faults.some((one) => fault.test(one)),
      faults.join('\n'),
    );
  });

test('a picture without dark colours is the same on dark pages', async () => {
  const picture = svg('estate').replace('(prefers-color-scheme: dark)', 'print');
  const [light, dark] = await Promise.all(SCHEMES.map((one) => pixelsOf(picture, one)));
  assert.ok(light && dark && light.equals(dark));
});
