// The demo in a browser: its two panes, what they show, and what must never happen on the page.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { until } from '../support/sdk-pages.ts';

/** Globals of the page. */
declare const window: any;
declare const document: any;
declare const sessionStorage: any;

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface Inspected {
  state: string;
  node: string;
  position: number;
  pending: number;
  resumed: string;
}

export class Side {
  readonly root: Locator;

  constructor(root: Locator) {
    this.root = root;
  }

  button(name: string): Locator {
    return this.root.getByRole('button', { name, exact: true });
  }

  /** The field of the room that is open. */
  get field(): Locator {
    return this.root.locator('.conversation > .composer textarea');
  }

  async say(text: string): Promise<void> {
    await this.field.fill(text);
    await this.field.press('Enter');
  }

  /** A message of the room that is open. */
  row(text: string): Locator {
    return this.root.locator('.conversation > .message-frame .message').filter({ hasText: text });
  }

  room(name: string): Locator {
    return this.root.locator('.room').filter({ has: this.root.page().locator('.room-name', { hasText: name }) });
  }

  /** The texts of the room that is open, in order. */
  texts(): Promise<string[]> {
    return this.root.locator('.conversation > .message-frame .content').allTextContents();
  }

  async inspect(): Promise<Inspected> {
    const text = async (name: string): Promise<string> =>
      (await this.root.locator(`[data-${name}]`).first().textContent()) ?? '';
    return {
      state: (await this.root.locator('.inspector [data-state]').getAttribute('data-state')) as string,
      node: await text('node'),
      position: Number(await text('position')),
      pending: Number(await text('pending')),
      resumed: await text('resumed'),
    };
  }

  async untilState(state: string): Promise<void> {
    await until(async () => (await this.inspect()).state === state, `state ${state}`);
  }
}

export interface Account {
  id: string;
  name: string;
  tokens: { access_token: string };
}

export class Scene {
  readonly page: Page;
  readonly one: Side;
  readonly two: Side;
  readonly errors: string[] = [];

  constructor(page: Page) {
    this.page = page;
    const pane = (at: number): Side => new Side(page.locator('.pane').nth(at));
    [this.one, this.two] = [pane(0), pane(1)];
    page.on('pageerror', (error) => this.errors.push(error.message));
  }

  /** The sessions of the two. */
  accounts(): Promise<Account[]> {
    return this.page.evaluate(() => JSON.parse(sessionStorage.getItem('chatapi.demo')));
  }

  /** Errors of scripts, and what the page's policy refused. */
  async faults(): Promise<string[]> {
    return [...this.errors, ...(await this.page.evaluate(() => window.violations))];
  }

  /** What axe finds at any level. */
  async axe(): Promise<string[]> {
    await this.page.evaluate(AXE);
    const found = await this.page.evaluate(async () => {
      const { violations } = await window.axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      });
      return violations.flatMap(({ id, nodes }: any) => nodes.map(({ target }: any) => `${id}: ${target.join(' ')}`));
    });
    return found as string[];
  }

  /** What is wider than the window. */
  tooWide(): Promise<string[]> {
    return this.page.evaluate(() => {
      const width = document.documentElement.clientWidth;
      return [...document.querySelectorAll('body *')]
        .filter((element: any) => element.getClientRects().length > 0 && !element.closest('.sr'))
        .filter((element: any) => element.getBoundingClientRect().right > width + 1)
        .map((element: any) => `${element.tagName} ${element.className}`);
    });
  }

  close(): Promise<void> {
    return this.page.context().close();
  }
}

/** Two new people. */
export async function openDemo(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Scene> {
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
  const page = await context.newPage();
  const scene = new Scene(page);
  await page.goto(`${url}/demo`);
  await page.locator('.message:visible').nth(1).waitFor({ timeout: 30_000 });
  return scene;
}
