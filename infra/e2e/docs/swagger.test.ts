// The pages of the API documents in Chromium: nothing is refused or fails in them, and the examples
// of the REST API do something when they are executed as they stand.
import { expect } from 'chai';
import type { Locator } from 'playwright-core';
import { appsBrowser, appsCluster } from '../support/apps-cluster.ts';
import { type Json, loginAdmin, rest } from '../support/client.ts';
import { openPage, type WatchedPage } from '../support/watched-page.ts';

/** Globals of the page. */
declare const window: any;
declare const document: any;

/** What comes near the window is there by then. */
const DRAWN_MS = 500;
/** Of an operation that is closed. */
const LINE_PX = 55;

interface Answer {
  status: number;
  body: Json;
}

describe('the pages of the API documents in a browser', function () {
  this.timeout(180_000);
  let watched: WatchedPage;
  const told: string[] = [];
  /** Ids of operations, from the top of the page down. */
  let order: string[];
  const url = (): string => appsCluster().url;

  before(async () => {
    const { body: doc } = await rest(undefined, url()).get('/docs/openapi.json').expect(200);
    const all: Json[] = Object.values<Json>(doc.paths).flatMap((item) => Object.values<Json>(item));
    order = doc.tags.flatMap(({ name }: Json) =>
      all.filter(({ tags }) => tags?.[0] === name).map(({ operationId }) => operationId),
    );
  });
  beforeEach(async () => {
    watched = await openPage(appsBrowser());
    watched.page.on('console', (line) => {
      if (['error', 'warning'].includes(line.type())) told.push(line.text());
    });
  });
  afterEach(async () => {
    const faults = await watched.faults();
    await watched.close();
    expect([...faults, ...told.splice(0)]).to.deep.equal([]);
  });

  async function openSwagger(): Promise<void> {
    await watched.page.goto(`${url()}/docs`);
    await watched.page.locator('.opblock').first().waitFor();
  }

  async function authorize(token: string): Promise<void> {
    const { page } = watched;
    await page.locator('.btn.authorize').first().click();
    const dialog = page.locator('.modal-ux');
    const logout = dialog.getByRole('button', { name: 'Remove authorization' });
    if ((await logout.count()) > 0) await logout.click();
    await dialog.locator('input').fill(token);
    await dialog.getByRole('button', { name: 'Apply credentials' }).click();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
  }

  /** Scrolls to where an operation should be, and on: only those near the window are drawn. */
  async function find(id: string): Promise<Locator> {
    const { page } = watched;
    await page.evaluate((y) => window.scrollTo(0, y), order.indexOf(id) * LINE_PX);
    const block = page.locator(`.opblock[id$="-${id}"]`);
    const isDrawn = (): Promise<boolean> =>
      block.waitFor({ state: 'attached', timeout: DRAWN_MS }).then(
        () => true,
        () => false,
      );
    for (let steps = 0; steps < 80 && !(await isDrawn()); steps++) {
      const isEnd = await page.evaluate(() => window.scrollY + window.innerHeight + 1 > document.body.scrollHeight);
      await page.evaluate((end) => (end ? window.scrollTo(0, 0) : window.scrollBy(0, 600)), isEnd);
    }
    return block;
  }

  /** Heights of what was closed before are corrected meanwhile, which may remove it again. */
  async function open(id: string): Promise<Locator> {
    for (let tries = 0; ; tries++) {
      const block = await find(id);
      try {
        await block.evaluate((element: any) => element.scrollIntoView({ block: 'center' }), undefined, {
          timeout: 2000,
        });
        await block.locator('.opblock-summary-control').click({ timeout: 5000 });
        await block.locator('.btn.execute').waitFor({ timeout: 5000 });
        return block;
      } catch (error) {
        if (tries === 5) throw error;
      }
    }
  }

  /** Opens an operation and executes it with its example, without filling in anything. */
  async function execute(id: string): Promise<Answer> {
    const block = await open(id);
    await block.locator('.btn.execute').click();
    const live = block.locator('.live-responses-table');
    const status = await live.locator('tbody .response-col_status').first().textContent();
    const code = live.locator('tbody .highlight-code code').first();
    const text = (await code.count()) === 0 ? 'null' : ((await code.textContent()) ?? 'null');
    await block.locator('.opblock-summary-control').click();
    return { status: Number.parseInt(status ?? '', 10), body: JSON.parse(text) };
  }

  it('executes the examples of the REST API as they stand, as a user and as an admin', async () => {
    await openSwagger();
    const failed: string[] = [];
    const run = async (id: string): Promise<Json> => {
      const { status, body } = await execute(id);
      if (status < 200 || status > 299) failed.push(`${id}: ${status} ${JSON.stringify(body)}`);
      return body;
    };
    await run('postUsersRegister');
    const { access_token } = await run('postUsersLogin');
    await authorize(access_token);
    for (const id of [
      'getUsersMe',
      'putUsersMe',
      'postRooms',
      'getRooms',
      'postMessages',
      'getMessages',
      'getMessagesSearch',
      'getUsers',
      'getRateLimits',
      'getUsersMeSessions',
      'getAnnouncements',
    ])
      await run(id);
    await authorize((await loginAdmin(url())).token);
    for (const id of ['postAdminWebhooks', 'getAdminWebhooks', 'getAdminUsers', 'getAdminDashboardStats', 'postBots'])
      await run(id);
    expect(failed).to.deep.equal([]);
  });

  it('shows every frame of the socket', async () => {
    await watched.page.goto(`${url()}/docs/realtime`);
    await watched.page.locator('.frame h3', { hasText: 'resume' }).first().waitFor();
    expect(await watched.page.locator('.frame').count()).to.be.greaterThan(20);
  });
});
