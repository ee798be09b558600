import { existsSync } from 'node:fs';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export const SCHEMES = ['light', 'dark'] as const;
export type Scheme = (typeof SCHEMES)[number];

/** Opens pages in a Chromium of its own for the tests of this file. */
export function chromium(): (html: string, scheme?: Scheme) => Promise<Page> {
  let browser: Browser | undefined;
  before(async () => {
    browser = await puppeteer.launch({
      executablePath: browserPath(),
      // Chromium refuses its sandbox to root.
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    });
  });
  after(() => browser?.close());
  return async (html, scheme = 'light') => {
    if (!browser) throw new Error('a page before the first test');
    const page = await browser.newPage();
    await page.setViewport({ width: 1200, height: 1600 });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await page.setContent(`<!DOCTYPE html><body style="margin:0">${html}</body>`);
    await page.addScriptTag({ path: fileURLToPath(new URL('in-page.js', import.meta.url)) });
    return page;
  };
}

function browserPath(): string {
  const path = process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place));
  if (path === undefined)
    throw new Error(
      'These tests need Chromium: apt-get install chromium, or name a browser with CHROMIUM=/its/path.',
    );
  return path;
}
