// A page of ours in a browser, and what must never happen on one: errors of scripts, breaches of
// its policy, what axe finds, and what is wider than the window.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** Globals of the page. */
declare const window: any;
declare const document: any;

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const LEVELS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** The only rule whose outcome depends on the theme. */
export const BY_THEME = ['color-contrast'];

export class WatchedPage {
  readonly page: Page;
  readonly #errors: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.#errors.push(error.message));
  }

  /** Errors of scripts, and what the page's policy refused. */
  async faults(): Promise<string[]> {
    return [...this.#errors, ...(await this.page.evaluate(() => window.violations))];
  }

  /** What axe finds at any level. @param rules only these. */
  async axe(rules: readonly string[] = LEVELS): Promise<string[]> {
    await this.page.evaluate(AXE);
    const found = await this.page.evaluate(async (runOnly) => {
      const { violations } = await window.axe.run(document, { runOnly });
      return violations.flatMap(({ id, nodes }: any) => nodes.map(({ target }: any) => `${id}: ${target.join(' ')}`));
    }, rules);
    return found as string[];
  }

  /** What is wider than the window. What scrolls inside its own frame may be. */
  tooWide(): Promise<string[]> {
    return this.page.evaluate(() => {
      const width = document.documentElement.clientWidth;
      return [...document.querySelectorAll('body *')]
        .filter((element: any) => element.getClientRects().length > 0 && !element.closest('.sr'))
        .filter((element: any) => !element.parentElement.closest('.frame'))
        .filter((element: any) => element.getBoundingClientRect().right > width + 1)
        .map((element: any) => `${element.tagName} ${element.className}`);
    });
  }

  close(): Promise<void> {
    return this.page.context().close();
  }
}

export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    reducedMotion: 'reduce',
    ...options,
  });
  await context.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }: any) =>
      window.violations.push(`${violatedDirective} ${blockedURI} ${sample}`),
    );
  });
  return new WatchedPage(await context.newPage());
}
