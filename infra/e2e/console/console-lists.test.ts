// Lists of the console: their pages forward and back, and what comes while nothing is pushed.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { WebSocketRoute } from 'playwright-core';
import { appsBrowser, appsCluster } from '../support/apps-cluster.ts';
import { loginAdmin, register, rest, unique } from '../support/client.ts';
import { until } from '../support/sdk-pages.ts';
import { type Console, closeWithoutFaults, openConsole, reported } from './console-scene.ts';

/** Globals of the page. */
declare const document: any;

describe('lists of the console', function () {
  this.timeout(120_000);
  let view: Console;
  const url = (): string => appsCluster().url;

  beforeEach(async () => {
    view = await openConsole(appsBrowser(), url());
  });
  afterEach(() => closeWithoutFaults(view));

  const rows = (): Promise<string[]> => view.page.locator('tbody tr td:first-child').allTextContents();
  /** Waits for this number of rows, none of which were on the page before. */
  async function turned(count: number, before: string[] = []): Promise<string[]> {
    await until(async () => {
      const shown = await rows();
      return shown.length === count && !shown.some((row) => before.includes(row));
    }, `a page of ${count} rows`);
    return rows();
  }
  const hasFocus = (selector: string): Promise<boolean> =>
    view.page.evaluate((one) => document.activeElement.matches(one), selector);

  /** Rooms whose ids begin with the stem that this returns. */
  async function makeRooms(count: number): Promise<string> {
    const stem = unique('many');
    const owner = rest(await register('owner', url()), url());
    for (let i = 0; i < count; i++)
      await owner.post('/rooms', { chat_id: `${stem}-${i}`, visibility: 'public' }).expect(201);
    return stem;
  }

  it('turn forward, back and to the first page by buttons and keys, also after a reload', async () => {
    const stem = await makeRooms(104);
    const { page } = view;
    await view.go(`rooms?search=${stem}`);
    const one = await turned(50);
    await view.button('Next page').press('Enter');
    const two = await turned(50, one);
    await until(() => hasFocus('.frame'), 'the focus is on the list');
    await page.keyboard.press('n');
    const three = await turned(4, two);
    expect(new Set([...one, ...two, ...three]).size).to.equal(104);
    expect(await view.button('Next page').count()).to.equal(0);
    await page.reload();
    await turned(4);
    await view.button('Previous page').click();
    expect(await turned(50, three)).to.deep.equal(two);
    await until(() => hasFocus('.frame'), 'the focus is on the list');
    await page.keyboard.press('p');
    expect(await turned(50, two)).to.deep.equal(one);
    expect(await view.button('Previous page').count()).to.equal(0);
    await page.goBack();
    expect(await turned(50, one)).to.deep.equal(two);
    await view.button('Next page').click();
    await turned(4, two);
    await view.field('Search').fill(`${stem}-9`);
    await turned(11);
    expect(await view.button('Previous page').count()).to.equal(0);
  });

  it('have URLs that lead another tab to the same page, and from there to the first', async () => {
    const stem = await makeRooms(53);
    const admin = await loginAdmin(url());
    await rest(admin, url()).put(`/admin/rooms/${stem}-1`, { archived: true }).expect(200);
    const { page } = view;
    await view.go(`rooms?search=${stem}`);
    const one = await turned(50);
    await view.button('Next page').click();
    const two = await turned(3, one);
    const shared = page.url();
    await page.goto('about:blank');
    await page.goto(shared);
    expect(await turned(3)).to.deep.equal(two);
    await until(async () => (await page.locator('.frame').count()) === 1, 'the list');
    await page.locator('.frame').press('f');
    expect(await turned(50, two)).to.deep.equal(one);
    await view.field('Status').selectOption('Archived');
    await turned(1);
  });

  it('shows what happened while the socket was cut, by one more reading of the list', async () => {
    const { page } = view;
    let open: WebSocketRoute[] = [];
    let isCut = false;
    await page.routeWebSocket(/\/ws\//, (socket) => {
      if (isCut) return void socket.close();
      socket.connectToServer();
      open.push(socket);
    });
    const cut = async (): Promise<void> => {
      isCut = true;
      await Promise.all(open.map((socket) => socket.close()));
      open = [];
    };
    const readings: string[] = [];
    page.on('request', (request) => readings.push(new URL(request.url()).pathname));
    const admin = rest(await loginAdmin(url()), url());
    const bob = await register('bob', url());
    // The feed is live when an act of somebody else is shown by itself.
    await view.go(`audit?target_id=${bob.id}`);
    await page.reload();
    await view.page.getByText('Nothing matches.').waitFor();
    await admin.post(`/admin/users/${bob.id}/ban`).expect(200);
    await view.row('user.ban').waitFor();
    // The row may be of the reading when pushing began; that of the pushed act follows it.
    for (let known = -1; known !== readings.length; await sleep(1000)) known = readings.length;
    await cut();
    await admin.post(`/admin/users/${bob.id}/unban`).expect(200);
    const { content } = await reported(url());
    readings.length = 0;
    isCut = false;
    await view.row('user.unban').waitFor();
    expect(readings.filter((path) => path === '/admin/audit-log')).to.have.length(1);
    await view.go('reports');
    await page.locator('.queue-item', { hasText: content }).waitFor();
    await cut();
    const { content: later } = await reported(url());
    isCut = false;
    await page.locator('.queue-item', { hasText: later }).waitFor();
  });
});
