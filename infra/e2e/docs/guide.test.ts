// The guide in Chromium: reading, copying, searching, at all widths and in both themes.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import type { BrowserContext, Page } from 'playwright-core';
import { appsBrowser, appsCluster } from '../support/apps-cluster.ts';
import { until } from '../support/sdk-pages.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PAGES = ['quick-start', 'realtime-protocol', 'errors-and-limits', 'typescript'];

declare const document: any;
declare const window: any;

describe('the guide in a browser', function () {
  this.timeout(120_000);
  let context: BrowserContext;
  let page: Page;
  const faults: string[] = [];
  const open = async (path: string): Promise<void> => void (await page.goto(`${appsCluster().url}/docs/guide${path}`));

  async function view(colorScheme: 'light' | 'dark', width: number): Promise<void> {
    await context?.close();
    // Axe is put into the page by the test, which the page's policy forbids.
    context = await appsBrowser().newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
    page = await context.newPage();
  }

  beforeEach(async () => {
    context = await appsBrowser().newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
    page = await context.newPage();
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (line) => line.type() === 'error' && faults.push(line.text()));
  });
  afterEach(async () => {
    await context.close();
    expect(faults.splice(0)).to.deep.equal([]);
  });

  it('opens with the quick start and leads on', async () => {
    await open('');
    expect(await page.locator('h1').textContent()).to.equal('Quick start');
    await page.locator('.around a', { hasText: 'Your own users' }).click();
    await page.locator('h1', { hasText: 'Your own users' }).waitFor();
    expect(await page.locator('nav [aria-current=page]').textContent()).to.equal('Your own users');
  });

  it('copies a sample', async () => {
    await open('/quick-start');
    const box = page.locator('.code', { hasText: 'TOKEN=$(curl' });
    await box.hover();
    await box.getByRole('button', { name: 'Copy' }).click();
    await box.getByRole('button', { name: 'Copied' }).waitFor();
    const copied = await page.evaluate('navigator.clipboard.readText()');
    expect(copied).to.match(/^B=http:\/\/localhost:8000\nvalue\(\)/);
  });

  it('finds sections by the keyboard, and goes there', async () => {
    await open('/architecture');
    await page.keyboard.press('/');
    await page.keyboard.type('resume');
    const first = page.locator('#found li a', { hasText: 'Resume' }).first();
    await first.waitFor();
    await page.locator('#search').fill('nothing-has-this-word');
    await page.locator('#found', { hasText: 'Nothing is found' }).waitFor();
    await page.keyboard.press('Escape');
    expect(await page.locator('article').isVisible()).to.equal(true);
    await page.locator('#search').fill('close codes');
    await page.locator('#found li a', { hasText: 'Close codes' }).click();
    await page.waitForURL(/realtime-protocol#close-codes$/);
    await page.locator('h2#close-codes').waitFor();
  });

  it('folds its menu on a phone', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    await open('/moderation');
    const link = page.locator('.menu').getByRole('link', { name: 'Operations' });
    await link.waitFor({ state: 'hidden' });
    await page.locator('summary').click();
    await link.click();
    await page.locator('h1', { hasText: 'Operations' }).waitFor();
  });

  for (const theme of ['light', 'dark'] as const)
    it(`has no fault that axe finds and no overflow, ${theme}`, async () => {
      for (const width of [1280, 390]) {
        await view(theme, width);
        for (const name of PAGES) {
          await open(`/${name}`);
          await page.evaluate(AXE);
          const { violations } = await page.evaluate(() => window.axe.run(document));
          const told = violations.map(({ id, nodes }: any) => `${id}: ${nodes[0].html.slice(0, 120)}`);
          expect(told, `${name} ${width}`).to.deep.equal([]);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          expect(wide, `${name} ${width}`).to.be.at.most(0);
        }
      }
    });

  it('needs no script to be read', async () => {
    await context.close();
    context = await appsBrowser().newContext({ javaScriptEnabled: false });
    page = await context.newPage();
    await open('/operations');
    await until(() => page.locator('h2', { hasText: 'What breaks first' }).isVisible(), 'the text');
    expect(await page.locator('nav a', { hasText: 'Glossary' }).isVisible()).to.equal(true);
  });
});
