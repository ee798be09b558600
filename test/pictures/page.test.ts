import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page as Tab } from 'puppeteer-core';
import { type Page, type Shown, servePage } from '../cluster/page/page.ts';
import { chromium } from './chromium.ts';

const open = chromium();

const DEV: Shown = {
  name: 'dev',
  namespace: 'fluxdemo-dev',
  revision: 'main@cd2ebc8',
  ready: 'True',
  message: 'Applied revision: main@sha1:cd2ebc8',
  app: { colour: 'Cornsilk', content: 'Test message', replicas: 2, ready: 1, generation: 3 },
};
const STAGE: Shown = {
  name: 'stage',
  namespace: 'fluxdemo-stage',
  revision: '-',
  ready: '-',
  message: 'Not applied yet: kubectl apply -f flux-demo/stage/',
};

let page: Page;
let shown: readonly Shown[] | Error = [];
before(async () => {
  page = await servePage(async () => {
    if (shown instanceof Error) throw shown;
    return shown;
  });
});
after(() => page.close());

/** The page in a new tab, when it shows `environments`. */
async function opened(...environments: readonly Shown[]): Promise<Tab> {
  shown = environments;
  // The server remembers what it has read for a moment.
  while ((await (await fetch(new URL('state.json', page.url))).text()) !== JSON.stringify(shown));
  const tab = await open('');
  await tab.goto(page.url);
  await tab.waitForFunction(
    `document.querySelectorAll('section').length === ${environments.length}`,
  );
  return tab;
}

const textOf = async (tab: Tab, selector: string): Promise<string> =>
  (await tab.evaluate(`document.querySelector(${JSON.stringify(selector)}).textContent`)) as string;

/** Red, green and blue of the screenshot of `selector`, near its upper left corner. */
async function pixelOf(tab: Tab, selector: string): Promise<number[]> {
  const element = await tab.waitForSelector(selector);
  assert.ok(element);
  const picture = Buffer.from(await element.screenshot()).toString('base64');
  const canvas = await open('');
  const pixel = await canvas.evaluate(`(async () => {
    const image = new Image();
    image.src = 'data:image/png;base64,${picture}';
    await image.decode();
    const { width, height } = image;
    const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d');
    context.drawImage(image, 0, 0);
    return [...context.getImageData(6, 6, 1, 1).data.slice(0, 3)];
  })()`);
  await canvas.close();
  return pixel as number[];
}

const field = (name: string, of: string): string => `[data-name=${name}] [data-of=${of}]`;

test('each environment looks as kcheck would, and the page says that pods are simulated', async () => {
  const tab = await opened(DEV, STAGE);
  assert.equal(await textOf(tab, '[data-name=dev] .page'), 'Test message');
  assert.deepEqual(await pixelOf(tab, '[data-name=dev] .page'), [255, 248, 220]);
  assert.equal(await textOf(tab, field('dev', 'replicas')), '1 of 2 ready');
  assert.equal(await textOf(tab, field('dev', 'generation')), '3');
  assert.equal(await textOf(tab, field('dev', 'revision')), 'main@cd2ebc8');
  assert.equal(await textOf(tab, field('dev', 'ready')), 'True');
  assert.equal(await textOf(tab, '[data-name=stage] .page'), 'kcheck is not on the cluster.');
  assert.match(
    await textOf(tab, '[data-name=stage] .message'),
    /kubectl apply -f flux-demo\/stage/,
  );
  assert.match(await textOf(tab, '.note'), /simulated: pods become Ready, but no container runs/);
  await tab.close();
});

test('a push is seen changing the page, which nobody loads again', async () => {
  const tab = await opened(DEV, STAGE);
  const app = { colour: 'darkblue', content: 'Pushed', replicas: 3, ready: 3, generation: 4 };
  shown = [{ ...DEV, revision: 'main@7f1d90a', app }];
  await tab.waitForFunction(
    `document.querySelector('[data-name=dev] .page').textContent === 'Pushed'`,
  );
  assert.deepEqual(await pixelOf(tab, '[data-name=dev] .page'), [0, 0, 139]);
  assert.equal(
    await tab.evaluate(`document.querySelector('[data-name=dev] .page').style.color`),
    'white',
  );
  assert.equal(await textOf(tab, field('dev', 'revision')), 'main@7f1d90a');
  assert.equal(await tab.evaluate(`document.querySelectorAll('section').length`), 1);
  assert.equal(
    await tab.evaluate(`document.querySelector('[data-name=dev]').classList.contains('changed')`),
    true,
  );
  await tab.close();
});

test('a text is never markup, and a colour is never more than a colour', async () => {
  const evil =
    '<img src=x onerror="document.title=\'taken\'"><script>document.title="taken"</script>';
  const colour = 'red; background-image: url(http://192.0.2.1/x)';
  const app = { colour, content: evil, replicas: 1, ready: 1, generation: 1 };
  const tab = await opened({ ...DEV, message: evil, revision: evil, app });
  assert.equal(await textOf(tab, '.page'), evil);
  assert.equal(await textOf(tab, '.message'), evil);
  assert.equal(await tab.evaluate(`document.querySelectorAll('main img, main script').length`), 0);
  assert.equal(await tab.title(), 'The demo estate');
  const style = await tab.evaluate(`document.querySelector('.page').getAttribute('style') ?? ''`);
  assert.doesNotMatch(String(style), /url|red/);
  await tab.close();
});

test('a cluster that does not answer is said, and the page recovers', async () => {
  const tab = await opened(DEV);
  shown = new Error('connection refused');
  await tab.waitForFunction(
    `document.querySelector('#state').textContent.includes('does not answer: connection refused')`,
  );
  shown = [DEV];
  await tab.waitForFunction(`document.querySelector('#state').textContent.startsWith('As of')`);
  await tab.close();
});

test('only requests to its own address on loopback are answered', async () => {
  const { hostname } = new URL(page.url);
  assert.equal(hostname, '127.0.0.1');
  const { port } = new URL(page.url);
  const foreign = await fetch(`http://localhost:${port}/state.json`);
  assert.equal(foreign.status, 421);
  assert.equal((await fetch(new URL('../page.ts', page.url))).status, 404);
  assert.equal((await fetch(new URL('page.ts', page.url))).status, 404);
  assert.equal((await fetch(page.url, { method: 'POST' })).status, 405);
});
