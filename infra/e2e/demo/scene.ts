// The demo in a browser: its two panes, what they show, and what must never happen on the page.
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { until } from '../support/sdk-pages.ts';
import { openPage, type WatchedPage } from '../support/watched-page.ts';

/** Of the page. */
declare const sessionStorage: any;

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
  readonly #watched: WatchedPage;

  constructor(watched: WatchedPage) {
    const { page } = watched;
    this.page = page;
    this.#watched = watched;
    const pane = (at: number): Side => new Side(page.locator('.pane').nth(at));
    [this.one, this.two] = [pane(0), pane(1)];
  }

  /** The sessions of the two. */
  accounts(): Promise<Account[]> {
    return this.page.evaluate(() => JSON.parse(sessionStorage.getItem('chatapi.demo')));
  }

  faults = (): Promise<string[]> => this.#watched.faults();
  axe = (): Promise<string[]> => this.#watched.axe();
  tooWide = (): Promise<string[]> => this.#watched.tooWide();
  close = (): Promise<void> => this.#watched.close();
}

/** Two new people. */
export async function openDemo(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Scene> {
  const watched = await openPage(browser, options);
  const { page } = watched;
  const scene = new Scene(watched);
  await page.goto(`${url}/demo`);
  await page.locator('.message:visible').nth(1).waitFor({ timeout: 30_000 });
  return scene;
}
